"""The outcome of each request: how it was answered, whether its caller stayed, and which attempt it was."""

import asyncio
import http.client
import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator, Fault, Outcome, RecordedRequest, Reply
from azure.ai.inference.emulator._exchange import requested_wait
from azure.ai.inference.emulator._fault_injection import Pace, pace
from azure.ai.inference.emulator._journal import Journal
from azure.ai.inference.emulator._leaks import find_leaks
from azure.ai.inference.emulator._response import Response
from azure.ai.inference.emulator._script import Rule, Script
from azure.ai.inference.emulator._verdict import streamed_text

from .conftest import LOCAL, SERVERLESS, Caller


@pytest.fixture
def fresh(endpoint: Emulator) -> Emulator:
    endpoint.reset()
    return endpoint


def newest(endpoint: Emulator) -> Outcome:
    return endpoint.requests[-1].outcome.wait()


def test_plain_answer(fresh: Emulator, caller: Caller) -> None:
    got = caller.chat("Hello")
    outcome = newest(fresh)
    assert (outcome.status, outcome.source, outcome.attempt, outcome.waited) == (200, "default", 1, None)
    assert outcome.bytes_sent == len(got.raw)
    assert (outcome.streamed, outcome.events_sent, outcome.whole, outcome.failed) == (False, 0, True, False)
    assert not outcome.caller_left
    assert 0 < outcome.duration < 20
    assert outcome.usage == got.body["usage"]
    assert outcome.headers["x-request-id"] == got.headers["x-request-id"]
    assert abs(time.time() - outcome.arrived.timestamp()) < 20


def test_stream(fresh: Emulator, caller: Caller) -> None:
    got = caller.chat("count to 5", stream=True)
    outcome = newest(fresh)
    assert outcome.streamed
    assert outcome.whole
    assert outcome.events_sent == len(got.chunks) + 1  # and [DONE]
    assert outcome.bytes_sent == len(got.raw)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * 2000, {}, 413),
        (b"no gzip", {"content-encoding": "gzip"}, 400),
        (b"x", {"content-encoding": "rot13"}, 415),
    ],
)
def test_requests_refused_before_reading(body: bytes, headers: dict[str, str], status: int) -> None:
    with Emulator(max_request_size=1000) as endpoint:
        assert Caller(endpoint).post(LOCAL, body, headers).status == status
        [request] = endpoint.requests
        assert (request.path, request.raw) == (LOCAL, b"")
        assert (newest(endpoint).status, newest(endpoint).source) == (status, "refusal")


def test_ids_continue_after_reset(fresh: Emulator, caller: Caller) -> None:
    caller.chat("a")
    first = newest(fresh).id
    fresh.reset()
    caller.chat("b")
    assert newest(fresh).id == first + 1


async def test_caller_cancels() -> None:
    """An application can test that it cancels upstream requests."""
    body = {"messages": [{"role": "user", "content": "count to 500"}], "stream": True}
    async with Emulator(token_rate=100) as endpoint, aiohttp.ClientSession() as session:
        async with session.post(endpoint.url + SERVERLESS, json=body, headers={"api-key": endpoint.key}) as response:
            for _ in range(6):
                await response.content.readline()
            assert not endpoint.requests[0].outcome.ended
            response.close()
        outcome = await asyncio.to_thread(endpoint.requests[0].outcome.wait)
        assert outcome.caller_left
        assert outcome.left_after is not None
        assert 3 <= outcome.left_after == outcome.events_sent < 500
        assert outcome.failed


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_caller_leaves_before_the_answer(half: bool, stream: bool) -> None:
    with Emulator(latency=30) as endpoint:
        leave(endpoint, half=half, stream=stream)
        outcome = newest(endpoint)
        assert (outcome.status, outcome.left_after, outcome.failed) == (None, 0, True)


