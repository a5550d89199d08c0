"""The recorder: unusual paths and bytes, streams as they arrive, disconnected callers."""

import asyncio
import http.client
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator._cassette import read_response, write_exchange
from azure.ai.inference.emulator._cassette_file import CassetteWriter, read_cassette
from azure.ai.inference.emulator._recorder import Arrivals
from azure.ai.inference.emulator._request import RecordedRequest
from azure.ai.inference.emulator._response import Cut, Pause

from .conftest import LOCAL, SERVERLESS, Caller, Got


def exchanges(path: Path) -> list[dict[str, Any]]:
    return read_cassette(path)


@contextmanager
def recorder(tmp_path: Path, **options: Any) -> Iterator[tuple[Emulator, Emulator, Path]]:
    path = tmp_path / "c.json"
    with Emulator(key="k") as real, Emulator(record=real.url, cassette=path, key="k", **options) as endpoint:
        yield real, endpoint, path


def raw_call(endpoint: Emulator, head: bytes, body: bytes = b"") -> bytes:
    """Send bytes, and read until the server closes."""
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        lines = [head, b"Host: localhost", b"Connection: close", b"Content-Length: %d" % len(body), b"", body]
        connection.sendall(b"\r\n".join(lines))
        found = b""
        while data := connection.recv(65536):
            found += data
    return found


def test_file_is_complete_after_each_exchange(tmp_path: Path) -> None:
    with recorder(tmp_path) as (_, endpoint, path):
        before = b""
        for number in range(4):
            Caller(endpoint).chat(f"message {number}")
            content = path.read_bytes()
            assert content.startswith(before.removesuffix(b"\n]}\n"))
            assert len(json.loads(content)["exchanges"]) == number + 1
            before = content
    assert json.loads(before)["version"] == 2


