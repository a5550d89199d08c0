"""Replies that were written beforehand: in order, or by what is asked.

Each request for a chat takes the first reply that fits it and is not used up; where none fits, the emulator answers
by itself.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Union

from ._replies import Reply, ToolCall
from ._request import RecordedRequest
from ._rules import tool_functions
from ._values import as_list, as_object, content_text

Said = Union[str, Reply, Mapping[str, Any]]
Scripted = Union[Said, Callable[[RecordedRequest], Said]]

_REPLY_MEMBERS: Final = frozenset(field.name for field in fields(Reply))
_CONDITIONS: Final = ("last", "model", "tool", "path", "times")


@dataclass
class Rule:
    """A reply and when to give it.

    :param said: the reply, or a function of the request that gives it.
    :keyword last: a regular expression that is found in the last message, upper and lower case alike.
    :keyword model: the model asked for.
    :keyword tool: a tool that is offered.
    :keyword path: what the path holds. Default: only requests for a chat.
    :keyword times: how often. None: without end.
    """

    said: Scripted
    last: str | None = None
    model: str | None = None
    tool: str | None = None
    path: str | None = None
    times: int | None = 1

    def __post_init__(self) -> None:
        if not callable(self.said):
            self.said = read_reply(self.said)
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}; choose 1 or more, or None for a reply without end")
        try:
            re.compile(self.last or "")
        except re.error as error:
            raise ValueError(f"last is {self.last!r}, which is no regular expression: {error}") from error

    def fits(self, request: RecordedRequest) -> bool:
        """Tell whether a request gets this reply."""
        body = as_object(request.body)
        last = as_object((as_list(body.get("messages")) or [None])[-1])
        return (
            self.times != 0
            and (self.path or "/chat/completions") in request.path
            and (
                self.last is None or re.search(self.last, content_text(last.get("content")), re.IGNORECASE) is not None
            )
            and (self.model is None or body.get("model") == self.model)
            and (self.tool is None or self.tool in [function.get("name") for function in tool_functions(body)])
        )


class Script:
    """The replies that are left."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = list(rules)

    def add(self, rule: Rule) -> None:
        """Put a reply behind those that are there."""
        self._rules.append(rule)

    def next(self, request: RecordedRequest) -> Reply | None:
        """Take the reply for a request, if there is one."""
        rule = next((rule for rule in self._rules if rule.fits(request)), None)
        if rule is None:
            return None
        if rule.times is not None:
            rule.times -= 1
        return read_reply(rule.said(request.scrubbed()) if callable(rule.said) else rule.said)


def read_reply(said: Said) -> Reply:
    """Make a reply of its text, or of a mapping with the members of :class:`Reply`.

    :raises ValueError: for a member that a reply does not have.
    :raises TypeError: for anything else.
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
    members["tool_calls"] = [
        call if isinstance(call, ToolCall) else ToolCall(**call) for call in said.get("tool_calls", ())
    ]
    members["choices"] = [read_reply(choice) for choice in said.get("choices", ())]
    return Reply(**members)


def load_script(path: str | Path) -> list[Rule]:
    """Read a script: a JSON file, or a YAML file where PyYAML is installed, with a list of replies.

    Each is a text, or a mapping with the members of :class:`Reply` and, to say when, of :class:`Rule`.

    :raises ValueError: if that is not what the file holds.
    :raises ImportError: for YAML without PyYAML.
    """
    text = Path(path).read_text("utf-8")
    items = _parse(text, Path(path))
    if not isinstance(items, list):
        raise ValueError(f"{path} holds a {type(items).__name__}; a script is a list of replies")
    return [_read_rule(item, f"reply {number} of {path}") for number, item in enumerate(as_list(items), 1)]


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


def _read_rule(item: Any, where: str) -> Rule:
    if isinstance(item, str):
        return Rule(item)
    if not isinstance(item, dict):
        raise ValueError(f"{where} is a {type(item).__name__}; write a text or a mapping")
    members = as_object(item)
    conditions = {name: members[name] for name in _CONDITIONS if name in members}
    said = {name: value for name, value in members.items() if name not in _CONDITIONS}
    try:
        return Rule(said, **conditions)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
