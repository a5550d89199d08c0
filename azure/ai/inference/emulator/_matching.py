"""Check whether a request matches the conditions of a reply, and explain why not.

A check is a function of the request that returns None if it matches, else the reason as text. Members of the body are
named as services do, ``messages[0].content``, with ``[-1]`` for the last item and ``[*]`` for any item.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from ._argument_checks import check_function
from ._request import RecordedRequest
from ._values import as_list, as_object, as_text, content_text

Check = Callable[[RecordedRequest], str | None]

_CONVERSATIONS: Final = ("/chat/completions", "/responses", "/messages")
_STEP: Final = re.compile(r"\[(-?\d+|\*)\]|\.?([^.\[\]]+)")
_REGEX: Final = "$regex"
_SHOWN: Final = 200


def path_check(path: str | None) -> Check:
    """Match requests whose path contains ``path``; by default, requests that continue a conversation."""

    def check(request: RecordedRequest) -> str | None:
        is_meant = request.path.endswith(_CONVERSATIONS) if path is None else path in request.path
        return None if is_meant else f"the path is {request.path!r}"

    return check


def last_check(last: str | re.Pattern[str]) -> Check:
    """Match a regular expression found in the last message: a text ignores case, a compiled one has its own flags.

    :raises ValueError: For an invalid expression.
    """
    pattern = _compile("last", last, re.IGNORECASE)

    def check(request: RecordedRequest) -> str | None:
        text = last_text(as_object(request.body))
        return None if pattern.search(text) else f"the last message is {_show(text)}"

    return check


def model_check(model: str) -> Check:
    """Match the model named in the body."""

    def check(request: RecordedRequest) -> str | None:
        found = as_object(request.body).get("model")
        return None if found == model else f"the model is {_show(found)}"

    return check


def tool_check(tool: str) -> Check:
    """Match a tool offered in the body."""

    def check(request: RecordedRequest) -> str | None:
        names = tool_names(as_object(request.body))
        return None if tool in names else f"the tools are {', '.join(names) or 'none'}"

    return check


def member_checks(match: Mapping[str, Any]) -> list[Check]:
    """Match members of the body: by value, regular expression, function, or part of an object.

    :raises ValueError: For an invalid name or expression.
    """
    checks: list[Check] = []
    for name, wanted in match.items():
        steps = _steps(name)
        checks.append(partial(_check_member, name, steps, _prepared(name, wanted)))
    return checks


def schema_check(schema: Mapping[str, Any]) -> Check:
    """Match a body that is valid against a JSON schema.

    :raises ImportError: Without jsonschema.
    :raises ValueError: For an invalid schema.
    """
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import validator_for
    except ImportError as error:
        raise ImportError("schema needs jsonschema: pip install jsonschema") from error
    kind = validator_for(dict(schema), Draft202012Validator)
    try:
        kind.check_schema(dict(schema))
    except SchemaError as error:
        raise ValueError(f"schema is not a valid JSON schema: {error.message}") from error
    validator = kind(dict(schema))

    def check(request: RecordedRequest) -> str | None:
        error = next(validator.iter_errors(request.body), None)
        if error is None:
            return None
        return f"the body does not match the schema: {_cut(error.message)} (at {error.json_path.replace('$.', '')})"

    return check


def function_check(when: Callable[[RecordedRequest], Any]) -> Check:
    """Match requests, without their secrets, for which a function returns a true value."""

    def check(request: RecordedRequest) -> str | None:
        return None if when(request.scrubbed()) else f"{getattr(when, '__name__', 'the function')} returned false"

    return check


def last_text(body: Mapping[str, Any]) -> str:
    """Return the text of a conversation's last message, in any of the APIs."""
    turns = body.get("messages", body.get("input"))
    if isinstance(turns, str):
        return turns
    last = (as_list(turns) or [None])[-1]
    return (
        last if isinstance(last, str) else content_text(as_object(last).get("content", as_object(last).get("output")))
    )


def tool_names(body: Mapping[str, Any]) -> list[str]:
    """Return the names of the tools that a request offers, in any of the APIs."""
    tools = map(as_object, as_list(body.get("tools")))
    return [
        name for tool in tools if (name := as_text(as_object(tool.get("function")).get("name") or tool.get("name")))
    ]


