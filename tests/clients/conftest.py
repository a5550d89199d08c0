"""Run each client test, written once as a coroutine, with the synchronous and the asynchronous clients.

`World` stands for one of the two. `Client` and `Stream` give synchronous objects the interface of the asynchronous
ones: a blocking call has simply ended before it is awaited. The servers run in threads of their own.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import pytest

import azure.ai.inference as sync_package
import azure.ai.inference.aio as aio_package
from azure.ai.inference import _transport as sync_transport
from azure.ai.inference.aio import _transport as aio_transport
from azure.ai.inference.emulator import Emulator

from .raw_server import Answer, RawServer
from .worlds import Block, close, settle

KEY = "very-secret-key-0123456789"
MESSAGES: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]


class Stream:
    """A stream of either world, with the interface of the asynchronous one."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Any:
        if hasattr(self.real, "__anext__"):
            return await anext(self.real)
        try:
            return next(self.real)
        except StopIteration:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> "Stream":
        await Block(self.real).__aenter__()
        return self

    async def __aexit__(self, *exc_details: Any) -> None:
        await Block(self.real).__aexit__(*exc_details)

    async def close(self) -> None:
        await close(self.real)

    async def rest(self) -> list[Any]:
        return [update async for update in self]

    async def until_fault(self) -> tuple[list[Any], Exception | None]:
        """Read to the end; return the updates, and the exception raised after them."""
        updates = []
        try:
            async for update in self:
                updates.append(update)  # noqa: PERF401 - those before a fault count
        except Exception as error:  # noqa: BLE001 - what comes is what is asked
            return updates, error
        return updates, None

    async def texts(self) -> list[str]:
        return [choice.delta.content for update in await self.rest() for choice in update.choices]


class Client:
    """A client of either world, with the interface of the asynchronous one."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def complete(self, *args: Any, **kwargs: Any) -> Any:
        if not args:
            kwargs.setdefault("messages", MESSAGES)
        result = await settle(self.real.complete(*args, **kwargs))
        return Stream(result) if hasattr(result, "text_deltas") else result

    async def stream(self, **kwargs: Any) -> Stream:
        opened = await self.complete(stream=True, **kwargs)
        assert isinstance(opened, Stream)
        return opened

    async def embed(self, *args: Any, **kwargs: Any) -> Any:
        return await settle(self.real.embed(*args, **kwargs))

    async def get_model_info(self, **kwargs: Any) -> Any:
        return await settle(self.real.get_model_info(**kwargs))

    async def send_request(self, *args: Any, **kwargs: Any) -> Any:
        return await settle(self.real.send_request(*args, **kwargs))

    async def close(self) -> None:
        await settle(self.real.close())

    async def __aenter__(self) -> "Client":
        await Block(self.real).__aenter__()
        return self

    async def __aexit__(self, *exc_details: Any) -> None:
        await Block(self.real).__aexit__(*exc_details)

    def with_defaults(self, **options: Any) -> "Client":
        return Client(self.real.with_defaults(**options))


class PatientTransport(sync_transport.SyncTransport):
    """Records the waits instead of waiting."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.waits: list[float] = []

    def sleep(self, duration: float) -> None:
        self.waits.append(duration)


class AsyncPatientTransport(aio_transport.LoopTransport):
    """Records the waits instead of waiting."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.waits: list[float] = []

    async def sleep(self, duration: float) -> None:
        self.waits.append(duration)


class World:
    """The synchronous or the asynchronous half of the package."""

    def __init__(self, name: str, clients: AsyncExitStack) -> None:
        self.name = name
        self.package: Any = sync_package if name == "sync" else aio_package
        self._clients = clients

    def __repr__(self) -> str:
        return self.name

    def adopt(self, real: Any) -> Client:
        """Register a client to be closed at the end of the test."""
        client = Client(real)
        self._clients.push_async_callback(client.close)
        return client

    def chat(self, endpoint: str, credential: Any = KEY, **options: Any) -> Client:
        return self.adopt(self.package.ChatCompletionsClient(endpoint, credential, **options))

    def embeddings(self, endpoint: str, credential: Any = KEY, **options: Any) -> Client:
        return self.adopt(self.package.EmbeddingsClient(endpoint, credential, **options))

    def image_embeddings(self, endpoint: str, credential: Any = KEY, **options: Any) -> Client:
        return self.adopt(self.package.ImageEmbeddingsClient(endpoint, credential, **options))

    async def load(self, *args: Any, **options: Any) -> Client:
        return self.adopt(await settle(self.package.load_client(*args, **options)))

    def transport(self, **options: Any) -> Any:
        """Return a transport that records the waits between attempts instead of waiting."""
        return (PatientTransport if self.name == "sync" else AsyncPatientTransport)(**options)


@pytest.fixture(params=["sync", "aio"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with AsyncExitStack() as clients:
        yield World(request.param, clients)


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """Start raw servers that stop at the end of the test."""
    with ExitStack() as servers:

        def start(*answers: Answer, **options: Any) -> RawServer:
            return servers.enter_context(RawServer(*answers, **options))

        yield start


Serve = Callable[..., RawServer]


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
