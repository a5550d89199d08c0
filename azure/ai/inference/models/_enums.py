"""Enums of the service. They are extensible: a value that is not listed stays a plain `str`."""

from enum import Enum

from azure.core import CaseInsensitiveEnumMeta


class AudioContentFormat(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Formats of audio input."""

    __module__ = "azure.ai.inference.models"

    WAV = "wav"
    MP3 = "mp3"


class ChatCompletionsToolChoicePreset(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """How a model may use the tools that it is offered."""

    __module__ = "azure.ai.inference.models"

    AUTO = "auto"
    """The model decides."""
    NONE = "none"
    """The model calls no tool."""
    REQUIRED = "required"
    """The model calls at least one tool."""


class ChatRole(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """The author of a message."""

    __module__ = "azure.ai.inference.models"

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    DEVELOPER = "developer"
    """Instructions for OpenAI's reasoning models; other models use `system`."""


class CompletionsFinishReason(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Why an answer ended. Mistral's models also send `model_length` and `error`."""

    __module__ = "azure.ai.inference.models"

    STOPPED = "stop"
    """The answer is complete, or a stop sequence was reached."""
    TOKEN_LIMIT_REACHED = "length"  # noqa: S105
    """The answer reached `max_tokens` or the model's context limit."""
    CONTENT_FILTERED = "content_filter"
    """The content filter withheld the answer, or the rest of it."""
    TOOL_CALLS = "tool_calls"
    """The model requests tool calls."""


class EmbeddingEncodingFormat(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Encodings of an embedding in the response."""

    __module__ = "azure.ai.inference.models"

    BASE64 = "base64"
    """Little-endian 32-bit floats, in base64."""
    BINARY = "binary"
    """One bit per dimension, packed into signed bytes."""
    FLOAT = "float"
    INT8 = "int8"
    UBINARY = "ubinary"
    """One bit per dimension, packed into unsigned bytes."""
    UINT8 = "uint8"


class EmbeddingInputType(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """What an embedding is for. Some models embed queries and documents differently."""

    __module__ = "azure.ai.inference.models"

    TEXT = "text"
    QUERY = "query"
    DOCUMENT = "document"


class ImageDetailLevel(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """The resolution at which a model processes an image."""

    __module__ = "azure.ai.inference.models"

    AUTO = "auto"
    LOW = "low"
    HIGH = "high"
