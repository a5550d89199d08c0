"""Answers: chat completions, whole and as streamed updates.

Declared is what services really send: the Azure model inference API, Azure OpenAI with content filtering, and their
peers. What a service leaves out reads `None`, also where the type does not say so.
"""

import json
from datetime import datetime
from typing import Any, TypeVar, overload

from .._model import Model, wrap_as
from .._model_fields import computed, field
from ._answer import Answer
from ._content import ContentItem
from ._enums import ChatRole, CompletionsFinishReason
from ._reasoning import reasoning_of, tell_apart, text_of
from ._tools import ChatCompletionsToolCall, FunctionCall

T = TypeVar("T")


class ContentFilterResult(Model):
    """What the content filter found in one category."""

    filtered: bool
    """Whether the content was withheld for it."""
    severity: str | None = None
    """"safe", "low", "medium" or "high"; in categories of harm."""
    detected: bool | None = None
    """Whether it was found; in categories such as jailbreak or protected material."""


class ContentFilterResults(Model):
    """What the content filter of Azure OpenAI found, by category; others than these are read by item."""

    hate: ContentFilterResult | None = None
    """Hate and unfairness; graded."""
    self_harm: ContentFilterResult | None = None
    """Self-harm; graded."""
    sexual: ContentFilterResult | None = None
    """Sexual content; graded."""
    violence: ContentFilterResult | None = None
    """Violence; graded."""
    profanity: ContentFilterResult | None = None
    """Words of a block list; detected."""
    jailbreak: ContentFilterResult | None = None
    """An attempt in the prompt to get around the model's rules; detected."""
    indirect_attack: ContentFilterResult | None = None
    """The same, hidden in documents that the prompt quotes; detected."""
    protected_material_text: ContentFilterResult | None = None
    """Known text in the answer, such as lyrics; detected."""
    protected_material_code: ContentFilterResult | None = None
    """Known code in the answer; detected."""


class PromptFilterResult(Model):
    """What the content filter found in one prompt."""

    prompt_index: int
    """Which prompt, counted from 0."""
    content_filter_results: ContentFilterResults
    """The findings."""


class PromptTokensDetails(Model):
    """What prompt tokens were spent on; each count is part of `prompt_tokens`."""

    cached_tokens: int | None = None
    """Read from the service's prompt cache."""
    cache_write_tokens: int | None = None
    """Written to it."""
    audio_tokens: int | None = None
    """Of audio input."""
    image_tokens: int | None = None
    """Of images."""
    text_tokens: int | None = None
    """Of text."""


class CompletionTokensDetails(Model):
    """What completion tokens were spent on; each count is part of `completion_tokens`."""

    reasoning_tokens: int | None = None
    """Spent on thinking, which may not be shown."""
    audio_tokens: int | None = None
    """Of audio output."""
    text_tokens: int | None = None
    """Of text."""
    accepted_prediction_tokens: int | None = None
    """Of `prediction`, that stand in the answer."""
    rejected_prediction_tokens: int | None = None
    """Of `prediction`, that do not stand in the answer; they are paid for too."""


class CompletionsUsage(Model):
    """Tokens spent."""

    completion_tokens: int
    """On the answer."""
    prompt_tokens: int
    """On the request."""
    total_tokens: int
    """On both."""
    prompt_tokens_details: PromptTokensDetails | None = None
    """What those of the request were spent on, where the service tells."""
    completion_tokens_details: CompletionTokensDetails | None = None
    """What those of the answer were spent on, where the service tells."""


class TopLogprob(Model):
    """A token that might have stood in a place, with the logarithm of its probability."""

    token: str
    """The token's text."""
    logprob: float
    """Natural logarithm of its probability, 0 or less; -9999 where OpenAI holds it for all but impossible."""
    bytes: list[int] | None = None
    """The token in UTF-8, where it has text."""


class TokenLogprob(Model):
    """A token of the answer, with the logarithm of its probability."""

    token: str
    """The token's text."""
    logprob: float
    """Natural logarithm of its probability, 0 or less; -9999 where OpenAI holds it for all but impossible."""
    bytes: list[int] | None = None
    """The token in UTF-8, where it has text."""
    top_logprobs: list[TopLogprob] | None = None
    """The likeliest tokens in its place, as many as `top_logprobs` asked for."""


