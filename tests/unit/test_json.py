"""Request bodies: values that JSON does not have, and formatting."""

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from azure.core.serialization import NULL

from azure.ai.inference._json import json_or_none, sorted_json, to_json
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
    (UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
]


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_to_json(value: Any, text: str) -> None:
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
def test_nan_and_infinity_are_refused(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        to_json(value)


def test_circular_values_are_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular reference"):
        to_json(circle)


@pytest.mark.parametrize("value", [{1, 2}, object(), iter([1]), 1j])
def test_unsupported_types(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be sent as JSON"):
        to_json({"a": [value]})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"stop": iter(["a"])}, "stop: a value of type list_iterator cannot be sent as JSON: <.*>. Pass a list."),
        ({"a": [1, {"b": {1}}]}, r"a\[1\].b: a value of type set .* Pass a list."),
        ({"a": np.arange(3)}, "a: a value of type ndarray .* Pass a list."),
        ({"a": object()}, "a: a value of type object cannot be sent as JSON: <object.*>.$"),
        ({"logit_bias": {np.int64(5): 1}}, r"logit_bias has the key np.int64\(5\); keys must be str."),
        ({(1, 2): 1}, r"the value has the key \(1, 2\); keys must be str."),
        (object(), "^a value of type object cannot be sent as JSON"),
        ({"a": Enum("Odd", {"one": object()}).one}, "a value of type object cannot be sent as JSON"),  # type: ignore[attr-defined]
    ],
)
def test_errors_of_types_name_the_member(value: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        to_json(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(5), "5"),
        (np.int8(-2), "-2"),
        (np.float32(0.5), "0.5"),
        (np.float64(0.25), "0.25"),
        (np.bool_(True), "true"),
        (np.array(7), "7"),
        (np.str_("x"), '"x"'),
    ],
)
def test_scalars_of_numpy_are_numbers(value: Any, text: str) -> None:
    assert to_json({"a": [value]}) == f'{{"a": [{text}]}}'
    assert sorted_json({"a": [value]}) == f'{{"a":[{text}]}}'


def test_numpy_values_that_json_lacks_are_named() -> None:
    with pytest.raises(ValueError, match="temperature is nan, which JSON does not have"):
        to_json({"temperature": np.float32("nan")})


@pytest.mark.parametrize(("text", "value"), [(b"[1]", [1]), (b"{", None), (b"\xff", None), (b"[" * 100_000, None)])
def test_json_or_none(text: bytes, value: Any) -> None:
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
def test_nan_and_infinity_errors_name_the_member(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        to_json(value)
