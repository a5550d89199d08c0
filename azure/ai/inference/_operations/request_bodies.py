"""Request bodies with the members of Mistral's chat API, for code that keeps a whole request in one object.

Members, order and nullability are those of Mistral's own client for Azure (3.7). A member whose type includes
`azure.core.serialization.NULL` may be a JSON null; the others can only be left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .._model import Model
from .._model_fields import field
from ..models._format import ResponseFormat
from ..models._messages import ChatRequestMessage
from ..models._tools import ChatCompletionsNamedToolChoice, ChatCompletionsToolDefinition
from .options import Setting
from .response_format import response_format_of


class ChatCompletionRequest(Model):
    """A whole chat request, to pass to `complete` as its body. It is sent unchanged, without the client's defaults.

    `complete` accepts all of these as keywords too, where they are explained.
    """

    __module__ = "azure.ai.inference.models"

    messages: Sequence[Mapping[str, Any]] = field(read_as=list[ChatRequestMessage])
    """The conversation: message models, or dicts with a role."""
    model: str | None = field(default="azureai")
    """Name of the model; "azureai", the default, means the one that the endpoint serves."""
    temperature: Setting[float] = None
    top_p: Setting[float] = None
    max_tokens: Setting[int] = None
    stream: bool | None = None
    """Whether to return the answer in updates."""
    stop: Setting[str | Sequence[str]] = None
    random_seed: Setting[int] = None
    metadata: Setting[Mapping[str, Any]] = None
    response_format: ResponseFormat | None = field(default=None, read_as=Any, to_wire=response_format_of)
    """As for `complete`; stored as the JSON object that is sent."""
    tools: Setting[Sequence[ChatCompletionsToolDefinition | Mapping[str, Any]]] = field(
        default=None, read_as=list[ChatCompletionsToolDefinition]
    )
    tool_choice: str | ChatCompletionsNamedToolChoice | Mapping[str, Any] | None = None
    """"auto", "none", "any", "required", or a specific tool."""
    presence_penalty: Setting[float] = None
    frequency_penalty: Setting[float] = None
    min_tokens: Setting[int] = None
    repetition_penalty: Setting[float] = None
    top_k: Setting[int] = None
    logprobs: Setting[bool] = None
    top_logprobs: Setting[int] = None
    prompt_logprobs: Setting[bool] = None
    top_prompt_logprobs: Setting[int] = None
    n: Setting[int] = None
    prediction: Mapping[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: Setting[str] = None
    prompt_mode: Setting[str] = None
    guardrails: Setting[Sequence[Mapping[str, Any]]] = None
    safe_prompt: bool | None = None


class ChatCompletionStreamRequest(ChatCompletionRequest):
    """A whole chat request whose answer comes in updates, unless `stream` is False."""

    __module__ = "azure.ai.inference.models"

    stream: bool | None = field(default=True)
    """Whether to return the answer in updates, True by default."""
