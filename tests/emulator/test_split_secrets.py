"""Secrets split over a stream or over log probabilities are masked, in any text and at any cut."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.emulator._cassette import read_response, write_exchange
from azure.ai.inference.emulator._exchange_view import describe_events
from azure.ai.inference.emulator._journal import Journal
from azure.ai.inference.emulator._recorder import Arrivals
from azure.ai.inference.emulator._request import RecordedRequest
from azure.ai.inference.emulator._response import Response
from azure.ai.inference.emulator._secrets import Scrubber
from azure.ai.inference.emulator._split_secrets import hide_spelled_secrets, hide_split_secrets, join_events
from azure.ai.inference.emulator._values import as_list, as_object

from .conftest import LOCAL, SERVERLESS, Caller

KEY = "sk-" + "proj-abcd1234efgh5678ijkl"  # split, because the search for secrets in our archives must not find one
PASSWORD = "hunter2"
Events = Callable[[str], Any]


def choice(delta: Any, **members: Any) -> Any:
    return {"id": "chatcmpl-1", "model": "m", "choices": [{"index": 0, "delta": delta, **members}]}


def block(delta: Any) -> Any:
    return {"type": "content_block_delta", "index": 1, "delta": delta}


def item(kind: str, text: str) -> Any:
    return {"type": f"response.{kind}.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text}


SERIES: list[Events] = [
    lambda text: choice({"content": text}),
    lambda text: choice({"reasoning_content": text, "content": None}),
    lambda text: choice({"refusal": text}),
    lambda text: choice({"tool_calls": [{"index": 1, "function": {"arguments": text}}]}),
    lambda text: choice({"tool_calls": [{"index": 0, "custom": {"input": text}}]}),
    lambda text: choice({"function_call": {"arguments": text}}),
    lambda text: choice({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]}),
    lambda text: choice({"audio": {"transcript": text}}),
    lambda text: choice({}, logprobs={"content": [{"token": text, "bytes": list(text.encode()), "logprob": -1}]}),
    lambda text: block({"type": "text_delta", "text": text}),
    lambda text: block({"type": "thinking_delta", "thinking": text}),
    lambda text: block({"type": "input_json_delta", "partial_json": text}),
    lambda text: item("output_text", text),
    lambda text: item("function_call_arguments", text),
    lambda text: item("reasoning_summary_text", text),
]


def plain(event: Any) -> bytes:
    return b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"


def spaced(event: Any) -> bytes:
    return f"event: some\r\ndata: {json.dumps(event)}\r\n\r\n".encode()


def kept(events: list[bytes], request: Any = None) -> dict[str, Any]:
    """Return the response that a cassette stores for a stream."""
    pieces = [(0.1 * number, event) for number, event in enumerate(events)]
    arrivals = Arrivals(200, {"content-type": "text/event-stream"}, pieces, whole=True)
    asked = RecordedRequest("POST", "/x", (), request or {}, b"{}", "/x")
    return write_exchange(asked, arrivals)["response"]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for inner in [*as_list(value), *as_object(value).values()]:
            yield from texts(inner)


def cuts(text: str) -> list[list[str]]:
    return [[text[:at], text[at:]] for at in range(1, len(text))] + [list(text)]


@pytest.mark.parametrize("frame", [plain, spaced])
@pytest.mark.parametrize("make", SERIES, ids=lambda make: json.dumps(make("x"))[:80])
@pytest.mark.parametrize(
    ("before", "secret", "after"),
    [
        ("the key is ", KEY, " as told"),
        ('{"n": 1, "password": "', PASSWORD, '", "city": "Oslo"}'),
        ('{"apiKey": "', "é1-ü", ""),  # the stream broke off
        ("https://x/?sig=", "aB3%2FxYz%3D", "&se=2030"),
        ("data:text/plain,the%20key%20is%20", KEY, "%20as%20told"),
    ],
)
def test_every_series_at_every_cut(frame: Any, make: Events, before: str, secret: str, after: str) -> None:
    for pieces in cuts(f"{before}{secret}{after}"):
        answer = kept([frame(make(piece)) for piece in pieces])
        assert len(answer["stream"]) == len(pieces)
        played = b"".join(step for step in read_response(answer).steps or () if isinstance(step, bytes))
        events = [json.loads(line[5:]) for line in played.splitlines() if line.startswith(b"data:")]
        assert len(events) == len(pieces)  # each is still JSON
        joined = "".join(text for event in events for text in texts(event))
        empty = "".join(texts(make("")))
        assert secret not in joined
        if len(pieces) == len(before + secret + after):  # character by character
            fixed = "".join(text for text in texts(make("\0"))).partition("\0")
            found = "".join(text for event in events for text in texts(event))
            assert found.replace(fixed[0], "").replace(fixed[2], "") == f"{before}***{after}", empty


def test_token_bytes_are_masked() -> None:
    answer = kept([plain(SERIES[8](piece)) for piece in ("sk-", "proj-abcd1234", "efgh5678ijkl", " x")])
    rows = [piece["data"]["choices"][0]["logprobs"]["content"][0] for piece in answer["stream"]]
    assert [(row["token"], bytes(row["bytes"])) for row in rows] == [
        ("***", b"***"),
        ("", b""),
        ("", b""),
        (" x", b" x"),
    ]


def test_tokens_of_a_whole_answer() -> None:
    """Neither the page nor the cassette shows a key that log probabilities spell."""
    with Emulator(ui=True) as endpoint:
        caller = Caller(endpoint)
        endpoint.reply(f"the key {KEY} is secret", times=None)
        asked = {"model": "gpt-4o", "input": "x", "include": ["message.output_text.logprobs"], "top_logprobs": 2}
        got = [
            caller.chat("x", path=LOCAL, logprobs=True, top_logprobs=2, n=2),
            caller.post("/v1/responses", asked),
        ]
        token = {"authorization": f"Bearer {endpoint.ui_token}"}
        shown = [caller.send("GET", f"/_emulator/requests/{n}", headers=token, key=False).body for n in (1, 2)]
        tape = caller.send("GET", "/_emulator/cassette", headers=token, key=False).body["exchanges"]
    sent = [KEY in "".join(tokens(one.body)) for one in got]
    assert sent == [True, True]
    for answer in [*(one["answer"]["body"] for one in shown), *(one["response"]["body"]["json"] for one in tape)]:
        assert KEY not in json.dumps(answer)
        assert KEY not in "".join(tokens(answer))
        assert KEY not in "".join(bytes(row).decode() for row in members(answer, "bytes") if row)
        assert "the key *** is secret" in "".join(tokens(answer))


def tokens(value: Any) -> list[str]:
    """Return the tokens that were chosen."""
    return [row["token"] for rows in [*members(value, "content"), *members(value, "logprobs")] for row in rows_of(rows)]


def rows_of(value: Any) -> list[Any]:
    return [row for row in as_list(value) if "token" in as_object(row)]


def members(value: Any, name: str) -> Iterator[Any]:
    """Yield the values of all members of a name."""
    for inner in [*as_list(value), *as_object(value).values()]:
        yield from members(inner, name)
    if name in as_object(value):
        yield as_object(value)[name]


def test_alternatives_of_tokens() -> None:
    """The chosen token need not be the most likely one."""
    halves = (KEY[:12], KEY[12:])
    rows = [
        {"token": half, "bytes": list(half.encode()), "top_logprobs": [{"token": "a"}, {"token": half}, None]}
        for half in halves
    ]
    hide_spelled_secrets(rows, Scrubber())
    assert [row["token"] for row in rows] == ["***", ""]
    assert not [half for half in halves if half in json.dumps(rows)]
    assert [row["top_logprobs"][0] for row in rows] == [{"token": "a"}, {"token": "a"}]


@pytest.mark.parametrize("frame", [plain, spaced])
@pytest.mark.parametrize(
    ("before", "secret"),
    [
        ("the key is ", KEY),
        ("data:,the%20key%20is%20", KEY),
        ("take ", "correct-horse-battery"),  # the request's header revealed it
        ("Bearer ", "a1b2c3d4e5f6"),
        ("so ", "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"),
        ("of Azure ", "3Xk9" * 10 + "aJQQJ9" + "9X3k" * 10),
    ],
)
def test_open_stream_hides_the_start_of_a_secret(frame: Any, before: str, secret: str) -> None:
    text = f"{before}{secret} as told"
    exchange = Journal(None).open(RecordedRequest("POST", "/x", (), {"api-key": "correct-horse-battery"}, b"{}", "/x"))
    exchange.answered(Response(200, {"Content-Type": "text/event-stream"}, steps=[]))
    shown, following = "", 0
    for number, letter in enumerate(text, 1):
        exchange.sent(200, frame(SERIES[0](letter)))
        found = describe_events(exchange, following)  # as the page reads
        assert (found["state"], found["more"]) == ("open", False)
        assert following <= found["next"] <= number
        shown += "".join(contents(found))
        following = found["next"]
        assert secret[:8] not in shown
        if number <= len(before) - 8:
            assert shown == text[:number]  # nothing else is held back
    exchange.finish()
    shown += "".join(contents(describe_events(exchange, following)))
    beginning = shown.removeprefix(before).removesuffix(" as told").removesuffix("***")
    assert shown.endswith(" as told")
    assert secret.startswith(beginning)
    assert len(beginning) < 8


def test_ambiguous_end_is_shown_once_the_stream_ends() -> None:
    exchange = Journal(None).open(RecordedRequest("POST", "/x"))
    exchange.answered(Response(200, {"Content-Type": "text/event-stream"}, steps=[]))
    for word in ("the prefix is ", "sk-"):
        exchange.sent(200, plain(SERIES[0](word)))
    assert list(contents(describe_events(exchange, 0))) == ["the prefix is "]
    exchange.finish()
    assert list(contents(describe_events(exchange, 1))) == ["sk-"]


def contents(found: Any) -> Iterator[str]:
    """Yield the texts in the parts of a response."""
    for part in found["events"]:
        yield json.loads(part["data"].partition("data:")[2])["choices"][0]["delta"]["content"]


def test_series_are_separate() -> None:
    """Two choices and two calls that alternate in a stream are not read as one text."""
    halves = [KEY[:12], "fine ", KEY[12:], "words"]
    events = [{"choices": [{"index": number % 2, "delta": {"content": half}}]} for number, half in enumerate(halves)]
    stream = kept([plain(event) for event in events])["stream"]
    assert [piece["data"]["choices"][0]["delta"]["content"] for piece in stream] == ["***", "fine ", "", "words"]
    same = kept([plain(choice({"content": "a"})), plain(choice({"content": "b"}))])["stream"]
    assert same[0]["data"]["id"] == "chatcmpl-1"


def test_secret_found_in_pieces_is_masked_in_whole_events() -> None:
    done = {"type": "response.function_call_arguments.done", "name": "f", "arguments": f"{{{KEY}}}", "item_id": "fc_1"}
    pieces = [
        plain(item("function_call_arguments", "{token=" + KEY[:9])),
        plain(item("function_call_arguments", KEY[9:])),
    ]
    assert KEY not in json.dumps(kept([*pieces, plain(done)]))


def test_request_secret_in_pieces() -> None:
    """It looks like nothing in particular, but the request's header revealed it."""
    secret = "correct horse battery"
    answer = kept([plain(SERIES[0](piece)) for piece in ("say correct ", "horse ", "battery.")], {"api-key": secret})
    words = [piece["data"]["choices"][0]["delta"]["content"] for piece in answer["stream"]]
    assert words == ["say ***", "", "."]