def _compile(name: str, pattern: Any, flags: int = 0) -> re.Pattern[str]:
    try:
        found = cast("re.Pattern[str]", pattern)
        if not isinstance(pattern, re.Pattern):
            found = re.compile(pattern, flags)
        found.search("")  # not one for bytes
        return found
    except (re.error, TypeError) as error:
        raise ValueError(f"{name} is {pattern!r}, which is not a regular expression: {error}") from error


def _steps(name: str) -> list[str | int]:
    """Split ``messages[0].content`` into steps; a star is kept.

    :raises ValueError: For a name that is not of that form.
    """
    found = list(_STEP.finditer(name)) if isinstance(name, str) else []  # pyright: ignore[reportUnnecessaryIsInstance]
    if not found or "".join(step[0] for step in found) != name:
        raise ValueError(f"match has the member {name!r}; write it as 'temperature' or 'messages[-1].content'")
    return [step[2] if step[1] is None else "*" if step[1] == "*" else int(step[1]) for step in found]


def _prepared(name: str, wanted: Any) -> Any:
    """Return the expected value, with ``{"$regex": ...}``, the form in files, compiled."""
    if isinstance(wanted, Mapping):
        members = cast("Mapping[str, Any]", wanted)
        if set(members) == {_REGEX}:
            return _compile(f"match[{name!r}]", members[_REGEX])
        return {key: _prepared(name, value) for key, value in members.items()}
    if isinstance(wanted, (list, tuple)):
        return [_prepared(name, item) for item in cast("Sequence[Any]", wanted)]
    return _prepared_value(f"match[{name!r}]", wanted)


def _prepared_value(name: str, wanted: Any) -> Any:
    """Return an expected value that is no list or object, as JSON has it.

    :raises TypeError: If no member of a body can be equal to it.
    """
    if isinstance(wanted, re.Pattern):
        return _compile(name, wanted)
    check_function(name, wanted)
    if isinstance(wanted, (set, frozenset, bytes, range)):
        raise TypeError(f"{name} is {wanted!r}, which JSON does not have; pass a list, a text or a function")
    # A scalar of numpy, whose truth values are no bool.
    return wanted.item() if getattr(wanted, "shape", None) == () else wanted


def _check_member(name: str, steps: Sequence[str | int], wanted: Any, request: RecordedRequest) -> str | None:
    found = _find(request.body, steps)
    if any(_matches(wanted, value) for value in found or ([None] if wanted is None else [])):
        return None
    if not found:
        return f"{name} is missing"
    return f"{name} is {', '.join(map(_show, found[:3]))}, not {_describe(wanted)}"


def _find(value: Any, steps: Sequence[str | int]) -> list[Any]:
    """Return the values at a place: several if it has a star, none if nothing is there."""
    found = [value]
    for step in steps:
        found = [inner for outer in found for inner in _step(outer, step)]
    return found


def _step(value: Any, step: str | int) -> list[Any]:
    if step == "*":
        return as_list(value)
    if isinstance(step, int):
        items = as_list(value)
        return [items[step]] if -len(items) <= step < len(items) else []
    members = as_object(value)
    return [members[step]] if step in members else []


def _matches(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, re.Pattern):
        text = found if isinstance(found, str) else content_text(found)
        return cast("re.Pattern[str]", wanted).search(text) is not None
    if callable(wanted):
        return bool(wanted(found))
    if isinstance(wanted, Mapping):
        members, given = cast("Mapping[str, Any]", wanted), as_object(found)
        return isinstance(found, dict) and all(
            (name in given or value is None) and _matches(value, given.get(name)) for name, value in members.items()
        )
    if isinstance(wanted, list):
        items, others = as_list(cast(Any, wanted)), as_list(found)
        return isinstance(found, list) and len(items) == len(others) and all(map(_matches, items, others))
    # In JSON, true is not 1.
    return bool(wanted == found) and isinstance(wanted, bool) is isinstance(found, bool)


def _describe(wanted: Any) -> str:
    if isinstance(wanted, re.Pattern):
        return f"matching {cast('re.Pattern[str]', wanted).pattern!r}"
    if callable(wanted):
        return f"what {getattr(wanted, '__name__', 'the function')} accepts"
    return _show(wanted)


def _show(value: Any) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
