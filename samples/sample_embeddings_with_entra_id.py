"""Embed texts and images with an Entra ID identity instead of a key.

Set AZURE_AI_EMBEDDINGS_ENDPOINT and AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT and, where the endpoints serve several models,
AZURE_AI_EMBEDDINGS_MODEL and AZURE_AI_IMAGE_EMBEDDINGS_MODEL; sign in, for example with `az login`; the identity needs
the role "Cognitive Services User" on the resource. `pip install azure-identity`.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_embeddings_with_entra_id.py
"""

import os
import time
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential

from azure.ai.inference import EmbeddingsClient, ImageEmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ImageEmbeddingInput

IMAGE = Path(__file__).with_name("sample_image.png")


def embed_text(endpoint: str, credential: TokenCredential, model: str | None) -> None:
    """Embed a text; the token's scope is the endpoint's own, unless you pass credential_scopes=."""
    with EmbeddingsClient(endpoint, credential, model=model) as client:
        result = client.embed(input="A French painter")
    print(f"a text: {len(result.data[0].vector)} numbers")


def embed_image(endpoint: str, credential: TokenCredential, model: str | None) -> None:
    """Embed an image."""
    image = ImageEmbeddingInput.load(image_file=IMAGE, image_format="png")
    with ImageEmbeddingsClient(endpoint, credential, model=model) as client:
        result = client.embed(input=[image])
    print(f"an image: {len(result.data[0].vector)} numbers")


class LocalCredential:
    """Stands in for azure-identity where the local endpoint answers."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Let the local endpoint issue a token that it accepts."""
        return AccessToken(self._emulator.token(scopes[0]), int(time.time()) + 3600)


def main() -> None:
    """Embed with the identity of the environment."""
    texts, images = (os.environ.get(f"AZURE_AI_{kind}_ENDPOINT") for kind in ("EMBEDDINGS", "IMAGE_EMBEDDINGS"))
    if texts and images:
        from azure.identity import DefaultAzureCredential

        with DefaultAzureCredential() as credential:
            embed_text(texts, credential, os.environ.get("AZURE_AI_EMBEDDINGS_MODEL"))
            embed_image(images, credential, os.environ.get("AZURE_AI_IMAGE_EMBEDDINGS_MODEL"))
    else:
        with Emulator() as local:
            embed_text(local.url, LocalCredential(local), None)
            embed_image(local.url, LocalCredential(local), None)


if __name__ == "__main__":
    main()
