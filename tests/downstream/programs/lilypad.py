"""lilypad-sdk, which wraps `complete` of both clients to trace it: its spans, and the answers of the wrapped
clients."""

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError
from checks import CITY, Checks
from lilypad._opentelemetry import AzureInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from azure.ai.inference import ChatCompletionsClient, aio
from azure.ai.inference.exceptions import IncompleteStreamError
from azure.ai.inference.models import JsonSchemaFormat, SystemMessage, UserMessage

SPANS = InMemorySpanExporter()
HI = [SystemMessage("Be brief."), UserMessage("hi")]


class Lilypad(Checks):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(SPANS))
        instrumentor = AzureInstrumentor()
        instrumentor.instrument(tracer_provider=provider)
        cls.addClassCleanup(instrumentor.uninstrument)

    def setUp(self) -> None:
        super().setUp()
        SPANS.clear()

    def chat(self, key: str = ""):
        client = ChatCompletionsClient(self.url, AzureKeyCredential(key or self.key))
        self.addCleanup(client.close)
        return client

    def span(self):
        [span] = SPANS.get_finished_spans()
        return span

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = self.chat().complete(messages=HI, model="gpt", max_tokens=9)
        self.assertEqual(answer.choices[0].message.content, "Hello.")
        span = self.span()
        self.assertEqual(span.name, "chat gpt")
        self.assertEqual(span.attributes["gen_ai.usage.output_tokens"], 7)
        self.assertEqual(span.attributes["gen_ai.request.max_tokens"], 9)
        self.assertEqual(
            [event.name for event in span.events], ["gen_ai.system.message", "gen_ai.user.message", "gen_ai.choice"]
        )

    def test_the_model_is_named_by_the_endpoint(self) -> None:
        self.chat().complete(messages=HI)
        self.assertEqual(self.paths, ["/info", "/chat/completions"])
        self.assertEqual(self.span().name, "chat emulator-1")

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        async with aio.ChatCompletionsClient(self.url, AzureKeyCredential(self.key)) as client:
            answer = await client.complete(messages=HI, model="gpt")
        self.assertEqual(answer.choices[0].message.content, "Hello.")
        self.assertEqual(self.span().attributes["gen_ai.usage.output_tokens"], 7)

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界!")
        updates = self.chat().complete(messages=HI, model="gpt", stream=True)
        pieces = [update.choices[0].delta.content or "" for update in updates if update.choices]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界!")
        self.assertIn("daginn", str([dict(event.attributes) for event in self.span().events]))

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界!")
        async with aio.ChatCompletionsClient(self.url, AzureKeyCredential(self.key)) as client:
            updates = await client.complete(messages=HI, model="gpt", stream=True)
            pieces = [update.choices[0].delta.content or "" async for update in updates if update.choices]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界!")
        self.assertIn("daginn", str([dict(event.attributes) for event in self.span().events]))

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
        answer = self.chat().complete(messages=HI, model="gpt", tools=tools)
        self.assertEqual(answer.choices[0].message.tool_calls[0].function.name, "add")
        self.assertIn("add", str([dict(event.attributes) for event in self.span().events]))

    def test_structured(self) -> None:
        self.say(CITY)
        wanted = JsonSchemaFormat(name="City", schema={"type": "object"})
        answer = self.chat().complete(messages=HI, model="gpt", response_format=wanted)
        self.assertEqual(answer.choices[0].message.content, CITY)
        self.assertEqual(self.asked["response_format"]["json_schema"]["name"], "City")

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.chat("another").complete(messages=HI, model="gpt")
        self.assertFalse(self.span().status.is_ok)

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            list(self.chat().complete(messages=[UserMessage("count to 500")], model="gpt", stream=True))
