"""No response reaches another call, whatever a server sends before, between or after responses, or after a fork."""

import asyncio
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import trustme
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.rest import HttpRequest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient

from .conftest import KEY, MESSAGES, Serve, World
from .raw_server import CHUNKED_HEAD, HELLO, STREAM, RawServer, answer, chunk, completion, head, stream

MINE, YOURS, NOBODYS = (answer(200, completion(text)) for text in ("mine", "yours", "nobody's"))
INTERIM = {
    "100": [head(100)],
    "102": [head(102)],
    "103 with headers": [head(103, link="</style.css>; rel=preload")],
    "several": [head(102), head(103, link="</a>"), head(100), head(199, x="y")],
    "many": [head(103, link="</a>") * 50],
    "in pieces": [head(103, link="</a>")[:9], 0.02, head(103, link="</a>")[9:], 0.02],
}


def text_of(completions: Any) -> str:
    text: str = completions.choices[0].message.content
    return text


@pytest.mark.parametrize("case", INTERIM)
@pytest.mark.parametrize("pause", [0, 0.05])
@pytest.mark.parametrize("timeout", [None, 30])
async def test_interim_responses_are_skipped(
    world: World, serve: Serve, case: str, pause: float, timeout: float | None
) -> None:
    server = serve([*INTERIM[case], pause, MINE], [*INTERIM[case], pause, YOURS])
    client = world.chat(server.url, timeout=timeout, retry_total=0)
    assert [text_of(await client.complete()) for _ in range(2)] == ["mine", "yours"]
    assert len(server.connections) == 1


async def test_interim_responses_before_a_stream(world: World, serve: Serve) -> None:
    server = serve([head(103), 0.05, *stream(STREAM)], MINE)
    client = world.chat(server.url)
    assert await (await client.stream()).texts() == ["hello", None]
    assert text_of(await client.complete()) == "mine"


async def test_switching_protocols_ends_the_connection(world: World, serve: Serve) -> None:
    server = serve([head(101, upgrade="h2c", connection="upgrade"), 0.05, NOBODYS], MINE)
    client = world.chat(server.url, retry_total=0)
    with pytest.raises(HttpResponseError, match=r"\(101\)"):
        await client.complete()
    assert text_of(await client.complete()) == "mine"
    assert len(server.connections) == 2


STRAY: dict[str, list[Any]] = {
    "an answer": [NOBODYS],
    "an answer, later": [0.05, NOBODYS],
    "half an answer": [NOBODYS[:40]],
    "half an answer, later": [0.05, NOBODYS[:40]],
    "half a line, later": [0.05, b"HTTP/1.1 2"],
    "a line end": [b"\r\n"],
    "no HTTP, later": [0.05, b"garbage\r\n\r\n"],
    "a large answer": [NOBODYS * 2000],
}
FIRST: dict[str, bytes] = {
    "length": MINE,
    "chunks": head(transfer_encoding="chunked") + chunk(MINE.partition(b"\r\n\r\n")[2]) + b"0\r\n\r\n",
}


@pytest.mark.parametrize("case", STRAY)
@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("timeout", [None, 30])
async def test_unsolicited_bytes(world: World, serve: Serve, case: str, first: str, timeout: float | None) -> None:
    sent = Event()
    server = serve([FIRST[first], *STRAY[case], _signal(sent)], YOURS)
    client = world.chat(server.url, timeout=timeout, retry_total=0)
    assert text_of(await client.complete()) == "mine"
    await _arrival(sent)
    assert text_of(await client.complete()) == "yours"
    assert len(server.connections) == 2 or (world.name, case) in UNSEEN


UNSEEN = {("aio", "half an answer"), ("aio", "a line end")}
"""aiohttp's parser keeps such bytes to itself and forgets them if they arrive with the end of the response."""


@pytest.mark.parametrize("case", ["an answer", "an answer, later", "half a line, later"])
async def test_unsolicited_bytes_over_tls(world: World, tmp_path: Path, case: str) -> None:
    sent = Event()
    with tls_server(tmp_path, [MINE, *STRAY[case], _signal(sent)], YOURS) as server:
        client = world.chat(server.url, connection_verify=str(tmp_path / "ca.pem"), retry_total=0)
        assert text_of(await client.complete()) == "mine"
        await _arrival(sent)
        assert text_of(await client.complete()) == "yours"
        await client.close()


async def test_unsolicited_bytes_while_no_loop_runs(world: World, serve: Serve) -> None:
    """The bytes are in the socket, and no loop has read them."""
    sent = Event()
    server = serve([MINE, 0.05, NOBODYS, _signal(sent)], YOURS)
    client = world.chat(server.url, retry_total=0)
    assert text_of(await client.complete()) == "mine"
    assert sent.wait(5)
    assert text_of(await client.complete()) == "yours"


