"""Show an answer as the model writes it, and get the whole answer at the end.

The stream's `get_final_completions()` is what the plain call would have returned; `parse_as` reads it as a type.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_assembled_stream.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.exceptions import IncompleteStreamError
from azure.ai.inference.models import UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print pieces of the answer as they arrive, then facts about the whole."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        stream = client.complete(
            messages=[UserMessage("Count to 20")], stream=True, stream_options={"include_usage": True}
        )
        try:
            for text in stream.text_deltas():
                print(text, end="", flush=True)
            answer = stream.get_final_completions()
        except IncompleteStreamError as error:
            print(f"... the stream broke off; what had come is in error.partial: {error.partial}")
            raise
    choice = answer.choices[0]
    print(f"\nThe answer has {len(choice.message.text)} characters and ended with {choice.finish_reason}")
    print(f"{answer.usage.total_tokens} tokens by {answer.model}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
