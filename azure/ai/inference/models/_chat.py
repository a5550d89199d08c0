"""Answers: chat completions. Those of a stream are in `_chat_updates`.

The fields are those that services really send: the Azure model inference API, Azure OpenAI with content filtering, and
their peers. A field that a service leaves out reads `None`, even where its type does not include `None`.
"""

import json
from datetime import datetime
from typing import Any, TypeVar, overload

from .._content_filter import ContentFilterResult
from .._model import Model
from .._model_fields import computed, field
from .._nested_models import wrap_as
from ._answer import Answer
from ._content import ContentItem
from ._enums import ChatRole, CompletionsFinishReason
from ._reasoning import separate_reasoning
from ._tools import ChatCompletionsToolCall, name_calls

T = TypeVar("T")


class ContentFilterResults(Model):
    """What Azure OpenAI's content filter found, by category. Read other categories by item."""

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

    prompt_index: int
    """Index of the prompt, from 0."""
    content_filter_results: ContentFilterResults
    """The findings."""


class PromptTokensDetails(Model):
    """A breakdown of `prompt_tokens`."""

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

    token: str
    """The token's text."""
    logprob: float
    """Natural logarithm of its probability, at most 0; OpenAI sends -9999 for a token outside the most likely 20."""
    bytes: list[int] | None = None
    """The token's UTF-8 bytes, if it has text."""


class TokenLogprob(Model):
    """A token of the answer, with its log probability."""

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

    content: list[TokenLogprob] | None = None
    """Log probabilities of the content, one per token."""
    refusal: list[TokenLogprob] | None = None
    """Log probabilities of the refusal, one per token."""


class UrlCitation(Model):
    """A web page that supports a part of the answer."""

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

    type: str
    """The kind: "url_citation"."""
    url_citation: UrlCitation | None = None
    """The web page, for a "url_citation"."""


class ChatResponseAudio(Model):
    """An answer in audio."""

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

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
        return separate_reasoning(self)[0]

    @computed
    def text(self) -> str:
        """Return the answer without the reasoning: the content, or its text items joined; empty if there is none."""
        return separate_reasoning(self)[1]


class ChatChoice(Model):
    """One of the answers."""

    __module__ = "azure.ai.inference.models"

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

    __module__ = "azure.ai.inference.models"

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
        :raises InvalidAnswerError: There is no answer of that index, or it has no text, or the text is not JSON.
        :raises MismatchedAnswerError: The answer is JSON, but does not match the type.
        :raises TypeError: The type has no JSON form, or needs pydantic, which is not installed.
        """
        from .._schemas.structured_output import parse_answer

        return parse_answer(self, kind, index)

    def __str__(self) -> str:
        return json.dumps(self.as_dict(), indent=2)


completions_of = wrap_as(ChatCompletions)
"""Return a completion's JSON object as a model."""


def read_completions(value: Any) -> ChatCompletions:
    """Return an answer's JSON object as a model, in which each tool call has an id.

    :param value: The answer, whose choices are objects.
    """
    name_calls(value)
    return completions_of(value)