def leave(endpoint: Emulator, *, half: bool = False, **members: Any) -> None:
    """Send a request, and close the connection as soon as it has arrived, or only its sending half."""
    raw = json.dumps({"messages": [{"role": "user", "content": "Hello"}], **members}).encode()
    before = len(endpoint.requests)
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST {LOCAL} HTTP/1.1\r\nHost: localhost\r\napi-key: {endpoint.key}\r\ncontent-type: application/json"
        connection.sendall(f"{head}\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw)
        while len(endpoint.requests) == before:
            time.sleep(0.001)
        if half:
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""


def test_wait_timeout() -> None:
    with ExitStack() as until_the_end:  # the connection outlives the emulator; closing it first would count as leaving
        with Emulator(faults="stall") as endpoint:
            host, port = endpoint.url.removeprefix("http://").split(":")
            connection = until_the_end.enter_context(socket.create_connection((host, int(port))))
            connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not endpoint.requests:
                time.sleep(0.001)
            outcome = endpoint.requests[0].outcome
            with pytest.raises(TimeoutError, match=r"request 1 is still being answered after 0.01 seconds"):
                outcome.wait(0.01)
        assert outcome.wait().cut  # by the emulator, which stopped
    assert not outcome.caller_left


@pytest.mark.parametrize(
    ("fault", "stream", "expected"),
    [
        ("429", False, (429, "fault", False, True)),
        ("cut:events=3", True, (200, "default", True, True)),
        ("reset", True, (None, "fault", True, True)),
        ("html", False, (200, "fault", False, True)),
        ("error:events=2", True, (200, "default", False, True)),
        ("slow:seconds=0", True, (200, "default", False, False)),
    ],
)
def test_faults(fresh: Emulator, caller: Caller, fault: str, stream: bool, expected: Any) -> None:
    fresh.fault(fault)
    with pytest.raises((OSError, http.client.IncompleteRead)) if expected[2] else nullcontext():
        caller.chat("count to 9", stream=stream)
    outcome = newest(fresh)
    assert (outcome.status, outcome.source, outcome.cut, outcome.failed) == expected
    assert isinstance(outcome.fault, Fault)
    assert outcome.fault.kind == fault.partition(":")[0]


def test_source_of_answers(fresh: Emulator, caller: Caller) -> None:
    caller.chat("x", temperature=9)
    assert (newest(fresh).source, newest(fresh).status) == ("refusal", 400)
    fresh.reply("Sunny.", last="weather", model="m")
    caller.chat("Hello")
    outcome = newest(fresh)
    assert outcome.nearest_miss == (
        "reply 1 (last='weather', model='m'): the last message is 'Hello'; the model is None"
    )
    caller.chat("The weather?", model="m")
    outcome = newest(fresh)
    assert (outcome.source, outcome.matched) == ("reply", "reply 1 (last='weather', model='m')")
    assert outcome.reply == Reply("Sunny.")
    assert outcome.nearest_miss is None
    caller.chat("The weather?", model="m")
    assert str(newest(fresh).nearest_miss).endswith(": it is used up")
    with Emulator(requests_per_minute=1) as endpoint:
        for _ in range(2):
            Caller(endpoint).chat("x")
        assert newest(endpoint).source == "quota"


def test_attempts_of_one_body(fresh: Emulator, caller: Caller) -> None:
    fresh.fault("503:times=2")
    for _ in range(3):
        caller.chat("Hello")
        newest(fresh)
    caller.chat("Hello")  # the attempt before succeeded, so this is another request
    caller.chat("Other")
    outcomes = [request.outcome for request in fresh.requests]
    assert [outcome.attempt for outcome in outcomes] == [1, 2, 3, 1, 1]
    assert [outcome.retry_of for outcome in outcomes] == [None, outcomes[0].id, outcomes[1].id, None, None]
    assert outcomes[1].waited is not None
    assert 0 <= outcomes[1].waited < 10


def test_attempts_of_concurrent_requests(fresh: Emulator, caller: Caller) -> None:
    """Each failed request has at most one retry; the oldest is retried first."""
    fresh.fault("503:times=2")
    first, second, third, fourth = (caller.chat("Hello") and newest(fresh) for _ in range(4))
    assert (first.status, second.status, third.status) == (503, 503, 200)
    assert (second.retry_of, third.retry_of, fourth.retry_of) == (first.id, second.id, None)


class Wire:
    """A connection, open or closed."""

    def __init__(self, *, closed: bool = False) -> None:
        self.closed = closed

    def is_closing(self) -> bool:
        return self.closed


@pytest.mark.parametrize(
    ("first", "second", "late", "attempt"),
    [
        (Wire(), Wire(), 0.0, 1),  # another caller
        (Wire(), Wire(), 1.0, 2),
        (Wire(closed=True), Wire(), 0.0, 2),
        (Wire(), None, 0.0, 2),  # on the same connection
        (None, None, 0.0, 2),
    ],
)
def test_callers_with_the_same_body_do_not_retry(
    first: Wire | None, second: Wire | None, late: float, attempt: int
) -> None:
    journal = Journal(None)
    outcomes = [Outcome(_connection=wire) for wire in (first, second or first)]
    exchange = journal.open(RecordedRequest("POST", "/x", raw=b"{}", outcome=outcomes[0]))
    exchange.sent(429, b"")
    exchange.finish()
    outcomes[1]._began += late
    journal.open(RecordedRequest("POST", "/x", raw=b"{}", outcome=outcomes[1]))
    assert outcomes[1].attempt == attempt


@pytest.mark.parametrize("latency", [0.0, 0.1])
async def test_concurrent_callers_that_wait_are_not_blamed(latency: float) -> None:
    """Each of three callers with the same body gets a 429, waits, and tries again."""
    with Emulator(faults="429:times=3,wait=0.4", latency=latency) as endpoint:

        async def call(session: aiohttp.ClientSession) -> None:
            for wait in (0.6, 0.0):
                headers = {"api-key": endpoint.key}
                async with session.post(f"{endpoint.url}{LOCAL}", json=ASKED, headers=headers) as response:
                    await response.read()
                await asyncio.sleep(wait)

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(call(session) for _ in range(3)))
        assert sorted(request.outcome.attempt for request in endpoint.requests) == [1, 1, 1, 2, 2, 2]
        assert endpoint.verdict() == ()


ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def test_retry_that_starts_before_the_failed_attempt_ends() -> None:
    journal = Journal(None)
    first = journal.open(RecordedRequest("POST", "/x", raw=b"{}"))
    again = journal.open(RecordedRequest("POST", "/x", raw=b"{}"))
    first.left()
    assert (again.outcome.attempt, again.outcome.retry_of, again.outcome.waited) == (2, 1, 0.0)


