"""Scripted replies: used in order, or by conditions.

Each request takes the first reply that matches it and is not used up. If none matches, the emulator answers itself, or
refuses if it is strict; either way it says which reply came closest.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NamedTuple, Union

from ._argument_checks import Kinds, check_function, check_type, check_types
from ._matching import (
    Check,
    function_check,
    last_check,
    member_checks,
    model_check,
    path_check,
    schema_check,
    tool_check,
)
from ._replies import Reply, ToolCall
from ._request import RecordedRequest
from ._values import as_list, as_object

Said = Union[str, Reply, Mapping[str, Any]]
Scripted = Union[Said, Callable[[RecordedRequest], Said]]

_CALL_MEMBERS: Final = frozenset(field.name for field in fields(ToolCall))
_REPLY_MEMBERS: Final = frozenset(field.name for field in fields(Reply))
_NONE: Final = type(None)
_CONDITION_TYPES: Final[Mapping[str, Kinds]] = {
    **dict.fromkeys(("model", "tool", "path"), (str, _NONE)),
    **dict.fromkeys(("match", "schema"), (Mapping, _NONE)),
    "times": (int, _NONE),
}
_CONDITIONS: Final = ("last", "model", "tool", "path", "match", "schema", "times")


@dataclass
class Rule:
    """A reply, and the requests it is meant for.

    :param said: The reply, or a function of the request that returns it.
    :keyword last: A regular expression found in the last message: a text, ignoring case, or a compiled one.
    :keyword model: The model named in the body.
    :keyword tool: A tool offered in the body.
    :keyword path: A part of the path. Default: requests that continue a conversation.
    :keyword match: Members of the body and what they must be.
    :keyword schema: A JSON schema that the body must match.
    :keyword when: A function of the request that returns whether it matches.
    :keyword times: How often the reply is used. None: without limit.
    """

    said: Scripted
    last: str | re.Pattern[str] | None = None
    model: str | None = None
    tool: str | None = None
    path: str | None = None
    match: Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None
    when: Callable[[RecordedRequest], Any] | None = None
    times: int | None = 1
    number: int = 0
    given: int = 0
    _checks: list[Check] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_types(self, _CONDITION_TYPES)
        if self.when is not None and not callable(self.when):
            raise TypeError(f"when is {self.when!r}; pass a function of the request")
        check_function("when", self.when)
        check_function("the reply", self.said)
        if not callable(self.said):
            self.said = read_reply(self.said)
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}; choose 1 or more, or None for a reply without limit")
        self._checks = [path_check(self.path), *self._optional_checks()]

    def _optional_checks(self) -> Iterable[Check]:
        if self.last is not None:
            yield last_check(self.last)
        if self.model is not None:
            yield model_check(self.model)
        if self.tool is not None:
            yield tool_check(self.tool)
        if self.match is not None:
            yield from member_checks(self.match)
        if self.schema is not None:
            yield schema_check(self.schema)
        if self.when is not None:
            yield function_check(self.when)

    @property
    def is_used_up(self) -> bool:
        """Whether the reply was used as often as allowed."""
        return self.times is not None and self.given >= self.times

    def mismatches(self, request: RecordedRequest) -> list[str]:
        """Return why a request does not get this reply; an empty list if it does."""
        reasons = [reason for check in self._checks if (reason := check(request)) is not None]
        if self.is_used_up:
            reasons.append("it is used up")
        return reasons

    def fits(self, request: RecordedRequest) -> bool:
        """Return whether a request gets this reply."""
        return not self.is_used_up and all(check(request) is None for check in self._checks)

    def __str__(self) -> str:
        """Name the reply by its number and conditions: ``reply 2 (last='weather', model='m')``."""
        conditions = [
            f"{name}={getattr(value, '__name__', None) or repr(value)}"
            for name in (*_CONDITIONS[:-1], "when")
            if (value := getattr(self, name)) is not None
        ]
        return f"reply {self.number}" + (f" ({', '.join(conditions)})" if conditions else "")


class Match(NamedTuple):
    """What the script offers for a request.

    :ivar rule: The rule that matched, or None.
    :ivar reply: Its reply.
    :ivar nearest: If none matched, the one that came closest and why it did not match; None if there are no rules.
    """

    rule: Rule | None
    reply: Reply | None = None
    nearest: str | None = None


class Script:
    """The replies, in the order they were written."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules: list[Rule] = []
        self._numbers = 0
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule) -> None:
        """Add a reply after the others."""
        self._numbers += 1
        rule.number = self._numbers
        self.rules.append(rule)

    def remove(self, number: int) -> bool:
        """Remove a reply. Return whether it was there."""
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if rule.number != number]
        return len(self.rules) < before

    def next(self, request: RecordedRequest) -> Match:
        """Take the reply for a request, if any."""
        rule = next((rule for rule in self.rules if rule.fits(request)), None)
        if rule is None:
            return Match(None, nearest=self._nearest(request))
        rule.given += 1
        return Match(rule, read_reply(rule.said(request.scrubbed()) if callable(rule.said) else rule.said))

    def unused(self) -> list[Rule]:
        """Return the replies that are not used up; with ``times=None``, those never used."""
        return [rule for rule in self.rules if not (rule.is_used_up or (rule.times is None and rule.given))]

    def _nearest(self, request: RecordedRequest) -> str | None:
        misses = [(rule.mismatches(request), rule) for rule in self.rules]
        if not misses:
            return None
        reasons, rule = min(misses, key=lambda miss: (miss[0][0].startswith("the path is"), len(miss[0])))
        return f"{rule}: {'; '.join(reasons)}"


