"""The members of dataclasses and TypedDicts, in one form."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from typing_extensions import NotRequired, ReadOnly, Required, get_type_hints

from .docstrings import read_docstring

_QUALIFIERS: Mapping[Any, bool] = {Required: True, NotRequired: False, ReadOnly: True}


class UnreadableTypeError(TypeError):
    """Neither this package nor pydantic knows a JSON form of a type."""


def name_of(kind: Any) -> str:
    """Return the name of a type or a function for an error message."""
    return str(kind if get_args(kind) else getattr(kind, "__qualname__", kind))


def hints_of(owner: Any) -> dict[str, Any]:
    """Return the resolved annotations of a class or function.

    :raises UnreadableTypeError: An annotation names something that cannot be found.
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
    """Its value if left out, if known. `None` also for a member of a TypedDict that may be absent."""
    description: str = ""
    alias: str | None = None
    """Its name in JSON, if different."""
    make_default: Callable[[], Any] | None = None
    """Returns its value if left out, unless the record's constructor sets it."""
    by_pydantic: bool = False
    """Whether `pydantic.Field` describes it, so that pydantic must write the record's schema."""


def is_for_pydantic(remark: Any) -> bool:
    """Return whether metadata of a type is meant for pydantic."""
    made_by = (base.__module__.partition(".")[0] for base in type(remark).__mro__)
    return any(name in ("pydantic", "annotated_types") for name in made_by) or hasattr(
        remark, "__get_pydantic_core_schema__"
    )


def is_pydantic_field(remark: Any) -> bool:
    """Return whether metadata, or a default, came from `pydantic.Field` or from FastAPI's `Query`, `Body` and so on."""
    return hasattr(remark, "default_factory") and is_for_pydantic(remark)


def _with_pydantic_fields(member: Member) -> Member:
    """Apply what `pydantic.Field` says about a member, in its annotation or as its default."""
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
    """Yield the metadata of a field: its constraints, and the discriminator of a union."""
    yield from field.metadata
    if field.discriminator is not None:
        from pydantic import Field

        yield Field(discriminator=field.discriminator)


def own_text(cls: Any) -> str:
    """Return a class's docstring; empty for the one that `dataclass` generates."""
    docstring = cls.__dict__.get("__doc__") or ""
    return "" if docstring.startswith(f"{cls.__name__}(") else read_docstring(docstring).text


def dataclass_members(cls: Any) -> Iterator[Member]:
    """Yield the members of a dataclass that its constructor takes."""
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
    """Yield the members of a TypedDict."""
    described = read_docstring(cls.__dict__.get("__doc__")).parameters
    for name, hint in hints_of(cls).items():
        required = name in cls.__required_keys__
        # Where annotations are text, `__required_keys__` ignores these qualifiers. `ReadOnly` may wrap the other two.
        while (origin := get_origin(hint)) in _QUALIFIERS:
            required = _QUALIFIERS[origin] if origin is not ReadOnly else required
            (hint,) = get_args(hint)
        description = described.get(name, "")
        default = dataclasses.MISSING if required else None
        yield _with_pydantic_fields(Member(name, hint, required, default, description))
