"""The control API: what it shows and changes, who may use it, and that it does not affect what it shows."""

import json
import re
import socket
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, _feed
from azure.ai.inference.emulator._control_operations import OPERATIONS
from azure.ai.inference.emulator._feed import follow
from azure.ai.inference.emulator._journal import Journal
from azure.ai.inference.emulator._request import RecordedRequest

from .conftest import DEPLOYMENT, LOCAL, Caller, Got

TOKEN = "a-token-for-tests"


@pytest.fixture
def endpoint() -> Iterator[Emulator]:
    with Emulator(ui=True, ui_token=TOKEN) as running:
        yield running


@pytest.fixture
def caller(endpoint: Emulator) -> Caller:
    return Caller(endpoint)


def control(endpoint: Emulator, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Got:
    sent = {"authorization": f"Bearer {TOKEN}"} if headers is None else headers
    return Caller(endpoint).send(method, f"/_emulator{path}", body, sent, key=False)


def finished(endpoint: Emulator) -> None:
    for request in endpoint.requests:
        request.outcome.wait()


def test_requests_are_shown_newest_first(endpoint: Emulator, caller: Caller) -> None:
    caller.chat("first", path=DEPLOYMENT)
    caller.chat("count to 3", path=LOCAL, model="m", stream=True)
    finished(endpoint)
    newest, oldest = control(endpoint, "GET", "/requests").body["requests"]
    assert (newest["id"], newest["model"], newest["preview"], newest["stream"]) == (2, "m", "count to 3", True)
    assert (newest["state"], newest["status"], newest["events"]) == ("done", 200, 6)
    assert newest["tokens"]["total_tokens"] > 3
    assert (oldest["model"], oldest["path"], oldest["method"]) == ("gpt-4o", DEPLOYMENT.partition("?")[0], "POST")
    assert oldest["duration_ms"] > 0


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("?status=429", [1]),
        ("?status=4xx", [3, 1]),
        ("?status=error", [4, 3, 1]),
        ("?state=cut", [4]),
        ("?model=GPT", [5, 2, 1]),
        ("?path=embed", [5]),
        ("?text=rain", [2, 1]),
        ("?fault=429", [1]),
        ("?fault=any", [4, 1]),
        ("?source=reply&text=rain", [2]),
        ("?source=any&state=done&status=5xx", []),
        ("?after=3", [5, 4]),
        ("?limit=2", [5, 4]),
        ("?status=200&limit=1", [5]),
    ],
)
def test_filters(endpoint: Emulator, caller: Caller, query: str, numbers: list[int]) -> None:
    endpoint.reply("It rains.", last="rain")
    endpoint.fault("429")
    caller.chat("Will it rain?", path=LOCAL, model="gpt-a")
    caller.chat("Will it rain?", path=LOCAL, model="gpt-a")
    caller.chat("x", path=LOCAL, temperature=9)
    endpoint.fault("cut:events=2")
    with pytest.raises(Exception, match="IncompleteRead"):
        caller.chat("Hello", path=LOCAL, stream=True)
    caller.post("/v1/embeddings", {"input": "Hello", "model": "gpt-e"})
    finished(endpoint)
    got = control(endpoint, "GET", f"/requests{query}").body
    assert [request["id"] for request in got["requests"]] == numbers
    assert got["total"] >= len(numbers)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?colour=red", "there is no filter 'colour'; choose status, state, "),
        ("?limit=many", "limit is 'many'; choose a whole number, 0 or more"),
        ("?after=-1", "after is '-1'"),
        *(
            (f"?status={value}", f"status is '{value}'; choose a status such as 429")
            for value in ("40", "", "abc", "6xx")
        ),
        ("?status=400&status=200", "the filter 'status' is given twice"),
        ("?state=closed", "state is 'closed'; choose open, left, cut, done"),
        ("?source=script&text=x", "source is 'script'; choose default, reply, cassette"),
        ("?fault=broken", "kind is 'broken'; choose a status from 400 to 599, or one of reset"),
    ],
)
def test_invalid_filters(endpoint: Emulator, query: str, words: str) -> None:
    got = control(endpoint, "GET", f"/requests{query}")
    assert (got.status, words in got.body["error"]["message"]) == (400, True)


