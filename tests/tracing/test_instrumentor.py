"""The instrumentor: on and off, settings, propagation, and robustness."""

import asyncio
import json
import subprocess
import sys
import threading
from typing import Any

import pytest
from azure.core.settings import settings
from opentelemetry import trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import NoOpTracerProvider

from azure.ai.inference import _watch
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.tracing import AIInferenceInstrumentor, TraceType

from .conftest import ASKED, Telemetry, World, attributes

AZURE = "AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED"
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
LATEST = "gen_ai_latest_experimental"


async def complete(world: World, emulator: Emulator, **options: Any) -> Any:
    client = world.client("chat", emulator.url)
    return await world.call(client.complete, **{"messages": ASKED, **options})


def test_on_and_off(telemetry: Telemetry) -> None:
    instrumentor = AIInferenceInstrumentor()
    assert not instrumentor.is_instrumented()
    assert not instrumentor.is_content_recording_enabled()
    instrumentor.uninstrument()
    instrumentor.instrument(True)
    assert AIInferenceInstrumentor().is_instrumented()
    assert AIInferenceInstrumentor().is_content_recording_enabled()
    instrumentor.instrument()
    assert instrumentor.is_instrumented()
    assert not instrumentor.is_content_recording_enabled()
    instrumentor.instrument(True)
    instrumentor.uninstrument()
    instrumentor.uninstrument()
    assert not instrumentor.is_instrumented()
    assert not instrumentor.is_content_recording_enabled()
    assert _watch.current is None


