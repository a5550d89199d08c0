"""Invalid settings, replies and faults are refused where they are passed, with an error that names them."""

import json
import re
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Fault, Reply, ToolCall

from .conftest import LOCAL, Caller

NAN, INFINITE = float("nan"), float("inf")
REPLIES: list[tuple[dict[str, Any], str]] = [
    ({"content": 5}, "content is 5; pass a str or None"),
    ({"reasoning": ["x"]}, "reasoning is ['x']; pass a str or None"),
    ({"refusal": True}, "refusal is True; pass a str or None"),
    ({"finish_reason": 1}, "finish_reason is 1"),
    ({"filtered": {}}, "filtered is {}"),
    ({"tool_calls": "x"}, "tool_calls is 'x'; pass a list"),
    ({"tool_calls": [{"x": 1}]}, "a tool call is {'x': 1}; it needs a name"),
    ({"tool_calls": [5]}, "a tool call is 5; pass a mapping"),
    ({"tool_calls": [{"name": 5}]}, "name is 5; pass a str"),
    ({"tool_calls": [{"name": "f", "arguments": [1]}]}, "arguments is [1]; pass a str or a mapping"),
    ({"tool_calls": [{"name": "f", "id": 1}]}, "id is 1; pass a str or None"),
    ({"choices": 5}, "choices is 5; pass a list"),
    ({"choices": [5]}, "a reply is a str, a Reply or a mapping"),
    ({"usage": 5}, "usage is 5; pass a mapping"),
    ({"usage": {"total_tokens": "x"}}, "usage['total_tokens'] is 'x'; pass a whole number"),
    ({"usage": {"completion_tokens_details": {"reasoning_tokens": None}}}, "usage['reasoning_tokens'] is None"),
    ({"status": "x"}, "status is 'x'; pass a whole number"),
    ({"status": True}, "status is True; pass a whole number"),
    ({"status": 99999}, "status is 99999; choose one from 200 to 599"),
    ({"status": 100}, "status is 100; choose one from 200 to 599"),
    ({"headers": 5}, "headers is 5; pass a mapping"),
    ({"headers": {"a b": "c"}}, "headers has the name 'a b'; use letters"),
    ({"headers": {"a": 5}}, "headers['a'] is 5; pass a str"),
    ({"headers": {"a": "b\r\nc: d"}}, "headers['a'] is 'b\\r\\nc: d'; leave out line ends"),
    ({"events": "x"}, "events is 'x'; pass a list or None"),
    ({"events": [5]}, "events[0] is 5; pass a str or bytes or a mapping"),
    ({"content": "x", "match": 5}, "match is 5; pass a mapping or None"),
    ({"content": "x", "schema": []}, "schema is []; pass a mapping or None"),
    ({"content": "x", "model": 5}, "model is 5; pass a str or None"),
    ({"content": "x", "path": ["/"]}, "path is ['/']; pass a str or None"),
    ({"content": "x", "times": 1.5}, "times is 1.5; pass a whole number or None"),
    ({"content": "x", "last": 5}, "last is 5, which is not a regular expression"),
]
FAULTS: list[tuple[dict[str, Any], str]] = [
    ({}, "a fault needs its kind"),
    ({"kind": ["429"]}, "kind is ['429']; pass a str"),
    ({"kind": "429", "self": 1}, "a fault has no member 'self'; it has kind, times"),
    ({"kind": "429", "times": "x"}, "times is 'x'; pass a whole number or None"),
    ({"kind": "429", "wait": "1"}, "wait is '1'; pass a number or None"),
    ({"kind": "429", "message": 5}, "message is 5; pass a str or None"),
    ({"kind": "html", "status": 5}, "status is 5; choose one from 200 to 599"),
    ({"kind": "redirect", "location": "/a\nb"}, "headers['Location'] is '/a\\nb'; leave out line ends"),
    ({"kind": "cut", "path": None}, "path is None; pass a str"),
    ({"kind": "cut", "seed": 0.5}, "seed is 0.5; pass a whole number"),
]
BY_HAND: list[tuple[Any, str]] = [
    (lambda: Reply(b"x"), "content is b'x'; pass a str or None"),  # type: ignore[arg-type]
    (lambda: Reply(body={1, 2}), "body cannot be written as JSON"),
    (lambda: Reply(events=[{"a": object()}]), "events[0] cannot be written as JSON"),
    (lambda: Reply(tool_calls=[{"name": "f"}]), "tool_calls[0] is {'name': 'f'}; pass a ToolCall"),  # type: ignore[list-item]
    (lambda: Reply(choices=["x"]), "choices[0] is 'x'; pass a Reply"),  # type: ignore[list-item]
    (lambda: ToolCall("f", {"a": object()}), "arguments cannot be written as JSON"),
    (lambda: Reply(usage={"a": object()}), "usage cannot be written as JSON"),
    (lambda: Fault("slow", seconds=NAN), "seconds is nan; pass a number or None"),
    (lambda: Fault("429", wait=INFINITE), "wait is inf; pass a number or None"),
    (lambda: Emulator().reply("x", when=5), "when is 5; pass a function of the request"),  # type: ignore[arg-type]
]
SETTINGS: list[tuple[dict[str, Any], str]] = [
    *(
        ({name: value}, f"{name} is {value!r}; pass a whole number")
        for name in ("port", "max_request_size", "requests_per_minute", "tokens_per_minute", "requests_kept")
        for value in ("1", 1.5, True)
    ),
    ({"concurrency_limit": "many"}, "concurrency_limit is 'many'; pass a whole number or None"),
    *(
        ({name: value}, f"{name} is {value!r}; pass a number")
        for name in ("latency", "quota_window", "batch_seconds", "token_rate", "replay_speed")
        for value in ("fast", NAN, b"1")
    ),
    *(({name: 5}, f"{name} is 5; pass a str") for name in ("key", "model", "model_type", "host", "record", "ui_token")),
    *(({name: 5}, f"{name} is 5; pass a str or a path or None") for name in ("script", "cassette")),
    *(({name: ["x"]}, f"{name} is ['x']; choose one of") for name in ("dialect", "record_mode", "quota_wait")),
    *(({name: 5}, f"{name} is 5; pass a list") for name in ("tokens", "models", "allow_hosts", "allow_origins")),
    *(({name: ["x", 5]}, f"{name}[1] is 5; pass a str") for name in ("tokens", "models", "allow_hosts")),
    *(({"key": key}, "key is blank or has a line break; pass a str") for key in ("", "  ", "a\nb", "a\x7f")),
    ({"record_mode": "once"}, "record_mode needs a cassette"),
    ({"replay_speed": 2}, "replay_speed needs a cassette"),
    ({"batch_faults": "expire"}, "batch_faults is a str, 'expire'; put it in a list"),
    ({"batch_faults": ["fog"]}, "batch_faults is 'fog'; choose one of"),
    ({"faults": ["429"]}, "faults[0] is '429'; pass a Fault"),
    ({"faults": 429}, "faults is 429; pass a list"),
]


