"""Declarations in the body of a model class, and how single values are read and written.

Nothing here knows `Model`, which imports it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast, overload

from azure.core.serialization import NULL
from typing_extensions import Self

from ._json import is_list, is_object

T = TypeVar("T")
Convert = Callable[[Any], Any]

_dict: Any = dict
_dict_items = _dict.items
_REPR_LENGTH = 1024
_REPR_ITEMS = 16


class FieldSpec(NamedTuple):
    """What `field` and `constant` leave in a class body until the class is complete."""

    name: str | None = None
    """The JSON member, where its name differs from the attribute."""
    default: Any = None
    constant: str | None = None
    """A value that the constructor sets by itself."""
    last: bool = False
    """Whether a constant is written after the other members."""
    read_as: Any = None
    to_wire: Convert | None = None


def field(
    *,
    name: str | None = None,
    default: Any = None,
    read_as: Any = None,
    to_wire: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare a field.

    :keyword name: The JSON member, where its name differs from the attribute.
    :keyword default: The field's value in new models; `None` leaves it out. A mutable default is copied for each model.
    :keyword read_as: The type to read the value as, where services send more than the annotation promises; or a
        function that reads it and leaves the JSON alone.
    :keyword to_wire: Turns a value that is passed or assigned into its wire form.
    """
    return FieldSpec(name, default, read_as=read_as, to_wire=to_wire)


def constant(value: str, *, last: bool = False, init: Literal[False] = False) -> Any:
    """Declare a field that the constructor sets by itself, such as a role or a type.

    :param value: Its value.
    :keyword last: Whether to write it after the other members of the object instead of before them.
    :keyword init: For type checkers: the constructor takes no such argument.
    """
    return FieldSpec(constant=value, last=last)


class computed(Generic[T]):
    """Turns a method that reads a model's members into an attribute.

    Assigning the attribute overrides it on that instance, and deleting it restores it. The JSON does not change.
    """

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    @overload
    def __get__(self, model: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, model: Any, owner: type[Any]) -> T: ...
    def __get__(self, model: Any, owner: type[Any]) -> Self | T:
        return self if model is None else self._read(model)

    if TYPE_CHECKING:
        # Not at run time: a descriptor without `__set__` lets the instance's own attribute win.
        def __set__(self, model: Any, value: T) -> None: ...


def enum_reader(enum: type[Enum]) -> Convert:
    """Return a function that reads known values as members of an enum, and leaves all others alone."""
    members = {member.value: member for member in enum}

    def read(value: Any) -> Any:
        return members.get(value, value) if value.__class__ is str else value

    return read


def read_datetime(value: Any) -> Any:
    """Return unix seconds as an aware `datetime`; anything else, or seconds out of its range, unchanged."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, timezone.utc)
        except (ValueError, OverflowError, OSError):
            return value
    return value


def to_wire(value: Any) -> Any:
    """Return the wire form of a value that is passed or assigned to a field."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    return None if value is NULL else value


def to_plain(value: Any) -> Any:
    """Copy a value deeply into plain dicts, lists and wire values."""
    if isinstance(value, dict):
        # `dict.items`, because a model's own `items` would wrap what is about to be unwrapped.
        return {name: to_plain(member) for name, member in _dict_items(value)}
    if is_object(value):
        return {name: to_plain(member) for name, member in value.items()}
    if is_list(value) or isinstance(value, tuple):
        return [to_plain(item) for item in cast("list[Any]", value)]
    if value is NULL:
        return None
    return value.value if isinstance(value, Enum) else value


def short_repr(name: str, members: Mapping[str, Any]) -> str:
    """Return the `repr` of a model, cut at 1,024 characters."""
    text = f"{name}({_short(members)})"
    return text if len(text) <= _REPR_LENGTH else text[: _REPR_LENGTH - 4] + "...)"


def _short(value: Any) -> str:
    # Cut while it is written: the whole text of an answer with embeddings would be megabytes.
    if isinstance(value, dict):
        entries = _dict_items(value)
        shown = [f"{name!r}: {_short(member)}" for name, member in islice(entries, _REPR_ITEMS * 2)]
        return "{" + ", ".join(shown) + (", ...}" if len(entries) > len(shown) else "}")
    if is_list(value):
        shown = [_short(item) for item in islice(value, _REPR_ITEMS)]
        return "[" + ", ".join(shown) + (", ...]" if len(value) > len(shown) else "]")
    return repr(value[:_REPR_LENGTH]) if isinstance(value, str) else repr(value)
