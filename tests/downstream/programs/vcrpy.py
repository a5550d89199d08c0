"""vcrpy's cassettes, as used by crewai's own tests and many others: a server's responses are recorded, then
replayed.

Each check records with the emulator, and replays the cassette against an unreachable endpoint.
"""

import tempfile
from pathlib import Path

import vcr
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from checks import Checks

from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
from azure.ai.inference.models import UserMessage

ASKED = [UserMessage("hi")]


class Vcrpy(Checks):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = str(Path(folder.name) / "cassette.yaml")

    def client(self, kind=ChatCompletionsClient, **options):
        return kind(self.url, AzureKeyCredential(self.key), retry_backoff_factor=0, **options)

    def record_and_play(self, ask) -> None:
        with vcr.use_cassette(self.file, record_mode="once", filter_headers=["authorization", "api-key"]):
            recorded = ask()
        self.assertNotIn(self.key, Path(self.file).read_text())
        sent = len(self.endpoint.requests)
        with vcr.use_cassette(self.file, record_mode="none") as cassette:
            self.assertEqual(ask(), recorded)
            self.assertEqual(cassette.play_count, sent)
        self.assertEqual(len(self.endpoint.requests), sent)

    def test_plain(self) -> None:
        self.say("Hello.")
        self.record_and_play(lambda: self.client().complete(messages=ASKED).choices[0].message.content)

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        self.record_and_play(lambda: "".join(self.client().complete(messages=ASKED, stream=True).text_deltas()))

    def test_embeddings(self) -> None:
        self.record_and_play(lambda: self.client(EmbeddingsClient).embed(input=["a"]).data[0].embedding)

    def test_a_retry(self) -> None:
        self.endpoint.fault("503:times=1")
        self.say("later")
        self.record_and_play(lambda: self.client().complete(messages=ASKED).choices[0].message.content)

    def test_an_error(self) -> None:
        self.endpoint.fault("400:message=no way")

        def ask():
            with self.assertRaises(HttpResponseError) as caught:
                self.client().complete(messages=ASKED, stream=True)
            return str(caught.exception.message)

        self.record_and_play(ask)

    def test_azure_cores_own_transport(self) -> None:
        self.say("Hello.")
        transport = RequestsTransport()
        client = self.client(transport=transport)
        self.record_and_play(lambda: client.complete(messages=ASKED).choices[0].message.content)

    async def test_async(self) -> None:
        self.say("Hello.", "there")
        answers = []
        for mode in ("once", "none"):
            with vcr.use_cassette(self.file, record_mode=mode):
                async with self.client(AsyncChatCompletionsClient) as client:
                    plain = await client.complete(messages=ASKED)
                    stream = await client.complete(messages=ASKED, stream=True)
                    answers.append((plain.choices[0].message.content, [text async for text in stream.text_deltas()]))
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(len(self.endpoint.requests), 2)

    def test_a_cassette_that_lacks_the_request(self) -> None:
        with vcr.use_cassette(self.file, record_mode="none"), self.assertRaises(Exception) as caught:
            self.client(retry_total=0).complete(messages=ASKED)
        self.assertIn("cassette", str(caught.exception))

    def test_requests_after_a_cassette_go_to_the_server(self) -> None:
        self.say("Hello.", "again")
        with vcr.use_cassette(self.file):
            self.client().complete(messages=ASKED)
        self.assertEqual(self.client().complete(messages=ASKED).choices[0].message.content, "again")
        client = ChatCompletionsClient("http://127.0.0.1:1", AzureKeyCredential(self.key), retry_total=0)
        with self.assertRaises(ServiceRequestError):
            client.complete(messages=ASKED)
