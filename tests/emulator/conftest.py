"""Shared by the emulator's tests: one running endpoint, and a plain client that does not use the package."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator

VERSION = "?api-version=2024-05-01-preview"
SERVERLESS = f"/chat/completions{VERSION}"
FOUNDRY = f"/models/chat/completions{VERSION}"
DEPLOYMENT = f"/openai/deployments/gpt-4o/chat/completions{VERSION}"
V1 = "/openai/v1/chat/completions"
PROJECT = "/api/projects/mine/openai/v1/chat/completions"
LOCAL = "/v1/chat/completions"


@dataclass
class Got:
    """A response as received."""

    status: int
    reason: str
    headers: dict[str, str]
    raw: bytes
    body: Any = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.body = json.loads(self.raw)
        except ValueError:
            self.body = None

    @property
    def text(self) -> str:
        """Return the text of the first choice."""
        return str(self.body["choices"][0]["message"]["content"])

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """Return the chunks of a stream, and check how it ends."""
        *events, done, rest = self.raw.split(b"\n\n")
        assert (done, rest) == (b"data: [DONE]", b"")
        return [json.loads(event.removeprefix(b"data: ")) for event in events]


@dataclass
class Caller:
    """Calls one endpoint."""

    endpoint: Emulator

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, *, key: bool = True
    ) -> Got:
        host, port = self.endpoint.url.removeprefix("http://").rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        sent = {"content-type": "application/json", "connection": "close"} if body is not None else {}
        sent |= {"api-key": self.endpoint.key} if key else {}
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, raw, sent | (headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Got(response.status, response.reason, found, response.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None, *, key: bool = True) -> Got:
        return self.send("POST", path, body, headers, key=key)

    def chat(self, *said: Any, path: str = SERVERLESS, headers: dict[str, str] | None = None, **members: Any) -> Got:
        """Return a conversation of alternating turns, starting with the user's; messages are kept unchanged."""
        roles = ("user", "assistant")
        messages = [
            turn if isinstance(turn, dict) else {"role": roles[index % 2], "content": turn}
            for index, turn in enumerate(said)
        ]
        passing = {"extra-parameters": "pass-through"}
        return self.post(path, {"messages": messages, **members}, passing | (headers or {}))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module")
def caller(endpoint: Emulator) -> Caller:
    return Caller(endpoint)
