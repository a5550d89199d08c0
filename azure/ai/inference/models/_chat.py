"""Answers: chat completions, whole and as streamed updates.

The fields are those that services really send: the Azure model inference API, Azure OpenAI with content filtering, and
their peers. A field that a service leaves out reads `None`, even where its type does not include `None`.
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
from ._tools import ChatCompletionsToolCall, FunctionCall, name_calls

T = TypeVar("T")


class ContentFilterResult(Model):
    """What the content filter found in one category."""

    filtered: bool
    """Whether the content was withheld because of it."""
    severity: str | None = None
    """"safe", "low", "medium" or "high"; only in categories of harm."""
    detected: bool | None = None
    """Whether it was found; only in categories such as jailbreak or protected material."""


class ContentFilterResults(Model):
    """What Azure OpenAI's content filter found, by category. Read other categories by item."""

    hate: ContentFilterResult | None = None
    """Hate and unfairness, by severity."""
    self_harm: ContentFilterResult | None = None
    """Self-harm, by severity."""
    sexual: ContentFilterResult | None = None
    """Sexual content, by severity."""
    violence: ContentFilterResult | None = None
    """Violence, by severity."""
    profanity: ContentFilterResult | None = None
    """Words on a block list: detected or not."""
    jailbreak: ContentFilterResult | None = None
    """An attempt in the prompt to bypass the model's rules: detected or not."""
    indirect_attack: ContentFilterResult | None = None
    """The same, hidden in documents that the prompt quotes."""
    protected_material_text: ContentFilterResult | None = None
    """Known text in the answer, such as lyrics: detected or not."""
    protected_material_code: ContentFilterResult | None = None
    """Known code in the answer: detected or not."""


class PromptFilterResult(Model):
    """What the content filter found in one prompt."""

    prompt_index: int
    """Index of the prompt, from 0."""
    content_filter_results: ContentFilterResults
    """The findings."""


class PromptTokensDetails(Model):
    """A breakdown of `prompt_tokens`."""

    cached_tokens: int | None = None
    """Tokens read from the service's prompt cache."""
    cache_write_tokens: int | None = None
    """Tokens written to the prompt cache."""
    audio_tokens: int | None = None
    """Tokens of audio input."""
    image_tokens: int | None = None
    """Tokens of images."""
    text_tokens: int | None = None
    """Tokens of text."""


class CompletionTokensDetails(Model):
    """A breakdown of `completion_tokens`."""

    reasoning_tokens: int | None = None
    """Tokens spent on reasoning, whether or not it is shown."""
    audio_tokens: int | None = None
    """Tokens of audio output."""
    text_tokens: int | None = None
    """Tokens of text."""
    accepted_prediction_tokens: int | None = None
    """Tokens of `prediction` that the answer contains."""
    rejected_prediction_tokens: int | None = None
    """Tokens of `prediction` that the answer does not contain. They are billed too."""


class CompletionsUsage(Model):
    """Tokens used."""

    completion_tokens: int
    """Tokens in the answer."""
    prompt_tokens: int
    """Tokens in the request."""
    total_tokens: int
    """Tokens in both."""
    prompt_tokens_details: PromptTokensDetails | None = None
    """A breakdown of `prompt_tokens`, if the service reports one."""
    completion_tokens_details: CompletionTokensDetails | None = None
    """A breakdown of `completion_tokens`, if the service reports one."""


class TopLogprob(Model):
    """A token that the model considered at a position, with its log probability."""

    token: str
    """The token's text."""
    logprob: float
    """Natural logarithm of its probability, at most 0; OpenAI sends -9999 for a token outside the most likely 20."""
    bytes: list[int] | None = None
    """The token's UTF-8 bytes, if it has text."""


class TokenLogprob(Model):
    """A token of the answer, with its log probability."""

    token: str
    """The token's text."""
    logprob: float
    """Natural logarithm of its probability, at most 0; OpenAI sends -9999 for a token outside the most likely 20."""
    bytes: list[int] | None = None
    """The token's UTF-8 bytes, if it has text."""
    top_logprobs: list[TopLogprob] | None = None
    """The most likely tokens at its position, as many as `top_logprobs` asked for."""


class ChoiceLogprobs(Model):
    """Log probabilities of an answer's tokens."""

    content: list[TokenLogprob] | None = None
    """Log probabilities of the content, one per token."""
    refusal: list[TokenLogprob] | None = None
    """Log probabilities of the refusal, one per token."""


class UrlCitation(Model):
    """A web page that supports a part of the answer."""

    url: str
    """The page's URL."""
    title: str
    """The page's title."""
    start_index: int
    """Where the supported part begins, in characters from the start of the content."""
    end_index: int
    """Where the supported part ends, in characters from the start of the content."""


class Annotation(Model):
    """A note that a service adds to an answer."""

    type: str
    """The kind: "url_citation"."""
    url_citation: UrlCitation | None = None
    """The web page, for a "url_citation"."""


