"""Ask a model several questions at once.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_chat_completions_async.py
"""

import asyncio
import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage


async def ask(client: ChatCompletionsClient, question: str) -> str:
    """Ask one question."""
    answer = await client.complete(messages=[UserMessage(question)])
    return answer.choices[0].message.content or ""


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask all of them, and print the answers in order."""
    questions = ["How many feet are in a mile?", "What is a quasar?", "Who wrote Faust?"]
    async with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        for answer in await asyncio.gather(*(ask(client, question) for question in questions)):
            print(answer)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        asyncio.run(main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL")))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, None))
