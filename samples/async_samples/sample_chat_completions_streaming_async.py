"""Print an answer while the model writes it.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_chat_completions_streaming_async.py
"""

import asyncio
import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Print each piece of text as it arrives."""
    messages = [SystemMessage("You are a poet."), UserMessage("Write about the sea.")]
    async with (
        ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client,
        await client.complete(messages=messages, stream=True) as stream,
    ):
        async for update in stream:
            for choice in update.choices:
                print(choice.delta.content or "", end="", flush=True)
    print()


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        asyncio.run(main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL")))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, None))
