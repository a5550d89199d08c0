"""`timeout` limits the whole call: its attempts, the waits between them, and reading the answer."""

import re
import socket
import ssl
import sys
import time
from contextlib import ExitStack
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from azure.core.exceptions import (
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from azure.ai.inference.models import AsyncStreamingChatCompletions, StreamingChatCompletions

from .conftest import Serve, World
from .faults import CALLS, HEAD_DRIP, STREAMS
from .raw_server import (
    CHUNKED_HEAD,
    HELLO,
    STREAM,
    RawServer,
    answer,
    chunk,
    completion,
    framed,
    stream,
)

TIMEOUT = 0.2
SLACK = 2.0
"""Seconds of tolerance for a busy machine; every case would take far longer without a deadline."""

LOADED = (AsyncStreamingChatCompletions, StreamingChatCompletions)
"""Imported before a clock runs, so that the first stream does not import it."""


def failing(status: int, **headers: Any) -> bytes:
    return answer(status, {"error": {"message": "no"}}, **headers)


@pytest.mark.parametrize("case", CALLS)
@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_call_ends_by_the_deadline(world: World, serve: Serve, case: str, where: str) -> None:
    server = serve(CALLS[case])
    client = world.chat(server.url, **({"timeout": TIMEOUT} if where == "constructor" else {}))
    began = time.monotonic()
    with pytest.raises(ServiceResponseTimeoutError):
        await client.complete(**({"timeout": TIMEOUT} if where == "call" else {}))
    assert TIMEOUT * 0.9 <= time.monotonic() - began < TIMEOUT + SLACK
    assert len(server.requests) == 1


async def test_slow_head_through_a_proxy(world: World, serve: Serve) -> None:
    proxy = serve(HEAD_DRIP)
    client = world.chat("http://model.invalid", enforce_https=False, proxies={"http": proxy.url}, timeout=TIMEOUT)
    began = time.monotonic()
    with pytest.raises(ServiceResponseTimeoutError):
        await client.complete()
    assert time.monotonic() - began < TIMEOUT + SLACK


async def test_slow_head_over_tls(world: World, tmp_path: Any) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with RawServer(HEAD_DRIP, tls=context) as server:
        client = world.chat(server.url, connection_verify=str(tmp_path / "ca.pem"), timeout=TIMEOUT * 2)
        began = time.monotonic()
        with pytest.raises(ServiceResponseTimeoutError):
            await client.complete()
        assert time.monotonic() - began < TIMEOUT * 2 + SLACK
        assert len(server.requests) == 1
        await client.close()


@pytest.mark.parametrize("case", STREAMS)
async def test_stream_ends_by_the_deadline(world: World, serve: Serve, case: str) -> None:
    client = world.chat(serve(STREAMS[case]).url)
    began = time.monotonic()
    updates, error = await (await client.stream(timeout=TIMEOUT)).until_fault()
    assert TIMEOUT * 0.9 <= time.monotonic() - began < TIMEOUT + SLACK
    assert updates
    assert isinstance(error, ServiceResponseTimeoutError)
    assert "0.2 s" in str(error)


@pytest.mark.parametrize("framing", ["chunked", "content-length", "connection-close", "gzip connection-close"])
async def test_deadline_does_not_restart_after_an_event(world: World, serve: Serve, framing: str) -> None:
    over = Event()
    server = serve(framed([0.7, HELLO, over, STREAM], framing))
    began = time.monotonic()
    _, error = await (await world.chat(server.url).stream(timeout=1.0)).until_fault()
    took = time.monotonic() - began
    over.set()
    assert isinstance(error, ServiceResponseTimeoutError)
    assert took < 1.6


async def test_retry_waits_end_by_the_deadline(world: World, serve: Serve) -> None:
    server = serve(failing(429, retry_after=30))
    began = time.monotonic()
    with pytest.raises(HttpResponseError, match="Status: 429"):
        await world.chat(server.url).complete(timeout=TIMEOUT)
    assert time.monotonic() - began < SLACK
    assert len(server.requests) == 1


async def test_attempts_share_the_deadline(world: World, serve: Serve) -> None:
    server = serve([0.08, failing(503, retry_after=0)])
    began = time.monotonic()
    with pytest.raises((HttpResponseError, ServiceResponseTimeoutError)):
        await world.chat(server.url, retry_status=99, retry_total=99).complete(timeout=TIMEOUT)
    assert time.monotonic() - began < TIMEOUT + SLACK
    assert 2 <= len(server.requests) <= 4


async def test_answers_within_the_deadline_arrive(world: World, serve: Serve) -> None:
    client = world.chat(serve([0.02, answer(200, completion())], stream(STREAM)).url, timeout=30)
    assert (await client.complete()).choices
    assert len(await (await client.stream()).rest()) == 2


async def test_call_without_a_deadline(world: World, serve: Serve) -> None:
    client = world.chat(serve([0.1, answer(200, completion())]).url, timeout=0.05)
    assert (await client.complete(timeout=5)).choices


async def test_passed_deadline_sends_nothing(world: World, serve: Serve) -> None:
    server = serve(answer(200, completion()))
    with pytest.raises(ServiceResponseTimeoutError):
        await world.chat(server.url).complete(timeout=0)
    assert server.requests == []


async def test_broken_chunk_ends_by_the_deadline(world: World, serve: Serve) -> None:
    """aiohttp does not raise for a later chunk size that is not a number; it waits."""
    opened = await world.chat(serve([CHUNKED_HEAD, chunk(HELLO), 0.05, b"zz\r\n"]).url).stream(timeout=TIMEOUT)
    began = time.monotonic()
    updates, error = await opened.until_fault()
    assert time.monotonic() - began < TIMEOUT + SLACK
    assert len(updates) == 1
    assert isinstance(error, (ServiceResponseTimeoutError, IncompleteReadError))


async def test_deadline_passes_between_two_reads(world: World, serve: Serve) -> None:
    opened = await world.chat(serve([CHUNKED_HEAD, chunk(HELLO)]).url).stream(timeout=0.1)
    await anext(opened)
    time.sleep(0.12)  # noqa: ASYNC251 - the reader is what is slow
    assert isinstance((await opened.until_fault())[1], ServiceResponseTimeoutError)


@pytest.mark.parametrize("timeout", ["soon", True, (1, 2)])
async def test_timeout_must_be_a_number(world: World, serve: Serve, timeout: Any) -> None:
    with pytest.raises(TypeError, match=re.escape(f"timeout must be a number of seconds, not {timeout!r}")):
        await world.chat(serve(answer(200, completion())).url).complete(timeout=timeout)


@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_read_timeout(world: World, serve: Serve, where: str) -> None:
    said = {"read_timeout": 0.05}
    over = Event()
    client = world.chat(serve([over]).url, **(said if where == "constructor" else {}))
    with pytest.raises(ServiceResponseTimeoutError):
        await client.complete(**(said if where == "call" else {}))
    over.set()


@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_connection_timeout(world: World, where: str) -> None:
    """A listener with a full queue does not answer."""
    import socket

    said = {"connection_timeout": 0.05, "retry_total": 0}
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        client = world.chat(f"http://127.0.0.1:{listener.getsockname()[1]}", **(said if where == "constructor" else {}))
        began = time.monotonic()
        with pytest.raises(ServiceRequestError):
            await client.complete(**(said if where == "call" else {}))
        assert time.monotonic() - began < SLACK
        for filler in fillers:
            filler.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, a full queue of connections refuses more of them")
async def test_connection_never_made(world: World) -> None:
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        sockets.enter_context(
            socket.create_connection(listener.getsockname())
        )  # fills the queue, since nothing accepts
        client = world.chat(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(ServiceResponseTimeoutError, match=r"timeout of 0\.2 s"):
            await client.complete(timeout=TIMEOUT)
        with pytest.raises(ServiceRequestTimeoutError):
            await client.complete(connection_timeout=TIMEOUT, timeout=60, retry_total=0)


def test_socks_proxy_pools_are_kept() -> None:
    """Those pools know how to use the proxy; ours would bypass it."""
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

    from azure.ai.inference import _connections

    class Socks(HTTPConnectionPool): ...

    manager = SimpleNamespace(pool_classes_by_scheme={"http": Socks, "https": HTTPSConnectionPool})
    _connections.use_own_pools(manager)
    assert manager.pool_classes_by_scheme == {"http": Socks, "https": _connections.HTTPSConnectionPool}


@pytest.mark.parametrize(
    ("options", "seconds"), [({}, 10), ({"connection_timeout": 3}, 3), ({"connection_timeout": None}, None)]
)
def test_default_connection_timeout(world: World, options: dict[str, Any], seconds: float | None) -> None:
    client: Any = world.package.ChatCompletionsClient("https://example.com/v1", "key", **options)
    assert client._client._pipeline._transport.connection_config.timeout == seconds
