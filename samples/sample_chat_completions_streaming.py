"""Print an answer while the model writes it.

Leaving the ``with`` block early stops the model. A stream that breaks off raises after what has arrived.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_streaming.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print each piece of text as it arrives, then the number of tokens."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key)) as client:
        stream = client.complete(
            messages=[
                SystemMessage("You are a helpful assistant."),
                UserMessage("Give me five good reasons to exercise every day."),
            ],
            model=model,
            stream=True,
            stream_options={"include_usage": True},
        )
        with stream:
            for update in stream:
                for choice in update.choices:
                    print(choice.delta.content or "", end="", flush=True)
    print()
    if stream.usage:
        print(f"{stream.usage.completion_tokens} tokens")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
