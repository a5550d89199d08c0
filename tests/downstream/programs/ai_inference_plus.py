"""azure-ai-inference-plus: subclasses of the clients that check JSON, separate reasoning from answers, and retry.

It requires a release of the beta, and is installed despite that.
"""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure_ai_inference_plus import (
    AzureKeyCredential,
    ChatCompletionsClient,
    EmbeddingsClient,
    RetryConfig,
    SystemMessage,
    UserMessage,
)
from checks import CITY, Checks

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError

HI = [SystemMessage("Be brief."), UserMessage("hi")]


class AiInferencePlus(Checks):
    def client(self, key: str = "", **settings):
        settings = {"retry_config": RetryConfig(max_retries=1, delay_seconds=0.01), **settings}
        credential = AzureKeyCredential(key or self.key)
        client = ChatCompletionsClient(self.url + "/models", credential, connection_timeout=9, **settings)
        self.addCleanup(client.close)
        return client

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = self.client().complete(HI, "gpt", max_tokens=9, seed=4)
        self.assertEqual(answer.choices[0].message.content, "Hello.")
        self.assert_members(self.asked, model="gpt", max_tokens=9, seed=4)

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        updates = self.client().complete(HI, "gpt", stream=True)
        pieces = [update.choices[0].delta.content or "" for update in updates if update.choices]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
        answer = self.client().complete(HI, "gpt", tools=tools, tool_choice="required")
        self.assertEqual(answer.choices[0].message.tool_calls[0].function.arguments, '{"a": 2, "b": 3}')
        self.assertEqual(self.asked["tool_choice"], "required")

    def test_reasoning_is_parted(self) -> None:
        self.say("<think>Hm.</think>\n\n42")
        answer = self.client().complete(HI, "gpt", reasoning_tags=["<think>", "</think>"])
        message = answer.choices[0].message
        self.assertEqual((message.content.strip(), message.reasoning), ("42", "Hm."))

    def test_structured(self) -> None:
        self.say("no json", CITY)
        answer = self.client().complete([UserMessage("json")], "gpt", response_format="json_object")
        self.assertEqual(answer.choices[0].message.content, CITY)
        self.assertEqual(len(self.bodies), 2)

    def test_embeddings(self) -> None:
        with EmbeddingsClient(self.url + "/models", AzureKeyCredential(self.key)) as client:
            found = client.embed(["a", "b"], "embedder", dimensions=6)
        self.assertEqual([len(item.embedding) for item in found.data], [6, 6])

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.client("another").complete(HI, "gpt")

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.client().complete(HI, "gpt").choices[0].message.content, "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=99,wait=0.01")
        seen = []
        config = RetryConfig(max_retries=1, delay_seconds=0.01, on_chat_retry=lambda *event: seen.append(event))
        with self.assertRaises(Exception) as caught:
            self.client(retry_config=config, retry_total=0).complete(HI, "gpt")
        self.assertIn("RateLimitReached", str(caught.exception))
        self.assertIsInstance(seen[0][2], HttpResponseError)
        self.assertEqual(len(self.bodies), 2)

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.client().complete([UserMessage("trigger the content filter")], "gpt")

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            list(self.client().complete([UserMessage("count to 500")], "gpt", stream=True))
