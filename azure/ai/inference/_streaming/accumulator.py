"""Combine the updates of a stream into the completion that a plain call would have returned.

`Accumulator` takes each update as parsed JSON, and can return the completion at any time. Objects are merged by a
table: a member named in the table grows with each piece (text is joined, lists are extended, nested objects are merged
in turn); for any other member the last non-empty value wins. Members that only one service sends therefore survive
without being listed here.

Most updates of a stream differ from the one before only in their text. `add` therefore keeps the last update as a
template: if a new update equals it once the new text is put in, only that text is appended. Any other update takes the
slow path, which assumes no shape: services and gateways differ in all of them.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Optional

from .._json import is_list
from .pieces import Base64Text, Content, Growing, GrowingList, JsonObject, MergedObject, Text, copied, is_dict, keep
from .repeated_events import RepeatedEvent, find_repeated_event
from .tool_call_pieces import FUNCTION, ToolCalls


class _Template(NamedTuple):
    """What an update is compared with. Comparing two dicts is one call in C; checking their members takes dozens."""

    update: JsonObject
    """A copy of the last update, deep enough to replace the text without touching the original."""
    holder: JsonObject
    """The object in that copy that contains the text. An update's text is put there before the comparison."""
    member: str
    """The member of `holder` that is the text."""
    is_call: bool
    """Whether `holder` is the function of a tool call rather than the delta."""
    padding: str
    """The member for padding, which differs in each update; empty if there is none."""
    write: Callable[[str], object]
    """Appends the text to the text so far."""


_PADDING = frozenset({"obfuscation", "p"})
"""Random padding that keeps packet sizes from revealing the answer (OpenAI's and Mistral's name for it)."""


class Accumulator:
    """Combines the updates of a streamed chat completion."""

    def __init__(self) -> None:
        self._members: JsonObject = {}
        self._choices: dict[int, MergedObject] = {}
        self._template: Any = tuple(_template())  # a plain tuple unpacks twice as fast as a named one
        self.extended_call = False
        """Whether the last update only added to a call's arguments, as the one before did: it has no text to read."""

    def add(self, update: JsonObject) -> None:
        """Add an update. No update is rejected: values of an unexpected shape are kept unchanged, or ignored.

        :param update: The update as returned by `json.loads`; it is not modified.
        """
        if not self.extend(update):
            self.add_any(update)

    def extend(self, update: JsonObject) -> bool:
        """Add an update that differs from the last one in its text alone; leave any other update alone.

        :param update: As in `add`.
        :return: Whether it was added. All its other members are known then.
        """
        known, holder, member, is_call, padding, write = self._template
        try:
            place = update["choices"][0]["delta"]
            if is_call:
                place = place["tool_calls"][0]["function"]
            text = holder[member] = place[member]
            if padding:
                known[padding] = update[padding]
            if known == update:
                write(text)
                self.extended_call = is_call
                return True
        except (LookupError, TypeError, RecursionError):
            pass  # does not have the template's shape
        return False

    def repeated_event(self, data: bytes, update: JsonObject) -> RepeatedEvent | None:
        """Return what reads further events like this one; what it reads is added.

        :param data: The data of the event.
        :param update: What was read from it, and added by `extend`.
        """
        _, _, member, is_call, padding, write = self._template
        return None if is_call else find_repeated_event(data, update, member, padding, write)

    def add_any(self, update: JsonObject) -> None:
        """Add an update of any shape.

        :param update: As in `add`.
        """
        self.extended_call = False
        with suppress(RecursionError):
            self._add_members(update)

    def completion(self) -> JsonObject:
        """Return the completion so far.

        :return: What a plain call would have returned, as JSON. The caller may modify it; only values nested in members
            that are unknown here are shared with the updates.
        """
        members = copied(self._members)
        head: JsonObject = {name: members.pop(name) for name in ("id", "created", "model") if name in members}
        choices = [_choice(index, grown) for index, grown in sorted(self._choices.items())]
        return {"object": "chat.completion", **head, "choices": choices, **members}

    def _add_members(self, update: Any) -> None:
        self._template = tuple(_template())
        if not is_dict(update):
            return
        for name, value in update.items():
            if name not in _PADDING and name not in ("choices", "object"):
                keep(self._members, name, value)
        choices = update.get("choices")
        if not is_list(choices):
            return
        for position, choice in enumerate(choices):
            if is_dict(choice):
                message = self._add_choice(choice, position)
                if len(choices) == 1 and message is not None:
                    self._template = tuple(_template_after(update, choice, message))

    def _add_choice(self, choice: JsonObject, position: int) -> Optional["MergedObject"]:
        index = choice.get("index")
        key = index if isinstance(index, int) else position
        if key not in self._choices:
            self._choices[key] = MergedObject(_CHOICE)
        grown = self._choices[key]
        if choice.get("delta") is None and "message" in choice and not grown.member("delta"):
            choice = {**choice, "delta": choice["message"]}  # some gateways stream a whole answer as one event
        grown.add(choice)
        message: MergedObject | None = grown.member("delta")
        return message


def _template() -> _Template:
    """Return a template that matches no update."""
    return _Template({}, {}, "content", False, "", len)


def _template_after(update: JsonObject, choice: JsonObject, message: "MergedObject") -> _Template:
    """Return the template for updates like this one, if another one would add nothing but its text.

    There is none if several members grow, or log probabilities do, since each would have to be appended. Nor is there
    one if the update names a function: the same name again may begin another call.
    """
    delta = choice.get("delta")
    if not is_dict(delta) or choice.get("logprobs"):
        return _template()
    growing = list(filter(delta.get, _MESSAGE)) or ["content"]
    if len(growing) > 1:
        return _template()
    delta = dict(delta)
    holder, member = delta, growing[0]
    is_call = member == "tool_calls"
    text = message.member(member)
    if isinstance(text, ToolCalls):
        (holder, text), member = text.template(delta), "arguments"
    elif isinstance(text, Content):
        text = text.tail()
    if not isinstance(text, Text):
        return _template()
    padding = next((name for name in _PADDING if name in update), "")
    copy = {**update, "choices": [{**choice, "delta": delta}]}
    return _Template(copy, holder, member, is_call, padding, text.write)


_AUDIO: dict[str, Callable[[], Growing]] = {"data": Base64Text, "transcript": Text}
_LOGPROBS: dict[str, Callable[[], Growing]] = {"content": GrowingList, "refusal": GrowingList}
_MESSAGE: dict[str, Callable[[], Growing]] = {
    "content": Content,
    "refusal": Text,
    "reasoning_content": Text,
    "reasoning": Text,
    "reasoning_details": GrowingList,
    "annotations": GrowingList,
    "tool_calls": ToolCalls,
    "function_call": lambda: MergedObject(FUNCTION),
    "audio": lambda: MergedObject(_AUDIO),
}
_CHOICE: dict[str, Callable[[], Growing]] = {
    "delta": lambda: MergedObject(_MESSAGE),
    "logprobs": lambda: MergedObject(_LOGPROBS),
}


def _choice(index: int, grown: MergedObject) -> JsonObject:
    members = {name: value for name, value in grown.value().items() if name not in ("index", "message")}
    choice: JsonObject = {"index": index}
    delta = members.pop("delta", None)
    if is_dict(delta):
        delta.pop("index", None)  # other vendors' models behind Mistral repeat the index of the choice here
        role, content = delta.pop("role", None), delta.pop("content", None)
        choice["message"] = {"role": role or "assistant", "content": content, **delta}
    return {**choice, "finish_reason": members.pop("finish_reason", None), **members}
