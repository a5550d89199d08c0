"""Record a real endpoint (here another emulator), and replay it."""

import json
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Fault
from azure.ai.inference.emulator._cassette import read_response, write_exchange
from azure.ai.inference.emulator._recorder import Arrivals
from azure.ai.inference.emulator._request import RecordedRequest

from .conftest import SERVERLESS, VERSION, Caller

SECRET = "a-secret-key-of-the-real-one"


def test_record_then_play(tmp_path: Path) -> None:
    cassette = tmp_path / "cassette.json"
    with Emulator(key=SECRET) as real, Emulator(record=real.url, cassette=cassette, key=SECRET) as recorder:
        caller = Caller(recorder)
        plain = caller.chat("Hello")
        streamed = caller.chat("Hello", stream=True)
        refused = caller.chat("Hello", temperature=9)
        real.reply("first")
        real.reply("second")
        assert [caller.chat("Again").text for _ in range(2)] == ["first", "second"]
        info = caller.send("GET", f"/info{VERSION}&key={SECRET}")
    assert (plain.status, streamed.status, refused.status, info.status) == (200, 200, 400, 200)
    assert SECRET not in cassette.read_text("utf-8")
    with Emulator(cassette=cassette) as player:
        caller = Caller(player)
        assert caller.chat("Hello").body == plain.body
        assert caller.chat("Hello", stream=True).chunks == streamed.chunks
        again = caller.chat("Hello", temperature=9)
        assert (again.status, again.body) == (400, refused.body)
        assert [caller.chat("Again").text for _ in range(3)] == ["first", "second", "second"]
        assert caller.send("GET", f"/info{VERSION}&key=another").body == info.body
        player.reset()
        assert caller.chat("Again").text == "first"
        missing = caller.chat("Something else")
    assert (missing.status, missing.body["error"]["code"]) == (404, "NoRecording")
    assert "holds no exchange for POST /chat/completions" in missing.body["error"]["message"]
    assert "POST /chat/completions; POST" in missing.body["error"]["message"]


def test_recorder_keeps_its_own_requests(tmp_path: Path) -> None:
    with Emulator() as real, Emulator(record=real.url + "/", cassette=tmp_path / "c.json") as recorder:
        Caller(recorder).chat("Hello")
        assert [request.path for request in recorder.requests] == ["/chat/completions"]
        assert len(real.requests) == 1


def test_unreachable_endpoint(tmp_path: Path) -> None:
    with Emulator() as gone:
        url = gone.url
    with Emulator(record=url, cassette=tmp_path / "c.json") as recorder:
        got = Caller(recorder).chat("Hello")
    assert (got.status, got.body["error"]["code"]) == (502, "BadGateway")


def test_incomplete_response_is_not_recorded(tmp_path: Path) -> None:
    with (
        Emulator(faults=[Fault("cut", byte=5)]) as real,
        Emulator(record=real.url, cassette=tmp_path / "c") as recorder,
    ):
        assert Caller(recorder).chat("Hello").status == 502
        assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("raw", [b"", b"text", b"\xff\x00", b'{"a": [1]}', "{'é'}".encode()])
def test_body_types(raw: bytes) -> None:
    request = RecordedRequest("POST", "/x", headers={"api-key": "k1"}, raw=raw)
    arrivals = Arrivals(200, {"Content-Type": "x", "Set-Cookie": "s"}, [(0.1, raw)], whole=True)
    exchange = write_exchange(request, arrivals)
    assert exchange["response"]["headers"] == {"Content-Type": "x", "Set-Cookie": "***"}
    assert read_response(exchange["response"]).body == raw


def test_stream_is_played_event_by_event() -> None:
    answer = {
        "status": 200,
        "headers": {"content-type": "text/event-stream"},
        "body": {"text": "data: 1\n\ndata: 2\n\nrest"},
    }
    assert read_response(answer).steps == [b"data: 1\n\n", b"data: 2\n\n", b"rest"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not a cassette"),
        ("[]", "version 1 or 2"),
        ('{"version": 3}', "version 1 or 2"),
        (
            '{"version": 2, "exchanges": [7]}',
            "exchange 1 of .* has no method, path, query, body, status, headers, body",
        ),
        (
            '{"version": 1, "exchanges": [{"request": {"path": "/"}, "response": {"status": 1, "body": {}}}]}',
            "exchange 1 of .* has no method, query, body, headers; record it again",
        ),
    ],
)
def test_invalid_cassettes(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=words):
        Emulator(cassette=tmp_path / "c.json")