def test_old_bodies_are_forgotten() -> None:
    journal = Journal(0)
    requests = [RecordedRequest("POST", "/x", raw=str(number % 1001).encode()) for number in range(1002)]
    for request in requests:
        journal.open(request).left()
    assert requests[-1].outcome.attempt == 1


def test_stored_answers_are_bounded() -> None:
    from azure.ai.inference.emulator import RecordedRequest

    journal = Journal(None, bytes_kept=1000)
    for _ in range(5):
        exchange = journal.open(RecordedRequest("POST", "/x"))
        exchange.answered(Response(200, {}))
        exchange.sent(200, b"x" * 300)
        exchange.finish()
    assert [len(exchange.body) for exchange in journal.exchanges] == [0, 0, 0, 300, 300]
    assert [exchange.outcome.bytes_sent for exchange in journal.exchanges] == [300] * 5


def test_feed_of_changes() -> None:
    journal = Journal(2)
    first = journal.open(RecordedRequest("GET", "/1"))
    version, changed = journal.changes(0)
    assert changed == [first]
    assert journal.changes(version) == (version, [])
    second = journal.open(RecordedRequest("GET", "/2"))
    first.finish()
    later, changed = journal.changes(version)
    assert changed == [second, first]  # in the order of their last changes
    journal.open(RecordedRequest("GET", "/3"))
    first.finish()  # which is forgotten
    assert [exchange.request.path for exchange in journal.changes(later)[1]] == ["/3"]
    assert journal.find(first.outcome.id) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "2"}, 2.0),
        ({"retry-after": "2", "retry-after-ms": "1500"}, 1.5),
        ({"x-ratelimit-timeremaining": "3"}, 3.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"retry-after-ms": "inf", "Retry-After": "2"}, 2.0),
    ],
)
def test_requested_wait_by_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert requested_wait(headers) == seconds


def stream_and_read(caller: Caller, *said: Any) -> None:
    with suppress(http.client.IncompleteRead):
        caller.chat(*said, stream=True)


def ignore_the_wait(endpoint: Emulator, caller: Caller) -> None:
    endpoint.fault("429:wait=5")
    for _ in range(2):
        caller.chat("Hello")
        newest(endpoint)


