"""The path from which code written for azure-ai-inference 1.0.0b9 imports model classes.

`ChatCompletionsResponseFormatJSON` is missing on purpose: dependants detect an older release by its presence here.
"""

from ._chat import (
    ChatChoice,
    ChatCompletions,
    ChatResponseMessage,
    CompletionsUsage,
)
from ._chat_updates import (
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
"""The name of `ImageEmbeddingInput` until 1.0.0b6."""

ChatRequestAssistantMessage = AssistantMessage
ChatRequestDeveloperMessage = DeveloperMessage
ChatRequestSystemMessage = SystemMessage
ChatRequestToolMessage = ToolMessage
ChatRequestUserMessage = UserMessage
"""The names of the message classes in this module until 1.0.0b9."""

__all__ = [
    "AssistantMessage",
    "AudioContentItem",
    "ChatChoice",
    "ChatCompletions",
    "ChatCompletionsNamedToolChoice",
    "ChatCompletionsNamedToolChoiceFunction",
    "ChatCompletionsToolCall",
    "ChatCompletionsToolDefinition",
    "ChatRequestAssistantMessage",
    "ChatRequestDeveloperMessage",
    "ChatRequestMessage",
    "ChatRequestSystemMessage",
    "ChatRequestToolMessage",
    "ChatRequestUserMessage",
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
