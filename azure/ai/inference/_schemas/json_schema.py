"""The JSON Schema of a Python type, and the function that reads its values.

One walk over the type produces both, side by side, so that the reader accepts what the schema allows. The walk knows
dataclasses, TypedDicts, enums, unions, literals, containers, and the classes of the standard library that are text in
JSON. Where it meets any other type, pydantic reads the values of that type and writes the whole schema; only then is
pydantic imported. Everything around such a type is read here, so the rules do not change with what else a type holds.

Where a member may be left out, `null` means "left out": services in strict mode require every member to be present.
"""

import collections.abc as abc
import dataclasses
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NamedTuple,
    NewType,
    Union,
    cast,
    get_args,
    get_origin,
)
from uuid import UUID

import isodate  # pyright: ignore[reportMissingTypeStubs]
from typing_extensions import is_typeddict

from .._json import is_list, is_object, to_json
from .fields import (
    Member,
    UnreadableTypeError,
    dataclass_members,
    is_for_pydantic,
    name_of,
    own_text,
    typeddict_members,
)
from .readers import (
    MisfitError,
    Problem,
    Read,
    expected,
    read_anything,
    read_boolean,
    read_each,
    read_integer,
    read_number,
    spelled,
    takes,
    type_of,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Schema = dict[str, Any]


class Shape(NamedTuple):
    """A type as JSON."""

    schema: Schema
    """Its JSON Schema (draft 2020-12)."""
    read: Read
    """Turns a JSON value into a value of the type, or raises `MisfitError`."""


_FOREIGN: Schema = {}
"""A placeholder for the schema of a type that only pydantic knows."""


class _ForeignTypeError(Exception):
    """The walk met a type that it does not know."""


def shape_of(kind: Any) -> Shape:
    """Return the schema of a type, and the function that reads its values.

    :param kind: A dataclass, TypedDict, enum, union, literal, `list[...]`, `dict[str, ...]`, a class of the standard
        library that is text in JSON (date, time, UUID, Decimal, path), or any type that pydantic's `TypeAdapter` takes.
    :return: The schema and the reader.
    :raises UnreadableTypeError: The type has no JSON form, its annotations cannot be resolved, or it needs pydantic,
        which is not installed.
    """
    walk = _Walk()
    shape = walk.shape(kind)
    if walk.foreign:
        return Shape(_schema_by(_adapter(kind, walk.foreign), kind), shape.read)
    return Shape(walk.whole(shape.schema), shape.read)


def reader_of(kind: Any) -> Read:
    """Return the function that reads values of a type. Cheaper than `shape_of` where pydantic would write the schema.

    :param kind: See `shape_of`.
    :return: A function that turns a JSON value into a value of the type, or raises `MisfitError`.
    :raises UnreadableTypeError: See `shape_of`.
    """
    return _Walk().shape(kind).read


def is_type(value: Any) -> bool:
    """Return whether a value is a type: a class, an alias such as `list[int]`, a union or a `NewType`."""
    return isinstance(value, (type, NewType)) or get_origin(value) is not None or hasattr(value, "__value__")


class _Walk:
    """One walk over a type. It defines each record once, by name, so that types may be recursive."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self.records: dict[Any, Shape] = {}
        self.repeated: set[str] = set()
        self.foreign = ""
        """The name of a type that only pydantic knows, if the walk met one."""

    def whole(self, schema: Schema) -> Schema:
        """Add the definitions to a schema. A root that is only a reference becomes the definition itself."""
        definitions = dict(self.definitions)
        reference = schema.get("$ref")
        if reference:
            name = reference.rpartition("/")[2]
            schema = definitions[name] if reference in self.repeated else definitions.pop(name)
        return {**schema, "$defs": definitions} if definitions else schema

    def shape(self, kind: Any) -> Shape:
        try:
            return self._known_shape(kind)
        except _ForeignTypeError as foreign:
            self.foreign = str(foreign)
            return Shape(_FOREIGN, _reader_by(_adapter(kind, self.foreign), kind))

    def _known_shape(self, kind: Any) -> Shape:
        origin = get_origin(kind)
        if origin is Annotated:
            return self._annotated(*get_args(kind))
        if origin is Literal:
            return _choice(kind, [(getattr(value, "value", value), value) for value in get_args(kind)])
        if origin in (Union, types.UnionType):
            return self._union([self.shape(choice) for choice in get_args(kind)])
        if origin in _CONTAINERS or (origin is None and isinstance(kind, type)):
            return self._of_class(kind, origin or kind)
        return self._of_no_class(kind)

    def _of_no_class(self, kind: Any) -> Shape:
        if isinstance(kind, NewType):
            return self.shape(kind.__supertype__)
        if kind is None or kind is Any:
            return _PLAIN[kind]
        if isinstance(kind, (str, ForwardRef)):
            raise UnreadableTypeError(f"{kind!r} has no JSON form: it is text; write the type itself")
        raise _ForeignTypeError(name_of(kind))

    def _of_class(self, kind: Any, cls: Any) -> Shape:
        if cls in _PLAIN:
            return _PLAIN[cls]
        if cls in _CONTAINERS:
            return _CONTAINERS[cls](self, get_args(kind))
        if hasattr(cls, "__get_pydantic_core_schema__") or hasattr(cls, "__pydantic_validator__"):
            raise _ForeignTypeError(name_of(kind))
        if issubclass(cls, Enum):
            return _choice(kind, [(member.value, member) for member in cls])
        if is_typeddict(cls):
            return self._record(cls, typeddict_members, dict)
        if dataclasses.is_dataclass(cls):
            return self._record(cls, dataclass_members, cast("Callable[..., Any]", cls))
        raise _ForeignTypeError(name_of(kind))

    def _annotated(self, kind: Any, *remarks: Any) -> Shape:
        if any(map(is_for_pydantic, remarks)):
            raise _ForeignTypeError(name_of(kind))
        schema, read = self.shape(kind)
        description = description_in(remarks)
        return Shape({**schema, "description": description} if description else schema, read)

    def _union(self, shapes: Sequence[Shape]) -> Shape:
        return Shape({"anyOf": [shape.schema for shape in shapes]}, partial(_read_union, shapes))

    def _record(self, cls: Any, members_of: Callable[[Any], Iterable[Member]], build: Callable[..., Any]) -> Shape:
        if cls in self.records:
            self.repeated.add(self.records[cls].schema["$ref"])
            return self.records[cls]
        name = cls.__name__
        while name in self.definitions:
            name += "_"
        self.definitions[name] = {}
        members: dict[str, tuple[Member, Read]] = {}
        shape = self.records[cls] = Shape({"$ref": f"#/$defs/{name}"}, partial(_read_record, members, build))
        properties: Schema = {}
        for member in members_of(cls):
            schema, read = self.shape(member.hint)
            self.foreign = cls.__name__ if member.by_pydantic else self.foreign
            name_in_json = member.alias or member.name
            members[name_in_json] = member, read
            properties[name_in_json] = _member_schema(member, schema, read)
        self.definitions[name] = {
            "type": "object",
            **_if_said(description=own_text(cls)),
            "properties": properties,
            "required": [name for name, (member, _) in members.items() if member.required],
            "additionalProperties": False,
        }
        return shape


def description_in(remarks: Iterable[Any]) -> str:
    """Return the description in the metadata of `Annotated`: a `str` or a `Doc`; empty if there is none."""
    for remark in remarks:
        text = remark if isinstance(remark, str) else getattr(remark, "documentation", None)
        if isinstance(text, str):
            return text
    return ""


def _if_said(**members: Any) -> Schema:
    return {name: value for name, value in members.items() if value}


def _member_schema(member: Member, schema: Schema, read: Read) -> Schema:
    said = _if_said(description=schema.get("description") or member.description)
    if member.default is None and not takes(read, None):
        inside = {keyword: value for keyword, value in schema.items() if keyword != "description"}
        return {"anyOf": [inside, {"type": "null"}], **said}
    if member.default is not None and member.default is not dataclasses.MISSING:
        with suppress(TypeError, ValueError):
            said["default"] = json.loads(to_json(member.default))
    return {**schema, **said}


def _plain(schema: Schema, what: str, *classes: type) -> Shape:
    def read(value: Any, exact: bool = False) -> Any:
        if type(value) in classes:
            return value
        raise expected(what, value)

    return Shape(schema, read)


def _text(form: str, parse: Callable[[str], Any], cls: type) -> Shape:
    def read(value: Any, exact: bool = False) -> Any:
        try:
            parsed = parse(value)
        # Parsers fail in many ways on values that are not text.
        except (ValueError, ArithmeticError, TypeError, AttributeError) as error:
            raise expected(f"a string with a {form}", value) from error
        if isinstance(parsed, cls):
            return parsed
        raise expected(f"a string with a {form}", value)

    return Shape({"type": "string", **_if_said(format=form if form in _FORMATS else "")}, read)


def _choice(kind: Any, choices: Sequence[tuple[Any, Any]]) -> Shape:
    """Return the shape of a choice between values, each given in its JSON and its Python form."""
    values = [wire for wire, _ in choices]
    names = type_of(values)
    if names is None:
        raise _ForeignTypeError(name_of(kind))

    def read(value: Any, exact: bool = False) -> Any:
        for given in (value,) if exact else (value, spelled(value)):
            for wire, result in choices:
                if type(wire) is type(given) and wire == given:
                    return result
        raise expected("one of " + json.dumps(values, ensure_ascii=False), value)

    return Shape({"type": names, "enum": values}, read)


def _read_union(shapes: Sequence[Shape], value: Any, exact: bool = False) -> Any:
    misfits: list[MisfitError] = []
    for exactly in (True,) if exact else (True, False):
        misfits.clear()
        for shape in shapes:
            try:
                return shape.read(value, exactly)
            except MisfitError as misfit:  # noqa: PERF203
                if shape is not _NULL:
                    misfits.append(misfit)
    if len(misfits) == 1:
        raise misfits[0]
    raise MisfitError(((), "fits none of the types it may be of: " + "; or ".join(map(str, misfits))))


def _read_members(
    members: Mapping[str, tuple[Member, Read]], value: Mapping[str, Any], exact: bool, problems: list[Problem]
) -> dict[str, Any]:
    """Return the values of an object's members, or their defaults. Problems are appended to `problems`."""
    found = {member.name: member.make_default() for member, _ in members.values() if member.make_default is not None}
    for name, (member, read) in members.items():
        if name in value:
            try:
                found[member.name] = read(value[name], exact)
            except MisfitError as misfit:
                if member.required or value[name] is not None:
                    problems += misfit.under(name)
        elif member.required:
            problems.append(((name,), "is missing"))
    return found


def _read_record(
    members: Mapping[str, tuple[Member, Read]], build: Callable[..., Any], value: Any, exact: bool = False
) -> Any:
    if not is_object(value):
        raise expected("an object", value)
    problems: list[Problem] = [((name,), "there is no such member") for name in value if name not in members]
    found = _read_members(members, value, exact, problems)
    if problems:
        raise MisfitError(*problems)
    try:
        return build(**found)
    # Raised by a constructor's own checks. pydantic treats the same errors as a refusal.
    except (ValueError, TypeError, AssertionError) as error:
        raise MisfitError(((), f"is refused: {error}")) from error


def _list_of(make: Callable[[list[Any]], Any], walk: _Walk, args: Sequence[Any]) -> Shape:
    item = walk.shape(args[0] if args else Any)

    def read(value: Any, exact: bool = False) -> Any:
        if not is_list(value):
            raise expected("an array", value)
        return make(read_each(((index, item.read, entry) for index, entry in enumerate(value)), exact))

    unique = make in (set, frozenset)
    return Shape({"type": "array", "items": item.schema, **_if_said(uniqueItems=unique)}, read)


def _tuple_of(walk: _Walk, args: Sequence[Any]) -> Shape:
    if not args or args[1:] == (...,):
        return _list_of(tuple, walk, args)
    items = [walk.shape(arg) for arg in args]
    length = len(items)

    def read(value: Any, exact: bool = False) -> Any:
        if not is_list(value) or len(value) != length:
            raise expected(f"an array of {length} items", value)
        return tuple(read_each(((index, items[index].read, entry) for index, entry in enumerate(value)), exact))

    schemas = [item.schema for item in items]
    return Shape({"type": "array", "prefixItems": schemas, "minItems": length, "maxItems": length}, read)


def _mapping_of(walk: _Walk, args: Sequence[Any]) -> Shape:
    key, entry = (walk.shape(arg) for arg in args or (str, Any))
    if key.schema.get("type") != "string":
        raise _ForeignTypeError("a mapping whose keys are not strings")

    def read(value: Any, exact: bool = False) -> Any:
        if not is_object(value):
            raise expected("an object", value)
        keys = read_each(((name, key.read, name) for name in value), exact)
        held = read_each(((name, entry.read, member) for name, member in value.items()), exact)
        return dict(zip(keys, held, strict=True))

    return Shape({"type": "object", "additionalProperties": entry.schema}, read)


def _adapter(kind: Any, foreign: str) -> "TypeAdapter[Any]":
    try:
        from pydantic import PydanticUndefinedAnnotation, PydanticUserError, TypeAdapter
    except ImportError as error:
        raise UnreadableTypeError(
            f"{foreign} needs pydantic 2, which is not installed: "
            "pip install pydantic, or use a dataclass or a TypedDict"
        ) from error
    try:
        return TypeAdapter(kind)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise _refused_by_pydantic(kind, error) from error


def _schema_by(adapter: "TypeAdapter[Any]", kind: Any) -> Schema:
    from pydantic import PydanticUserError

    try:
        return adapter.json_schema()
    except PydanticUserError as error:
        raise _refused_by_pydantic(kind, error) from error


def _refused_by_pydantic(kind: Any, error: Exception) -> UnreadableTypeError:
    reason = str(error).partition("\n")[0]
    return UnreadableTypeError(f"{name_of(kind)} has no JSON form: {reason}")


def _reader_by(adapter: "TypeAdapter[Any]", kind: Any) -> Read:
    from pydantic import PydanticUserError, ValidationError

    def read(value: Any, exact: bool = False) -> Any:
        try:
            return adapter.validate_json(json.dumps(value), strict=exact or None)
        except ValidationError as error:
            raise MisfitError(*((problem["loc"], problem["msg"]) for problem in error.errors())) from error
        except PydanticUserError as error:  # a name in the type is not defined, which pydantic finds out only now
            raise _refused_by_pydantic(kind, error) from error

    return read


_iso: Any = isodate
_FORMATS = frozenset(["date-time", "date", "time", "duration", "uuid"])
_ANY = Shape({}, read_anything)
_NULL = _plain({"type": "null"}, "null", type(None))
_PLAIN: Mapping[Any, Shape] = {
    Any: _ANY,
    object: _ANY,
    None: _NULL,
    type(None): _NULL,
    str: _plain({"type": "string"}, "a string", str),
    bool: Shape({"type": "boolean"}, read_boolean),
    int: Shape({"type": "integer"}, read_integer),
    float: Shape({"type": "number"}, read_number),
    datetime: _text("date-time", lambda text: _iso.parse_datetime(text.replace(" ", "T", 1)), datetime),
    date: _text("date", date.fromisoformat, date),
    time: _text("time", _iso.parse_time, time),
    timedelta: _text("duration", _iso.parse_duration, timedelta),
    UUID: _text("uuid", UUID, UUID),
    Decimal: _text("decimal number", lambda text: Decimal(str(text)), Decimal),
    Path: _text("path", Path, Path),
}
_CONTAINERS: Mapping[Any, Callable[[_Walk, Sequence[Any]], Shape]] = {
    **dict.fromkeys(
        [list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable], partial(_list_of, read_anything)
    ),
    **dict.fromkeys([set, abc.Set, abc.MutableSet], partial(_list_of, set)),
    frozenset: partial(_list_of, frozenset),
    tuple: _tuple_of,
    **dict.fromkeys([dict, abc.Mapping, abc.MutableMapping], _mapping_of),
}
