"""Load-test code that streams from a model: a thousand streams at once, with the pace and the faults of a real service.

The endpoint runs in this process; for real measurements, start it in another process and pass its address:

    python -m azure.ai.inference.emulator --latency 0.2 --token-rate 50 --faults "429:every=50,wait=1"
    python samples/async_samples/sample_load_test_async.py
"""

import asyncio
import os
import time

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.emulator import DEFAULT_KEY, Emulator
from azure.ai.inference.models import UserMessage

STREAMS = int(os.environ.get("STREAMS", "1000"))


async def count(client: ChatCompletionsClient) -> int:
    """Read one stream to its end, and return the number of its updates."""
    stream = await client.complete(messages=[UserMessage("count to 50")], stream=True)
    return len([update async for update in stream])


async def load(url: str, key: str) -> None:
    """Open all streams at once and print how long they took."""
    async with ChatCompletionsClient(url, AzureKeyCredential(key)) as client:
        began = time.perf_counter()
        updates = await asyncio.gather(*(count(client) for _ in range(STREAMS)))
        seconds = time.perf_counter() - began
    print(f"{len(updates)} streams, {sum(updates)} updates, {seconds:.1f} seconds")


async def main() -> None:
    """Use the endpoint of the environment, or start one."""
    url = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if url:
        await load(url, os.environ.get("AZURE_AI_CHAT_KEY", DEFAULT_KEY))
        return
    async with Emulator(latency=0.05, token_rate=100) as endpoint:
        await load(endpoint.url, endpoint.key)


if __name__ == "__main__":
    asyncio.run(main())
