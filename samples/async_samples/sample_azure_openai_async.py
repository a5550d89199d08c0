"""Call deployments of Azure OpenAI, by the v1 route with a deployment's name, or by the deployment's own route.

Set AZURE_OPENAI_ENDPOINT (https://RESOURCE.openai.azure.com), AZURE_OPENAI_KEY, AZURE_OPENAI_CHAT_DEPLOYMENT and
AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_azure_openai_async.py
"""

import asyncio
import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage

QUESTION = UserMessage("How many feet are in a mile?")


async def main(resource: str, key: str, chat: str, embeddings: str) -> None:
    """Ask by both routes, and embed."""
    credential = AzureKeyCredential(key)
    async with ChatCompletionsClient(f"{resource}/openai/v1", credential, model=chat) as client:
        answer = await client.complete(messages=[QUESTION])
        print(answer.choices[0].message.content)

    # The api-version is the latest generally available one, unless you pass another as api_version=.
    async with ChatCompletionsClient(f"{resource}/openai/deployments/{chat}", credential) as client:
        answer = await client.complete(messages=[QUESTION])
        print(answer.choices[0].message.content)

    async with EmbeddingsClient(f"{resource}/openai/v1", credential, model=embeddings, dimensions=256) as texts:
        result = await texts.embed(input=["one text", "another"])
        print(f"{len(result.data)} embeddings of {len(result.data[0].vector)} numbers")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_OPENAI_ENDPOINT")
    if endpoint:
        chat, embeddings = (os.environ[f"AZURE_OPENAI_{use}_DEPLOYMENT"] for use in ("CHAT", "EMBEDDINGS"))
        asyncio.run(main(endpoint.rstrip("/"), os.environ["AZURE_OPENAI_KEY"], chat, embeddings))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, "gpt-4o", "text-embedding-3-large"))
