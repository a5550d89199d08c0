"""The README says what is true: its commands are there, its table is the code's, its snippets run."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference._endpoint import resolve
from azure.ai.inference.emulator import Emulator

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TEXT = README.read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def table() -> list[list[str]]:
    rows = [line for line in TEXT.splitlines() if line.startswith(("| `http",))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("index", "needed"), [(0, "samples/sample_conversation.py"), (1, "dev_requirements.txt")], ids=["talk", "test"]
)
def test_the_commands_do_all_set_up(index: int, needed: str) -> None:
    command = blocks("sh")[index]
    assert command.startswith("python3 -m venv .venv && ")
    assert command.count("\n") == 1
    assert needed in command
    assert (ROOT / needed).is_file()


def test_ci_finds_the_commands_and_no_more() -> None:
    assert len(blocks("sh")) == 2


@pytest.mark.parametrize("row", table(), ids=lambda row: str(row[0]))
def test_the_endpoint_table_is_what_the_code_does(row: list[str]) -> None:
    pasted, called, version, scope, header, model = row
    url = re.findall(r"`(.+?)`", pasted)[0]
    endpoint = resolve(url, "chat")
    path = url.removesuffix("/score").partition("://")[2].partition("/")[2] if called.startswith("as pasted") else None
    assert endpoint.base_url.removeprefix(endpoint.root) == (
        f"/{path}".rstrip("/") if path is not None else called[1:-1]
    )
    assert endpoint.api_version == (None if version == "none" else version[1:-1])
    if scope != "keys only":
        assert endpoint.scopes == (scope[1:-1],)
    assert endpoint.key_headers == (("api-key", "Authorization") if header == "both" else (header[1:-1],))
    assert endpoint.model_required == (model == "required")


def test_the_endpoint_table_was_found() -> None:
    assert len(table()) == 13


def test_image_embeddings_are_called_where_it_says() -> None:
    assert resolve("https://RES.services.ai.azure.com", "image_embeddings").base_url.endswith("/models")


@pytest.fixture(name="snippets", scope="module")
def run_snippets() -> Iterator[dict[str, Any]]:
    """Run the Python snippets one after the other, as a reader would."""
    names: dict[str, Any] = {}
    with Emulator() as local, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_AI_CHAT_ENDPOINT", local.url)
        patch.setenv("AZURE_AI_CHAT_KEY", local.key)
        patch.delenv("AZURE_AI_CHAT_MODEL", raising=False)
        for block in blocks("python"):
            # Without "dont_inherit" this file's own future imports would hold for the README.
            exec(compile(block, str(README), "exec", dont_inherit=True), names)
        yield names
        names["client"].close()


def test_the_snippets_run(snippets: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    assert snippets["answer"].choices[0].message
    assert isinstance(snippets["city"], snippets["City"])
    assert [message["role"] for message in snippets["messages"]] == ["system", "user"]


def test_the_test_that_is_shown_passes(snippets: dict[str, Any]) -> None:
    shown = [value for name, value in snippets.items() if name.startswith("test_") and inspect.isfunction(value)]
    assert len(shown) == 1
    with Emulator() as local:
        shown[0](local)


def test_links_inside_the_repository_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert len(targets) > 10
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in anchors(TEXT), target
        elif not target.startswith("https://"):
            assert (ROOT / target).exists(), target


def test_links_to_elsewhere_have_no_locale() -> None:
    assert not re.search(r"https://[^\s)]*/[a-z]{2}-[a-z]{2}/", TEXT)
