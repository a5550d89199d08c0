"""Records: what dataclasses and TypedDicts say of their members, in one form."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from typing_extensions import NotRequired, ReadOnly, Required, get_type_hints

from .docstrings import read_docstring

_QUALIFIERS: Mapping[Any, bool] = {Required: True, NotRequired: False, ReadOnly: True}


class UnreadableTypeError(TypeError):
    """A type has no JSON form that is known here or to pydantic."""


def name_of(kind: Any) -> str:
    """Name a type or a function, for people."""
    return str(kind if get_args(kind) else getattr(kind, "__qualname__", kind))


def hints_of(owner: Any) -> dict[str, Any]:
    """Resolve the annotations of a class or function.

    :raises UnreadableTypeError: One of them names something that cannot be found.
    """
    try:
        return get_type_hints(owner, include_extras=True)
    except NameError as error:
        raise UnreadableTypeError(
            f"an annotation of {name_of(owner)} cannot be resolved: {error}. "
            "Define what it names at module level, and import it there outside of `if TYPE_CHECKING`"
        ) from error


class Member(NamedTuple):
    """A member of a record."""

    name: str
    hint: Any
    required: bool
    default: Any = dataclasses.MISSING
    """Its value where it is left out, if that is known; `None` also if it is then not there."""
    description: str = ""
    alias: str | None = None
    """Its name in JSON, where that is another."""
    make_default: Callable[[], Any] | None = None
    """Makes its value where it is left out, if the record does not do that by itself."""
    by_pydantic: bool = False
    """Whether `pydantic.Field` says something of it, so that pydantic has to write the record's schema."""


def is_for_pydantic(remark: Any) -> bool:
    """Whether something that is said of a type is said to pydantic."""
    made_by = (base.__module__.partition(".")[0] for base in type(remark).__mro__)
    return any(name in ("pydantic", "annotated_types") for name in made_by) or hasattr(
        remark, "__get_pydantic_core_schema__"
    )


def is_pydantic_field(remark: Any) -> bool:
    """Whether something is what `pydantic.Field`, or FastAPI's `Query`, `Body` and their kin, return."""
    return hasattr(remark, "default_factory") and is_for_pydantic(remark)


def _with_pydantic_fields(member: Member) -> Member:
    """Read what `pydantic.Field` says of a member, in its annotation or as its default."""
    hint, *remarks = get_args(member.hint) if get_origin(member.hint) is Annotated else [member.hint]
    if is_pydantic_field(member.default):
        remarks.append(member.default)
        member = member._replace(required=True, default=dataclasses.MISSING)
    kept: list[Any] = []
    for remark in remarks:
        if is_pydantic_field(remark):
            kept += _about_the_value(remark)
            member = _with_pydantic_field(member, remark)
        else:
            kept.append(remark)
    # A tuple, because Python 3.10 has no stars between brackets.
    parts: Any = (hint, *kept)
    return member._replace(hint=Annotated[parts] if kept else hint)


def _with_pydantic_field(member: Member, field: Any) -> Member:
    aliases = [alias for alias in (field.alias, field.validation_alias) if isinstance(alias, str)]
    member = member._replace(by_pydantic=True, alias=aliases[-1] if aliases else member.alias)
    if member.required and not field.is_required():
        make = partial(field.get_default, call_default_factory=True)
        return member._replace(required=False, make_default=make)
    return member


def _about_the_value(field: Any) -> Iterator[Any]:
    """Yield what a field says of its value: bounds, and what tells the types of a union apart."""
    yield from field.metadata
    if field.discriminator is not None:
        from pydantic import Field

        yield Field(discriminator=field.discriminator)


def own_text(cls: Any) -> str:
    """Read what a class is for; the docstring that `dataclass` makes up says nothing."""
    docstring = cls.__dict__.get("__doc__") or ""
    return "" if docstring.startswith(f"{cls.__name__}(") else read_docstring(docstring).text


def dataclass_members(cls: Any) -> Iterator[Member]:
    """Tell the members of a dataclass: those that its constructor takes."""
    hints, described = hints_of(cls), read_docstring(cls.__dict__.get("__doc__")).parameters
    if any(isinstance(hint, dataclasses.InitVar) for hint in hints.values()):
        raise UnreadableTypeError(f"{name_of(cls)} has an InitVar, which has no place in JSON: make it a field")
    for field in dataclasses.fields(cls):
        if field.init:
            made = field.default_factory is not dataclasses.MISSING
            required = field.default is dataclasses.MISSING and not made
            description = field.metadata.get("description") or described.get(field.name, "")
            yield _with_pydantic_fields(Member(field.name, hints[field.name], required, field.default, description))


def typeddict_members(cls: Any) -> Iterator[Member]:
    """Tell the members of a TypedDict."""
    described = read_docstring(cls.__dict__.get("__doc__")).parameters
    for name, hint in hints_of(cls).items():
        required = name in cls.__required_keys__
        # Where annotations are strings, the class has not seen these qualifiers. `ReadOnly` may stand around them.
        while (origin := get_origin(hint)) in _QUALIFIERS:
            required = _QUALIFIERS[origin] if origin is not ReadOnly else required
            (hint,) = get_args(hint)
        description = described.get(name, "")
        default = dataclasses.MISSING if required else None
        yield _with_pydantic_fields(Member(name, hint, required, default, description))
