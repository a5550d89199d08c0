"""Types of streamed values, whole requests and Mistral's parameters, as mypy and pyright see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, TypedDict, Union

from azure.core.serialization import NULL
from typing_extensions import assert_type

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.exceptions import AnswerError, ToolCallError
from azure.ai.inference.models import (
    AssistantMessage,
    AsyncStreamingChatCompletions,
    ChatCompletionRequest,
    ChatCompletions,
    ChatCompletionsToolCall,
    ChatCompletionStreamRequest,
    StreamingChatCompletions,
    TextContentItem,
    ToolMessage,
    UserMessage,
)


@dataclass
class Item:
    name: str


class Basket(TypedDict):
    items: list[Item]


def parsed(stream: StreamingChatCompletions) -> None:
    assert_type(stream.parse_as(Item), Item)
    assert_type(stream.parse_as(Basket, index=1), Basket)
    assert_type(stream.parse_as(list[Item]), list[Item])
    item: Item | None = stream.parse_as(Optional[Item])
    print(item)


async def parsed_async(stream: AsyncStreamingChatCompletions) -> None:
    assert_type(await stream.parse_as(Item), Item)
    assert_type(await stream.parse_as(list[Item]), list[Item])


def errors(answer: AnswerError, call: ToolCallError) -> None:
    assert_type(answer.completion, ChatCompletions)
    assert_type(call.tool_call, ChatCompletionsToolCall)


def requests(client: ChatCompletionsClient) -> None:
    request = ChatCompletionRequest(
        messages=[UserMessage("x"), {"role": "user", "content": "y"}],
        temperature=NULL,
        stop=["a"],
        tool_choice="any",
        response_format=Item,
    )
    assert_type(request.messages, Sequence[Mapping[str, Any]])
    assert_type(request.model, Optional[str])
    streamed = client.complete(ChatCompletionStreamRequest(messages=[UserMessage("x")], max_tokens=5))
    assert_type(streamed, StreamingChatCompletions)
    whole = client.complete(ChatCompletionRequest(messages=[UserMessage("x")]))
    assert_type(whole, Union[ChatCompletions, StreamingChatCompletions])
    said: bool = bool(request)
    either = client.complete(ChatCompletionStreamRequest(messages=[], stream=said), stream=said)
    assert_type(either, Union[ChatCompletions, StreamingChatCompletions])
    ChatCompletionRequest(messages=[], safe_prompt=NULL)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ChatCompletionRequest()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def parameters(client: ChatCompletionsClient) -> None:
    client.complete(messages=[], min_tokens=1, random_seed=NULL, top_k=5, prompt_mode="reasoning", safe_prompt=True)
    client.complete(messages=[], guardrails=[{"block_on_error": True}], prompt_logprobs=True, repetition_penalty=1.1)
    client.complete(messages=[], retry_backoff_exponent=1.5)
    client.complete(messages=[], top_k="5")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def messages() -> list[Any]:
    return [
        AssistantMessage("x", prefix=True),
        AssistantMessage([TextContentItem(text="x")]),
        ToolMessage("x", tool_call_id="i", name="f"),
    ]


def literals_that_take_any_text(client: ChatCompletionsClient, effort: str) -> None:
    client.complete(
        messages=[{"role": "user", "content": "x"}, {"role": "assistant", "content": None, "tool_calls": []}],
        reasoning_effort=effort,
        verbosity="low",
        service_tier="a new one",
        tool_choice="any",
        modalities=["text", "audio"],
        stream_options={"include_usage": True},
        audio={"voice": "alloy", "format": "wav"},
        prediction={"type": "content", "content": "x"},
    )
    client.complete(messages=[{"role": "critic", "content": "x", "vendor": 1}], stream_options={"vendor": 1})
    client.complete(messages=[], reasoning_effort=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    built = ChatCompletionsClient.from_environment(model="m", temperature=0)
    assert_type(built, ChatCompletionsClient)
    assert_type(client.complete(messages=[]).text, str)
