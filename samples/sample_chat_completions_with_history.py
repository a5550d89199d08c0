"""Hold a conversation: a model only remembers what is sent again.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_history.py
"""

import os
from collections.abc import Mapping
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Append each answer to the conversation, as received, and ask again."""
    questions = ["What is the capital of France?", "And of Italy?", "Which of them is older?"]
    messages: list[Mapping[str, Any]] = [SystemMessage("You know your way around the world.")]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        for question in questions:
            messages.append(UserMessage(question))
            answer = client.complete(messages=messages).choices[0].message
            messages.append(answer)
            print(f"user: {question}\nassistant: {answer.content}")
    print(f"The conversation has {len(messages)} messages")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
