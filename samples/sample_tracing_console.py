"""Print a span for each call: the operation, the model, the tokens and the outcome.

The first call is plain and the second streamed; the span of a stream lasts until its last update. No text of a prompt
or an answer is recorded; sample_tracing_content_recording.py shows how to record it.

Needs the extra `opentelemetry` and the package opentelemetry-sdk.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and AZURE_AI_CHAT_MODEL to use a real endpoint; without them the sample
runs against the local emulator (the extra `emulator`).

    python samples/sample_tracing_console.py
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from azure.core.credentials import AzureKeyCredential
from azure.core.settings import settings
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.ai.inference.tracing import AIInferenceInstrumentor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)

settings.tracing_implementation = "opentelemetry"  # also a span for each HTTP request, below that of the call
AIInferenceInstrumentor().instrument()

with ExitStack() as stack:
    endpoint, key = os.environ.get("AZURE_AI_CHAT_ENDPOINT"), os.environ.get("AZURE_AI_CHAT_KEY")
    if not endpoint or not key:
        from azure.ai.inference.emulator import Emulator

        emulator = stack.enter_context(Emulator())
        endpoint, key = emulator.url, emulator.key
    client = stack.enter_context(
        ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=os.environ.get("AZURE_AI_CHAT_MODEL"))
    )
    client.complete(messages=[UserMessage("How many feet are in a mile?")], temperature=0.5)

    tracer = trace.get_tracer(__name__)
    with tracer.start_as_current_span("my own work"):  # spans of calls become children of the current span
        for text in client.complete(messages=[UserMessage("And in a league?")], stream=True).text_deltas():
            print(text, end="")
        print()

AIInferenceInstrumentor().uninstrument()
