"""Combine the updates of a stream into the completion that a plain call would have returned.

`Accumulator` takes each update as parsed JSON, and can be asked for the completion at any time. Objects are merged by
a table: a member that the table names grows with each piece (text is joined, lists are extended, nested objects are
merged in turn); of every other member the last non-empty value wins. So members that only one service has survive
without being known here.

Nearly all updates of a stream differ in their text alone. `add` therefore keeps the last update as a template: if a new
update equals it, with the new text put in, only that text is written. Any other update takes the careful way, which
trusts no shape: services and gateways differ in all of them.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import StringIO
from typing import Any, NamedTuple, Optional, Protocol

from typing_extensions import TypeIs

from .._json import is_json_object, is_list

_Object = dict[str, Any]


class _Template(NamedTuple):
    """What the next update is compared with. Comparing two dicts is one call in C; looking at each member is dozens."""

    update: _Object
    """A copy of the last update, as deep as to the text."""
    holder: _Object
    """The object in that copy which has the text. The next update's text is put there before the two are compared."""
    member: str
    """The member of `holder` for the text."""
    is_call: bool
    """Whether `holder` is the function of a tool call, not the delta."""
    padding: str
    """The member for padding, which differs each time; empty if there is none."""
    write: Callable[[str], object]
    """Appends the text to what came before."""


_PADDING = frozenset({"obfuscation", "p"})
"""Random text against guessing an answer from the sizes of its packets (OpenAI's and Mistral's name for it)."""


class Accumulator:
    """Collects the updates of a streamed chat completion."""

    def __init__(self) -> None:
        self._members: _Object = {}
        self._choices: dict[int, _MergedObject] = {}
        self._template: Any = tuple(_template())  # a plain tuple is unpacked twice as fast as a named one

    def add(self, update: _Object) -> None:
        """Add an update. None is refused: what has no sensible shape is kept as it is, or ignored.

        :param update: The update as `json.loads` gave it; it is not changed.
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
                return
        except (LookupError, TypeError, RecursionError):
            pass  # not of the template's shape
        with suppress(RecursionError):
            self._add_with_care(update)

    def completion(self) -> _Object:
        """Return the completion so far.

        :return: What a plain call would have returned, in wire form. It is the caller's to change; only values nested
            in members that are unknown here are shared with the updates.
        """
        members = _copied(self._members)
        head: _Object = {name: members.pop(name) for name in ("id", "created", "model") if name in members}
        choices = [_choice(index, grown) for index, grown in sorted(self._choices.items())]
        return {"object": "chat.completion", **head, "choices": choices, **members}

    def _add_with_care(self, update: Any) -> None:
        self._template = tuple(_template())
        if not _is_object(update):
            return
        for name, value in update.items():
            if name not in _PADDING and name not in ("choices", "object"):
                _keep(self._members, name, value)
        choices = update.get("choices")
        if not is_list(choices):
            return
        for position, choice in enumerate(choices):
            if _is_object(choice):
                message = self._add_choice(choice, position)
                if len(choices) == 1 and message is not None:
                    self._template = tuple(_template_after(update, choice, message))

    def _add_choice(self, choice: _Object, position: int) -> Optional["_MergedObject"]:
        index = choice.get("index")
        key = index if isinstance(index, int) else position
        if key not in self._choices:
            self._choices[key] = _MergedObject(_CHOICE)
        grown = self._choices[key]
        if choice.get("delta") is None and "message" in choice and not grown.member("delta"):
            choice = {**choice, "delta": choice["message"]}  # some gateways stream a whole answer in one event
        grown.add(choice)
        message: _MergedObject | None = grown.member("delta")
        return message


def _template() -> _Template:
    """Return a template that no update equals."""
    return _Template({}, {}, "content", False, "", len)


def _template_after(update: _Object, choice: _Object, message: "_MergedObject") -> _Template:
    """Return the template of an update of one choice, if adding it again would add nothing but its text.

    Not where more than one member grows, or log probabilities do: each of them would have to be written. Nor where the
    update names a function, for the same one again may begin another call.
    """
    delta = choice.get("delta")
    if not _is_object(delta) or choice.get("logprobs"):
        return _template()
    growing = list(filter(delta.get, _MESSAGE)) or ["content"]
    if len(growing) > 1:
        return _template()
    delta = dict(delta)
    holder, member = delta, growing[0]
    is_call = member == "tool_calls"
    text = message.member(member)
    if isinstance(text, _ToolCalls):
        (holder, text), member = text.template(delta), "arguments"
    elif isinstance(text, _Content):
        text = text.tail()
    if not isinstance(text, _Text):
        return _template()
    padding = next((name for name in _PADDING if name in update), "")
    copied = {**update, "choices": [{**choice, "delta": delta}]}
    return _Template(copied, holder, member, is_call, padding, text.write)


class _Growing(Protocol):
    """A value that comes in pieces."""

    def add(self, piece: Any) -> None: ...
    def value(self) -> Any: ...


class _Text:
    """Text in pieces. An object in its place is written as JSON: Mistral may send a call's arguments so."""

    def __init__(self) -> None:
        self._buffer = StringIO()
        self._buffer.readline()  # having been read, it is a buffer; before, CPython to 3.11 keeps up to 100,000 pieces
        self.write = self._buffer.write

    def add(self, piece: Any) -> None:
        self.write(piece if isinstance(piece, str) else json.dumps(piece))

    def value(self) -> str:
        return self._buffer.getvalue()


