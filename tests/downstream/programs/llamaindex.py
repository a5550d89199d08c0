"""llama-index-llms-azure-inference and llama-index-embeddings-azure-inference, on a serverless endpoint."""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, OTHER_APIS, Checks
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.azure_inference import AzureAIEmbeddingsModel
from llama_index.llms.azure_inference import AzureAICompletionsModel

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


ADD = FunctionTool.from_defaults(fn=add)
HI = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="hi")]


def asking(text: str) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=text)]


class LlamaIndex(Checks):
    def model(self, **settings):
        return AzureAICompletionsModel(endpoint=self.url, credential=self.key, **settings)

    def embedder(self, **settings):
        return AzureAIEmbeddingsModel(endpoint=self.url, credential=self.key, **settings)

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = self.model(max_tokens=9, model_kwargs={"seed": 4}).chat(HI)
        self.assertEqual(answer.message.content, "Hello.")
        self.assertEqual(answer.raw["usage"]["total_tokens"], 18)
        self.assert_members(self.asked, max_tokens=9, seed=4, temperature=0.1)
        self.assertTrue(self.endpoint.requests[-1].headers["user-agent"].startswith("llamaindex "))

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        self.assertEqual((await self.model(model_name="gpt").achat(HI)).message.content, "Hello.")
        self.assertEqual(self.asked["model"], "gpt")

    def test_completion(self) -> None:
        self.say("Hello.")
        self.assertEqual(self.model().complete("hi").text, "Hello.")

    def test_the_model_is_named_by_the_endpoint(self) -> None:
        self.assertEqual(self.model().metadata.model_name, "emulator-1")
        self.assertEqual(self.paths, ["/info"])

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        updates = list(self.model().stream_chat(HI))
        self.assertGreater(len(updates), 3)
        self.assertEqual("".join(update.delta for update in updates), "Góðan daginn, 世界 👋🏽!")
        self.assertEqual(updates[-1].message.content, "Góðan daginn, 世界 👋🏽!")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        updates = [update async for update in await self.model().astream_chat(HI)]
        self.assertEqual(updates[-1].message.content, "Góðan daginn, 世界 👋🏽!")

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        self.say("5 and 13")
        model, history = self.model(), asking("add")
        answer = model.chat_with_tools([ADD], chat_history=history, allow_parallel_tool_calls=True, tool_required=True)
        self.assert_members(self.asked, tool_choice="required")
        calls = model.get_tool_calls_from_response(answer)
        self.assertEqual([call.tool_kwargs for call in calls], [{"a": 2, "b": 3}, {"a": 5, "b": 8}])
        history.append(answer.message)
        for call in calls:
            known = {"tool_call_id": call.tool_id, "name": call.tool_name}
            history.append(ChatMessage(role="tool", content=str(add(**call.tool_kwargs)), additional_kwargs=known))
        self.assertEqual(model.chat(history).message.content, "5 and 13")
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["user", "assistant", "tool", "tool"])
        self.assert_members(self.asked["messages"][3], content="13", tool_call_id="call2")

    def test_models_of_other_apis(self) -> None:
        """It always sends a temperature, which reasoning models refuse; so it is configured to send none."""
        for path, name, operation in OTHER_APIS:
            model = AzureAICompletionsModel(
                endpoint=self.url + path, credential=self.key, model_name=name, model_kwargs={"temperature": None}
            )
            self.say("Hello.", "Góðan daginn!")
            self.assertEqual(model.chat(HI).message.content, "Hello.")
            self.assertEqual(list(model.stream_chat(HI))[-1].message.content, "Góðan daginn!")
            self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
            self.say("5 and 13")
            history = asking("add")
            answer = model.chat_with_tools([ADD], chat_history=history, allow_parallel_tool_calls=True)
            history.append(answer.message)
            for call in model.get_tool_calls_from_response(answer):
                known = {"tool_call_id": call.tool_id, "name": call.tool_name}
                history.append(ChatMessage(role="tool", content=str(add(**call.tool_kwargs)), additional_kwargs=known))
            self.assertEqual([message.content for message in history[2:]], ["5", "13"])
            self.assertEqual(model.chat(history).message.content, "5 and 13")
            self.assert_called(operation)

    async def test_tools_async(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        model = self.model()
        answer = await model.achat_with_tools([ADD], "add")
        calls = model.get_tool_calls_from_response(answer)
        self.assertEqual([call.tool_kwargs for call in calls], [{"a": 2, "b": 3}])

    def test_structured(self) -> None:
        self.say(CITY)
        schema = {"type": "object", "properties": {"name": {"type": "string"}, "people": {"type": "integer"}}}
        wanted = {"type": "json_schema", "json_schema": {"name": "City", "schema": schema}}
        answer = self.model().chat(asking("Where?"), response_format=wanted)
        self.assertEqual(answer.message.content, CITY)
        self.assertEqual(self.asked["response_format"], wanted)

    def test_embeddings(self) -> None:
        embedder = self.embedder(embed_batch_size=2)
        vectors = embedder.get_text_embedding_batch(["a", "b", "a"])
        self.assertEqual(vectors[0], vectors[2])
        self.assertNotEqual(vectors[0], vectors[1])
        self.assertEqual([body["input"] for body in self.bodies], [["a", "b"], ["a"]])
        self.assertEqual(embedder.get_query_embedding("a"), vectors[0])

    async def test_embeddings_async(self) -> None:
        embedder = self.embedder(model_name="embedder", model_kwargs={"dimensions": 5})
        self.assertEqual(len(await embedder.aget_text_embedding("a")), 5)
        await embedder._async_client.close()

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            AzureAICompletionsModel(endpoint=self.url, credential="another").chat(HI)

    def test_a_model_that_cannot_be_asked_for_its_name(self) -> None:
        self.endpoint.fault("404")
        self.assertEqual(self.model().metadata.model_name, "unknown")

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.model().chat(HI).message.content, "later")

    async def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            await self.model(client_kwargs={"retry_total": 1}).achat(HI)
        self.assertEqual((caught.exception.status_code, len(self.bodies)), (429, 2))

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.model().chat(asking("trigger the content filter"))

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4,path=chat")
        seen = ""
        with self.assertRaises(IncompleteStreamError):
            for update in self.model().stream_chat(asking("count to 500")):
                seen += update.delta
        self.assertTrue(seen.startswith("1"))
