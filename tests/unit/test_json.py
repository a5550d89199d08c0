"""Request bodies: what JSON does not know, and how it is written."""

import json
import re
import sys
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from azure.core.serialization import NULL
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference import _json
from azure.ai.inference._json import json_or_none, read_json, to_json
from azure.ai.inference.models import ChatRole, UserMessage


class Count(Enum):
    ONE = 1


WRITTEN: list[tuple[Any, str]] = [
    ({"a": None, "b": [1, 2.5, True]}, '{"a": null, "b": [1, 2.5, true]}'),
    ("ü", '"\\u00fc"'),
    (NULL, "null"),
    (UserMessage("x"), '{"role": "user", "content": "x"}'),
    (MappingProxyType({"a": 1}), '{"a": 1}'),
    (ChatRole.USER, '"user"'),
    (Count.ONE, "1"),
    (b"abc", '"YWJj"'),
    (bytearray(b"abc"), '"YWJj"'),
    (datetime(2024, 1, 2, 3, 4, 5), '"2024-01-02T03:04:05Z"'),
    (datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))), '"2024-01-02T02:04:05Z"'),
    (date(2024, 1, 2), '"2024-01-02"'),
    (time(3, 4), '"03:04:00"'),
    (timedelta(days=1, seconds=1), '"P1DT1S"'),
    (Decimal("1.5"), "1.5"),
]


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_writing(value: Any, text: str) -> None:
    assert to_json(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("inf"), "the value is inf, which JSON does not have"),
        ({"a": [1.5, {"b": float("nan")}]}, r"a\[1\]\.b is nan"),
        ({"a": (Decimal("-Infinity"),)}, "Out of range|a.*inf"),
        ([10**5000], r"\[0\] is a number of 16610 bits"),
    ],
    ids=["inf", "nan", "decimal", "long"],
)
def test_numbers_that_json_has_not(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        to_json(value)


def test_circles_are_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular reference"):
        to_json(circle)


@pytest.mark.parametrize("value", [{1, 2}, object(), iter([1]), 1j])
def test_what_has_no_json_form(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be sent as JSON"):
        to_json({"a": [value]})


@pytest.mark.parametrize(("text", "value"), [(b"[1]", [1]), (b"{", None), (b"\xff", None), (b"[" * 100_000, None)])
def test_reading_what_may_be_none(text: bytes, value: Any) -> None:
    assert json_or_none(text) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("inf"), "the value is inf, which JSON does not have."),
        ({"temperature": float("nan")}, "temperature is nan, which JSON does not have."),
        ({"messages": [{"n": (1, float("-inf"))}]}, "messages[0].n[1] is -inf, which JSON does not have."),
        ({"seed": 10**5000}, "seed is a number of 16610 bits, which no service reads as JSON."),
    ],
)
def test_numbers_that_json_does_not_have_are_named(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        to_json(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)
NASTY = [
    b"",
    b"-0",
    b"-0.0",
    b"1e400",
    b"-1E400",
    b"NaN",
    b"[Infinity, -Infinity]",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'{"a": 1, "a": 2}',
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551615",
    b"18446744073709551616",
    b'[1234567890123456789012, {"n": -12345678901234567890}]',
    b"0.12345678901234567890123",
    b"12345678901234567890.5",
    b"1.7976931348623157e308",
    b"5e-324",
    b"01",
    b"1.",
    b".5",
    b"+1",
    b'"\x00"',
    b'"\xff"',
    b"\xef\xbb\xbf{}",
    '{"a": "é"}'.encode("utf-16"),
    b"{} {}",
    b"[1,]",
    b"\t\r\n [ ] ",
    b"[" * 2000 + b"]" * 2000,
    b"[" * 100_000,
    b"nul",
]


def outcome(read: Any, text: bytes) -> str:
    """What a reader makes of a text, with the types of its numbers; `repr` tells -0.0 from 0 and 1 from 1.0."""
    try:
        return repr(read(text))
    except (ValueError, RecursionError) as error:
        return "ValueError" if isinstance(error, ValueError) else "RecursionError"


@pytest.mark.parametrize("text", NASTY, ids=repr)
def test_what_is_read_fast_is_read_alike(text: bytes) -> None:
    assert outcome(read_json, text) == outcome(json.loads, text)


@given(VALUES)
def test_values_are_read_alike(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        data = text.encode("utf-8", "surrogatepass")
        assert outcome(read_json, data) == outcome(json.loads, data)


@given(st.binary(max_size=40) | st.text('[]{}:,"\\\\0123456789.eE+-nulltrue ud8', max_size=40).map(str.encode))
def test_texts_are_read_alike(text: bytes) -> None:
    assert outcome(read_json, text) == outcome(json.loads, text)


def test_without_orjson_the_standard_library_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "orjson", None)
    _json._orjson_loads.cache_clear()
    try:
        assert read_json(b'{"a": [1, 2.5]}') == {"a": [1, 2.5]}
    finally:
        _json._orjson_loads.cache_clear()
