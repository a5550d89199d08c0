"""Models of the service: messages, content, tools, answers, embeddings, and the enums they use.

The stream classes are here too, because 1.0.0b9 published them here, and so are those of batches. They belong to the
clients. Each class is loaded on first access: a client can be built without any of them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._content_filter import ContentFilterResult
    from .._embedding_batches import EmbeddingBatches
    from .._http.response_headers import RateLimit, RateLimits
    from .._operations.request_bodies import ChatCompletionRequest, ChatCompletionStreamRequest
    from .._stream import StreamingChatCompletions
    from ..aio._embedding_batches import AsyncEmbeddingBatches
    from ..aio._stream import AsyncStreamingChatCompletions
    from ..batch._conversations import AsyncManyCompletions, ManyCompletions
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
        ContentFilterResults,
        PromptFilterResult,
        PromptTokensDetails,
        TokenLogprob,
        TopLogprob,
        UrlCitation,
    )
    from ._chat_updates import (
        StreamingChatChoiceUpdate,
        StreamingChatCompletionsUpdate,
        StreamingChatResponseMessageUpdate,
        StreamingChatResponseToolCallUpdate,
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
    from ._embeddings import EmbeddingItem, EmbeddingsResult, EmbeddingsUsage, ImageEmbeddingInput
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
    from ._info import ModelInfo, ModelType
    from ._messages import (
        AssistantMessage,
        ChatRequestMessage,
        DeveloperMessage,
        SystemMessage,
        ToolMessage,
        UserMessage,
    )
    from ._tools import (
        ChatCompletionsNamedToolChoice,
        ChatCompletionsNamedToolChoiceFunction,
        ChatCompletionsToolCall,
        ChatCompletionsToolDefinition,
        FunctionCall,
        FunctionDefinition,
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


_FILES = {
    "azure.ai.inference._content_filter": "ContentFilterResult",
    "azure.ai.inference._embedding_batches": "EmbeddingBatches",
    "azure.ai.inference._http.response_headers": "RateLimit RateLimits",
    "azure.ai.inference._operations.request_bodies": "ChatCompletionRequest ChatCompletionStreamRequest",
    "azure.ai.inference._stream": "StreamingChatCompletions",
    "azure.ai.inference.aio._embedding_batches": "AsyncEmbeddingBatches",
    "azure.ai.inference.aio._stream": "AsyncStreamingChatCompletions",
    "azure.ai.inference.batch._conversations": "AsyncManyCompletions ManyCompletions",
    "azure.ai.inference.models._answer": "Answer",
    "azure.ai.inference.models._chat": (
        "Annotation ChatChoice ChatCompletions ChatResponseAudio ChatResponseMessage ChoiceLogprobs "
        "CompletionTokensDetails CompletionsUsage ContentFilterResults PromptFilterResult PromptTokensDetails "
        "TokenLogprob TopLogprob UrlCitation"
    ),
    "azure.ai.inference.models._chat_updates": (
        "StreamingChatChoiceUpdate StreamingChatCompletionsUpdate StreamingChatResponseMessageUpdate "
        "StreamingChatResponseToolCallUpdate"
    ),
    "azure.ai.inference.models._content": (
        "AudioContentItem AudioUrl AudioUrlContentItem ContentItem DocumentUrlContentItem FileContentItem "
        "ImageContentItem ImageUrl InputAudio InputFile ReferenceContentItem TextContentItem ThinkingContentItem"
    ),
    "azure.ai.inference.models._embeddings": "EmbeddingItem EmbeddingsResult EmbeddingsUsage ImageEmbeddingInput",
    "azure.ai.inference.models._enums": (
        "AudioContentFormat ChatCompletionsToolChoicePreset ChatRole CompletionsFinishReason "
        "EmbeddingEncodingFormat EmbeddingInputType ImageDetailLevel"
    ),
    "azure.ai.inference.models._format": (
        "ChatCompletionsResponseFormat ChatCompletionsResponseFormatJSON ChatCompletionsResponseFormatText "
        "JsonSchemaFormat"
    ),
    "azure.ai.inference.models._info": "ModelInfo ModelType",
    "azure.ai.inference.models._messages": (
        "AssistantMessage ChatRequestMessage DeveloperMessage SystemMessage ToolMessage UserMessage"
    ),
    "azure.ai.inference.models._tools": (
        "ChatCompletionsNamedToolChoice ChatCompletionsNamedToolChoiceFunction ChatCompletionsToolCall "
        "ChatCompletionsToolDefinition FunctionCall FunctionDefinition"
    ),
}
"""Where each class is defined. A class sets its `__module__` itself, so that pickles and `repr` survive a move."""


def __getattr__(name: str) -> Any:
    file = next((file for file, names in _FILES.items() if name in names.split()), None)
    if file is None:
        from .._operations.other_libraries import missing_attribute

        raise missing_attribute(__name__, name)
    from importlib import import_module

    value = globals()[name] = getattr(import_module(file), name)
    return value


def __dir__() -> list[str]:
    return __all__