class ChatResponseAudio(Model):
    """An answer in audio."""

    id: str
    """The id by which a later assistant message refers to this audio."""
    data: str
    """The audio in base64, in the requested format."""
    transcript: str
    """The spoken text."""
    expires_at: datetime | None = None
    """When `id` stops being valid, UTC."""
    format: str | None = None
    """The format of the audio, if the service repeats it."""


class ChatResponseMessage(Model):
    """A model's answer. Append it to the next request's messages as it is."""

    role: str | ChatRole
    """The assistant's role."""
    content: str | None = field(default=None, read_as=list[ContentItem])
    """The text; `None` if the answer is tool calls or a refusal. Mistral's models that reason or cite sources send a
    list of `ContentItem`; `text` reads both forms."""
    tool_calls: list[ChatCompletionsToolCall] | None = None
    """The tool calls that the model requests."""
    refusal: str | None = None
    """Why the model refused to answer in the requested format."""
    reasoning_content: str | None = None
    """The model's reasoning, if the service shows it."""
    annotations: list[Annotation] | None = None
    """Notes on the answer, such as the web pages that support it."""
    audio: ChatResponseAudio | None = None
    """The answer in audio, if `modalities` asked for it."""
    output: list[dict[str, Any]] | None = None
    """The items of a Responses API answer, if they contain more than text and tool calls: reasoning, hosted tools. The
    reasoning is sent back with the message, unless you change the message."""
    content_blocks: list[dict[str, Any]] | None = None
    """The blocks of a Messages API answer, if they contain more than text and tool calls: thinking, hosted tools. They
    are sent back with the message, unless you change the message."""

    @computed
    def reasoning(self) -> str | None:
        """Return the model's reasoning, in whichever of four formats the service sends it; `None` if it sends none.

        The formats are `reasoning_content`, `reasoning`, items of type "thinking" in the content, and `<think>` tags at
        the start of the text. Assigning it does not change what is sent.
        """
        return tell_apart(self)[0]

    @computed
    def text(self) -> str:
        """Return the answer without the reasoning: the content, or its text items joined; empty if there is none."""
        return tell_apart(self)[1]


class ChatChoice(Model):
    """One of the answers."""

    index: int
    """Its index, from 0."""
    finish_reason: str | CompletionsFinishReason | None = None
    """Why the answer ended."""
    message: ChatResponseMessage
    """The answer. Azure OpenAI leaves it out if its content filter withheld all of it."""
    logprobs: ChoiceLogprobs | None = None
    """Log probabilities of its tokens, if requested."""
    content_filter_results: ContentFilterResults | None = None
    """What the content filter found in the answer."""


class ChatCompletions(Answer):
    """What `complete` returns: the model's answers to a conversation."""

    id: str
    """The service's id for this completion."""
    created: datetime
    """When it was created, UTC. In JSON, and read by item, it is in Unix seconds."""
    model: str
    """The model that answered."""
    choices: list[ChatChoice]
    """The answers: one, unless `n` asked for more."""
    usage: CompletionsUsage
    """Tokens used."""
    system_fingerprint: str | None = None
    """Identifies the configuration that the model ran with."""
    service_tier: str | None = None
    """The service tier that processed the request."""
    prompt_filter_results: list[PromptFilterResult] | None = None
    """What the content filter found in the request."""

    @computed
    def text(self) -> str:
        """Return the text of the first answer, without its reasoning; empty if it has none, such as tool calls."""
        message: ChatResponseMessage | None = self.choices[0].message if self.choices else None
        return "" if message is None else message.text

    @overload
    def parse_as(self, kind: type[T], *, index: int = 0) -> T: ...
    @overload
    def parse_as(self, kind: Any, *, index: int = 0) -> Any: ...
    def parse_as(self, kind: Any, *, index: int = 0) -> Any:
        """Return an answer as a value of a type, usually the one passed as `response_format`.

        :param kind: A dataclass, a TypedDict, a pydantic model, or any type that pydantic's `TypeAdapter` accepts.
        :keyword index: Index of the answer, from 0, if `n` asked for more than one.
        :return: The value, checked against the type.
        :raises RefusedAnswerError: The model refused to answer.
        :raises FilteredAnswerError: The content filter withheld the answer, or the rest of it.
        :raises TruncatedAnswerError: The answer was cut off at the token limit.
        :raises InvalidAnswerError: The answer has no text, or the text is not JSON.
        :raises MismatchedAnswerError: The answer is JSON, but does not match the type.
        :raises TypeError: The type has no JSON form, or needs pydantic, which is not installed.
        """
        from .._schemas.structured_output import parse_answer

        return parse_answer(self, kind, index)

    def __str__(self) -> str:
        return json.dumps(self.as_dict(), indent=2)


class StreamingChatResponseToolCallUpdate(Model):
    """A piece of a tool call."""

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


completions_of = wrap_as(ChatCompletions)
"""Return a completion's JSON object as a model."""


def read_completions(value: Any) -> ChatCompletions:
    """Return an answer's JSON object as a model, in which each tool call has an id.

    :param value: The answer, whose choices are objects.
    """
    name_calls(value)
    return completions_of(value)
