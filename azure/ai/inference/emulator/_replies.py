"""What a model answers, before it takes any provider's form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool.

    :param name: the function to call.
    :param arguments: an object, or JSON text, which may be invalid, as models sometimes send it.
    :keyword id: the call's id. Default: one derived from the request, in the provider's form.
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
    """The answer to one request.

    :param content: the text. None if the model only calls tools.
    :keyword tool_calls: the tool calls.
    :keyword reasoning: the reasoning, sent in the dialect's form.
    :keyword refusal: why the model refuses to answer.
    :keyword finish_reason: ``stop``, ``length``, ``tool_calls``, ``content_filter``, or any other. Default: the one
        that fits.
    :keyword filtered: a category (``hate``, ``self_harm``, ``sexual``, ``violence``) for which the answer is withheld.
    :keyword choices: several choices instead of one.
    :keyword usage: members of ``usage`` that override the emulator's count.
    :keyword body: a JSON body to send unchanged; bytes are sent as bytes.
    :keyword file: a file to send unchanged, such as "speech.mp3"; its extension sets the content type.
    :keyword events: the events of a stream to send unchanged. Objects and texts are framed as ``data: ...``, bytes are
        not. To end the stream properly, include ``[DONE]``.
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
        """Whether the reply is sent unchanged, rather than in the provider's form."""
        raw = (self.body, self.file, self.events)
        return any(part is not None for part in raw) or self.status != 200
