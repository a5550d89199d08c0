"""Send spans and metrics to Application Insights, where Azure AI Foundry's tracing page reads them too.

Needs the extra `opentelemetry`, the package azure-monitor-opentelemetry, and the connection string of an
Application Insights resource in APPLICATIONINSIGHTS_CONNECTION_STRING. Without it, nothing is sent.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and AZURE_AI_CHAT_MODEL to use a real endpoint; without them the sample
runs against the local emulator (the extra `emulator`).

    python samples/sample_tracing_azure_monitor.py
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from azure.core.credentials import AzureKeyCredential
from azure.core.settings import settings
from opentelemetry import trace

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.ai.inference.tracing import AIInferenceInstrumentor

connection_string = os.environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING")
if connection_string:
    from azure.monitor.opentelemetry import configure_azure_monitor  # pyright: ignore

    configure_azure_monitor(connection_string=connection_string)
else:
    print("APPLICATIONINSIGHTS_CONNECTION_STRING is not set: spans and metrics go nowhere.")

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
    with trace.get_tracer(__name__).start_as_current_span("sample_tracing_azure_monitor") as span:
        response = client.complete(messages=[UserMessage("How many feet are in a mile?")])
        print(response.choices[0].message.content)
        print(f"Look for operation {span.get_span_context().trace_id:032x} in Application Insights.")

AIInferenceInstrumentor().uninstrument()
