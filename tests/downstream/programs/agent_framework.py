"""agent-framework-azure-ai, whose embedding client sends texts and images through ours. All asynchronous.

It requires a release of the beta, and is installed despite that.
"""

from agent_framework import Content
from agent_framework_azure_ai import AzureAIInferenceEmbeddingClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import Checks

PIXEL = Content.from_uri("data:image/png;base64,iVBORw0KGgo=", media_type="image/png")


class AgentFramework(Checks):
    def client(self, key: str = ""):
        client = AzureAIInferenceEmbeddingClient(
            model_id="texts", image_model_id="images", endpoint=self.url + "/models", api_key=key or self.key
        )
        self.addAsyncCleanup(client.close)
        return client

    async def test_texts(self) -> None:
        found = await self.client().get_embeddings(["a", "b"], options={"dimensions": 6, "input_type": "query"})
        self.assertEqual([len(each.vector) for each in found], [6, 6])
        self.assertEqual(found.usage["input_token_count"], 2)
        self.assert_members(self.asked, input=["a", "b"], dimensions=6, input_type="query", model="texts")

    async def test_texts_and_images(self) -> None:
        found = await self.client().get_embeddings(["a", PIXEL, "b"])
        self.assertEqual(len(found), 3)
        self.assertEqual([each.model_id for each in found], ["texts", "images", "texts"])
        self.assertEqual(self.paths, ["/models/embeddings", "/models/images/embeddings"])
        self.assertEqual(self.asked["input"], [{"image": PIXEL.uri}])

    async def test_members_of_a_model(self) -> None:
        await self.client().get_embeddings(["a"], options={"extra_parameters": {"truncate": "END"}})
        self.assertEqual(self.asked["truncate"], "END")
        self.assertEqual(self.endpoint.requests[-1].headers["extra-parameters"], "pass-through")

    async def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            await self.client("another").get_embeddings(["a"])

    async def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.assertEqual(len(await self.client().get_embeddings(["a"])), 1)
        self.assertEqual(len(self.bodies), 3)

    async def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            await self.client().get_embeddings(["a"])
        self.assertEqual(caught.exception.status_code, 429)
