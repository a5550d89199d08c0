"""What a model says, before any provider's way of sending it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool.

    :param name: the function to call.
    :param arguments: an object, or the JSON text (which need not be valid: models err).
    :keyword id: the call's id. Default: one made from the request, in the form of the provider.
    """

    name: str
    arguments: str | Mapping[str, Any] = "{}"
    id: str | None = None

    @property
    def text(self) -> str:
        """The arguments as the JSON text that is sent."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(dict(self.arguments))


@dataclass(frozen=True)
class Reply:
    """What the emulator answers to one request.

    :param content: the text; None where the model only calls tools.
    :keyword tool_calls: calls of tools.
    :keyword reasoning: what the model thought, sent in the way of the dialect.
    :keyword refusal: why the model does not answer.
    :keyword finish_reason: ``stop``, ``length``, ``tool_calls``, ``content_filter``, or any other. Default: what fits.
    :keyword filtered: a category (``hate``, ``self_harm``, ``sexual``, ``violence``) for which the answer is withheld.
    :keyword choices: several choices instead of one.
    :keyword usage: members of ``usage`` that differ from the emulator's own count.
    :keyword body: a JSON body to send as it is, whatever was asked; bytes are sent as bytes.
    :keyword file: a file to send as it is, such as "speech.mp3"; its ending says what it is.
    :keyword events: the events of a stream to send as they are: an object or a text is framed as ``data: ...``, bytes
        are not. The closing ``[DONE]`` is one of them, or missing.
    :keyword status: the HTTP status. Default: 200.
    :keyword headers: headers to add.
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
        if self.file is not None and not Path(self.file).is_file():
            raise ValueError(f"file is {str(self.file)!r}, which is not there")

    @property
    def is_raw(self) -> bool:
        """Tell whether the reply says what to send, not what the model says."""
        raw = (self.body, self.file, self.events)
        return any(part is not None for part in raw) or self.status != 200
