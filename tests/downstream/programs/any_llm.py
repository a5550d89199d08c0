"""any-llm-sdk's provider for Azure, which returns what OpenAI's client would return."""

from any_llm import acompletion, aembedding, alist_models, completion, embedding
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, Checks
from pydantic import BaseModel

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError

PARAMETERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
ADD = {"type": "function", "function": {"name": "add", "description": "Add two numbers.", "parameters": PARAMETERS}}


class City(BaseModel):
    """A city."""

    name: str
    people: int


def asking(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


class AnyLlm(Checks):
    def where(self, **settings):
        return {"provider": "azure", "api_key": self.key, "api_base": self.url, **settings}

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = completion("gpt", asking("hi"), temperature=0.5, max_tokens=9, **self.where())
        self.assertEqual((answer.choices[0].message.content, answer.choices[0].finish_reason), ("Hello.", "stop"))
        self.assertEqual(answer.usage.total_tokens, 18)
        self.assert_members(self.asked, model="gpt", temperature=0.5, max_tokens=9)

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        answer = await acompletion("gpt", asking("hi"), **self.where())
        self.assertEqual(answer.choices[0].message.content, "Hello.")

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        chunks = list(completion("gpt", asking("hi"), stream=True, **self.where()))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertEqual(text, "Góðan daginn, 世界 👋🏽!")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        stream = await acompletion("gpt", asking("hi"), stream=True, **self.where())
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 5, "b": 8})
        self.say("5 and 13")
        answer = completion("gpt", asking("add"), tools=[ADD], tool_choice="required", **self.where())
        message = answer.choices[0].message
        self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
        self.assertEqual(message.tool_calls[1].function.arguments, '{"a": 5, "b": 8}')
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": total}
            for call, total in zip(message.tool_calls, ["5", "13"], strict=True)
        ]
        again = completion("gpt", [*asking("add"), message, *results], tools=[ADD], **self.where())
        self.assertEqual(again.choices[0].message.content, "5 and 13")
        self.assertEqual(self.asked["messages"][3]["tool_call_id"], "call2")

    def test_tools_in_a_stream(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        chunks = completion("gpt", asking("add"), tools=[ADD], stream=True, **self.where())
        calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or ()]
        self.assertEqual([call.function.name for call in calls if call.function.name], ["add"])
        self.assertEqual("".join(call.function.arguments or "" for call in calls), '{"a": 2, "b": 3}')

    def test_structured(self) -> None:
        self.say(CITY)
        answer = completion("gpt", asking("Where?"), response_format=City, **self.where())
        self.assertEqual(City.model_validate_json(answer.choices[0].message.content).name, "Oslo")
        self.assert_members(self.asked["response_format"]["json_schema"], name="City", strict=True)

    def test_embeddings(self) -> None:
        found = embedding("embedder", ["a", "b"], dimensions=6, **self.where())
        self.assertEqual([len(item.embedding) for item in found.data], [6, 6])
        self.assert_members(self.asked, input=["a", "b"], dimensions=6, model="embedder")

    async def test_embeddings_async(self) -> None:
        found = await aembedding("embedder", "a", dimensions=6, **self.where())
        self.assertEqual(len(found.data[0].embedding), 6)

    async def test_models(self) -> None:
        models = await alist_models(**self.where())
        self.assertEqual([model.id for model in models], ["emulator-1"])

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            completion("gpt", asking("hi"), **self.where(api_key="another"))

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(completion("gpt", asking("hi"), **self.where()).choices[0].message.content, "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            completion("gpt", asking("hi"), **self.where(client_args={"retry_total": 1}))
        self.assertEqual((caught.exception.status_code, len(self.bodies)), (429, 2))

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            completion("gpt", asking("trigger the content filter"), **self.where())

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            list(completion("gpt", asking("count to 500"), stream=True, **self.where()))