def test_one_request(endpoint: Emulator, caller: Caller) -> None:
    endpoint.fault("503:wait=2")
    caller.chat("Hello", path=LOCAL, headers={"x-mine": "yes"})
    caller.chat("Hello", path=LOCAL)
    finished(endpoint)
    first = control(endpoint, "GET", "/requests/1").body
    assert first["request"]["headers"]["x-mine"] == "yes"
    assert first["request"]["body"]["messages"][0]["content"] == "Hello"
    assert first["answer"]["body"]["error"]
    assert first["answer"]["headers"]["Retry-After"] == "2"
    assert first["fault_settings"] == {"kind": "503", "wait": 2.0}
    second = control(endpoint, "GET", "/requests/2").body
    assert (second["attempt"], second["retry_of"], first["retry_after"]) == (2, 1, 2.0)
    assert control(endpoint, "GET", "/requests/99").status == 404


def test_bodies_that_are_not_json(endpoint: Emulator, caller: Caller) -> None:
    caller.post(LOCAL, b"no json \xff")
    finished(endpoint)
    shown = control(endpoint, "GET", "/requests/1").body
    assert shown["request"]["body"] is None
    assert shown["request"]["text"].startswith("no json ")
    endpoint.fault("html")
    caller.chat("x")
    finished(endpoint)
    assert control(endpoint, "GET", "/requests/2").body["answer"]["text"].startswith("<!DOCTYPE html>")


def test_parts_of_a_stream(endpoint: Emulator, caller: Caller) -> None:
    got = caller.chat("count to 4", path=LOCAL, stream=True)
    finished(endpoint)
    shown = control(endpoint, "GET", "/requests/1/events").body
    assert "".join(part["data"] for part in shown["events"]).encode() == got.raw
    times = [part["at_ms"] for part in shown["events"]]
    assert times == sorted(times)
    assert (shown["state"], shown["more"], shown["next"]) == ("done", False, len(shown["events"]))
    rest = control(endpoint, "GET", f"/requests/1/events?from={shown['next'] - 1}").body
    assert [part["data"] for part in rest["events"]] == ["data: [DONE]\n\n"]
    assert control(endpoint, "GET", "/requests/1/events?from=x").status == 400


def test_parts_of_a_plain_answer(endpoint: Emulator, caller: Caller) -> None:
    got = caller.chat("Hello", path=LOCAL)
    finished(endpoint)
    shown = control(endpoint, "GET", "/requests/1/events").body
    assert "".join(part["data"] for part in shown["events"]).encode() == got.raw


def test_secrets_are_not_shown(endpoint: Emulator, caller: Caller) -> None:
    secret = "sk-" + "abcdefghijklmnop1234567890"
    endpoint.reply(Reply(f"You sent {secret}", headers={"set-cookie": f"session={secret}"}), times=None)
    for stream in (False, True):
        caller.chat(
            f"My key is {secret} and {endpoint.key}",
            path=f"{LOCAL}?code={secret}",
            headers={"authorization": f"Bearer {endpoint.key}", "x-functions-key": secret},
            data_sources=[{"parameters": {"authentication": {"key": secret}}}],
            stream=stream,
        )
    finished(endpoint)
    paths = ["/requests", "/requests/1", "/requests/2", "/requests/2/events", "/cassette", "/verdict"]
    answers = [control(endpoint, "GET", path) for path in paths]
    assert {answer.status for answer in answers} == {200}
    shown = [answer.raw.decode() for answer in answers]
    assert [path for path, text in zip(paths, shown, strict=True) if secret in text or endpoint.key in text] == []
    assert "***" in shown[1]