async def test_body_of_a_bodiless_response(world: World, serve: Serve) -> None:
    first, second = Event(), Event()
    described = head(200, content_length=len(NOBODYS))
    server = serve(
        [head(204), 0.05, NOBODYS, _signal(first)], YOURS, [described, 0.05, NOBODYS, _signal(second)], YOURS
    )
    client = world.chat(server.url, retry_total=0)
    with pytest.raises(HttpResponseError, match=r"\(204\)"):
        await client.complete()
    await _arrival(first)
    assert text_of(await client.complete()) == "yours"
    assert (await client.send_request(HttpRequest("HEAD", "x"))).status_code == 200
    await _arrival(second)
    assert text_of(await client.complete()) == "yours"


async def test_unsolicited_bytes_after_a_stream(world: World, serve: Serve) -> None:
    sent = Event()
    server = serve([*stream(STREAM), NOBODYS, _signal(sent)], YOURS)
    client = world.chat(server.url, retry_total=0)
    assert await (await client.stream()).texts() == ["hello", None]
    await _arrival(sent)
    assert text_of(await client.complete()) == "yours"


async def test_clean_connections_are_reused(world: World, tmp_path: Path, serve: Serve) -> None:
    with tls_server(tmp_path, FIRST["chunks"], stream(STREAM), MINE) as secure:
        plain = serve(FIRST["chunks"], stream(STREAM), MINE)
        for server in (plain, secure):
            client = world.chat(server.url, connection_verify=str(tmp_path / "ca.pem"), timeout=30)
            await client.complete()
            await (await client.stream()).rest()
            for _ in range(3):
                await client.complete()
            assert len(server.connections) == 1
            await client.close()


async def _arrival(sent: Event) -> None:
    """Wait until what a server sent unasked has arrived: before that, nobody can tell it from an answer."""
    assert await asyncio.to_thread(sent.wait, 20)
    await asyncio.sleep(0.02)


def _signal(event: Event) -> Any:
    """A step that tells the test how far the server has got."""

    class Signal(Event):  # type: ignore[misc, valid-type]
        def wait(self, timeout: float | None = None) -> bool:
            event.set()
            return True

    return Signal()


def tls_server(folder: Path, *answers: Any) -> RawServer:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return RawServer(*answers, tls=context)


# ---------------------------------------------------------------- after a fork

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def in_child(work: Callable[[], str]) -> Callable[[], str]:
    """Fork: the child runs the work and writes the result. Return a function that waits for it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = work()
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode()[:4000])
        os._exit(0)
    os.close(writing)

    def result() -> str:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read().decode()
        os.waitpid(child, 0)
        return said

    return result


@forks
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_parent_and_child_process_do_not_swap_responses(serve: Serve) -> None:
    server = serve(MINE, [0.2, MINE], [0.2, MINE])
    with ChatCompletionsClient(server.url, KEY, retry_total=0) as client:
        ask = lambda: text_of(client.complete(messages=MESSAGES))  # noqa: E731
        assert ask() == "mine"
        theirs = in_child(ask)
        assert ask() == "mine"
        assert theirs() == "mine"
        assert ask() == "mine"
    assert len({request.connection for request in server.requests}) == 2
    assert [request.connection for request in server.requests].count(0) == 3


@forks
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_event_loop(serve: Serve) -> None:
    server = serve(MINE)
    client = AsyncChatCompletionsClient(server.url, KEY, retry_total=0)
    loop = asyncio.new_event_loop()

    def ask() -> str:
        return text_of(loop.run_until_complete(client.complete(messages=MESSAGES)))

    try:
        assert ask() == "mine"
        assert in_child(ask)() == "mine"
        assert ask() == "mine"
        loop.run_until_complete(client.close())
    finally:
        loop.close()
    assert [request.connection for request in server.requests] == [0, 1, 0]


@forks
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_child_process_cannot_read_its_parents_stream(serve: Serve) -> None:
    go_on = Event()
    server = serve([CHUNKED_HEAD, chunk(HELLO), go_on, *stream(STREAM)[1:]])
    with ChatCompletionsClient(server.url, KEY) as client:
        opened = client.complete(messages=MESSAGES, stream=True)
        next(opened)

        def read_on() -> str:
            with opened:
                return str(list(opened))

        told = in_child(read_on)
        assert "forked" in told()
        go_on.set()
        assert [choice.delta.content for update in opened for choice in update.choices] == ["hello", None]


async def test_client_in_another_process(world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a fork that can only be detected by the process id."""
    server = serve(MINE, [CHUNKED_HEAD, chunk(HELLO)], MINE, MINE)
    client = world.chat(server.url, retry_total=0)
    await client.complete()
    opened = await client.stream()
    await anext(opened)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        _, error = await opened.until_fault()
        assert isinstance(error, ServiceResponseError)
        assert "forked" in str(error)
        assert text_of(await client.complete()) == "mine"
        assert text_of(await client.complete()) == "mine"
    assert len({request.connection for request in server.requests[:2]}) == 1
    assert {request.connection for request in server.requests[2:]} == {1}


@forks
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_child_process_of_a_closed_client(serve: Serve) -> None:
    client = ChatCompletionsClient(serve(MINE).url, KEY)
    client.complete(messages=MESSAGES)
    client.close()
    told = in_child(lambda: text_of(client.complete(messages=MESSAGES)))
    assert told().startswith("ValueError: ")
