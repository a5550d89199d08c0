"""The tested clients, and what each supports: the table of ``docs/official_clients.md``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CASES = ("plain", "stream", "tools", "structured", "embeddings", "error")


class Client(NamedTuple):
    """A client.

    :ivar name: Its name in the programs.
    :ivar package: Its name in its registry.
    :ivar cases: What it supports: some of :data:`CASES`, and more.
    """

    name: str
    package: str
    cases: Sequence[str] = CASES


_WITHOUT_EMBEDDINGS = ("plain", "stream", "tools", "structured", "error")
PYTHON = (
    Client("openai", "openai"),
    Client("anthropic", "anthropic", _WITHOUT_EMBEDDINGS),
    Client("mistralai", "mistralai", (*CASES, "models")),
    Client("litellm", "litellm"),
    Client("langchain-openai", "langchain-openai"),
    Client("pydantic-ai", "pydantic-ai-slim", _WITHOUT_EMBEDDINGS),
    Client("instructor", "instructor", _WITHOUT_EMBEDDINGS),
)
JAVASCRIPT = (
    Client("openai", "openai"),
    Client("azure-rest-ai-inference", "@azure-rest/ai-inference"),
    Client("mistralai", "@mistralai/mistralai", (*CASES, "models")),
    Client("ai-sdk-azure", "@ai-sdk/azure"),
    Client("ai-sdk-openai-compatible", "@ai-sdk/openai-compatible"),
    Client("anthropic", "@anthropic-ai/sdk", _WITHOUT_EMBEDDINGS),
)


def write_table() -> str:
    """Return the table of the docs."""
    python = dict(line.split("==") for line in (HERE / "python.txt").read_text("utf-8").splitlines())
    javascript = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    rows = [("Python", client, python[client.package]) for client in PYTHON]
    rows += [("JavaScript", client, javascript[client.package]) for client in JAVASCRIPT]
    lines = [f"| | client | version | {' | '.join(CASES)} |", "|---" * (3 + len(CASES)) + "|"]
    for language, client, version in rows:
        marks = " | ".join("yes" if case in client.cases else "-" for case in CASES)
        lines.append(f"| {language} | {client.package} | {version} | {marks} |")
    return "\n".join(lines) + "\n"
