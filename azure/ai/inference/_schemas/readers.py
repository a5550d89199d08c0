"""JSON values are read by functions that return a Python value or raise `MisfitError`.

An error knows where in the value each problem lies. A container puts its own key before those of what it holds, so
that a reader need not know where it stands, and one error can tell of all problems.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Union

Read = Callable[[Any], Any]
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


def read_anything(value: Any) -> Any:
    """Read any JSON value as what it is."""
    return value


def read_integer(value: Any) -> int:
    """Read an integer; a number without fraction, such as 5.0, is one too."""
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise expected("an integer", value)


def read_number(value: Any) -> float:
    """Read a number."""
    if type(value) in (int, float):
        with suppress(OverflowError):
            return float(value)
    raise expected("a number", value)


def read_each(entries: Iterable[tuple[Key, Read, Any]]) -> list[Any]:
    """Read what a container holds: keys, readers and values; tell of all that do not fit."""
    items: list[Any] = []
    problems: list[Problem] = []
    for key, read, value in entries:
        try:
            items.append(read(value))
        except MisfitError as misfit:  # noqa: PERF203
            problems += misfit.under(key)
    if problems:
        raise MisfitError(*problems)
    return items
