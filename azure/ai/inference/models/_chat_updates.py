"""The updates of a streamed completion: what each adds to the answer, in the same form as the answer's own models."""

from datetime import datetime
from typing import Any

from .._model import Model
from .._model_fields import computed, field
from ._chat import ChatResponseAudio, ChoiceLogprobs, CompletionsUsage, ContentFilterResults, PromptFilterResult
from ._content import ContentItem
from ._enums import ChatRole, CompletionsFinishReason
from ._reasoning import reasoning_of, text_of
from ._tools import FunctionCall


class StreamingChatResponseToolCallUpdate(Model):
    """A piece of a tool call."""

    __module__ = "azure.ai.inference.models"

    index: int | None = None
    """Index of the tool call within the message. Mistral and the Azure model inference schema leave it out."""
    id: str
    """The call's id, usually in its first piece only."""
    type: str | None = None
    """"function", usually in the first piece only."""
    function: FunctionCall
    """The name, usually in the first piece only, and the next piece of the arguments."""


class StreamingChatResponseMessageUpdate(Model):
    """What an update adds to a message."""

    __module__ = "azure.ai.inference.models"

    role: str | ChatRole | None = None
    """The assistant's role, usually in the first update only."""
    content: str | None = field(default=None, read_as=list[ContentItem])
    """The next piece of the text. Mistral's reasoning models send a list of `ContentItem`; `text` reads both forms."""
    tool_calls: list[StreamingChatResponseToolCallUpdate] | None = None
    """The next pieces of tool calls."""
    refusal: str | None = None
    """The next piece of a refusal."""
    reasoning_content: str | None = None
    """The next piece of the model's reasoning."""
    audio: ChatResponseAudio | None = None
    """The next piece of audio."""
    output: list[dict[str, Any]] | None = None
    """The items of a Responses API answer, in the last update: see `ChatResponseMessage.output`."""
    content_blocks: list[dict[str, Any]] | None = None
    """The blocks of a Messages API answer, in the last update: see `ChatResponseMessage.content_blocks`."""

    @computed
    def reasoning(self) -> str | None:
        """Return the next piece of the model's reasoning, in whichever format the service sends it, or `None`.

        `<think>` tags are recognised only in updates that a stream of this library returned, because one piece alone
        does not say whether it is between the tags. Assigning it does not change the JSON.
        """
        return reasoning_of(self)

    @computed
    def text(self) -> str:
        """Return the next piece of the answer, without reasoning; empty if the update has none."""
        return text_of(self)


class StreamingChatChoiceUpdate(Model):
    """What an update adds to one of the answers."""

    __module__ = "azure.ai.inference.models"

    index: int
    """Its index, from 0."""
    finish_reason: str | CompletionsFinishReason | None = None
    """Why the answer ended, in its last update."""
    delta: StreamingChatResponseMessageUpdate
    """What is added. Azure OpenAI leaves it out of updates that have only filter results."""
    logprobs: ChoiceLogprobs | None = None
    """Log probabilities of the added tokens, if requested."""
    content_filter_results: ContentFilterResults | None = None
    """What the content filter found in the answer so far."""


class StreamingChatCompletionsUpdate(Model):
    """A piece of a streamed completion."""

    __module__ = "azure.ai.inference.models"

    id: str
    """The service's id for the completion, the same in every update."""
    created: datetime
    """When the completion was created, UTC. In JSON, and read by item, it is in Unix seconds."""
    model: str
    """The model that answers."""
    choices: list[StreamingChatChoiceUpdate]
    """What is added; empty in an update that only reports usage."""
    usage: CompletionsUsage | None = None
    """Tokens used, in the last update, if the service reports it or `stream_options` asked for it."""
    system_fingerprint: str | None = None
    """Identifies the configuration that the model runs with."""
    service_tier: str | None = None
    """The service tier that processes the request."""
    prompt_filter_results: list[PromptFilterResult] | None = None
    """What the content filter found in the request; Azure OpenAI sends it in the first update."""
