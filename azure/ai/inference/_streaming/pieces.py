"""Values that arrive in pieces: text, lists, objects and content.

Each has `add`, which takes a piece of any shape, and `value`, which returns what the pieces add up to.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import StringIO
from typing import Any, Protocol

from typing_extensions import TypeIs

from .._json import is_json_object, is_list

JsonObject = dict[str, Any]


class Growing(Protocol):
    """A value that arrives in pieces."""

    def add(self, piece: Any) -> None: ...
    def value(self) -> Any: ...


class Text:
    """Text that arrives in pieces. An object is written as JSON: Mistral may send arguments that way."""

    def __init__(self) -> None:
        self._buffer = StringIO()
        self._buffer.readline()  # turns it into a real buffer; until then CPython up to 3.11 keeps up to 100,000 pieces
        self.write = self._buffer.write

    def add(self, piece: Any) -> None:
        self.write(piece if isinstance(piece, str) else json.dumps(piece))

    def value(self) -> str:
        return self._buffer.getvalue()


class Arguments(Text):
    """The arguments of a call, which some services repeat: the whole text, or in each piece all the text so far.

    The joined pieces count if they are JSON. Otherwise a piece that begins with all the text before it replaces that
    text.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.write = self._write

    def _write(self, piece: str) -> int:
        self._pieces.append("" + piece)  # raises for anything but text, as a buffer does
        return len(piece)

    def value(self) -> str:
        text = "".join(self._pieces)
        if is_json_object(text):
            return text
        once = ""
        for piece in self._pieces:
            once = piece if piece.startswith(once) else once + piece
        return once if is_json_object(once) else text


class Base64Text:
    """Base64 that arrives in pieces, which a service may have encoded one by one or cut from a single text."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, piece: Any) -> None:
        if isinstance(piece, str):
            self._pieces.append(piece)

    def value(self) -> str:
        if any(piece.endswith("=") for piece in self._pieces[:-1]):
            with suppress(binascii.Error, ValueError):
                whole = b"".join(base64.b64decode(piece, validate=True) for piece in self._pieces)
                return base64.b64encode(whole).decode("ascii")
        return "".join(self._pieces)


class GrowingList:
    """A list to which each piece adds items."""

    def __init__(self) -> None:
        self._items: list[Any] = []

    def add(self, piece: Any) -> None:
        if is_list(piece):
            self._items.extend(piece)

    def value(self) -> list[Any]:
        return list(self._items)


class MergedObject:
    """An object that arrives in pieces; a table says how its members grow."""

    def __init__(self, table: Mapping[str, Callable[[], Growing]]) -> None:
        self._table = table
        self._members: JsonObject = {}

    def member(self, name: str) -> Any:
        return self._members.get(name)

    def add(self, piece: Any) -> None:
        if not is_dict(piece):
            return
        members, table = self._members, self._table
        for name, value in piece.items():
            if value is None or name not in table:
                keep(members, name, value)
                continue
            growing: Growing | None = members.get(name)
            if growing is None:
                growing = members[name] = table[name]()
            growing.add(value)

    def value(self) -> JsonObject:
        members = copied(self._members)
        for name in self._table:
            growing: Growing | None = members.get(name)
            if growing is not None:
                members[name] = growing.value()
        return members


class Content:
    """The content of an answer: text, or a list of items, as Mistral's reasoning models send it.

    One stream may send both; the result is then a list, in which runs of text are items.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []  # Text, MergedObject for thinking, and other items unchanged
        self._listed = False

    def add(self, piece: Any) -> None:
        if is_dict(piece):
            self.add([piece])
        elif is_list(piece):
            self._listed = True
            for item in piece:
                self._add_item(item)
        else:
            self._add_text(piece)

    def tail(self) -> Any:
        """Return the last part."""
        return self._parts[-1] if self._parts else None

    def _add_text(self, text: Any) -> None:
        tail = self.tail()
        if isinstance(tail, Text):
            tail.add(text)
        elif text or not self._parts:
            tail = Text()
            tail.add(text)
            self._parts.append(tail)

    def _add_item(self, item: Any) -> None:
        kind = item.get("type") if is_dict(item) else None
        if kind == "text" and item.keys() == {"type", "text"} and isinstance(item["text"], str):
            self._add_text(item["text"])
        elif kind == "thinking":
            self._add_thinking(item)
        else:
            self._parts.append(item)

    def _add_thinking(self, item: JsonObject) -> None:
        tail = self.tail()
        if not isinstance(tail, MergedObject) or tail.member("closed"):
            tail = MergedObject(_THINKING)
            self._parts.append(tail)
        tail.add(item)

    def value(self) -> Any:
        values: list[Any] = [part.value() if isinstance(part, (Text, MergedObject)) else part for part in self._parts]
        if not self._listed:
            return "".join(values)
        return [{"type": "text", "text": value} if isinstance(value, str) else value for value in values if value != ""]


_THINKING: dict[str, Callable[[], Growing]] = {"thinking": Content}


def is_dict(value: Any) -> TypeIs[JsonObject]:
    return isinstance(value, dict)


def _says_something(name: str, value: Any) -> bool:
    """Return whether a value may replace an earlier one: null and empty values may not, nor a time of 0."""
    return value not in (None, "", [], {}) and (bool(value) or name != "created")


def keep(members: JsonObject, name: str, value: Any) -> None:
    """Keep a member that does not grow: the last non-empty value wins, and objects are merged.

    Services repeat a member as null or empty in updates that do not concern it: usage, finish reasons, fingerprints.
    `created` is 0 in updates that only carry content filter results.
    """
    known = members.get(name)
    if is_dict(known) and is_dict(value):
        known.update({part: said for part, said in value.items() if said is not None or part not in known})
    elif known is None or _says_something(name, value):
        members[name] = dict(value) if is_dict(value) else value


def copied(members: JsonObject) -> JsonObject:
    """Return a copy that `keep` may continue to fill: the objects that it merges are copied too."""
    return {name: dict(value) if is_dict(value) else value for name, value in members.items()}
