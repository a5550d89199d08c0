"""Put a picture and an earlier conversation into a prompt, with the asynchronous client.

The prompty file declares `picture` as an image and `conversation` as a thread, so what is passed becomes an image and
messages. Templates do not wait for anything and are the same for both clients.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and AZURE_AI_CHAT_MODEL to use a real endpoint; without them the sample
runs against the local emulator (pip install azure-ai-inference[aio,emulator,prompts]).

    python sample_prompt_image_async.py
"""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.prompts import PromptTemplate

RED_PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


async def main() -> None:
    """Run the sample."""
    template = PromptTemplate.from_prompty("sample_prompt_image.prompty")
    messages = template.create_messages(
        picture=RED_PIXEL,
        conversation=[
            {"role": "user", "content": "Answer in French, please."},
            {"role": "assistant", "content": "Volontiers."},
        ],
    )
    with ExitStack() as stack:
        endpoint, key = os.environ.get("AZURE_AI_CHAT_ENDPOINT"), os.environ.get("AZURE_AI_CHAT_KEY")
        if not endpoint or not key:
            from azure.ai.inference.emulator import Emulator

            emulator = stack.enter_context(Emulator())
            endpoint, key = emulator.url, emulator.key
        async with ChatCompletionsClient(endpoint, AzureKeyCredential(key)) as client:
            model = os.environ.get("AZURE_AI_CHAT_MODEL", template.model_name)
            response = await client.complete(messages=messages, model=model, **template.parameters)
            print(response.choices[0].message.content)


asyncio.run(main())
