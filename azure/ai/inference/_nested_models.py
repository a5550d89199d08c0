"""Nested objects become models when they are first read, by attribute, item or iteration.

`WrappingDict` is the dict beneath every model. It replaces a nested object by the model, so that each read returns the
same one. `reader` finds out from a field's type how its values are read, and `wrap_as` turns an object into a model.
"""

import collections.abc as abc
import copy
import os
from collections.abc import Callable, ItemsView, Mapping, ValuesView
from datetime import datetime
from enum import Enum
from functools import cache
from inspect import isfunction
from operator import is_
from threading import Lock
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin

from typing_extensions import Self

from ._annotations import choices
from ._model_fields import Convert, enum_reader, read_datetime

W = TypeVar("W", bound="WrappingDict")

_SCALARS = frozenset((str, int, float, bool, type(None)))
_SHORT_LIST = 16
_LIST_TYPES = (list, tuple, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_DICT_TYPES = (dict, abc.Mapping, abc.MutableMapping)
_SEQUENCES: Any = (list, tuple)  # as `Any`, so that type checkers do not narrow what is tested with it

# The methods of `dict` itself, which do not wrap what they return.
_dict: Any = dict
_raw_get = _dict.get
_raw_set = _dict.__setitem__
_raw_item = _dict.__getitem__
_new = _dict.__new__
_update = _dict.update


class WrappingDict(dict[str, Any]):
    """A dict of wire values. Nested objects that a field declares as models are models however they are reached."""

    _wrappers: ClassVar[dict[str, Convert]] = {}
    """For each member that may hold models, the function that makes them."""
    _defaults: ClassVar[dict[str, Any]] = {}
    """The members of new models, in wire form."""
    _subtypes: ClassVar[dict[str, type["WrappingDict"]]] = {}
    """The classes of the family, by the value of its discriminator."""
    _discriminator_field: ClassVar[str] = ""
    _wrap_lock: ClassVar[Lock] = Lock()

    def _wrapped(self, name: str, value: Any) -> Any:
        """Return a member, wrapped if a field declares that it holds models."""
        wrap = self._wrappers.get(name)
        return value if wrap is None else wrap_and_keep(self, name, value, wrap)

    def _wrap_all(self) -> None:
        for name in self._wrappers:
            value = _raw_get(self, name)
            if value.__class__ not in _SCALARS:
                self._wrapped(name, value)

    def __getitem__(self, name: str) -> Any:
        value = _raw_item(self, name)
        return value if value.__class__ in _SCALARS else self._wrapped(name, value)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member, as `dict.get` does; nested objects are models."""
        return self[key] if key in self else default

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Return the values, as `dict.values` does; nested objects are models."""
        self._wrap_all()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Return the members, as `dict.items` does; nested objects are models."""
        if self._wrappers:
            self._wrap_all()
        return super().items()

    def pop(self, key: str, default: Any = ...) -> Any:
        """Remove a member and return it, as `dict.pop` does; nested objects are models."""
        if key in self:
            self[key]
        return super().pop(key) if default is ... else super().pop(key, default)

    def popitem(self) -> tuple[str, Any]:
        """Remove the last member and return it, as `dict.popitem` does; nested objects are models."""
        self._wrap_all()
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return a member, adding it if it is absent, as `dict.setdefault` does; nested objects are models."""
        super().setdefault(key, default)
        return self[key]

    def copy(self) -> Self:
        """Return a shallow copy, of the same class."""
        return copy.copy(self)


def wrap_and_keep(model: WrappingDict, name: str, value: Any, wrap: Convert) -> Any:
    """Wrap a member and store the result, so that threads that read it at the same time get the same object."""
    wrapped = wrap(value)
    if wrapped is value:
        return value
    # Compare and swap: the thread that stores first wins, and the others return what it stored. The lock is never held
    # while other code runs.
    lock = WrappingDict._wrap_lock  # noqa: SLF001
    lock.acquire()  # A third of the cost of `with`, and this runs twice for each update of a stream.
    try:
        if _raw_get(model, name) is value:
            _raw_set(model, name, wrapped)
            return wrapped
    finally:
        lock.release()
    return _raw_get(model, name)


def _renew_lock() -> None:
    WrappingDict._wrap_lock = Lock()  # noqa: SLF001


# A forked child has no thread that could release a lock which was held at the time. Windows cannot fork.
getattr(os, "register_at_fork", dict)(after_in_child=_renew_lock)


def reader(annotation: Any) -> tuple[Literal["plain", "nested", "converted"], Any]:
    """Return how a field of this type is read, and the function that reads it."""
    try:
        return _known_reader(annotation)
    except TypeError:  # The type cannot be hashed, such as `Annotated[..., {}]`.
        return _make_reader(annotation)


@cache
def _known_reader(annotation: Any) -> tuple[Literal["plain", "nested", "converted"], Any]:
    return _make_reader(annotation)


def _make_reader(annotation: Any) -> tuple[Literal["plain", "nested", "converted"], Any]:
    if isfunction(annotation):
        return "converted", annotation
    wrappers: list[Convert] = []
    for choice in choices(annotation):
        if _is_class(choice) and issubclass(choice, Enum):
            return "converted", enum_reader(choice)
        if choice is datetime:
            return "converted", read_datetime
        wrap = _wrapper(choice)
        if wrap is not None:
            wrappers.append(wrap)
    if not wrappers:
        return "plain", None
    return "nested", wrappers[0] if len(wrappers) == 1 else _first_of(wrappers)


def _is_class(choice: Any) -> bool:
    # Python 3.10 takes `list[int]` for an instance of `type`, but not its own type for a subclass.
    return issubclass(type(choice), type)


def _wrapper(choice: Any) -> Convert | None:
    """Return the function that wraps the values of one type, or `None` if they never hold models."""
    if _is_class(choice):
        return wrap_as(choice) if issubclass(choice, WrappingDict) else None
    origin, args = get_origin(choice), get_args(choice)
    if args and (origin in _LIST_TYPES or origin in _DICT_TYPES):
        kind, read = reader(args[0 if origin in _LIST_TYPES else -1])
        if kind == "nested":
            return _list_of(read) if origin in _LIST_TYPES else _dict_of(read)
    return None


def _first_of(wrappers: list[Convert]) -> Convert:
    def wrap(value: Any) -> Any:
        return next((wrapped for each in wrappers if (wrapped := each(value)) is not value), value)

    return wrap


def is_plain_object(value: Any) -> bool:
    """Return whether a value is a JSON object that is not a model yet."""
    return not isinstance(value, (str, WrappingDict)) and isinstance(value, Mapping)


def raw_member(model: Any, name: str, default: Any = None) -> Any:
    """Return a member as received, without building a model, for hot paths that read a number from each answer.

    :param model: The model, or another dict.
    :param name: The member's name.
    :param default: What to return if there is none.
    """
    return _raw_get(model, name, default)


def wrap_as(model: type[W]) -> Callable[[Any], W]:
    """Return the function that turns an object from the wire into a model.

    :param model: The class, or the base of a family; the discriminator then picks the subclass.
    :return: A function that leaves everything but plain objects alone.
    """
    subtypes, member, defaults = model._subtypes, model._discriminator_field, model._defaults  # noqa: SLF001

    # `__class__ is dict` comes first in both: it is several times as fast as the general test, and nearly always true.
    def wrap(value: Any) -> Any:
        if value.__class__ is not dict and not is_plain_object(value):
            return value
        wrapped = _new(model)
        if defaults:
            fill_defaults(wrapped)
        _update(wrapped, value)
        return wrapped

    def wrap_as_subtype(value: Any) -> Any:
        if value.__class__ is not dict and not is_plain_object(value):
            return value
        kind = value.get(member)
        wrapped = _new(subtypes.get(kind, model) if isinstance(kind, str) else model)
        fill_defaults(wrapped)
        _update(wrapped, value)
        return wrapped

    return wrap_as_subtype if member else wrap


def _holds_models_only(values: list[Any]) -> bool:
    # A list from a service is wrapped as a whole or not at all, so the ends of a long one tell; checking every item on
    # every read would make reading it by index quadratic. A short one may have been built by hand.
    if len(values) > _SHORT_LIST:
        return isinstance(values[0], WrappingDict) and isinstance(values[-1], WrappingDict)
    return all(isinstance(value, WrappingDict) for value in values)


def _list_of(wrap_item: Convert) -> Convert:
    def wrap(values: Any) -> Any:
        if values.__class__ is list:
            if not values or (isinstance(values[0], WrappingDict) and _holds_models_only(values)):
                return values
            wrapped = list(map(wrap_item, values))
            return wrapped if wrapped[0] is not values[0] or not all(map(is_, wrapped, values)) else values
        return list(map(wrap_item, values)) if isinstance(values, _SEQUENCES) else values

    return wrap


def _dict_of(wrap_item: Convert) -> Convert:
    def wrap(values: Any) -> Any:
        if not is_plain_object(values):
            return values
        wrapped = {name: wrap_item(value) for name, value in values.items()}
        return wrapped if any(wrapped[name] is not values[name] for name in wrapped) else values

    return wrap


def fill_defaults(model: WrappingDict) -> None:
    """Set a model's defaults, as copies where they are mutable, so that no two models share one."""
    for name, default in model._defaults.items():  # noqa: SLF001
        _raw_set(model, name, default if default.__class__ in _SCALARS else copy.deepcopy(default))
