"""The life of clients: event loops, threads, closing, garbage collection, copying."""

import asyncio
import copy
import gc
import inspect
import os
import pickle
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pydantic
import pytest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference._http.keepalive import SOCKET_OPTIONS
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient

from .conftest import KEY, MESSAGES, Serve, World, settle
from .raw_server import CHUNKED_HEAD, HELLO, STREAM, answer, chunk, completion, stream

GOOD = answer(200, completion())


async def test_close(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    client = world.chat(server.url)
    await client.close()
    client = world.chat(server.url)
    await client.complete()
    await client.close()
    await client.close()
    assert await server.closed()
    with pytest.raises(ValueError, match=r"(?i)closed"):
        await client.complete()


async def test_with_blocks_close(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    async with world.chat(server.url) as client:
        await client.complete()
    assert await server.closed()
    with pytest.raises(ValueError, match=r"(?i)closed"):
        await client.complete()


async def test_exception_leaves_a_with_block(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the subject
        async with world.chat(server.url) as client:
            await client.complete()
            raise ZeroDivisionError
    assert await server.closed()


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.slow
async def test_keepalive_on_idle_connections(world: World, serve: Serve, proxied: bool) -> None:
    server = serve(GOOD)
    url, options = ("http://127.0.0.1:9", {"proxies": {"http": server.url}}) if proxied else (server.url, {})
    async with world.chat(url, **options) as client:
        await client.complete()
        (connection,) = connections_to(server.url)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for level, option, value in SOCKET_OPTIONS[1:]:
            assert connection.getsockopt(level, option) == value


def connections_to(url: str) -> list[socket.socket]:
    """Find this process's open sockets that are connected to a server."""
    address = (urlsplit(url).hostname, urlsplit(url).port)
    found = []
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket) and thing.fileno() != -1:
            with suppress(OSError):
                if thing.getpeername() == address:
                    found.append(thing)
    return found


def test_consecutive_event_loops(serve: Serve) -> None:
    server = serve(GOOD, stream(STREAM), answer(200, {"model_name": "m"}))
    client = AsyncChatCompletionsClient(server.url, KEY)

    async def converse() -> None:
        assert (await client.complete(messages=MESSAGES)).choices

    async def read() -> None:
        async for _ in await client.complete(messages=MESSAGES, stream=True):
            pass

    asyncio.run(converse())
    asyncio.run(read())
    assert asyncio.run(client.get_model_info()).model_name == "m"
    assert asyncio.run(client.get_model_info()).model_name == "m"
    asyncio.run(client.close())
    assert len(server.requests) == 3


def test_concurrent_event_loops(serve: Serve) -> None:
    client = AsyncChatCompletionsClient(serve(GOOD).url, KEY)

    async def converse() -> int:
        answers = await asyncio.gather(*(client.complete(messages=MESSAGES) for _ in range(10)))
        return len(answers)

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: asyncio.run(converse()), range(3))) == [10, 10, 10]


def test_threads(serve: Serve) -> None:
    server = serve(GOOD)
    with ChatCompletionsClient(server.url, KEY) as client, ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda _: client.complete(messages=MESSAGES).choices[0].message.content, range(40))
        assert set(answers) == {"hello"}
    assert len(server.requests) == 40
    assert len(server.connections) <= 8


async def test_concurrent_model_info_calls_send_one_request(serve: Serve) -> None:
    server = serve([0.05, answer(200, {"model_name": "m"})])
    async with AsyncChatCompletionsClient(server.url, KEY) as client:
        infos = await asyncio.gather(*(client.get_model_info() for _ in range(5)))
    assert {info.model_name for info in infos} == {"m"}
    assert len(server.requests) == 1
    server = serve([0.05, answer(200, {"model_name": "m"})])
    with ChatCompletionsClient(server.url, KEY) as again, ThreadPoolExecutor(5) as threads:
        assert {info.model_name for info in threads.map(lambda _: again.get_model_info(), range(5))} == {"m"}
    assert len(server.requests) == 1


async def test_model_info_is_kept(world: World, serve: Serve) -> None:
    server = serve(
        answer(200, {"model_name": "one", "model_type": "chat-completion"}), answer(200, {"model_name": "two"})
    )
    client = world.chat(server.url)
    assert not client.real._model_info
    assert (await client.get_model_info()).model_name == "one"
    assert (await client.get_model_info()).model_name == "one"
    assert "one" in str(client.real)
    assert (await client.get_model_info(model="other")).model_name == "two"
    assert "model=other" in server.requests[1].target
    assert (await client.get_model_info()).model_name == "one"
    assert (await client.get_model_info(force_refresh=True)).model_name == "two"
    assert (await client.get_model_info()).model_name == "two"


LOADED = {
    "chat-completion": "ChatCompletionsClient",
    "embeddings": "EmbeddingsClient",
    "image_embeddings": "ImageEmbeddingsClient",
}


@pytest.mark.parametrize("model_type", LOADED)
async def test_load_client(world: World, serve: Serve, model_type: str) -> None:
    server = serve(answer(200, {"model_name": "m", "model_type": model_type}))
    client = await world.load(server.url, KEY)
    assert type(client.real).__name__ == LOADED[model_type]
    assert (await client.get_model_info()).model_name == "m"
    assert len(server.requests) == 1
    told = await world.load(server.url, KEY, model_type=model_type)
    assert type(told.real) is type(client.real)
    assert len(server.requests) == 1
    transport = world.transport()
    client = await world.load(server.url, KEY, transport=transport)
    await settle(client.get_model_info())


