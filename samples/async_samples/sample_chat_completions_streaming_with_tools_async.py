"""Stream an answer; the model may call coroutines first.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_chat_completions_streaming_with_tools_async.py
"""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage
from azure.ai.inference.tools import Toolset


async def temperature(city: str) -> str:
    """Measure the temperature in a city.

    :param city: The name of the city.
    """
    await asyncio.sleep(0)  # here a service would be asked
    return f"It is {10 + len(city)} degrees in {city}."


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Print text as it arrives, run what the model calls, and repeat until it calls nothing."""
    toolset = Toolset([temperature])
    messages: list[Mapping[str, Any]] = [UserMessage("What is the temperature in Rome?")]
    async with ChatCompletionsClient(
        endpoint, AzureKeyCredential(key), model=model, tools=toolset.definitions
    ) as client:
        while True:
            async with await client.complete(messages=messages, stream=True) as stream:
                async for text in stream.text_deltas():
                    print(text, end="", flush=True)
                answer = await stream.get_final_completions()
            messages.append(answer.choices[0].message)
            results = await toolset.arun(answer)
            if not results:
                break
            print(f"The model called {len(results)} function(s)")
            messages += results
    print()


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        asyncio.run(main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL")))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, None))
