"""Answer fifty prompts, several at a time, as fast as the quota allows.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_complete_many.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print each answer, or the error, in the order of the prompts."""
    prompts = [f"How many feet are in {number} miles?" for number in range(1, 51)]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        many = client.complete_many(prompts, max_concurrency=10, temperature=0)
        for prompt, result in zip(prompts, many, strict=True):
            print(prompt, result.answer.choices[0].message.content if result.ok else result.error)
    print(f"{many.summary.answered} answered, {many.summary.usage.total_tokens} tokens")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
