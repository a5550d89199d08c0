"""Shared by the tracing tests: OpenTelemetry's real SDK with in-memory exporters, and clients of both worlds."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient
from azure.ai.inference import aio as asynchronous
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.tracing import AIInferenceInstrumentor

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who painted the water lilies?"}]
SWITCHES = (
    "AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    "AZURE_TRACING_ENABLED",
    "AZURE_SDK_TRACING_IMPLEMENTATION",
)


@dataclass
class Telemetry:
    """Everything that was exported."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)
    logs: InMemoryLogRecordExporter = field(default_factory=InMemoryLogRecordExporter)

    def __post_init__(self) -> None:
        self.meter_provider = MeterProvider(metric_readers=[self.reader], shutdown_on_exit=False)
        self.logger_provider = LoggerProvider(shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self.logs))

    def instrument(self, *arguments: Any, **options: Any) -> None:
        AIInferenceInstrumentor().instrument(
            *arguments, meter_provider=self.meter_provider, logger_provider=self.logger_provider, **options
        )

    @property
    def spans(self) -> list[ReadableSpan]:
        """This library's spans, in the order in which they ended."""
        return [span for span in self.exporter.get_finished_spans() if "gen_ai.operation.name" in attributes(span)]

    @property
    def span(self) -> ReadableSpan:
        (span,) = self.spans
        return span

    async def wait_for_span(self) -> ReadableSpan:
        for _ in range(500):
            if self.spans:
                break
            await asyncio.sleep(0.01)
        return self.span

    @property
    def metrics(self) -> dict[str, list[Any]]:
        """The data points of each metric."""
        data = self.reader.get_metrics_data()
        found: dict[str, list[Any]] = {}
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    found[metric.name] = list(metric.data.data_points)
        return found

    def everything(self) -> str:
        """Everything that was exported, as text."""
        spans = [span.to_json() for span in self.exporter.get_finished_spans()]
        records = [str(record.log_record) for record in self.logs.get_finished_logs()]
        points = [str(dict(point.attributes)) for points in self.metrics.values() for point in points]
        return "\n".join([*spans, *records, *points])


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def events(span: ReadableSpan) -> list[tuple[str, Any]]:
    """Return the names of a span's events, with their content parsed from JSON."""
    return [
        (event.name, json.loads(str((event.attributes or {})["gen_ai.event.content"])))
        for event in span.events
        if event.name != "exception"
    ]


@dataclass
class World:
    """Clients of either world, with one interface."""

    aio: bool
    opened: list[Any] = field(default_factory=list)

    def client(self, kind: str, endpoint: str, key: str = "local-emulator-key", **options: Any) -> Any:
        kinds = {"chat": "ChatCompletionsClient", "embed": "EmbeddingsClient", "images": "ImageEmbeddingsClient"}
        modules = {"ChatCompletionsClient": ChatCompletionsClient, "EmbeddingsClient": EmbeddingsClient}
        modules |= {"ImageEmbeddingsClient": ImageEmbeddingsClient}
        name = kinds[kind]
        cls = getattr(asynchronous, name) if self.aio else modules[name]
        client = cls(endpoint, AzureKeyCredential(key), retry_total=0, **options)
        self.opened.append(client)
        return client

    async def call(self, function: Any, *arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        return await result if self.aio else result

    async def next(self, stream: Any) -> Any:
        return await stream.__anext__() if self.aio else next(stream)

    async def drain(self, stream: Any) -> list[Any]:
        return [update async for update in stream] if self.aio else list(stream)

    async def close(self, stream: Any) -> None:
        await (stream.aclose() if self.aio else asyncio.sleep(0, stream.close()))


@pytest.fixture(params=["sync", "aio"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    world = World(request.param == "aio")
    yield world
    for client in world.opened:
        await world.call(client.close)


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    """OpenTelemetry accepts one global provider per process, and azure-core uses no other."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def telemetry(exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    for name in SWITCHES:
        monkeypatch.delenv(name, raising=False)
    exporter.clear()
    yield Telemetry(exporter)
    AIInferenceInstrumentor().uninstrument()


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running
