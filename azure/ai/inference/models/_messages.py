"""Messages of a conversation, as they are sent.

Content by position is written last, behind the keywords: recorded request bodies depend on it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, overload

from .._model import Model
from .._model_fields import constant
from ._content import ContentItem
from ._tools import ChatCompletionsToolCall

Wire = Mapping[str, Any]


class ChatRequestMessage(Model, discriminator_field="role"):
    """A message of any role; the base of all."""

    __module__ = "azure.ai.inference.models"

    role: str
    """Who speaks."""

    @overload
    def __init__(self, *, role: str) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class SystemMessage(ChatRequestMessage, discriminator="system", positional="content"):
    """Instructions that stand above the conversation."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("system")
    content: str | list[ContentItem]
    """The instructions: text, or a list of text items, which also OpenAI's and Mistral's services take."""

    @overload
    def __init__(self, content: str | Sequence[ContentItem], /) -> None: ...
    @overload
    def __init__(self, *, content: str | Sequence[ContentItem]) -> None: ...
    @overload
    def __init__(self, mapping: Wire, /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class DeveloperMessage(ChatRequestMessage, discriminator="developer", positional="content"):
    """Instructions, as OpenAI's reasoning models want them called."""

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
    """What the user says: text, or a list of text, images and audio."""

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
    """What the model said, or shall have said."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("assistant")
    content: str | list[ContentItem] | None = None
    """The text, or the content items; `None` where the message is made of tool calls."""
    tool_calls: list[ChatCompletionsToolCall] | None = None
    """The tool calls that the model asked for; a tool message must answer each."""
    prefix: bool | None = None
    """True, in the last message: the answer shall go on from this text. Mistral's."""

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
    """What a tool returned."""

    __module__ = "azure.ai.inference.models"

    role: str = constant("tool")
    content: str | list[ContentItem] | None = None
    """The result: text, or a list of content items."""
    tool_call_id: str
    """Which tool call it answers: the call's `id`."""
    name: str | None = None
    """Which tool it was. Mistral's; other services pass over it."""

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