class _Arguments(_Text):
    """The text of a call's arguments, which some services send again: whole, or with each piece all that came before.

    What is joined counts if it is JSON. Else each piece that begins with all before it stands in place of that.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.write = self._write

    def _write(self, piece: str) -> int:
        self._pieces.append("" + piece)  # refuses what is no text, as a buffer does
        return len(piece)

    def value(self) -> str:
        text = "".join(self._pieces)
        if is_json_object(text):
            return text
        once = ""
        for piece in self._pieces:
            once = piece if piece.startswith(once) else once + piece
        return once if is_json_object(once) else text


class _Base64:
    """Bytes in pieces of base64, which a service may have encoded one by one or cut out of one text."""

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


class _List:
    """A list, each piece of which brings more items."""

    def __init__(self) -> None:
        self._items: list[Any] = []

    def add(self, piece: Any) -> None:
        if is_list(piece):
            self._items.extend(piece)

    def value(self) -> list[Any]:
        return list(self._items)


class _MergedObject:
    """An object in pieces, the members of which grow as a table says."""

    def __init__(self, table: Mapping[str, Callable[[], _Growing]]) -> None:
        self._table = table
        self._members: _Object = {}

    def member(self, name: str) -> Any:
        return self._members.get(name)

    def add(self, piece: Any) -> None:
        if not _is_object(piece):
            return
        members, table = self._members, self._table
        for name, value in piece.items():
            if value is None or name not in table:
                _keep(members, name, value)
                continue
            growing: _Growing | None = members.get(name)
            if growing is None:
                growing = members[name] = table[name]()
            growing.add(value)

    def value(self) -> _Object:
        members = _copied(self._members)
        for name in self._table:
            growing: _Growing | None = members.get(name)
            if growing is not None:
                members[name] = growing.value()
        return members


class _Content:
    """What an answer says: text, or a list of items, as Mistral's reasoning models send it.

    In one stream both may come; the whole is then a list, in which runs of text are items.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []  # _Text, _MergedObject for thinking, and items of other kinds as they came
        self._listed = False

    def add(self, piece: Any) -> None:
        if _is_object(piece):
            self.add([piece])
        elif is_list(piece):
            self._listed = True
            for item in piece:
                self._add_item(item)
        else:
            self._add_text(piece)

    def tail(self) -> Any:
        """Return the part that was written last."""
        return self._parts[-1] if self._parts else None

    def _add_text(self, text: Any) -> None:
        tail = self.tail()
        if isinstance(tail, _Text):
            tail.add(text)
        elif text or not self._parts:
            tail = _Text()
            tail.add(text)
            self._parts.append(tail)

    def _add_item(self, item: Any) -> None:
        kind = item.get("type") if _is_object(item) else None
        if kind == "text" and item.keys() == {"type", "text"} and isinstance(item["text"], str):
            self._add_text(item["text"])
        elif kind == "thinking":
            self._add_thinking(item)
        else:
            self._parts.append(item)

    def _add_thinking(self, item: _Object) -> None:
        tail = self.tail()
        if not isinstance(tail, _MergedObject) or tail.member("closed"):
            tail = _MergedObject(_THINKING)
            self._parts.append(tail)
        tail.add(item)

    def value(self) -> Any:
        values: list[Any] = [part.value() if isinstance(part, (_Text, _MergedObject)) else part for part in self._parts]
        if not self._listed:
            return "".join(values)
        return [{"type": "text", "text": value} if isinstance(value, str) else value for value in values if value != ""]


