"""Old releases of OpenTelemetry, and failing providers: no telemetry problem reaches a caller.

`tests/downstream` runs the real old releases; the classes here have their signatures.
"""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import _logs, metrics, trace

from azure.ai.inference._telemetry import observer
from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.tracing import AIInferenceInstrumentor

from .conftest import ASKED, Telemetry, World, attributes, events


class OldHistogram:
    """A histogram of releases before 1.28, without a context argument."""

    def __init__(self, points: list[tuple[str, float]], name: str) -> None:
        self._points, self._name = points, name

    def record(self, amount: float, attributes: Any = None) -> None:
        self._points.append((self._name, amount))


class OldMeter:
    """A meter of releases before 1.30, without bucket boundaries."""

    def __init__(self) -> None:
        self.points: list[tuple[str, float]] = []

    def create_histogram(self, name: str, unit: str = "", description: str = "") -> OldHistogram:
        return OldHistogram(self.points, name)


class OldLogRecord:
    """A log record of releases before 1.36, without a name."""

    def __init__(self, timestamp: int | None = None, body: Any = None, attributes: Any = None) -> None: ...


@pytest.fixture(autouse=True)
def _forget_what_the_release_has() -> Iterator[None]:
    observer._has_events.cache_clear()
    yield
    observer._has_events.cache_clear()


async def say(world: World, emulator: Emulator, stream: bool) -> None:
    result = await world.call(world.client("chat", emulator.url).complete, messages=ASKED, stream=stream)
    if stream:
        await world.drain(result)


@pytest.mark.parametrize("stream", [False, True])
async def test_old_meter(
    world: World, telemetry: Telemetry, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    meter = OldMeter()

    def get_meter(name: str, version: str = "", meter_provider: Any = None) -> Any:
        return meter

    monkeypatch.setattr(metrics, "get_meter", get_meter)
    for conventions in ("default", "gen_ai_latest_experimental"):
        AIInferenceInstrumentor().instrument(semantic_conventions=conventions, time_per_output_chunk=True)
        await say(world, emulator, stream)
    names = {name for name, _ in meter.points}
    assert {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"} <= names
    assert ("gen_ai.client.operation.time_per_output_chunk" in names) == stream
    assert len(telemetry.spans) == 2


@pytest.mark.parametrize("record", [OldLogRecord, None], ids=["no name", "no logs at all"])
async def test_old_release_without_events(
    world: World,
    telemetry: Telemetry,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    record: Any,
) -> None:
    if record is None:
        monkeypatch.delattr("opentelemetry._logs")
        monkeypatch.setitem(__import__("sys").modules, "opentelemetry._logs", None)
    else:
        monkeypatch.setattr(_logs, "LogRecord", record)
    telemetry.instrument(semantic_conventions="gen_ai_latest_experimental", capture_content="SPAN_AND_EVENT")
    await say(world, emulator, stream=False)
    (warning,) = [one.message for one in caplog.records if one.levelno >= logging.WARNING]
    assert warning == "Events are not recorded: they need opentelemetry-api 1.36 or later."
    assert "gen_ai.output.messages" in attributes(telemetry.span)


@pytest.mark.parametrize("what", ["get_meter", "create_histogram", "record", "get_tracer", "start_span"])
@pytest.mark.parametrize("stream", [False, True])
async def test_failing_provider(
    world: World, telemetry: Telemetry, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, what: str, stream: bool
) -> None:
    def fail(*args: Any, **options: Any) -> Any:
        raise RuntimeError("no telemetry today")

    class Failing:
        def __getattr__(self, name: str) -> Any:
            if name == what:
                fail()
            return lambda *args, **options: Failing()

    if what == "get_tracer":
        monkeypatch.setattr(trace, "get_tracer", fail)
    elif what == "start_span":
        monkeypatch.setattr(trace, "get_tracer", lambda *args, **options: Failing())
    elif what == "get_meter":
        monkeypatch.setattr(metrics, "get_meter", fail)
    else:
        monkeypatch.setattr(metrics, "get_meter", lambda *args, **options: Failing())
    AIInferenceInstrumentor().instrument()
    await say(world, emulator, stream)
    assert emulator.requests


async def test_streamed_tool_call_without_text_has_no_content(
    world: World, telemetry: Telemetry, emulator: Emulator
) -> None:
    """The beta did the same for streams; for plain answers it recorded null."""
    telemetry.instrument(True)
    for stream in (False, True):
        emulator.reply(Reply(tool_calls=[ToolCall("f", {"a": 1}, id="c1")]))
        tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
        client = world.client("chat", emulator.url)
        result = await world.call(client.complete, messages=ASKED, tools=tools, stream=stream)
        if stream:
            await world.drain(result)
    plain, streamed = (events(span)[-1][1]["message"] for span in telemetry.spans)
    assert plain["content"] is None
    assert streamed.keys() == {"tool_calls"}
    assert streamed["tool_calls"] == plain["tool_calls"]


async def test_empty_streamed_answer_has_no_message(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(True)
    emulator.reply(Reply(""))
    await say(world, emulator, stream=True)
    assert events(telemetry.span)[-1][1] == {"finish_reason": "stop", "index": 0}
