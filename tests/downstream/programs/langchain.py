"""langchain-azure-ai: chat models and embeddings, as chains and agents use them. On the route of a Foundry resource."""

import warnings
from typing import ClassVar

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from checks import CITY, OTHER_APIS, Checks
from langchain_azure_ai.chat_models.inference import AzureAIChatCompletionsModel
from langchain_azure_ai.embeddings.inference import AzureAIEmbeddingsModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError, InferenceError

warnings.simplefilter("ignore")


class City(BaseModel):
    """A city."""

    name: str = Field(description="its name")
    people: int


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Langchain(Checks):
    emulator_settings: ClassVar = {"models": ["gpt", "embedder", *(name for _, name, _ in OTHER_APIS)]}

    def model(self, **settings):
        settings.setdefault("model", "gpt")
        return AzureAIChatCompletionsModel(endpoint=self.url + "/models", credential=self.key, **settings)

    def embedder(self, **settings):
        return AzureAIEmbeddingsModel(endpoint=self.url + "/models", credential=self.key, model="embedder", **settings)

    def test_plain(self) -> None:
        self.say("Goodbye.")
        conversation = [SystemMessage("Be brief."), HumanMessage("hi"), AIMessage("Yes?"), HumanMessage("bye")]
        answer = self.model(temperature=0.2, max_tokens=55, seed=4).invoke(conversation)
        self.assertEqual(answer.content, "Goodbye.")
        self.assert_members(answer.usage_metadata, input_tokens=11, output_tokens=7, total_tokens=18)
        self.assertEqual(answer.response_metadata["finish_reason"], "stop")
        self.assert_members(self.asked, model="gpt", temperature=0.2, max_tokens=55, seed=4)
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["system", "user", "assistant", "user"])

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        model = self.model(model_kwargs={"safe_prompt": True})
        self.assertEqual((await model.ainvoke("hi")).content, "Hello.")
        self.assertIs(self.asked["safe_prompt"], True)
        await model.aclose()

    def test_the_model_is_named_by_the_endpoint(self) -> None:
        model = AzureAIChatCompletionsModel(endpoint=self.url, credential=self.key)
        self.assertEqual(self.paths, ["/info"])
        self.assertEqual(model.invoke("hi").response_metadata["model"], "emulator-1")

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        chunks = list(self.model().stream("hi"))
        self.assertGreater(len(chunks), 3)
        self.assertEqual("".join(chunk.content for chunk in chunks), "Góðan daginn, 世界 👋🏽!")
        whole = sum(chunks[1:], chunks[0])
        self.assertEqual(whole.response_metadata["finish_reason"], "stop")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        model = self.model()
        self.assertEqual("".join([chunk.content async for chunk in model.astream("hi")]), "Góðan daginn, 世界 👋🏽!")
        await model.aclose()

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        self.say("5 and 13")
        model = self.model().bind_tools([add], tool_choice="any")
        messages = [HumanMessage("add")]
        answer = model.invoke(messages)
        self.assertEqual(self.asked["tool_choice"], "required")
        self.assertEqual([call["args"] for call in answer.tool_calls], [{"a": 2, "b": 3}, {"a": 5, "b": 8}])
        messages += [
            answer,
            *(
                ToolMessage(str(add.invoke(call["args"])), tool_call_id=call["id"], name="add")
                for call in answer.tool_calls
            ),
        ]
        self.assertEqual(model.invoke(messages).content, "5 and 13")
        sent = self.asked["messages"]
        self.assertEqual([each["role"] for each in sent], ["user", "assistant", "tool", "tool"])
        self.assertEqual(sent[1]["tool_calls"][1]["function"], {"name": "add", "arguments": '{"a": 5, "b": 8}'})
        self.assert_members(sent[3], content="13", tool_call_id="call2", name="add")

    def test_tools_in_a_stream(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 50, "b": 8})
        chunks = list(self.model().bind_tools([add]).stream("add"))
        whole = sum(chunks[1:], chunks[0])
        self.assertEqual([call["args"] for call in whole.tool_calls], [{"a": 2, "b": 3}, {"a": 50, "b": 8}])
        self.assertEqual([call["id"] for call in whole.tool_calls], ["call1", "call2"])

    async def test_tools_in_a_stream_async(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 50, "b": 8})
        model = self.model()
        chunks = [chunk async for chunk in model.bind_tools([add]).astream("add")]
        whole = sum(chunks[1:], chunks[0])
        self.assertEqual([call["args"] for call in whole.tool_calls], [{"a": 2, "b": 3}, {"a": 50, "b": 8}])
        await model.aclose()

    def test_models_of_other_apis(self) -> None:
        for path, name, operation in OTHER_APIS:
            model = AzureAIChatCompletionsModel(endpoint=self.url + path, credential=self.key, model=name)
            self.say("Hello.", "Góðan daginn!")
            answer = model.invoke("hi")
            self.assertEqual((answer.content, answer.response_metadata["finish_reason"]), ("Hello.", "stop"))
            self.assert_members(answer.usage_metadata, total_tokens=18)
            self.assertEqual("".join(chunk.content for chunk in model.stream("hi")), "Góðan daginn!")
            self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
            self.say("5 and 13")
            adder, messages = model.bind_tools([add]), [HumanMessage("add")]
            messages.append(adder.invoke(messages))
            messages += [ToolMessage(str(add.invoke(c["args"])), tool_call_id=c["id"]) for c in messages[-1].tool_calls]
            self.assertEqual([message.content for message in messages[2:]], ["5", "13"])
            self.assertEqual(adder.invoke(messages).content, "5 and 13")
            self.assert_called(operation)

    def test_structured_by_schema(self) -> None:
        self.say(CITY)
        city = self.model().with_structured_output(City, method="json_schema").invoke("Where?")
        self.assertEqual(city, City(name="Oslo", people=700000))
        schema = self.asked["response_format"]["json_schema"]
        self.assert_members(schema, name="City", description="A city.")
        self.assertEqual(sorted(schema["schema"]["properties"]), ["name", "people"])

    def test_structured_by_function(self) -> None:
        self.call("City", CITY)
        city = self.model().with_structured_output(City).invoke("Where?")
        self.assertEqual(city, City(name="Oslo", people=700000))

    def test_structured_in_json_mode(self) -> None:
        self.say('{"a": 1}')
        self.assertEqual(self.model().with_structured_output(City, method="json_mode").invoke("json"), {"a": 1})
        self.assertEqual(self.asked["response_format"], {"type": "json_object"})

    def test_an_image(self) -> None:
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}}
        self.model().invoke([HumanMessage([{"type": "text", "text": "What is it?"}, image])])
        self.assertEqual(self.asked["messages"][0]["content"], [{"type": "text", "text": "What is it?"}, image])

    def test_embeddings(self) -> None:
        vectors = self.embedder(dimensions=6).embed_documents(["a", "b", "a"])
        self.assertEqual([len(vector) for vector in vectors], [6, 6, 6])
        self.assertEqual(vectors[0], vectors[2])
        self.assertNotEqual(vectors[0], vectors[1])
        self.assert_members(self.asked, input=["a", "b", "a"], dimensions=6, model="embedder")

    async def test_embeddings_async(self) -> None:
        embedder = self.embedder()
        self.assertEqual(await embedder.aembed_query("a"), embedder.embed_query("a"))
        self.assertEqual(self.paths, ["/models/embeddings"] * 2)
        await embedder._async_client.close()

    def test_headers_of_a_call(self) -> None:
        self.model(client_kwargs={"headers": {"x-all": "1"}}).invoke("hi", headers={"x-one": "2"})
        headers = self.endpoint.requests[-1].headers
        self.assertEqual((headers["x-all"], headers["x-one"]), ("1", "2"))
        self.assertTrue(headers["user-agent"].startswith("langchain-azure-ai "))

    def test_a_wrong_key(self) -> None:
        model = AzureAIChatCompletionsModel(endpoint=self.url + "/models", credential="another", model="gpt")
        with self.assertRaises(ClientAuthenticationError) as caught:
            model.invoke("hi")
        self.assertEqual(caught.exception.status_code, 401)

    def test_a_model_that_is_not_there(self) -> None:
        with self.assertRaises(HttpResponseError) as caught:
            self.model(model="gpt-9").invoke("hi")
        self.assertIn("gpt-9", caught.exception.message)

    def test_no_such_route(self) -> None:
        with self.assertRaises(ResourceNotFoundError):
            AzureAIChatCompletionsModel(endpoint=self.url + "/nowhere", credential=self.key, model="gpt").invoke("hi")

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.model().invoke("hi").content, "later")
        self.assertEqual(len(self.bodies), 3)

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(InferenceError) as caught:
            self.model(client_kwargs={"retry_total": 2}).invoke("hi")
        self.assertEqual((caught.exception.status_code, len(self.bodies)), (429, 3))

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError) as caught:
            self.model().invoke("trigger the content filter")
        self.assertEqual(caught.exception.status_code, 400)

    def test_a_stream_that_is_refused(self) -> None:
        with self.assertRaises(ContentFilterError):
            list(self.model().stream("trigger the content filter"))

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        seen = ""
        with self.assertRaises(IncompleteStreamError):
            for chunk in self.model().stream("count to 500"):
                seen += chunk.content
        self.assertTrue(seen.startswith("1"))

    async def test_a_stream_that_breaks_off_async(self) -> None:
        self.endpoint.fault("cut:events=4")
        model = self.model()
        seen = ""
        with self.assertRaises(IncompleteStreamError):
            async for chunk in model.astream("count to 500"):
                seen += chunk.content
        self.assertTrue(seen.startswith("1"))
        await model.aclose()
