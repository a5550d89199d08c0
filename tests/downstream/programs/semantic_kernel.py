"""semantic-kernel's connector for Azure AI Inference: chat with plugins, structured answers, embeddings and spans."""

import json
import os
from typing import Annotated

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from checks import CITY, OTHER_APIS, Checks
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.azure_ai_inference import (
    AzureAIInferenceChatCompletion,
    AzureAIInferenceChatPromptExecutionSettings,
    AzureAIInferenceEmbeddingPromptExecutionSettings,
    AzureAIInferenceTextEmbedding,
)
from semantic_kernel.contents import ChatHistory, ChatMessageContent, ImageContent, TextContent
from semantic_kernel.functions import kernel_function

from azure.ai.inference.aio import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError

SPANS = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(SPANS))
trace.set_tracer_provider(PROVIDER)


class City(BaseModel):
    name: str
    people: int


class Sums:
    @kernel_function(description="Add two numbers.")
    def add(self, a: Annotated[int, "one"], b: Annotated[int, "the other"]) -> int:
        return a + b


def asking(text: str) -> ChatHistory:
    history = ChatHistory(system_message="Be brief.")
    history.add_user_message(text)
    return history


class SemanticKernel(Checks):
    def service(self, key: str = "", **settings):
        """Create a service on a client: settings alone must name an https endpoint."""
        client = ChatCompletionsClient(self.url, AzureKeyCredential(key or self.key))
        self.addAsyncCleanup(client.close)
        return AzureAIInferenceChatCompletion(ai_model_id="gpt", client=client, **settings)

    def adder(self):
        kernel = Kernel()
        kernel.add_plugin(Sums(), "sums")
        auto = FunctionChoiceBehavior.Auto()
        return kernel, AzureAIInferenceChatPromptExecutionSettings(function_choice_behavior=auto)

    async def test_plain(self) -> None:
        self.say("Hello.")
        settings = AzureAIInferenceChatPromptExecutionSettings(
            max_tokens=9, temperature=0.5, extra_parameters={"safe_prompt": True}
        )
        answer = await self.service().get_chat_message_content(asking("hi"), settings)
        self.assertEqual((str(answer), answer.finish_reason.value), ("Hello.", "stop"))
        self.assertEqual(answer.metadata["usage"].prompt_tokens, 11)
        self.assert_members(self.asked, model="gpt", max_tokens=9, temperature=0.5, safe_prompt=True)
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["system", "user"])

    async def test_a_service_from_settings(self) -> None:
        service = AzureAIInferenceChatCompletion("gpt", self.key, "https://example.com/models", "2024-05-01-preview")
        self.addAsyncCleanup(service.client.close)
        self.assertEqual(service.service_url(), "https://example.com/models")

    async def test_a_prompt_of_the_kernel(self) -> None:
        self.say("Bonjour")
        kernel = Kernel()
        kernel.add_service(self.service())
        answer = await kernel.invoke_prompt("Say hello in {{$language}}.", language="French")
        self.assertEqual(str(answer), "Bonjour")
        self.assertEqual(self.asked["messages"], [{"role": "user", "content": "Say hello in French."}])

    async def test_developer_messages(self) -> None:
        await self.service(instruction_role="developer").get_chat_message_content(
            asking("hi"), AzureAIInferenceChatPromptExecutionSettings()
        )
        self.assertEqual(self.asked["messages"][0], {"role": "developer", "content": "Be brief."})

    async def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        stream = self.service().get_streaming_chat_message_content(
            asking("hi"), AzureAIInferenceChatPromptExecutionSettings()
        )
        parts = [str(part) async for part in stream]
        self.assertGreater(len(parts), 3)
        self.assertEqual("".join(parts), "Góðan daginn, 世界 👋🏽!")

    async def test_tools(self) -> None:
        self.call("sums-add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        self.say("5 and 13")
        kernel, settings = self.adder()
        answer = await self.service().get_chat_message_content(asking("add"), settings, kernel=kernel)
        self.assertEqual(str(answer), "5 and 13")
        first, second = self.bodies
        self.assertEqual(first["tools"][0]["function"]["name"], "sums-add")
        self.assertEqual(first["tool_choice"], "auto")
        results = [each["content"] for each in second["messages"] if each["role"] == "tool"]
        self.assertEqual(results, ["5", "13"])

    async def test_tools_in_a_stream(self) -> None:
        self.call("sums-add", {"a": 2, "b": 3})
        self.say("It is five.")
        kernel, settings = self.adder()
        stream = self.service().get_streaming_chat_message_content(asking("add"), settings, kernel=kernel)
        text = "".join([str(part) async for part in stream if part.role.value == "assistant"])
        self.assertEqual(text, "It is five.")
        self.assertEqual([each["content"] for each in self.asked["messages"] if each["role"] == "tool"], ["5"])

    async def test_models_of_other_apis(self) -> None:
        for path, name, operation in OTHER_APIS:
            client = ChatCompletionsClient(self.url + path, AzureKeyCredential(self.key))
            self.addAsyncCleanup(client.close)
            service = AzureAIInferenceChatCompletion(ai_model_id=name, client=client)
            self.say("Hello.", "Góðan daginn!")
            settings = AzureAIInferenceChatPromptExecutionSettings()
            answer = await service.get_chat_message_content(asking("hi"), settings)
            self.assertEqual((str(answer), answer.finish_reason.value), ("Hello.", "stop"))
            stream = service.get_streaming_chat_message_content(asking("hi"), settings)
            self.assertEqual("".join([str(part) async for part in stream]), "Góðan daginn!")
            self.call("sums-add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
            self.say("5 and 13")
            kernel, settings = self.adder()
            answer = await service.get_chat_message_content(asking("add"), settings, kernel=kernel)
            self.assertEqual(str(answer), "5 and 13")
            self.assert_called(operation)

    async def test_structured(self) -> None:
        self.say(CITY)
        settings = AzureAIInferenceChatPromptExecutionSettings(response_format=City)
        answer = await self.service().get_chat_message_content(asking("Where?"), settings)
        self.assertEqual(City.model_validate_json(str(answer)), City(name="Oslo", people=700000))
        self.assert_members(self.asked["response_format"]["json_schema"], name="City", strict=True)

    async def test_an_image(self) -> None:
        history = ChatHistory()
        image = ImageContent(data=b"\x89PNG", data_format="base64", mime_type="image/png")
        history.add_message(ChatMessageContent(role="user", items=[TextContent(text="What is it?"), image]))
        await self.service().get_chat_message_content(history, AzureAIInferenceChatPromptExecutionSettings())
        text, sent = self.asked["messages"][0]["content"]
        self.assertEqual(text, {"type": "text", "text": "What is it?"})
        self.assertTrue(sent["image_url"]["url"].startswith("data:image/png;base64,"))

    async def test_embeddings(self) -> None:
        client = EmbeddingsClient(self.url, AzureKeyCredential(self.key))
        self.addAsyncCleanup(client.close)
        embedder = AzureAIInferenceTextEmbedding(ai_model_id="embedder", client=client)
        settings = AzureAIInferenceEmbeddingPromptExecutionSettings(dimensions=6)
        vectors = await embedder.generate_embeddings(["a", "b"], settings)
        self.assertEqual(vectors.shape, (2, 6))
        self.assert_members(self.asked, input=["a", "b"], dimensions=6, model="embedder")

    async def test_spans(self) -> None:
        SPANS.clear()
        self.say("Hello.")
        os.environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE"] = "true"
        self.addCleanup(os.environ.pop, "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE")
        await self.service().get_chat_message_content(asking("hi"), AzureAIInferenceChatPromptExecutionSettings())
        spans = {span.name: span for span in SPANS.get_finished_spans() if "gen_ai.system" in span.attributes}
        self.assertEqual(list(spans), ["chat gpt"])
        span = spans["chat gpt"]
        self.assertEqual(span.attributes["gen_ai.usage.input_tokens"], 11)
        said = [json.loads(event.attributes["gen_ai.event.content"]) for event in span.events]
        self.assertEqual(said[-1]["message"]["content"], "Hello.")

    async def test_a_wrong_key(self) -> None:
        with self.assertRaises(HttpResponseError) as caught:
            await self.service("another").get_chat_message_content(
                asking("hi"), AzureAIInferenceChatPromptExecutionSettings()
            )
        self.assertEqual(caught.exception.status_code, 401)

    async def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        answer = await self.service().get_chat_message_content(
            asking("hi"), AzureAIInferenceChatPromptExecutionSettings()
        )
        self.assertEqual(str(answer), "later")

    async def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            await self.service().get_chat_message_content(asking("hi"), AzureAIInferenceChatPromptExecutionSettings())
        self.assertEqual(caught.exception.status_code, 429)

    async def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            await self.service().get_chat_message_content(
                asking("trigger the content filter"), AzureAIInferenceChatPromptExecutionSettings()
            )

    async def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            async for _ in self.service().get_streaming_chat_message_content(
                asking("count to 500"), AzureAIInferenceChatPromptExecutionSettings()
            ):
                pass
