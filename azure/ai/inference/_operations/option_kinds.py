"""Check the values of options before anything is sent, against the types that the TypedDicts declare.

Only builtin values of another kind are refused, such as the text of an environment variable for a number. Objects of
other libraries pass, since JSON or azure-core may understand them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from .._json import is_list
from .options import ChatOptions, ClientOptions, EmbeddingOptions


class _Kind(NamedTuple):
    """What the value of an option may be."""

    words: str
    """Its description, for errors."""
    accepted: tuple[type, ...]
    """The builtin types that it may have."""


_TEXT = _Kind("a str", (str,))
_OBJECT = _Kind("a mapping, such as a dict", (dict,))
_LIST = _Kind("a list", (list, tuple))

_IN_BODY: Mapping[Any, _Kind] = {
    float: _Kind("a number", (int, float)),
    int: _Kind("a whole number", (int,)),
    bool: _Kind("True or False", (bool,)),
    str: _TEXT,
    Mapping: _OBJECT,
    Sequence: _LIST,
}
"""Kinds of members of the request body, by declared type."""

_OF_THE_PIPELINE: Mapping[Any, _Kind] = {
    float: _Kind("a number", (bool, int, float)),
    int: _Kind("a whole number", (bool, int, float)),
    str: _TEXT,
    Mapping: _OBJECT._replace(accepted=(dict, list, tuple)),  # pairs have always worked
    Sequence: _LIST._replace(accepted=(list, tuple, set, dict)),
    Iterable: _LIST._replace(accepted=(list, tuple, set, dict)),
    Callable: _Kind("a function", ()),
}
"""Kinds of azure-core's keyword arguments, which take anything for a bool."""

_OTHERS = ("timeout", "proxies")
"""Options with stricter checks of their own."""

_BUILTIN = (int, float, str, bytes, list, tuple, set, dict)


def _kind_of(declared: Any, kinds: Mapping[Any, _Kind]) -> _Kind | None:
    """Return the kind of a declared type; `None` if the values are not checked here."""
    ways = get_args(declared) if get_origin(declared) in (Union, UnionType) else (declared,)
    found = [kinds.get(get_origin(way) or way) for way in ways if way is not type(None)]
    known = [kind for kind in found if kind is not None]
    if len(known) < len(found):
        return None
    return _Kind(" or ".join(kind.words for kind in known), tuple(each for kind in known for each in kind.accepted))


@cache
def _kinds() -> Mapping[str, _Kind]:
    """Return the kinds by option. Types that name models are text in the TypedDicts, so their kinds are given here."""
    declared = (
        *(
            (name, kind, _OF_THE_PIPELINE)
            for name, kind in ClientOptions.__annotations__.items()
            if name not in _OTHERS
        ),
        *((name, kind, _IN_BODY) for name, kind in EmbeddingOptions.__annotations__.items()),
        *((name, kind, _IN_BODY) for name, kind in ChatOptions.__annotations__.items()),
    )
    return {
        **{name: kind for name, type_, kinds in declared if (kind := _kind_of(type_, kinds)) is not None},
        "stream": _IN_BODY[bool],
        "prompt_logprobs": _Kind("True, False or a whole number", (bool, int)),  # a number for vLLM
        "tools": _LIST,
        "tool_choice": _Kind("a str or a mapping, such as a dict", (str, dict)),
        "encoding_format": _TEXT,
        "input_type": _TEXT,
    }


def check_kinds(options: Mapping[str, Any]) -> None:
    """Check the values of options.

    :param options: The options of a client or of a call; others are not looked at.
    :raises TypeError: A value is of another kind than its option. Those of mappings, which may have secrets, are not
        shown.
    """
    kinds = _kinds()
    for name, value in options.items():
        kind = None if value is None else kinds.get(name)
        if kind is not None and value.__class__ not in kind.accepted and not _fits(value, kind):
            shown = "" if "mapping" in kind.words else f": {value!r:.100}"
            raise TypeError(f"{name} must be {kind.words}, not {type(value).__name__}{shown}.")


def _fits(value: Any, kind: _Kind) -> bool:
    if not kind.accepted:
        return callable(value)
    if isinstance(value, bool):
        return bool in kind.accepted
    if isinstance(value, float) and value.is_integer():
        return int in kind.accepted
    return isinstance(value, kind.accepted) or not isinstance(value, _BUILTIN)


def check_tools(tools: Any) -> None:
    """Check that tools are definitions, not the functions themselves.

    :param tools: The value of the option.
    :raises TypeError: They are functions, or an object that holds functions.
    """
    if hasattr(tools, "definitions"):
        raise TypeError("tools must be a list of definitions: pass toolset.definitions, not the Toolset itself.")
    if callable(tools):
        raise TypeError(f"tools must be a list of definitions, not a function. {_defined(tools)}")
    for index, tool in enumerate(tools if is_list(tools) else ()):
        if callable(tool):
            raise TypeError(f"tools[{index}] is a function. {_defined(tool)}")
        if tool is None or isinstance(tool, _NO_TOOLS):
            raise TypeError(
                f"tools[{index}] must be a ChatCompletionsToolDefinition or a mapping, not {type(tool).__name__}: "
                f"{tool!r:.100}."
            )


_NO_TOOLS: tuple[type, ...] = (str, bytes, int, list)


def _defined(function: Any) -> str:
    name = getattr(function, "__name__", "f")
    return f"Describe it with ChatCompletionsToolDefinition.from_function({name}), or Toolset([{name}]).definitions."
