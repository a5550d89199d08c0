"""Embed an image, alone and together with a text.

The endpoint is a serverless one, or https://RESOURCE.services.ai.azure.com/models. Many models
accept one image per request.

Set AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT, AZURE_AI_IMAGE_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_IMAGE_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_image_embeddings.py
"""

import os
from pathlib import Path

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ImageEmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ImageEmbeddingInput

IMAGE = Path(__file__).with_name("sample_image.png")


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print the size of the vectors, and how close they are."""
    image = ImageEmbeddingInput.load(image_file=IMAGE, image_format="png")
    pair = ImageEmbeddingInput.load(image_file=IMAGE, image_format="png", text="A picture for the samples")
    with ImageEmbeddingsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        vectors = [client.embed(input=[one]).data[0].vector for one in (image, pair)]
    closeness = sum(a * b for a, b in zip(*vectors, strict=True))
    print(f"{len(vectors[0])} numbers each; the image, and the image with a text: {closeness:.2f}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_IMAGE_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_IMAGE_EMBEDDINGS_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