@pytest.mark.parametrize("text", [f'{{"x":"{KEY}"}}\n', '{"password":"hunter2"}\n{"a":1}\n', f"é {KEY} é"])
def test_other_streams_at_every_cut(text: str) -> None:
    whole = text.encode()
    for at in range(1, len(whole)):
        pieces = [(0.0, whole[:at]), (0.1, whole[at:])]
        arrivals = Arrivals(200, {"content-type": "application/x-ndjson"}, pieces, whole=True)
        answer = write_exchange(RecordedRequest("POST", "/x", (), {}, b"{}", "/x"), arrivals)["response"]
        data = [
            base64.b64decode(one["base64"]) if "base64" in one else str(one.get("text", "")).encode()
            for one in answer["stream"]
        ]
        assert len(data) == 2
        assert KEY not in b"".join(data).decode()
        assert PASSWORD not in b"".join(data).decode()


def test_several_events_in_one_piece() -> None:
    both = plain(SERIES[0](KEY[:9])) + plain(SERIES[0](KEY[9:])) + b"data: [DONE]\n\n"
    expected = plain(SERIES[0]("***")) + plain(SERIES[0]("")) + b"data: [DONE]\n\n"
    assert hide_split_secrets([both], Scrubber()) == [expected]


def test_deeply_nested_event() -> None:
    deep = b"data: " + b'{"a":' * 900 + b'"' + KEY.encode() + b'"' + b"}" * 900 + b"\n\n"
    assert KEY not in json.dumps(kept([deep]))


