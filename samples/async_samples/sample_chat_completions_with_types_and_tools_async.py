"""Let a model call functions, and read its final answer as a value of a type, from an asynchronous stream.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_chat_completions_with_types_and_tools_async.py
"""

import asyncio
import os
from dataclasses import dataclass
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage
from azure.ai.inference.tools import Toolset


@dataclass
class Advice:
    """What to wear."""

    coat: bool
    reason: str


async def get_weather(city: str) -> str:
    """Return the weather in a city.

    :param city: Its name.
    """
    await asyncio.sleep(0.01)
    return f"14 degrees in {city}"


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Run the tools that the model calls, then ask for the advice."""
    toolset = Toolset([get_weather])
    messages: list[Any] = [UserMessage("What is the weather in Rome?")]
    async with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        while True:
            stream = await client.complete(messages=messages, tools=toolset.definitions, stream=True)
            answer = await stream.get_final_completions()
            messages.append(answer.choices[0].message)
            results = await toolset.arun(answer)
            if not results:
                break
            print("\n".join(f"The tool says: {result.content}" for result in results))
            messages += results
        messages.append(UserMessage("Do I need a coat?"))
        stream = await client.complete(messages=messages, response_format=Advice, stream=True)
        advice = await stream.parse_as(Advice)
    print(f"Coat: {advice.coat}, because: {advice.reason}")


async def run() -> None:
    """Use the endpoint of the environment, or start one."""
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        await main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        async with Emulator() as local:
            await main(local.url, local.key, None)


if __name__ == "__main__":
    asyncio.run(run())
