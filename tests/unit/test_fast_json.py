"""orjson reads answers and events, and writes what is hashed, as the standard library does, or not at all."""

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from azure.core.serialization import NULL
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference import _json
from azure.ai.inference._fast_json import read, write_sorted
from azure.ai.inference._json import _encode_sorted, read_json, sorted_json
from azure.ai.inference._streaming.chat_stream import ChatStream, _parse_event
from azure.ai.inference.models import UserMessage

SCALARS = [
    "-0",
    "-0.0",
    "1e400",
    "-1E400",
    "1e-400",
    "NaN",
    "Infinity",
    "-Infinity",
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    "999999999999999999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "-1234567890123456789012",
    "1" * 5000,
    "0.12345678901234567890123",
    "12345678901234567890.5",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "5e-324",
    "2.2250738585072011e-308",
    "9007199254740993.0",
    "1e23",
    "01",
    "1.",
    ".5",
    "+1",
    "1_000",
    '"\x00"',
    '"a\tb"',
    '"\\u0000"',
    '"\x7f"',
    '"\u2028"',
    "'a'",
    '"\\x41"',
    '"12345678901234567890"',
    "nul",
    "True",
]
MEMBERS = [
    '{"a": 1, "a": 2}',
    '{"a": 1, "b": 2, "a": {"c": 1, "c": []}}',
    '{"\\u0061": 1, "a": 2}',
    '{"": 0, "": 1}',
    '{"a": 1,}',
    "{'a': 1}",
    "{a: 1}",
    "{1: 2}",
    '[1, {"n": -12345678901234567890}]',
    "[1,]",
    "[1 2]",
    "{} {}",
    "[] // no",
    "\t\r [ ] ",
    "\x0b[]",
    "[]\xa0",
    "\x00[]",
    "",
    " ",
]
DEPTHS = [100, 499, 500, 501, 900, 985, 1000, 1010, 1023, 1024, 1025, 2000, 100_000]
NESTED = [
    *("[" * depth + "]" * depth for depth in DEPTHS),
    *('{"a":' * depth + "0" + "}" * depth for depth in DEPTHS),
    *(f'[[{"[]," * 2000}{"[" * depth}{"]" * depth}],"{"]" * depth}"]' for depth in DEPTHS),
]
BYTES = [
    b'"\xff"',
    b'"\xc0\x80"',
    b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\xe2\x82"',
    b"\xef\xbb\xbf{}",
    '{"a": "é"}'.encode(),
    '{"a": "é"}'.encode("latin-1"),
    '{"a": "é"}'.encode("utf-16"),
    '{"a": "é"}'.encode("utf-16-le"),
    '{"a": "é"}'.encode("utf-32"),
]
IN_PLACES = [f"[{text}]" for text in SCALARS] + [f'{{"a": {text}}}' for text in SCALARS]
TEXTS = [*(text.encode() for text in (*SCALARS, *IN_PLACES, *MEMBERS, *NESTED)), *BYTES]

NUMBERS = st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
STRINGS = st.text(st.characters(exclude_categories=()), max_size=8).map(json.dumps)
SPACES = st.sampled_from(["", "", "", " ", "\t", "\r ", "\x0b", "\xa0"])


def _array(items: list[str]) -> str:
    return f"[{','.join(items)}]"


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"


NAMES = st.sampled_from(['"a"', '"b"', '"\\u0061"', '""', '"\\ud800"'])
DOCUMENTS = st.recursive(
    NUMBERS | STRINGS | st.sampled_from(SCALARS[:30]),
    lambda inner: (
        st.lists(inner, max_size=4).map(_array)
        | st.lists(st.tuples(NAMES | STRINGS, inner), max_size=5).map(_object)
        | st.tuples(SPACES, inner, SPACES).map("".join)
    ),
    max_leaves=20,
).map(lambda text: text.encode("utf-8", "surrogatepass"))
"""Texts with duplicate names, numbers of any length, lone surrogates."""
SCRAPS = st.binary(max_size=40) | st.text('[]{}:,"\\\\0123456789.eE+-nulltrue ud8\x00', max_size=40).map(str.encode)


def outcome(reader: Callable[[bytes], Any], text: bytes) -> str:
    """Return a reader's result, with the types of its numbers; `repr` tells -0.0 from 0 and 1 from 1.0."""
    try:
        return _shown(reader(text))
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


def _shown(value: Any) -> str:
    """Return a value's `repr`, or its JSON if it is nested too deeply for that."""
    try:
        return repr(value)
    except RecursionError:
        opened = 0
        while value:
            value, opened = next(iter(value.values() if isinstance(value, dict) else value[-1:])), opened + 1
        return f"{opened} levels, then {value!r}"


@contextmanager
def without_orjson() -> Iterator[None]:
    """Read as if the extra were not installed."""
    found = sys.modules["orjson"], sys.modules.pop("azure.ai.inference._fast_json", None)
    sys.modules["orjson"] = None  # type: ignore[assignment]
    _json._fast_functions.cache_clear()
    try:
        yield
    finally:
        sys.modules["orjson"], sys.modules["azure.ai.inference._fast_json"] = found  # type: ignore[assignment]
        _json._fast_functions.cache_clear()


