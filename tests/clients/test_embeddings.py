"""Embeddings end to end: inputs, encodings and batches."""

import asyncio
import base64
import concurrent.futures
import contextlib
import gc
import json
import threading
import tracemalloc
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from azure.core.exceptions import DecodeError, HttpResponseError

from azure.ai.inference.aio import EmbeddingsClient as AsyncEmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.exceptions import BatchError
from azure.ai.inference.models import (
    AsyncEmbeddingBatches,
    EmbeddingBatches,
    EmbeddingsResult,
    ImageEmbeddingInput,
)

from .conftest import KEY, Serve, Stream, World, settle
from .raw_server import answer

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def embeddings(*vectors: Any, first: int = 0, **members: Any) -> dict[str, Any]:
    data = [{"index": first + index, "embedding": vector} for index, vector in enumerate(vectors)]
    return {"data": data, "model": "e", "usage": {"prompt_tokens": 2, "total_tokens": 3}, **members}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("one text", ["one text"]),
        (["a", "b"], ["a", "b"]),
        (("a", "b"), ["a", "b"]),
        ({"a": 1, "b": 2}.keys(), ["a", "b"]),
        ([1, 2, 3], [1, 2, 3]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ([(1, 2), (3,)], [[1, 2], [3]]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ([np.array([1, 2]), array("i", [3])], [[1, 2], [3]]),
        ([np.int64(1), np.int64(2)], [1, 2]),
    ],
)
async def test_inputs(world: World, serve: Serve, given: Any, sent: Any) -> None:
    server = serve(answer(body=embeddings([0.5])))
    client = world.embeddings(server.url)
    got = await client.embed(input=given)
    assert server.requests[0].json == {"input": sent}
    assert (got.data[0].embedding, got.usage.total_tokens, got.model) == ([0.5], 3, "e")


async def test_arrays_of_token_ids_in_batches(world: World) -> None:
    with Emulator() as endpoint:
        client = world.embeddings(f"{endpoint.url}/v1", endpoint.key, model="e")
        got = await settle(client.embed_batches(np.array([[1, 2], [3, 4], [5, 6]]), batch_size=2).collect())
        sent = sorted(request.body["input"] for request in endpoint.requests)
    assert (len(got.data), sent) == (3, [[[1, 2], [3, 4]], [[5, 6]]])


@pytest.mark.parametrize(
    ("kind", "given", "error", "text"),
    [
        ("embeddings", None, TypeError, "missing required argument: input"),
        ("embeddings", [], ValueError, "input must not be empty"),
        ("embeddings", [None], TypeError, r"input\[0\] must be a text or a list of token ids, not NoneType"),
        ("embeddings", {"a": 1}, TypeError, "not dict"),
        ("embeddings", 5, TypeError, "not int: 5"),
        ("image_embeddings", "text", TypeError, "input must be a list of ImageEmbeddingInput, not str"),
        ("image_embeddings", ["text"], TypeError, r"input\[0\] must be an ImageEmbeddingInput, not str"),
        ("image_embeddings", ImageEmbeddingInput(image="x"), TypeError, "not ImageEmbeddingInput"),
    ],
)
async def test_invalid_input(world: World, kind: str, given: Any, error: type[Exception], text: str) -> None:
    client = getattr(world, kind)("http://127.0.0.1:1")
    with pytest.raises(error, match=text):
        await client.embed(input=given)


@pytest.mark.parametrize("form", ["mapping", "bytes", "file"])
async def test_bodies(world: World, serve: Serve, tmp_path: Path, form: str) -> None:
    body = {"input": ["x"], "encoding_format": "int8", "whatever": 1}
    server = serve(answer(body=embeddings([1, -1])))
    file = tmp_path / "body.json"
    file.write_text(json.dumps(body))
    with file.open("rb") as opened:
        given = {"mapping": body, "bytes": file.read_bytes(), "file": opened}[form]
        got = await world.embeddings(server.url).embed(given)
    assert server.requests[0].json == body
    assert got.data[0].vector.typecode == "b"


async def test_call_settings_override_client_settings(world: World, serve: Serve) -> None:
    server = serve(answer(body=embeddings([0.5])))
    client = world.embeddings(server.url, dimensions=4, input_type="query", model="one", model_extras={"a": 1})
    await client.embed(input="x", model="two", user="me", model_extras={"b": 2})
    expected = '{"input": ["x"], "dimensions": 4, "input_type": "query", "model": "two", "user": "me", "b": 2}'
    assert server.requests[0].body.decode() == expected
    assert server.requests[0].headers["extra-parameters"] == "pass-through"


