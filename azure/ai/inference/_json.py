"""Write requests as JSON, and read JSON.

`json.dumps` does the work with its own defaults, so that a body is byte for byte the same as users of earlier releases
recorded; `encode` is its hook for other types. A `Model` is a `dict` and an enum of strings is a `str`:
both need no hook.
"""

import base64
import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from functools import cache
from typing import Any, cast

from azure.core.serialization import NULL
from typing_extensions import TypeIs


def is_object(value: Any) -> TypeIs[Mapping[str, Any]]:
    """Return whether `value` is a JSON object."""
    return isinstance(value, (dict, Mapping))  # a dict is recognised at once, an abstract class asks its registry


def is_list(value: Any) -> TypeIs[list[Any]]:
    """Return whether `value` is a JSON array."""
    return isinstance(value, list)


def is_tokens(value: Any) -> TypeIs[list[Any] | tuple[Any, ...]]:
    """Return whether `value` may be a list of token ids."""
    return isinstance(value, (list, tuple))


def as_list_of_python(value: Any) -> Any:
    """Return the list, or the number, in an array of numpy or a tensor library; anything else unchanged."""
    is_python = isinstance(value, (str, list, tuple, dict))
    to_list: Any = None if is_python else getattr(value, "tolist", None)
    return to_list() if callable(to_list) else value


def encode(value: Any) -> Any:
    """Return an equivalent of `value` that `json.dumps` supports: its `default` hook.

    :param value: A mapping that is not a `dict`, an enum member, NULL, date or time (UTC as "Z"), duration (ISO 8601),
        UUID, bytes (base64), `Decimal`, or a scalar of numpy or a tensor library.
    :return: The JSON value.
    :raises TypeError: It is none of these.
    """
    if value is NULL:
        return None
    if is_object(value):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        from isodate import duration_isoformat  # pyright: ignore

        return str(duration_isoformat(value))  # pyright: ignore[reportUnknownArgumentType]
    return _encode_number(value)


def _encode_number(value: Any) -> Any:
    from decimal import Decimal
    from uuid import UUID

    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        return value.item()  # numpy's own protocol, which torch, jax and pandas follow
    way_out = " Pass a list." if hasattr(value, "__iter__") else ""
    raise TypeError(f"a value of type {type(value).__name__} cannot be sent as JSON: {value!r:.200}.{way_out}")


def _utc(moment: datetime) -> str:
    aware = moment.astimezone(timezone.utc) if moment.tzinfo else moment
    return aware.replace(tzinfo=None).isoformat() + "Z"


def to_json(value: Any) -> str:
    """Write a request body.

    :param value: The value to send.
    :return: JSON text, ASCII only, with `json.dumps`'s default separators.
    :raises TypeError: Something in it has no JSON form.
    :raises ValueError: A number in it has none: NaN, infinity, or more digits than Python writes.
    """
    try:
        return json.dumps(value, default=encode, allow_nan=False)
    except ValueError as error:
        if "Circular" in str(error):
            raise
        raise ValueError(_complaint(value) or str(error)) from None
    except TypeError as error:
        raise TypeError(_complaint(value) or str(error)) from None


def _complaint(value: Any, place: str = "") -> str | None:
    """Find what JSON does not have, and describe where it is."""
    if is_object(value):
        inner = (_complaint(member, f"{place}.{name}" if place else str(name)) for name, member in value.items())
        return _wrong_key(value, place) or _first(inner)
    if isinstance(value, (list, tuple)):
        items = cast("Iterable[Any]", value)
        return _first(_complaint(item, f"{place}[{index}]") for index, item in enumerate(items))
    return _wrong_leaf(value, place)


def _wrong_leaf(value: Any, place: str) -> str | None:
    try:
        wrong = _wrong_number(value if isinstance(value, _LEAVES) else encode(value))
    except TypeError as error:
        return f"{place}: {error}" if place else str(error)
    return wrong and f"{place or 'the value'} is {wrong}."


def _wrong_key(value: Mapping[Any, Any], place: str) -> str | None:
    wrong = next((key for key in value if not isinstance(key, _KEYS)), None)
    return None if wrong is None else f"{place or 'the value'} has the key {wrong!r:.200}; keys must be str."


def _wrong_number(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value}, which JSON does not have"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a number of {value.bit_length()} bits, which no service reads as JSON"
    return None


_LEAVES = (str, int, float, type(None))
_KEYS = _LEAVES  # json writes numbers, true, false and null as text


def _first(complaints: Iterable[str | None]) -> str | None:
    return next(filter(None, complaints), None)


_MOST_BITS = 1024
"""The size of the largest number that JSON readers preserve, a double."""


Reader = Callable[[bytes], Any]
Writer = Callable[[Any], str]


@cache
def _fast_functions() -> tuple[Callable[[bytes, Reader], Any], Callable[[Any, Writer], str]]:
    """Return the reader and the writer that use orjson, the extra `speed`; without it, ones that use their argument."""
    try:
        from ._fast_json import read, write_sorted
    except ImportError:
        return (lambda text, otherwise: otherwise(text)), (lambda value, otherwise: otherwise(value))
    return read, write_sorted


def fast_reader() -> Callable[[bytes, Reader], Any]:
    """Return the function that reads JSON with orjson if possible, and otherwise with the reader passed to it."""
    return _fast_functions()[0]


# Looking for circles takes a fifth of the time, and a value with one exceeds the recursion limit.
_encode_sorted = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False, default=encode
).encode


def sorted_json(value: Any) -> str:
    """Write JSON to be hashed: the same text for equal values, however their keys are ordered.

    :param value: The value.
    :return: The text, without blanks, and not only in ASCII.
    :raises TypeError: Something in it has no JSON form, or the keys of an object have several types.
    :raises RecursionError: It contains itself, or is nested too deeply.
    """
    return _fast_functions()[1](value, _encode_sorted)


def read_json(text: str | bytes) -> Any:
    """Read JSON as `json.loads` does, but faster with the extra `speed`.

    :param text: The text; a `str`, which we wrote ourselves, is left to `json`.
    :raises ValueError: It is not JSON.
    :raises RecursionError: It is nested too deeply.
    """
    return fast_reader()(text, json.loads) if isinstance(text, bytes) else json.loads(text)


def storable(text: str) -> str:
    """Return a text that UTF-8 can encode: half a surrogate pair, from a truncated answer, becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def json_or_none(text: str | bytes) -> Any:
    """Read a text that may not be JSON.

    :param text: The text.
    :return: The value; `None` if it is not JSON.
    """
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None


def is_json_object(text: str | bytes) -> bool:
    """Return whether a text is a complete JSON object.

    :param text: Any text.
    """
    if text.rstrip()[-1:] not in ("}", b"}"):  # a quick check, for texts that are still growing
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