class _ToolCalls:
    """Tool calls in pieces, whose owner a service tells by index, by id, or not at all.

    A piece belongs to the call of its index, else of its id, else to the last call; of several that have neither, each
    to the call that began in the same place. It begins another call where its key is new, and also where it names a
    function and its id or its name is not the call's: services exist that give each call index 0, or the same id. For
    want of ids it does so too where both have whole arguments, and not the same: Gemini's route gives neither.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_key: dict[object, _Call] = {}

    def add(self, piece: Any) -> None:
        pieces = [part for part in (piece if is_list(piece) else [piece]) if _is_object(part)]
        several = sum(_key_of(part) is None for part in pieces) > 1
        for position, part in enumerate(pieces):
            self._add_piece(part, ("position", position) if several else None)

    def _add_piece(self, piece: _Object, place: object) -> None:
        key = _key_of(piece)
        call = self._by_key.get(place if key is None else key)
        if call is None and (same := self._by_key.get(_id_of(piece))) is not None and not same.has_index:
            call = same  # its index was left out before
        if call is None or call.is_followed_by(piece):
            call = _Call()
            self._calls.append(call)
        call.add(piece)
        for name in (key, _id_of(piece) or None, place, None):  # None stands for the last call
            self._by_key[name] = call

    def template(self, delta: _Object) -> tuple[_Object, Any]:
        """Put a copy of its function in a delta of one piece; return it, and the text that its arguments extend."""
        (piece, *more) = delta["tool_calls"] if is_list(delta["tool_calls"]) else [delta["tool_calls"]]
        if more or not _is_object(piece) or not _is_object(piece.get("function")) or _name_of(piece):
            return {}, None
        function = dict(piece["function"])
        delta["tool_calls"] = [{**piece, "function": function}]
        return function, self._by_key[None].arguments()

    def value(self) -> list[_Object]:
        return [call.value() for call in self._calls]


class _Call:
    """A tool call in pieces."""

    def __init__(self) -> None:
        self._grown = _MergedObject(_CALL)
        self._id = self._name = ""
        self._begun = False
        self.has_index = False
        """Whether a piece had an index."""

    def add(self, piece: _Object) -> None:
        self._grown.add({name: value for name, value in piece.items() if name != "index"})
        self._id = self._id or _id_of(piece)
        self._name = self._name or _name_of(piece)
        self._begun = self._begun or bool(_arguments_of(piece))
        self.has_index = self.has_index or isinstance(piece.get("index"), int)

    def is_followed_by(self, piece: _Object) -> bool:
        """Whether a piece that might belong here begins another call."""
        name, new_id = _name_of(piece), _id_of(piece)
        if not name:
            return False  # early vLLM gives every piece an id of its own, but only the first one a name
        if new_id and self._id and new_id != self._id:
            return True
        if name != self._name:
            return bool(self._name)
        if new_id or not self._begun:
            return False
        return self._begins_anew(piece)

    def _begins_anew(self, piece: _Object) -> bool:
        """Whether a piece with this call's name, and no id, repeats the arguments of another call of the function."""
        arguments = _arguments_of(piece)
        if _key_of(piece) is None:
            return not isinstance(arguments, str) or arguments.lstrip().startswith("{")
        known = self.arguments()
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        said = known.value() if isinstance(known, _Text) else ""
        return is_json_object(text) and is_json_object(said) and text != said

    def arguments(self) -> Any:
        """Return the text of the arguments, if any came."""
        function = self._grown.member("function")
        return function.member("arguments") if isinstance(function, _MergedObject) else None

    def value(self) -> _Object:
        call = self._grown.value()
        if self._id:
            call["id"] = self._id
        call["type"] = call.get("type") or "function"
        function = call.get("function")
        if _is_object(function):
            function["arguments"] = function.get("arguments") or ""
        return call


