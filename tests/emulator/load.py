"""Measure the cost of the page: ``python tests/emulator/load.py [ROUNDS]``, with and without a browser that shows
it.

Sends 20,000 requests, then opens 1,000 streams at once, to an emulator in its own process (Linux). Rounds with and
without the page alternate; the lowest figure of each kind counts, because noise only adds. It ends within six minutes:
no round starts that would exceed them.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.emulator.browser import Browser

REQUESTS = 20_000
STREAMS = 1_000
CALLERS = 64
KEPT = 1_000
LONGEST = 345.0
"""Maximum seconds for all rounds."""
HEADERS = {"api-key": "local-emulator-key"}


class Round(NamedTuple):
    """The result of one round."""

    requests_seconds: float
    streams_seconds: float
    requests_processor: float
    streams_processor: float
    memory_at_start: float
    memory_after_requests: float
    memory_after_streams: float


ROWS = {
    "requests_seconds": f"{REQUESTS:,} requests, seconds",
    "streams_seconds": f"{STREAMS:,} open streams, seconds",
    "requests_processor": f"{REQUESTS:,} requests, processor seconds of the emulator",
    "streams_processor": f"{STREAMS:,} open streams, processor seconds of the emulator",
    "memory_at_start": "memory of the emulator at the start, MB",
    "memory_after_requests": "memory after the requests, MB",
    "memory_after_streams": "memory after the streams, MB",
}


def body(text: str, *, stream: bool = False) -> dict[str, Any]:
    """Return the body of a request."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream}


async def ask(session: aiohttp.ClientSession, url: str, number: int, *, stream: bool = False) -> None:
    """Send a request and read its answer."""
    text = "count to 40" if stream else f"question {number}"
    async with session.post(f"{url}/v1/chat/completions", json=body(text, stream=stream), headers=HEADERS) as response:
        await response.read()
        assert response.status == 200


async def ask_all(session: aiohttp.ClientSession, url: str) -> float:
    """Return the seconds that all requests take, sent by this many callers."""
    numbers = iter(range(REQUESTS))

    async def call() -> None:
        for number in numbers:
            await ask(session, url, number)

    return await timed(asyncio.gather(*(call() for _ in range(CALLERS))))


async def stream_all(session: aiohttp.ClientSession, url: str) -> float:
    """Return the seconds that all streams take, open at once."""
    return await timed(asyncio.gather(*(ask(session, url, number, stream=True) for number in range(STREAMS))))


async def timed(work: Any) -> float:
    """Return the seconds that a function takes."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def memory(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) / 1000


def processor(pid: int) -> float:
    """Return the processor seconds of a process."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def load(url: str, pid: int) -> Round:
    """Load an emulator."""
    used = [processor(pid)]
    held = [memory(pid)]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        requests = await ask_all(session, url)
        used.append(processor(pid))
        held.append(memory(pid))
        streams = await stream_all(session, url)
        used.append(processor(pid))
        held.append(memory(pid))
    return Round(requests, streams, used[1] - used[0], used[2] - used[1], *held)


def measure(browser: Browser | None) -> Round:
    """Run one round, with or without the page open."""
    command = [sys.executable, "-m", "azure.ai.inference.emulator", "--port", "0", "--ui", "--requests-kept", str(KEPT)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split(" on ")[1].split()[0]
        page = next(line.split()[1] for line in process.stdout if line.startswith("Open "))
        if browser is not None:
            browser.open(page)
            browser.wait_for("live", "#live")
        work: Coroutine[Any, Any, Round] = load(url, process.pid)
        found = asyncio.run(work)
        if browser is not None:
            browser.wait_for(f"{KEPT:,} requests", "#totals")
            browser.open("about:blank")
        return found
    finally:
        process.terminate()
        process.communicate()


def table(without: list[Round], shown: list[Round]) -> str:
    """Return the results, with ratios."""
    lines = ["", f"Least of {len(shown)} rounds each", f"{'':62}{'without':>10}{'with page':>11}{'ratio':>8}"]
    for name, title in ROWS.items():
        one, other = (min(getattr(round_, name) for round_ in kind) for kind in (without, shown))
        lines.append(f"{title:62}{one:10.2f}{other:11.2f}{other / one:8.2f}")
    return "\n".join(lines)


def main(rounds: int) -> None:
    """Measure, and print a table."""
    began = time.monotonic()
    without: list[Round] = []
    shown: list[Round] = []
    browser = Browser()
    try:
        for number in range(1, rounds + 1):
            started = time.monotonic()
            without.append(measure(None))
            shown.append(measure(browser))
            took = time.monotonic() - started
            print(f"round {number} of {rounds} took {took:.0f} s", flush=True)
            if time.monotonic() - began + took > LONGEST:
                break
    finally:
        browser.close()
    print(table(without, shown))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
