"""Enums of the service. They are extensible: a value that is not listed here stays a plain `str`."""

from enum import Enum

from azure.core import CaseInsensitiveEnumMeta


class AudioContentFormat(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Formats of audio input."""

    WAV = "wav"
    MP3 = "mp3"


class ChatCompletionsToolChoicePreset(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """How a model may use the tools it is offered."""

    AUTO = "auto"
    """The model decides."""
    NONE = "none"
    """It calls none."""
    REQUIRED = "required"
    """It calls one or more."""


class ChatRole(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Who speaks in a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    DEVELOPER = "developer"
    """What `system` is to other models, for OpenAI's reasoning models."""


class CompletionsFinishReason(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Why a model stopped. Mistral also says `model_length` and `error`."""

    STOPPED = "stop"
    """The answer is complete, or a stop sequence was met."""
    TOKEN_LIMIT_REACHED = "length"  # noqa: S105
    """`max_tokens`, or the model's context, is used up."""
    CONTENT_FILTERED = "content_filter"
    """The service's content filter withheld the rest."""
    TOOL_CALLS = "tool_calls"
    """The model asks for tools to be called."""


class EmbeddingEncodingFormat(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Encodings of an embedding on the wire."""

    BASE64 = "base64"
    """Little-endian 32-bit floats, in base64."""
    BINARY = "binary"
    """One bit a dimension, packed into signed bytes."""
    FLOAT = "float"
    INT8 = "int8"
    UBINARY = "ubinary"
    """One bit a dimension, packed into unsigned bytes."""
    UINT8 = "uint8"


class EmbeddingInputType(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """What an embedding is for; some models embed questions and documents differently."""

    TEXT = "text"
    QUERY = "query"
    DOCUMENT = "document"


class ImageDetailLevel(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """How closely a model looks at an image."""

    AUTO = "auto"
    LOW = "low"
    HIGH = "high"
