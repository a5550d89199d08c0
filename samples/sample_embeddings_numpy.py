"""Search texts by meaning, with numpy.

`pip install numpy`.

Set AZURE_AI_EMBEDDINGS_ENDPOINT, AZURE_AI_EMBEDDINGS_KEY and, where the endpoint serves several
models, AZURE_AI_EMBEDDINGS_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_embeddings_numpy.py
"""

import os

import numpy
from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import EmbeddingsClient
from azure.ai.inference.emulator import Emulator


def main(endpoint: str, key: str, model: str | None) -> None:
    """Embed documents and a question, and print the documents, best match first."""
    documents = ["Claude Monet painted water lilies.", "A bicycle has two wheels.", "Paris is the capital of France."]
    with EmbeddingsClient(endpoint, AzureKeyCredential(key), model=model, encoding_format="base64") as client:
        matrix = client.embed(input=documents).to_numpy()
        question = client.embed(input="Who painted lilies?").to_numpy()[0]
    scores = matrix @ question
    for index in numpy.argsort(-scores):
        print(f"{scores[index]:.2f} {documents[index]}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_EMBEDDINGS_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_EMBEDDINGS_KEY"], os.environ.get("AZURE_AI_EMBEDDINGS_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