async def test_every_encoding(world: World, emulator: Emulator) -> None:
    client = world.embeddings(emulator.url, emulator.key, dimensions=16)
    plain = (await client.embed(input="some words")).data[0]
    found = {}
    for name in ("float", "base64", "int8", "uint8", "binary", "ubinary"):
        result = await client.embed(input=["some words", "others"], encoding_format=name)
        item = result.data[0]
        found[name] = item.vector
        assert isinstance(item.embedding, str if name == "base64" else list)
        assert item.embedding is result.data[0].embedding
        assert result.to_numpy().shape == (2, 2 if "binary" in name else 16)
    assert found["float"].tolist() == pytest.approx(plain.embedding)
    assert found["base64"].tolist() == pytest.approx(found["float"].tolist(), abs=1e-6)
    assert {name: vector.typecode for name, vector in found.items()} == {
        "float": "f",
        "base64": "f",
        "int8": "b",
        "uint8": "B",
        "binary": "b",
        "ubinary": "B",
    }
    assert [value + 128 for value in found["int8"]] == found["uint8"].tolist()
    assert [value + 128 for value in found["binary"]] == found["ubinary"].tolist()


async def test_similar_texts_are_close(world: World, emulator: Emulator) -> None:
    texts = ["the painters of France", "a French painter", "how to fix a bicycle"]
    matrix = (await world.embeddings(emulator.url, emulator.key).embed(input=texts)).to_numpy()
    _, near, far = matrix @ matrix[0]
    assert near > far


