"""Request embeddings in base64, a fifth of the bytes, or as one bit per dimension.

The encodings depend on the model: Azure OpenAI's support base64, Cohere's all of `EmbeddingEncodingFormat`.

Set AZURE_AI_EMBEDDINGS_ENDPOINT, AZURE_AI_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_embeddings_base64.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import EmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import EmbeddingEncodingFormat


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print both forms: `embedding` is as received, `vector` is always an array of numbers."""
    with EmbeddingsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        for encoding in (EmbeddingEncodingFormat.BASE64, EmbeddingEncodingFormat.UBINARY):
            item = client.embed(input="A French painter", encoding_format=encoding).data[0]
            came, read = type(item.embedding).__name__, item.vector
            print(f"{encoding.value}: came as {came}, reads as {len(read)} numbers of type {read.typecode!r}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_EMBEDDINGS_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_EMBEDDINGS_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
