"""The import path by which code written against azure-ai-inference 1.0.0b9 reaches model classes.

`ChatCompletionsResponseFormatJSON` is missing on purpose: dependants take its presence here for an older release.
"""

from ._chat import (
    ChatChoice,
    ChatCompletions,
    ChatResponseMessage,
    CompletionsUsage,
    StreamingChatChoiceUpdate,
    StreamingChatCompletionsUpdate,
    StreamingChatResponseMessageUpdate,
    StreamingChatResponseToolCallUpdate,
)
from ._content import AudioContentItem, ContentItem, ImageContentItem, ImageUrl, InputAudio, TextContentItem
from ._embeddings import EmbeddingItem, EmbeddingsResult, EmbeddingsUsage, ImageEmbeddingInput
from ._format import JsonSchemaFormat
from ._info import ModelInfo
from ._messages import AssistantMessage, ChatRequestMessage, DeveloperMessage, SystemMessage, ToolMessage, UserMessage
from ._tools import (
    ChatCompletionsNamedToolChoice,
    ChatCompletionsNamedToolChoiceFunction,
    ChatCompletionsToolCall,
    ChatCompletionsToolDefinition,
    FunctionCall,
    FunctionDefinition,
)

EmbeddingInput = ImageEmbeddingInput
"""Its name until beta 6."""

__all__ = [
    "AssistantMessage",
    "AudioContentItem",
    "ChatChoice",
    "ChatCompletions",
    "ChatCompletionsNamedToolChoice",
    "ChatCompletionsNamedToolChoiceFunction",
    "ChatCompletionsToolCall",
    "ChatCompletionsToolDefinition",
    "ChatRequestMessage",
    "ChatResponseMessage",
    "CompletionsUsage",
    "ContentItem",
    "DeveloperMessage",
    "EmbeddingInput",
    "EmbeddingItem",
    "EmbeddingsResult",
    "EmbeddingsUsage",
    "FunctionCall",
    "FunctionDefinition",
    "ImageContentItem",
    "ImageEmbeddingInput",
    "ImageUrl",
    "InputAudio",
    "JsonSchemaFormat",
    "ModelInfo",
    "StreamingChatChoiceUpdate",
    "StreamingChatCompletionsUpdate",
    "StreamingChatResponseMessageUpdate",
    "StreamingChatResponseToolCallUpdate",
    "SystemMessage",
    "TextContentItem",
    "ToolMessage",
    "UserMessage",
]