async def test_images(world: World, emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "pixel.png"
    file.write_bytes(PIXEL)
    image = ImageEmbeddingInput.load(image_file=file, image_format="png", text="a dot")
    assert image == {"image": f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}", "text": "a dot"}
    client = world.image_embeddings(f"{emulator.url}", emulator.key, dimensions=8)
    result = await client.embed(input=[image, {"image": image.image}])
    assert result.to_numpy().shape == (2, 8)
    batches = Stream(client.embed_batches([image] * 3))
    assert [item.index for result in await batches.rest() for item in result.data] == [0, 1, 2]
    assert emulator.requests[-1].body["input"] == [image]
    with pytest.raises(FileNotFoundError):
        ImageEmbeddingInput.load(image_file=tmp_path / "none.png", image_format="png")


async def test_html_response_raises(world: World, serve: Serve) -> None:
    client = world.embeddings(serve(answer(body=b"<html>", content_type="text/html")).url)
    with pytest.raises(DecodeError, match=r"The URL called was"):
        await client.embed(input="x")


# ---------------------------------------------------------------- batches


async def test_batches_in_the_order_of_the_input(world: World, emulator: Emulator) -> None:
    client = world.embeddings(emulator.url, emulator.key, dimensions=8)
    texts = [f"text number {number}" for number in range(50)]
    counted: list[int] = []
    batches = client.embed_batches(texts, batch_size=7, max_concurrency=3, on_progress=counted.append)
    assert isinstance(batches, EmbeddingBatches if world.name == "sync" else AsyncEmbeddingBatches)
    results = await Stream(batches).rest()
    alone = await client.embed(input=texts)
    assert [item.index for result in results for item in result.data] == list(range(50))
    assert [item.embedding for result in results for item in result.data] == [one.embedding for one in alone.data]
    assert counted == [7] * 7 + [1]
    assert batches.usage == alone.usage
    assert await Stream(batches).rest() == []


async def test_collect(world: World, emulator: Emulator) -> None:
    client = world.embeddings(emulator.url, emulator.key, model="mine")
    got = await settle(client.embed_batches(["a", "b", "c"], batch_size=2, dimensions=4).collect())
    assert isinstance(got, EmbeddingsResult)
    assert (got.to_numpy().shape, got.model) == ((3, 4), "mine")
    assert json.loads(str(got)) == got.as_dict()
    assert got.usage.total_tokens == 3
    nothing = await settle(client.embed_batches([]).collect())
    assert (nothing.data, nothing.usage.total_tokens) == ([], 0)


async def test_batches_respect_max_concurrency(world: World, serve: Serve) -> None:
    go = threading.Event()
    server = serve([go, answer(body=embeddings([0.5]))])
    batches = Stream(world.embeddings(server.url).embed_batches(map(str, range(12)), batch_size=1, max_concurrency=3))
    first = asyncio.ensure_future(anext(batches)) if world.name == "aio" else asyncio.to_thread(next, batches.real)
    waiting = asyncio.ensure_future(first)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if len(server.requests) == 3:
            break
    await asyncio.sleep(0.05)
    assert len(server.requests) == 3
    go.set()
    assert (await waiting).data[0].index == 0
    assert [result.data[0].index for result in await batches.rest()] == list(range(1, 12))


async def test_failed_batch_names_its_inputs(world: World, serve: Serve) -> None:
    refused = answer(400, {"error": {"code": "bad_input", "message": "Too long."}})
    server = serve(*[answer(body=embeddings([0.5], [0.5]))] * 2, refused)
    client = world.embeddings(server.url)
    batches = client.embed_batches(list("abcdefghij"), batch_size=2, max_concurrency=1)
    with pytest.raises(BatchError, match=r"input\[4\] to input\[5\] failed: \(bad_input\) Too long\.") as caught:
        await settle(batches.collect())
    error = caught.value
    assert error.indices == range(4, 6)
    assert isinstance(error.inner_exception, HttpResponseError)
    assert error.__cause__ is error.inner_exception
    assert [item.index for result in error.results for item in result.data] == [0, 1, 2, 3]
    assert batches.usage.total_tokens == 6
    assert len(server.requests) == 3, "no other was begun"


async def test_results_after_a_failed_batch_are_kept(world: World, serve: Serve) -> None:
    late_refusal = [0.15, answer(400, {"error": {"code": "bad_input", "message": "Too long."}})]
    server = serve(late_refusal, answer(body=embeddings([0.5])))
    stream = Stream(world.embeddings(server.url).embed_batches(list("abcdef"), batch_size=1, max_concurrency=3))
    updates, error = await stream.until_fault()
    assert isinstance(error, BatchError)
    have = [item.index for result in [*updates, *error.results] for item in result.data]
    assert have == [index for index in range(6) if index not in error.indices]
    assert await stream.until_fault() == ([], error), "a part never looks whole"
    with pytest.raises(BatchError, match="Too long"):
        await settle(stream.real.collect())


async def test_batches_refuse_an_answer_with_fewer_embeddings(world: World, serve: Serve) -> None:
    client = world.embeddings(serve(answer(body=embeddings([0.5]))).url)
    with pytest.raises(BatchError, match="2 inputs were answered with 1 embeddings"):
        await settle(client.embed_batches(["a", "b"]).collect())
    client = world.embeddings(serve(answer(body={"data": None, "usage": None})).url)
    with pytest.raises(BatchError, match="not of the expected kind"):
        await settle(client.embed_batches(["a"]).collect())


async def test_missing_usage(world: World, serve: Serve) -> None:
    client = world.embeddings(serve(answer(body=embeddings([0.5], usage=None))).url)
    got = await settle(client.embed_batches(["a"]).collect())
    assert got.usage.total_tokens == 0


async def test_misspelled_batch_keyword_is_refused(world: World, serve: Serve) -> None:
    server = serve(answer(body=embeddings([0.5])))
    with pytest.raises(TypeError, match="nonsense"):
        world.embeddings(server.url).embed_batches(["a", "b"], batch_size=1, nonsense=1)
    with pytest.raises(TypeError, match="nonsense"):
        world.image_embeddings(server.url).embed_batches([], nonsense=1)
    assert server.requests == []


async def test_batches_left_early(world: World, serve: Serve) -> None:
    server = serve(answer(body=embeddings([0.5])))
    texts = (str(number) for number in range(1000))
    async with Stream(world.embeddings(server.url).embed_batches(texts, batch_size=1, max_concurrency=2)) as batches:
        assert (await anext(batches)).data[0].index == 0
    await batches.close()
    _, error = await batches.until_fault()
    assert isinstance(error, BatchError)
    assert "closed before the result for input[1] was read" in str(error)
    await asyncio.sleep(0.05)
    assert len(server.requests) <= 6, "of a thousand"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("embed_batches")]


def failing_texts(fault: Any, count: int = 5) -> Iterator[Any]:
    """Return texts, followed by something that is not a text, or by an error."""
    yield from map(str, range(count))
    if isinstance(fault, BaseException):
        raise fault
    yield fault
    yield "never reached"


def indices(results: Iterable[EmbeddingsResult]) -> list[int]:
    return [item.index for result in results for item in result.data]