class ChoiceLogprobs(Model):
    """Log probabilities of an answer's tokens."""

    content: list[TokenLogprob] | None = None
    """Those of the content, one for each token."""
    refusal: list[TokenLogprob] | None = None
    """Those of a refusal, one for each token."""


class UrlCitation(Model):
    """A source on the web that a stretch of the answer rests on."""

    url: str
    """Where it is."""
    title: str
    """Its title."""
    start_index: int
    """Where the stretch begins: characters from the start of the content."""
    end_index: int
    """Where it ends."""


class Annotation(Model):
    """A remark that a service makes on an answer."""

    type: str
    """The kind: "url_citation"."""
    url_citation: UrlCitation | None = None
    """The source, of this kind."""


class ChatResponseAudio(Model):
    """An answer in audio."""

    id: str
    """What a later assistant message names to refer to it."""
    data: str
    """The audio, in base64, in the format that was asked for."""
    transcript: str
    """What it says."""
    expires_at: datetime | None = None
    """Until when `id` may be referred to, UTC."""
    format: str | None = None
    """The format of the audio, where the service repeats it."""


class ChatResponseMessage(Model):
    """A model's answer. It may be put into the next request's messages as it is."""

    role: str | ChatRole
    """The assistant's role."""
    content: str | None = field(default=None, read_as=list[ContentItem])
    """The text; `None` where the answer is tool calls or a refusal. Mistral's models that think or cite sources send a
    list, of `ContentItem`; `text` reads either."""
    tool_calls: list[ChatCompletionsToolCall] | None = None
    """The tool calls that the model asks for."""
    refusal: str | None = None
    """Why the model would not answer in the format asked for."""
    reasoning_content: str | None = None
    """What the model thought, where the service shows it."""
    annotations: list[Annotation] | None = None
    """Remarks, such as the sources that the answer rests on."""
    audio: ChatResponseAudio | None = None
    """The answer in audio, where `modalities` asked for it."""
    output: list[dict[str, Any]] | None = None
    """The items of an answer of the Responses API as they came, where there is more to them than text and tool calls:
    reasoning, hosted tools. Reasoning goes back to the model with the message, unless that was changed."""
    content_blocks: list[dict[str, Any]] | None = None
    """The blocks of an answer of the Messages API as they came, where there is more to them than text and tool calls:
    thinking, hosted tools. They go back to the model with the message, unless that was changed."""

    @computed
    def reasoning(self) -> str | None:
        """Read what the model thought, in whichever of four forms the service shows it; `None` where it shows nothing.

        The forms: `reasoning_content`, `reasoning`, items of type "thinking" in the content, or `<think>` tags at the
        start of the text. It may be assigned; that changes nothing of what is sent.
        """
        return tell_apart(self)[0]

    @computed
    def text(self) -> str:
        """Read the answer without the thoughts: the content, or its text items; empty where there is none."""
        return tell_apart(self)[1]


class ChatChoice(Model):
    """One of the answers."""

    index: int
    """Which, counted from 0."""
    finish_reason: str | CompletionsFinishReason | None = None
    """Why it ends here."""
    message: ChatResponseMessage
    """The answer. Azure OpenAI leaves it out where its content filter withheld the whole."""
    logprobs: ChoiceLogprobs | None = None
    """Log probabilities of its tokens, where they were asked for."""
    content_filter_results: ContentFilterResults | None = None
    """What the content filter found in the answer."""