def test_trace_type() -> None:
    assert TraceType("Inference") is TraceType.INFERENCE


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({}, {}, (False, False)),
        ({AZURE: "TRUE"}, {}, (True, False)),
        ({AZURE: "yes"}, {}, (False, False)),
        ({AZURE: "true"}, {"enable_content_recording": False}, (False, False)),
        ({CAPTURE: "SPAN_ONLY"}, {}, (False, False)),
        ({}, {"capture_content": "SPAN_ONLY"}, (True, False)),
        ({}, {"capture_content": "NO_CONTENT", "enable_content_recording": False}, (False, False)),
        ({AZURE: "true"}, {"semantic_conventions": LATEST}, (True, False)),
        ({AZURE: "true", CAPTURE: "NO_CONTENT"}, {"semantic_conventions": LATEST}, (False, False)),
        ({CAPTURE: "event_only"}, {"semantic_conventions": LATEST}, (False, True)),
        ({CAPTURE: "SPAN_AND_EVENT"}, {"semantic_conventions": LATEST, "enable_content_recording": True}, (True, True)),
        ({CAPTURE: "NO_CONTENT"}, {"semantic_conventions": LATEST, "enable_content_recording": True}, (True, False)),
        ({}, {"semantic_conventions": LATEST, "enable_content_recording": True}, (True, False)),
        ({CAPTURE: "SPAN_ONLY"}, {"semantic_conventions": LATEST, "enable_content_recording": False}, (False, False)),
        ({CAPTURE: "true"}, {"semantic_conventions": LATEST}, (True, False)),
        ({CAPTURE: "false", AZURE: "true"}, {"semantic_conventions": LATEST}, (False, False)),
        ({CAPTURE: "everything"}, {"semantic_conventions": LATEST}, (False, False)),
    ],
)
def test_where_content_is_recorded(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch, environment: Any, arguments: Any, expected: Any
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    AIInferenceInstrumentor().instrument(**arguments)
    recording: Any = _watch.current
    assert (recording.recording.span_content, recording.recording.event_content) == expected


def test_unknown_environment_values_warn(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(CAPTURE, "everything")
    AIInferenceInstrumentor().instrument(semantic_conventions=LATEST)
    assert CAPTURE in caplog.text


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"enable_content_recording": "yes"}, TypeError, "enable_content_recording.*'yes'"),
        ({"time_per_output_chunk": 1}, TypeError, "time_per_output_chunk.* 1"),
        ({"semantic_conventions": "newest"}, ValueError, "semantic_conventions='newest'.*default"),
        ({"capture_content": "ALL"}, ValueError, "capture_content='ALL'.*SPAN_ONLY"),
        ({"capture_content": "EVENT_ONLY"}, ValueError, "semantic_conventions"),
        ({"capture_content": "SPAN_ONLY", "enable_content_recording": False}, ValueError, "contradict"),
    ],
)
def test_bad_arguments(telemetry: Telemetry, arguments: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        AIInferenceInstrumentor().instrument(**arguments)
    assert not AIInferenceInstrumentor().is_instrumented()


def test_second_call_keeps_conventions_and_providers(telemetry: Telemetry) -> None:
    telemetry.instrument(semantic_conventions=LATEST)
    AIInferenceInstrumentor().instrument(True)
    observer: Any = _watch.current
    assert observer.recording.latest
    assert observer.recording.meter_provider is telemetry.meter_provider


async def test_not_instrumented(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    await complete(world, emulator)
    telemetry.instrument()
    AIInferenceInstrumentor().uninstrument()
    await world.drain(await complete(world, emulator, stream=True))
    assert telemetry.spans == []
    assert telemetry.metrics == {}


async def test_open_streams_are_traced_after_uninstrument(
    world: World, telemetry: Telemetry, emulator: Emulator
) -> None:
    telemetry.instrument()
    stream = await complete(world, emulator, stream=True)
    AIInferenceInstrumentor().uninstrument()
    await world.drain(stream)
    assert attributes(telemetry.span)["gen_ai.response.finish_reasons"] == ("stop",)


# ---------------------------------------------------------------- azure-core's tracing


@pytest.fixture(params=["plugin", "native", "api alone"])
def azure_tracing(request: pytest.FixtureRequest) -> Any:
    if request.param == "plugin":
        settings.tracing_implementation.set_value("opentelemetry")
    elif request.param == "native":
        settings.tracing_enabled.set_value(True)
    yield request.param
    settings.tracing_implementation.unset_value()
    settings.tracing_enabled.unset_value()


def http_spans(telemetry: Telemetry) -> list[ReadableSpan]:
    return [span for span in telemetry.exporter.get_finished_spans() if span.name == "POST"]


@pytest.mark.parametrize("stream", [False, True])
async def test_spans_of_http_are_children(
    world: World, telemetry: Telemetry, emulator: Emulator, azure_tracing: str, stream: bool
) -> None:
    telemetry.instrument()
    tracer = trace.get_tracer("test")
    with tracer.start_as_current_span("outer") as outer:
        result = await complete(world, emulator, stream=stream)
        if stream:
            await world.drain(result)
        assert trace.get_current_span() is outer
    span = telemetry.span
    assert span.context is not None
    assert span.parent == outer.get_span_context()
    parents = [child.parent.span_id if child.parent else None for child in http_spans(telemetry)]
    assert parents == ([] if azure_tracing == "api alone" else [span.context.span_id])
    sent = {name.lower(): value for name, value in emulator.requests[-1].headers.items()}.get("traceparent", "")
    assert (f"{span.context.trace_id:032x}" in sent) == (azure_tracing != "api alone")


@pytest.mark.parametrize(
    ("how", "options", "spans"),
    [
        ("implementation", {}, 0),
        ("environment", {}, 0),
        ("implementation", {"tracing_options": {"enabled": True}}, 1),
        ("nothing", {"tracing_options": {"enabled": False}}, 0),
        ("nothing", {"tracing_options": {"attributes": {"mine": 1}}}, 1),
    ],
)
async def test_azure_core_can_disable_tracing(
    world: World,
    telemetry: Telemetry,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    options: Any,
    spans: int,
) -> None:
    if how == "implementation":
        settings.tracing_implementation.set_value("opentelemetry")
        settings.tracing_enabled.set_value(False)
    elif how == "environment":
        monkeypatch.setenv("AZURE_TRACING_ENABLED", "false")
    try:
        telemetry.instrument(capture_content="SPAN_AND_EVENT", semantic_conventions=LATEST)
        await world.drain(await complete(world, emulator, stream=True, **options))
    finally:
        settings.tracing_implementation.unset_value()
        settings.tracing_enabled.unset_value()
    assert len(telemetry.spans) == spans
    assert len(telemetry.logs.get_finished_logs()) == spans
    assert telemetry.metrics["gen_ai.client.operation.duration"]
    assert not spans or how == "implementation" or attributes(telemetry.span)["mine"] == 1


async def test_tasks(telemetry: Telemetry, emulator: Emulator) -> None:
    world = World(aio=True)
    telemetry.instrument()
    client = world.client("chat", emulator.url)
    tracer = trace.get_tracer("test")

    async def one(number: int) -> tuple[int, int]:
        with tracer.start_as_current_span(f"task {number}") as span:
            await client.complete(messages=[{"role": "user", "content": "Hi"}], model=str(number))
            return number, span.get_span_context().span_id

    parents = dict(await asyncio.gather(*(one(number) for number in range(8))))
    await client.close()
    found = {int(span.name.split()[1]): span.parent.span_id for span in telemetry.spans if span.parent}
    assert found == parents


def test_threads(telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument()
    client = World(aio=False).client("chat", emulator.url)
    tracer = trace.get_tracer("test")
    parents: dict[int, int] = {}

    def one(number: int) -> None:
        with tracer.start_as_current_span(f"thread {number}") as span:
            client.complete(messages=[{"role": "user", "content": "Hi"}], model=str(number))
            parents[number] = span.get_span_context().span_id

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert {int(span.name.split()[1]): span.parent.span_id for span in telemetry.spans if span.parent} == parents


# ---------------------------------------------------------------- robustness


class _Broken(SpanProcessor):
    """Fails in every method."""

    def __init__(self, at: str) -> None:
        self._at = at

    def on_start(self, span: Any, parent_context: Any | None = None) -> None:
        if self._at == "start":
            raise OSError("broken at the start")

    def on_end(self, span: ReadableSpan) -> None:
        if self._at == "end":
            raise OSError("broken at the end")


@pytest.mark.parametrize("at", ["start", "end"])
@pytest.mark.parametrize("stream", [False, True])
async def test_failing_telemetry(
    world: World, telemetry: Telemetry, emulator: Emulator, caplog: pytest.LogCaptureFixture, at: str, stream: bool
) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(_Broken(at))
    telemetry.instrument(True, tracer_provider=provider)
    result = await complete(world, emulator, stream=stream)
    if stream:
        await world.drain(result)
    assert f"broken at the {at}" in caplog.text
    assert bool(telemetry.metrics) == (at == "end")


async def test_spans_without_metrics(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    AIInferenceInstrumentor().instrument(meter_provider=NoOpMeterProvider())
    await complete(world, emulator)
    assert attributes(telemetry.span)["gen_ai.response.finish_reasons"] == ("stop",)
    assert telemetry.metrics == {}


@pytest.mark.parametrize("stream", [False, True])
async def test_spans_that_do_not_record(world: World, telemetry: Telemetry, emulator: Emulator, stream: bool) -> None:
    telemetry.instrument(True, tracer_provider=NoOpTracerProvider())
    result = await complete(world, emulator, stream=stream)
    if stream:
        await world.drain(result)
    assert telemetry.metrics["gen_ai.client.operation.duration"]


async def test_body_that_is_not_an_object(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(True)
    client = world.client("chat", emulator.url)
    with pytest.raises(Exception, match="."):  # noqa: RUF043
        await world.call(client.complete, b"[1]")
    assert telemetry.span.name == "chat"


def python(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_loaded_unless_instrumented(emulator: Emulator) -> None:
    code = """
import json, sys
from azure.ai.inference import ChatCompletionsClient
import azure.ai.inference.tracing
with ChatCompletionsClient(sys.argv[1], sys.argv[2]) as client:
    client.complete(messages=[{"role": "user", "content": "Hi"}])
    list(client.complete(messages=[{"role": "user", "content": "Hi"}], stream=True))
print(json.dumps([name for name in sys.modules if "opentelemetry" in name or "_telemetry" in name]))
"""
    assert json.loads(python(code, emulator.url, emulator.key)) == []


def test_without_opentelemetry() -> None:
    code = """
import sys
sys.modules["opentelemetry"] = None
from azure.ai.inference.tracing import AIInferenceInstrumentor
try:
    AIInferenceInstrumentor()
except ModuleNotFoundError as error:
    print(error)
"""
    assert "pip install azure-core-tracing-opentelemetry" in python(code)


def test_stream_still_open_at_exit(emulator: Emulator) -> None:
    code = """
import sys, warnings
warnings.simplefilter("ignore")
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.tracing import AIInferenceInstrumentor
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
AIInferenceInstrumentor().instrument()
client = ChatCompletionsClient(sys.argv[1], sys.argv[2])
stream = client.complete(messages=[{"role": "user", "content": "Hi"}], stream=True)
next(stream)
"""
    assert '"gen_ai.response.id"' in python(code, emulator.url, emulator.key)
