"""Types of models, as mypy and pyright see them."""

from typing import Any, Optional, Union

from typing_extensions import assert_type

from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsToolCall,
    ChatRequestMessage,
    CompletionsFinishReason,
    ContentItem,
    DeveloperMessage,
    FunctionCall,
    FunctionDefinition,
    ImageContentItem,
    ImageDetailLevel,
    ImageUrl,
    InputAudio,
    JsonSchemaFormat,
    StreamingChatChoiceUpdate,
    SystemMessage,
    TextContentItem,
    ToolMessage,
    UserMessage,
)

CALL = ChatCompletionsToolCall(id="1", function=FunctionCall(name="f", arguments="{}"))


def messages() -> list[ChatRequestMessage]:
    image = ImageContentItem(image_url=ImageUrl(url="https://example.com/a.png", detail=ImageDetailLevel.LOW))
    return [
        SystemMessage("Be brief."),
        SystemMessage(content="Be brief."),
        DeveloperMessage("Be brief."),
        UserMessage("Hello"),
        UserMessage([TextContentItem(text="Hello"), image]),
        UserMessage({"role": "user", "content": "Hello"}),
        AssistantMessage("Hello"),
        AssistantMessage(tool_calls=[CALL]),
        ToolMessage("4", tool_call_id="1"),
        ChatRequestMessage(role="critic"),
    ]


def wrong() -> None:
    SystemMessage(7)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    UserMessage(text="Hello")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    ToolMessage("4")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    FunctionDefinition(nam="f")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    FunctionDefinition()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def attributes(message: UserMessage, choice: StreamingChatChoiceUpdate, call: ChatCompletionsToolCall) -> None:
    assert_type(message.role, str)
    assert_type(message.content, Union[str, list[ContentItem]])
    assert_type(choice.finish_reason, Optional[str | CompletionsFinishReason])
    assert_type(choice.delta.content, Optional[str])
    assert_type(call.function.arguments, str)
    assert_type(message.as_dict(), dict[str, Any])
    assert_type(message["content"], Any)


def loaded() -> None:
    assert_type(ImageUrl.load(image_file="a.png", image_format="png"), ImageUrl)
    assert_type(InputAudio.load(audio_file="a.wav", audio_format="wav"), InputAudio)
    assert_type(JsonSchemaFormat(name="a", schema={"type": "object"}).strict, Optional[bool])