def test_faults(endpoint: Emulator, caller: Caller) -> None:
    got = control(endpoint, "POST", "/faults", {"fault": "503;429:times=2"})
    assert (got.status, [fault["kind"] for fault in got.body["faults"]]) == (201, ["503", "429"])
    assert control(endpoint, "DELETE", "/faults/1").status == 200
    assert control(endpoint, "DELETE", "/faults/1").status == 404
    assert caller.chat("x").status == 429
    [fault] = control(endpoint, "GET", "/faults").body["faults"]
    assert (fault["id"], fault["struck"], fault["over"], fault["times"]) == (2, 1, False, 2)
    assert control(endpoint, "POST", "/faults", {"kind": "cut", "events": 3}).status == 201
    assert control(endpoint, "DELETE", "/faults").status == 200
    assert caller.chat("x").status == 200


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/faults", {"fault": "fog"}, "kind is 'fog'"),
        ("/faults", {"kind": "cut", "colour": 1}, "colour"),
        ("/faults", {}, "kind"),
        ("/faults", [1], "The body is a list; send a JSON object."),
        ("/faults", b"{", "The body is not JSON"),
        ("/replies", {"text": "x"}, "the body: a reply has no member 'text'"),
        ("/replies", {"content": "x", "last": "("}, "not a regular expression"),
        ("/replies", 5, "the body is a int; write a text or a mapping"),
    ],
)
def test_invalid_additions(endpoint: Emulator, path: str, body: Any, words: str) -> None:
    got = control(endpoint, "POST", path, body)
    assert (got.status, words in got.body["error"]["message"]) == (400, True), got.body


def test_replies(endpoint: Emulator, caller: Caller) -> None:
    added = control(endpoint, "POST", "/replies", {"content": "Sunny.", "last": "weather", "match": {"n": 1}})
    assert added.status == 201
    endpoint.reply(lambda request: "by a function", last="function")
    assert caller.chat("The weather?", n=1).text == "Sunny."
    first, second = control(endpoint, "GET", "/replies").body["replies"]
    assert (first["name"], first["text"], first["given"]) == (
        "reply 1 (last='weather', match={'n': 1})",
        "Sunny.",
        1,
    )
    assert (second["text"], second["times"]) == (None, 1)
    assert control(endpoint, "DELETE", "/replies/2").status == 200
    assert control(endpoint, "DELETE", "/replies").status == 200
    assert control(endpoint, "GET", "/replies").body == {"replies": []}


def test_settings_while_a_stream_is_sent(endpoint: Emulator, caller: Caller) -> None:
    shown = control(endpoint, "PATCH", "/settings", {"latency": 0.01, "requests_per_minute": 1}).body
    assert (shown["latency"], shown["requests_per_minute"], shown["paused"]) == (0.01, 1, False)
    assert [caller.chat("x").status for _ in range(2)] == [200, 429]
    control(endpoint, "PATCH", "/settings", {"requests_per_minute": None, "tokens_per_minute": 1000})
    assert caller.chat("x").status == 200
    assert control(endpoint, "GET", "/settings").body["tokens_per_minute"] == 1000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"speed": 1}, "there is no setting 'speed'; choose latency, "),
        ({"latency": -1}, "latency is -1; choose 0 or more"),
        ({"latency": None}, "latency is None; choose a number"),
        ({"token_rate": 0}, "token_rate is 0; choose a number above 0"),
        ({"token_rate": True}, "token_rate is True; choose a number"),
        ({"requests_per_minute": 0.5}, "requests_per_minute is 0.5; choose a whole number"),
        ({"paused": "yes"}, "paused is 'yes'; choose true or false"),
    ],
)
def test_invalid_settings(endpoint: Emulator, body: Any, words: str) -> None:
    got = control(endpoint, "PATCH", "/settings", body)
    assert (got.status, words in got.body["error"]["message"]) == (400, True), got.body


