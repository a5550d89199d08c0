"""Embed three texts, and see which two are close.

Set AZURE_AI_EMBEDDINGS_ENDPOINT, AZURE_AI_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_embeddings.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import EmbeddingsClient
from azure.ai.inference.emulator import Emulator


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print the first numbers, and how close the texts are: 1 for identical, about 0 for unrelated ones."""
    texts = ["The painters of France", "A French painter", "How to fix a bicycle"]
    with EmbeddingsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        result = client.embed(input=texts)
    for item in result.data:
        print(f"{texts[item.index]}: {len(item.vector)} numbers, {', '.join(f'{x:.3f}' for x in item.vector[:3])} ...")
    first, *others = (item.vector for item in result.data)
    for text, other in zip(texts[1:], others, strict=True):
        print(f"{texts[0]} / {text}: {sum(a * b for a, b in zip(first, other, strict=True)):.2f}")
    print(f"{result.usage.total_tokens} tokens by {result.model}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_EMBEDDINGS_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_EMBEDDINGS_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
