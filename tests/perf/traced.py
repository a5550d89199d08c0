"""Calls with tracing on, off, or never loaded, in blocks on demand: `traced.py absent|loaded URL SECONDS`.

Two such processes run in turn, block by block, so that what disturbs the machine disturbs both. A line of standard
input is a block, `WORKLOAD STATE`, where STATE is `absent`, `off` or `on`; its answer is the microseconds of processor
time that one call took. On means OpenTelemetry's SDK with spans and metrics kept in memory, and without content, which
is the default.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from workloads import EVENTS

from clients import OursSync


class Tracing:
    """The switch, in a process where tracing is loaded."""

    def __init__(self) -> None:
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

    def block(self, state: str, run: Callable[[], float]) -> float:
        """Run a block of calls in a state."""
        if state == "off":
            return run()
        self._instrumentor.instrument(tracer_provider=self._tracers, meter_provider=self._meters)
        try:
            return run()
        finally:
            self._instrumentor.uninstrument()
            assert self._spans.get_finished_spans()
            assert self._reader.get_metrics_data()
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
