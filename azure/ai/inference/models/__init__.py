"""Models of the service: messages, content, tools, answers, embeddings, and the enums they use.

The stream classes are here too, because 1.0.0b9 published them here, and so are those of batches. They belong to the
clients. They, and the models that many programs never use, are loaded on first access.
"""

from typing import TYPE_CHECKING, Any

from ._answer import Answer
from ._chat import (
    Annotation,
    ChatChoice,
    ChatCompletions,
    ChatResponseAudio,
    ChatResponseMessage,
    ChoiceLogprobs,
    CompletionsUsage,
    CompletionTokensDetails,
    ContentFilterResult,
    ContentFilterResults,
    PromptFilterResult,
    PromptTokensDetails,
    StreamingChatChoiceUpdate,
    StreamingChatCompletionsUpdate,
    StreamingChatResponseMessageUpdate,
    StreamingChatResponseToolCallUpdate,
    TokenLogprob,
    TopLogprob,
    UrlCitation,
)
from ._content import (
    AudioContentItem,
    AudioUrl,
    AudioUrlContentItem,
    ContentItem,
    DocumentUrlContentItem,
    FileContentItem,
    ImageContentItem,
    ImageUrl,
    InputAudio,
    InputFile,
    ReferenceContentItem,
    TextContentItem,
    ThinkingContentItem,
)
from ._enums import (
    AudioContentFormat,
    ChatCompletionsToolChoicePreset,
    ChatRole,
    CompletionsFinishReason,
    EmbeddingEncodingFormat,
    EmbeddingInputType,
    ImageDetailLevel,
)
from ._format import (
    ChatCompletionsResponseFormat,
    ChatCompletionsResponseFormatJSON,
    ChatCompletionsResponseFormatText,
    JsonSchemaFormat,
)
from ._tools import (
    ChatCompletionsNamedToolChoice,
    ChatCompletionsNamedToolChoiceFunction,
    ChatCompletionsToolCall,
    ChatCompletionsToolDefinition,
    FunctionCall,
    FunctionDefinition,
)

if TYPE_CHECKING:
    from .._embedding_batches import EmbeddingBatches
    from .._http.response_headers import RateLimit, RateLimits
    from .._operations.request_bodies import ChatCompletionRequest, ChatCompletionStreamRequest
    from .._stream import StreamingChatCompletions
    from ..aio._embedding_batches import AsyncEmbeddingBatches
    from ..aio._stream import AsyncStreamingChatCompletions
    from ..batch._conversations import AsyncManyCompletions, ManyCompletions
    from ._embeddings import EmbeddingItem, EmbeddingsResult, EmbeddingsUsage, ImageEmbeddingInput
    from ._info import ModelInfo, ModelType
    from ._messages import (
        AssistantMessage,
        ChatRequestMessage,
        DeveloperMessage,
        SystemMessage,
        ToolMessage,
        UserMessage,
    )

__all__ = [
    "Annotation",
    "Answer",
    "AssistantMessage",
    "AsyncEmbeddingBatches",
    "AsyncManyCompletions",
    "AsyncStreamingChatCompletions",
    "AudioContentFormat",
    "AudioContentItem",
    "AudioUrl",
    "AudioUrlContentItem",
    "ChatChoice",
    "ChatCompletionRequest",
    "ChatCompletionStreamRequest",
    "ChatCompletions",
    "ChatCompletionsNamedToolChoice",
    "ChatCompletionsNamedToolChoiceFunction",
    "ChatCompletionsResponseFormat",
    "ChatCompletionsResponseFormatJSON",
    "ChatCompletionsResponseFormatText",
    "ChatCompletionsToolCall",
    "ChatCompletionsToolChoicePreset",
    "ChatCompletionsToolDefinition",
    "ChatRequestMessage",
    "ChatResponseAudio",
    "ChatResponseMessage",
    "ChatRole",
    "ChoiceLogprobs",
    "CompletionTokensDetails",
    "CompletionsFinishReason",
    "CompletionsUsage",
    "ContentFilterResult",
    "ContentFilterResults",
    "ContentItem",
    "DeveloperMessage",
    "DocumentUrlContentItem",
    "EmbeddingBatches",
    "EmbeddingEncodingFormat",
    "EmbeddingInputType",
    "EmbeddingItem",
    "EmbeddingsResult",
    "EmbeddingsUsage",
    "FileContentItem",
    "FunctionCall",
    "FunctionDefinition",
    "ImageContentItem",
    "ImageDetailLevel",
    "ImageEmbeddingInput",
    "ImageUrl",
    "InputAudio",
    "InputFile",
    "JsonSchemaFormat",
    "ManyCompletions",
    "ModelInfo",
    "ModelType",
    "PromptFilterResult",
    "PromptTokensDetails",
    "RateLimit",
    "RateLimits",
    "ReferenceContentItem",
    "StreamingChatChoiceUpdate",
    "StreamingChatCompletions",
    "StreamingChatCompletionsUpdate",
    "StreamingChatResponseMessageUpdate",
    "StreamingChatResponseToolCallUpdate",
    "SystemMessage",
    "TextContentItem",
    "ThinkingContentItem",
    "TokenLogprob",
    "ToolMessage",
    "TopLogprob",
    "UrlCitation",
    "UserMessage",
]


_LATER = {
    "AssistantMessage": "azure.ai.inference.models._messages",
    "AsyncEmbeddingBatches": "azure.ai.inference.aio._embedding_batches",
    "AsyncManyCompletions": "azure.ai.inference.batch._conversations",
    "AsyncStreamingChatCompletions": "azure.ai.inference.aio._stream",
    "ChatCompletionRequest": "azure.ai.inference._operations.request_bodies",
    "ChatCompletionStreamRequest": "azure.ai.inference._operations.request_bodies",
    "ChatRequestMessage": "azure.ai.inference.models._messages",
    "DeveloperMessage": "azure.ai.inference.models._messages",
    "EmbeddingBatches": "azure.ai.inference._embedding_batches",
    "EmbeddingItem": "azure.ai.inference.models._embeddings",
    "EmbeddingsResult": "azure.ai.inference.models._embeddings",
    "EmbeddingsUsage": "azure.ai.inference.models._embeddings",
    "ImageEmbeddingInput": "azure.ai.inference.models._embeddings",
    "ManyCompletions": "azure.ai.inference.batch._conversations",
    "ModelInfo": "azure.ai.inference.models._info",
    "ModelType": "azure.ai.inference.models._info",
    "RateLimit": "azure.ai.inference._http.response_headers",
    "RateLimits": "azure.ai.inference._http.response_headers",
    "StreamingChatCompletions": "azure.ai.inference._stream",
    "SystemMessage": "azure.ai.inference.models._messages",
    "ToolMessage": "azure.ai.inference.models._messages",
    "UserMessage": "azure.ai.inference.models._messages",
}

for _name in set(__all__) - set(_LATER):  # the lazy ones set it themselves
    globals()[_name].__module__ = __name__  # pickles and `repr` must survive a move of the files


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        from .._operations.other_libraries import missing_attribute

        raise missing_attribute(__name__, name)
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_LATER[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
