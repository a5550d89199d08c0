"""What the programs are made of: test cases of the standard library, with an emulator for company.

This runs in the framework's environment, where pytest is not; so nothing is imported but what a program's framework
and this package bring along. The emulator is in the program's own process, because each check says what the endpoint
is to answer, what goes wrong with it, and looks at what it was asked.
"""

import sys
import unittest
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from azure.ai.inference.emulator import Emulator, Reply, ToolCall

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
CITY = '{"name": "Oslo", "people": 700000}'
OTHER_APIS = (("/openai/v1", "gpt-5-codex", "responses"), ("/anthropic", "claude-sonnet-4-5", "messages"))
"""Where models are that speak no chat completions, and the route by which a framework gets its answer."""


class Checks(unittest.IsolatedAsyncioTestCase):
    """A framework's checks. Each begins with an emulator that has not been asked anything yet."""

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
        """The endpoint's root, which is served as a serverless endpoint."""
        return self.endpoint.url

    @property
    def key(self) -> str:
        return self.endpoint.key

    def say(self, *texts: str) -> None:
        """Have the model give these answers, one for each request."""
        for text in texts:
            self.endpoint.reply(Reply(text, usage=USAGE))

    def call(self, name: str, *arguments: Mapping[str, Any] | str) -> None:
        """Have the model call a function, once for each of the arguments, in one answer."""
        calls = [ToolCall(name, given, id=f"call{number}") for number, given in enumerate(arguments, 1)]
        self.endpoint.reply(Reply(tool_calls=calls, usage=USAGE))

    @property
    def bodies(self) -> Sequence[Any]:
        """The bodies of the requests for completions and embeddings, oldest first."""
        return [request.body for request in self.endpoint.requests if request.method == "POST"]

    @property
    def asked(self) -> Any:
        """The body of the last of them."""
        return self.bodies[-1]

    @property
    def paths(self) -> Sequence[str]:
        return [request.path for request in self.endpoint.requests]

    def assert_called(self, operation: str) -> None:
        """Hold the route of the last request against what it should be."""
        self.assertEqual(self.paths[-1].rpartition("/")[2], operation)

    def assert_members(self, found: Mapping[str, Any], **expected: Any) -> None:
        """Hold the members that are named against what they should be."""
        self.assertEqual({name: found.get(name) for name in expected}, expected)


def refuse_the_world(event: str, arguments: tuple[Any, ...]) -> None:
    """Let a program reach nothing but this machine: what a framework reports to its maker would be waited for."""
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
