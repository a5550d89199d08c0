"""llm-github-models: the plugin of the `llm` tool for GitHub Models, used through `llm`'s interface."""

import base64
import json
import os
import tempfile
from pathlib import Path

os.environ["LLM_USER_PATH"] = tempfile.mkdtemp()

import llm
import llm_github_models as plugin
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, Checks
from pydantic import BaseModel

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError

MODEL = "github/gpt-4.1-mini"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR4nGNgAAIAAAUAAen6L8YAAAAASUVORK5CYII="


class City(BaseModel):
    name: str
    people: int


def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


class LlmGithub(Checks):
    def setUp(self) -> None:
        super().setUp()
        os.environ["GITHUB_MODELS_KEY"] = self.key
        plugin.INFERENCE_ENDPOINT = self.url + "/inference"  # the service's address is a constant there
        self.model = llm.get_model(MODEL)

    def test_plain(self) -> None:
        self.say("Hello.")
        answer = self.model.prompt("hi", system="Be brief.", stream=False)
        self.assertEqual(answer.text(), "Hello.")
        self.assertEqual((answer.usage().input, answer.usage().output), (11, 7))
        self.assert_members(self.asked, model="gpt-4.1-mini", response_format={"type": "text"})
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["system", "user"])
        self.assertEqual(self.endpoint.requests[-1].param("api-version"), "2025-03-01-preview")

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        answer = llm.get_async_model(MODEL).prompt("hi", key=self.key, stream=False)
        self.assertEqual(await answer.text(), "Hello.")

    def test_stream(self) -> None:
        self.say("Sæl, Ísland 🌋 og Esja.")
        answer = self.model.prompt("hi")
        pieces = list(answer)
        self.assertGreater(len(pieces), 3)
        self.assertEqual("".join(pieces), "Sæl, Ísland 🌋 og Esja.")
        self.assertEqual((answer.usage().input, answer.usage().output), (11, 7))
        self.assertEqual(self.asked["stream_options"], {"include_usage": True})

    async def test_stream_async(self) -> None:
        self.say("Sæl, Ísland 🌋 og Esja.")
        answer = llm.get_async_model(MODEL).prompt("hi", key=self.key)
        self.assertEqual("".join([piece async for piece in answer]), "Sæl, Ísland 🌋 og Esja.")

    def test_conversation(self) -> None:
        conversation = self.model.conversation()
        conversation.prompt("My name is Ada.", stream=False).text()
        self.assertIn("Ada", conversation.prompt("What is my name?", stream=False).text())
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["user", "assistant", "user"])

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        self.say("five")
        self.assertEqual(self.model.chain("2 and 3?", tools=[add], stream=False).text(), "five")
        first, second = self.bodies
        self.assertEqual(first["tools"][0]["function"]["name"], "add")
        self.assertEqual(second["messages"][-1], {"role": "tool", "content": "5", "tool_call_id": "call1"})

    def test_tools_in_a_stream(self) -> None:
        self.call("add", {"a": 2, "b": 3}, {"a": 40, "b": 3})
        self.say("done")
        self.assertEqual(self.model.chain("add", tools=[add]).text(), "done")
        results = [each["content"] for each in self.asked["messages"] if each["role"] == "tool"]
        self.assertEqual(results, ["5", "43"])

    def test_structured(self) -> None:
        self.say(CITY)
        able = next(row[0] for row in plugin.CHAT_MODELS if row[1])
        answer = llm.get_model(f"github/{able}").prompt("Where?", schema=City, stream=False)
        self.assertEqual(json.loads(answer.text()), json.loads(CITY))
        self.assertEqual(self.asked["response_format"]["json_schema"]["name"], "output")

    def test_an_image(self) -> None:
        path = Path(tempfile.mkdtemp(), "pixel.png")
        path.write_bytes(base64.b64decode(PIXEL))
        able = next(row[0] for row in plugin.CHAT_MODELS if "image" in row[4])
        images = [
            llm.Attachment(path=str(path), type="image/png"),
            llm.Attachment(url="https://example.com/b.jpg", type="image/jpeg"),
        ]
        llm.get_model(f"github/{able}").prompt("Look.", attachments=images, stream=False).text()
        text, by_path, by_url = self.asked["messages"][0]["content"]
        self.assertEqual(text, {"type": "text", "text": "Look."})
        self.assertEqual(by_path["image_url"], {"url": f"data:image/png;base64,{PIXEL}", "detail": "auto"})
        self.assertEqual(by_url["image_url"]["url"], "https://example.com/b.jpg")

    def test_embeddings(self) -> None:
        model = llm.get_embedding_model("github/text-embedding-3-small-512")
        vectors = list(model.embed_multi(["a", "b"]))
        self.assertEqual([len(vector) for vector in vectors], [512, 512])
        self.assertEqual(self.asked, {"input": ["a", "b"], "dimensions": 512, "model": "text-embedding-3-small"})

    def test_a_wrong_key(self) -> None:
        os.environ["GITHUB_MODELS_KEY"] = "another"
        with self.assertRaises(ClientAuthenticationError):
            self.model.prompt("hi", stream=False).text()

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=1,wait=0.01;503:times=1,wait=0.01")
        self.say("later")
        self.assertEqual(self.model.prompt("hi", stream=False).text(), "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            self.model.prompt("hi").text()
        self.assertEqual(caught.exception.status_code, 429)

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.model.prompt("trigger the content filter").text()

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            self.model.prompt("count to 500").text()