async def test_load_client_for_no_known_model(world: World, serve: Serve) -> None:
    with pytest.raises(ValueError, match=r"(?i)model"):
        await world.load(serve(answer(200, {"model_name": "m", "model_type": "weather"})).url, KEY)


FORGETFUL = """
import asyncio, gc, sys
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
url, messages = sys.argv[1], [{"role": "user", "content": "hi"}]

def forget():
    ChatCompletionsClient(url, "key-of-the-client").complete(messages=messages)
    ChatCompletionsClient(url, "key-of-the-client")
    next(ChatCompletionsClient(url, "key-of-the-client").complete(messages=messages, stream=True))

async def forget_too():
    AsyncChatCompletionsClient(url, "key-of-the-client")
    await AsyncChatCompletionsClient(url, "key-of-the-client").complete(messages=messages)
    gc.collect()
    client = AsyncChatCompletionsClient(url, "key-of-the-client")
    await anext(await client.complete(messages=messages, stream=True))
    whole = await client.complete(messages=messages, stream=True)
    while not whole._body._content.is_eof():
        await asyncio.sleep(0.01)
    kept.extend([whole, await client.complete(messages=messages, stream=True)])

kept = []
forget()
gc.collect()
asyncio.run(forget_too())
kept.clear()
gc.collect()
print("done")
"""


def test_garbage_collected_client_emits_no_warning(serve: Serve) -> None:
    plain, streamed, over = GOOD, stream(STREAM), Event()
    server = serve(plain, streamed, plain, streamed, streamed, [CHUNKED_HEAD, chunk(HELLO), over])
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORGETFUL, server.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    over.set()
    assert (ran.stdout, ran.stderr) == ("done\n", "")


async def test_copies_and_pickles(world: World, serve: Serve) -> None:
    client = world.chat(serve(GOOD).url)
    assert copy.copy(client.real) is client.real
    assert copy.deepcopy({"client": client.real})["client"] is client.real
    with pytest.raises(TypeError, match="holds a credential"):
        pickle.dumps(client.real)


async def test_subclasses_and_patches(world: World, serve: Serve) -> None:
    base: Any = world.package.ChatCompletionsClient

    class Own(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.mine = 1

    client = world.adopt(Own(serve(GOOD).url, KEY))
    assert (await client.complete()).choices
    assert isinstance(client.real, base)
    assert client.with_defaults(model="m").real.mine == 1
    with patch.object(base, "complete", autospec=True) as patched:
        patched.return_value = "patched"
        assert await settle(client.real.complete(messages=MESSAGES)) == "patched"


async def test_clients_as_pydantic_types(world: World, serve: Serve) -> None:
    kind: Any = world.package.ChatCompletionsClient
    client = world.chat(serve(GOOD).url)
    settings = pydantic.create_model(
        "Settings", client=(kind, ...), __config__=pydantic.ConfigDict(arbitrary_types_allowed=True)
    )
    made: Any = settings(client=client.real)
    assert made.client is client.real
    with pytest.raises(pydantic.ValidationError):
        settings(client=3)


def test_every_option_is_in_the_signature(world: World) -> None:
    kind: Any = world.package.ChatCompletionsClient
    options = inspect.getfullargspec(kind.complete).kwonlyargs
    assert {"messages", "stream", "temperature", "max_completion_tokens", "model_extras", "headers"} <= set(options)
    assert "credential_scopes" in inspect.signature(kind.__init__).parameters


async def test_private_names_that_dependants_read(world: World) -> None:
    client = world.chat("https://my.services.ai.azure.com/models").real
    assert client._config.endpoint == "https://my.services.ai.azure.com/models"
    assert client._client._base_url
    assert repr(client).startswith("<ChatCompletionsClient https://")
    assert str(client) == repr(client)


async def test_stream_from_a_foreign_response(world: World) -> None:
    """1.0.0b9's tests build streams from anything that has `iter_bytes` and `close`."""
    from .conftest import Stream

    class Response:
        closed = False

        def close(self) -> None:
            self.closed = True

        def iter_bytes(self) -> Any:
            return iter([STREAM[:9], b"", STREAM[9:]])

    class AsyncResponse(Response):
        async def close(self) -> None:  # type: ignore[override]
            self.closed = True

        async def iter_bytes(self) -> Any:
            for piece in (STREAM[:9], b"", STREAM[9:]):
                yield piece

    from azure.ai.inference import models

    response: Any = Response() if world.name == "sync" else AsyncResponse()
    kind: Any = models.StreamingChatCompletions if world.name == "sync" else models.AsyncStreamingChatCompletions
    opened = Stream(kind(response=response))
    assert await opened.texts() == ["hello", None]
    assert response.closed
    assert opened.headers == {}
    assert opened.request_id is None


async def test_failing_foreign_response_is_closed(world: World) -> None:
    from .conftest import Stream

    class Response:
        closed = False

        def close(self) -> Any:
            self.closed = True
            return asyncio.sleep(0) if world.name == "aio" else None

        def iter_bytes(self) -> Any:
            async def pieces() -> Any:
                raise KeyboardInterrupt
                yield b""

            def plain_pieces() -> Any:
                raise KeyboardInterrupt
                yield b""

            return pieces() if world.name == "aio" else plain_pieces()

    from azure.ai.inference import models

    response = Response()
    kind: Any = models.StreamingChatCompletions if world.name == "sync" else models.AsyncStreamingChatCompletions
    with pytest.raises(KeyboardInterrupt):
        await Stream(kind(response=response)).rest()
    assert response.closed