def retry_at_once(endpoint: Emulator, caller: Caller) -> None:
    fail_at_once(endpoint, caller, "503:times=2")


def fail_at_once(endpoint: Emulator, caller: Caller, faults: str) -> None:
    """Repeat a request without a wait until it is answered."""
    endpoint.fault(faults)
    while caller.chat("Hello").status != 200:
        pass
    for request in endpoint.requests[1:]:
        request.outcome.waited = 0.0  # however slow the machine is


@pytest.mark.parametrize(
    ("faults", "blamed"),
    [
        ("503:times=1", []),  # as azure-core does
        ("429:times=1,says=nothing", []),
        ("503:times=3", [(2, 3), (3, 4)]),
        ("429:times=2,says=nothing", [(2, 3)]),
        ("529:times=2", [(2, 3)]),
        ("520:times=2", [(2, 3)]),
        ("429:times=3,wait=0", []),  # the service said so
        ("400:times=3", []),
    ],
)
def test_retries_without_waits(fresh: Emulator, caller: Caller, faults: str, blamed: list[tuple[int, int]]) -> None:
    fail_at_once(fresh, caller, faults)
    newest(fresh)
    first = fresh.requests[0].outcome.id - 1
    assert [finding.requests for finding in fresh.verdict()] == [
        (first + earlier, first + later) for earlier, later in blamed
    ]


@pytest.mark.parametrize("faults", ["429:times=1,says=nothing", "500:times=2,wait=0", "529:times=2", "reset:times=2"])
def test_our_own_client_is_not_blamed(fresh: Emulator, faults: str) -> None:
    fresh.fault(faults)
    with ChatCompletionsClient(f"{fresh.url}/v1", fresh.key, retry_backoff_factor=0.05) as client:
        client.complete(messages=[{"role": "user", "content": "Hello"}])
    newest(fresh)
    assert fresh.verdict() == ()


def wait_as_asked(endpoint: Emulator, caller: Caller) -> None:
    endpoint.fault("429:wait=0.1")
    caller.chat("Hello")
    newest(endpoint)
    time.sleep(0.12)
    caller.chat("Hello")


def take_for_whole(endpoint: Emulator, caller: Caller) -> None:
    endpoint.reply("The capital of France")
    endpoint.fault("cut:events=3")
    stream_and_read(caller, "What is the capital?")
    newest(endpoint)
    caller.chat("What is the capital?", "The capital", "And of Spain?")


def drop_silently(endpoint: Emulator, caller: Caller) -> None:
    endpoint.fault("cut:events=1")  # none of whose text has arrived
    stream_and_read(caller, "Hello")
    caller.chat("Hello", "Hello!", "Another question")


def ask_again_after_a_cut(endpoint: Emulator, caller: Caller) -> None:
    endpoint.fault("cut:events=3")
    for _ in range(2):
        stream_and_read(caller, "Hello")
        newest(endpoint)


@pytest.mark.parametrize("key", ["plain-key-1234", "Ab/cd+12==xyz", 'quo"te\\1234', "schlüssel-1234"])
@pytest.mark.parametrize(
    "write",
    [
        str,
        json.dumps,
        lambda key: json.dumps(key, ensure_ascii=False),
        lambda key: json.dumps(key).replace("/", "\\/"),
        lambda key: urlencode({"a": key}),
    ],
)
def test_leaks_however_the_body_is_encoded(key: str, write: Callable[[str], str]) -> None:
    request = RecordedRequest("POST", "/x", raw=f"x {write(key)} y".encode())
    assert find_leaks(request, [key]) == ("the body",)
    assert find_leaks(request, [f"{key}{key}"]) == ()


def leak_everywhere(endpoint: Emulator, caller: Caller) -> None:
    key = endpoint.key
    caller.chat("x", path=f"/v1/chat/completions?api-version={key}", user=key, headers={"x-mine": f"key {key}"})
    caller.send("GET", f"/v1/{key}")