REQUEST: Any = {"method": "POST", "path": "/x", "query": [["a", "1"]], "body": {"text": ""}}
RESPONSE: Any = {"status": 200, "headers": {"A": "b"}, "body": {"json": None}, "seconds": 0.5}


@pytest.mark.parametrize(
    ("request_", "response", "words"),
    [
        ({"method": 5}, {}, "method is 5; pass a str"),
        ({"path": None}, {}, "path is None; pass a str"),
        ({"query": {"a": "b"}}, {}, "query is {'a': 'b'}; write a list of pairs"),
        ({"query": [["a"]]}, {}, "query is [['a']]; write a list of pairs"),
        ({"query": [["a", 1]]}, {}, "query is [['a', 1]]; write a list of pairs, each a name and a value as text"),
        ({}, {"cut": "false"}, "cut is 'false'; write true or false"),
        ({"body": "x"}, {}, "body is 'x'; write an object with one of json, text, base64"),
        ({"body": {"json": 1, "text": "x"}}, {}, "body is {'json': 1, 'text': 'x'}; write an object with one of"),
        ({}, {"status": "200"}, "status is '200'; pass a whole number"),
        ({}, {"status": 9999}, "status is 9999; choose one from 200 to 599"),
        ({}, {"headers": ["x"]}, "headers is ['x']; write an object"),
        ({}, {"headers": {"a": "b\nc"}}, "headers['a'] is 'b\\nc'; leave out line ends"),
        ({}, {"seconds": "x"}, "seconds is 'x'; pass a number"),
        ({}, {"body": 5}, "body is 5; write an object"),
        ({}, {"body": {"text": 5}}, "body.text is 5; pass a str"),
        ({}, {"stream": "x"}, "stream is 'x'; write a list"),
        ({}, {"stream": [5]}, "stream[0] is 5; write an object with one of data, json, text, base64"),
        ({}, {"stream": [{"data": 1}, {"after": "x", "text": ""}]}, "stream[1].after is 'x'; pass a number"),
        ({}, {"stream": [{"base64": "*"}]}, "is invalid: "),
    ],
)
def test_badly_edited_cassettes(tmp_path: Path, request_: Any, response: Any, words: str) -> None:
    exchange = {"request": {**REQUEST, **request_}, "response": {**RESPONSE, **response}}
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"version": 2, "exchanges": [{"request": REQUEST, "response": RESPONSE}, exchange]}))
    with pytest.raises(ValueError) as caught:
        Emulator(cassette=file)
    assert "exchange 2 of" in str(caught.value)
    assert words in str(caught.value)


def test_binary_cassette(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="is not a cassette"):
        Emulator(cassette=tmp_path / "c.json")


def test_empty_cassette(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"version": 1, "exchanges": []}), "utf-8")
    with Emulator(cassette=tmp_path / "c.json") as player:
        assert "It holds: none." in Caller(player).post(SERVERLESS, {}).body["error"]["message"]


def test_invalid_recording_settings(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="record needs a cassette"):
        Emulator(record="https://example.com")
    with pytest.raises(ValueError, match="pass a URL such as"):
        Emulator(record="example.com", cassette=tmp_path / "c")
    with pytest.raises(FileNotFoundError):
        Emulator(cassette=tmp_path / "none")
    with pytest.raises(ValueError, match="a folder; pass the name of a file"):
        Emulator(record="https://example.com", cassette=tmp_path)


@pytest.mark.parametrize(
    ("response", "raw"),
    [
        ({"headers": {"Content-Length": "99", "transfer-encoding": "gzip"}}, b"null"),
        ({"body": {"text": "half \ud83d"}}, b"half \xed\xa0\xbd"),
        ({"stream": [{"text": "half \ud83d"}]}, b"half \xed\xa0\xbd"),
    ],
)
def test_edited_responses_are_sent(tmp_path: Path, response: Any, raw: bytes) -> None:
    exchange = {"request": {**REQUEST, "query": []}, "response": {**RESPONSE, **response}}
    (tmp_path / "c.json").write_text(json.dumps({"version": 2, "exchanges": [exchange]}))
    with Emulator(cassette=tmp_path / "c.json") as player:
        assert Caller(player).post("/x", b"").raw == raw