_FUNCTION: dict[str, Callable[[], _Growing]] = {"arguments": _Arguments}
_CUSTOM: dict[str, Callable[[], _Growing]] = {"input": _Text}
_AUDIO: dict[str, Callable[[], _Growing]] = {"data": _Base64, "transcript": _Text}
_LOGPROBS: dict[str, Callable[[], _Growing]] = {"content": _List, "refusal": _List}
_THINKING: dict[str, Callable[[], _Growing]] = {"thinking": _Content}
_CALL: dict[str, Callable[[], _Growing]] = {
    "function": lambda: _MergedObject(_FUNCTION),
    "custom": lambda: _MergedObject(_CUSTOM),
}
_MESSAGE: dict[str, Callable[[], _Growing]] = {
    "content": _Content,
    "refusal": _Text,
    "reasoning_content": _Text,
    "reasoning": _Text,
    "reasoning_details": _List,
    "annotations": _List,
    "tool_calls": _ToolCalls,
    "function_call": lambda: _MergedObject(_FUNCTION),
    "audio": lambda: _MergedObject(_AUDIO),
}
_CHOICE: dict[str, Callable[[], _Growing]] = {
    "delta": lambda: _MergedObject(_MESSAGE),
    "logprobs": lambda: _MergedObject(_LOGPROBS),
}


def _choice(index: int, grown: _MergedObject) -> _Object:
    members = {name: value for name, value in grown.value().items() if name not in ("index", "message")}
    choice: _Object = {"index": index}
    delta = members.pop("delta", None)
    if _is_object(delta):
        delta.pop("index", None)  # models of other vendors behind Mistral repeat the choice's index here
        role, content = delta.pop("role", None), delta.pop("content", None)
        choice["message"] = {"role": role or "assistant", "content": content, **delta}
    return {**choice, "finish_reason": members.pop("finish_reason", None), **members}


def _is_object(value: Any) -> TypeIs[_Object]:
    return isinstance(value, dict)


def _says_something(name: str, value: Any) -> bool:
    """Return whether a value may take the place of one that was there: null and emptiness may not, nor a time of 0."""
    return value not in (None, "", [], {}) and (bool(value) or name != "created")


def _keep(members: _Object, name: str, value: Any) -> None:
    """Keep a member that does not grow: the last non-empty value wins, and objects are merged.

    Services repeat a member as null or empty in updates that have nothing to say about it: usage, finish reasons,
    fingerprints. `created` is 0 in updates in which only the content filter speaks.
    """
    known = members.get(name)
    if _is_object(known) and _is_object(value):
        known.update({part: said for part, said in value.items() if said is not None or part not in known})
    elif known is None or _says_something(name, value):
        members[name] = dict(value) if _is_object(value) else value


def _copied(members: _Object) -> _Object:
    return {name: dict(value) if _is_object(value) else value for name, value in members.items()}


def _key_of(piece: _Object) -> int | str | None:
    index = piece.get("index")
    return index if isinstance(index, int) else _id_of(piece) or None


def _id_of(piece: _Object) -> str:
    value = piece.get("id")
    return value if isinstance(value, str) and value != "null" else ""  # "null": Mistral, for a call without one


def _name_of(piece: _Object) -> str:
    name = _function_of(piece).get("name")
    return name if isinstance(name, str) else ""


def _arguments_of(piece: _Object) -> Any:
    function = _function_of(piece)
    return function.get("arguments") or function.get("input") or ""


def _function_of(piece: _Object) -> _Object:
    function = piece.get("function") or piece.get("custom")
    return function if _is_object(function) else {}
