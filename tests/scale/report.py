"""Measure the bars of many rows, and write them into the guide. Takes minutes on a machine that does nothing else.

python tests/scale/report.py [--rows 3000] [--write]
"""

import argparse
import asyncio
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "many_rows.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from azure.ai.inference.aio import ChatCompletionsClient  # noqa: E402 - as above
from azure.ai.inference.batch import BatchRun  # noqa: E402 - as above
from azure.ai.inference.batch._results import answered  # noqa: E402 - as above
from azure.ai.inference.batch._row_calls import RowCalls  # noqa: E402 - as above
from azure.ai.inference.batch._run_journal import Journal  # noqa: E402 - as above
from azure.ai.inference.models import ChatCompletions  # noqa: E402 - as above
from batch.conftest import rows_of  # noqa: E402 - behind the path
from unit.batch.test_pacing import Play, a_third, as_estimated  # noqa: E402 - as above

Row = tuple[str, str, str]


def endpoint(*options: str) -> "tuple[subprocess.Popen[str], str, str]":
    """Start an emulator in a process of its own."""
    command = [sys.executable, "-m", "azure.ai.inference.emulator", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    match = re.search(r"on (http://\S+) with key (\S+)", process.stdout.readline())
    assert match
    return process, match[1], match[2]


async def gather(client: Any, rows: list[Any]) -> None:
    room = asyncio.Semaphore(64)

    async def one(row: Any) -> None:
        async with room:
            await client.complete(messages=row.body["messages"])

    await asyncio.gather(*map(one, rows))


def cpu(work: Callable[[], Any]) -> float:
    """Return the processor time that something takes, in seconds."""
    began = resource.getrusage(resource.RUSAGE_SELF)
    work()
    ended = resource.getrusage(resource.RUSAGE_SELF)
    return ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime


def cost_of_a_row(count: int) -> Row:
    """Compare the processor time of a row with that of `complete` in a gather."""
    process, url, key = endpoint()
    rows = rows_of(count)
    for row in rows:
        row.body["messages"][0]["content"] = "Hi"

    def make() -> ChatCompletionsClient:
        return ChatCompletionsClient(f"{url}/v1", key, model="m")

    async def gathered() -> None:
        async with make() as client:
            await gather(client, rows)

    try:
        plain, run = [], []
        for _ in range(7):
            plain.append(cpu(lambda: asyncio.run(gathered())))
            with TemporaryDirectory() as folder:
                run.append(cpu(lambda: BatchRun(make, output=Path(folder) / "out.jsonl").run(rows)))
    finally:
        process.terminate()
    each, ratio = 1000 * min(run) / count, min(run) / min(plain)
    return (
        "processor time of a row, with journal and pacer, over `complete()` in a gather",
        f"{ratio:.2f} times, {each:.2f} ms",
        "1.15 times",
    )


def quotas() -> list[Row]:
    """Play ten minutes of quotas."""
    alone = [
        Play(1, in_flight, (100,), as_estimated, requests=600, window=window, refused_count=True).run()
        for window in (1, 10, 60)
        for in_flight in (64, 512)
    ]
    tokens = [Play(1, 64, (50, 100, 200), costs, tokens_per_minute=60_000).run() for costs in (as_estimated, a_third)]
    two = [Play(2, 64, (100,), as_estimated, requests=600, window=window).run() for window in (1, 10, 60)]
    least = min(came.used for came in alone + tokens)
    most = max(came.refused for came in alone + tokens)
    share = min(min(came.answered) / sum(came.answered) for came in two)
    of_two = (
        f"{min(came.used for came in two):.0%} used, {max(came.refused for came in two):.1%} refused, {share:.0%} each"
    )
    return [
        (
            "requests refused in ten minutes, windows of 1, 10 and 60 s, 64 and 512 in flight, tokens",
            f"{most:.1%}",
            "0.5 %",
        ),
        ("share of the quota that is used", f"{least:.0%}", "95 %"),
        ("two runs on one deployment", of_two, "85 % used, 2 % refused, 35 % each"),
    ]


def resuming(count: int) -> list[Row]:
    """Measure how long rows that are done take to be passed over, and what memory they take."""
    completion = ChatCompletions({"model": "m", "choices": [{"message": {"content": "x" * 200}}], "usage": {}})
    client = ChatCompletionsClient("http://127.0.0.1:9/v1", "k", model="m")
    calls = RowCalls(client)
    with TemporaryDirectory() as folder:
        output = Path(folder) / "out.jsonl"
        journal = Journal(output)
        for number, row in enumerate(rows_of(count)):
            journal.write(answered(row.custom_id, calls(row, number).sha256, completion, 1, 0.1))
        journal.close(whole=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows = rows_of(count)
        taken = cpu(
            lambda: BatchRun(lambda: ChatCompletionsClient("http://127.0.0.1:9/v1", "k", model="m"), output=output).run(
                rows
            )
        )
        index = Journal(output).index
        size = 24 * index._size / count
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return [
        ("a million rows that are done, passed over", f"{taken / count * 1e6:.0f} s", "12 s"),
        ("memory of a row that is done", f"{size:.0f} bytes (peak grew by {grown} KB for {count:,})", "100 bytes"),
    ]


def kills(rounds: int) -> Row:
    """Kill runs at random moments."""
    command = [sys.executable, "-m", "pytest", "tests/batch/test_kills.py", "-k", "lost", "-n", "0", "-q"]
    ran = subprocess.run(command, cwd=ROOT, env={**__import__("os").environ, "KILL_ROUNDS": str(rounds)}, check=False)
    said = "nothing lost, at most what was in flight paid twice" if ran.returncode == 0 else "FAILED"
    return f"kill -9 at random moments, twice in each of {2 * rounds} runs", said, "the same"


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    rows: list[Row] = [cost_of_a_row(options.rows), *quotas(), *resuming(100_000), kills(options.kills)]
    lines = ["| What | Measured | Goal |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    table = "\n".join(lines)
    sys.stdout.write(f"{table}\n{json.dumps({'seconds': round(time.monotonic() - began)})}\n")
    if options.write:
        head, mark, rest = GUIDE.read_text("utf-8").partition("<!-- written by tests/scale/report.py -->\n")
        GUIDE.write_text(f"{head}{mark}\n{table}\n\n<!-- end -->{rest.partition('<!-- end -->')[2]}", "utf-8")


if __name__ == "__main__":
    main()
