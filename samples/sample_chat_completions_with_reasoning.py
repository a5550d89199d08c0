"""Separate a model's reasoning from its answer.

`reasoning` and `text` read every format in which services return reasoning: members, chunks, and tags in the text.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_reasoning.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask once for a whole answer, and once for a stream."""
    messages = [UserMessage("What is 17 times 3?")]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        message = client.complete(messages=messages, reasoning_effort="low").choices[0].message
        print(f"It thought: {message.reasoning or '(the service does not show it)'}")
        print(f"It answers: {message.text}")
        for update in client.complete(messages=messages, reasoning_effort="low", stream=True):
            for choice in update.choices:
                print(choice.delta.reasoning or choice.delta.text, end="", flush=True)
        print()


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator(dialect="deepseek") as local:
            main(local.url, local.key, None)
