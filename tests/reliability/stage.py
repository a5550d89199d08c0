"""Where a case is played: its own server, and what can be observed afterwards."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from typing import Any

from azure.ai.inference.emulator import Emulator
from clients.raw_server import RawServer, answer

from .case import GATE, KEY, OTHER_ORIGIN, PROMPT, Emulated, Play, Raw

CLOSING: float = 2.0
"""Seconds that a client may take to close a connection."""


class Stage:
    """The servers of one case, while they run."""

    def __init__(self, play: Play, servers: ExitStack) -> None:
        self._gates: list[Event] = []
        self._opened = 0
        self._raw: RawServer | None = None
        self._other: RawServer | None = None
        self._emulator: Emulator | None = None
        if isinstance(play, Raw):
            self._other = servers.enter_context(RawServer(answer(404, {"error": {"message": "nothing here"}})))
            self._raw = servers.enter_context(RawServer(*(self._prepared(steps) for steps in play.answers)))
            self.url = self._raw.url.replace("127.0.0.1", play.host)
        elif isinstance(play, Emulated):
            self._emulator = servers.enter_context(Emulator(key=KEY, faults=play.faults))
            self.url = self._emulator.url
        else:
            self.url = f"http://127.0.0.1:{_free_port()}"

    def _prepared(self, steps: Any) -> Any:
        assert self._other is not None
        if isinstance(steps, bytes):
            return steps.replace(OTHER_ORIGIN, self._other.url.encode())
        return [self._gate() if step is GATE else step for step in steps]

    def _gate(self) -> Event:
        self._gates.append(Event())
        return self._gates[-1]

    def handed_over(self) -> None:
        """Let the server continue to its next gate: the caller has received a text."""
        if self._opened < len(self._gates):
            self._gates[self._opened].set()
            self._opened += 1

    def release(self) -> None:
        """Open all gates."""
        for gate in self._gates:
            gate.set()

    @property
    def attempts(self) -> int:
        """The number of completion requests, not counting `GET models`, which is sent for an error's text."""
        server = self._raw or self._emulator
        return sum(request.method == "POST" for request in server.requests) if server else 0

    def connection(self, calls: int) -> str:
        """Return the state of the first connection, while the client is still open.

        :param calls: How many calls were made.
        """
        if self._raw is None or not self._raw.connections:
            return ""
        if calls > 1:
            return "reused" if len(self._raw.connections) == 1 else "not reused"
        return "closed" if self._raw.connections[0].closed.wait(CLOSING) else "left open"

    def leaked(self) -> list[str]:
        """Return the secrets that arrived at another origin, or unencrypted at a host that is not local."""
        if self._emulator is not None:
            bodies = [request.raw.decode("utf-8", "replace") for request in self._emulator.requests[1:]]
            return ["prompt"] if any(PROMPT in body for body in bodies) else []
        assert self._raw is not None
        assert self._other is not None
        asked = self._other if self.url == self._raw.url else self._raw
        arrived = "".join(f"{request.headers}{request.body!r}" for request in asked.requests)
        return [name for name, secret in (("key", KEY), ("prompt", PROMPT)) if secret in arrived]


@contextmanager
def staged(play: Play) -> Iterator[Stage]:
    """Run the servers of a case; leaving cuts every open connection."""
    with ExitStack() as servers:
        stage = Stage(play, servers)
        try:
            yield stage
        finally:
            stage.release()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