def test_parts_that_are_not_events() -> None:
    odd = [b"", b": comment\n\n", b"data: [DONE]\n\n", b"data: {half\n\n", b'data: [1, ["x"], null]\n\n', b"rest"]
    assert hide_split_secrets(odd, Scrubber()) == odd
    assert join_events([]) == []


def test_split_events_are_joined() -> None:
    whole = plain(SERIES[0]("a")) + spaced(SERIES[0]("b")) + b"data: [DO"
    for at in range(len(whole)):
        joined = join_events([whole[:at], whole[at : at + 3], whole[at + 3 :]])
        assert (len(joined), b"".join(joined)) == (3, whole)
        assert all(part.endswith((b"\n\n", b"\r\n\r\n", b"")) for part in joined[:-1])


PATHS = [
    "/proxy/Zq8XbT41LmPw90VrKsY2dQ7n/v1",
    "/hook/0123456789abcdef0123456789abcdef",
    "/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/x",
]


@pytest.mark.parametrize("path", PATHS)
def test_secrets_in_paths(path: str) -> None:
    assert "***" in Scrubber().path(path)
    assert not any(character.isupper() for character in Scrubber().path(path))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/v1/responses/resp_68e0A1b2C3d4E5f60123456789abcdef",
        "/v1/files/file-AbCdEf0123456789GhIjKl",
        "/openai/deployments/gpt-5.1-codex-max-2025-11-13-EU1/chat/completions",
        "/models/Llama-4-Maverick-17B-128E-Instruct-FP8/info",
        "/batches/0c6f5b52-6d3e-4a46-9a0d-3ad5a33d1e7c",
        "/p/%C3%A9/x//y",
    ],
)
def test_paths_without_secrets(path: str) -> None:
    assert Scrubber().path(path) == path


