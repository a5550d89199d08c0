"""Types of the synchronous clients, as mypy and pyright see them."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Optional, Union

from azure.core.credentials import AzureKeyCredential, TokenCredential
from azure.core.rest import HttpRequest, HttpResponse
from azure.core.serialization import NULL
from typing_extensions import assert_type

from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, load_client
from azure.ai.inference.models import (
    ChatChoice,
    ChatCompletions,
    ChatResponseMessage,
    CompletionsUsage,
    EmbeddingsResult,
    ImageEmbeddingInput,
    ModelInfo,
    StreamingChatCompletions,
    StreamingChatCompletionsUpdate,
    SystemMessage,
    UserMessage,
)

MESSAGES = [SystemMessage("Be brief."), UserMessage("Hello")]


def constructors(endpoint: str, token: TokenCredential) -> list[ChatCompletionsClient]:
    return [
        ChatCompletionsClient(endpoint, "key"),
        ChatCompletionsClient(endpoint, AzureKeyCredential("key")),
        ChatCompletionsClient(endpoint, token, credential_scopes=["https://ml.azure.com/.default"]),
        ChatCompletionsClient(endpoint, "key", temperature=0.5, model="m", retry_total=3, api_version=None),
        ChatCompletionsClient(endpoint, "key", temprature=0.5),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        ChatCompletionsClient(endpoint, "key", api="responses").with_defaults(api="auto"),
        ChatCompletionsClient(endpoint, "key", api="respones"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        ChatCompletionsClient(endpoint, 7),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        ChatCompletionsClient(endpoint, "key").with_defaults(temperature=None, seed=7),
    ]


def complete(client: ChatCompletionsClient, said: bool | None) -> None:
    assert_type(client.complete(messages=MESSAGES), ChatCompletions)
    assert_type(client.complete(messages=MESSAGES, stream=False), ChatCompletions)
    assert_type(client.complete(messages=MESSAGES, stream=True), StreamingChatCompletions)
    assert_type(client.complete(messages=MESSAGES, stream=said), Union[ChatCompletions, StreamingChatCompletions])
    assert_type(client.complete({"messages": []}), Union[ChatCompletions, StreamingChatCompletions])
    assert_type(client.complete(b"{}", stream=True), Union[ChatCompletions, StreamingChatCompletions])
    assert_type(client.complete(body=BytesIO()), Union[ChatCompletions, StreamingChatCompletions])


def conversations(client: ChatCompletionsClient, answer: ChatCompletions) -> list[ChatCompletions]:
    messages: list[Mapping[str, Any]] = [UserMessage("Hello"), answer.choices[0].message]
    return [
        client.complete(messages=messages),
        client.complete(messages=[{"role": "user", "content": "Hello"}]),
        client.complete(messages=MESSAGES, temperature=NULL, stop="."),
        client.complete(messages=MESSAGES, reasoning_effort="low", model_extras={"top_k": 3}, timeout=5.0),
    ]


def misspelled(client: ChatCompletionsClient) -> None:
    client.complete(messages=MESSAGES, temprature=0.5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    client.complete(messages="Hello")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
    client.with_defaults(temprature=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def answers(answer: ChatCompletions) -> None:
    assert_type(answer.choices, list[ChatChoice])
    assert_type(answer.choices[0].message, ChatResponseMessage)
    assert_type(answer.choices[0].message.text, str)
    assert_type(answer.choices[0].message.reasoning, Optional[str])
    assert_type(answer.usage, CompletionsUsage)
    assert_type(answer.usage.total_tokens, int)
    assert_type(answer.request_id, Optional[str])
    assert_type(answer.headers, Mapping[str, str])


def streams(stream: StreamingChatCompletions) -> None:
    for update in stream:
        assert_type(update, StreamingChatCompletionsUpdate)
    with stream as entered:
        assert_type(entered, StreamingChatCompletions)
    assert_type(next(stream), StreamingChatCompletionsUpdate)
    assert_type(stream.text_deltas(), Iterator[str])
    assert_type(stream.get_final_completions(), ChatCompletions)
    assert_type(stream.usage, Optional[CompletionsUsage])


def embed(client: EmbeddingsClient, images: ImageEmbeddingsClient) -> None:
    assert_type(client.embed(input=["a", "b"]), EmbeddingsResult)
    assert_type(client.embed(input="a", dimensions=8), EmbeddingsResult)
    assert_type(client.embed({"input": ["a"]}), EmbeddingsResult)
    assert_type(images.embed(input=[ImageEmbeddingInput(image="data:")]), EmbeddingsResult)
    client.embed(input=["a"], temperature=0.5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def rest(client: ChatCompletionsClient) -> None:
    with client as entered:
        assert_type(entered, ChatCompletionsClient)
    assert_type(client.get_model_info(), ModelInfo)
    assert_type(client.send_request(HttpRequest("GET", "models")), HttpResponse)
    assert_type(load_client("e", "k"), Union[ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient])
