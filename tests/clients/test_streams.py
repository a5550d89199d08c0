"""Streams: every framing that the standard and services use is delivered as it arrives; every fault is raised once."""

import asyncio
import gc
import json
from contextlib import suppress
from threading import Event
from typing import Any

import pytest
from azure.core.exceptions import DecodeError, HttpResponseError, IncompleteReadError, ServiceResponseTimeoutError

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
from azure.ai.inference.exceptions import IncompleteStreamError

from .conftest import KEY, MESSAGES, Serve, Stream, World, settle
from .faults import BREAKS, DOCUMENTS, FAULTS, FORMS
from .raw_server import (
    CHUNKED_HEAD,
    CUT,
    DONE,
    EVENT_STREAM,
    FRAMINGS,
    HELLO,
    KEPT_ALIVE,
    LAST_CHUNK,
    PATIENCE,
    STOP,
    STREAM,
    answer,
    chunk,
    completion,
    event,
    framed,
    head,
    stream,
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("split", ["whole", "bytes"])
async def test_every_framing(world: World, serve: Serve, form: str, split: str) -> None:
    body, expected = FORMS[form]
    pieces = [body] if split == "whole" else [body[at : at + 1] for at in range(len(body))]
    server = serve(stream(pieces))
    opened = await world.chat(server.url).stream()
    assert await opened.texts() == expected
    assert await opened.rest() == []
    assert await opened.rest() == [], "iterating past the end stays quiet"


@pytest.mark.parametrize("framing", FRAMINGS)
async def test_events_are_delivered_as_they_arrive(world: World, serve: Serve, framing: str) -> None:
    gates = [Event(), Event(), Event()]
    pieces: list[Any] = [HELLO, gates[0], HELLO, gates[1], STOP, gates[2], DONE]
    server = serve(framed(pieces, framing))
    opened = await world.chat(server.url, read_timeout=PATIENCE / 2).stream()
    for gate in gates:
        await anext(opened)
        gate.set()  # only now does the server send the next event
    assert await opened.rest() == []


@pytest.mark.parametrize("framing", FRAMINGS)
async def test_event_split_into_pieces(world: World, serve: Serve, framing: str) -> None:
    gate = Event()
    server = serve(framed([HELLO[:9], HELLO[9:] + STOP[:5], gate, STOP[5:] + DONE], framing))
    opened = await world.chat(server.url, read_timeout=PATIENCE / 2).stream()
    await anext(opened)
    gate.set()
    assert len(await opened.rest()) == 1


@pytest.mark.parametrize("framing", ["gzip chunked", "gzip connection-close"])
async def test_compressed_stream_byte_by_byte(world: World, serve: Serve, framing: str) -> None:
    start, *steps = framed([HELLO, STOP, DONE], framing.removeprefix("gzip ") and framing)
    if framing == "gzip connection-close":
        sent = b"".join(step for step in steps if isinstance(step, bytes))
        server = serve([start, *(sent[at : at + 1] for at in range(len(sent))), CUT])
    else:
        from .raw_server import _gzipped

        squeezed = b"".join(_gzipped([HELLO, STOP, DONE]))
        server = serve([start, *(chunk(squeezed[at : at + 1]) for at in range(len(squeezed))), LAST_CHUNK])
    opened = await world.chat(server.url).stream()
    assert await opened.texts() == ["hello", None]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("framing", ["chunked", "connection-close"])
async def test_updates_before_a_fault_are_delivered_first(world: World, serve: Serve, fault: str, framing: str) -> None:
    body, expected, words, before = FAULTS[fault]
    server = serve(stream(body, framing))
    opened = await world.chat(server.url).stream()
    updates, error = await opened.until_fault()
    assert len(updates) == before
    assert isinstance(error, expected)
    assert words in str(error)
    assert len(str(error)) < 1000
    assert await opened.until_fault() == ([], None), "iterating raises once"
    for _ in range(2):
        with pytest.raises(expected) as again:
            await settle(opened.get_final_completions())
        assert again.value is error
        with pytest.raises(expected):
            await settle(opened.parse_as(dict))


async def test_fault_closes_the_connection(world: World, serve: Serve) -> None:
    server = serve([CHUNKED_HEAD, chunk(HELLO + b"data: {oops\n\n")])
    updates, error = await (await world.chat(server.url).stream()).until_fault()
    assert len(updates) == 1
    assert isinstance(error, DecodeError)
    assert await server.closed()


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_200_that_is_not_an_event_stream(world: World, serve: Serve, document: str) -> None:
    body, content_type, expected, words = DOCUMENTS[document]
    opened = await world.chat(serve(answer(200, body, content_type=content_type)).url).stream()
    updates, error = await opened.until_fault()
    assert updates == []
    assert isinstance(error, expected)
    for word in words:
        assert word in str(error)


async def test_whole_completion_is_one_update(world: World, serve: Serve) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    whole = completion("whole")
    whole["choices"][0]["message"]["tool_calls"] = [call]
    opened = await world.chat(serve(answer(200, whole)).url).stream()
    (only,) = await opened.rest()
    assert only.choices[0].delta.content == "whole"
    assert only.choices[0].delta.tool_calls[0].index == 0
    assert only.choices[0].finish_reason == "stop"
    assert opened.usage.total_tokens == 3


@pytest.mark.parametrize("way", BREAKS)
async def test_broken_connection_is_an_incomplete_read(world: World, serve: Serve, way: str) -> None:
    opened = await world.chat(serve(BREAKS[way]).url).stream()
    updates, error = await opened.until_fault()
    assert [u.choices[0].delta.content for u in updates] == ["hello"]
    assert isinstance(error, IncompleteStreamError)
    assert isinstance(error, IncompleteReadError)
    assert error.partial.choices[0].message.content == "hello"
    assert error.status_code == 200


def test_chunk_without_a_size_is_an_incomplete_read(serve: Serve) -> None:
    """Synchronous only: aiohttp 3.14 never ends this read, because its C parser tells only the protocol."""
    server = serve([CHUNKED_HEAD, chunk(HELLO), 0.03, b"zz\r\n", CUT])
    with ChatCompletionsClient(server.url, KEY) as client, pytest.raises(IncompleteStreamError):
        list(client.complete(messages=MESSAGES, stream=True))


async def test_break_after_the_end_is_ignored(world: World, serve: Serve) -> None:
    opened = await world.chat(serve([CHUNKED_HEAD, chunk(STREAM), CUT]).url).stream()
    assert len(await opened.rest()) == 2


async def test_open_event_at_a_break_is_delivered(world: World, serve: Serve) -> None:
    opened = await world.chat(serve([CHUNKED_HEAD, chunk(HELLO + STOP.rstrip()), CUT]).url).stream()
    updates, error = await opened.until_fault()
    assert len(updates) == 2
    assert isinstance(error, IncompleteStreamError)


async def test_invalid_compression_raises_a_decode_error(world: World, serve: Serve) -> None:
    start = head(content_type=EVENT_STREAM, content_length=9, content_encoding="gzip")
    opened = await world.chat(serve(start + b"not gzip!").url).stream()
    updates, error = await opened.until_fault()
    assert updates == []
    assert isinstance(error, DecodeError)


async def test_silent_stream_times_out(world: World, serve: Serve) -> None:
    over = Event()
    opened = await world.chat(serve([CHUNKED_HEAD, chunk(HELLO), over, CUT]).url, read_timeout=0.1).stream()
    updates, error = await opened.until_fault()
    over.set()
    assert len(updates) == 1
    assert isinstance(error, ServiceResponseTimeoutError)
    assert "read timeout" in str(error)


@pytest.mark.parametrize("framing", KEPT_ALIVE)
async def test_drained_stream_releases_its_connection(world: World, serve: Serve, framing: str) -> None:
    server = serve(stream(STREAM + b": tail\n\n", framing))
    client = world.chat(server.url)
    for _ in range(3):
        await (await client.stream()).rest()
    assert len(server.requests) == 3
    assert len(server.connections) == 1


async def test_late_end_of_body_is_awaited_briefly(world: World, serve: Serve) -> None:
    server = serve([CHUNKED_HEAD, chunk(STREAM), 0.02, LAST_CHUNK])
    client = world.chat(server.url)
    for _ in range(2):
        await (await client.stream()).rest()
    assert len(server.connections) == 1


async def test_missing_end_of_body_is_not_awaited(world: World, serve: Serve) -> None:
    over = Event()
    server = serve([CHUNKED_HEAD, chunk(STREAM), over, LAST_CHUNK])
    client = world.chat(server.url)
    for _ in range(2):
        assert len(await (await client.stream()).rest()) == 2
    over.set()
    assert len(server.connections) == 2


async def test_slow_end_of_body_is_not_awaited(world: World, serve: Serve) -> None:
    drip = [step for _ in range(50) for step in (chunk(b": ping\n\n"), 0.03)]
    server = serve([CHUNKED_HEAD, chunk(STREAM), *drip, LAST_CHUNK])
    assert len(await (await world.chat(server.url).stream()).rest()) == 2
    assert await server.closed()


@pytest.mark.parametrize(
    "body",
    [
        answer(200, completion()),
        answer(400, {"error": {"message": "no"}}),
        head(content_type="application/json", transfer_encoding="chunked")
        + chunk(json.dumps(completion()).encode())
        + LAST_CHUNK,
    ],
    ids=["good", "bad", "chunked"],
)
async def test_plain_answer_releases_its_connection(world: World, serve: Serve, body: bytes) -> None:
    server = serve(body)
    client = world.chat(server.url)
    for _ in range(3):
        with suppress(HttpResponseError):
            await client.complete()
    assert len(server.requests) == 3
    assert len(server.connections) == 1


OPEN = [CHUNKED_HEAD, chunk(HELLO)]
"""A stream that stays silent forever."""


async def test_close_ends_the_stream_and_its_connection(world: World, serve: Serve) -> None:
    server = serve(OPEN)
    opened = await world.chat(server.url).stream()
    await anext(opened)
    await opened.close()
    await opened.close()
    assert await server.closed()
    for _ in range(2):
        updates, error = await opened.until_fault()
        assert updates == []
        assert isinstance(error, IncompleteStreamError)
        assert "closed by its reader" in str(error)
        assert error.partial.choices[0].message.content == "hello"


async def test_exhausted_stream_stays_exhausted(world: World, serve: Serve) -> None:
    opened = await world.chat(serve(stream(STREAM)).url).stream()
    assert len(await opened.rest()) == 2
    await opened.close()
    assert await opened.rest() == []
    assert (await settle(opened.get_final_completions())).choices[0].message.content == "hello"


async def test_updates_received_before_close_are_kept(world: World, serve: Serve) -> None:
    opened = await world.chat(serve(stream(HELLO + HELLO + STOP + DONE)).url).stream()
    await anext(opened)
    await opened.close()
    assert (await settle(opened.get_final_completions())).choices[0].message.content == "hellohello"


async def test_text_deltas_raise_like_the_stream(world: World, serve: Serve) -> None:
    opened = await world.chat(serve(OPEN).url).stream()
    deltas = Stream(opened.text_deltas())
    assert await anext(deltas) == "hello"
    await opened.close()
    for _ in range(2):
        with pytest.raises(IncompleteStreamError):
            await anext(deltas)


@pytest.mark.parametrize("deltas", [False, True])
async def test_cancelled_read_does_not_end_the_stream_silently(serve: Serve, deltas: bool) -> None:
    """`asyncio.wait_for(anext(stream), 1)`, as a heartbeat."""
    server = serve(OPEN)
    async with AsyncChatCompletionsClient(server.url, KEY) as client:
        opened = await client.complete(messages=MESSAGES, stream=True)
        reading = opened.text_deltas() if deltas else opened
        await anext(reading)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(reading), 0.05)
        for read in (lambda: anext(reading), opened.get_final_completions, lambda: anext(opened)):
            with pytest.raises(IncompleteStreamError, match="interrupted by CancelledError") as caught:
                await read()
            assert caught.value.partial.choices[0].message.content == "hello"


