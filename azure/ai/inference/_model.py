"""A model is the JSON object.

`Model` is a `dict` that holds wire values and reads them through typed attributes. Parsing is `json.loads` and nothing
else: nested objects become models when they are first touched, by attribute, item or iteration, and are kept, so that
the same object comes every time. What a service sends beyond the declared fields stays in the dict and goes back as it
came.

A field is an annotation in the class body. Its type says how the value is read: a model, a list of models, an enum
(known values as members, unknown ones as `str`), a `datetime` (unix seconds on the wire), or the value itself.
"""

import collections.abc as abc
import copy
import os
from collections.abc import Callable, ItemsView, Mapping, ValuesView
from datetime import datetime, timezone
from enum import Enum
from functools import cache
from inspect import currentframe, isfunction
from itertools import islice
from operator import is_
from threading import Lock
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    overload,
)

from azure.core.serialization import NULL
from typing_extensions import Self, dataclass_transform

from ._annotations import choices, enclosing_names, is_class_variable, is_unresolved, own_annotations, resolve
from ._json import is_list, is_object

T = TypeVar("T")
M = TypeVar("M", bound="Model")
Wrap = Callable[[Any], Any]

if TYPE_CHECKING:
    from azure.core.serialization import _Null

    Setting = Union[T, _Null, None]
    """A value, `azure.core.serialization.NULL` for an explicit JSON null, or `None` for not said."""
else:

    class Setting:
        def __class_getitem__(cls, value: Any) -> Any:
            return value


_REPR_LENGTH = 1024
_REPR_ITEMS = 16