@pytest.mark.parametrize("content", ["half \ud83d", "é", "a\u2028b", "\x00"])
def test_unusual_texts(tmp_path: Path, content: str) -> None:
    with recorder(tmp_path) as (_, endpoint, path):
        answers = [Caller(endpoint).chat(f"say {content}") for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[0].text == content
    with Emulator(cassette=path) as player:
        assert Caller(player).chat(f"say {content}").body == answers[0].body


def test_headers_that_are_not_ascii(tmp_path: Path) -> None:
    with recorder(tmp_path) as (real, endpoint, path):
        head = (
            b"GET /info?api-version=2024-05-01-preview HTTP/1.1\r\napi-key: k\r\nUser-Agent: caf\xe9\r\nX-A: \xc3\xa9"
        )
        assert raw_call(endpoint, head).startswith(b"HTTP/1.1 200")
        assert Caller(endpoint).chat("Hello").status == 200
        assert (real.requests[0].headers["user-agent"], real.requests[0].headers["x-a"]) == ("café", "é")
    assert exchanges(path)[0]["request"]["headers"]["user-agent"] == "caf\udce9"


@pytest.mark.parametrize(
    "target",
    [
        *(
            "/a%23b",
            "/a%2Fb",
            "/a/../b",
            "/a/%2e%2e/b",
            "//a",
            "/a%3Fb=1",
            "/a?x=%26&y=a+b%20c",
            "/a%25",
            "/%C3%A9",
            "/a;b",
        ),
        *("/a//b/", "/a?x=1&x=2&z", "/a%zz", "/a@b:1"),
    ],
)
def test_paths_are_forwarded_unchanged(tmp_path: Path, target: str) -> None:
    with recorder(tmp_path) as (real, endpoint, path):
        raw_call(endpoint, b"GET " + target.encode() + b" HTTP/1.1\r\napi-key: k")
        assert [request.raw_path for request in real.requests] == [target]
    assert exchanges(path)[0]["request"]["path"] == target.partition("?")[0]


def test_absolute_target_is_sent_only_to_the_endpoint(tmp_path: Path) -> None:
    with recorder(tmp_path) as (real, endpoint, _):
        raw_call(endpoint, b"GET http://elsewhere.example/a HTTP/1.1\r\napi-key: k")
        assert [request.raw_path for request in real.requests] == ["/a"]


@pytest.mark.parametrize("kept", [1, 2])
def test_cassette_of_version_1(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "c.json"
    request = {"method": "GET", "path": "/a b", "query": [], "headers": {}, "body": {"text": ""}}
    answer = {
        "status": 200,
        "headers": {"Content-Type": "text/event-stream"},
        "body": {"text": "data: 1\n\ndata: 2\n\n"},
    }
    path.write_text(json.dumps({"version": 1, "exchanges": [{"request": request, "response": answer}] * kept}), "utf-8")
    with (
        Emulator(key="k") as real,
        Emulator(record=real.url, cassette=path, key="k", record_mode="new_episodes") as endpoint,
    ):
        assert raw_call(endpoint, b"GET /a%20b HTTP/1.1").endswith(b"data: 2\n\n\r\n0\r\n\r\n")
        for number in range(2):
            Caller(endpoint).chat(f"new {number}")
    assert [exchange["request"]["path"] for exchange in exchanges(path)] == ["/a%20b"] * kept + [
        "/chat/completions"
    ] * 2
    assert not path.with_name("c.json.new").exists()


@pytest.mark.parametrize(("cut", "left"), [(3, 2), (60, 2), (-1, 1)])
def test_truncated_file(tmp_path: Path, cut: int, left: int, caplog: pytest.LogCaptureFixture) -> None:
    with recorder(tmp_path) as (_, endpoint, path):
        ends = []
        for number in range(3 if cut == 60 else 2):
            Caller(endpoint).chat(f"message {number}")
            ends.append(path.stat().st_size)
    content = path.read_bytes()
    path.write_bytes(content[: ends[0]] if cut == -1 else content[:-cut])
    if cut == -1:
        path.write_bytes(path.read_bytes().removesuffix(b"\n]}\n") + b",\n{")
    with Emulator(cassette=path) as player:
        assert [Caller(player).chat(f"message {number}").status for number in range(left)] == [200] * left
    assert f"its first {left} exchanges are complete" in caplog.text
    path.write_bytes(content[: ends[0]].removesuffix(b"\n]}\n") + b",\n" + b"[" * 100_000)
    with Emulator(cassette=path) as player:
        assert Caller(player).chat("message 0").status == 200


def test_the_folder_is_created(tmp_path: Path) -> None:
    path = tmp_path / "new" / "one" / "c.json"
    with Emulator(key="k") as real, Emulator(record=real.url, cassette=path, key="k") as endpoint:
        Caller(endpoint).chat("Hello")
    assert len(exchanges(path)) == 1


def test_unwritable_file_does_not_affect_answers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "no").write_text("not a folder")
    with Emulator(key="k") as real, Emulator(record=real.url, cassette=tmp_path / "no" / "c.json", key="k") as endpoint:
        assert Caller(endpoint).chat("Hello").text == "Hello! How can I help you today?"
    assert "an exchange was not recorded" in caplog.text


MODES = [
    ("all", [], ["a", "b"]),
    ("once", ["a"], ["a"]),
    ("new_episodes", ["a"], ["a", "b"]),
    ("none", ["a"], ["a"]),
]


@pytest.mark.parametrize(("mode", "played", "kept"), MODES)
def test_record_modes_with_an_existing_file(tmp_path: Path, mode: str, played: list[str], kept: list[str]) -> None:
    with recorder(tmp_path) as (_, endpoint, path):
        Caller(endpoint).chat("a")
    with recorder(tmp_path, record_mode=mode) as (real, endpoint, _):
        statuses = [Caller(endpoint).chat(text).status for text in "ab"]
        asked = [request.body["messages"][0]["content"] for request in real.requests]
    assert asked == [text for text in "ab" if text not in played and text in kept]
    assert statuses == [200, 200 if "b" in kept else 404]
    assert [row["request"]["body"]["json"]["messages"][0]["content"] for row in exchanges(path)] == kept


@pytest.mark.parametrize("mode", ["all", "once", "new_episodes"])
def test_record_modes_without_a_file(tmp_path: Path, mode: str) -> None:
    with recorder(tmp_path, record_mode=mode) as (real, endpoint, path):
        assert [Caller(endpoint).chat("a").status for _ in range(2)] == [200, 200]
        assert len(real.requests) == len(exchanges(path)) == 2


@pytest.mark.parametrize("mode", ["all", "once", "new_episodes"])
def test_linked_and_empty_files(tmp_path: Path, mode: str) -> None:
    """A link stays a link, and a file that was only created, as `tempfile` does, is a new cassette."""
    (tmp_path / "real.json").touch()
    (tmp_path / "c.json").symlink_to(tmp_path / "real.json")
    with recorder(tmp_path, record_mode=mode) as (_, endpoint, path):
        Caller(endpoint).chat("Hello", path=LOCAL)
    assert path.is_symlink()
    assert len(exchanges(tmp_path / "real.json")) == 1


@pytest.mark.parametrize("mode", ["all", "once", "new_episodes"])
def test_devices_are_not_replaced(tmp_path: Path, mode: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(ValueError, match=f"cassette is '{path}', which is not a file, and would be replaced"):
            Emulator(record="http://127.0.0.1:9", cassette=path, record_mode=mode)


def test_cassette_with_a_byte_order_mark(tmp_path: Path) -> None:
    with recorder(tmp_path) as (_, endpoint, path):
        Caller(endpoint).chat("Hello", path=LOCAL)
    path.write_text(path.read_text("utf-8"), "utf-8-sig")
    with Emulator(cassette=path) as player:
        assert Caller(player).chat("Hello", path=LOCAL).status == 200


def test_missing_cassette_and_invalid_modes(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Emulator(record="http://localhost:1", cassette=tmp_path / "none", record_mode="none")
    with pytest.raises(ValueError, match="record_mode is 'never'; choose one of all, once, new_episodes, none"):
        Emulator(cassette=tmp_path / "none", record_mode="never")
    with pytest.raises(ValueError, match="replay_speed is 0; choose a number above 0"):
        Emulator(cassette=tmp_path / "none", replay_speed=0)


def test_mismatch_describes_the_difference(tmp_path: Path) -> None:
    with recorder(tmp_path) as (_, endpoint, path):
        Caller(endpoint).send("GET", "/info?api-version=2024-05-01-preview")
        Caller(endpoint).chat("What is the weather?", temperature=0.5)
        Caller(endpoint).chat("Another question entirely", "Yes", "And more", temperature=1)
    with Emulator(cassette=path) as player:
        message = Caller(player).chat("What is the weather like?", temperature=1, seed=3).body["error"]["message"]
        info = Caller(player).send("GET", "/info?api-version=2025-04-01").body["error"]["message"]
        other = Caller(player).send("GET", "/nowhere").body["error"]["message"]
        long = Caller(player).chat("x" * 100, *(["y"] * 11)).body["error"]["message"]
    assert (
        'The nearest differs in body.messages[0].content: recorded "What is the weather?", asked "What is the weather '
        'like?"; body.temperature: recorded 0.5, asked 1; body.seed: recorded nothing, asked 3. Record it again.'
    ) in message
    assert 'query.api-version: recorded "2024-05-01-preview", asked "2025-04-01".' in info
    assert 'The nearest differs in path: recorded "/info", asked "/nowhere"' in other
    assert "xxx...; body.messages[1]" in long
    assert "; and " in long


async def upstream_app(handler: Any) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def test_streams_are_forwarded_as_they_arrive(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b'data: {"a":1}\n\ndata: {"b"')
        await gate.wait()
        await answer.write(b": 2}\r\n\r\nevent: x\ndata: [DONE]\n\n: rest")
        return answer

    runner, url = await upstream_app(handler)
    path = tmp_path / "c.json"
    async with Emulator(record=url, cassette=path) as endpoint, aiohttp.ClientSession() as session:
        response = await session.post(endpoint.url + "/x")
        first = await response.content.readuntil(b"\n\n")
        gate.set()
        rest = await response.read()
    await runner.cleanup()
    assert first + rest == b'data: {"a":1}\n\ndata: {"b": 2}\r\n\r\nevent: x\ndata: [DONE]\n\n: rest'
    [exchange] = exchanges(path)
    stream = exchange["response"]["stream"]
    assert [set(piece) for piece in stream] == [{"after", "data"}, *[{"after", "text"}] * 3]
    assert stream[0]["data"] == {"a": 1}
    played = list(read_response(exchange["response"]).steps or ())
    assert b"".join(played) == first + rest  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "raw", "cut"),
    [
        ("audio/mpeg", b"\xff\xfb\x90", False),
        ("application/x-ndjson", b'{"a":1}\n', True),
        ("text/event-stream", b"", True),
    ],
)
async def test_other_and_incomplete_streams(tmp_path: Path, kind: str, raw: bytes, cut: bool) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": kind})
        answer.content_length = len(raw) + cut
        await answer.prepare(request)
        await answer.write(raw)
        if cut:
            assert request.transport is not None
            request.transport.close()
        return answer

    runner, url = await upstream_app(handler)
    path = tmp_path / "c.json"
    async with Emulator(record=url, cassette=path) as endpoint, aiohttp.ClientSession() as session:
        got, broken = b"", False
        try:
            async with session.post(endpoint.url + "/x") as response:
                async for piece in response.content.iter_any():
                    got += piece
        except aiohttp.ClientError:
            broken = True
    await runner.cleanup()
    assert (got, broken) == (raw, cut)
    [exchange] = exchanges(path)
    assert exchange["response"].get("cut", False) is cut
    steps = list(read_response(exchange["response"]).steps or ())
    assert steps == [*([raw] if raw else []), *([Cut()] if cut else [])]


@pytest.mark.parametrize("streamed", [True, False])
async def test_disconnected_caller_closes_the_upstream_request(tmp_path: Path, streamed: bool) -> None:
    cancelled, began = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream" if streamed else "text/plain"})
        await answer.prepare(request)
        await answer.write(b"data: 1\n\n")
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()
        return answer

    runner, url = await upstream_app(handler)
    path = tmp_path / "c.json"
    async with Emulator(record=url, cassette=path) as endpoint, aiohttp.ClientSession() as session:
        call = asyncio.create_task(session.post(endpoint.url + "/x"))
        await began.wait()
        if streamed:
            response = await call
            await response.content.readuntil(b"\n\n")
            response.close()
        else:
            call.cancel()
        await asyncio.wait_for(cancelled.wait(), 20)
    await runner.cleanup()  # the emulator has stopped, and with it the recording
    assert [exchange["response"]["cut"] for exchange in (exchanges(path) if streamed else [])] == [True] * streamed


@pytest.mark.parametrize("streamed", [True, False])
async def test_stop_interrupts_a_recording(tmp_path: Path, streamed: bool) -> None:
    began = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        if streamed:
            await answer.prepare(request)
            await answer.write(b"data: 1\n\n")
        began.set()
        await asyncio.sleep(60)
        return answer

    runner, url = await upstream_app(handler)
    async with aiohttp.ClientSession() as session:
        async with Emulator(record=url, cassette=tmp_path / "c.json") as endpoint:
            call = asyncio.create_task(session.post(endpoint.url + "/x"))
            await began.wait()
            if streamed:
                response = await call
                await response.content.readuntil(b"\n\n")
        with pytest.raises(aiohttp.ClientError):
            await (response.read() if streamed else call)
    await runner.cleanup()


def answer_of(arrivals: Arrivals) -> dict[str, Any]:
    found: dict[str, Any] = write_exchange(RecordedRequest("GET", "/x"), arrivals)["response"]
    return found


SSE = {"content-type": "text/event-stream"}


@pytest.mark.parametrize(
    ("speed", "waits"), [(None, []), (1.0, [0.5, 0.25, 0.25]), (0.5, [1.0, 0.5, 0.5]), (10, [0.05, 0.025, 0.025])]
)
def test_streams_are_played_with_their_timing(speed: float | None, waits: list[float]) -> None:
    pieces = [(0.5, b"data: 1\n\ndata: 2\n\n"), (0.75, b"data: 3"), (1.0, b"\n\n")]
    answer = answer_of(Arrivals(200, SSE, [pieces[0], (0.75, b"data: 3\n\n"), (1.0, b": x\n\n")], whole=True))
    steps = list(read_response(answer, speed).steps or ())
    assert [step.seconds for step in steps if isinstance(step, Pause)] == waits
    late = answer_of(Arrivals(200, SSE, pieces, whole=True))["stream"]
    assert [piece["after"] for piece in late] == [0.5, 0.0, 0.5]


def test_plain_answers_are_played_with_their_timing() -> None:
    answer = answer_of(Arrivals(200, {}, [(0.5, b"1"), (2.0, b"2")], whole=True))
    fast, slow = read_response(answer), read_response(answer, 2)
    assert (fast.body, fast.steps) == (b"12", None)
    assert (slow.steps, slow.length) == ([Pause(1.0), b"12"], 2)
    assert read_response(answer_of(Arrivals(204, {}, [], whole=True)), 1).steps is None


def test_replay_speed(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    arrivals = Arrivals(200, {"content-type": "text/plain"}, [(0.3, b"hi")], whole=True)
    CassetteWriter(path, []).append(write_exchange(RecordedRequest("GET", "/x", raw_path="/x"), arrivals))
    with Emulator(cassette=path, replay_speed=1) as player:
        began = time.perf_counter()
        assert Caller(player).send("GET", "/x").raw == b"hi"
        assert time.perf_counter() - began > 0.29


def test_multipart_requests_are_matched(tmp_path: Path) -> None:
    def send(endpoint: Emulator, boundary: str) -> Got:
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--{boundary}--\r\n'.encode()
        return Caller(endpoint).post("/v1/x", body, {"content-type": f'multipart/form-data; boundary="{boundary}"'})

    with recorder(tmp_path) as (_, endpoint, path):
        recorded = send(endpoint, "aaaa1")
    with Emulator(cassette=path) as player:
        assert send(player, "bbbb2").body == recorded.body


def test_invalid_upstream_urls(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for url in ("http://[::1", "http://", "ftp://x"):
        with pytest.raises(ValueError, match="pass a URL such as"):
            Emulator(record=url, cassette=tmp_path / "c")
    with Emulator(record="http://127.0.0.1:1", cassette=tmp_path / "c") as endpoint:
        assert "did not respond" in Caller(endpoint).chat("x").body["error"]["message"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_http_1_0_client(tmp_path: Path) -> None:
    with recorder(tmp_path) as (_, endpoint, _):
        host = endpoint.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"  # type: ignore[attr-defined]
        body = json.dumps({"messages": [{"role": "user", "content": "count to 3"}], "stream": True})
        connection.request("POST", SERVERLESS, body, {"api-key": "k", "Content-Type": "application/json"})
        response = connection.getresponse()
        assert (response.getheader("Transfer-Encoding"), response.read().endswith(b"[DONE]\n\n")) == (None, True)
        connection.close()
