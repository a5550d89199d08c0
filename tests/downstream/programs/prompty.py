"""prompty's executor `serverless`, which runs prompty files."""

import tempfile
from pathlib import Path

import prompty
import prompty.serverless
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, Checks

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError

FILE = """---
name: test
model:
  api: chat
  configuration:
    type: serverless
    endpoint: {endpoint}
    model: gpt
    key: {key}
  parameters:
    max_tokens: 99
{parameters}
---
system:
Be brief.

user:
{{{{question}}}}
"""
ADD = """    tools:
      - type: function
        function: {name: add, description: Add two numbers., parameters: {type: object, properties: {}}}
"""


class Prompty(Checks):
    def path(self, parameters: str = "", key: str = "") -> str:
        path = Path(tempfile.mkdtemp(), "test.prompty")
        path.write_text(FILE.format(endpoint=self.url, key=key or self.key, parameters=parameters))
        return str(path)

    def run_file(self, question: str = "hi", **settings):
        return prompty.execute(self.path(**settings), inputs={"question": question})

    def test_plain(self) -> None:
        self.say("Hello.")
        self.assertEqual(self.run_file(), "Hello.")
        self.assert_members(self.asked, model="gpt", max_tokens=99)
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["system", "user"])
        self.assertTrue(self.endpoint.requests[-1].headers["user-agent"].startswith("prompty"))

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        self.assertEqual(await prompty.execute_async(self.path(), inputs={"question": "hi"}), "Hello.")

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        pieces = list(self.run_file(parameters="    stream: true"))
        self.assertGreater(len(pieces), 3)
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        path = self.path("    stream: true")
        pieces = [piece async for piece in await prompty.execute_async(path, inputs={"question": "hi"})]
        self.assertEqual("".join(pieces), "Góðan daginn, 世界 👋🏽!")

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        [call] = self.run_file(parameters=ADD)
        self.assertEqual((call.id, call.name, call.arguments), ("call1", "add", '{"a": 2, "b": 3}'))
        self.assertEqual(self.asked["tools"][0]["function"]["name"], "add")

    def test_structured(self) -> None:
        self.say(CITY)
        self.assertEqual(self.run_file("json", parameters="    response_format: json_object"), CITY)
        self.assertEqual(self.asked["response_format"], {"type": "json_object"})

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.run_file(key="another")

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.run_file(), "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            self.run_file()
        self.assertEqual(caught.exception.status_code, 429)

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.run_file("trigger the content filter")

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            list(self.run_file("count to 500", parameters="    stream: true"))
