"""Hold a conversation in the terminal; each answer is printed while the model writes it.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator". If the input is not a terminal, a short
conversation is played.

    python samples/sample_conversation.py
"""

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage

SCRIPT = ("My name is Ada. Who are you?", "What is my name?", "Count to 5.")


def questions() -> Iterator[str]:
    """Read what the user says, line by line, or play the script."""
    if not sys.stdin.isatty():
        for question in SCRIPT:
            print(f"you: {question}")
            yield question
        return
    print("Say something; an empty line ends the conversation.")
    while question := input("you: ").strip():
        yield question


def main(endpoint: str, key: str, model: str | None) -> None:
    """Send the whole conversation with each question, and keep the answer in it."""
    messages: list[Mapping[str, Any]] = [SystemMessage("You are a friendly assistant. Answer in a few sentences.")]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        for question in questions():
            messages.append(UserMessage(question))
            print("model: ", end="")
            with client.complete(messages=messages, stream=True) as stream:
                for text in stream.text_deltas():
                    print(text, end="", flush=True)
                answer = stream.get_final_completions()
            print()
            messages.append(answer.choices[0].message)


if __name__ == "__main__":
    endpoint, key = os.environ.get("AZURE_AI_CHAT_ENDPOINT"), os.environ.get("AZURE_AI_CHAT_KEY")
    try:
        if endpoint and key:
            main(endpoint, key, os.environ.get("AZURE_AI_CHAT_MODEL"))
        elif endpoint:
            sys.exit(f"AZURE_AI_CHAT_KEY is not set: it is the key of {endpoint}.")
        else:
            print("AZURE_AI_CHAT_ENDPOINT is not set: the local emulator answers.")
            with Emulator() as local:
                main(local.url, local.key, None)
    except (AzureError, ImportError, ValueError) as error:
        print()
        sys.exit(f"No answer from {endpoint or 'the emulator'}: {str(error).splitlines()[0]}")
    except (EOFError, KeyboardInterrupt):
        print()
