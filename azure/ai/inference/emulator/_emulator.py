"""The emulator as its user sees it: settings in, an address out, and a record of what came."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Optional

from ._access import make_token
from ._dialects import DIALECTS
from ._request import RecordedRequest
from ._service import Response, Settings, respond

if TYPE_CHECKING:
    from ._server import Server

DEFAULT_KEY: Final = "local-emulator-key"
"""The key where none is given. It opens nothing but emulators."""


class Emulator:
    """A local endpoint for chat completions and embeddings, for tests, samples and load tests.

    ::

        with Emulator() as endpoint:
            client = ChatCompletionsClient(endpoint.url, AzureKeyCredential(endpoint.key))

    It answers below the root (as a serverless endpoint), ``/models`` (a Foundry resource),
    ``/openai/deployments/NAME`` and ``/openai/v1`` (Azure OpenAI), ``/api/projects/NAME/openai/v1`` (a project) and
    ``/v1`` (any server of the OpenAI kind), each by that service's rules on api-version, model name, credentials and
    members of the body. Answers depend on the conversation and on nothing else. A user message with "trigger the
    content filter" is refused as a harmful prompt is; with "filter your answer" the answer is withheld; with "count
    to 500" it is a stream of a known length.

    The server runs in a thread of its own and may be used from any thread or event loop; ``async with`` works too.

    :keyword key: the key that callers need. Default: "local-emulator-key".
    :keyword tokens: further keys or bearer tokens to let in. Tokens made by :meth:`token` are let in without.
    :keyword dialect: the provider to play on every route: one of "serverless", "model-inference", "azure-openai",
        "azure-openai-async-filter", "openai", "deepseek", "mistral", "mistral-azure", "glm", "llama.cpp", "vllm",
        "ollama", "lm-studio". Default: the one that belongs to the route.
    :keyword model: the model's name where a request has none. Default: "emulator-1".
    :keyword model_type: what ``/info`` says of it. Default: "chat-completion".
    :keyword models: the only models and deployments there are. Default: whatever is asked for.
    :keyword host: the address to listen on. Default: "127.0.0.1", which no other machine reaches.
    :keyword port: the port, 0 to 65535. Default: 0, a free one.
    :keyword max_request_size: bytes that a request's body may have; more gets 413. Default: 64 MiB.
    :raises ValueError: for a setting that cannot be.
    """

    def __init__(
        self,
        *,
        key: str = DEFAULT_KEY,
        tokens: Collection[str] = (),
        dialect: Optional[str] = None,
        model: str = "emulator-1",
        model_type: str = "chat-completion",
        models: Optional[Collection[str]] = None,
        host: str = "127.0.0.1",
        port: int = 0,
        max_request_size: int = 64 * 1024 * 1024,
    ) -> None:
        if dialect is not None and dialect not in DIALECTS:
            raise ValueError(f"dialect is {dialect!r}; choose one of {', '.join(DIALECTS)}")
        if not key:
            raise ValueError("key is empty; give a str such as 'secret', or leave it out")
        if not 0 <= port <= 65535:
            raise ValueError(f"port is {port}; choose one of 0 (any free one) to 65535")
        if isinstance(tokens, str) or isinstance(models, str):
            raise ValueError("tokens and models are collections of str; put a single one in a list")
        self.key = key
        self._tokens = tuple(tokens)
        self._settings = Settings((), dialect, model, model_type, None if models is None else tuple(models))
        self._host, self._port = host, port
        self._max_request_size = max_request_size
        self._server: Optional[Server] = None
        self._url: Optional[str] = None
        self._requests: list[RecordedRequest] = []

    @property
    def url(self) -> str:
        """The address of the running emulator, such as ``http://127.0.0.1:43121``.

        :raises RuntimeError: if it does not run.
        """
        if self._url is None:
            raise RuntimeError("the emulator does not run; use it as `with Emulator() as endpoint:`, or call start()")
        return self._url

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """What was asked so far, oldest first, without secrets."""
        return tuple(self._requests)

    def token(self, scope: str = "https://cognitiveservices.azure.com/.default", *, expires_in: float = 3600) -> str:
        """Return a token as Entra ID would give; the emulator takes it where the real service takes one of that scope.

        :param scope: whom it is for. Default: Azure's AI services.
        :keyword expires_in: seconds from now; negative for one that has expired.
        """
        return make_token(scope, expires_in)

    def start(self) -> Emulator:
        """Start the server, if it does not run; ``with`` does it for you.

        :raises OSError: if the port is taken.
        :raises ImportError: if aiohttp is not installed.
        """
        if self._server is None:
            from ._server import Address, Server

            server = Server(self._respond, Address(self._host, self._port), self._max_request_size)
            port = server.start()
            host = f"[{self._host}]" if ":" in self._host else self._host
            self._server, self._url = server, f"http://{host}:{port}"
        return self

    def stop(self) -> None:
        """Stop the server and cut its connections. Does nothing if it does not run."""
        server, self._server, self._url = self._server, None, None
        if server is not None:
            server.stop()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self,
        exc_type: Optional[type[BaseException]],
        exc: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Emulator:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self,
        exc_type: Optional[type[BaseException]],
        exc: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _respond(self, request: RecordedRequest) -> Response:
        self._requests.append(request.scrubbed())
        settings = Settings(
            (self.key, *self._tokens),
            self._settings.dialect,
            self._settings.model,
            self._settings.model_type,
            self._settings.models,
        )
        return respond(request, settings, lambda request, body: None)
