"""Embed many images, a few at a time.

Set AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT, AZURE_AI_IMAGE_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_IMAGE_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_image_embeddings_async.py
"""

import asyncio
import os
from pathlib import Path

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ImageEmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ImageEmbeddingInput

IMAGE = Path(__file__).parents[1] / "sample_image.png"


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Print which image each vector belongs to; the files are read as requests are sent."""
    images = (ImageEmbeddingInput.load(image_file=IMAGE, image_format="png", text=text) for text in ("one", "two"))
    async with ImageEmbeddingsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        async for result in client.embed_batches(images, max_concurrency=2):
            print(f"image {result.data[0].index}: {len(result.data[0].vector)} numbers")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT")
    if endpoint:
        asyncio.run(
            main(
                endpoint, os.environ["AZURE_AI_IMAGE_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_IMAGE_EMBEDDINGS_MODEL")
            )
        )
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, None))
