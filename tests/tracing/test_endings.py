"""A span ends exactly once, however its call or its stream ends."""

import asyncio
import gc
from typing import Any

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from opentelemetry.trace import StatusCode

from azure.ai.inference.emulator import Emulator, Reply

from .conftest import ASKED, Telemetry, World, attributes, events


async def started(world: World, emulator: Emulator, **options: Any) -> Any:
    client = world.client("chat", emulator.url)
    return await world.call(client.complete, messages=ASKED, stream=True, **options)


async def test_stream_keeps_its_span_open(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(True)
    stream = await started(world, emulator)
    await world.next(stream)
    assert telemetry.spans == []
    await world.drain(stream)
    await world.close(stream)
    assert telemetry.span.status.status_code is StatusCode.UNSET
    assert attributes(telemetry.span)["gen_ai.response.finish_reasons"] == ("stop",)


async def test_stream_closed_early(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(True)
    emulator.reply("one two three four five")
    emulator.fault("stall:events=3")
    stream = await started(world, emulator)
    while not (await world.next(stream)).choices[0].delta.content:
        pass
    await world.close(stream)
    await world.close(stream)
    span = telemetry.span
    assert span.status.status_code is StatusCode.UNSET
    assert attributes(span)["gen_ai.response.finish_reasons"] == ("none",)
    assert events(span)[-1][1]["message"]["content"].startswith("one")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("cut:events=2", "IncompleteReadError"),
        ("reset:events=2", "IncompleteReadError"),
        ("error:events=2", "HttpResponseError"),
        ("malformed:events=2", "DecodeError"),
    ],
)
async def test_broken_stream(world: World, telemetry: Telemetry, emulator: Emulator, fault: str, kind: str) -> None:
    telemetry.instrument()
    emulator.reply("one two three four five")
    emulator.fault(fault)
    stream = await started(world, emulator)
    with pytest.raises(AzureError):
        await world.drain(stream)
    span = telemetry.span
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)["error.type"] == f"azure.core.exceptions.{kind}"
    assert [event.name for event in span.events].count("exception") == 1
    assert "one two" not in telemetry.everything()


async def test_refused_call(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument()
    emulator.fault("401")
    with pytest.raises(ClientAuthenticationError):
        await started(world, emulator)
    assert attributes(telemetry.span)["error.type"] == "azure.core.exceptions.ClientAuthenticationError"


async def test_no_connection(world: World, telemetry: Telemetry) -> None:
    telemetry.instrument()
    client = world.client("chat", "http://127.0.0.1:9")
    with pytest.raises(ServiceRequestError):
        await world.call(client.complete, messages=ASKED)
    assert telemetry.span.status.status_code is StatusCode.ERROR
    (point,) = telemetry.metrics["gen_ai.client.operation.duration"]
    assert point.attributes["error.type"] == "azure.core.exceptions.ServiceRequestError"


@pytest.mark.parametrize("iterated", [False, True])
@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_garbage_collected_stream(
    world: World, telemetry: Telemetry, emulator: Emulator, iterated: bool, cyclic: bool
) -> None:
    telemetry.instrument()
    emulator.reply("one two three four five")
    stream = await started(world, emulator)
    if iterated:
        await world.next(stream)
    if cyclic:
        stream.itself = stream
    del stream
    gc.collect()
    span = await telemetry.wait_for_span()
    assert span.status.status_code is StatusCode.UNSET
    assert ("gen_ai.response.id" in attributes(span)) == iterated


@pytest.mark.parametrize("while_waiting_for", ["the answer", "an update"])
async def test_cancelled_call(telemetry: Telemetry, emulator: Emulator, while_waiting_for: str) -> None:
    world = World(aio=True)
    telemetry.instrument()
    emulator.fault("stall:events=2" if while_waiting_for == "an update" else "stall")
    client = world.client("chat", emulator.url)
    streaming = while_waiting_for == "an update"
    known, arrived = len(emulator.requests), asyncio.Event()

    async def run() -> None:
        result = await client.complete(messages=ASKED, stream=streaming)
        async for _ in result:
            arrived.set()

    running = asyncio.create_task(run())
    while not (arrived.is_set() if streaming else len(emulator.requests) > known):  # noqa: ASYNC110 - another thread
        await asyncio.sleep(0.001)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await client.close()
    assert attributes(telemetry.span)["error.type"] == "asyncio.exceptions.CancelledError"
    assert telemetry.span.status.status_code is StatusCode.ERROR


async def test_result_of_cls(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument()
    emulator.reply(Reply("Hello"))
    client = world.client("chat", emulator.url)
    result = await world.call(client.complete, messages=ASKED, cls=lambda response, value, headers: "mine")
    assert result == "mine"
    assert attributes(telemetry.span)["gen_ai.response.finish_reasons"] == ("stop",)


async def test_exception_in_cls(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    streams: list[Any] = []

    def cls(response: Any, value: Any, headers: Any) -> Any:
        streams.append(value)
        raise KeyError("mine")

    telemetry.instrument()
    with pytest.raises(KeyError):
        await started(world, emulator, cls=cls)
    assert attributes(telemetry.span)["error.type"] == "KeyError"
    await world.drain(streams[0])
    assert len(telemetry.spans) == 1