async def test_stream_timeout_keeps_its_cause_and_the_partial_answer(world: World, serve: Serve) -> None:
    for options in ({"read_timeout": 0.1}, {"timeout": 0.1}):
        opened = await world.chat(serve(OPEN).url).stream(**options)
        updates, error = await opened.until_fault()
        assert len(updates) == 1
        assert isinstance(error, ServiceResponseTimeoutError)
        assert error.partial.choices[0].message.content == "hello"  # type: ignore[attr-defined]
        if "read_timeout" in options:
            assert isinstance(error.__cause__, (TimeoutError, asyncio.TimeoutError))


async def test_leaving_a_with_block_closes(world: World, serve: Serve) -> None:
    server = serve(OPEN)
    async with await world.chat(server.url).stream() as opened:
        async for _ in opened:
            break
    assert await server.closed()


async def test_close_before_the_first_read(world: World, serve: Serve) -> None:
    server = serve(OPEN)
    opened = await world.chat(server.url).stream()
    await opened.close()
    with pytest.raises(IncompleteStreamError, match="closed by its reader") as caught:
        await opened.rest()
    assert caught.value.partial is None
    assert await server.closed()


async def test_garbage_collected_stream_closes(world: World, serve: Serve) -> None:
    server = serve(OPEN)
    client = world.chat(server.url)
    opened = await client.stream()
    async for _ in opened:
        break
    del opened
    gc.collect()
    await asyncio.sleep(0)
    assert await server.closed()