def test_pause_holds_answers(endpoint: Emulator) -> None:
    control(endpoint, "PATCH", "/settings", {"paused": True})
    with ask(endpoint) as connection:
        while not endpoint.requests:
            time.sleep(0.001)
        assert control(endpoint, "GET", "/health").body == {"status": "ok"}  # the control API keeps working
        assert not endpoint.requests[0].outcome.ended
        control(endpoint, "PATCH", "/settings", {"paused": False})
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def ask(endpoint: Emulator, **members: Any) -> socket.socket:
    """Send a request, and return the connection on which the response arrives."""
    raw = json.dumps({"messages": [{"role": "user", "content": "Hello"}], **members}).encode()
    host, port = endpoint.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = f"POST {LOCAL} HTTP/1.1\r\nHost: localhost\r\napi-key: {endpoint.key}\r\ncontent-type: application/json"
    connection.sendall(f"{head}\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw)
    return connection


def test_reset_releases_held_answers(endpoint: Emulator, caller: Caller) -> None:
    control(endpoint, "PATCH", "/settings", {"paused": True, "latency": 0.001})
    with ask(endpoint) as connection:
        while not endpoint.requests:
            time.sleep(0.001)
        assert control(endpoint, "POST", "/reset").status == 200
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert endpoint.requests == ()
    assert control(endpoint, "GET", "/settings").body["latency"] == 0
    assert caller.chat("x").status == 200
    assert control(endpoint, "DELETE", "/requests").status == 200
    assert endpoint.requests == ()


def test_verdict(endpoint: Emulator, caller: Caller) -> None:
    caller.chat(f"My key is {endpoint.key}")
    [finding] = control(endpoint, "GET", "/verdict").body["findings"]
    assert (finding["kind"], finding["requests"]) == ("leaked-key", [1])


def test_control_api_is_exempt_from_faults_and_recording() -> None:
    with Emulator(ui=True, ui_token=TOKEN, faults="503:times=99", requests_per_minute=1, latency=30) as endpoint:
        got = control(endpoint, "GET", "/requests")
        assert (got.status, got.body) == (200, {"requests": [], "total": 0})
        assert endpoint.requests == ()
        assert "x-ratelimit-limit-requests" not in got.headers


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "TokenNeeded"),
        ({"authorization": "Bearer wrong"}, 401, "TokenNeeded"),
        ({"authorization": f"Basic {TOKEN}"}, 401, "TokenNeeded"),
        ({"api-key": "local-emulator-key"}, 401, "TokenNeeded"),
        ({"authorization": f"Bearer {TOKEN}", "host": "evil.example"}, 403, "HostNotAllowed"),
        ({"authorization": f"Bearer {TOKEN}", "host": "192.0.2.1:80"}, 403, "HostNotAllowed"),
        ({"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}, 403, "OriginNotAllowed"),
        ({"authorization": f"Bearer {TOKEN}", "origin": "http://127.0.0.1:1"}, 403, "OriginNotAllowed"),
        ({"authorization": f"Bearer {TOKEN}", "host": "localhost:1234"}, 200, ""),
        ({"authorization": f"Bearer {TOKEN}", "host": "[::1]:1234"}, 200, ""),
        ({"cookie": f"inference_emulator_1234={TOKEN}", "host": "localhost:1234"}, 200, ""),
        ({"cookie": f"inference_emulator_1235={TOKEN}", "host": "localhost:1234"}, 401, "TokenNeeded"),
        ({"cookie": "=; inference_emulator_1234 ;;=", "host": "localhost:1234"}, 401, "TokenNeeded"),
    ],
)
def test_control_api_access(endpoint: Emulator, headers: dict[str, str], status: int, code: str) -> None:
    got = control(endpoint, "GET", "/requests", headers=headers)
    assert got.status == status
    assert code in json.dumps(got.body)
    assert "access-control-allow-origin" not in got.headers