def check_readers(text: bytes) -> None:
    """Check that a body, and an event's data, are read as by the standard library."""
    assert outcome(read_json, text) == outcome(json.loads, text)
    assert outcome(partial(read, otherwise=_parse_event), text) == outcome(_parse_event, text)


def check_stream(text: bytes) -> None:
    """Check what a stream delivers before, in and after an event."""
    line = text.replace(b"\n", b" ").replace(b"\r", b" ")
    chunk = b'{"choices": [{"index": 0, "delta": {"content": "a"}}]}'
    inside = chunk.replace(b'"a"', line)
    body = b"".join(b"data: %b\n\n" % data for data in (chunk, inside, chunk, line, chunk))
    with without_orjson():
        expected = streamed(body)
    assert streamed(body) == expected


def streamed(body: bytes) -> list[str]:
    """Return what a stream delivers, and the exception that it then raises."""
    stream = ChatStream()
    updates = [*stream.feed(body), *stream.end()]
    cause = stream.fault and stream.fault.__cause__
    return [*map(_shown, map(dict, updates)), _shown(stream.usage), repr(stream.fault), repr(cause)]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:40]))
def test_results_equal_the_standard_library(text: bytes) -> None:
    check_readers(text)
    check_stream(text)


@given(DOCUMENTS | SCRAPS)
def test_any_text_gives_the_same_result(text: bytes) -> None:
    check_readers(text)


def test_plain_texts_use_orjson() -> None:
    def refuse(text: bytes) -> Any:
        raise AssertionError(text)

    vectors = {"data": [{"index": index, "embedding": [0.00012345678901234567, -1.5]} for index in range(2048)]}
    for value in (vectors, {"choices": [{"delta": {"content": "{}" * 2000 + "é"}}]}, 10**18 - 1, [0.1] * 2000):
        assert read(json.dumps(value).encode(), refuse) == value


def test_fallback_without_orjson() -> None:
    with without_orjson():
        assert read_json(b'{"a": [1, 2.5]}') == {"a": [1, 2.5]}
        assert "azure.ai.inference._fast_json" not in sys.modules
        assert sorted_json({"b": 1, "a": "\xfc"}) == '{"a":"\xfc","b":1}'


# ---------------------------------------------------------------- writing


def written(writer: Callable[[Any], str], value: Any) -> str:
    """Return what a writer makes of a value."""
    try:
        return writer(value)
    except (TypeError, RecursionError) as error:
        return type(error).__name__


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def circle() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


class Mode(str, Enum):
    FAST = "fast"


class Level(Enum):
    HIGH = 3
    ODD = math.nan


@dataclass
class Point:
    x: int = 1


UNUSUAL: list[Any] = [
    *(
        0.0,
        -0.0,
        0.7,
        1e-3,
        9.99e-4,
        1e-4,
        1e-5,
        1.5e-7,
        5e-324,
        1e15,
        1.5e15,
        999999999999999.9,
        1e16,
        1e22,
        1e23,
        1e308,
    ),
    *(math.nan, math.inf, -math.inf, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**30, True, None),
    *("\ud800", "\udc00\ud800", "\U0001f600", '\u2028\x7f\x1b\t\b\f"\\/', "null", "1e5", "e-mail", "0.0001"),
    *(
        {"b": 1, "a": {"d": 1, "c": 2}},
        {"\U0001f600": 1, "\ufffd": 2},
        {2: 1, 10: 2},
        {1: 1, "a": 2},
        {None: 1},
        {b"a": 1},
    ),
    *(
        Mode.FAST,
        Level.HIGH,
        Level.ODD,
        {Mode.FAST: 1},
        Point(),
        {1, 2},
        (1, 2),
        b"abc",
        NULL,
        MappingProxyType({"a": 1}),
    ),
    *(
        date(2026, 1, 2),
        datetime(2026, 1, 2, 3),
        datetime(2026, 1, 2, 3, tzinfo=timezone.utc),
        timedelta(1),
        UUID(int=7),
    ),
    *(Decimal("0.1"), UserMessage("Hi"), [UserMessage("Hi")], Exception("a"), circle(), nested(200), nested(300)),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(UNUSUAL[:-3]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("value", UNUSUAL, ids=lambda value: f"{value!r:.40}")
def test_what_is_written_otherwise_is_left_to_the_standard_library(value: Any) -> None:
    for each in (value, [value], {"b": value, "a": 0.5}):
        assert written(sorted_json, each) == written(_encode_sorted, each)


@given(VALUES)
def test_any_value_is_written_alike(value: Any) -> None:
    assert written(sorted_json, value) == written(_encode_sorted, value)


def test_plain_bodies_are_written_fast() -> None:
    def refuse(value: Any) -> str:
        raise AssertionError(value)

    body = {
        "temperature": 0.7,
        "messages": [{"role": "user", "content": "Café e5 \U0001f600"}],
        "n": 1,
        "logprobs": True,
    }
    assert write_sorted(body, refuse) == _encode_sorted(body)
