"""Every injected fault, as it arrives over a socket."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Fault
from azure.ai.inference.emulator._fault import parse_faults
from azure.ai.inference.emulator._fault_injection import FaultInjector
from azure.ai.inference.emulator._quota import Quota, estimate
from azure.ai.inference.emulator._request import RecordedRequest
from azure.ai.inference.emulator._stats import Stats

from .conftest import DEPLOYMENT, FOUNDRY, LOCAL, PROJECT, SERVERLESS, Caller, Got

STREAM = {"messages": [{"role": "user", "content": "count to 4"}], "stream": True}


@pytest.fixture
def fresh(endpoint: Emulator) -> Iterator[Emulator]:
    endpoint.reset()
    yield endpoint
    endpoint.reset()


def words(raw: bytes) -> str:
    """Return the text that arrived, whatever came after it."""
    events = [event.removeprefix(b"data: ") for event in raw.split(b"\n\n") if event.startswith(b'data: {"id"')]
    return "".join(json.loads(event)["choices"][0]["delta"]["content"] for event in events if event.endswith(b"}"))


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503, 504, 418])
def test_status_once(fresh: Emulator, caller: Caller, status: int) -> None:
    fresh.fault(str(status))
    first, second = caller.chat("Hello"), caller.chat("Hello")
    assert (first.status, second.status) == (status, 200)
    assert first.body["error"]["message"]
    assert first.headers["x-request-id"]
    assert first.headers.get("retry-after") == ("1" if status == 429 else None)


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        (DEPLOYMENT, "429", "Please retry after 7 seconds."),
        (FOUNDRY, "RateLimitReached", "Please wait 7 seconds before retrying."),
        (LOCAL, "rate_limit_exceeded", "Please try again in 7s."),
    ],
)
def test_rate_limit_message_of_each_provider(
    fresh: Emulator, caller: Caller, path: str, code: str, message: str
) -> None:
    fresh.fault(Fault("429", wait=7))
    error = caller.chat("Hello", path=path).body["error"]
    assert error["code"] == code
    assert message in error["message"]


@pytest.mark.parametrize(
    ("says", "header", "value"),
    [
        ("retry-after", "retry-after", "2.5"),
        ("retry-after-ms", "retry-after-ms", "2500"),
        ("x-ms-retry-after-ms", "x-ms-retry-after-ms", "2500"),
        ("x-ratelimit-timeremaining", "x-ratelimit-timeremaining", "2.5"),
        ("message", "retry-after", None),
        ("nothing", "retry-after", None),
    ],
)
@pytest.mark.parametrize("status", ["429", "503"])
def test_retry_after_headers(fresh: Emulator, caller: Caller, status: str, says: str, header: str, value: Any) -> None:
    fresh.fault(Fault(status, wait=2.5, says=says))
    got = caller.chat("Hello")
    assert got.headers.get(header) == value
    assert ("2.5" in got.body["error"]["message"]) is (status == "429" and says != "nothing")


def test_retry_after_date(fresh: Emulator, caller: Caller) -> None:
    fresh.fault(Fault("503", wait=30, says="date"))
    date = parsedate_to_datetime(caller.chat("Hello").headers["retry-after"])
    assert 20 < date.timestamp() - time.time() < 40


def outcomes(fresh: Emulator, caller: Caller, count: int) -> list[int]:
    return [caller.chat("Hello").status for _ in range(count)]


def test_how_often_a_fault_occurs(fresh: Emulator, caller: Caller) -> None:
    fresh.fault("429:times=2;503")
    assert outcomes(fresh, caller, 5) == [429, 429, 503, 200, 200]
    fresh.reset()
    fresh.fault(Fault("500", every=3, times=1))
    assert outcomes(fresh, caller, 6) == [200, 200, 500, 200, 200, 200]
    fresh.reset()
    fresh.fault(Fault("500", path="/embeddings"))
    assert outcomes(fresh, caller, 1) == [200]


def test_probability_is_seeded() -> None:
    from azure.ai.inference.emulator import RecordedRequest

    request = RecordedRequest("POST", "/chat/completions")
    draws = [
        [injector.next_fault(request) is not None for _ in range(200)]
        for injector in (FaultInjector([Fault("500", probability=0.3, seed=seed)]) for seed in (1, 1, 2))
    ]
    assert draws[0] == draws[1] != draws[2]
    assert 30 < sum(draws[0]) < 90


@pytest.mark.parametrize("events", [None, 2])
def test_connection_reset(fresh: Emulator, caller: Caller, events: Any) -> None:
    fresh.fault(Fault("reset", events=events))
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected, http.client.IncompleteRead)):
        caller.post(SERVERLESS, STREAM)
    assert caller.post(SERVERLESS, STREAM).status == 200


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("cut", events=3), "1 2"),
        (Fault("cut"), ""),
        (Fault("cut", events=0), ""),
        (Fault("cut", byte=500), "1"),
        (Fault("cut", byte=0), ""),
        (Fault("cut", events=99), "1 2 3 4"),
    ],
)
def test_cut_streams(fresh: Emulator, caller: Caller, fault: Fault, text: str) -> None:
    fresh.fault(fault)
    with pytest.raises(http.client.IncompleteRead) as caught:
        caller.post(SERVERLESS, STREAM)
    assert words(caught.value.partial) == text
    if fault.byte is not None:
        assert len(caught.value.partial) == fault.byte


@pytest.mark.parametrize("byte", [10, None])
def test_cut_plain_answers(fresh: Emulator, caller: Caller, byte: Any) -> None:
    whole = len(caller.chat("Hello").raw)
    fresh.fault(Fault("cut", byte=byte))
    with pytest.raises(http.client.IncompleteRead) as caught:
        caller.chat("Hello")
    assert len(caught.value.partial) == (byte or whole // 2)
    assert caught.value.expected == whole - len(caught.value.partial)


def test_reset_plain_answers(fresh: Emulator, caller: Caller) -> None:
    fresh.fault(Fault("reset", events=0))
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        caller.chat("Hello")


@pytest.mark.parametrize("body", [STREAM, {**STREAM, "stream": False}])
@pytest.mark.parametrize("kind", ["stall", "slow"])
def test_slow_and_stalled_answers(fresh: Emulator, caller: Caller, kind: str, body: Any) -> None:
    fresh.fault(Fault(kind, seconds=0.03))
    began = time.perf_counter()
    got = caller.post(SERVERLESS, body)
    spent = time.perf_counter() - began
    assert got.status == 200
    assert spent >= (0.03 if kind == "stall" or not body["stream"] else 0.15)


def test_endless_stall_ends_with_the_caller(fresh: Emulator, caller: Caller) -> None:
    fresh.fault("stall:events=1")
    host, port = fresh.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=0.1)
    headers = {"api-key": fresh.key, "content-type": "application/json"}
    connection.request("POST", SERVERLESS, json.dumps(STREAM), headers)
    response = connection.getresponse()
    with pytest.raises(TimeoutError):
        response.read()
    connection.close()


def test_keep_alives(fresh: Emulator, caller: Caller) -> None:
    fresh.fault(Fault("keep-alive", times=2))
    got = caller.post(SERVERLESS, STREAM)
    assert got.raw.count(b": keep-alive\n\n") == 7
    assert words(got.raw) == "1 2 3 4"
    assert caller.chat("Hello").status == 200


@pytest.mark.parametrize(
    ("says", "bad"), [(None, b"Hel\n\n"), ("utf-8", b"\xff\xfe"), ("list", b'data: ["not", "an", "object"]')]
)
def test_malformed_events(fresh: Emulator, caller: Caller, says: Any, bad: bytes) -> None:
    fresh.fault(Fault("malformed", events=2, says=says))
    raw = caller.post(SERVERLESS, STREAM).raw
    before, after = raw.split(bad)
    assert words(before) == "1"
    assert after.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("path", "says", "event"),
    [
        (SERVERLESS, None, b'data: {"error":{"code":"server_error","message":"Broken.","target":null}}\n\n'),
        (DEPLOYMENT, "data", b'data: {"error":{"code":"server_error","message":"Broken."}}\n\n'),
        (
            LOCAL,
            "event",
            b'event: error\ndata: {"error":{"message":"Broken.","type":"server_error","code":"server_error"}}\n\n',
        ),
        (
            LOCAL,
            "flat",
            b'data: {"object":"error","message":"Broken.","type":"server_error","param":null,"code":500}\n\n',
        ),
        (LOCAL, "line", b'error: {"code":500,"message":"Broken.","type":"server_error"}\n\n'),
        (LOCAL, "finish", b'"finish_reason":"error"}]}\n\n'),
    ],
)
def test_errors_in_streams(fresh: Emulator, caller: Caller, path: str, says: Any, event: bytes) -> None:
    fresh.fault(Fault("error", message="Broken.", says=says, events=3))
    raw = caller.post(path, STREAM).raw
    assert raw.endswith(event + b"data: [DONE]\n\n")
    assert raw.count(b"data: {") == 3 + (says != "line")


def test_stream_error_of_a_dialect_without_that_member() -> None:
    with Emulator(dialect="mistral", faults=[Fault("error")]) as endpoint:
        raw = Caller(endpoint).post(LOCAL, STREAM).raw
    assert b'data: {"error":{"message":"The model failed while it answered."' in raw


@pytest.mark.parametrize(("fault", "status"), [(Fault("html"), 200), (Fault("html", status=502), 502)])
def test_html_pages(fresh: Emulator, caller: Caller, fault: Fault, status: int) -> None:
    fresh.fault(fault)
    got = caller.chat("Hello")
    assert (got.status, got.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert got.raw.startswith(b"<!DOCTYPE html>")


def test_empty_body(fresh: Emulator, caller: Caller) -> None:
    fresh.fault("empty")
    got = caller.chat("Hello")
    assert (got.status, got.raw) == (200, b"")


def test_expired_tokens(fresh: Emulator, caller: Caller) -> None:
    fresh.fault("expired-token")
    got = caller.chat("Hello", path=PROJECT)
    assert got.status == 401
    assert "audience is incorrect (https://ai.azure.com/), or have expired" in got.body["message"]


def test_redirects(fresh: Emulator, caller: Caller) -> None:
    fresh.fault("redirect;redirect:location=https://example.com/x,status=308")
    first, second = caller.chat("Hello"), caller.chat("Hello")
    port = fresh.url.rpartition(":")[2]
    assert (first.status, first.headers["location"]) == (307, f"http://localhost:{port}/chat/completions")
    assert (second.status, second.headers["location"]) == (308, "https://example.com/x")
    fresh.fault("redirect")
    other = caller.chat("Hello", headers={"host": f"localhost:{port}"})
    assert other.headers["location"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("fog", "kind is 'fog'; choose a status from 400 to 599, or one of reset, cut, "),
        ("200", "kind is '200'"),
        ("429:times", "'times' in the fault '429:times' is not of the form name=value"),
        ("429:size=1", "with a name of times, every, "),
        ("429:times=many", "times in the fault '429:times=many' is 'many', which is not a number"),
        ("429:times=0", "times is 0; choose 1 or more"),
        ("429:wait=-1", "wait is -1.0; choose 0 or more"),
        ("429:says=loud", "says is 'loud'; 429 can say retry-after, date, "),
        ("cut:says=data", "says is 'data'; cut can say nothing"),
        ("500:probability=2", "probability is 2.0; choose one from 0 to 1"),
    ],
)
def test_invalid_faults(spec: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_faults(spec)
    assert message in str(caught.value)


def test_faults_from_the_command_line() -> None:
    assert parse_faults(" 429:times=2,wait=1.5,says=date ; cut:events=5,every=3,path=/v1;") == [
        Fault("429", times=2, wait=1.5, says="date"),
        Fault("cut", events=5, every=3, path="/v1"),
    ]


def test_latency_and_token_rate() -> None:
    with Emulator(latency=0.03, token_rate=200) as endpoint:
        caller = Caller(endpoint)
        began = time.perf_counter()
        assert caller.chat("Hello").status == 200
        plain = time.perf_counter()
        assert words(caller.post(SERVERLESS, STREAM).raw) == "1 2 3 4"
        streamed = time.perf_counter()
    assert plain - began >= 0.03
    assert streamed - plain >= 0.03 + 7 * 0.005


def limits(got: Got, name: str) -> tuple[str, str]:
    return got.headers[f"x-ratelimit-limit-{name}"], got.headers[f"x-ratelimit-remaining-{name}"]


def test_faults_apply_to_slow_answers() -> None:
    with Emulator(token_rate=500, latency=0.01, faults="cut:events=3;cut:byte=200;503") as endpoint:
        caller = Caller(endpoint)
        for text in ("1 2", ""):
            with pytest.raises(http.client.IncompleteRead) as caught:
                caller.post(SERVERLESS, STREAM)
            assert words(caught.value.partial) == text
        assert caller.chat("Hello").status == 503


def test_quotas() -> None:
    with Emulator(requests_per_minute=2, tokens_per_minute=1000) as endpoint:
        caller = Caller(endpoint)
        first, second, third = (caller.chat("Hello", path=DEPLOYMENT) for _ in range(3))
        spent = first.body["usage"]["total_tokens"]
        assert (limits(first, "requests"), limits(first, "tokens")) == (("2", "1"), ("1000", str(1000 - spent)))
        assert limits(second, "tokens") == ("1000", str(1000 - 2 * spent))
        assert (second.status, third.status, third.body["error"]["code"]) == (200, 429, "429")
        assert 50 < int(third.headers["retry-after"]) <= 60
        assert third.headers["retry-after"] == third.headers["x-ratelimit-reset-requests"]
        endpoint.reset()
        assert caller.chat("Hello").status == 200


def test_concurrency_limit() -> None:
    with Emulator(concurrency_limit=1, faults="stall:times=1,seconds=60") as endpoint:
        with socket.create_connection(("127.0.0.1", int(endpoint.url.rpartition(":")[2]))) as slow:
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\napi-key: {endpoint.key}\r\n"
            slow.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            while not endpoint.requests:
                time.sleep(0.001)
            refused = Caller(endpoint).chat("Hello")
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
            assert "concurrent" in json.dumps(refused.body)
            assert endpoint.requests[1].outcome.source == "quota"
        endpoint.requests[0].outcome.wait(10)
        assert Caller(endpoint).chat("Hello").status == 200


def test_streams_and_embeddings_count_tokens() -> None:
    with Emulator(tokens_per_minute=30) as endpoint:
        caller = Caller(endpoint)
        got = caller.post("/embeddings?api-version=2024-05-01-preview", {"input": ["one two three"]})
        assert limits(got, "tokens") == ("30", "27")
        assert caller.post(SERVERLESS, STREAM).status == 200
        assert (
            caller.post(SERVERLESS, {**STREAM, "messages": [{"role": "user", "content": "word " * 40}]}).status == 200
        )
        assert caller.post(SERVERLESS, STREAM).status == 429


def test_quota_is_restored_after_a_minute() -> None:
    now = [100.0]
    quota = Quota(1, None, lambda: now[0])
    assert quota.wait() == 0
    quota.spend(5)
    now[0] += 20
    assert quota.wait() == 40
    assert quota.headers()["x-ratelimit-reset-requests"] == "40"
    now[0] += 40
    assert quota.wait() == 0
    assert Quota(None, None, lambda: 0.0).headers() == {}


@pytest.mark.parametrize(("window", "share"), [(1, 10), (10, 100), (60, 600)])
def test_quota_window(window: float, share: int) -> None:
    now = [100.0]
    quota = Quota(600, None, lambda: now[0], window=window)

    def admitted() -> int:
        count = 0
        while quota.wait() == 0:
            quota.spend(1)
            count += 1
        return count

    assert [admitted(), admitted()] == [share, 0]
    assert quota.headers()["x-ratelimit-limit-requests"] == "600"
    assert quota.headers()["x-ratelimit-renewalperiod-requests"] == str(window)
    now[0] += window / 2
    assert quota.wait() == window / 2
    now[0] += window / 2
    assert admitted() == share


@pytest.mark.parametrize(("count", "later"), [(False, 10), (True, 7)])
def test_refused_requests_can_count(count: bool, later: int) -> None:
    now = [0.0]
    quota = Quota(600, 10_000, lambda: now[0], window=1, refused_count=count)
    for _ in range(10):
        quota.wait()
        quota.spend(1)
    for _ in range(3):
        assert quota.wait() == 1
        quota.refuse()
    now[0] += 1
    assert quota.wait() == 0
    assert quota.headers()["x-ratelimit-remaining-requests"] == str(later)
    now[0] += 5
    assert quota.wait() == 0
    assert quota.headers()["x-ratelimit-remaining-requests"] == "10"


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"messages": [{"role": "user", "content": "x" * 400}]}, 109),
        ({"messages": [], "max_tokens": 50, "n": 2}, 101),
        ({"messages": [], "max_completion_tokens": 30, "max_tokens": 50}, 31),
        ({"input": "x" * 40}, 10),
        ({"input": "x" * 40, "max_output_tokens": 30}, 40),
        ({}, 0),
    ],
)
def test_token_estimate_of_a_request(body: dict[str, Any], tokens: int) -> None:
    request = RecordedRequest("POST", "/v1/chat/completions", raw=json.dumps(body).encode())
    assert estimate(request) == tokens
    quota = Quota(None, 1000, lambda: 0.0, by_estimate=True)
    quota.wait()
    quota.spend(5, request)
    assert quota.headers()["x-ratelimit-remaining-tokens"] == str(1000 - tokens)


@pytest.mark.parametrize("by_estimate", [True, False])
def test_requests_can_be_charged_by_estimate(by_estimate: bool) -> None:
    with Emulator(tokens_per_minute=1000, quota_by_estimate=by_estimate) as endpoint:
        answer = Caller(endpoint).chat("Hello", max_tokens=500)
        charged = 1000 - int(answer.headers["x-ratelimit-remaining-tokens"])
        spent = answer.body["usage"]["total_tokens"]
        assert charged == (estimate(endpoint.requests[0]) if by_estimate else spent)
        assert spent < 500


def test_429_without_retry_after() -> None:
    with Emulator(requests_per_minute=1, quota_wait="nothing") as endpoint:
        caller = Caller(endpoint)
        assert caller.chat("Hello").status == 200
        refused = caller.chat("Hello")
        assert (refused.status, refused.headers.get("retry-after")) == (429, None)


def test_stats_count_requests() -> None:
    with Emulator(faults="503") as endpoint:
        caller = Caller(endpoint)
        for _ in range(2):
            caller.post(SERVERLESS, {"messages": [{"role": "user", "content": "Hi"}]}, {"x-ms-client-request-id": "a"})
        caller.chat("Hello", path="/v1/chat/completions")
        got = caller.send("GET", "/emulator/stats").body
        assert got == {
            "requests": 3,
            "paths": {"/chat/completions": 2, "/v1/chat/completions": 1},
            "statuses": {"503": 1, "200": 2},
            "ids": 1,
            "repeated_ids": {"a": 2},
        }
        endpoint.reset()
        assert caller.send("GET", "/emulator/stats").body["requests"] == 0


def test_stats_keep_the_newest_ids() -> None:
    stats = Stats(most_ids=2)
    for named in ("a", "b", "b", "c"):
        stats.count(RecordedRequest("POST", "/v1", headers={"x-ms-client-request-id": named}), 200)
    assert stats.report()["ids"] == 2
    assert stats.report()["repeated_ids"] == {"b": 2}


def test_probabilities_of_faults_are_independent() -> None:
    faults = [Fault("500", probability=0.5), Fault("503", probability=0.2), Fault("502", probability=0.2, seed=0)]
    injector = FaultInjector(faults)
    request = RecordedRequest("POST", "/chat/completions")
    struck = [fault.kind for _ in range(400) if (fault := injector.next_fault(request)) is not None]
    shares = {kind: struck.count(kind) for kind in ("500", "503", "502")}
    assert all(wanted / 2 < shares[kind] < wanted * 2 for kind, wanted in (("500", 200), ("503", 40), ("502", 32)))
    alone = FaultInjector([Fault("503", probability=0.5, seed=7)])
    again = FaultInjector([Fault("503", probability=0.5, seed=7)])
    assert [alone.next_fault(request) for _ in range(50)] == [again.next_fault(request) for _ in range(50)]