def test_allowed_origins_cannot_use_the_control_api() -> None:
    origin = "http://localhost:3000"
    settings: Any = {"allow_hosts": ["emulator.test"], "allow_origins": [origin]}
    with Emulator(ui=True, ui_token=TOKEN, **settings) as endpoint:
        for name, value in (("origin", origin), ("host", "emulator.test")):
            assert Caller(endpoint).send("GET", "/v1/models", headers={name: value}).status == 200
            headers = {"authorization": f"Bearer {TOKEN}", name: value}
            assert control(endpoint, "GET", "/requests", headers=headers).status == 403


def test_idle_feed_sends_keep_alives(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = [step for step in islice(follow(Journal(None), dict, ""), 12) if isinstance(step, bytes)]
    assert b": still here\n\n" not in quiet
    monkeypatch.setattr(_feed, "_SILENCE", -1.0)
    steps = [step for step in islice(follow(Journal(None), dict, ""), 12) if isinstance(step, bytes)]
    assert b": still here\n\n" in steps


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing", 404, "There is no /_emulator/nothing; there are /_emulator/health, "),
        ("GET", "/page/nothing.js", 404, "There is no /_emulator/page/nothing.js."),
        ("GET", "/page/../_control.py", 404, "There is no "),
        ("PUT", "/faults", 405, "PUT is not allowed on /_emulator/faults; use GET, POST, DELETE."),
    ],
)
def test_unknown_paths(endpoint: Emulator, method: str, path: str, status: int, words: str) -> None:
    got = control(endpoint, method, path)
    assert (got.status, words in got.body["error"]["message"]) == (status, True), got.body


@pytest.mark.parametrize("path", ["/health", "/requests", "/settings", "/events", "/", "/page/dom.js"])
def test_head_is_get_without_a_body(endpoint: Emulator, path: str) -> None:
    got = control(endpoint, "HEAD", path)
    assert (got.status, got.body) == (200, None)
    refused = control(endpoint, "DELETE", "/settings")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, PATCH")


def test_page_signs_in(endpoint: Emulator) -> None:
    assert endpoint.ui_url == f"{endpoint.url}/_emulator/?token={TOKEN}"
    assert endpoint.ui_token == TOKEN
    port = endpoint.url.rpartition(":")[2]
    got = control(endpoint, "GET", f"/?token={TOKEN}", headers={})
    cookie = f"inference_emulator_{port}={TOKEN}; Path=/_emulator/; HttpOnly; SameSite=Strict"
    assert (got.status, got.headers["location"], got.headers["set-cookie"]) == (303, "/_emulator/", cookie)
    page = control(endpoint, "GET", "/", headers={})
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "set-cookie" not in control(endpoint, "GET", "/?token=wrong", headers={}).headers
    assert control(endpoint, "GET", "", headers={}).headers["location"] == "/_emulator/"
    wrong = control(endpoint, "POST", "/session", {"token": "wrong"}, headers={})
    assert (wrong.status, wrong.body["error"]["code"]) == (401, "WrongToken")
    right = control(endpoint, "POST", "/session", {"token": TOKEN}, headers={})
    assert (right.status, right.headers["set-cookie"]) == (200, cookie)


def test_exported_cassette_can_be_replayed(endpoint: Emulator, caller: Caller, tmp_path: Path) -> None:
    asked = [{"stream": stream, "path": LOCAL} for stream in (False, True)]
    sent = [caller.chat("count to 4", **members).raw for members in asked]
    finished(endpoint)
    tape = tmp_path / "cassette.json"
    tape.write_bytes(control(endpoint, "GET", "/cassette").raw)
    with Emulator(cassette=tape) as player:
        played = [Caller(player).chat("count to 4", **members).raw for members in asked]
    assert json.loads(played[0]) == json.loads(sent[0])
    assert played[1] == sent[1]


