"""Embed more texts than one request may hold, and combine them into one result.

With tqdm, pass `on_progress=bar.update`.

Set AZURE_AI_EMBEDDINGS_ENDPOINT, AZURE_AI_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_embeddings_batches_async.py
"""

import asyncio
import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import EmbeddingsClient
from azure.ai.inference.emulator import Emulator


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Print the progress, and the result."""
    texts = [f"This is text number {number}." for number in range(1000)]
    done = 0

    def count(inputs: int) -> None:
        nonlocal done
        done += inputs
        print(f"{done} of {len(texts)}")

    async with EmbeddingsClient(endpoint, AzureKeyCredential(key), model=model, dimensions=16) as client:
        result = await client.embed_batches(texts, batch_size=250, on_progress=count).collect()
    print(f"{len(result.data)} embeddings, {result.usage.total_tokens} tokens by {result.model}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_EMBEDDINGS_ENDPOINT")
    if endpoint:
        asyncio.run(main(endpoint, os.environ["AZURE_AI_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_EMBEDDINGS_MODEL")))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, None))
