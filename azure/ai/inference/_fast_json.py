"""Read and write JSON with orjson, the extra `speed`, whenever it returns the same as `json`.

orjson refuses some of what `json` reads: NaN, lone surrogates, encodings other than UTF-8. It would make floats of
integers of more than 64 bits, and read deeper than `json` may, so such texts are not passed to it. It writes NaN as
null, and very large and very small floats in another format, so `json` writes these. Loaded by `_json` when it is
first needed.
"""

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import orjson

_DIGITS = bytes(48 if 48 <= byte <= 57 else 46 if byte == 46 else 32 for byte in range(256))
"""Turns every digit into 0, keeps dots, and turns everything else into a blank."""
_LONG_INTEGER = b"0" * 19
"""A number with this many digits may exceed 64 bits."""

_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEPS)
_DEEP = 500
"""Levels of nesting that `json` reads in any Python; how many more depends on its release and on the caller's stack."""


def read(text: bytes, otherwise: Callable[[bytes], Any]) -> Any:
    """Read JSON.

    :param text: The text.
    :param otherwise: The reader for what orjson does not read, or reads differently.
    :return: The value.
    """
    shape = text.translate(_DIGITS)
    # The first search skips through the text, while those behind a blank look at every byte.
    if not (_LONG_INTEGER in shape and _has_long_integer(shape)) and not (len(text) >= 2 * _DEEP and _is_deep(text)):
        try:
            return orjson.loads(text)
        except ValueError:
            pass
    return otherwise(text)


def _has_long_integer(shape: bytes) -> bool:
    return shape.startswith(_LONG_INTEGER) or b" " + _LONG_INTEGER in shape


def _is_deep(text: bytes) -> bool:
    brackets = text.translate(None, _NO_BRACKETS)
    return len(brackets) >= 2 * _DEEP and max(accumulate(map(_STEPS.__getitem__, brackets))) > _DEEP


_SORTED = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
"""What is not passed through is written as `json` and `_json.encode` write it."""


def write_sorted(value: Any, otherwise: Callable[[Any], str]) -> str:
    """Write JSON with sorted keys and without blanks.

    :param value: The value.
    :param otherwise: The writer for what orjson does not write, or writes differently.
    """
    try:
        text = orjson.dumps(value, option=_SORTED)
    except TypeError:
        return otherwise(value)
    return otherwise(value) if b"null" in text or _has_unusual_float(text) else text.decode()


_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def _has_unusual_float(text: bytes) -> bool:
    """Return whether a float may be below 0.001 or above 1e15, which writers of JSON format in several ways."""
    shape = text.translate(_ZEROS)
    return b"0e0" in shape or b"0e-" in shape or b"0.000" in shape or b"000000000000000." in shape
