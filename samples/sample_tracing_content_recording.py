"""Record prompts and answers, and compare with what is recorded without them.

Content is recorded only if you ask for it: it may be personal, and many people can read traces. The first call
records none; the second records messages on its span, as OpenTelemetry's latest conventions have them.

Instead of passing arguments, you can set OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental, and
OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY, EVENT_ONLY or SPAN_AND_EVENT; or, for the spans of
azure-ai-inference 1.0.0b9, AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED=true.

Needs the extra `opentelemetry` and the package opentelemetry-sdk.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and AZURE_AI_CHAT_MODEL to use a real endpoint; without them the sample
runs against the local emulator (the extra `emulator`).

    python samples/sample_tracing_content_recording.py
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from azure.core.credentials import AzureKeyCredential
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.ai.inference.tracing import AIInferenceInstrumentor

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
instrumentor = AIInferenceInstrumentor()

with ExitStack() as stack:
    endpoint, key = os.environ.get("AZURE_AI_CHAT_ENDPOINT"), os.environ.get("AZURE_AI_CHAT_KEY")
    if not endpoint or not key:
        from azure.ai.inference.emulator import Emulator

        emulator = stack.enter_context(Emulator())
        endpoint, key = emulator.url, emulator.key
    client = stack.enter_context(
        ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=os.environ.get("AZURE_AI_CHAT_MODEL"))
    )
    for recording in (False, True):
        instrumentor.instrument(recording, semantic_conventions="gen_ai_latest_experimental")
        client.complete(messages=[SystemMessage("Be brief."), UserMessage("How many feet are in a mile?")])

        print(f"Content recording is {'on' if instrumentor.is_content_recording_enabled() else 'off'}:")
        for span in exporter.get_finished_spans():
            for name, value in (span.attributes or {}).items():
                print(f"    {name}:", value)
        exporter.clear()

instrumentor.uninstrument()