_ATOMS = frozenset((str, int, float, bool, type(None)))
"""Classes of values that hold nothing."""
_SHORT = 16
_SEQUENCES: Any = (list, tuple)
_ARRAYS = (list, tuple, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_OBJECTS = (dict, abc.Mapping, abc.MutableMapping)

_dict: Any = dict
_raw_get = _dict.get
_raw_set = _dict.__setitem__
_raw_item = _dict.__getitem__
_new = _dict.__new__
_update = _dict.update


class _Field:
    """What `field` and `constant` leave in a class body until the class is complete."""

    def __init__(
        self,
        name: str | None = None,
        *,
        value: str | None = None,
        last: bool = False,
        default: Any = None,
        reads: Any = None,
        writes: Wrap | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.last = last
        self.default = default
        self.reads = reads
        self.writes = writes


def field(
    *, name: str | None = None, default: Any = None, reads: Any = None, writes: Callable[[Any], Any] | None = None
) -> Any:
    """Declare a field.

    :keyword name: The JSON member, where it differs from the attribute.
    :keyword default: The field may be left out, and is then this in what the constructor makes, or absent if `None`.
    :keyword reads: The type that the value is read as, where services send more than the annotation promises; or a
        function that reads it, the JSON staying as it is.
    :keyword writes: Makes the wire form of a value that is given or assigned.
    """
    return _Field(name, default=default, reads=reads, writes=writes)


def constant(value: str, *, last: bool = False, init: Literal[False] = False) -> Any:
    """Declare a field that the constructor sets by itself: a role, a type.

    :param value: Its value.
    :keyword last: Written behind the other members of the object, not before them.
    :keyword init: For type checkers: the constructor takes no such argument.
    """
    return _Field(value=value, last=last)


class computed(Generic[T]):
    """Decorates a method that reads something from a model's members, to be read as an attribute.

    Assigning the attribute replaces what is read, on that instance; deleting it undoes that. The JSON stays the same.
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

    if TYPE_CHECKING:  # without it at run time, an instance's own attributes come first

        def __set__(self, model: Any, value: T) -> None: ...


Models = list
"""The class of nested lists in release 1.0.0, which pickles of that release name."""


@dataclass_transform(kw_only_default=True, field_specifiers=(field, constant))
class Model(dict[str, Any]):
    """A JSON object with typed attributes.

    Made from keywords, one for each field, or from one mapping in wire form, whose unknown members are kept. An absent
    field reads `None`; assigning `None` removes it, and `azure.core.serialization.NULL` makes it a JSON null. Other
    attributes may be set on an instance; they are not part of the JSON.

    :raises TypeError: An unknown keyword, or a positional argument that is no mapping.
    """

    _names: ClassVar[dict[str, str]] = {}
    _nested: ClassVar[dict[str, Wrap]] = {}
    _before: ClassVar[dict[str, str]] = {}
    _behind: ClassVar[dict[str, str]] = {}
    _defaults: ClassVar[dict[str, Any]] = {}
    _positional: ClassVar[str | None] = None
    _kinds: ClassVar[dict[str, type["Model"]]] = {}
    _kind_member: ClassVar[str] = ""
    _settling: ClassVar[Lock] = Lock()

    def __init_subclass__(
        cls,
        *,
        positional: str | None = None,
        kinds_by: str | None = None,
        discriminator: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Turn annotations into properties.

        :keyword positional: The field, of text or a list, that may be given by position; it is then written last.
        :keyword kinds_by: This class is a family: the member that tells its subclasses apart.
        :keyword discriminator: The value of that member which stands for this class.
        """
        super().__init_subclass__(**kwargs)
        if positional:
            cls._positional = positional
        cls._names, cls._nested = dict(cls._names), dict(cls._nested)
        cls._before, cls._behind, cls._defaults = dict(cls._before), dict(cls._behind), dict(cls._defaults)
        if kinds_by:
            cls._kinds, cls._kind_member = {}, kinds_by
        if discriminator:
            cls._kinds[discriminator] = cls
        frame = currentframe()
        for attribute, annotation in own_annotations(cls).items():
            if not is_class_variable(annotation):
                late = _Late(annotation, cls, enclosing_names(frame)) if is_unresolved(annotation) else None
                cls._declare(attribute, annotation if late is None else late.now())

    @classmethod
    def _declare(cls, attribute: str, annotation: Any) -> None:
        given = cls.__dict__.get(attribute)
        # A method or property of that name is no default.
        spec = given if isinstance(given, _Field) else _Field(default=None if hasattr(given, "__get__") else given)
        name, annotation, write = spec.name or attribute, spec.reads or annotation, spec.writes or _to_wire
        if spec.value is not None:
            (cls._behind if spec.last else cls._before)[name] = spec.value
        if spec.default is not None:
            cls._defaults[name] = write(spec.default)
        cls._names[attribute] = name
        try:
            accessor, wrap = _accessor(name, annotation, write)
        except TypeError:  # the type cannot be hashed, as `Annotated[..., {}]`
            accessor, wrap = _accessor.__wrapped__(name, annotation, write)
        if wrap is not None:
            cls._nested[name] = wrap
        setattr(cls, attribute, accessor)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) == 1 and isinstance(args[0], Mapping):
            _fill(self)
            _update(self, args[0])
            return
        _update(self, self._before)
        _fill(self)
        self._take_keywords(kwargs)
        if args:
            self._take_positional(args, kwargs)
        _update(self, self._behind)

    def _take_keywords(self, kwargs: Mapping[str, Any]) -> None:
        for attribute, value in kwargs.items():
            if attribute not in self._names:
                fields = ", ".join(self._names)
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

    def _touch(self, name: str, value: Any) -> Any:
        """Wrap a plain object or list that a declared field holds, and keep it."""
        wrap = self._nested.get(name)
        return value if wrap is None else _settle(self, name, value, wrap)

    def _touch_all(self) -> None:
        for name in self._nested:
            value = _raw_get(self, name)
            if value.__class__ not in _ATOMS:
                self._touch(name, value)

    def __getitem__(self, name: str) -> Any:
        value = _raw_item(self, name)
        return value if value.__class__ in _ATOMS else self._touch(name, value)

    def get(self, name: str, default: Any = None) -> Any:
        """As `dict.get`; a nested object comes as a model."""
        return self[name] if name in self else default

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """As `dict.values`; nested objects come as models."""
        self._touch_all()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """As `dict.items`; nested objects come as models."""
        if self._nested:
            self._touch_all()
        return super().items()

    def pop(self, name: str, *default: Any) -> Any:
        """As `dict.pop`; a nested object comes as a model."""
        if name in self:
            self[name]
        return super().pop(name, *default)

    def popitem(self) -> tuple[str, Any]:
        """As `dict.popitem`; a nested object comes as a model."""
        self._touch_all()
        return super().popitem()

    def setdefault(self, name: str, default: Any = None) -> Any:
        """As `dict.setdefault`; a nested object comes as a model."""
        super().setdefault(name, default)
        return self[name]

    def copy(self) -> Self:
        """Copy shallowly.

        :return: A model of the same class that holds the same values.
        """
        return copy.copy(self)

    def as_dict(self, *, exclude_readonly: bool = False) -> dict[str, Any]:
        """Copy deeply into plain dicts, lists and wire values.

        :keyword exclude_readonly: Accepted for compatibility; no field here is read-only.
        :return: What `json.dumps` of the model would write.
        """
        plain: dict[str, Any] = _plain(self)
        return plain

    def __repr__(self) -> str:
        text = f"{type(self).__name__}({_brief(self)})"
        return text if len(text) <= _REPR_LENGTH else text[: _REPR_LENGTH - 4] + "...)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let pydantic, and so FastAPI, use a model as a field: an instance stays itself, a mapping is taken in.

        A mapping that names another class of the family, and anything else, is pydantic's to refuse, so that the next
        type of a union gets its turn.
        """
        from pydantic_core import core_schema

        def take(value: Any) -> Any:
            if not _is_plain(value):
                return value
            kind = value.get(cls._kind_member)
            named = cls._kinds.get(kind, cls) if isinstance(kind, str) else cls
            return named(value) if issubclass(named, cls) else value

        return core_schema.no_info_before_validator_function(
            take,
            core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.as_dict),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "title": cls.__name__}


class _Late:
    """The type of a field that names what is not defined yet. It is resolved when the field is read."""

    def __init__(self, annotation: Any, owner: type[Model], names: Mapping[str, Any]) -> None:
        self._annotation = annotation
        self._module = owner.__module__
        self._names = {**names, owner.__name__: owner}

    def now(self) -> Any:
        """Resolve the type, or return this object until that works."""
        try:
            return resolve(self._annotation, self._module, self._names)
        except (NameError, AttributeError):
            return self


@cache
def _accessor(name: str, annotation: Any, write: Wrap) -> tuple[property, Wrap | None]:
    """Make the property that reads and writes a member, and the function that wraps it, if it is one to be wrapped."""

    def put(self: Model, value: Any) -> None:
        if value is None:
            _dict.pop(self, name, None)
        else:
            _raw_set(self, name, write(value))

    if isinstance(annotation, _Late):
        return property(_late_getter(name, annotation), put), _late_wrap(annotation)
    kind, read = _reader(annotation)
    return property(_getter(kind, name, read), put), read if kind == "nested" else None


def _getter(kind: str, name: str, read: Any) -> Wrap:
    return {"plain": _plain_getter, "nested": _nested_getter, "converted": _converting_getter}[kind](name, read)


def _late_getter(name: str, late: _Late) -> Wrap:
    def get(self: Model) -> Any:
        return _getter(*_late_reader(name, late))(self)

    return get


def _late_wrap(late: _Late) -> Wrap:
    def wrap(value: Any) -> Any:
        kind, _, read = _late_reader("", late)
        return read(value) if kind == "nested" else value

    return wrap


def _late_reader(name: str, late: _Late) -> tuple[str, str, Any]:
    annotation = late.now()
    kind, read = ("plain", None) if annotation is late else _reader(annotation)
    return kind, name, read


def _plain_getter(name: str, read: Any) -> Wrap:
    def get(self: Model) -> Any:
        return _raw_get(self, name)

    return get


def _nested_getter(name: str, read: Wrap) -> Wrap:
    def get(self: Model) -> Any:
        value = _raw_get(self, name)
        if value.__class__ is list:
            # Most lists hold one model, the only choice or tool call.
            return value if len(value) == 1 and isinstance(value[0], Model) else _settle(self, name, value, read)
        return value if value is None or isinstance(value, (Model, str)) else _settle(self, name, value, read)

    return get


def _converting_getter(name: str, read: Wrap) -> Wrap:
    def get(self: Model) -> Any:
        return read(_raw_get(self, name))

    return get


def _settle(model: Model, name: str, value: Any, wrap: Wrap) -> Any:
    """Wrap a member and keep what comes of it, so that threads which read it for the first time get the same object."""
    wrapped = wrap(value)
    if wrapped is not value:
        lock = Model._settling  # noqa: SLF001
        lock.acquire()  # three times as fast as `with`, and this runs for each update of a stream
        try:
            if _raw_get(model, name) is value:
                _raw_set(model, name, wrapped)
                return wrapped
        finally:
            lock.release()
        return _raw_get(model, name)
    return wrapped


def _unlock() -> None:
    Model._settling = Lock()  # noqa: SLF001


# A thread that held the lock is not there in the child to release it. Windows has no fork.
getattr(os, "register_at_fork", dict)(after_in_child=_unlock)


def _reader(annotation: Any) -> tuple[Literal["plain", "nested", "converted"], Any]:
    """Tell how a field of this type is read: its kind, and the function that does it."""
    if isfunction(annotation):
        return "converted", annotation
    wraps: list[Wrap] = []
    for choice in choices(annotation):
        if isinstance(choice, type) and issubclass(choice, Enum):
            return "converted", _enum_reader(choice)
        if choice is datetime:
            return "converted", _moment
        wrap = _wrap_of(choice)
        if wrap is not None:
            wraps.append(wrap)
    return ("nested", wraps[0] if len(wraps) == 1 else _either(wraps)) if wraps else ("plain", None)


def _wrap_of(choice: Any) -> Wrap | None:
    """Make the function that wraps what one choice of a type holds; `None` if that is never a model."""
    if choice.__class__ is type:
        return wrap_as(choice) if issubclass(choice, Model) else None
    origin, args = get_origin(choice), get_args(choice)
    if args and (origin in _ARRAYS or origin in _OBJECTS):
        kind, read = _reader(args[0 if origin in _ARRAYS else -1])
        if kind == "nested":
            return _list_of(read) if origin in _ARRAYS else _dict_of(read)
    return None


def _either(wraps: list[Wrap]) -> Wrap:
    def wrap(value: Any) -> Any:
        return next((wrapped for each in wraps if (wrapped := each(value)) is not value), value)

    return wrap


def _is_plain(value: Any) -> bool:
    """Whether a value is an object that is no model."""
    return not isinstance(value, (str, Model)) and isinstance(value, Mapping)


def wrap_as(model: type[M]) -> Callable[[Any], M]:
    """Make the function that turns an object from the wire into a model, of the subclass that its kind names.

    :param model: The class, or the base of a family.
    :return: A function that leaves alone what is no object, or a model already.
    """
    kinds, member, defaults = model._kinds, model._kind_member, model._defaults  # noqa: SLF001

    def wrap(value: Any) -> Any:
        if value.__class__ is not dict and not _is_plain(value):
            return value
        wrapped = _new(model)
        if defaults:
            _fill(wrapped)
        _update(wrapped, value)
        return wrapped

    def wrap_by_kind(value: Any) -> Any:
        if value.__class__ is not dict and not _is_plain(value):
            return value
        kind = value.get(member)
        wrapped = _new(kinds.get(kind, model) if isinstance(kind, str) else model)
        _fill(wrapped)
        _update(wrapped, value)
        return wrapped

    return wrap_by_kind if member else wrap


def _is_wrapped(values: list[Any]) -> bool:
    """Whether a list holds models alone.

    What a service sends is all wrapped or not at all: of a long list the ends tell, or reading it item by item would
    take quadratic time. A short one may have been put together by hand.
    """
    if len(values) > _SHORT:
        return isinstance(values[0], Model) and isinstance(values[-1], Model)
    return all(isinstance(value, Model) for value in values)


def _list_of(wrap_item: Wrap) -> Wrap:
    def wrap(values: Any) -> Any:
        if values.__class__ is list:
            if not values or (isinstance(values[0], Model) and _is_wrapped(values)):
                return values
            wrapped = list(map(wrap_item, values))
            return wrapped if wrapped[0] is not values[0] or not all(map(is_, wrapped, values)) else values
        return list(map(wrap_item, values)) if isinstance(values, _SEQUENCES) else values

    return wrap


def _dict_of(wrap_item: Wrap) -> Wrap:
    def wrap(values: Any) -> Any:
        if not _is_plain(values):
            return values
        wrapped = {name: wrap_item(value) for name, value in values.items()}
        return wrapped if any(wrapped[name] is not values[name] for name in wrapped) else values

    return wrap


def _fill(model: Model) -> None:
    """Put a model's defaults in, as copies where they could be changed, so that no two models share one."""
    for name, default in model._defaults.items():  # noqa: SLF001
        _raw_set(model, name, default if default.__class__ in _ATOMS else copy.deepcopy(default))


def _enum_reader(enum: type[Enum]) -> Wrap:
    members = {member.value: member for member in enum}

    def read(value: Any) -> Any:
        return members.get(value, value) if value.__class__ is str else value

    return read


def _moment(value: Any) -> Any:
    """Unix seconds as an aware `datetime`; what is none, or lies outside of its range, as it came."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, timezone.utc)
        except (ValueError, OverflowError, OSError):
            return value
    return value


def _to_wire(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    return None if value is NULL else value


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return {name: _plain(member) for name, member in _dict.items(value)}
    if is_object(value):
        return {name: _plain(member) for name, member in value.items()}
    if is_list(value) or isinstance(value, tuple):
        return [_plain(item) for item in cast("list[Any]", value)]
    if value is NULL:
        return None
    return value.value if isinstance(value, Enum) else value


def _brief(value: Any) -> str:
    if isinstance(value, Model) or value.__class__ is dict:
        entries = _dict.items(value)
        shown = [f"{name!r}: {_brief(member)}" for name, member in islice(entries, _REPR_ITEMS * 2)]
        return "{" + ", ".join(shown) + (", ...}" if len(entries) > len(shown) else "}")
    if is_list(value):
        shown = [_brief(item) for item in islice(value, _REPR_ITEMS)]
        return "[" + ", ".join(shown) + (", ...]" if len(value) > len(shown) else "]")
    return repr(value[:_REPR_LENGTH]) if isinstance(value, str) else repr(value)
