"""Build the client that fits the endpoint's model.

Serverless and managed endpoints report what they serve; for others, pass `model_type="chat_completion"`, and nobody
is asked.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_load_client.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient, load_client
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print which client was built, and use it."""
    with load_client(endpoint, AzureKeyCredential(key), model=model) as client:
        print(f"{type(client).__name__} for {client.get_model_info().model_name}")
        if isinstance(client, ChatCompletionsClient):
            print(client.complete(messages=[UserMessage("How many feet are in a mile?")]).choices[0].message.content)
        elif isinstance(client, EmbeddingsClient):
            print(client.embed(input="How many feet are in a mile?").usage)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
