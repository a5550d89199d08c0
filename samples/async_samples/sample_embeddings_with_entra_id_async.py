"""Embed texts and images with an Entra ID identity instead of a key.

Set AZURE_AI_EMBEDDINGS_ENDPOINT and AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT and, where the endpoints serve several models,
AZURE_AI_EMBEDDINGS_MODEL and AZURE_AI_IMAGE_EMBEDDINGS_MODEL; sign in, for example with `az login`; the identity needs
the role "Cognitive Services User" on the resource. `pip install azure-identity aiohttp`.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_embeddings_with_entra_id_async.py
"""

import asyncio
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential

from azure.ai.inference.aio import EmbeddingsClient, ImageEmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ImageEmbeddingInput

IMAGE = Path(__file__).parents[1] / "sample_image.png"


async def embed_text(endpoint: str, credential: AsyncTokenCredential, model: str | None) -> None:
    """Embed a text; the token's scope is the endpoint's own, unless you pass credential_scopes=."""
    async with EmbeddingsClient(endpoint, credential, model=model) as client:
        result = await client.embed(input="A French painter")
    print(f"a text: {len(result.data[0].vector)} numbers")


async def embed_image(endpoint: str, credential: AsyncTokenCredential, model: str | None) -> None:
    """Embed an image."""
    image = ImageEmbeddingInput.load(image_file=IMAGE, image_format="png")
    async with ImageEmbeddingsClient(endpoint, credential, model=model) as client:
        result = await client.embed(input=[image])
    print(f"an image: {len(result.data[0].vector)} numbers")


class LocalCredential:
    """Stands in for azure-identity where the local endpoint answers."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Let the local endpoint issue a token that it accepts."""
        return AccessToken(self._emulator.token(scopes[0]), int(time.time()) + 3600)

    async def close(self) -> None:
        """Hold nothing."""

    async def __aenter__(self) -> "LocalCredential":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()


async def main() -> None:
    """Embed with the identity of the environment."""
    texts, images = (os.environ.get(f"AZURE_AI_{kind}_ENDPOINT") for kind in ("EMBEDDINGS", "IMAGE_EMBEDDINGS"))
    if texts and images:
        from azure.identity.aio import DefaultAzureCredential

        async with DefaultAzureCredential() as credential:
            await embed_text(texts, credential, os.environ.get("AZURE_AI_EMBEDDINGS_MODEL"))
            await embed_image(images, credential, os.environ.get("AZURE_AI_IMAGE_EMBEDDINGS_MODEL"))
    else:
        with Emulator() as local:
            await embed_text(local.url, LocalCredential(local), None)
            await embed_image(local.url, LocalCredential(local), None)


if __name__ == "__main__":
    asyncio.run(main())