async def test_cancelled_task_closes_the_stream(serve: Serve) -> None:
    server = serve(OPEN)
    async with AsyncChatCompletionsClient(server.url, KEY) as client:
        opened = await client.complete(messages=MESSAGES, stream=True)
        first = asyncio.Event()

        async def read() -> None:
            async for _ in opened:
                first.set()

        task = asyncio.create_task(read())
        await asyncio.wait_for(first.wait(), PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await server.closed()
        with pytest.raises(IncompleteStreamError, match="interrupted by CancelledError"):
            await anext(opened)


async def test_cancelled_call_closes_the_response(serve: Serve) -> None:
    server = serve([])
    async with AsyncChatCompletionsClient(server.url, KEY) as client:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.complete(messages=MESSAGES), 0.05)
        assert await server.closed()


async def test_usage_headers_request_id(world: World, serve: Serve) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    body = HELLO + STOP + event({"choices": [], "usage": usage}) + event({"choices": []}) + DONE
    start = head(
        content_type=EVENT_STREAM,
        content_length=len(body),
        apim_request_id="r-1",
        x_ms_region="East US",
        x_ratelimit_remaining_requests=7,
    )
    opened = await world.chat(serve(start + body).url).stream()
    assert opened.usage is None
    assert len(await opened.rest()) == 3, "an update with neither choices nor usage is not handed over"
    assert opened.usage.total_tokens == 3
    assert opened.request_id == "r-1"
    assert opened.headers["Apim-Request-Id"] == "r-1"
    assert opened.region == "East US"
    assert opened.rate_limits.requests.remaining == 7


