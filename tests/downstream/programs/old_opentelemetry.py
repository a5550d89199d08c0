"""A release of OpenTelemetry before 1.30, which services pin: tracing works without its missing features.

Its histograms have no bucket boundaries, `record` has no context, and log records have no names.
"""

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from checks import Checks
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.ai.inference.tracing import AIInferenceInstrumentor

ASKED = [UserMessage("hi")]


class OldOpenTelemetry(Checks):
    def setUp(self) -> None:
        super().setUp()
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider(metric_readers=[self.reader])
        self.addCleanup(AIInferenceInstrumentor().uninstrument)

    def instrument(self, **options) -> None:
        AIInferenceInstrumentor().instrument(tracer_provider=self.tracers, meter_provider=self.meters, **options)

    def client(self, kind=ChatCompletionsClient):
        return kind(self.url, AzureKeyCredential(self.key), retry_total=0)

    def assert_told(self, span: str, *metrics: str) -> None:
        self.assertEqual([one.name for one in self.spans.get_finished_spans()], [span])
        found = self.reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
        names = {one.name.removeprefix("gen_ai.client.") for one in found}
        self.assertLessEqual({"operation.duration", *metrics}, names)

    def test_plain(self) -> None:
        self.instrument()
        self.say("Hello.")
        self.client().complete(messages=ASKED)
        self.assert_told("chat", "token.usage")

    def test_stream(self) -> None:
        self.instrument(time_per_output_chunk=True)
        self.say("Hello there, you.")
        list(self.client().complete(messages=ASKED, stream=True))
        self.assert_told("chat", "operation.time_to_first_chunk", "operation.time_per_output_chunk")

    async def test_async(self) -> None:
        self.instrument()
        self.say("Hello there, you.")
        async with self.client(AsyncChatCompletionsClient) as client:
            async for _ in await client.complete(messages=ASKED, stream=True):
                continue
        self.assert_told("chat", "operation.time_to_first_chunk")

    def test_embeddings(self) -> None:
        self.instrument()
        self.client(EmbeddingsClient).embed(input=["a"])
        self.assert_told("embeddings", "token.usage")

    def test_an_error(self) -> None:
        self.instrument()
        self.endpoint.fault("400:message=no way")
        with self.assertRaises(HttpResponseError):
            self.client().complete(messages=ASKED)
        self.assert_told("chat")
        self.assertIn("error.type", self.spans.get_finished_spans()[0].attributes)

    def test_the_latest_conventions(self) -> None:
        self.instrument(semantic_conventions="gen_ai_latest_experimental")
        self.say("Hello.")
        self.client().complete(messages=ASKED)
        self.assert_told("chat", "token.usage")

    def test_events_are_done_without(self) -> None:
        with self.assertLogs("azure.ai.inference.tracing") as logged:
            self.instrument(semantic_conventions="gen_ai_latest_experimental", capture_content="SPAN_AND_EVENT")
            self.say("Hello.")
            self.client().complete(messages=ASKED)
        self.assertEqual(len(logged.output), 1, logged.output)
        self.assertIn("Events are not recorded", logged.output[0])
        self.assertIn("gen_ai.output.messages", self.spans.get_finished_spans()[0].attributes)
