"""One measurement in a fresh process: `worker.py cpu|memory CONTENDER WORKLOAD SIZE URL SECONDS`.

Prints the processor time of an operation in microseconds, or its peak memory in KiB. Noise only adds time, so the
lowest of many short blocks counts, which take SECONDS of processor time together. Memory is measured by `tracemalloc`,
beyond what was held after the library had been used once.
"""

import asyncio
import gc
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from workloads import EVENTS, FEW_EVENTS, STREAM_EVENTS

import clients

BLOCK = 0.015
"""Seconds of processor time: so short that some blocks fall between bursts of other work on the machine."""
FEWEST_BLOCKS = 5
MOST_SECONDS = 6.0
"""No more blocks start after this many seconds."""


class Operation(NamedTuple):
    """The operation to measure."""

    run: Callable[[], object]
    prepare: Callable[[], object]
    """The same or a smaller operation, which loads and connects everything that is needed once."""
    count: int = 1
    """How many reported units one run has."""


def sync_operation(client: Any, name: str, size: int) -> Operation:
    """Choose the operation.

    :param client: One of `clients.SYNC`.
    :param name: The workload.
    :param size: Its size, if the workload has sizes.
    """
    if name in ("embed", "embed-base64"):
        embed = client.embedder("base64" if name == "embed-base64" else "float")
        return repeated(embed)
    if name in ("plain", "history", "messages"):
        messages = client.history({"plain": 1, "history": 100}.get(name, size))
        return Operation(lambda: client.complete(messages), lambda: client.complete(messages[:1]))
    question, count = client.history(1), EVENTS if name.startswith("stream") else size
    few, kind = min(count, 10), name.partition("-")[2] or "events"
    return Operation(
        lambda: client.drain(f"{kind}-{count}", question), lambda: client.drain(f"{kind}-{few}", question), count
    )


def async_operation(client: Any, name: str, size: int, loop: asyncio.AbstractEventLoop, events: int) -> Operation:
    """Choose the operation in an event loop.

    :param client: One of `clients.ASYNC`.
    :param name: The workload.
    :param size: How many at a time, if the workload has sizes.
    :param loop: The event loop.
    :param events: Events of each stream, if several are open at once.
    """
    question = client.history(1)

    def drain(model: str) -> Callable[[], Awaitable[object]]:
        return lambda: client.drain(model, question)

    if name == "plain-async":
        return repeated(_at_once(loop, 50, lambda: client.complete(question)), 50)
    if name == "short-async":
        return repeated(_at_once(loop, 100, drain("events-10")), 100)
    if name == "stream-async":
        return repeated(_at_once(loop, 1, drain(f"events-{EVENTS}")), EVENTS)
    run = _at_once(loop, size, drain(f"together-{size}-{events}"))
    return Operation(run, _at_once(loop, 1, drain(f"together-1-{events}")), size * events)


def repeated(run: Callable[[], object], count: int = 1) -> Operation:
    """Return an operation whose preparation is to run it."""
    return Operation(run, run, count)


def _at_once(loop: asyncio.AbstractEventLoop, width: int, one: Callable[[], Awaitable[object]]) -> Callable[[], object]:
    async def many() -> None:
        await asyncio.gather(*(one() for _ in range(width)))

    def run() -> None:
        loop.run_until_complete(many())

    return run


def cpu(operation: Operation, seconds: float) -> float:
    """Measure processor time.

    :return: Microseconds for each of an operation's `count` units.
    """
    operation.prepare()
    end = time.monotonic() + MOST_SECONDS
    blocks = [_time(operation.run, 1)]
    repetitions = max(1, round(BLOCK / blocks[0]))
    most = max(FEWEST_BLOCKS, round(seconds / BLOCK))
    while len(blocks) < most and time.monotonic() < end:
        blocks.append(_time(operation.run, repetitions))
    return min(blocks) / operation.count * 1e6


def _time(run: Callable[[], object], repetitions: int) -> float:
    before = time.process_time()
    for _ in range(repetitions):
        run()
    return (time.process_time() - before) / repetitions


def memory(operation: Operation, streams: int) -> float:
    """Measure memory.

    :return: Peak KiB for each of the streams that are open at once.
    """
    operation.prepare()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    operation.run()
    return (tracemalloc.get_traced_memory()[1] - before) / 1024 / streams


def main() -> None:
    """Measure, and print the number."""
    kind, contender, name, size, url, seconds = sys.argv[1:]

    def measure(operation: Operation) -> float:
        return cpu(operation, float(seconds)) if kind == "cpu" else memory(operation, streams)

    streams = int(size) if name == "streams" else 1
    if name != "streams" and not name.endswith("-async"):
        print(measure(sync_operation(clients.SYNC[contender](url), name, int(size))))
        return
    loop = asyncio.new_event_loop()

    async def build() -> Any:
        return clients.ASYNC[contender](url, connections=1000 if name == "streams" else None)

    client = loop.run_until_complete(build())
    print(measure(async_operation(client, name, int(size), loop, STREAM_EVENTS if kind == "cpu" else FEW_EVENTS)))
    loop.run_until_complete(client.close())
    loop.close()


if __name__ == "__main__":
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    main()
