"""A model is the JSON object.

`Model` is a `dict` that holds wire values and reads them through typed attributes. Parsing is `json.loads` and nothing
else: nested objects become models when they are first read, by attribute, item or iteration, and are kept, so that each
read returns the same object. Members that no field declares stay in the dict and are sent back unchanged.

A field is an annotation in the class body. Its type says how the value is read: as a model, a list or dict of models,
an enum (known values as members, unknown ones as `str`), a `datetime` (unix seconds on the wire), or as it is.
"""

import collections.abc as abc
import copy
import os
from collections.abc import Callable, ItemsView, Mapping, ValuesView
from datetime import datetime
from enum import Enum
from functools import cache
from inspect import currentframe, isfunction
from operator import is_
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, get_args, get_origin

from typing_extensions import Self, dataclass_transform

from ._annotations import DeferredType, choices, enclosing_names, is_class_variable, is_unresolved, own_annotations
from ._model_fields import (
    Convert,
    FieldSpec,
    constant,
    enum_reader,
    field,
    read_datetime,
    short_repr,
    to_plain,
    to_wire,
)

M = TypeVar("M", bound="Model")

_SCALARS = frozenset((str, int, float, bool, type(None)))
_SHORT_LIST = 16
_LIST_TYPES = (list, tuple, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_DICT_TYPES = (dict, abc.Mapping, abc.MutableMapping)
_SEQUENCES: Any = (list, tuple)  # as `Any`, so that type checkers do not narrow what is tested with it

# The methods of `dict` itself: a model overrides some of them, to wrap what they return.
_dict: Any = dict
_raw_get = _dict.get
_raw_set = _dict.__setitem__
_raw_item = _dict.__getitem__
_new = _dict.__new__
_update = _dict.update

Models = list
"""The class of nested lists in release 1.0.0. Pickles that were written with it name it."""


@dataclass_transform(kw_only_default=True, field_specifiers=(field, constant))
class Model(dict[str, Any]):
    """A JSON object with typed attributes.

    Create one from keywords, one for each field, or from one mapping in wire form, whose unknown members are kept. An
    absent field reads `None`. Assigning `None` removes a field; assigning `azure.core.serialization.NULL` makes it a
    JSON null. Other attributes may be set on an instance; they are not part of the JSON.

    :raises TypeError: A keyword is unknown, or a positional argument is not a mapping.
    """

    _member_names: ClassVar[dict[str, str]] = {}
    """The JSON member of each attribute."""
    _wrappers: ClassVar[dict[str, Convert]] = {}
    """For each member that may hold models, the function that makes them."""
    _leading: ClassVar[dict[str, str]] = {}
    """Constants that are written before the other members."""
    _trailing: ClassVar[dict[str, str]] = {}
    """Constants that are written after them."""
    _defaults: ClassVar[dict[str, Any]] = {}
    _positional: ClassVar[str | None] = None
    _subtypes: ClassVar[dict[str, type["Model"]]] = {}
    """The classes of the family, by the value of its discriminator."""
    _discriminator_field: ClassVar[str] = ""
    _wrap_lock: ClassVar[Lock] = Lock()

    def __init_subclass__(
        cls,
        *,
        positional: str | None = None,
        discriminator_field: str | None = None,
        discriminator: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Turn annotations into properties.

        :keyword positional: The field, a text or a list, that may be passed by position; it is then written last.
        :keyword discriminator_field: Makes this class the base of a family: the member that tells its subclasses apart.
        :keyword discriminator: The value of that member for this class.
        """
        super().__init_subclass__(**kwargs)
        if positional:
            cls._positional = positional
        cls._member_names, cls._wrappers = dict(cls._member_names), dict(cls._wrappers)
        cls._leading, cls._trailing, cls._defaults = dict(cls._leading), dict(cls._trailing), dict(cls._defaults)
        if discriminator_field:
            cls._subtypes, cls._discriminator_field = {}, discriminator_field
        if discriminator:
            cls._subtypes[discriminator] = cls
        frame = currentframe()
        for attribute, annotation in own_annotations(cls).items():
            if is_class_variable(annotation):
                continue
            if is_unresolved(annotation):
                annotation = DeferredType(annotation, cls, enclosing_names(frame)).resolve()
            cls._declare(attribute, annotation)

    @classmethod
    def _declare(cls, attribute: str, annotation: Any) -> None:
        spec = _field_spec(cls.__dict__.get(attribute))
        name, annotation, convert = spec.name or attribute, spec.read_as or annotation, spec.to_wire or to_wire
        if spec.constant is not None:
            (cls._trailing if spec.last else cls._leading)[name] = spec.constant
        if spec.default is not None:
            cls._defaults[name] = convert(spec.default)
        cls._member_names[attribute] = name
        get, wrap = _accessors(name, annotation)
        if wrap is not None:
            cls._wrappers[name] = wrap
        setattr(cls, attribute, property(get, _setter(name, convert)))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) == 1 and isinstance(args[0], Mapping):
            _fill_defaults(self)
            _update(self, args[0])
            return
        # The order of members is part of the contract: recorded request bodies are compared as text.
        _update(self, self._leading)
        _fill_defaults(self)
        self._take_keywords(kwargs)
        if args:
            self._take_positional(args, kwargs)
        _update(self, self._trailing)

    def _take_keywords(self, kwargs: Mapping[str, Any]) -> None:
        for attribute, value in kwargs.items():
            if attribute not in self._member_names:
                fields = ", ".join(self._member_names)
                raise TypeError(f"{type(self).__name__} has no field {attribute!r}; its fields are: {fields}")
            setattr(self, attribute, value)

    def _take_positional(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        name, (value, *more) = self._positional, args
        if name is None or more or not isinstance(value, (str, list)):
            takes = f"its {name} as a str or a list" if name else "keywords"
            given = ", ".join(type(arg).__name__ for arg in args)
            raise TypeError(f"{type(self).__name__} takes {takes}, or one mapping in wire form; got ({given})")
        if kwargs.get(name) is not None:
            raise ValueError(f"{name} cannot be provided as positional and keyword arguments")
        setattr(self, name, value)

    def _wrapped(self, name: str, value: Any) -> Any:
        """Return a member, wrapped if a field declares that it holds models."""
        wrap = self._wrappers.get(name)
        return value if wrap is None else _wrap_and_keep(self, name, value, wrap)

    def _wrap_all(self) -> None:
        for name in self._wrappers:
            value = _raw_get(self, name)
            if value.__class__ not in _SCALARS:
                self._wrapped(name, value)

    if TYPE_CHECKING:
        pass  # With `__getattr__`, type checkers would accept any attribute.
    else:

        def __getattr__(self, name: str) -> Any:
            """Raise `AttributeError`, naming what to read instead if other libraries have the attribute."""
            from ._attribute_hints import missing_attribute

            raise missing_attribute(self, name)

    def __getitem__(self, name: str) -> Any:
        value = _raw_item(self, name)
        return value if value.__class__ in _SCALARS else self._wrapped(name, value)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member, as `dict.get` does; nested objects are models."""
        return self[name] if name in self else default

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Return the values, as `dict.values` does; nested objects are models."""
        self._wrap_all()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Return the members, as `dict.items` does; nested objects are models."""
        if self._wrappers:
            self._wrap_all()
        return super().items()

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a member and return it, as `dict.pop` does; nested objects are models."""
        if name in self:
            self[name]
        return super().pop(name, *default)

    def popitem(self) -> tuple[str, Any]:
        """Remove the last member and return it, as `dict.popitem` does; nested objects are models."""
        self._wrap_all()
        return super().popitem()

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return a member, adding it if it is absent, as `dict.setdefault` does; nested objects are models."""
        super().setdefault(name, default)
        return self[name]

    def copy(self) -> Self:
        """Return a shallow copy, of the same class."""
        return copy.copy(self)

    def as_dict(self, *, exclude_readonly: bool = False) -> dict[str, Any]:
        """Return a deep copy in plain dicts, lists and wire values.

        :keyword exclude_readonly: Accepted for compatibility; no field is read-only.
        :return: What `json.dumps` of the model would write.
        """
        plain: dict[str, Any] = to_plain(self)
        return plain

    def __repr__(self) -> str:
        return short_repr(type(self).__name__, self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Allow pydantic, and so FastAPI, to use a model as a field: instances pass unchanged, mappings become models.

        pydantic refuses everything else, and a mapping whose discriminator names another class of the family, so that
        the next type of a union gets its turn.
        """
        from pydantic_core import core_schema

        def take(value: Any) -> Any:
            if not _is_plain_object(value):
                return value
            kind = value.get(cls._discriminator_field)
            named = cls._subtypes.get(kind, cls) if isinstance(kind, str) else cls
            return named(value) if issubclass(named, cls) else value

        return core_schema.no_info_before_validator_function(
            take,
            core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.as_dict),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "title": cls.__name__}


def _field_spec(given: Any) -> FieldSpec:
    """Return what a class body declares for a field besides its annotation: a spec, a default, or nothing."""
    if given is None:
        return _NOTHING
    if isinstance(given, FieldSpec):
        return given
    return FieldSpec(default=None if hasattr(given, "__get__") else given)  # a method of that name is not a default


_NOTHING = FieldSpec()


def _accessors(name: str, annotation: Any) -> tuple[Convert, Convert | None]:
    """Return the function that reads a member, and the one that wraps it, if it may hold models."""
    if isinstance(annotation, DeferredType):
        return _deferred_getter(name, annotation), _deferred_wrapper(annotation)
    kind, read = _reader(annotation)
    return _GETTERS[kind](name, read), read if kind == "nested" else None


def _setter(name: str, convert: Convert) -> Callable[[Any, Any], None]:
    def set_member(self: Model, value: Any) -> None:
        if value is None:
            _dict.pop(self, name, None)
        else:
            _raw_set(self, name, convert(value))

    return set_member


def _deferred_getter(name: str, deferred: DeferredType) -> Convert:
    def get(self: Model) -> Any:
        kind, read = _deferred_reader(deferred)
        return _GETTERS[kind](name, read)(self)

    return get


def _deferred_wrapper(deferred: DeferredType) -> Convert:
    def wrap(value: Any) -> Any:
        kind, read = _deferred_reader(deferred)
        return read(value) if kind == "nested" else value

    return wrap


def _deferred_reader(deferred: DeferredType) -> tuple[str, Any]:
    annotation = deferred.resolve()
    return ("plain", None) if annotation is deferred else _reader(annotation)


def _plain_getter(name: str, read: Any) -> Convert:
    def get(self: Model) -> Any:
        return _raw_get(self, name)

    return get


def _nested_getter(name: str, read: Convert) -> Convert:
    # The hot path of every answer and update: a lookup and a type check once the member is wrapped.
    def get(self: Model) -> Any:
        value = _raw_get(self, name)
        if value.__class__ is list:
            # Most lists hold one model: the only choice, the only tool call.
            return value if len(value) == 1 and isinstance(value[0], Model) else _wrap_and_keep(self, name, value, read)
        return value if value is None or isinstance(value, (Model, str)) else _wrap_and_keep(self, name, value, read)

    return get


def _converting_getter(name: str, read: Convert) -> Convert:
    def get(self: Model) -> Any:
        return read(_raw_get(self, name))

    return get


_GETTERS = {"plain": _plain_getter, "nested": _nested_getter, "converted": _converting_getter}


def _wrap_and_keep(model: Model, name: str, value: Any, wrap: Convert) -> Any:
    """Wrap a member and store the result, so that threads that read it at the same time get the same object."""
    wrapped = wrap(value)
    if wrapped is value:
        return value
    # Compare and swap: the thread that stores first wins, and the others return what it stored. The lock is never held
    # while other code runs.
    lock = Model._wrap_lock  # noqa: SLF001
    lock.acquire()  # A third of the cost of `with`, and this runs twice for each update of a stream.
    try:
        if _raw_get(model, name) is value:
            _raw_set(model, name, wrapped)
            return wrapped
    finally:
        lock.release()
    return _raw_get(model, name)


def _renew_lock() -> None:
    Model._wrap_lock = Lock()  # noqa: SLF001


# A forked child has no thread that could release a lock which was held at the time. Windows cannot fork.
getattr(os, "register_at_fork", dict)(after_in_child=_renew_lock)


def _reader(annotation: Any) -> tuple[Literal["plain", "nested", "converted"], Any]:
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
        return wrap_as(choice) if issubclass(choice, Model) else None
    origin, args = get_origin(choice), get_args(choice)
    if args and (origin in _LIST_TYPES or origin in _DICT_TYPES):
        kind, read = _reader(args[0 if origin in _LIST_TYPES else -1])
        if kind == "nested":
            return _list_of(read) if origin in _LIST_TYPES else _dict_of(read)
    return None


def _first_of(wrappers: list[Convert]) -> Convert:
    def wrap(value: Any) -> Any:
        return next((wrapped for each in wrappers if (wrapped := each(value)) is not value), value)

    return wrap


def _is_plain_object(value: Any) -> bool:
    return not isinstance(value, (str, Model)) and isinstance(value, Mapping)


def raw_member(model: Any, name: str, default: Any = None) -> Any:
    """Return a member as received, without building a model, for hot paths that read a number from each answer.

    :param model: The model, or another dict.
    :param name: The member's name.
    :param default: What to return if there is none.
    """
    return _raw_get(model, name, default)


def wrap_as(model: type[M]) -> Callable[[Any], M]:
    """Return the function that turns an object from the wire into a model.

    :param model: The class, or the base of a family; the discriminator then picks the subclass.
    :return: A function that leaves everything but plain objects alone.
    """
    subtypes, member, defaults = model._subtypes, model._discriminator_field, model._defaults  # noqa: SLF001

    # `__class__ is dict` comes first in both: it is several times as fast as the general test, and nearly always true.
    def wrap(value: Any) -> Any:
        if value.__class__ is not dict and not _is_plain_object(value):
            return value
        wrapped = _new(model)
        if defaults:
            _fill_defaults(wrapped)
        _update(wrapped, value)
        return wrapped

    def wrap_as_subtype(value: Any) -> Any:
        if value.__class__ is not dict and not _is_plain_object(value):
            return value
        kind = value.get(member)
        wrapped = _new(subtypes.get(kind, model) if isinstance(kind, str) else model)
        _fill_defaults(wrapped)
        _update(wrapped, value)
        return wrapped

    return wrap_as_subtype if member else wrap


def _holds_models_only(values: list[Any]) -> bool:
    # A list from a service is wrapped as a whole or not at all, so the ends of a long one tell; checking every item on
    # every read would make reading it by index quadratic. A short one may have been built by hand.
    if len(values) > _SHORT_LIST:
        return isinstance(values[0], Model) and isinstance(values[-1], Model)
    return all(isinstance(value, Model) for value in values)


def _list_of(wrap_item: Convert) -> Convert:
    def wrap(values: Any) -> Any:
        if values.__class__ is list:
            if not values or (isinstance(values[0], Model) and _holds_models_only(values)):
                return values
            wrapped = list(map(wrap_item, values))
            return wrapped if wrapped[0] is not values[0] or not all(map(is_, wrapped, values)) else values
        return list(map(wrap_item, values)) if isinstance(values, _SEQUENCES) else values

    return wrap


def _dict_of(wrap_item: Convert) -> Convert:
    def wrap(values: Any) -> Any:
        if not _is_plain_object(values):
            return values
        wrapped = {name: wrap_item(value) for name, value in values.items()}
        return wrapped if any(wrapped[name] is not values[name] for name in wrapped) else values

    return wrap


def _fill_defaults(model: Model) -> None:
    """Set a model's defaults, as copies where they are mutable, so that no two models share one."""
    for name, default in model._defaults.items():  # noqa: SLF001
        _raw_set(model, name, default if default.__class__ in _SCALARS else copy.deepcopy(default))
