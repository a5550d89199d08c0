"""Embed more texts than one request may hold, with a progress bar.

With tqdm, pass `on_progress=bar.update`.

Set AZURE_AI_EMBEDDINGS_ENDPOINT, AZURE_AI_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_embeddings_batches.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import EmbeddingsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.exceptions import BatchError


def show_progress(done: int, total: int) -> None:
    """Draw a progress bar."""
    print(f"\r[{'#' * (20 * done // total):20}] {done}/{total}", end="\n" if done == total else "")


def main(endpoint: str, key: str, model: str | None) -> None:
    """Process vectors as they arrive, in the order of the texts, without keeping all of them."""
    texts = [f"This is text number {number}." for number in range(1000)]
    numbers = 0
    with (
        EmbeddingsClient(endpoint, AzureKeyCredential(key), model=model, dimensions=16) as client,
        client.embed_batches(texts, batch_size=100, max_concurrency=4) as batches,
    ):
        try:
            for result in batches:
                numbers += sum(len(item.vector) for item in result.data)  # here, put them into a database
                show_progress(result.data[-1].index + 1, len(texts))
        except BatchError as error:
            print(f"\nThe texts {error.indices[0]} to {error.indices[-1]} failed: {error.message}")
    print(f"{numbers} numbers, {batches.usage.total_tokens} tokens")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_EMBEDDINGS_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_EMBEDDINGS_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