def test_security_headers_of_every_response(endpoint: Emulator) -> None:
    for path in ("/", "/page/app.js", "/page/theme.css", "/page/icon.svg", "/requests", "/nothing"):
        headers = control(endpoint, "GET", path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy  # text never becomes markup
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ui_token": "x" * 20}, "ui_token is set, but ui is not; set ui=True"),
        ({"ui": True, "ui_token": "short"}, "ui_token has 5 characters; choose 8 or more"),
        ({"ui": True, "ui_token": "with a; semicolon"}, "ui_token has characters that are not allowed in a cookie"),
    ],
)
def test_invalid_tokens(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        Emulator(**settings)
    assert words in str(caught.value)


def test_control_api_is_off_by_default() -> None:
    with Emulator() as endpoint:
        got = Caller(endpoint).send("GET", "/_emulator/requests")
        assert got.status == 404
        with pytest.raises(RuntimeError, match="the emulator runs without its page"):
            _ = endpoint.ui_url
        assert not any("_emulator" in path for path in Caller(endpoint).send("GET", "/openapi.json").body["paths"])


def test_every_operation_is_described(endpoint: Emulator) -> None:
    paths = Caller(endpoint).send("GET", "/openapi.json", key=False).body["paths"]
    described = {
        (method.upper(), path.removeprefix("/_emulator"))
        for path, item in paths.items()
        if path.startswith("/_emulator")
        for method in item
        if method != "parameters"
    }
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}
    identifiers = [item[method]["operationId"] for item in paths.values() for method in item if method != "parameters"]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize(
    "body", [b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900], ids=["lists", "objects"]
)
def test_deep_bodies_are_shown_as_text(endpoint: Emulator, caller: Caller, body: bytes) -> None:
    sent = b'{"password": "hunter2222", "model": "m", "deep": ' + body + b"}"
    caller.post(LOCAL, sent)
    [request] = control(endpoint, "GET", "/requests").body["requests"]
    shown = control(endpoint, "GET", f"/requests/{request['id']}").body["request"]
    assert (shown["body"], shown["text"]) == (None, sent.decode().replace("hunter2222", "***"))


def test_large_events_come_in_parts(endpoint: Emulator, caller: Caller) -> None:
    """A page of events takes little time, however large the events are."""
    sizes = [10, 600_000, 300_000, 300_000, 10]
    endpoint.reply({"events": ["x" * size for size in sizes]})
    caller.chat("Hello", stream=True)
    number = endpoint.requests[-1].outcome.wait().id
    pages, first, more = [], 0, True
    while more:
        page = control(endpoint, "GET", f"/requests/{number}/events?from={first}").body
        pages.append([len(event["data"]) for event in page["events"]])
        first, more = page["next"], page["more"]
    assert [[size // 1000 for size in sizes] for sizes in pages] == [[0, 50, 300, 300], [0]]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 190 + " password=hunter2222",
        "x" * 180 + " Bearer abcdefghijklmnop1234567890",
        json.dumps({"a": json.dumps({"apiKey": "hunter2222"})}),
    ],
)
def test_previews_have_no_secrets(endpoint: Emulator, caller: Caller, text: str) -> None:
    caller.chat(text)
    [request] = control(endpoint, "GET", "/requests").body["requests"]
    assert "***" in request["preview"] or len(request["preview"]) == 200
    assert not any(part in request["preview"] for part in ("hunt", "abcd"))


def test_large_bodies_are_truncated(endpoint: Emulator, caller: Caller) -> None:
    """Neither the file's text nor its secrets delay the emulator or are shown."""
    secret = "plain-looking-words"
    path = "/v1/things"
    endpoint.reply({"body": {"echo": secret, "text": "ab " * 400_000}}, path=path)
    body: Any = {
        "messages": [{"role": "user", "content": "x " * 400_000}],
        "tools": [{"headers": ""}],
        "api_key": secret,
    }
    assert caller.post(path, body).status == 200
    finished(endpoint)
    shown = control(endpoint, "GET", "/requests/1").body
    for side in ("request", "answer"):
        assert shown[side].get("body") is None
        assert len(shown[side]["text"]) < 60_000
        assert re.search(r"… \([\d,]{7,} bytes in all\)$", shown[side]["text"])
    assert secret not in json.dumps(shown)


