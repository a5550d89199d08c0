"""Use what only Mistral's models support: their parameters, request objects, and a prefix for the answer.

The endpoint may be a serverless one, a Foundry resource, or https://api.mistral.ai.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_mistral.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionStreamRequest,
    StreamingChatCompletions,
    SystemMessage,
    UserMessage,
)


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask with Mistral's parameters, then with a whole request in one object."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        answer = client.complete(
            messages=[
                SystemMessage("Answer in French."),
                UserMessage("Why is the sky blue?"),
                AssistantMessage("En bref,", prefix=True),
            ],
            random_seed=7,
            min_tokens=5,
            max_tokens=200,
            safe_prompt=True,
        )
        print(answer.choices[0].message.text)
        request = ChatCompletionStreamRequest(
            messages=[UserMessage("Count to 5")], model=model or "azureai", temperature=0.5, top_k=40
        )
        stream = client.complete(request)
        if isinstance(stream, StreamingChatCompletions):  # type checkers cannot know what a body asks for
            print("".join(stream.text_deltas()))


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator(dialect="mistral") as local:
            main(local.url, local.key, None)
