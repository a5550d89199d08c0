"""Messages of a conversation, as they are sent.

Positional content comes last in the JSON, after the keywords, because recorded request bodies depend on it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, overload

from .._model import Model
from .._model_fields import constant
from ._content import ContentItem
from ._tools import ChatCompletionsToolCall

Wire = Mapping[str, Any]


class ChatRequestMessage(Model, discriminator_field="role"):
    """A message of any role: the base class of all messages."""

    __module__ = "azure.ai.inference.models"

    role: str
    """The author's role."""

    @overload
    def __init__(self, *, role: str) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class SystemMessage(ChatRequestMessage, discriminator="system", positional="content"):
    """Instructions that apply to the whole conversation."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("system")
    content: str | list[ContentItem]
    """The instructions: text, or a list of text items."""

    @overload
    def __init__(self, content: str | Sequence[ContentItem], /) -> None: ...
    @overload
    def __init__(self, *, content: str | Sequence[ContentItem]) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class DeveloperMessage(ChatRequestMessage, discriminator="developer", positional="content"):
    """Instructions, under the role that OpenAI's reasoning models use for them."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("developer")
    content: str | list[ContentItem]
    """The instructions: text, or a list of text items."""

    @overload
    def __init__(self, content: str | Sequence[ContentItem], /) -> None: ...
    @overload
    def __init__(self, *, content: str | Sequence[ContentItem]) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class UserMessage(ChatRequestMessage, discriminator="user", positional="content"):
    """A message from the user: text, or a list of content items."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("user")
    content: str | list[ContentItem]
    """The text, or the content items."""

    @overload
    def __init__(self, content: str | Sequence[ContentItem], /) -> None: ...
    @overload
    def __init__(self, *, content: str | Sequence[ContentItem]) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class AssistantMessage(ChatRequestMessage, discriminator="assistant", positional="content"):
    """An answer from the model, or text that you put in its place."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("assistant")
    content: str | list[ContentItem] | None = None
    """The text, or the content items; `None` if the message consists of tool calls."""
    tool_calls: list[ChatCompletionsToolCall] | None = None
    """The tool calls that the model requested. A tool message must answer each."""
    prefix: bool | None = None
    """True in the last message makes the model continue this text. Mistral's models only."""

    @overload
    def __init__(
        self,
        content: str | Sequence[ContentItem] | None = None,
        /,
        *,
        tool_calls: Sequence[ChatCompletionsToolCall] | None = None,
        prefix: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        content: str | Sequence[ContentItem] | None = None,
        tool_calls: Sequence[ChatCompletionsToolCall] | None = None,
        prefix: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class ToolMessage(ChatRequestMessage, discriminator="tool", positional="content"):
    """The result of a tool call."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("tool")
    content: str | list[ContentItem] | None = None
    """The result: text, or a list of content items."""
    tool_call_id: str
    """The `id` of the tool call that it answers."""
    name: str | None = None
    """The tool's name, for Mistral's models; other services ignore it."""

    @overload
    def __init__(
        self, content: str | Sequence[ContentItem], /, *, tool_call_id: str, name: str | None = None
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        content: str | Sequence[ContentItem] | None = None,
        tool_call_id: str,
        name: str | None = None,
    ) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