@pytest.mark.parametrize(("settings", "words"), SETTINGS, ids=str)
def test_settings_of_the_emulator(settings: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        Emulator(**settings)


@pytest.mark.parametrize(("make", "words"), BY_HAND, ids=lambda value: value if isinstance(value, str) else "")
def test_arguments_in_python(make: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        make()
    assert words in str(caught.value)


def test_arguments_over_the_control_api() -> None:
    with Emulator(ui=True) as endpoint:
        caller = Caller(endpoint)
        token = {"authorization": f"Bearer {endpoint.ui_token}"}
        for path, rows in (("replies", REPLIES), ("faults", FAULTS)):
            for members, words in rows:
                got = caller.post(f"/_emulator/{path}", members, token, key=False)
                assert (got.status, words in got.raw.decode().replace("\\\\", "\\")) == (400, True), got.raw
        assert caller.chat("Hello", path=LOCAL).status == 200


@pytest.mark.parametrize(("members", "words"), REPLIES, ids=json.dumps)
def test_arguments_in_a_script(tmp_path: Any, members: dict[str, Any], words: str) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps([members]))
    with pytest.raises(ValueError) as caught:
        Emulator(script=script)
    assert "reply 1 of" in str(caught.value)
    assert words in str(caught.value)


def test_arguments_of_every_form(endpoint: Emulator, caller: Caller) -> None:
    endpoint.reset()
    details = {"reasoning_tokens": 1}
    endpoint.reply(
        {
            "tool_calls": [ToolCall("f", {"a": 1}), {"name": "g"}],
            "usage": {"total_tokens": 9, "completion_tokens_details": details, "cost": "0.1 $"},
            "headers": {"x-mine": "yes"},
        },
        when=lambda request: request.method == "POST",
    )
    got = caller.chat("x", path=LOCAL)
    assert [call["function"]["name"] for call in got.body["choices"][0]["message"]["tool_calls"]] == ["f", "g"]
    assert got.body["usage"]["completion_tokens_details"] == details
    assert (got.body["usage"]["cost"], got.headers["x-mine"]) == ("0.1 $", "yes")


def test_empty_stream(endpoint: Emulator, caller: Caller) -> None:
    endpoint.reset()
    endpoint.reply(Reply(events=[]))
    got = caller.chat("x", path=LOCAL, stream=True)
    assert (got.status, got.raw, endpoint.requests[0].outcome.wait().status) == (200, b"", 200)