async def test_final_completions(world: World, serve: Serve) -> None:
    client = world.chat(serve(stream(STREAM), OPEN).url)
    opened = await client.stream()
    whole = await settle(opened.get_final_completions())
    assert whole.choices[0].message.content == "hello"
    assert whole.headers["content-type"] == EVENT_STREAM
    opened = await client.stream()
    await anext(opened)
    await opened.close()
    with pytest.raises(IncompleteStreamError, match="closed by its reader"):
        await settle(opened.get_final_completions())


async def test_text_deltas(world: World, serve: Serve) -> None:
    two = event({"choices": [{"index": 1, "delta": {"content": "other"}}]})
    opened = await world.chat(serve(stream(HELLO + two + STREAM)).url).stream()
    deltas = opened.text_deltas()
    texts = list(deltas) if world.name == "sync" else [text async for text in deltas]
    assert texts == ["hello", "hello"]


async def test_status_error_is_raised_by_the_call(world: World, serve: Serve) -> None:
    client = world.chat(serve(answer(400, {"error": {"code": "x", "message": "no"}})).url)
    with pytest.raises(HttpResponseError, match=r"\(x\) no"):
        await client.stream()


async def test_emulator_streams(world: World, emulator: Any) -> None:
    client = world.chat(emulator.url, emulator.key)
    streamed = "".join(text or "" for text in await (await client.stream()).texts())
    whole = await client.complete()
    assert streamed == whole.choices[0].message.content