def read_reply(said: Said) -> Reply:
    """Return a reply, made from its text or from a mapping with the members of :class:`Reply`.

    :raises ValueError: For a member that a reply does not have.
    :raises TypeError: For anything else.
    """
    if isinstance(said, Reply):
        return said
    if isinstance(said, str):
        return Reply(said)
    if not isinstance(said, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] what users pass is not checked
        raise TypeError(f"a reply is a str, a Reply or a mapping of its members, not {type(said).__name__}")
    unknown = [name for name in said if name not in _REPLY_MEMBERS]
    if unknown:
        raise ValueError(f"a reply has no member {unknown[0]!r}; it has {', '.join(sorted(_REPLY_MEMBERS))}")
    members = dict(said)
    for name, read in (("tool_calls", _read_call), ("choices", read_reply)):
        given = said.get(name, ())
        check_type(name, given, (Sequence,))
        members[name] = [read(item) for item in given]
    return Reply(**members)


def _read_call(call: ToolCall | Mapping[str, Any]) -> ToolCall:
    if isinstance(call, ToolCall):
        return call
    check_type("a tool call", call, (Mapping,))
    unknown = [name for name in call if name not in _CALL_MEMBERS]
    if unknown or "name" not in call:
        raise ValueError(f"a tool call is {dict(call)!r}; it needs a name, and may have arguments and an id")
    return ToolCall(**call)


def load_script(path: str | Path) -> list[Rule]:
    """Return the replies of a script: a JSON file, or a YAML file if PyYAML is installed.

    It contains a list. Each item is a text, or a mapping with the members of :class:`Reply` and the conditions of
    :class:`Rule`.

    The ``file`` of a reply is relative to the script's folder.

    :raises ValueError: If the file contains anything else.
    :raises ImportError: For YAML without PyYAML.
    """
    items = _parse(Path(path).read_text("utf-8-sig"), Path(path))
    if not isinstance(items, list):
        raise ValueError(f"{path} holds a {type(items).__name__}; a script is a list of replies")
    folder = Path(path).parent
    return [read_rule(item, f"reply {number} of {path}", folder) for number, item in enumerate(as_list(items), 1)]


def _parse(text: str, path: Path) -> Any:
    if path.suffix.lower() not in (".yaml", ".yml"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"{path} is not JSON: {error}; name a YAML file .yaml") from error
    try:
        import yaml
    except ImportError as error:
        raise ImportError(f"{path} is YAML, which needs PyYAML: pip install pyyaml") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error


def _beside(folder: Path | None, name: Any) -> Path:
    if folder is None or not isinstance(name, str):
        raise ValueError("file must be a name, in a script's file; elsewhere pass the response itself")
    return folder / name


def read_rule(item: Any, where: str, folder: Path | None = None) -> Rule:
    """Return a reply and its conditions, written as an item of a script.

    :param where: The name of the item in an error.
    :param folder: The folder of files to send. None: replies may not name files, because their author does not own the
        files of this machine.
    :raises ValueError: If it is neither a text nor a mapping of known members.
    """
    if isinstance(item, str):
        return Rule(item)
    if not isinstance(item, dict):
        raise ValueError(f"{where} is a {type(item).__name__}; write a text or a mapping")
    members = as_object(item)
    conditions = {name: members[name] for name in _CONDITIONS if name in members}
    said = {name: value for name, value in members.items() if name not in _CONDITIONS}
    try:
        if said.get("file") is not None:
            said["file"] = _beside(folder, said["file"])
        return Rule(said, **conditions)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
