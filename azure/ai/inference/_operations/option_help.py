"""The options of a function in `help()`: a short signature, and each option with its type and description.

The texts are the docstrings below the members of the TypedDicts. Python drops those when it compiles, so they are read
from the source; without it, only names and types remain. This module is loaded only when needed.
"""

import ast
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from textwrap import fill
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..models import _enums, _format, _tools

_WIDTH = 96


class Option(inspect.Parameter):
    """A parameter that represents a member of `**options`."""

    __slots__ = ()


class ReadableSignature(inspect.Signature):
    """A signature printed with one parameter per line, and with `**options` instead of some eighty parameters.

    `parameters` has all of them.
    """

    __slots__ = ()

    def format(self, **_: Any) -> str:
        """Format the signature. `help()` of Python 3.13 passes a width, 3.14 more; earlier ones call `str`."""
        lines: list[str] = []
        last = None
        for parameter in self.parameters.values():
            if not isinstance(parameter, Option):
                if parameter.kind is inspect.Parameter.KEYWORD_ONLY and last is not parameter.kind:
                    lines.append("*")
                lines.append("**options" if parameter.kind is inspect.Parameter.VAR_KEYWORD else _written(parameter))
                last = parameter.kind
        answer = self.return_annotation
        returns = "" if answer is inspect.Signature.empty else f" -> {type_name(answer)}"
        return "(\n" + "".join(f"    {line},\n" for line in lines).removesuffix(",\n") + f"\n){returns}"

    def __str__(self) -> str:
        return self.format()


def _written(parameter: inspect.Parameter) -> str:
    annotation, default = parameter.annotation, parameter.default
    kind = "" if annotation is inspect.Parameter.empty else f": {type_name(annotation)}"
    value = "" if default is inspect.Parameter.empty else f" = {default!r}" if kind else f"={default!r}"
    return f"{parameter.name}{kind}{value}"


def spell_out(function: Callable[..., Any], options: tuple[Any, ...]) -> ReadableSignature:
    """Return a function's signature with its `**options` spelled out.

    :param function: The function, whose last parameter is `**options`.
    :param options: The TypedDicts that declare its options.
    """
    code: Any = function
    bare = types.FunctionType(
        code.__code__, {}, code.__name__, code.__defaults__, code.__closure__
    )  # without this signature, or `inspect` would ask it again
    bare.__kwdefaults__, bare.__annotations__ = code.__kwdefaults__, code.__annotations__
    declared = inspect.signature(bare)
    *fixed, _ = declared.parameters.values()
    spelled = [
        Option(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for option in options
        for name, annotation in option_types(option).items()
    ]
    rest = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD, annotation=Any)
    return ReadableSignature([*fixed, *spelled, rest], return_annotation=declared.return_annotation)


def docstring(text: str, options: tuple[Any, ...]) -> str:
    """Return a docstring with a list of options at its end, as `inspect.cleandoc` leaves it.

    :param text: The docstring without them.
    :param options: The TypedDicts that declare them. The list has the first line of each, then its members.
    """
    paragraphs = [inspect.cleandoc(text), *(part for declared in options for part in _described(declared))]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _described(declared: Any) -> Iterator[str]:
    texts = option_texts(declared)
    yield fill((inspect.getdoc(declared) or declared.__name__).partition("\n\n")[0], _WIDTH)
    lines: list[str] = []
    for name, annotation in option_types(declared).items():
        lines.append(f"{name}: {type_name(annotation)}")
        if name in texts:
            lines.append(fill(texts[name], _WIDTH, initial_indent="    ", subsequent_indent="    "))
    yield "\n".join(lines)


def type_name(annotation: Any) -> str:
    """Format a type for people: without modules, and without `None`, which every option may be.

    :param annotation: The type.
    """
    if get_origin(annotation) in (Union, types.UnionType):
        names = dict.fromkeys(type_name(each) for each in get_args(annotation))
        return " | ".join(name for name in names if name != "NoneType")
    name = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", name)


@cache
def option_types(declared: Any) -> dict[str, Any]:
    """Return the type of each option that a TypedDict declares or inherits.

    In the class body, types that name models are text, because building a client must not load models.

    :param declared: The TypedDict.
    """
    return get_type_hints(declared, localns={**vars(_enums), **vars(_format), **vars(_tools)})


@cache
def option_texts(declared: Any) -> dict[str, str]:
    """Return the text of each option that a TypedDict declares or inherits; none if there is no source.

    :param declared: The TypedDict.
    """
    try:
        source = inspect.getsource(sys.modules[declared.__module__])
    except (OSError, TypeError):
        return {}
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    return dict(_texts_of(declared.__name__, classes))


def _texts_of(name: str, classes: dict[str, ast.ClassDef]) -> Iterator[tuple[str, str]]:
    if name not in classes:
        return
    for base in classes[name].bases:
        yield from _texts_of(ast.unparse(base), classes)
    members = classes[name].body
    for member, text in pairwise(members):
        if isinstance(member, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield ast.unparse(member.target), " ".join(str(text.value.value).split())