def test_page_and_the_cassette_of_a_running_emulator() -> None:
    """A key that the model writes in its reasoning, its text and a call's arguments is never shown."""
    with Emulator(ui=True) as endpoint:
        caller = Caller(endpoint)
        words = f"the key {KEY} is secret"
        call = ToolCall("f", {"password": PASSWORD, "text": words})
        endpoint.reply(Reply(words, reasoning=words, tool_calls=[call]), times=None)
        version = {"anthropic-version": "2023-06-01"}
        asked = {"max_tokens": 100, "thinking": {"type": "adaptive", "display": "summarized"}, "stream": True}
        asked |= {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "x"}]}
        got = [
            caller.chat("x", path=LOCAL, model="deepseek-r1", stream=True),
            caller.chat("x", path=SERVERLESS, stream=True),
            caller.post(
                "/v1/responses", {"model": "gpt-5", "input": "x", "stream": True, "reasoning": {"summary": "auto"}}
            ),
            caller.post("/v1/messages", asked, version),
        ]
        assert [one.status for one in got] == [200] * 4
        token = {"authorization": f"Bearer {endpoint.ui_token}"}
        for number in range(1, 5):
            shown = caller.send("GET", f"/_emulator/requests/{number}/events", headers=token, key=False)
            assert len(shown.body["events"]) > 20
            joined = "".join(text for event in shown.body["events"] for text in added(event["data"]))
            assert KEY not in joined
            assert PASSWORD not in joined
            assert "***" in joined
        tape = caller.send("GET", "/_emulator/cassette", headers=token, key=False)
        for exchange in tape.body["exchanges"]:
            joined = "".join(text for piece in exchange["response"]["stream"] for text in texts(piece))
            assert KEY not in joined
            assert PASSWORD not in joined


def added(data: str) -> Iterator[str]:
    for line in data.splitlines():
        if line.startswith("data: {"):
            yield from texts(json.loads(line[6:]))
