"""The base of the programs: test cases of the standard library with an emulator.

This runs in the framework's environment, which has no pytest; so it imports only what the framework and this package
install. The emulator runs in the program's own process, because each check scripts its answers and faults, and inspects
its requests.
"""

import sys
import unittest
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from azure.ai.inference.emulator import Emulator, Reply, ToolCall

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
CITY = '{"name": "Oslo", "people": 700000}'
OTHER_APIS = (("/openai/v1", "gpt-5-codex", "responses"), ("/anthropic", "claude-sonnet-4-5", "messages"))
"""Models that do not support chat completions, and the routes by which a framework gets an answer from them."""


class Checks(unittest.IsolatedAsyncioTestCase):
    """A framework's checks. Each starts with a fresh emulator."""

    maxDiff = None
    emulator_settings: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def setUpClass(cls) -> None:
        cls.endpoint = Emulator(**cls.emulator_settings).start()
        cls.addClassCleanup(cls.endpoint.stop)

    def setUp(self) -> None:
        self.endpoint.reset()

    @property
    def url(self) -> str:
        """The endpoint's root, served as a serverless endpoint."""
        return self.endpoint.url

    @property
    def key(self) -> str:
        return self.endpoint.key

    def say(self, *texts: str) -> None:
        """Script the model's answers, one for each request."""
        for text in texts:
            self.endpoint.reply(Reply(text, usage=USAGE))

    def call(self, name: str, *arguments: Mapping[str, Any] | str) -> None:
        """Script tool calls, one for each of the arguments, in a single answer."""
        calls = [ToolCall(name, given, id=f"call{number}") for number, given in enumerate(arguments, 1)]
        self.endpoint.reply(Reply(tool_calls=calls, usage=USAGE))

    @property
    def bodies(self) -> Sequence[Any]:
        """Return the bodies of requests for completions and embeddings, oldest first."""
        return [request.body for request in self.endpoint.requests if request.method == "POST"]

    @property
    def asked(self) -> Any:
        """Return the body of the newest request."""
        return self.bodies[-1]

    @property
    def paths(self) -> Sequence[str]:
        return [request.path for request in self.endpoint.requests]

    def assert_called(self, operation: str) -> None:
        """Check the route of the newest request."""
        self.assertEqual(self.paths[-1].rpartition("/")[2], operation)

    def assert_members(self, found: Mapping[str, Any], **expected: Any) -> None:
        """Check the given members."""
        self.assertEqual({name: found.get(name) for name in expected}, expected)


def refuse_the_world(event: str, arguments: tuple[Any, ...]) -> None:
    """Block all connections to other machines: otherwise a framework's telemetry would wait for its maker's servers."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name not in ("localhost", "::1", "0.0.0.0") and not name.startswith("127."):
        raise OSError(f"{name} is not this machine")


sys.addaudithook(refuse_the_world)
