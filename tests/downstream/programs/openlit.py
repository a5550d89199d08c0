"""openlit, which wraps the clients' methods to trace them: its spans, and the answers of the wrapped clients.

It does not end the span of a stream, so no such span is expected.
"""

import openlit
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError
from checks import Checks
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient, aio
from azure.ai.inference.exceptions import IncompleteStreamError

SPANS = InMemorySpanExporter()
HI = [{"role": "user", "content": "hi"}]


def setUpModule() -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(SPANS))
    trace.set_tracer_provider(provider)
    openlit.init(disable_metrics=True, disable_events=True, pricing_json={}, disabled_instrumentors=["requests"])


class OpenLit(Checks):
    def setUp(self) -> None:
        super().setUp()
        SPANS.clear()

    def chat(self, key: str = ""):
        client = ChatCompletionsClient(self.url, AzureKeyCredential(key or self.key))
        self.addCleanup(client.close)
        return client

    def span(self, name: str):
        spans = {span.name: span for span in SPANS.get_finished_spans()}
        self.assertIn(name, spans)
        return spans[name]

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = self.chat().complete(messages=HI, model="gpt", temperature=0.5)
        self.assertEqual(answer.choices[0].message.content, "Hello.")
        attributes = self.span("chat gpt").attributes
        self.assertEqual(attributes["gen_ai.usage.input_tokens"], 11)
        self.assertEqual(attributes["gen_ai.usage.output_tokens"], 7)
        self.assertEqual(attributes["gen_ai.request.temperature"], 0.5)
        self.assertIn("Hello.", str(dict(attributes)))

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        async with aio.ChatCompletionsClient(self.url, AzureKeyCredential(self.key)) as client:
            answer = await client.complete(messages=HI, model="gpt")
        self.assertEqual(answer.choices[0].message.content, "Hello.")
        self.assertEqual(self.span("chat gpt").attributes["gen_ai.usage.output_tokens"], 7)

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界!")
        with self.chat().complete(messages=HI, model="gpt", stream=True) as updates:
            pieces = [update.choices[0].delta.content or "" for update in updates if update.choices]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界!")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界!")
        async with aio.ChatCompletionsClient(self.url, AzureKeyCredential(self.key)) as client:
            updates = await client.complete(messages=HI, model="gpt", stream=True)
            async with updates:
                pieces = [update.choices[0].delta.content or "" async for update in updates if update.choices]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界!")

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
        answer = self.chat().complete(messages=HI, model="gpt", tools=tools)
        self.assertEqual(answer.choices[0].message.tool_calls[0].function.arguments, '{"a": 2, "b": 3}')
        self.assertIn("add", str(dict(self.span("chat gpt").attributes)))

    def test_embeddings(self) -> None:
        with EmbeddingsClient(self.url, AzureKeyCredential(self.key)) as client:
            found = client.embed(input=["a", "b"], model="embedder", dimensions=6)
        self.assertEqual([len(item.embedding) for item in found.data], [6, 6])
        tokens = self.span("embeddings embedder").attributes["gen_ai.usage.input_tokens"]
        self.assertEqual(tokens, found.usage.prompt_tokens)

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.chat("another").complete(messages=HI, model="gpt")
        self.assertFalse(self.span("chat gpt").status.is_ok)

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        messages = [{"role": "user", "content": "count to 500"}]
        with (
            self.assertRaises(IncompleteStreamError),
            self.chat().complete(messages=messages, model="gpt", stream=True) as updates,
        ):
            list(updates)