@pytest.mark.parametrize("fault", [None, 5, {"a": 1}, ValueError("no more rows"), RuntimeError()], ids=repr)
@pytest.mark.parametrize("count", [0, 1, 5, 6])
@pytest.mark.parametrize("max_concurrency", [1, 3])
async def test_inputs_before_an_unreadable_one_are_embedded(
    world: World, emulator: Emulator, fault: Any, count: int, max_concurrency: int
) -> None:
    """Whether results are collected or read one by one."""
    client = world.embeddings(emulator.url, emulator.key, dimensions=2)
    options: dict[str, Any] = {"batch_size": 2, "max_concurrency": max_concurrency}
    batches = client.embed_batches(failing_texts(fault, count), **options)
    with pytest.raises(BatchError, match=rf"Reading input\[{count}\] failed: ") as caught:
        await settle(batches.collect())
    assert indices(caught.value.results) == list(range(count))
    assert caught.value.indices == range(count, count + 1)
    assert caught.value.__cause__ is caught.value.inner_exception
    assert isinstance(caught.value.__cause__, type(fault) if isinstance(fault, Exception) else TypeError)
    with pytest.raises(BatchError) as again:
        await settle(batches.collect())
    assert again.value is caught.value
    assert indices(again.value.results) == list(range(count)), "once"

    stream = Stream(client.embed_batches(failing_texts(fault, count), **options))
    results, error = await stream.until_fault()
    assert isinstance(error, BatchError)
    assert indices([*results, *error.results]) == list(range(count))
    assert await stream.until_fault() == ([], error)


async def test_interrupted_iterable_does_not_end_the_input(world: World, emulator: Emulator) -> None:
    texts = failing_texts(KeyboardInterrupt(), 3)
    stream = Stream(world.embeddings(emulator.url, emulator.key).embed_batches(texts, batch_size=1))
    with pytest.raises(KeyboardInterrupt):
        await anext(stream)
    results, error = await stream.until_fault()
    assert indices(results) == [0, 1]
    assert isinstance(error, BatchError)
    assert error.indices == range(2, 3)
    assert isinstance(error.inner_exception, KeyboardInterrupt)


@pytest.mark.parametrize("hook", ["raw_request_hook", "raw_response_hook"])
@pytest.mark.parametrize("fault", [ValueError("the hook's own"), ConnectionError(), SystemExit(3)], ids=repr)
async def test_exception_in_a_hook_loses_no_answer(
    world: World, emulator: Emulator, hook: str, fault: BaseException
) -> None:
    def look(context: Any) -> None:
        if json.loads(context.http_request.content)["input"] == ["3"]:
            raise fault

    if world.name == "aio" and not isinstance(fault, Exception):
        pytest.skip("asyncio ends its loop on SystemExit")
    client = world.embeddings(emulator.url, emulator.key)
    stream = Stream(client.embed_batches(map(str, range(6)), batch_size=1, max_concurrency=2, **{hook: look}))
    results, error = await stream.until_fault()
    assert isinstance(error, BatchError)
    assert error.inner_exception is fault
    assert (error.indices, indices(results)) == (range(3, 4), [0, 1, 2])
    assert await stream.until_fault() == ([], error)


async def test_exception_in_on_progress_loses_no_answer(world: World, emulator: Emulator) -> None:
    fault = ValueError("the bar is broken")
    seen: list[int] = []

    def progress(count: int) -> None:
        seen.append(count)
        if len(seen) == 3:
            raise fault

    client = world.embeddings(emulator.url, emulator.key)
    batches = client.embed_batches(map(str, range(10)), batch_size=1, max_concurrency=2, on_progress=progress)
    with pytest.raises(BatchError, match="on_progress failed: ValueError: the bar is broken") as caught:
        await settle(batches.collect())
    assert caught.value.inner_exception is fault
    have = indices(caught.value.results)
    assert have[:4] == [0, 1, 2, 3]
    assert have == list(range(len(have)))
    assert batches.usage.total_tokens == 2, "of what was handed over"


async def test_interrupt_in_on_progress_loses_no_answer(world: World, emulator: Emulator) -> None:
    seen: list[int] = []

    def progress(count: int) -> None:
        seen.append(count)
        if len(seen) == 3:
            raise KeyboardInterrupt

    client = world.embeddings(emulator.url, emulator.key)
    batches = client.embed_batches(map(str, range(5)), batch_size=1, on_progress=progress)
    with pytest.raises(KeyboardInterrupt):
        await settle(batches.collect())
    assert indices(await Stream(batches).rest()) == [0, 1, 2, 3, 4]
    assert batches.usage.total_tokens == 5