class Feed:
    """Reads server-sent events."""

    def __init__(self, endpoint: Emulator, last: str = "") -> None:
        host, port = endpoint.url.removeprefix("http://").split(":")
        self.connection = socket.create_connection((host, int(port)), timeout=20)
        head = f"GET /_emulator/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}"
        self.connection.sendall(f"{head}\r\nLast-Event-ID: {last}\r\n\r\n".encode())
        self.file = self.connection.makefile("r", encoding="utf-8", newline="\n")
        self.last = last
        self.rows: list[Any] = []

    def request(self) -> Any:
        """Return the next change of a request; one event may contain many."""
        if not self.rows:
            self.rows = self.next("requests")
        return self.rows.pop(0)

    def next(self, kind: str) -> Any:
        name = ""
        while True:
            line = self.file.readline()
            assert line, "the feed ended"
            if line.startswith("event: "):
                name = line[7:].strip()
            elif line.startswith("id: "):
                self.last = line[4:].strip()
            elif line.startswith("data: ") and name == kind:
                return json.loads(line[6:])

    def close(self) -> None:
        self.file.close()
        self.connection.close()


def test_feed_misses_nothing(endpoint: Emulator, caller: Caller) -> None:
    feed = Feed(endpoint)
    assert feed.next("state")["faults"] == []
    caller.chat("one", path=LOCAL)
    assert feed.request()["preview"] == "one"
    feed.close()
    for text in ("two", "three"):
        caller.chat(text, path=LOCAL)
    finished(endpoint)
    again = Feed(endpoint, feed.last)
    missed = [again.request() for _ in range(2)]
    assert [(request["preview"], request["state"]) for request in missed][-1] == ("three", "done")
    again.close()
    for odd in ("", "elsewhere", f"{feed.last.partition('.')[0]}.{'1' * 5000}"):
        reader = Feed(endpoint, odd)
        assert reader.request()["preview"] == "one"
        reader.close()
    whole = Feed(endpoint, "elsewhere.99")  # an id of another run
    assert whole.next("reset") == {"kept": None}
    assert [whole.request()["preview"] for _ in range(3)] == ["one", "two", "three"]
    endpoint.reset()
    whole.next("reset")
    endpoint.fault("503")
    assert whole.next("state")["faults"][0]["kind"] == "503"
    whole.close()


def test_two_readers_at_once_miss_nothing() -> None:
    """A change that arrives while an event is being read gets a newer version, so it is not considered read."""
    journal = Journal(None)
    opened = [journal.open(RecordedRequest("POST", "/x", raw=b"%d" % number)) for number in range(150)]
    reader = _feed._Reader(journal, dict, "")
    news = reader.news()
    events = [next(news) for _ in range(3)]  # a reset, the state, and the first hundred
    opened[149].cut()
    assert journal.changes(150)[1] == [opened[149]]  # another reader sees it
    [rest] = news
    assert f"id: {journal.epoch}.100\n".encode() in events[2]
    assert f"id: {journal.epoch}.150\n".encode() in rest
    _, again = _feed._Reader(journal, dict, f"{journal.epoch}.150").news()
    assert f"id: {journal.epoch}.151\n".encode() in again
    assert b'"state":"cut"' in again


def test_feed_shows_a_stream_as_it_grows() -> None:
    with Emulator(ui=True, ui_token=TOKEN, token_rate=40) as endpoint, ask(endpoint, stream=True):
        feed = Feed(endpoint)
        seen = [feed.request()]
        while seen[-1]["state"] == "open":
            seen.append(feed.request())
        feed.close()
        events = [request["events"] for request in seen]
        assert events == sorted(events)
        assert len(set(events)) > 1
