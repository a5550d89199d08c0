"""Set defaults for all calls of a client, and override them in one call.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_defaults.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import CompletionsFinishReason, SystemMessage, UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Call with the defaults, with one setting overridden, and with another client's defaults."""
    messages = [SystemMessage("Answer in one sentence."), UserMessage("What is a quasar?")]
    with ChatCompletionsClient(
        endpoint, AzureKeyCredential(key), model=model, temperature=0.2, max_tokens=200
    ) as client:
        print(client.complete(messages=messages).choices[0].message.content)

        short = client.complete(messages=messages, max_tokens=5)
        cut = short.choices[0].finish_reason == CompletionsFinishReason.TOKEN_LIMIT_REACHED
        print(short.choices[0].message.content, "... (cut at 5 tokens)" if cut else "")

        stable = client.with_defaults(temperature=None, seed=7)  # shares the connections of `client`
        print(stable.complete(messages=messages).choices[0].message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
