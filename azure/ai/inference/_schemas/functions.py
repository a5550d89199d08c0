"""A Python function as a tool: its definition, and how the arguments that a model writes are read.

The parameters of a function become a dataclass, so tools support the same types as structured output, and defaults,
nulls and errors mean the same in both.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from functools import partial
from string import ascii_letters, digits
from typing import Annotated, Any, NamedTuple, cast, get_args, get_origin

from .._annotations import choices
from .._json import to_json
from .docstrings import Docstring, read_docstring
from .fields import UnreadableTypeError, dataclass_members, hints_of, is_pydantic_field
from .json_schema import Schema, description_in, shape_of
from .readers import Read
from .strict import NotStrictError
from .strict import strict as strict_schema

_NAME_LENGTH = 64
_NAME_CHARS = frozenset(ascii_letters + digits + "_-")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Tool(NamedTuple):
    """A function that a model may call."""

    function: Callable[..., Any]
    definition: Schema
    """Its name, description, parameters and strictness: the keywords of `FunctionDefinition`."""
    parameters: list[inspect.Parameter]
    """The parameters that the model passes arguments for."""
    read: Read
    """Turns the arguments, a JSON object, into an object with an attribute for each parameter."""

    @property
    def is_async(self) -> bool:
        """Return whether it is a coroutine function."""
        return inspect.iscoroutinefunction(_routine(self.function))

    def bind(self, arguments: Any) -> Callable[[], Any]:
        """Check arguments, and return the function bound to them.

        :param arguments: The JSON object that the model wrote.
        :return: A callable without parameters.
        :raises MisfitError: The arguments do not fit the parameters.
        """
        read = self.read(arguments)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for parameter in self.parameters:
            value = getattr(read, parameter.name)
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                args.append(value)
            else:
                kwargs[parameter.name] = value
        return partial(self.function, *args, **kwargs)


def tool_of(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
) -> Tool:
    """Turn a function into a tool.

    :param function: A function, sync or async, a method, or a callable object. The model does not see arguments that
        `functools.partial` has bound.
    :keyword name: The name that the model uses. Default: the function's own.
    :keyword description: What it does. Default: what its docstring says.
    :keyword strict: Whether the arguments must match the schema exactly; True also writes the schema for strict mode.
    :return: The tool.
    :raises TypeError: It is not a function, or a parameter's type has no JSON form.
    :raises ValueError: Services do not accept the name, or strict mode cannot express the parameters.
    """
    if not callable(function) or inspect.isclass(function):
        raise TypeError(f"a tool must be a function, not {function!r:.200}")
    routine = _routine(function)
    said = read_docstring(routine.__doc__ or inspect.getdoc(_unbound(function)))
    title = _checked_name(_name_of(function) if name is None else name)
    try:
        hints = hints_of(inspect.unwrap(routine))
        parameters = _parameters(function, hints)
        schema, read = _arguments(title, parameters, hints, said)
    except UnreadableTypeError as error:
        raise UnreadableTypeError(f"{title} cannot be a tool: {error}") from error
    definition = {
        "name": title,
        "description": said.text or None if description is None else description,
        "parameters": _strict_parameters(title, schema) if strict else schema,
        "strict": strict,
    }
    return Tool(function, definition, parameters, read)


def _unbound(function: Any) -> Any:
    """Return the callable behind `functools.partial`."""
    while isinstance(function, partial):
        function = cast(Any, function).func
    return function


def _given(function: Any) -> Any:
    """Return the keyword arguments that `functools.partial` has bound."""
    return cast(Any, function).keywords if isinstance(function, partial) else ()


def _routine(function: Any) -> Any:
    """Return the function or method that runs: behind `partial`, or the `__call__` of an object."""
    function = _unbound(function)
    return function if inspect.isroutine(function) else function.__call__


def _name_of(function: Any) -> str:
    function = _unbound(function)
    return str(getattr(function, "__name__", type(function).__name__))


def _checked_name(name: str) -> str:
    if name and len(name) <= _NAME_LENGTH and _NAME_CHARS.issuperset(name):
        return name
    raise ValueError(
        f"a tool cannot be called {name!r}: use letters, digits, underscores and dashes, {_NAME_LENGTH} at most"
    )


def _parameters(function: Any, hints: Mapping[str, Any]) -> list[inspect.Parameter]:
    """Return the parameters that the model passes arguments for."""
    given = _given(function)
    parameters = inspect.signature(function).parameters.values()
    return [
        each
        for each in parameters
        if each.kind not in _VARIADIC
        and each.name not in given
        and not _is_injected(each, hints.get(each.name, each.annotation))
    ]


def _is_injected(parameter: inspect.Parameter, hint: Any) -> bool:
    """Return whether a framework provides a parameter, as for FastAPI's `Depends(...)`. The model must not choose it.

    :raises UnreadableTypeError: It does, and the function cannot be called without the argument.
    """
    if _has_no_json_form(parameter.default, hint):
        return True
    remarks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    if not any(hasattr(remark, "dependency") for remark in remarks):
        return False
    if parameter.default is inspect.Parameter.empty:
        raise UnreadableTypeError(
            f"{parameter.name} is injected: bind it yourself, with functools.partial(function, {parameter.name}=...)"
        )
    return True


def _has_no_json_form(default: Any, hint: Any) -> bool:
    """Return whether a default is an object that no JSON value of its parameter's type could replace."""
    # A bare object is a sentinel that tells the function whether the argument was passed.
    if default is inspect.Parameter.empty or default is ... or type(default) is object or is_pydantic_field(default):
        return False
    try:
        to_json(default)
    except (TypeError, ValueError):
        return not any(
            _is_instance(default, get_origin(choice) or choice) for choice in choices(hint)
        ) or not _has_shape(hint)
    return False


