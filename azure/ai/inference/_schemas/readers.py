"""JSON values are read by functions that return a Python value or raise `MisfitError`.

A reader takes a value, and whether it must be of the type exactly. Otherwise a number or a boolean may come as text, as
models often write it: "5" is an integer, "true" a boolean. A union asks each of its types for an exact fit first, so
that text stays text where it may be text.

An error knows where in the value each problem lies. A container puts its own key before those of what it holds, so
that a reader need not know where it stands, and one error can tell of all problems.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, Union


class Read(Protocol):
    """Turns a JSON value into a Python value."""

    def __call__(self, value: Any, exact: bool = False, /) -> Any: ...


Key = Union[str, int]
Problem = tuple[Sequence[Key], str]

_SHOWN = 80
_TYPES: Mapping[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


class MisfitError(ValueError):
    """A JSON value does not fit a type.

    :param problems: Where in the value, as keys and indices, and what is wrong there.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{_path(keys)}: {problem}" if keys else problem for keys, problem in problems))
        self.problems = problems

    def under(self, key: Key) -> Iterator[Problem]:
        """Tell the problems as those of a container that holds the value under `key`."""
        return (((key, *keys), problem) for keys, problem in self.problems)


def takes(read: Read, value: Any) -> bool:
    """Whether `value` can be read so."""
    try:
        read(value)
    except MisfitError:
        return False
    return True


def expected(what: str, value: Any) -> MisfitError:
    """Make the error for a value that is not `what`."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return MisfitError(((), f"expected {what}, got {text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}"))


def _path(keys: Sequence[Key]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def type_of(values: Iterable[Any]) -> str | list[str] | None:
    """Name the type that JSON schema has for some values, or the types; `None` if one is no string, number or such."""
    names = sorted({_TYPES.get(type(value), "") for value in values})
    if not names or "" in names:
        return None
    return names[0] if len(names) == 1 else names


def spelled(value: Any) -> Any:
    """Return the number or boolean that a text spells in JSON, in any case; everything else as it is."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            said = json.loads(value.lower())
            return said if type(said) in (int, float, bool) else value
    return value


def read_anything(value: Any, exact: bool = False) -> Any:
    """Read any JSON value as what it is."""
    return value


def read_integer(value: Any, exact: bool = False) -> int:
    """Read an integer; a number without fraction, such as 5.0, is one too."""
    said = value if exact else spelled(value)
    if type(said) is int:
        return said
    if isinstance(said, float) and said.is_integer():
        return int(said)
    raise expected("an integer", value)


def read_number(value: Any, exact: bool = False) -> float:
    """Read a number."""
    said = value if exact else spelled(value)
    if type(said) in (int, float):
        with suppress(OverflowError):
            return float(said)
    raise expected("a number", value)


def read_boolean(value: Any, exact: bool = False) -> bool:
    """Read true or false."""
    said = value if exact else spelled(value)
    if type(said) is bool:
        return said
    raise expected("true or false", value)


def read_each(entries: Iterable[tuple[Key, Read, Any]], exact: bool) -> list[Any]:
    """Read what a container holds: keys, readers and values; tell of all that do not fit."""
    items: list[Any] = []
    problems: list[Problem] = []
    for key, read, value in entries:
        try:
            items.append(read(value, exact))
        except MisfitError as misfit:  # noqa: PERF203
            problems += misfit.under(key)
    if problems:
        raise MisfitError(*problems)
    return items
