"""Tool calls that arrive in pieces: which piece belongs to which call."""

import json
from collections.abc import Callable
from typing import Any

from .._json import is_json_object, is_list
from .pieces import Arguments, Growing, JsonObject, MergedObject, Text, is_dict


class ToolCalls:
    """Tool calls that arrive in pieces. A service identifies the call by index, by id, or not at all.

    A piece belongs to the call with its index, else with its id, else to the last call; of several pieces with neither,
    each belongs to the call that began in the same position. A piece begins another call if its key is new. It also
    does if it names a function and its id or name differs from the call's: some services give each call index 0, or the
    same id. Without ids it also does if both have complete arguments that differ: Gemini's route sends neither index
    nor id.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_key: dict[object, _Call] = {}

    def add(self, piece: Any) -> None:
        pieces = [part for part in (piece if is_list(piece) else [piece]) if is_dict(part)]
        several = sum(_key_of(part) is None for part in pieces) > 1
        for position, part in enumerate(pieces):
            self._add_piece(part, ("position", position) if several else None)

    def _add_piece(self, piece: JsonObject, place: object) -> None:
        key = _key_of(piece)
        call = self._by_key.get(place if key is None else key)
        if call is None and (same := self._by_key.get(_id_of(piece))) is not None and not same.has_index:
            call = same  # earlier pieces left out the index
        if call is None or call.is_followed_by(piece):
            call = _Call()
            self._calls.append(call)
        call.add(piece)
        for name in (key, _id_of(piece) or None, place, None):  # None is the key of the last call
            self._by_key[name] = call

    def template(self, delta: JsonObject) -> tuple[JsonObject, Any]:
        """Return the function to put new arguments into, and the text that they extend.

        Replaces the function in `delta`, which is already a copy, with a copy of its own: the template is compared with
        each update, so it must not share objects with the first.
        """
        (piece, *more) = delta["tool_calls"] if is_list(delta["tool_calls"]) else [delta["tool_calls"]]
        if more or not is_dict(piece) or not is_dict(piece.get("function")) or _name_of(piece):
            return {}, None
        function = dict(piece["function"])
        delta["tool_calls"] = [{**piece, "function": function}]
        return function, self._by_key[None].arguments()

    def value(self) -> list[JsonObject]:
        return [call.value() for call in self._calls]


class _Call:
    """A tool call that arrives in pieces."""

    def __init__(self) -> None:
        self._grown = MergedObject(_CALL)
        self._id = self._name = ""
        self._begun = False
        self.has_index = False
        """Whether any piece had an index."""

    def add(self, piece: JsonObject) -> None:
        self._grown.add({name: value for name, value in piece.items() if name != "index"})
        self._id = self._id or _id_of(piece)
        self._name = self._name or _name_of(piece)
        self._begun = self._begun or bool(_arguments_of(piece))
        self.has_index = self.has_index or isinstance(piece.get("index"), int)

    def is_followed_by(self, piece: JsonObject) -> bool:
        """Return whether a piece that might belong to this call begins another one."""
        name, new_id = _name_of(piece), _id_of(piece)
        if not name:
            return False  # early vLLM gives every piece an id of its own, but only the first a name
        if new_id and self._id and new_id != self._id:
            return True
        if name != self._name:
            return bool(self._name)
        if new_id or not self._begun:
            return False
        return self._begins_anew(piece)

    def _begins_anew(self, piece: JsonObject) -> bool:
        """Return whether a piece with this call's name and no id has the arguments of another call."""
        arguments = _arguments_of(piece)
        if _key_of(piece) is None:
            return not isinstance(arguments, str) or arguments.lstrip().startswith("{")
        known = self.arguments()
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        said = known.value() if isinstance(known, Text) else ""
        return is_json_object(text) and is_json_object(said) and text != said

    def arguments(self) -> Any:
        """Return the text of the arguments, if any have arrived."""
        function = self._grown.member("function")
        return function.member("arguments") if isinstance(function, MergedObject) else None

    def value(self) -> JsonObject:
        call = self._grown.value()
        if self._id:
            call["id"] = self._id
        call["type"] = call.get("type") or "function"
        function = call.get("function")
        if is_dict(function):
            function["arguments"] = function.get("arguments") or ""
        return call


FUNCTION: dict[str, Callable[[], Growing]] = {"arguments": Arguments}
_CUSTOM: dict[str, Callable[[], Growing]] = {"input": Text}
_CALL: dict[str, Callable[[], Growing]] = {
    "function": lambda: MergedObject(FUNCTION),
    "custom": lambda: MergedObject(_CUSTOM),
}


def _key_of(piece: JsonObject) -> int | str | None:
    index = piece.get("index")
    return index if isinstance(index, int) else _id_of(piece) or None


def _id_of(piece: JsonObject) -> str:
    value = piece.get("id")
    return value if isinstance(value, str) and value != "null" else ""  # Mistral sends "null" for a call without an id


def _name_of(piece: JsonObject) -> str:
    name = _function_of(piece).get("name")
    return name if isinstance(name, str) else ""


def _arguments_of(piece: JsonObject) -> Any:
    function = _function_of(piece)
    return function.get("arguments") or function.get("input") or ""


def _function_of(piece: JsonObject) -> JsonObject:
    function = piece.get("function") or piece.get("custom")
    return function if is_dict(function) else {}
