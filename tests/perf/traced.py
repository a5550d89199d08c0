"""Calls with tracing on, off, or never loaded, in blocks on demand: `traced.py absent|loaded URL SECONDS`.

Two such processes run in turn, block by block, so that other work on the machine disturbs both. Each line of standard
input requests a block, `WORKLOAD STATE`, where STATE is `absent`, `off`, `spans`, `on` or `sdk`; the answer is the
processor time of one call in microseconds. `on` means OpenTelemetry's SDK with spans and metrics in memory, without
content, as by default; `spans` is the same without metrics. `sdk` is the part of `on` that the SDK itself takes, with
constants instead of computed values.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, ClassVar

from workloads import EVENTS

from clients import OursSync


class SdkAlone:
    """Makes the same calls of the SDK as a traced call, and computes nothing."""

    REQUEST: ClassVar = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "az.ai.inference",
        "gen_ai.request.model": "plain",
        "server.address": "127.0.0.1",
        "server.port": 80,
    }
    ANSWER: ClassVar = {
        "gen_ai.response.id": "chatcmpl-9f8e7d6c5b4a",
        "gen_ai.response.model": "mistral-large-2411",
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 120,
        "gen_ai.response.finish_reasons": ["stop"],
    }
    CHOICE: ClassVar = {"gen_ai.system": "az.ai.inference", "gen_ai.event.content": '{"finish_reason": "stop"}'}
    COMMON: ClassVar = {**REQUEST, "gen_ai.response.model": "mistral-large-2411"}

    def __init__(self, tracer: Any, meter: Any) -> None:
        self._tracer = tracer
        names = ("operation.duration", "token.usage", "operation.time_to_first_chunk")
        self._duration, self._tokens, self._first = (meter.create_histogram(f"gen_ai.client.{name}") for name in names)

    def __call__(self, call: Any) -> "SdkAlone":
        from opentelemetry.trace import SpanKind

        self._span = self._tracer.start_span("chat plain", kind=SpanKind.CLIENT, attributes=self.REQUEST)
        return self

    def __enter__(self) -> "SdkAlone":
        from opentelemetry import context, trace

        self._where = trace.set_span_in_context(self._span)
        self._token = context.attach(self._where)
        self._streams = False
        return self

    def answered(self, answer: Any) -> Any:
        return answer

    def streaming(self, completion: Any) -> "SdkAlone":
        self._streams = True
        return self

    def arrived(self, count: int) -> None:
        pass

    def __exit__(self, *raised: object) -> None:
        from opentelemetry import context

        context.detach(self._token)
        if not self._streams:
            self.ended(None)

    def ended(self, error: BaseException | None) -> None:
        self._span.set_attributes(self.ANSWER)
        self._span.add_event("gen_ai.choice", self.CHOICE)
        self._span.end()
        self._duration.record(0.1, self.COMMON, self._where)
        self._tokens.record(11, {**self.COMMON, "gen_ai.token.type": "input"}, self._where)
        self._tokens.record(120, {**self.COMMON, "gen_ai.token.type": "output"}, self._where)
        if self._streams:
            self._first.record(0.1, self.COMMON, self._where)


class Tracing:
    """Switches tracing, in a process where it is loaded."""

    def __init__(self) -> None:
        from opentelemetry.metrics import NoOpMeterProvider
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        from azure.ai.inference.tracing import AIInferenceInstrumentor

        self._instrumentor = AIInferenceInstrumentor()
        self._spans = InMemorySpanExporter()
        self._tracers = TracerProvider()
        self._tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._reader = InMemoryMetricReader()
        self._meters = MeterProvider([self._reader])
        self._no_meters = NoOpMeterProvider()
        self._sdk = SdkAlone(self._tracers.get_tracer("sdk"), self._meters.get_meter("sdk"))

    def block(self, state: str, run: Callable[[], float]) -> float:
        """Run a block of calls in a state."""
        if state == "off":
            return run()
        meters = self._no_meters if state == "spans" else self._meters
        self._instrumentor.instrument(tracer_provider=self._tracers, meter_provider=meters)
        if state == "sdk":
            from azure.ai.inference import _watch

            _watch.current = self._sdk
        try:
            return run()
        finally:
            self._instrumentor.uninstrument()
            assert self._spans.get_finished_spans()
            assert state == "spans" or self._reader.get_metrics_data()
            self._spans.clear()


def main() -> None:
    """Answer until standard input ends."""
    kind, url, seconds = sys.argv[1:]
    client = OursSync(url)
    question = client.history(1)
    workloads: dict[str, Callable[[], Any]] = {
        "plain": lambda: client.complete(question),
        "stream": lambda: client.drain(f"events-{EVENTS}", question),
    }
    tracing = Tracing() if kind == "loaded" else None
    repetitions = {name: max(1, round(float(seconds) / _time(run, 3))) for name, run in workloads.items()}
    for line in sys.stdin:
        name, state = line.split()
        assert (tracing is None) == (state == "absent") == ("azure.ai.inference.tracing" not in sys.modules)

        def run(name: str = name) -> float:
            return _time(workloads[name], repetitions[name])

        print(1e6 * (tracing.block(state, run) if tracing else run()), flush=True)


def _time(run: Callable[[], Any], repetitions: int) -> float:
    before = time.process_time()
    for _ in range(repetitions):
        run()
    return (time.process_time() - before) / repetitions


if __name__ == "__main__":
    main()