class ChatCompletions(Answer):
    """What `complete` returns: the model's answers to a conversation."""

    id: str
    """The service's name for this completion."""
    created: datetime
    """When it was made, UTC. On the wire, and by item: unix seconds."""
    model: str
    """The model that answered."""
    choices: list[ChatChoice]
    """The answers; one, unless `n` asked for more."""
    usage: CompletionsUsage
    """Tokens spent."""
    system_fingerprint: str | None = None
    """The configuration that the model ran with."""
    service_tier: str | None = None
    """The tier that the request was served in."""
    prompt_filter_results: list[PromptFilterResult] | None = None
    """What the content filter found in the request."""

    @overload
    def parse_as(self, kind: type[T], *, index: int = 0) -> T: ...
    @overload
    def parse_as(self, kind: Any, *, index: int = 0) -> Any: ...
    def parse_as(self, kind: Any, *, index: int = 0) -> Any:
        """Read an answer as a value of a type, mostly of the one that was given as `response_format`.

        :param kind: A dataclass, TypedDict, pydantic model, or another type that pydantic's `TypeAdapter` takes.
        :keyword index: Which of the answers, counted from 0, where `n` asked for more than one.
        :return: The value, checked against the type.
        :raises RefusedAnswerError: The model refused to answer.
        :raises FilteredAnswerError: The content filter withheld the answer, or its rest.
        :raises TruncatedAnswerError: The answer broke off at the token limit.
        :raises InvalidAnswerError: The answer has no text, or the text is not JSON.
        :raises MismatchedAnswerError: The answer is JSON, but not of the type.
        :raises TypeError: The type has no JSON form, or needs pydantic, which is not installed.
        """
        from .._schemas.structured_output import parse_answer

        return parse_answer(self, kind, index)

    def __str__(self) -> str:
        return json.dumps(self.as_dict(), indent=2)


class StreamingChatResponseToolCallUpdate(Model):
    """A piece of a tool call."""

    index: int | None = None
    """Which call of the message it belongs to. Mistral and the Azure model inference schema leave it out."""
    id: str
    """The call's id; mostly in its first piece only."""
    type: str | None = None
    """"function"; mostly in its first piece only."""
    function: FunctionCall
    """The name, mostly in its first piece only, and the next piece of the arguments."""


class StreamingChatResponseMessageUpdate(Model):
    """What an update adds to an answer."""

    role: str | ChatRole | None = None
    """The assistant's role, mostly in the first update only."""
    content: str | None = field(default=None, read_as=list[ContentItem])
    """The next piece of the text. Mistral's reasoning models send a list, of `ContentItem`; `text` reads either."""
    tool_calls: list[StreamingChatResponseToolCallUpdate] | None = None
    """The next pieces of tool calls."""
    refusal: str | None = None
    """The next piece of a refusal."""
    reasoning_content: str | None = None
    """The next piece of what the model thinks."""
    audio: ChatResponseAudio | None = None
    """The next piece of audio."""
    output: list[dict[str, Any]] | None = None
    """In the last update, the items of an answer of the Responses API: see `ChatResponseMessage.output`."""
    content_blocks: list[dict[str, Any]] | None = None
    """In the last update, the blocks of an answer of the Messages API: see `ChatResponseMessage.content_blocks`."""

    @computed
    def reasoning(self) -> str | None:
        """Read the next piece of what the model thinks, in whichever form the service shows it, or `None`.

        Of an update that did not come out of a stream of this library, text between `<think>` tags is not recognised:
        a piece cannot tell by itself where it stands. It may be assigned; that changes nothing of the JSON.
        """
        return reasoning_of(self)

    @computed
    def text(self) -> str:
        """Read the next piece of the answer, without thoughts; empty where the update brings none."""
        return text_of(self)


class StreamingChatChoiceUpdate(Model):
    """What an update says of one of the answers."""

    index: int
    """Which, counted from 0."""
    finish_reason: str | CompletionsFinishReason | None = None
    """Why the answer ends, in its last update."""
    delta: StreamingChatResponseMessageUpdate
    """What is added. Azure OpenAI leaves it out where only the content filter speaks."""
    logprobs: ChoiceLogprobs | None = None
    """Log probabilities of the tokens that are added, where they were asked for."""
    content_filter_results: ContentFilterResults | None = None
    """What the content filter found in the answer so far."""


class StreamingChatCompletionsUpdate(Model):
    """A piece of a streamed completion."""

    id: str
    """The service's name for the completion, the same in each update."""
    created: datetime
    """When the completion was made, UTC. On the wire, and by item: unix seconds."""
    model: str
    """The model that answers."""
    choices: list[StreamingChatChoiceUpdate]
    """What is added; empty in an update that only tells usage."""
    usage: CompletionsUsage | None = None
    """Tokens spent, in the last update, where the service tells or `stream_options` asked for it."""
    system_fingerprint: str | None = None
    """The configuration that the model runs with."""
    service_tier: str | None = None
    """The tier that the request is served in."""
    prompt_filter_results: list[PromptFilterResult] | None = None
    """What the content filter found in the request; Azure OpenAI tells in the first update."""


completions_of = wrap_as(ChatCompletions)
"""Return a completion's JSON object as a model."""
