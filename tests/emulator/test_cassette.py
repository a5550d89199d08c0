"""Recording a real endpoint and playing it again; the real endpoint here is another emulator."""

import json
from pathlib import Path

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


def test_what_came_is_recorded_too(tmp_path: Path) -> None:
    with Emulator() as real, Emulator(record=real.url + "/", cassette=tmp_path / "c.json") as recorder:
        Caller(recorder).chat("Hello")
        assert [request.path for request in recorder.requests] == ["/chat/completions"]
        assert len(real.requests) == 1


def test_an_endpoint_that_is_not_there(tmp_path: Path) -> None:
    with Emulator() as gone:
        url = gone.url
    with Emulator(record=url, cassette=tmp_path / "c.json") as recorder:
        got = Caller(recorder).chat("Hello")
    assert (got.status, got.body["error"]["code"]) == (502, "BadGateway")


def test_an_answer_that_breaks_off_is_not_recorded(tmp_path: Path) -> None:
    with (
        Emulator(faults=[Fault("cut", byte=5)]) as real,
        Emulator(record=real.url, cassette=tmp_path / "c") as recorder,
    ):
        assert Caller(recorder).chat("Hello").status == 502
        assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("raw", [b"", b"text", b"\xff\x00", b'{"a": [1]}', "{'é'}".encode()])
def test_bodies_of_any_kind(raw: bytes) -> None:
    request = RecordedRequest("POST", "/x", headers={"api-key": "k1"}, raw=raw)
    arrivals = Arrivals(200, {"Content-Type": "x", "Set-Cookie": "s"}, [(0.1, raw)], whole=True)
    exchange = write_exchange(request, arrivals)
    assert exchange["response"]["headers"] == {"Content-Type": "x", "Set-Cookie": "***"}
    assert read_response(exchange["response"]).body == raw


def test_a_stream_is_played_event_by_event() -> None:
    answer = {
        "status": 200,
        "headers": {"content-type": "text/event-stream"},
        "body": {"text": "data: 1\n\ndata: 2\n\nrest"},
    }
    assert read_response(answer).steps == [b"data: 1\n\n", b"data: 2\n\n", b"rest"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no cassette"),
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
def test_files_that_are_no_cassettes(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=words):
        Emulator(cassette=tmp_path / "c.json")


def test_an_empty_cassette(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"version": 1, "exchanges": []}), "utf-8")
    with Emulator(cassette=tmp_path / "c.json") as player:
        assert "It holds: none." in Caller(player).post(SERVERLESS, {}).body["error"]["message"]


def test_what_recording_needs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="record needs a cassette"):
        Emulator(record="https://example.com")
    with pytest.raises(ValueError, match="give a URL such as"):
        Emulator(record="example.com", cassette=tmp_path / "c")
    with pytest.raises(FileNotFoundError):
        Emulator(cassette=tmp_path / "none")
