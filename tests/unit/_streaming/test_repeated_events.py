"""Repeated events equal parsed ones, and the updates share nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference._streaming import chat_stream
from azure.ai.inference._streaming.chat_stream import ChatStream
from azure.ai.inference._streaming.repeated_events import RepeatedEvent, find_repeated_event

REST = '},"finish_reason":null}]'
OPENAI = '{"id":"a","choices":[{"index":0,"delta":{"content":TEXT' + REST + "}"
AZURE = (
    '{"choices":[{"content_filter_results":{"hate":{"filtered":false}},"delta":{"content":TEXT},"finish_reason":null,'
)
AZURE += '"index":0,"logprobs":null}],"created":1,"obfuscation":PAD,"tags":[1,["a"],{}],"usage":null}'

SHAPES = [
    OPENAI,
    AZURE,
    OPENAI.replace(":", " :  ").replace(",", " ,\t"),
    " " + OPENAI + " ",
    "\x0b" + OPENAI,
    OPENAI.replace("TEXT", 'TEXT,"content":"b"'),
    OPENAI.replace("TEXT", '"b","content":TEXT'),
    OPENAI.replace('"id":"a"', '"id":"content"'),
    OPENAI.replace('"id":"a"', '"p":PAD'),
    OPENAI[:-1] + ',"p":PAD,"p":PAD}',
    OPENAI[:-1] + ',"content":"c"}',
    OPENAI[:-1] + ',"choices":[{"index":0,"delta":{"content":TEXT}}]}',
    OPENAI[:-1] + ',"usage":{"total_tokens":1}}',
    OPENAI[:-1] + ',"n":123456789012345678901234567890,"f":1e400,"z":-0.0}',
    OPENAI[:-1] + ',"n":NaN}',
    OPENAI[:-1] + ',"error":null}',
    OPENAI[:-1] + ',"prompt_filter_results":[{"prompt_index":0}]}',
    OPENAI[:-1] + ',"deep":' + "[" * 200 + "]" * 200 + "}",
    OPENAI.replace("null}]", '"stop"}]'),
    OPENAI.replace('"index":0', '"index":1'),
    OPENAI.replace('"content"', '"role":"assistant","content"'),
    OPENAI.replace('"content"', '"reasoning_content"'),
    OPENAI.replace('"content"', '"refusal"'),
    OPENAI.replace('"content"', r'"c\u006fntent"'),
    OPENAI.replace('"content":TEXT', '"tool_calls":[{"index":0,"function":{"arguments":TEXT}}]'),
    '{"choices":[{"index":0,"delta":{"content":TEXT}},{"index":1,"delta":{"content":TEXT}}]}',
    '{"choices":[],"usage":{"total_tokens":2}}',
]
TEXTS = [
    *('" word"', '""', '"-"', '"é"', '"😀"', '"<think>"', '"</think>"', '"content"', '"{"', '"null"'),
    *(r'"\n"', r'"\ud83d"', r'"\ude00"', r'"\ud83d\ude00"', r'"\\"', r'"\""', r'"\u0022"', r'"\u0000"'),
    *(json.dumps(REST + "}"), json.dumps('"content":"x"'), '"' + REST + '}"', '"a","content":"b"', '"a","x":"b"'),
    *('"\x00"', '"\t"', r'"\x"', '"open', 'open"', "null", "1", "true", "[]", '["a"]', '[{"type":"text","text":"a"}]'),
    *('{"a":"b"}', "", '"a" ', ' "a"', '"a"}', '"\u2028"', '"\x7f"'),
]
strings = st.sampled_from(TEXTS) | st.text(max_size=8).map(json.dumps)
runs = st.tuples(
    st.sampled_from(SHAPES), st.lists(st.tuples(strings, st.just('"x"') | strings), min_size=1, max_size=5)
)


def event(shape: str, text: str, padding: str = '"x"') -> bytes:
    return shape.replace("TEXT", text).replace("PAD", padding).encode()


def shown(update: Any) -> tuple[Any, ...]:
    """Return what a caller can see of an update, in order."""
    told = [
        (choice.delta.text, choice.delta.reasoning)
        for choice in update.choices or ()
        if choice.delta is not None and hasattr(choice.delta, "text")
    ]
    return json.dumps(update), json.dumps(update.as_dict()), type(update), told, vars(update)


def wreck(value: Any) -> None:
    """Change everything in an update that can be changed."""
    for item in list(value.values() if isinstance(value, dict) else value):
        if isinstance(item, (dict, list)):
            wreck(item)
    value.clear()


@given(st.lists(runs, max_size=6).map(lambda found: [event(shape, *each) for shape, many in found for each in many]))
def test_repeated_event_equals_a_parsed_one(events: list[bytes]) -> None:
    stream, careful = ChatStream(), ChatStream()
    for data in events:
        careful._repeated, careful._may_repeat = None, False  # always uses the JSON reader
        chunk = b"data: " + data + b"\n\n"
        found, expected = stream.feed(chunk), careful.feed(chunk)
        assert list(map(shown, found)) == list(map(shown, expected))
        for update in [*found, *expected]:
            wreck(update)
    assert repr(stream.fault) == repr(careful.fault)
    assert stream.usage == careful.usage
    assert json.dumps(stream.completion()) == json.dumps(careful.completion())


@pytest.mark.parametrize("shape", [OPENAI, AZURE], ids=["openai", "azure"])
def test_only_other_events_are_parsed(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def read(data: bytes, otherwise: Callable[[bytes], Any]) -> Any:
        parsed.append(data)
        return otherwise(data)

    monkeypatch.setattr(chat_stream, "fast_reader", lambda: read)
    last = shape.replace("null", '"stop"', 1)
    events = [event(shape, f'" word{number}"', f'"{number:x}"') for number in range(100)]
    stream = ChatStream()
    updates = stream.feed(b"".join(b"data: %b\n\n" % data for data in [*events, event(last, '"!"'), b"[DONE]"]))
    assert parsed == [*events[:2], event(last, '"!"')]
    assert [update.choices[0].delta.content for update in updates] == [*(f" word{n}" for n in range(100)), "!"]
    assert stream.completion().choices[0].message.content == "".join(f" word{n}" for n in range(100)) + "!"
    assert stream.fault is None


def repeated(shape: str, padding: str, told: list[str]) -> RepeatedEvent | None:
    data = event(shape, '"a"')
    return find_repeated_event(data, json.loads(data), "content", padding, told.append)


def test_text_is_appended() -> None:
    told: list[str] = []
    found = repeated(AZURE, "obfuscation", told)
    assert found is not None
    for text, padding in [('"b"', '"y"'), ('""', '""'), (r'"\n"', r'"\u0022"')]:
        data = event(AZURE, text, padding)
        assert found.read(data) == json.loads(data)
    assert told == ["b", "", "\n"]


@pytest.mark.parametrize(
    ("text", "padding"),
    [
        ("null", '"x"'),
        ('"b', '"x"'),
        ('"b"', "null"),
        ('"b","content":"c"', '"x"'),
        ('"b"', '"x","n":1'),
        ('"\x00"', '"x"'),
    ],
)
def test_other_events_are_not_read(text: str, padding: str) -> None:
    told: list[str] = []
    found = repeated(AZURE, "obfuscation", told)
    assert found is not None
    assert found.read(event(AZURE, text, padding)) is None
    assert found.read(event(AZURE, '"b"').replace(b"created", b"CREATED")) is None
    assert found.read(event(AZURE, '"b"').replace(b'"b"', b'"\xff"')) is None
    assert not told


@pytest.mark.parametrize(
    ("shape", "padding"),
    [
        (OPENAI.replace('"content"', r'"c\u006fntent"'), ""),
        (OPENAI[:-1] + ',"content":"c"}', ""),
        (OPENAI[:-1] + ',"content":1}', ""),
        (OPENAI[:-1] + ',"p":1,"q":"r"}', "p"),
        ("\x0b" + OPENAI, ""),
    ],
)
def test_event_without_replaceable_strings(shape: str, padding: str) -> None:
    data = event(shape, '"a"')
    assert find_repeated_event(data, json.loads(data.strip()), "content", padding, list[str]().append) is None