async def test_cancelled_read_can_be_repeated(serve: Serve) -> None:
    """`asyncio.wait_for(anext(batches), 1)` may give up waiting; no request or answer is lost."""
    go = threading.Event()
    server = serve([go, answer(body=embeddings([0.5]))])
    async with AsyncEmbeddingsClient(server.url, KEY) as client:
        batches = client.embed_batches(map(str, range(4)), batch_size=1, max_concurrency=1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(batches), 0.05)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(batches.collect(), 0.05)
        go.set()
        assert indices([await anext(batches)]) == [0]
        assert indices([await batches.collect()]) == [1, 2, 3]
        assert len(server.requests) == 4


async def test_cancelled_collect_keeps_its_results(serve: Serve) -> None:
    go = threading.Event()
    server = serve(answer(body=embeddings([0.5])), answer(body=embeddings([0.5])), [go, answer(body=embeddings([0.5]))])
    async with AsyncEmbeddingsClient(server.url, KEY) as client:
        batches = client.embed_batches(map(str, range(3)), batch_size=1, max_concurrency=1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(batches.collect(), 0.2)
        go.set()
        assert indices([await batches.collect()]) == [0, 1, 2]
        assert batches.usage.total_tokens == 9


async def test_request_that_cancels_itself_raises(world: World, serve: Serve) -> None:
    """A hook may raise something that looks like the cancellation of requests that were never sent."""

    def cancel(_: Any) -> None:
        raise concurrent.futures.CancelledError if world.name == "sync" else asyncio.CancelledError

    client = world.embeddings(serve(answer(body=embeddings([0.5]))).url)
    stream = Stream(client.embed_batches(["a", "b"], batch_size=1, raw_request_hook=cancel))
    results, error = await stream.until_fault()
    assert (results, error.indices if isinstance(error, BatchError) else None) == ([], range(1))


@pytest.mark.parametrize("name", ["close", "aclose"])
async def test_close_and_aclose(serve: Serve, name: str) -> None:
    server = serve(answer(body=embeddings([0.5])))
    async with AsyncEmbeddingsClient(server.url, KEY) as client:
        batches = client.embed_batches(map(str, range(100)), batch_size=1)
        assert indices([await anext(batches)]) == [0]
        await getattr(batches, name)()
        async with contextlib.aclosing(batches):
            with pytest.raises(BatchError, match="closed"):
                await anext(batches)
        await asyncio.sleep(0.05)
        assert len(server.requests) <= 9, "of a hundred"


async def test_close_after_the_end(world: World, emulator: Emulator) -> None:
    stream = Stream(world.embeddings(emulator.url, emulator.key).embed_batches(["a", "b"], batch_size=1))
    assert indices([await anext(stream), await anext(stream)]) == [0, 1]
    await stream.close()
    assert await stream.rest() == []


async def test_abandoned_batches_start_no_more_requests(world: World, serve: Serve) -> None:
    go = threading.Event()
    server = serve(answer(body=embeddings([0.5])), [go, answer(body=embeddings([0.5]))])
    stream = Stream(world.embeddings(server.url).embed_batches(map(str, range(100)), batch_size=1, max_concurrency=1))
    await anext(stream)
    del stream
    gc.collect()
    go.set()
    await asyncio.sleep(0.1)
    assert len(server.requests) <= 2


@pytest.mark.slow
async def test_memory_stays_flat(world: World, serve: Serve) -> None:
    body = embeddings(*[[0.5] * 64] * 100)
    client = world.embeddings(serve(answer(body=body)).url)
    batches = Stream(client.embed_batches(("text" for _ in range(20_000)), batch_size=100))
    tracemalloc.start()
    try:
        [await anext(batches) for _ in range(20)]
        gc.collect()
        early, _ = tracemalloc.get_traced_memory()
        seen = 2000 + sum([len(result.data) async for result in batches])
        gc.collect()
        late, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen == 20_000
    assert late < early + 1_000_000


def test_trace_reaches_the_threads(serve: Serve) -> None:
    """Requests see the caller's context."""
    from contextvars import ContextVar

    from azure.ai.inference import EmbeddingsClient

    name: ContextVar[str] = ContextVar("name", default="nobody")
    seen: list[str] = []
    server = serve(answer(body=embeddings([0.5])))
    name.set("caller")
    with EmbeddingsClient(server.url, "a-key-of-some-length") as client:
        batches = client.embed_batches(
            ["a", "b"], batch_size=1, raw_request_hook=lambda request: seen.append(name.get())
        )
        assert len(list(islice(batches, 5))) == 2
    assert seen == ["caller", "caller"]
