"""Functions that turn JSON values into Python values, or raise `MisfitError`.

A reader takes a value, and whether the value must fit the type exactly. If not, numbers and booleans may be text, as
models often write them: "5" reads as an integer, "true" as a boolean. A union tries an exact fit with each of its types
first, so text stays text wherever text is allowed.

An error lists every problem and where in the value it is. A container adds its own key to the problems of what it
holds, so a reader does not need to know where its value came from.
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

    :param problems: For each problem, the place in the value, as keys and indices, and what is wrong there.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{_path(keys)}: {problem}" if keys else problem for keys, problem in problems))
        self.problems = problems

    def under(self, key: Key) -> Iterator[Problem]:
        """Return the problems as seen from a container that holds the value under `key`."""
        return (((key, *keys), problem) for keys, problem in self.problems)


def takes(read: Read, value: Any) -> bool:
    """Return whether a reader accepts a value."""
    try:
        read(value)
    except MisfitError:
        return False
    return True


def expected(what: str, value: Any) -> MisfitError:
    """Return the error for a value that is not `what`."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return MisfitError(((), f"expected {what}, got {text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}"))


def _path(keys: Sequence[Key]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def type_of(values: Iterable[Any]) -> str | list[str] | None:
    """Return the JSON Schema type of some values, or a list of types; `None` if one of them is not a scalar."""
    names = sorted({_TYPES.get(type(value), "") for value in values})
    if not names or "" in names:
        return None
    return names[0] if len(names) == 1 else names


def spelled(value: Any) -> Any:
    """Return the number or boolean that a text spells, in any case; everything else unchanged."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            said = json.loads(value.lower())
            return said if type(said) in (int, float, bool) else value
    return value


def read_anything(value: Any, exact: bool = False) -> Any:
    """Return any JSON value unchanged."""
    return value


def read_integer(value: Any, exact: bool = False) -> int:
    """Read an integer. A number without a fraction, such as 5.0, is one."""
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
    """Read the contents of a container, given as keys, readers and values.

    :raises MisfitError: Some values do not fit; the error lists them all.
    """
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
