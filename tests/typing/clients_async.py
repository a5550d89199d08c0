"""Types of the asynchronous clients, as mypy and pyright see them."""

from collections.abc import AsyncIterator
from typing import Optional, Union

from azure.core.credentials import TokenCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.rest import AsyncHttpResponse, HttpRequest
from typing_extensions import assert_type

from azure.ai.inference.aio import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, load_client
from azure.ai.inference.models import (
    AsyncStreamingChatCompletions,
    ChatCompletions,
    CompletionsUsage,
    EmbeddingsResult,
    ImageEmbeddingInput,
    ModelInfo,
    StreamingChatCompletionsUpdate,
    UserMessage,
)

MESSAGES = [UserMessage("Hello")]


def constructors(endpoint: str, sync: TokenCredential, token: AsyncTokenCredential) -> list[ChatCompletionsClient]:
    return [
        ChatCompletionsClient(endpoint, "key", temperature=0.5),
        ChatCompletionsClient(endpoint, sync),
        ChatCompletionsClient(endpoint, token, audience="https://ai.azure.com"),
        ChatCompletionsClient(endpoint, "key", temprature=0.5),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        ChatCompletionsClient(endpoint, "key").with_defaults(temperature=None, seed=7),
    ]


async def complete(client: ChatCompletionsClient, said: bool | None) -> None:
    assert_type(await client.complete(messages=MESSAGES), ChatCompletions)
    assert_type(await client.complete(messages=MESSAGES, stream=False), ChatCompletions)
    assert_type(await client.complete(messages=MESSAGES, stream=True), AsyncStreamingChatCompletions)
    either = await client.complete(messages=MESSAGES, stream=said)
    assert_type(either, Union[ChatCompletions, AsyncStreamingChatCompletions])
    assert_type(await client.complete({"messages": []}), Union[ChatCompletions, AsyncStreamingChatCompletions])


async def misspelled(client: ChatCompletionsClient) -> None:
    await client.complete(messages=MESSAGES, temprature=0.5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    client.with_defaults(temprature=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def streams(stream: AsyncStreamingChatCompletions) -> None:
    async for update in stream:
        assert_type(update, StreamingChatCompletionsUpdate)
    async with stream as entered:
        assert_type(entered, AsyncStreamingChatCompletions)
    assert_type(stream.text_deltas(), AsyncIterator[str])
    assert_type(await stream.get_final_completions(), ChatCompletions)
    assert_type(stream.usage, Optional[CompletionsUsage])


async def rest(client: ChatCompletionsClient, texts: EmbeddingsClient, images: ImageEmbeddingsClient) -> None:
    async with client as entered:
        assert_type(entered, ChatCompletionsClient)
    assert_type(await texts.embed(input=["a", "b"]), EmbeddingsResult)
    assert_type(await images.embed(input=[ImageEmbeddingInput(image="data:")]), EmbeddingsResult)
    assert_type(await client.get_model_info(), ModelInfo)
    assert_type(await client.send_request(HttpRequest("GET", "models")), AsyncHttpResponse)
    loaded = await load_client("e", "k")
    assert_type(loaded, Union[ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient])
