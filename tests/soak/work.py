"""Make the calls of a soak, in threads and in tasks.

The calls are written once, as coroutines. In a thread, the clients' methods have ended before they are awaited, so the
coroutine never waits, and a single `send` runs it.
"""

import asyncio
import gc
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

import azure.ai.inference
import azure.ai.inference.aio
from azure.ai.inference.emulator._hashed_embeddings import _text_features, vector
from azure.ai.inference.tools import Toolset
from clients.worlds import Block, close, iterate, settle

from .plan import EMBEDDING, FAULTS, PATIENT, Job, Seen

T = TypeVar("T")
DIMENSIONS: Final = 32
KEY: Final = "local-emulator-key"


def get_weather(city: str) -> str:
    """Return the weather in a city.

    :param city: The name of the city.
    """
    return f"It is mild in {city}."


TOOLS: Final = Toolset([get_weather])


def run_at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    raise RuntimeError("it waited")


class Clients:
    """The clients of one world, one for each deployment, shared by all callers."""

    def __init__(self, url: str, package: Any) -> None:
        self.waits = package is azure.ai.inference.aio
        options = {**PATIENT, "retry_backoff_factor": 0.002, "retry_backoff_max": 0.05}
        chat, embeddings = package.ChatCompletionsClient, package.EmbeddingsClient
        urls = {name: f"{url}/openai/deployments/{name}" for name in FAULTS}
        self.chat = {name: chat(found, KEY, **options) for name, found in urls.items()}
        self.embeddings = {name: embeddings(urls[name], KEY, dimensions=DIMENSIONS, **options) for name in EMBEDDING}

    async def close(self) -> None:
        """Close them all."""
        for client in (*self.chat.values(), *self.embeddings.values()):
            await close(client)

    async def perform(self, job: Job) -> Seen:
        """Make a call, and return its outcome."""
        texts: list[str] = []
        try:
            await getattr(self, f"_{job.scenario.kind}")(job, texts)
        except Exception as error:  # noqa: BLE001 - what comes is what is asked
            choices = getattr(getattr(error, "partial", None), "choices", None)
            partial = choices[0].message.content if choices else None
            return Seen("".join(texts), type(error).__name__, partial, str(error)[:200])
        return Seen("".join(texts))

    async def _plain(self, job: Job, texts: list[str]) -> None:
        answer = await self._complete(job, [_user(f"count to {job.number}")])
        texts.append(answer.choices[0].message.content)

    async def _tools(self, job: Job, texts: list[str]) -> None:
        messages: list[Any] = [_user(f"What is the weather in {job.city}?")]
        while True:
            answer = await self._complete(job, messages, tools=TOOLS.definitions)
            messages.append(answer.choices[0].message)
            results = TOOLS.run(answer)
            if not results:
                break
            messages += results
        texts.append(answer.choices[0].message.content)

    async def _embed(self, job: Job, texts: list[str]) -> None:
        client = self.embeddings[job.scenario.deployment]
        result = await settle(client.embed(input=job.texts, **job.scenario.options))
        texts.append(_checked(job, [item.embedding for item in result.data]))

    async def _batches(self, job: Job, texts: list[str]) -> None:
        client = self.embeddings[job.scenario.deployment]
        vectors: list[Any] = []
        async for part in iterate(client.embed_batches(job.texts, batch_size=5)):
            assert [item.index for item in part.data] == list(range(len(vectors), len(vectors) + len(part.data)))
            vectors += [item.embedding for item in part.data]
        texts.append(_checked(job, vectors))

    async def _stream(self, job: Job, texts: list[str]) -> None:
        stream = await self._complete(job, [_user(f"count to {job.number}")], stream=True)
        action = job.scenario.action
        if action == "read":
            await _read(stream, texts)
        elif action == "cancel" and self.waits:
            await _cancel(stream, texts)
        elif action == "leave":
            async with Block(stream):
                await _first(stream, texts)
        elif action == "forget":
            await _first(stream, texts)
            del stream
            gc.collect(0)
        else:
            await _first(stream, texts)
            await close(stream)

    async def _complete(self, job: Job, messages: list[Any], **options: Any) -> Any:
        client = self.chat[job.scenario.deployment]
        return await settle(client.complete(messages=messages, **options, **job.scenario.options))


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _checked(job: Job, vectors: list[Any]) -> str:
    """Compare vectors with those that the emulator computes for the texts."""
    wanted = [vector(_text_features(text), DIMENSIONS) for text in job.texts]
    return f"{len(vectors)} vectors" if vectors == wanted else "other vectors"


async def _read(stream: Any, texts: list[str]) -> None:
    async for update in iterate(stream):
        texts += [choice.delta.content for choice in update.choices or () if choice.delta.content]


async def _first(stream: Any, texts: list[str]) -> None:
    """Read up to the first text."""
    updates = iterate(stream)
    while not texts:
        update = await anext(updates)
        texts += [choice.delta.content for choice in update.choices or () if choice.delta.content]


async def _cancel(stream: Any, texts: list[str]) -> None:
    """Cancel a reading task when the first text has arrived."""
    came = asyncio.Event()

    async def read() -> None:
        await _first(stream, texts)
        came.set()
        await _read(stream, [])

    task = asyncio.create_task(read())
    await asyncio.wait_for(came.wait(), 30)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
