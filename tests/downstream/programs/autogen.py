"""autogen-ext's client for models on Azure, by itself and in an agent of autogen-agentchat. All asynchronous.

It appends the name of a call to itself with each piece of a stream, so tools only work with streams that send calls
whole, such as Mistral's.
"""

from autogen_agentchat.agents import AssistantAgent
from autogen_core import CancellationToken, FunctionCall, Image
from autogen_core.models import (
    AssistantMessage,
    CreateResult,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import FunctionTool
from autogen_ext.models.azure import AzureAIChatCompletionClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import OTHER_APIS, Checks
from PIL.Image import new

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError

ABLE = {"json_output": True, "function_calling": True, "vision": True, "family": "unknown", "structured_output": False}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


ADD = FunctionTool(add, description="Add two numbers.")


def asking(text: str) -> list[UserMessage]:
    return [UserMessage(content=text, source="user")]


class Autogen(Checks):
    async def client(self, **settings):
        settings = {"credential": AzureKeyCredential(self.key), "endpoint": self.url, "model": "gpt", **settings}
        client = AzureAIChatCompletionClient(model_info=ABLE, **settings)
        self.addAsyncCleanup(client.close)
        return client

    async def test_plain(self) -> None:
        self.say("Hello.")
        client = await self.client(temperature=0.5, seed=4)
        answer = await client.create([SystemMessage(content="Be brief."), *asking("hi")])
        self.assertEqual((answer.content, answer.finish_reason), ("Hello.", "stop"))
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (11, 7))
        self.assert_members(self.asked, model="gpt", temperature=0.5, seed=4)

    async def test_a_dummy_endpoint(self) -> None:
        """autogen's own unit tests do the same: nothing is sent."""
        client = await self.client(endpoint="endpoint", credential=AzureKeyCredential("api_key"))
        with self.assertRaisesRegex(ValueError, "'endpoint' is a name, not a URL"):
            await client.create(asking("hi"))

    async def test_arguments_of_a_call(self) -> None:
        client = await self.client()
        await client.create(asking("hi"), extra_create_args={"max_tokens": 9, "top_p": 0.5})
        self.assert_members(self.asked, max_tokens=9, top_p=0.5)
        with self.assertRaisesRegex(ValueError, "no_such_argument"):
            await client.create(asking("hi"), extra_create_args={"no_such_argument": 1})

    async def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        parts = [part async for part in (await self.client()).create_stream(asking("hi"))]
        self.assertEqual("".join(part for part in parts if isinstance(part, str)), "Góðan daginn, 世界 👋🏽!")
        self.assertIsInstance(parts[-1], CreateResult)
        self.assertEqual((parts[-1].content, parts[-1].finish_reason), ("Góðan daginn, 世界 👋🏽!", "stop"))

    async def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        self.say("5 and 13")
        client = await self.client()
        answer = await client.create(asking("add"), tools=[ADD], tool_choice="required")
        self.assertEqual(answer.finish_reason, "function_calls")
        self.assertEqual(answer.content[1], FunctionCall(id="call2", name="add", arguments='{"a": 5, "b": 8}'))
        results = [
            FunctionExecutionResult(content=total, call_id=call.id, name="add", is_error=False)
            for call, total in zip(answer.content, ["5", "13"], strict=True)
        ]
        history = [
            *asking("add"),
            AssistantMessage(content=answer.content, source="assistant"),
            FunctionExecutionResultMessage(content=results),
        ]
        self.assertEqual((await client.create(history, tools=[ADD])).content, "5 and 13")
        self.assertEqual(self.bodies[0]["tool_choice"], "required")
        self.assertEqual(self.asked["messages"][3], {"role": "tool", "content": "13", "tool_call_id": "call2"})

    async def test_tools_in_a_stream(self) -> None:
        with Emulator(dialect="mistral") as mistral:
            self.endpoint, usual = mistral, self.endpoint
            self.call("add", {"a": 2, "b": 3})
            parts = [part async for part in (await self.client()).create_stream(asking("add"), tools=[ADD])]
            self.endpoint = usual
        [call] = parts[-1].content
        self.assertEqual((call.name, call.arguments), ("add", '{"a": 2, "b": 3}'))
        self.assertEqual(parts[-1].finish_reason, "function_calls")

    async def test_models_of_other_apis(self) -> None:
        for path, name, operation in OTHER_APIS:
            client = await self.client(endpoint=self.url + path, model=name)
            self.say("Hello.", "Góðan daginn!")
            answer = await client.create([SystemMessage(content="Be brief."), *asking("hi")])
            self.assertEqual((answer.content, answer.finish_reason, answer.usage.prompt_tokens), ("Hello.", "stop", 11))
            parts = [part async for part in client.create_stream(asking("hi"))]
            self.assertEqual(parts[-1].content, "Góðan daginn!")
            self.call("add", {"a": 2, "b": 3})
            self.say("It is five.")
            agent = AssistantAgent("adder", client, tools=[add], reflect_on_tool_use=True, model_client_stream=False)
            outcome = await agent.run(task="2 and 3?")
            self.assertEqual(outcome.messages[-1].content, "It is five.")
            self.assert_called(operation)

    async def test_json(self) -> None:
        self.say('{"a": 1}')
        answer = await (await self.client()).create(asking("json"), json_output=True)
        self.assertEqual(answer.content, '{"a": 1}')
        self.assertEqual(self.asked["response_format"], {"type": "json_object"})

    async def test_an_image(self) -> None:
        message = UserMessage(content=["What is it?", Image(new("RGB", (1, 1)))], source="user")
        await (await self.client()).create([message])
        text, image = self.asked["messages"][0]["content"]
        self.assertEqual(text, {"type": "text", "text": "What is it?"})
        self.assertTrue(image["image_url"]["url"].startswith("data:image/"))
        self.assertEqual(image["image_url"]["detail"], "auto")

    async def test_an_agent(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        self.say("It is five.")
        client = await self.client()
        agent = AssistantAgent("adder", client, tools=[add], reflect_on_tool_use=True, model_client_stream=False)
        outcome = await agent.run(task="2 and 3?")
        self.assertEqual(outcome.messages[-1].content, "It is five.")
        self.assertEqual(self.asked["messages"][-1]["content"], "5")

    async def test_cancelling(self) -> None:
        self.endpoint.fault("stall:seconds=30")
        token = CancellationToken()
        token.cancel()
        with self.assertRaises(BaseException) as caught:
            await (await self.client()).create(asking("hi"), cancellation_token=token)
        self.assertEqual(type(caught.exception).__name__, "CancelledError")

    async def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            await (await self.client(credential=AzureKeyCredential("another"))).create(asking("hi"))

    async def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual((await (await self.client()).create(asking("hi"))).content, "later")

    async def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            await (await self.client()).create(asking("hi"))
        self.assertEqual(caught.exception.status_code, 429)

    async def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            await (await self.client()).create(asking("trigger the content filter"))

    async def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            async for _ in (await self.client()).create_stream(asking("count to 500")):
                pass
