"""Check the arguments of emulators, replies and faults when they are passed, and name the invalid one.

Unchecked, it would break a response later. Replies and faults also come from files and the control API, where no
type checker sees them.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from inspect import isasyncgenfunction, iscoroutinefunction
from os import PathLike
from pathlib import Path
from typing import Any, Final, TypeVar

from ._values import compact

Kinds = tuple[type, ...]
_Item = TypeVar("_Item")

_WORDS: Final[Mapping[type, str]] = {
    str: "a str",
    bytes: "bytes",
    Path: "a Path",
    PathLike: "a path",
    int: "a whole number",
    float: "a number",
    Mapping: "a mapping",
    Sequence: "a list",
    Iterable: "a list",
    type(None): "None",
}
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[^\r\n\0]*")


def check_types(owner: Any, kinds: Mapping[str, Kinds]) -> None:
    """Check the types of an object's attributes.

    :param kinds: The types that each attribute may have.
    :raises TypeError: One has another type. The message names it, its value, and the accepted types.
    """
    for name, wanted in kinds.items():
        check_type(name, getattr(owner, name), wanted)


def check_type(name: str, value: Any, wanted: Kinds) -> None:
    """Check the type of one value.

    :raises TypeError: It has another type. The message names it, and the accepted types.
    """
    if not _is_of(value, wanted):
        raise TypeError(f"{name} is {value!r}; pass {' or '.join(_word(kind) for kind in wanted)}")


def check_all(wanted: Kinds, **values: Any) -> None:
    """Check that several arguments are of the same types.

    :raises TypeError: One has another type. The message names it, and the accepted types.
    """
    for name, value in values.items():
        check_type(name, value, wanted)


def check_choice(name: str, value: Any, choices: Collection[str | None]) -> None:
    """Check that a value is one of several.

    :raises ValueError: It is not. The message lists the choices.
    """
    if value not in tuple(choices):  # a tuple, because the value may not be hashable
        raise ValueError(f"{name} is {value!r}; choose one of {', '.join(filter(None, choices))}")


def check_least(least: int, **values: float | None) -> None:
    """Check that numbers are not too small. None is skipped.

    :raises ValueError: One is too small. The message names it.
    """
    for name, value in values.items():
        if value is not None and value < least:
            raise ValueError(f"{name} is {value}; choose {least} or more")


def check_status(value: int) -> None:
    """Check that a number is the status of a final response.

    :raises ValueError: It is not.
    """
    if not 200 <= value <= 599:
        raise ValueError(f"status is {value}; choose one from 200 to 599")


def as_texts(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Check that values are texts, and return them.

    :raises ValueError: The value is a single text, which would be read letter by letter.
    :raises TypeError: One is not a text. The message names it.
    """
    if isinstance(values, str):
        raise ValueError(f"{name} is a str, {values!r}; put it in a list")
    return as_items(name, values, str)


def as_items(name: str, values: Iterable[_Item], kind: type[_Item]) -> tuple[_Item, ...]:
    """Check that values have a type, and return them.

    :raises TypeError: One has another type. The message names it.
    """
    check_type(name, values, (Iterable,))
    items = tuple(values)
    for number, item in enumerate(items):
        check_type(f"{name}[{number}]", item, (kind,))
    return items


def _word(kind: type) -> str:
    return _WORDS.get(kind) or f"a {kind.__name__}"


def _is_of(value: Any, wanted: Kinds) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, (str, bytes)):  # a str is not a list of texts
        return type(value) in wanted or (isinstance(value, str) and str in wanted)
    if isinstance(value, float):
        return float in wanted and math.isfinite(value)
    return isinstance(value, (*wanted, int) if float in wanted else wanted)


def check_headers(headers: Mapping[str, Any]) -> None:
    """Check that headers can be sent.

    :raises TypeError: For a name or a value that is not text.
    :raises ValueError: For a character that headers cannot have.
    """
    for name, value in headers.items():
        check_type(f"headers[{name!r}]", value, (str,))
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"headers has the name {name!r}; use letters, digits and hyphens")
        if not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"headers[{name!r}] is {value!r}; leave out line ends")


def check_function(name: str, value: Any) -> None:
    """Check that a value is no async function: the result of one is true, whatever it returns later.

    :raises TypeError: If it is one.
    """
    if iscoroutinefunction(value) or isasyncgenfunction(value):
        raise TypeError(f"{name} is the async function {value.__name__}; pass one that is not async")


def check_json(name: str, value: Any) -> None:
    """Check that a value can be written as JSON.

    :raises TypeError: If it cannot.
    """
    try:
        compact(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{name} cannot be written as JSON: {error}") from error
