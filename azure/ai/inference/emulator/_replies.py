"""A model's reply, before it takes the form of a provider."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from ._argument_checks import Kinds, check_headers, check_json, check_status, check_type, check_types

_NONE: Final = type(None)
_CALL_TYPES: Final[Mapping[str, Kinds]] = {"name": (str,), "arguments": (str, Mapping), "id": (str, _NONE)}
_TEXTS: Final = ("content", "reasoning", "refusal", "finish_reason", "filtered")
_REPLY_TYPES: Final[Mapping[str, Kinds]] = {
    **dict.fromkeys(_TEXTS, (str, _NONE)),
    "tool_calls": (Sequence,),
    "choices": (Sequence,),
    "usage": (Mapping,),
    "file": (str, Path, _NONE),
    "events": (Sequence, _NONE),
    "status": (int,),
    "headers": (Mapping,),
}


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool.

    :param name: The function to call.
    :param arguments: An object, or JSON text, which may be invalid, as models sometimes send it.
    :keyword id: The call's id. Default: one derived from the request, in the provider's form.
    """

    name: str
    arguments: str | Mapping[str, Any] = "{}"
    id: str | None = None

    def __post_init__(self) -> None:
        check_types(self, _CALL_TYPES)
        if isinstance(self.arguments, Mapping):
            check_json("arguments", dict(self.arguments))

    @property
    def text(self) -> str:
        """The arguments as the JSON text that is sent."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(dict(self.arguments))


@dataclass(frozen=True)
class Reply:
    """The answer to one request.

    :param content: The text. None if the model only calls tools.
    :keyword tool_calls: The tool calls.
    :keyword reasoning: The reasoning, sent in the dialect's form.
    :keyword refusal: Why the model refuses to answer.
    :keyword finish_reason: ``stop``, ``length``, ``tool_calls``, ``content_filter``, or any other. Default: the one
        that fits.
    :keyword filtered: A category (``hate``, ``self_harm``, ``sexual``, ``violence``) for which the answer is withheld.
    :keyword choices: Several choices instead of one.
    :keyword usage: Members of ``usage`` that override the emulator's count.
    :keyword body: A JSON body to send unchanged; bytes are sent as bytes.
    :keyword file: A file to send unchanged, such as "speech.mp3"; its extension sets the content type.
    :keyword events: The events of a stream to send unchanged. Objects and texts are framed as ``data: ...``, bytes are
        not. To end the stream properly, include ``[DONE]``.
    :keyword status: The HTTP status. Default: 200.
    :keyword headers: Headers to add.
    """

    content: str | None = None
    tool_calls: Sequence[ToolCall] = ()
    reasoning: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    filtered: str | None = None
    choices: Sequence["Reply"] = ()
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Any | None = None
    file: str | Path | None = None
    events: Sequence[str | bytes | Mapping[str, Any]] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        check_types(self, _REPLY_TYPES)
        _check_items("tool_calls", self.tool_calls, ToolCall)
        _check_items("choices", self.choices, Reply)
        for number, event in enumerate(self.events or ()):
            check_type(f"events[{number}]", event, (str, bytes, Mapping))
            check_json(f"events[{number}]", None if isinstance(event, bytes) else event)
        check_status(self.status)
        check_headers(self.headers)
        _check_usage(self.usage)
        check_json("body", None if isinstance(self.body, bytes) else self.body)
        if self.file is not None and not Path(self.file).is_file():
            raise ValueError(f"file is {str(self.file)!r}, which does not exist")

    @property
    def is_raw(self) -> bool:
        """Whether the reply is sent unchanged, rather than in the provider's form."""
        raw = (self.body, self.file, self.events)
        return any(part is not None for part in raw) or self.status != 200


def _check_items(name: str, items: Sequence[Any], kind: type) -> None:
    for number, item in enumerate(items):
        if not isinstance(item, kind):
            raise TypeError(f"{name}[{number}] is {item!r}; pass a {kind.__name__}")


def _check_usage(usage: Mapping[str, Any]) -> None:
    for name, value in usage.items():
        if isinstance(value, Mapping):
            _check_usage(cast("Mapping[str, Any]", value))
        elif name.endswith("tokens"):
            check_type(f"usage[{name!r}]", value, (int,))
    check_json("usage", dict(usage))
