"""Separates a model's reasoning from its answer.

Services return reasoning in four formats: a member `reasoning_content` (Azure, DeepSeek, Grok), a member `reasoning`
(Ollama, vLLM), items of type "thinking" in a list of content (Mistral), and text between `<think>` tags at the start of
the answer (DeepSeek-R1 on serverless endpoints). Reading changes nothing: what a provider sent goes back unchanged.

A tag counts only at the start, because an answer may mention tags. A stream may cut a tag anywhere, so `ThinkTag` is
fed text in pieces. Whole texts go through it too, so both agree.
"""

from typing import Any, Literal

from .._json import is_list, is_object

Json = dict[str, Any]

_dict: Any = dict
_get = _dict.get
"""Reads a model's members as they came. A model's own `get` would wrap them, and takes three times as long."""

_OPEN = "<think>"
_CLOSE = "</think>"


def reasoning_of(message: Json) -> str | None:
    """Return the reasoning that a message or delta has in members of its own.

    :param message: The message, as JSON.
    :return: The reasoning; `None` if there is none.
    """
    for name in ("reasoning_content", "reasoning"):
        thoughts = _get(message, name)
        if isinstance(thoughts, str) and thoughts:
            return thoughts
    content = _get(message, "content")
    return _joined(content, "thinking") or None if is_list(content) else None


def text_of(message: Json) -> str:
    """Return the text of a message or delta, without items of reasoning.

    :param message: The message, as JSON.
    :return: The text, with its `<think>` tags; empty if there is none.
    """
    return _text(_get(message, "content"))


def separate_reasoning(message: Json) -> tuple[str | None, str]:
    """Return the reasoning and the text of a whole message, in whichever format they come.

    :param message: The message, as JSON.
    :return: The reasoning, `None` if there is none; and the text, empty if there is none.
    """
    thoughts, text = reasoning_of(message), text_of(message)
    if thoughts is None and isinstance(_get(message, "content"), str):
        between_tags, text = ThinkTag().feed(text, last=True)
        return between_tags or None, text
    return thoughts, text


def _joined(items: list[Any], kind: str) -> str:
    """Join the texts of the items of one kind. The member of that name is a text or a list of text items."""
    return "".join(_text(item.get(kind)) for item in items if is_object(item) and item.get("type") == kind)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _joined(value, "text") if is_list(value) else ""


class ThinkTag:
    """Separates reasoning between tags from the answer, in text that arrives in pieces.

    White space around the reasoning belongs to neither. Text that may be the beginning of a tag is held back.
    """

    def __init__(self) -> None:
        self._state: Literal["undecided", "thinking", "thought", "plain"] = "undecided"
        self._held = ""
        self._began = False

    @property
    def is_plain(self) -> bool:
        """Whether the rest of the text is the answer."""
        return self._state == "plain"

    def feed(self, piece: str, *, last: bool = False) -> tuple[str, str]:
        """Read the next piece of the text.

        :param piece: The piece, possibly empty.
        :keyword last: Whether the text ends with it. If so, nothing is held back.
        :return: What the piece adds to the reasoning, and to the answer.
        """
        text, self._held = self._held + piece, ""
        thoughts = ""
        if self._state == "undecided":
            text = self._open(text, last)
        if self._state == "thinking":
            thoughts, text = self._think(text, last)
        if self._state == "thought":
            text = text.lstrip()
            self._state = "plain" if text else "thought"
        return thoughts, text

    def _open(self, text: str, last: bool) -> str:
        begin = text.lstrip()
        if begin.startswith(_OPEN):
            self._state = "thinking"
            return begin[len(_OPEN) :]
        if _OPEN.startswith(begin) and not last:
            self._held = text
            return ""
        self._state = "plain"
        return text

    def _think(self, text: str, last: bool) -> tuple[str, str]:
        thoughts, close, rest = text.partition(_CLOSE)
        whole = bool(close) or last
        end = len((thoughts if whole else _without_start_of_close(thoughts)).rstrip())
        if close:
            self._state = "thought"
        elif not last:
            self._held = thoughts[end:]
        thoughts = thoughts[:end] if self._began else thoughts[:end].lstrip()
        self._began = self._began or bool(thoughts)
        return thoughts, rest


def _without_start_of_close(text: str) -> str:
    for length in range(len(_CLOSE) - 1, 0, -1):
        if text.endswith(_CLOSE[:length]):
            return text[:-length]
    return text
