"""inspect_ai's provider `azureai`, called as evaluations do: `get_model(...).generate(...)`. All asynchronous.

It retries forever unless limited; `max_retries=0` leaves retries to this package.
"""

from azure.core.exceptions import ClientAuthenticationError
from checks import Checks
from inspect_ai.model import (
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
    get_model,
)
from inspect_ai.tool import ToolFunction, tool
from tenacity import RetryError

PIXEL = "data:image/png;base64,iVBORw0KGgo="


@tool
def add():
    async def execute(a: int, b: int) -> int:
        """Add two numbers.

        Args:
            a: One.
            b: The other.
        """
        return a + b

    return execute


class InspectAi(Checks):
    def model(self, key: str = "", config: GenerateConfig | None = None, **settings):
        return get_model(
            "azureai/gpt-4o",
            base_url=self.url + "/models",
            api_key=key or self.key,
            config=config or GenerateConfig(max_retries=0),
            memoize=False,
            **settings,
        )

    async def test_plain(self) -> None:
        self.say("Hello.")
        config = GenerateConfig(max_retries=0, temperature=0.5, max_tokens=9, seed=4, stop_seqs=["END"])
        output = await self.model().generate(
            [ChatMessageSystem(content="Be brief."), ChatMessageUser(content="hi")], config=config
        )
        self.assertEqual((output.completion, output.stop_reason), ("Hello.", "stop"))
        self.assertEqual((output.usage.input_tokens, output.usage.output_tokens), (11, 7))
        self.assert_members(self.asked, model="gpt-4o", temperature=0.5, max_tokens=9, seed=4, stop=["END"])
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["system", "user"])

    async def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        output = await self.model(streaming=True).generate("hi")
        self.assertEqual(output.completion, "Góðan daginn, 世界 👋🏽!")
        self.assertIs(self.asked["stream"], True)

    async def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        self.say("5 and 13")
        model = self.model()
        asked = [ChatMessageUser(content="add")]
        output = await model.generate(asked, tools=[add()], tool_choice="any")
        self.assertEqual(output.stop_reason, "tool_calls")
        self.assertEqual([call.arguments for call in output.message.tool_calls], [{"a": 2, "b": 3}, {"a": 5, "b": 8}])
        results = [
            ChatMessageTool(content=str(sum(call.arguments.values())), tool_call_id=call.id, function="add")
            for call in output.message.tool_calls
        ]
        again = await model.generate([*asked, output.message, *results], tools=[add()])
        self.assertEqual(again.completion, "5 and 13")
        self.assertEqual(self.bodies[0]["tool_choice"], "required")
        self.assertEqual(self.asked["messages"][3], {"role": "tool", "content": "13", "tool_call_id": "call2"})

    async def test_tools_in_a_stream(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 50, "b": 8})
        output = await self.model(streaming=True).generate("add", tools=[add()])
        calls = [(call.id, call.arguments) for call in output.message.tool_calls]
        self.assertEqual(calls, [("call1", {"a": 2, "b": 3}), ("call2", {"a": 50, "b": 8})])

    async def test_a_function_that_is_named(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        await self.model().generate("add", tools=[add()], tool_choice=ToolFunction(name="add"))
        self.assertEqual(self.asked["tool_choice"], {"type": "function", "function": {"name": "add"}})

    async def test_an_image(self) -> None:
        content = [ContentText(text="What is it?"), ContentImage(image=PIXEL)]
        await self.model().generate([ChatMessageUser(content=content)])
        text, image = self.asked["messages"][0]["content"]
        self.assertEqual(text, {"type": "text", "text": "What is it?"})
        self.assertEqual(image["image_url"]["url"], PIXEL)

    async def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            await self.model("another").generate("hi")

    async def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual((await self.model().generate("hi")).completion, "later")

    async def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(RetryError) as caught:
            await self.model().generate("hi")
        self.assertEqual(caught.exception.last_attempt.exception().status_code, 429)

    async def test_the_content_filter(self) -> None:
        with self.assertRaisesRegex(Exception, "content_filter"):
            await self.model().generate("trigger the content filter")

    async def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        config = GenerateConfig(max_retries=1)
        self.say("Hello.", "Hello.")
        output = await self.model(config=config, streaming=True).generate("hi")
        self.assertEqual((output.completion, len(self.bodies)), ("Hello.", 2))