def _has_shape(hint: Any) -> bool:
    try:
        shape_of(hint)
    except UnreadableTypeError:
        return False
    return True


def _is_instance(value: Any, kind: Any) -> bool:
    """Return whether a value is an instance of a type more specific than `object`."""
    with suppress(TypeError):  # Some types, such as TypedDicts, do not support `isinstance`.
        return kind not in (Any, object, inspect.Parameter.empty) and isinstance(value, kind)
    return False


def _arguments(
    title: str, parameters: list[inspect.Parameter], hints: Mapping[str, Any], said: Docstring
) -> tuple[Schema, Read]:
    fields: list[tuple[str, Any, Any]] = []
    descriptions: dict[str, str] = {}
    for parameter in parameters:
        hint = hints.get(parameter.name, parameter.annotation)
        hint = Any if hint is inspect.Parameter.empty else hint
        fields.append((parameter.name, hint, _field(parameter.default)))
        remarks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        descriptions[parameter.name] = description_in(remarks) or said.parameters.get(parameter.name, "")
    record = dataclasses.make_dataclass(
        title, fields, kw_only=True, namespace={"__pydantic_config__": {"extra": "forbid"}}
    )
    shape = shape_of(record)
    schema = {keyword: value for keyword, value in shape.schema.items() if keyword not in ("title", "description")}
    for member in dataclass_members(record):
        if descriptions[member.name]:
            described = schema["properties"][member.alias or member.name]
            described.setdefault("description", descriptions[member.name])
    return schema, shape.read


def _field(default: Any) -> Any:
    if default is inspect.Parameter.empty or default is ...:
        return dataclasses.field()
    if default is None or isinstance(default, (str, int, float, Enum)) or is_pydantic_field(default):
        return dataclasses.field(default=default)
    return dataclasses.field(default_factory=lambda: default)


def _strict_parameters(title: str, schema: Schema) -> Schema:
    try:
        return strict_schema(schema)
    except NotStrictError as error:
        raise ValueError(f"{title} cannot be a strict tool: {error}. Leave `strict` out, or change the type") from error
