"""The inputs of a prompt: fill in defaults, check types, and set aside the values that are not text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union, cast

from ._declarations import json_type
from ._message_parser import ROLES, Part
from ._prompt_error import PromptError

KINDS = (
    "string", "integer", "float", "number", "boolean", "array", "list", "object", "thread", "image", "audio", "file",
)  # fmt: skip

_WORDS = {"true": True, "false": False}


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return float(text)


_CONVERSIONS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "float": _number,
    "number": _number,
    "boolean": lambda text: _WORDS[text.strip().lower()],
}
_ACCEPTED = {
    "string": ("string", "integer", "number", "boolean"),
    "integer": ("integer",),
    "float": ("integer", "number"),
    "number": ("integer", "number"),
    "boolean": ("boolean",),
    "array": ("array",),
    "list": ("array",),
    "object": ("object",),
}


@dataclass(frozen=True)
class PropertySettings:
    """One declared input or output."""

    type: str = ""
    """One of :data:`KINDS`, or any other text, which means that values are not checked."""
    default: Any = None
    description: str = ""
    sample: Any = None
    """An example. It is used as a value only with ``use_sample=True``."""
    required: bool = False
    enum: Sequence[Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Unknown keys of the file."""


def complete(
    declared: Mapping[str, PropertySettings], variables: Mapping[str, Any], samples: Mapping[str, Any]
) -> dict[str, Any]:
    """Fill in missing variables and check all of them.

    :param declared: The inputs that the prompt declares.
    :param variables: The variables that the caller passed.
    :param samples: Values for variables that the caller left out. They take precedence over defaults.
    :return: All variables.
    :raises PromptError: A required input is missing, or a value does not have the declared type.
    """
    defaults = {name: item.default for name, item in declared.items() if item.default is not None}
    values = {**defaults, **samples, **variables}
    missing = [name for name, item in declared.items() if item.required and values.get(name) is None]
    if missing:
        raise PromptError(f"required inputs are missing: {', '.join(missing)}; pass them to create_messages()")
    for name, item in declared.items():
        if values.get(name) is not None:
            values[name] = _typed(name, item, values[name])
    return values


def _typed(name: str, declared: PropertySettings, value: Any) -> Any:
    accepted = _ACCEPTED.get(declared.type)
    if accepted is not None and json_type(value) not in accepted:
        if not isinstance(value, str) or declared.type not in _CONVERSIONS:
            raise _wrong_type(name, declared, value)
        try:
            value = _CONVERSIONS[declared.type](value)
        except (ValueError, KeyError):
            raise _wrong_type(name, declared, value) from None
    if declared.enum is not None and value not in declared.enum:
        raise PromptError(f"input {name!r} is {value!r:.60}; it must be one of {list(declared.enum)!r}")
    return value


def _wrong_type(name: str, declared: PropertySettings, value: Any) -> PromptError:
    return PromptError(
        f"input {name!r} is declared as {declared.type}, but {value!r:.60} is of type {type(value).__name__}"
    )


class _Thread(list[Any]):
    """A list of messages that prints as its mark, so that a template may loop over it or insert it whole."""

    mark = ""

    def __str__(self) -> str:
        return self.mark


RichValue = Union[Part, Sequence[Mapping[str, Any]]]


def replace_by_marks(
    declared: Mapping[str, PropertySettings], values: Mapping[str, Any], token: str
) -> tuple[dict[str, Any], list[RichValue]]:
    """Replace images, audio, files and message lists with marks.

    :param declared: The inputs that the prompt declares.
    :param values: All variables.
    :param token: The token of the marks.
    :return: The variables to render with, and the values that the marks stand for.
    :raises PromptError: A value does not have the declared kind.
    """
    texts = dict(values)
    rich: list[RichValue] = []
    for name, item in declared.items():
        reader = _READERS.get(item.type)
        # A file may be passed as a content item. Its text or URL is ordinary text.
        is_text = item.type == "file" and not isinstance(values.get(name), Mapping)
        if reader and not is_text and values.get(name) is not None:
            value = reader(name, values[name])
            texts[name] = mark = f"{token}V{len(rich)}{token}."
            if not isinstance(value, Mapping):
                texts[name] = _Thread(value)
                texts[name].mark = mark
            rich.append(value)
    return texts, rich


def _thread(name: str, value: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, (list, tuple)) or not all(map(_is_message, cast("Sequence[Any]", value))):
        raise PromptError(
            f"input {name!r} is a thread: pass a list of messages, each with a role of {', '.join(ROLES)}"
        )
    return cast("Sequence[Mapping[str, Any]]", value)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and cast("Mapping[str, Any]", value).get("role") in ROLES


def _image(name: str, value: Any) -> Part:
    if isinstance(value, Mapping):
        return cast("Part", value)
    if isinstance(value, str) and is_remote(value):
        return {"type": "image_url", "image_url": {"url": value}}
    raise PromptError(
        f"input {name!r} is an image: pass an https: or data: URL, or an ImageContentItem, not {value!r:.60}"
    )


def _audio(name: str, value: Any) -> Part:
    if isinstance(value, Mapping):
        return cast("Part", value)
    head, _, data = value.partition(";base64,") if isinstance(value, str) else ("", "", "")
    audio_format = head.removeprefix("data:audio/")
    try:
        if audio_format in ("wav", "mp3") and base64.b64decode(data, validate=True):
            return {"type": "input_audio", "input_audio": {"data": data, "format": audio_format}}
    except binascii.Error:
        audio_format = ""
    raise PromptError(
        f"input {name!r} is audio: pass a 'data:audio/wav;base64,' or 'data:audio/mp3;base64,' URL, or an "
        f"AudioContentItem, not {value!r:.60}"
    )


def _file(name: str, value: Any) -> Part:
    return cast("Part", value)


_READERS: dict[str, Callable[[str, Any], RichValue]] = {
    "thread": _thread,
    "image": _image,
    "audio": _audio,
    "file": _file,
}


def is_remote(target: str) -> bool:
    """Return whether the target of an image is a URL rather than a file.

    :param target: The target.
    :return: True for an http, https or data URL.
    """
    return target.lower().startswith(("http:", "https:", "data:"))
