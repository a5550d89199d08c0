"""Ask a model one question.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask, and print the answer and what it cost."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key)) as client:
        answer = client.complete(
            messages=[
                SystemMessage("You are a helpful assistant."),
                UserMessage("How many feet are in a mile?"),
            ],
            model=model,
        )
    print(answer.choices[0].message.content)
    print(f"{answer.usage.total_tokens} tokens by {answer.model}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