def follow_a_redirect(endpoint: Emulator, caller: Caller) -> None:
    endpoint.fault("redirect")
    got = caller.chat("Hello")
    host = got.headers["location"].split("/")[2]
    caller.chat("Hello", headers={"host": host})


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        (ignore_the_wait, [("retry-after-ignored", "error", "although the answer asked for 5 s")]),
        (retry_at_once, [("retry-without-wait", "error", "it did not wait")]),
        (wait_as_asked, []),
        (take_for_whole, [("truncated-stream", "error", "sends its text back as if it were the whole answer")]),
        (drop_silently, [("truncated-stream", "warning", "was not requested again")]),
        (ask_again_after_a_cut, []),
        (
            leak_everywhere,
            [
                ("leaked-key", "error", "the query's 'api-version'"),
                ("leaked-key", "error", "the header 'x-mine'"),
                ("leaked-key", "error", "the body"),
                ("leaked-key", "error", "the path"),
            ],
        ),
        (follow_a_redirect, [("leaked-key", "error", "a request to another origin, after a redirect")]),
    ],
)
def test_verdict(
    fresh: Emulator, caller: Caller, application: Callable[[Emulator, Caller], None], expected: list[tuple[str, ...]]
) -> None:
    application(fresh, caller)
    newest(fresh)
    findings = fresh.verdict()
    assert [(finding.kind, finding.severity) for finding in findings] == [row[:2] for row in expected]
    for finding, (_, severity, words) in zip(findings, expected, strict=True):
        assert words in finding.message
        assert str(finding) == f"{severity}: {finding.message}"
        assert fresh.key not in str(finding)


def test_text_of_streams_in_each_api() -> None:
    parts = [
        b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
        b'event: response.output_text.delta\ndata: {"delta":"b"}\n\n',
        b'event: content_block_delta\ndata: {"delta":{"type":"text_delta","text":"c"}}\n\n',
        b"data: {broken\n\ndata: 5\n\ndata: [DONE]\n\n",
    ]
    assert streamed_text(parts) == "abc"


def test_disconnect_after_the_end_is_ignored() -> None:
    exchange = Journal(None).open(RecordedRequest("POST", "/x"))
    exchange.answered(Response(200, {"Content-Type": "text/event-stream"}, steps=[]))
    exchange.sent(200, b"data: [DONE]\n\n")
    exchange.left()  # it has all that it needs
    exchange.left()
    assert (exchange.outcome.whole, exchange.outcome.caller_left) == (True, False)
    assert not exchange.is_dropped


def test_oversized_newest_answer_stays_within_bounds() -> None:
    journal = Journal(None, bytes_kept=10)
    exchange = journal.open(RecordedRequest("POST", "/x"))
    exchange.sent(200, b"x" * 11)
    assert exchange.is_dropped
    exchange.sent(200, b"x" * 11)
    assert (exchange.outcome.bytes_sent, exchange.body, list(exchange.parts())) == (22, b"", [])


def test_parts_of_an_answer() -> None:
    exchange = Journal(None).open(RecordedRequest("POST", "/x"))
    for data in (b"a", b"", b"bc"):
        exchange.sent(200, data)
    assert [part.data for part in exchange.parts()] == [b"a", b"", b"bc"]
    assert [part.data for part in exchange.parts(2)] == [b"bc"]
    assert [part.at for part in exchange.parts()] == sorted(part.at for part in exchange.parts())


def test_replies_can_be_removed() -> None:
    script = Script([Rule("a"), Rule("b")])
    assert script.remove(1)
    assert not script.remove(1)
    assert [str(rule) for rule in script.rules] == ["reply 2"]


def test_pause_holds_a_running_stream() -> None:
    speed = Pace()
    steps = iter(pace(Response(200, {}, steps=[b"1", b"2", b"3"]), speed).steps or ())
    assert next(steps) == b"1"
    speed.paused = True
    held = [next(steps) for _ in range(3)]
    assert all(not isinstance(step, bytes) for step in held)
    speed.paused = False
    assert list(steps) == [b"2", b"3"]


async def test_caller_leaves_a_recording(tmp_path: Path) -> None:
    async with (
        Emulator(faults="stall:seconds=20") as upstream,
        Emulator(record=upstream.url, cassette=tmp_path / "c.json") as endpoint,
    ):
        await asyncio.to_thread(leave, endpoint)
        outcome = await asyncio.to_thread(endpoint.requests[0].outcome.wait)
        assert outcome.caller_left
