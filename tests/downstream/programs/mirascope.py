"""mirascope 1: functions that call a model, by the decorator for Azure.

It returns a streamed tool call when the next update arrives, so it needs models that send calls in pieces, followed by
an update without one: Azure OpenAI's, on the route of a deployment.
"""

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, Checks
from mirascope.core import Messages, ResponseModelConfigDict, azure
from pydantic import BaseModel

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError
from azure.ai.inference.models import CompletionsFinishReason


class City(BaseModel):
    """A city."""

    name: str
    people: int


class StrictCity(City):
    model_config = ResponseModelConfigDict(strict=True)


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Mirascope(Checks):
    def client(self, path: str = "", **settings):
        client = ChatCompletionsClient(self.url + path, AzureKeyCredential(settings.pop("key", self.key)), **settings)
        self.addCleanup(client.close)
        return client

    def asking(self, text: str, client=None, **settings):
        """Call a function that asks the model for ``text``."""

        @azure.call("gpt", client=client or self.client(), **settings)
        def ask() -> Messages.Type:
            return [Messages.User(text)]

        return ask()

    async def asking_async(self, text: str, **settings):
        client = AsyncChatCompletionsClient(self.url, AzureKeyCredential(self.key))
        self.addAsyncCleanup(client.close)

        @azure.call("gpt", client=client, **settings)
        async def ask() -> str:
            return text

        return await ask()

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = self.asking("hi", call_params={"temperature": 0.5, "max_tokens": 9})
        self.assertEqual((answer.content, answer.finish_reasons), ("Hello.", [str(CompletionsFinishReason.STOPPED)]))
        self.assertEqual((answer.input_tokens, answer.output_tokens), (11, 7))
        self.assert_members(self.asked, model="gpt", temperature=0.5, max_tokens=9)
        self.assertEqual(self.asked["messages"], [{"role": "user", "content": "hi"}])

    def test_a_dummy_endpoint(self) -> None:
        """mirascope's own unit tests do the same: nothing is sent."""
        for kind in (ChatCompletionsClient, AsyncChatCompletionsClient):
            self.assertIsNotNone(kind("endpoint", AzureKeyCredential("key")))
        client = ChatCompletionsClient("endpoint", AzureKeyCredential("key"))
        with self.assertRaisesRegex(ValueError, "'endpoint' is a name, not a URL"):
            self.asking("hi", client=client)

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        self.assertEqual((await self.asking_async("hi")).content, "Hello.")

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        stream = self.asking("hi", stream=True)
        pieces = [chunk.content for chunk, _ in stream]
        self.assertGreater(len(pieces), 3)
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")
        self.assertEqual(stream.construct_call_response().content, "Góðan daginn, 世界 👋🏽!")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        stream = await self.asking_async("hi", stream=True)
        self.assertEqual("".join([chunk.content async for chunk, _ in stream]), "Góðan daginn, 世界 👋🏽!")

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        answer = self.asking("add", tools=[add])
        self.assertEqual([tool.call() for tool in answer.tools], [5, 13])
        self.assertEqual(self.asked["tools"][0]["function"]["name"], "add")
        history = [answer.message_param, *answer.tool_message_params([(tool, tool.call()) for tool in answer.tools])]
        self.say("5 and 13")

        @azure.call("gpt", client=self.client())
        def go_on() -> Messages.Type:
            return [Messages.User("add"), *history]

        self.assertEqual(go_on().content, "5 and 13")
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["user", "assistant", "tool", "tool"])
        self.assert_members(self.asked["messages"][3], content="13", tool_call_id="call2")

    def test_tools_in_a_stream(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 50, "b": 8})
        client = self.client("/openai/deployments/gpt")
        results = [tool.call() for _, tool in self.asking("add", client, tools=[add], stream=True) if tool]
        self.assertEqual(results, [5, 58])

    def test_structured_by_function(self) -> None:
        self.call("City", CITY)
        self.assertEqual(self.asking("Where?", response_model=City), City(name="Oslo", people=700000))
        self.assertEqual(self.asked["tool_choice"], "required")

    def test_structured_by_schema(self) -> None:
        self.say(CITY)
        city = self.asking("Where?", response_model=StrictCity, json_mode=True)
        self.assertEqual((city.name, city.people), ("Oslo", 700000))
        self.assert_members(self.asked["response_format"]["json_schema"], name="StrictCity", strict=True)

    def test_structured_in_json_mode(self) -> None:
        self.say(CITY)
        self.assertEqual(self.asking("json", response_model=City, json_mode=True), City(name="Oslo", people=700000))
        self.assertEqual(self.asked["response_format"], {"type": "json_object"})

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.asking("hi", client=self.client(key="another"))

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.asking("hi").content, "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            self.asking("hi", client=self.client(retry_total=1))
        self.assertEqual((caught.exception.status_code, len(self.bodies)), (429, 2))

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.asking("trigger the content filter")

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            list(self.asking("count to 500", stream=True))
