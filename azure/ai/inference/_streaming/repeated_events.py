"""Read an event that differs from the one before only in its text, without parsing all of it.

Nearly all events of a stream are the same JSON but for the text they add, and random padding. A `RepeatedEvent` holds
the JSON between these strings, and the update that it stands for. An event with the same JSON in between is read as a
copy of that update with the event's own strings. Any other event is left to the JSON reader.

Where the strings are is not deduced but tried: if reading the event with other strings in these places gives the same
update with the other strings in these members, and nothing else changed, then that holds for all strings.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .._json import is_list
from .._nested_models import wrap_as
from ..models._chat_updates import StreamingChatCompletionsUpdate
from .pieces import JsonObject, is_dict

_read_value: Any = json.JSONDecoder().raw_decode
_wrap_update = wrap_as(StreamingChatCompletionsUpdate)
_MARK = "-"

# The methods of `dict` itself: a model overrides some of them, to wrap what they return.
_dict: Any = dict
_new, _fill, _get, _set, _items = _dict.__new__, _dict.update, _dict.get, _dict.__setitem__, _dict.items


class RepeatedEvent:
    """What the events of a stream have in common.

    :param update: The update, to which nothing else refers.
    :param gaps: For each string that differs, in order: the JSON before it, from the end of the string before, and the
        name of its member.
    :param rest: The JSON after the last string.
    :param text: The member of the delta that is the text. Another string is a member of the update itself.
    :param write: Appends a text to the text so far.
    """

    def __init__(
        self,
        update: StreamingChatCompletionsUpdate,
        gaps: list[tuple[str, str]],
        rest: str,
        text: str,
        write: Callable[[str], object],
    ) -> None:
        self._delta: JsonObject = update.choices[0].delta
        self._text = text
        self._gaps = [(before, len(before), self._delta if name == text else update, name) for before, name in gaps]
        self._rest = rest
        self._write = write
        self._copy = _copier(update)

    def read(self, data: bytes) -> StreamingChatCompletionsUpdate | None:
        """Read the next event, and append its text.

        :param data: The data of the event.
        :return: The update, which shares no object with others; `None` if the event differs in anything else.
        """
        try:
            text, end = data.decode(), 0
            for before, length, holder, member in self._gaps:
                if not text.startswith(before, end):
                    return None
                value, end = _read_value(text, end + length)
                if value.__class__ is not str:
                    return None
                _set(holder, member, value)
            if text[end:] == self._rest:
                update: StreamingChatCompletionsUpdate = self._copy()
                self._write(_get(self._delta, self._text))
                return update
        except (ValueError, RecursionError):
            pass  # The JSON reader says what is wrong with it.
        return None


def find_repeated_event(
    data: bytes, update: JsonObject, member: str, padding: str, write: Callable[[str], object]
) -> RepeatedEvent | None:
    """Return what the events after this one may have in common with it.

    :param data: The data of the event.
    :param update: What was read from it: an update with one choice, whose delta has the text.
    :param member: The member of the delta that is the text.
    :param padding: The update's member for padding; empty if there is none.
    :param write: Appends a text to the text so far.
    :return: `None` if the strings are not found.
    """
    with suppress(ValueError, RecursionError):
        text, end, tried = data.decode(), 0, ""
        gaps: list[tuple[str, str]] = []
        for start, stop, name in sorted(_find_string(text, name) for name in (member, padding) if name):
            gaps.append((text[end:start], name))
            tried += f'{text[end : stop - 1]}{_MARK}"'
            end = stop
        found = json.loads(tried + text[end:])
        if found == _marked(update, member, padding):
            return RepeatedEvent(_wrap_update(found), gaps, text[end:], member, write)
    return None


def _find_string(text: str, name: str) -> tuple[int, int, str]:
    """Return where the string is that may be the value of a member, and the member's name.

    :raises ValueError: There is none.
    """
    start = text.index('"', text.rindex(f'"{name}"') + len(name) + 2)
    return start, _read_value(text, start)[1], name


def _marked(update: JsonObject, member: str, padding: str) -> JsonObject:
    """Return an update with a mark behind its text and its padding."""
    (choice,) = update["choices"]
    delta = {**choice["delta"], member: f"{choice['delta'][member]}{_MARK}"}
    padded = {padding: f"{update[padding]}{_MARK}"} if padding else {}
    return {**update, "choices": [{**choice, "delta": delta}], **padded}


def _copier(value: Any) -> Callable[[], Any]:
    """Return a function that copies a JSON value as it then is, provided that only strings in it were replaced."""
    kind = value.__class__
    if is_list(value):
        items = [_copier(item) for item in value]
        return lambda: [copy() for copy in items]
    if not is_dict(value):
        return lambda: value
    nested = [(name, _copier(member)) for name, member in _items(value) if isinstance(member, (dict, list))]
    if kind is dict and not nested:
        return value.copy  # a third of the time

    def copy_object() -> JsonObject:
        copied: JsonObject = _new(kind)
        _fill(copied, value)
        for name, copy in nested:
            _set(copied, name, copy())
        return copied

    return copy_object
