"""A model is the JSON object.

`Model` is a `dict` that holds wire values and reads them through typed attributes. Parsing is `json.loads` and nothing
else: nested objects become models when they are first touched, by attribute, item or iteration, and are kept, so that
the same object comes every time. What a service sends beyond the declared fields stays in the dict and goes back as it
came.

A field is an annotation in the class body. Its type says how the value is read: a model, a list of models, an enum
(known values as members, unknown ones as `str`), a `datetime` (unix seconds on the wire), or the value itself.
"""

import copy
from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from datetime import datetime, timezone
from enum import Enum
from functools import cache
from inspect import isfunction
from itertools import islice
from types import UnionType
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


class Models(list[Any]):
    """A list whose objects are models already."""


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
        for attribute, annotation in cls.__annotations__.items():
            origin: Any = get_origin(annotation)
            if origin is not ClassVar:
                cls._declare(attribute, annotation)

    @classmethod
    def _declare(cls, attribute: str, annotation: Any) -> None:
        spec = cls.__dict__.get(attribute)
        name = attribute
        write: Wrap = _to_wire
        if isinstance(spec, _Field):
            name, annotation, write = spec.name or attribute, spec.reads or annotation, spec.writes or _to_wire
            if spec.value is not None:
                (cls._behind if spec.last else cls._before)[name] = spec.value
            if spec.default is not None:
                cls._defaults[name] = spec.default
        cls._names[attribute] = name
        accessor, wrap = _accessor(name, annotation, write)
        if wrap is not None:
            cls._nested[name] = wrap
        setattr(cls, attribute, accessor)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) == 1 and isinstance(args[0], Mapping):
            _update(self, self._defaults)
            _update(self, args[0])
            return
        _update(self, self._before)
        _update(self, self._defaults)
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
        if wrap is None:
            return value
        wrapped = wrap(value)
        if wrapped is not value:
            _raw_set(self, name, wrapped)
        return wrapped

    def _touch_all(self) -> None:
        for name in self._nested:
            value = _raw_get(self, name)
            if value.__class__ is dict or value.__class__ is list:
                self._touch(name, value)

    def __getitem__(self, name: str) -> Any:
        value = _raw_item(self, name)
        if value.__class__ is dict or value.__class__ is list:
            return self._touch(name, value)
        return value

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

        Anything else is pydantic's to refuse, so that the next type of a union gets its turn.
        """
        from pydantic_core import core_schema

        def take(value: Any) -> Any:
            return cls(value) if isinstance(value, Mapping) and not isinstance(value, cls) else value

        return core_schema.no_info_before_validator_function(
            take,
            core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.as_dict),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "title": cls.__name__}


@cache
def _accessor(name: str, annotation: Any, write: Wrap) -> tuple[property, Wrap | None]:
    """Make the property that reads and writes a member, and the function that wraps it, if it is one to be wrapped."""

    def put(self: Model, value: Any) -> None:
        if value is None:
            _dict.pop(self, name, None)
        else:
            _raw_set(self, name, write(value))

    kind, read = _reader(annotation)
    get = {"plain": _plain_getter, "nested": _nested_getter, "converted": _converting_getter}[kind](name, read)
    return property(get, put), read if kind == "nested" else None


def _plain_getter(name: str, read: Any) -> Wrap:
    def get(self: Model) -> Any:
        return _raw_get(self, name)

    return get


def _nested_getter(name: str, read: Wrap) -> Wrap:
    def get(self: Model) -> Any:
        value = _raw_get(self, name)
        if value.__class__ is dict or value.__class__ is list:
            value = read(value)
            _raw_set(self, name, value)
        return value

    return get


def _converting_getter(name: str, read: Wrap) -> Wrap:
    def get(self: Model) -> Any:
        return read(_raw_get(self, name))

    return get


def _reader(annotation: Any) -> tuple[Literal["plain", "nested", "converted"], Any]:
    """Tell how a field of this type is read: its kind, and the function that does it."""
    if isfunction(annotation):
        return "converted", annotation
    for choice in _choices(annotation):
        if get_origin(choice) is list and _is_model(item := get_args(choice)[0]):
            return "nested", _list_of(item)
        if _is_model(choice):
            return "nested", wrap_as(choice)
        if isinstance(choice, type) and issubclass(choice, Enum):
            return "converted", _enum_reader(choice)
        if choice is datetime:
            return "converted", _moment
    return "plain", None


def _choices(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, UnionType):
        for choice in get_args(annotation):
            yield from _choices(choice)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Model)


def wrap_as(model: type[M]) -> Callable[[Any], M]:
    """Make the function that turns a plain dict from the wire into a model, of the subclass that its kind names.

    :param model: The class, or the base of a family.
    :return: A function that leaves alone what is no plain dict.
    """
    kinds, member = model._kinds, model._kind_member  # noqa: SLF001

    def wrap(value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        wrapped = _new(model)
        _update(wrapped, value)
        return wrapped

    def wrap_by_kind(value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        kind = value.get(member)
        wrapped = _new(kinds.get(kind, model) if isinstance(kind, str) else model)
        _update(wrapped, value)
        return wrapped

    return wrap_by_kind if member else wrap


def _list_of(item: type[Model]) -> Wrap:
    wrap_item = wrap_as(item)

    def wrap(values: Any) -> Any:
        return Models(map(wrap_item, values)) if values.__class__ is list else values

    return wrap


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
