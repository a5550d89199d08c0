"""agno's model for Azure AI Foundry, used by an agent. Failures are raised as its `ModelProviderError`."""

from agno.agent import Agent
from agno.exceptions import ModelProviderError
from agno.media import Image
from agno.models.azure import AzureAIFoundry
from agno.models.message import Message
from checks import CITY, Checks
from pydantic import BaseModel

from azure.ai.inference.exceptions import IncompleteStreamError

PIXEL = "data:image/png;base64,iVBORw0KGgo="


class City(BaseModel):
    """A city."""

    name: str
    people: int


def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


class Agno(Checks):
    def agent(self, key: str = "", model_settings=None, **settings):
        model = AzureAIFoundry(
            id="gpt", api_key=key or self.key, azure_endpoint=self.url + "/models", **(model_settings or {})
        )
        self.addCleanup(model.close)
        return Agent(model=model, telemetry=False, **settings)

    def refused(self, *, text: str = "hi", stream: bool = False, **settings) -> ModelProviderError:
        """Return the error that an agent's model raises."""
        model = self.agent(**settings).model
        invoke = model.invoke_stream if stream else model.invoke
        with self.assertRaises(ModelProviderError) as caught:
            list(invoke([Message(role="user", content=text)], Message(role="assistant")))
        return caught.exception

    def test_plain(self) -> None:
        self.say("Hello.")
        outcome = self.agent(model_settings={"temperature": 0.5, "seed": 4}, instructions="Be brief.").run("hi")
        self.assertEqual(outcome.content, "Hello.")
        self.assertEqual((outcome.metrics.input_tokens, outcome.metrics.output_tokens), (11, 7))
        self.assert_members(self.asked, model="gpt", temperature=0.5, seed=4)
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["system", "user"])

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        agent = self.agent()
        self.assertEqual((await agent.arun("hi")).content, "Hello.")
        await agent.model.aclose()

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        pieces = [event.content for event in self.agent().run("hi", stream=True) if event.content]
        self.assertGreater(len(pieces), 3)
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        agent = self.agent()
        pieces = [event.content async for event in agent.arun("hi", stream=True) if event.content]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")
        await agent.model.aclose()

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        self.say("5 and 13")
        outcome = self.agent(tools=[add]).run("add")
        self.assertEqual(outcome.content, "5 and 13")
        self.assertEqual([call.result for call in outcome.tools], ["5", "13"])
        results = [each for each in self.asked["messages"] if each["role"] == "tool"]
        self.assertEqual([each["content"] for each in results], ["5", "13"])
        self.assertEqual([each["tool_call_id"] for each in results], ["call1", "call2"])

    def test_tools_in_a_stream(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 50, "b": 8})
        self.say("5 and 58")
        pieces = [event.content for event in self.agent(tools=[add]).run("add", stream=True) if event.content]
        self.assertEqual("".join(pieces), "5 and 58")
        results = [each["content"] for each in self.asked["messages"] if each["role"] == "tool"]
        self.assertEqual(results, ["5", "58"])

    def test_structured(self) -> None:
        self.say(CITY)
        outcome = self.agent(output_schema=City, use_json_mode=True).run("Where?")
        self.assertEqual(outcome.content, City(name="Oslo", people=700000))

    def test_an_image(self) -> None:
        self.agent().run("What is it?", images=[Image(url=PIXEL)])
        parts = self.asked["messages"][-1]["content"]
        self.assertEqual([part["type"] for part in parts], ["text", "image_url"])
        self.assertEqual(parts[1]["image_url"]["url"], PIXEL)

    def test_a_wrong_key(self) -> None:
        self.assertEqual(self.refused(key="another").status_code, 401)

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.agent().run("hi").content, "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        self.assertEqual(self.refused().status_code, 429)

    def test_the_content_filter(self) -> None:
        self.assertEqual(self.refused(text="trigger the content filter").status_code, 400)

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        error = self.refused(text="count to 500", stream=True)
        self.assertIsInstance(error.__cause__, IncompleteStreamError)
