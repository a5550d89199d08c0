"""azure-ai-projects 1.0.0b11, whose project clients create clients of this package and enable its tracing.

They only accept https and Entra ID: the emulator has its own certificate and issues the tokens.
"""

import time
from typing import ClassVar

from azure.ai.projects import AIProjectClient, enable_telemetry
from azure.ai.projects.aio import AIProjectClient as AsyncProjectClient
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, Checks
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError
from azure.ai.inference.models import ChatCompletionsToolDefinition, FunctionDefinition, ToolMessage, UserMessage
from azure.ai.inference.tracing import AIInferenceInstrumentor

HI = [UserMessage("hi")]
PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
ADD = ChatCompletionsToolDefinition(function=FunctionDefinition(name="add", parameters=PARAMETERS))


class Identity:
    """A replacement for azure-identity that records the requested scopes."""

    def __init__(self, endpoint, expires_in: float = 3600) -> None:
        self.endpoint = endpoint
        self.expires_in = expires_in
        self.scopes = []

    def get_token(self, *scopes: str, **_) -> AccessToken:
        self.scopes += scopes
        return AccessToken(self.endpoint.token(scopes[0], expires_in=self.expires_in), int(time.time()) + 3600)

    def close(self) -> None:
        self.endpoint = None


class AsyncIdentity(Identity):
    async def get_token(self, *scopes: str, **options) -> AccessToken:
        return super().get_token(*scopes, **options)

    async def close(self) -> None:
        super().close()


class AzureProjects(Checks):
    emulator_settings: ClassVar = {"tls": True}

    def project(self, **settings):
        self.identity = Identity(self.endpoint, **settings)
        client = AIProjectClient(endpoint=f"{self.url}/api/projects/tests", credential=self.identity)
        self.addCleanup(client.close)
        return client.inference

    def chat(self, **settings):
        client = self.project(**settings).get_chat_completions_client(
            connection_verify=self.endpoint.ca_file, model="gpt"
        )
        self.addCleanup(client.close)
        return client

    def async_project(self):
        client = AsyncProjectClient(endpoint=f"{self.url}/api/projects/tests", credential=AsyncIdentity(self.endpoint))
        self.addAsyncCleanup(client.close)
        return client.inference

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = self.chat().complete(messages=HI)
        self.assertEqual(answer.choices[0].message.content, "Hello.")
        self.assertEqual(self.paths, ["/models/chat/completions"])
        self.assertEqual(self.identity.scopes, ["https://ai.azure.com/.default"])
        self.assertTrue(self.endpoint.requests[-1].headers["user-agent"].startswith("AIProjectClient "))

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        chat = self.async_project().get_chat_completions_client(connection_verify=self.endpoint.ca_file, model="gpt")
        async with chat:
            answer = await chat.complete(messages=HI)
        self.assertEqual(answer.choices[0].message.content, "Hello.")

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        with self.chat().complete(messages=HI, stream=True) as updates:
            text = "".join(update.choices[0].delta.content or "" for update in updates if update.choices)
        self.assertEqual(text, "Góðan daginn, 世界 👋🏽!")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        chat = self.async_project().get_chat_completions_client(connection_verify=self.endpoint.ca_file, model="gpt")
        async with chat:
            updates = await chat.complete(messages=HI, stream=True)
            pieces = [update.choices[0].delta.content or "" async for update in updates if update.choices]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        self.say("five")
        chat, messages = self.chat(), [UserMessage("add")]
        answer = chat.complete(messages=messages, tools=[ADD])
        [call] = answer.choices[0].message.tool_calls
        self.assertEqual((call.function.name, call.function.arguments), ("add", '{"a": 2, "b": 3}'))
        messages += [answer.choices[0].message, ToolMessage("5", tool_call_id=call.id)]
        self.assertEqual(chat.complete(messages=messages).choices[0].message.content, "five")

    def test_structured(self) -> None:
        self.say(CITY)
        answer = self.chat().complete(messages=[UserMessage("json")], response_format="json_object")
        self.assertEqual(answer.choices[0].message.content, CITY)

    def test_embeddings(self) -> None:
        client = self.project().get_embeddings_client(connection_verify=self.endpoint.ca_file, model="embedder")
        with client:
            found = client.embed(input=["a", "b"], dimensions=6)
        self.assertEqual([len(item.embedding) for item in found.data], [6, 6])

    async def test_embeddings_async(self) -> None:
        client = self.async_project().get_embeddings_client(connection_verify=self.endpoint.ca_file, model="embedder")
        async with client:
            self.assertEqual(len((await client.embed(input=["a"], dimensions=6)).data[0].embedding), 6)

    def test_image_embeddings(self) -> None:
        client = self.project().get_image_embeddings_client(connection_verify=self.endpoint.ca_file, model="embedder")
        with client:
            found = client.embed(input=[{"image": "data:image/png;base64,iVBORw0KGgo="}])
        self.assertEqual(len(found.data), 1)
        self.assertEqual(self.paths, ["/models/images/embeddings"])

    def test_tracing(self) -> None:
        spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        trace.set_tracer_provider(provider)
        self.say("Hello.")
        enable_telemetry()
        self.addCleanup(AIInferenceInstrumentor().uninstrument)
        self.assertTrue(AIInferenceInstrumentor().is_instrumented())
        self.chat().complete(messages=HI)
        named = {span.name: span for span in spans.get_finished_spans()}
        self.assertIn("chat gpt", named)
        self.assertEqual(named["chat gpt"].attributes["gen_ai.usage.output_tokens"], 7)
        self.assertFalse([event for event in named["chat gpt"].events if "hi" in str(event.attributes)])

    def test_a_token_that_has_expired(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.chat(expires_in=-10).complete(messages=HI)

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.chat().complete(messages=HI).choices[0].message.content, "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            self.chat().complete(messages=HI, retry_total=1)
        self.assertEqual((caught.exception.status_code, len(self.bodies)), (429, 2))

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.chat().complete(messages=[UserMessage("trigger the content filter")])

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            list(self.chat().complete(messages=[UserMessage("count to 500")], stream=True))
