"""load_client: which client it returns, and that it leaves nothing open."""

import logging
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError

from azure.ai.inference._operations.load_client import kind_of
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ModelType

from .conftest import KEY, Serve, World, settle
from .raw_server import answer, completion

CHAT, TEXT, IMAGE = "ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient"
SPELLINGS: list[tuple[Any, str]] = [
    ("chat_completion", CHAT),
    ("chat_completions", CHAT),
    ("chat-completion", CHAT),
    ("chat-completions", CHAT),
    ("chat completion", CHAT),
    ("chat completions", CHAT),
    ("Chat-Completion", CHAT),
    ("chat", CHAT),
    ("completion", CHAT),
    (ModelType.CHAT_COMPLETION, CHAT),
    ("embedding", TEXT),
    ("embeddings", TEXT),
    ("EMBEDDINGS", TEXT),
    ("text_embedding", TEXT),
    ("text-embeddings", TEXT),
    ("text embeddings", TEXT),
    (ModelType.EMBEDDINGS, TEXT),
    ("image_embedding", IMAGE),
    ("image_embeddings", IMAGE),
    ("image-embeddings", IMAGE),
    ("image embedding", IMAGE),
    (ModelType.IMAGE_EMBEDDINGS, IMAGE),
]


def info(model_type: Any) -> dict[str, Any]:
    return {"model_name": "m", "model_type": model_type, "model_provider_name": "p"}


@pytest.mark.parametrize(("spelling", "client"), SPELLINGS)
def test_model_type_spellings(spelling: Any, client: str) -> None:
    assert {"chat": CHAT, "embeddings": TEXT, "image_embeddings": IMAGE}[kind_of(spelling)] == client


@pytest.mark.parametrize("spelling", ["text_generation", "", None, "audio", 7])
def test_unsupported_model_types(spelling: Any) -> None:
    with pytest.raises(ValueError, match="There is no client for a model of type"):
        kind_of(spelling)


@pytest.mark.parametrize(
    ("model_type", "name"),
    [("chat-completion", CHAT), ("chat_completion", CHAT), ("embedding", TEXT), ("image_embeddings", IMAGE)],
)
async def test_endpoint_is_asked_for_its_model(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture, model_type: str, name: str
) -> None:
    server = serve(answer(body=info(model_type)))
    with caplog.at_level(logging.INFO, "azure.ai.inference"):
        client = await world.load(server.url, KEY, retry_total=1, model="m")
    assert isinstance(client.real, getattr(world.package, name))
    assert (await client.get_model_info()).model_type == model_type
    assert len(server.requests) == 1, "the new client has the information"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert await server.closed(), "the pipeline that asked is closed"
    assert "The endpoint serves" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize(("hint", "name"), [("chat", CHAT), ("embeddings", TEXT), ("Image Embeddings", IMAGE)])
async def test_model_type_argument_sends_nothing(world: World, hint: str, name: str) -> None:
    client = await world.load("http://127.0.0.1:1", KEY, model_type=hint)
    assert isinstance(client.real, getattr(world.package, name))
    assert client._model_info is None


async def test_client_works(world: World, emulator: Emulator) -> None:
    client = await world.load(emulator.url, emulator.key, temperature=0.5)
    answer = await client.complete()
    assert answer.choices[0].message.content


@pytest.mark.parametrize("asked", [True, False])
async def test_settings_of_another_client(world: World, serve: Serve, asked: bool) -> None:
    server = serve(answer(body=info("embedding")))
    hint = {} if asked else {"model_type": "embeddings"}
    with pytest.raises(TypeError, match="found a model for embeddings, whose client has no setting temperature, top_p"):
        await world.load(server.url, KEY, temperature=1, top_p=1, seed=None, **hint)
    assert len(server.requests) == int(asked)


async def test_unknown_keywords_are_ignored_with_a_warning(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    client = await world.load(serve(answer(body=info("chat"))).url, KEY, zzz_private="x")
    assert isinstance(client.real, getattr(world.package, CHAT))
    assert "ignored keyword arguments that it does not know: zzz_private" in caplog.text


async def test_caller_transport_stays_open(world: World, serve: Serve) -> None:
    server = serve(answer(body=info("chat")), answer(body=completion()))
    client = await world.load(server.url, KEY, transport=world.transport())
    assert (await client.complete()).choices[0].message.content == "hello"
    assert len(server.connections) == 1


async def test_endpoint_without_model_info(world: World, emulator: Emulator) -> None:
    with pytest.raises(ResourceNotFoundError, match="`load_client` function does not work on this endpoint") as caught:
        await settle(world.package.load_client(f"{emulator.url}/openai/v1", emulator.key))
    assert "model_type=" in str(caught.value)
    assert "Model information is not available" in caught.value.message


async def test_wrong_key(world: World, emulator: Emulator) -> None:
    with pytest.raises(ClientAuthenticationError):
        await settle(world.package.load_client(emulator.url, "a-wrong-key"))
