"""Values of a request to JSON text.

`json.dumps` does the work with its own defaults, so that a body is byte for byte what users of earlier releases
recorded; `encode` is its hook for what JSON does not know. A `Model` is a `dict` and an enum of strings is a `str`:
both pass by.
"""

import base64
import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any, cast

from azure.core.serialization import NULL
from typing_extensions import TypeIs


def is_object(value: Any) -> TypeIs[Mapping[str, Any]]:
    """Whether `value` is a JSON object."""
    return isinstance(value, (dict, Mapping))  # a dict is told at once, an abstract class asks its registry


def is_list(value: Any) -> TypeIs[list[Any]]:
    """Whether `value` is a JSON array."""
    return isinstance(value, list)


def is_tokens(value: Any) -> TypeIs[list[Any] | tuple[Any, ...]]:
    """Whether `value` may be a list of token ids."""
    return isinstance(value, (list, tuple))


def encode(value: Any) -> Any:
    """Return something that `json.dumps` knows for `value`: its `default` hook.

    :param value: A mapping that is no `dict`, an enum member, NULL, date or time (UTC as "Z"), duration (ISO 8601),
        bytes (base64) or `Decimal`.
    :return: The JSON value.
    :raises TypeError: Nothing of the above.
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
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be sent as JSON: {value!r:.200}")


def _utc(moment: datetime) -> str:
    aware = moment.astimezone(timezone.utc) if moment.tzinfo else moment
    return aware.replace(tzinfo=None).isoformat() + "Z"


def to_json(value: Any) -> str:
    """Write a request body.

    :param value: What to send.
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


def _complaint(value: Any, place: str = "") -> str | None:
    """Find the number that JSON does not have, and say where it stands."""
    if is_object(value):
        return _first(_complaint(member, f"{place}.{name}" if place else str(name)) for name, member in value.items())
    if isinstance(value, (list, tuple)):
        items = cast("Iterable[Any]", value)
        return _first(_complaint(item, f"{place}[{index}]") for index, item in enumerate(items))
    wrong = _wrong_number(value)
    return wrong and f"{place or 'the value'} is {wrong}."


def _wrong_number(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value}, which JSON does not have"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a number of {value.bit_length()} bits, which no service reads as JSON"
    return None


def _first(complaints: Iterable[str | None]) -> str | None:
    return next(filter(None, complaints), None)


_MOST_BITS = 1024
"""Of the largest number that readers of JSON keep, a double."""


@cache
def _orjson_loads() -> Callable[[bytes], Any] | None:
    """Return orjson's reader, loaded when something is first read; `None` where it is not installed."""
    try:
        return cast("Callable[[bytes], Any]", import_module("orjson").loads)
    except ImportError:
        return None


_DIGITS = bytes(48 if 48 <= byte <= 57 else 46 if byte == 46 else 32 for byte in range(256))
"""Makes every digit a 0, keeps dots, and makes everything else a blank."""

_LONG_INTEGER = b"0" * 19


def read_json(text: str | bytes) -> Any:
    """Read JSON as `json.loads` does, with orjson where it is installed (the extra `speed`).

    orjson refuses some of what `json` reads (NaN, lone surrogates, another encoding than UTF-8, great depth), and makes
    floats of integers of more than 64 bits. There, and without orjson, `json` reads.

    :param text: The text; a `str`, which is what we wrote ourselves, is left to `json`.
    :raises ValueError: It is not JSON.
    :raises RecursionError: It is nested too deeply.
    """
    loads = _orjson_loads()
    if loads is not None and isinstance(text, bytes):
        shape = text.translate(_DIGITS)
        if not shape.startswith(_LONG_INTEGER) and b" " + _LONG_INTEGER not in shape:
            try:
                return loads(text)
            except ValueError:
                pass
    return json.loads(text)


def json_or_none(text: str | bytes) -> Any:
    """Read JSON that may be none.

    :param text: The text.
    :return: The value; `None` if it is not JSON.
    """
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None


def is_json_object(text: str | bytes) -> bool:
    """Whether a text is a whole JSON object.

    :param text: Any text.
    """
    if text.rstrip()[-1:] not in ("}", b"}"):  # a quick look, for texts that are still growing
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
