"""Records: what dataclasses and TypedDicts say of their members, in one form."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args, get_origin

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
            yield Member(field.name, hints[field.name], required, field.default, description)


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
        yield Member(name, hint, required, dataclasses.MISSING if required else None, description)
