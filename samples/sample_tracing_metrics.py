"""Measure calls: their duration, their tokens, and the pace of streams.

The metrics are those of OpenTelemetry's conventions: gen_ai.client.operation.duration, gen_ai.client.token.usage,
gen_ai.client.operation.time_to_first_chunk and gen_ai.client.operation.time_per_output_chunk, each a histogram by
operation, provider, model and server.

Needs the extra `opentelemetry` and the package opentelemetry-sdk.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and AZURE_AI_CHAT_MODEL to use a real endpoint; without them the sample
runs against the local emulator (the extra `emulator`).

    python samples/sample_tracing_metrics.py
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from azure.core.credentials import AzureKeyCredential
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.ai.inference.tracing import AIInferenceInstrumentor

reader = InMemoryMetricReader()  # in an application a PeriodicExportingMetricReader with the exporter of your choice
metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
AIInferenceInstrumentor().instrument(semantic_conventions="gen_ai_latest_experimental")

with ExitStack() as stack:
    endpoint, key = os.environ.get("AZURE_AI_CHAT_ENDPOINT"), os.environ.get("AZURE_AI_CHAT_KEY")
    if not endpoint or not key:
        from azure.ai.inference.emulator import Emulator

        emulator = stack.enter_context(Emulator(token_rate=100))
        endpoint, key = emulator.url, emulator.key
    client = stack.enter_context(
        ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=os.environ.get("AZURE_AI_CHAT_MODEL"))
    )
    for question in ("How many feet are in a mile?", "And in a league?"):
        client.complete(messages=[UserMessage(question)])
        for _ in client.complete(messages=[UserMessage(question)], stream=True):
            continue

AIInferenceInstrumentor().uninstrument()

data = reader.get_metrics_data()
for resource in data.resource_metrics if data else ():
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            for point in metric.data.data_points:
                if isinstance(point, HistogramDataPoint):
                    kind = (point.attributes or {}).get("gen_ai.token.type", "")
                    mean = point.sum / point.count
                    print(f"{metric.name} {kind}: {point.count} values, {mean:.4f} {metric.unit} on average")
