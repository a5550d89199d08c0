"""Model information: concurrent calls share one request; errors from endpoints that have none."""

import asyncio
import threading
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from azure.ai.inference.aio._lock import Lock
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ModelInfo, ModelType

from .conftest import Serve, World
from .raw_server import answer

INFO = {"model_name": "mistral-large", "model_type": "chat-completion", "model_provider_name": "mistral"}


async def test_model_information(world: World, emulator: Emulator) -> None:
    client = world.chat(emulator.url, emulator.key)
    assert str(client.real) == repr(client.real)
    info = await client.get_model_info()
    assert isinstance(info, ModelInfo)
    assert (info.model_name, info.model_type) == ("emulator-1", "chat-completion")
    assert str(info) in str(client.real)
    assert client._model_info is info


async def at_once(client: Any, callers: int, **options: Any) -> list[Any]:
    """Call from many threads or tasks at once."""
    if not hasattr(client.real, "__aenter__"):
        together = threading.Barrier(callers)

        def ask() -> Any:
            together.wait(5)
            return client.real.get_model_info(**options)

        return list(await asyncio.gather(*(asyncio.to_thread(ask) for _ in range(callers))))
    return list(await asyncio.gather(*(client.real.get_model_info(**options) for _ in range(callers))))


async def test_concurrent_calls_send_one_request(world: World, serve: Serve) -> None:
    server = serve([0.05, answer(body=INFO)])
    client = world.embeddings(server.url)
    infos = await at_once(client, 4)
    assert all(info is infos[0] for info in infos)
    assert await client.with_defaults(dimensions=3).get_model_info() is infos[0]
    assert len(server.requests) == 1
    assert (server.requests[0].method, server.requests[0].target) == ("GET", "/info?api-version=2024-05-01-preview")


async def test_force_refresh(world: World, serve: Serve) -> None:
    server = serve(answer(body=INFO), answer(body={**INFO, "model_name": "newer"}))
    client = world.chat(server.url)
    assert (await client.get_model_info()).model_name == "mistral-large"
    assert (await client.get_model_info(force_refresh=True)).model_name == "newer"
    assert (await client.get_model_info()).model_name == "newer"
    assert len(server.requests) == 2


async def test_model_information_of_a_named_model(world: World, serve: Serve) -> None:
    server = serve(answer(body=INFO))
    client = world.chat(server.url, api_version="2025-04-01")
    first = await client.get_model_info(model="a b")
    assert await client.get_model_info(model="a b") is first
    await client.get_model_info()
    targets = [request.target for request in server.requests]
    assert targets == ["/info?model=a%20b&api-version=2025-04-01", "/info?api-version=2025-04-01"]


async def test_result_of_cls_is_not_cached(world: World, serve: Serve) -> None:
    server = serve(answer(body=INFO))
    client = world.chat(server.url)
    assert await client.get_model_info(cls=lambda response, info, headers: info.model_type) == "chat-completion"
    assert client._model_info is None


async def test_failure_is_not_cached(world: World, serve: Serve) -> None:
    server = serve(answer(400, {"error": {"code": "bad", "message": "No."}}), answer(body=INFO))
    client = world.chat(server.url)
    with pytest.raises(HttpResponseError, match=r"No\."):
        await client.get_model_info()
    assert (await client.get_model_info()).model_name == "mistral-large"


@pytest.mark.parametrize("path", ["/openai/v1", "/v1", "/openai/deployments/d"])
async def test_endpoint_without_model_info(world: World, emulator: Emulator, path: str) -> None:
    client = world.chat(emulator.url + path, emulator.key)
    with pytest.raises(ResourceNotFoundError, match="Model information is not available on this endpoint") as caught:
        await client.get_model_info()
    assert f"The URL called was {emulator.url}{path}/info" in str(caught.value)
    assert "served by serverless and managed endpoints" in caught.value.message


def test_known_model_type_reads_as_an_enum_member() -> None:
    assert ModelInfo({"model_type": "embeddings"}).model_type is ModelType.EMBEDDINGS


def test_locks_of_ended_loops_are_released() -> None:
    lock = Lock()

    async def use() -> None:
        async with lock:
            pass

    for _ in range(3):
        asyncio.run(use())
    import gc

    gc.collect()
    assert len(lock._locks) == 0
