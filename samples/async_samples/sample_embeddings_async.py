"""Embed documents as documents, and a question as a query.

`input_type` is for models that embed questions and documents differently, such as Cohere's;
OpenAI's do not accept it.

Set AZURE_AI_EMBEDDINGS_ENDPOINT, AZURE_AI_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_embeddings_async.py
"""

import asyncio
import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import EmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import EmbeddingInputType


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Print how close each document is to the question."""
    documents = ["Claude Monet painted water lilies.", "A bicycle has two wheels."]
    async with EmbeddingsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        found, asked = await asyncio.gather(
            client.embed(input=documents, input_type=EmbeddingInputType.DOCUMENT),
            client.embed(input="Who painted lilies?", input_type=EmbeddingInputType.QUERY),
        )
    question = asked.data[0].vector
    for item in found.data:
        print(f"{sum(a * b for a, b in zip(item.vector, question, strict=True)):.2f} {documents[item.index]}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_EMBEDDINGS_ENDPOINT")
    if endpoint:
        asyncio.run(main(endpoint, os.environ["AZURE_AI_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_EMBEDDINGS_MODEL")))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, None))
