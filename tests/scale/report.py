"""Measure the figures of many rows, and write them into the guide.

Takes 25 minutes on an otherwise idle machine, ten of them for the quota with Ray. `cpu`, `throughput`, `million` and
`ray` need such a machine; the others tolerate load.

    python tests/scale/report.py --write                    # everything; Ray too, if its environment can be created
    python tests/scale/report.py --only cpu --only kills    # some of it; the rest keeps its last result

Results are kept in `.venv/scale_report.json`, so an interrupted report can be continued with `--only`.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "many_rows.md"
MEASURED = ROOT / ".venv" / "scale_report.json"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from azure.ai.inference.aio import ChatCompletionsClient  # noqa: E402 - as above
from azure.ai.inference.batch import BatchRow, BatchRun, collect  # noqa: E402 - as above
from azure.ai.inference.emulator import Emulator  # noqa: E402 - as above
from azure.ai.inference.models import ChatCompletions  # noqa: E402 - as above
from batch.conftest import rows_of, run_of  # noqa: E402 - behind the path
from batch.leases import Leases  # noqa: E402 - as above
from unit.batch.test_pacing import Play, a_third, as_estimated  # noqa: E402 - as above

Row = tuple[str, str, str]
"""What was measured, the result, and the goal."""

NOWHERE = "http://127.0.0.1:9/v1"
MESSAGES = [{"role": "user", "content": "Hi"}]


def endpoint(*options: str) -> "tuple[subprocess.Popen[str], str, str]":
    """Start an emulator in a process of its own."""
    command = [sys.executable, "-m", "azure.ai.inference.emulator", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    match = re.search(r"on (http://\S+) with key (\S+)", process.stdout.readline())
    assert match
    return process, match[1], match[2]


def cpu(work: Callable[[], Any]) -> float:
    """Return the processor time that a function takes, in seconds."""
    began = resource.getrusage(resource.RUSAGE_SELF)
    work()
    ended = resource.getrusage(resource.RUSAGE_SELF)
    return ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime


def same_rows(count: int) -> Iterator[BatchRow]:
    """Yield rows with the same request, created as they are read."""
    for number in range(count):
        yield BatchRow(custom_id=f"r{number}", body={"messages": MESSAGES})


# ---------------------------------------------------------------- one process


async def gather(client: Any, count: int) -> None:
    room = asyncio.Semaphore(64)

    async def one() -> None:
        async with room:
            await client.complete(messages=MESSAGES)

    await asyncio.gather(*(one() for _ in range(count)))


def cost_of_a_row(count: int = 3000, rounds: int = 7) -> list[Row]:
    """Compare the processor time of a row with that of `complete` in a gather."""
    process, url, key = endpoint()
    rows = list(same_rows(count))

    def make() -> ChatCompletionsClient:
        return ChatCompletionsClient(f"{url}/v1", key, model="m")

    async def gathered() -> None:
        async with make() as client:
            await gather(client, count)

    plain, run = [], []
    try:
        for _ in range(rounds):
            plain.append(cpu(lambda: asyncio.run(gathered())))
            with TemporaryDirectory() as folder:
                run.append(cpu(lambda: BatchRun(make, output=Path(folder) / "out.jsonl").run(rows)))
    finally:
        process.terminate()
    each, ratio = 1000 * min(run) / count, min(run) / min(plain)
    what = "processor time of a row, with journal and pacer, over `complete()` in a gather"
    return [(what, f"{ratio:.2f} times, {each:.2f} ms", "1.15 times")]


async def bare_loop(url: str, key: str, count: int) -> None:
    """Send the same number of requests with aiohttp alone."""
    numbers = iter(range(count))
    headers = {"Authorization": f"Bearer {key}"}

    async def work(session: aiohttp.ClientSession) -> None:
        for _ in numbers:
            body = {"model": "m", "messages": MESSAGES}
            async with session.post(f"{url}/v1/chat/completions", json=body, headers=headers) as response:
                json.loads(await response.read())

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
        await asyncio.gather(*(work(session) for _ in range(64)))


def throughput(count: int = 10_000) -> list[Row]:
    """Compare rows per second with a bare aiohttp loop, for a model that takes 0.2 s."""
    process, url, key = endpoint("--latency", "0.2")
    try:
        began = time.monotonic()
        asyncio.run(bare_loop(url, key, count))
        bare = count / (time.monotonic() - began)
        with TemporaryDirectory() as folder:
            run = BatchRun(lambda: ChatCompletionsClient(f"{url}/v1", key, model="m"), output=Path(folder) / "o.jsonl")
            ours = run.run(same_rows(count)).rows_per_second
    finally:
        process.terminate()
    what = "rows/s over a bare aiohttp loop, a model that takes 0.2 s, 64 at a time"
    return [(what, f"{ours / bare:.2f} times ({ours:.0f} and {bare:.0f})", "0.98 times")]


# ---------------------------------------------------------------- a million rows


class InstantClient(ChatCompletionsClient):
    """A client whose model answers at once, without a connection."""

    async def complete(self, *arguments: Any, **options: Any) -> Any:
        await asyncio.sleep(0)
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return ChatCompletions({"model": "m", "choices": [{"message": {"content": "x" * 200}}], "usage": usage})


def instant_run(count: int, output: str) -> float:
    """Answer rows, or skip answered ones; return the processor time, without that of creating rows."""
    run = BatchRun(lambda: InstantClient(NOWHERE, "k", model="m"), output=output or None)
    return cpu(lambda: run.run(same_rows(count))) - cpu(lambda: deque(same_rows(count), maxlen=0))


def in_a_process(count: int, output: str) -> tuple[float, int]:
    """Return the processor time of a run in its own process, and its peak memory in bytes."""
    command = [sys.executable, __file__, "--instant", str(count), "--output", output]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return float(said), usage.ru_maxrss * 1024


def write_answers(count: int, path: Path) -> None:
    """Write the output of a run that answered the same rows, since running a million takes minutes."""
    with path.open("wb") as file:
        run = BatchRun(lambda: InstantClient(NOWHERE, "k", model="m"), output=path.with_suffix(".one"))
        run.run(same_rows(1))
        line = path.with_suffix(".one").read_bytes()
        for number in range(count):
            file.write(line.replace(b'"r0"', b'"r%d"' % number, 1))


def a_million(count: int = 1_000_000, many: int = 250_000, few: int = 10_000) -> list[Row]:
    """Measure memory with and without a journal, and the time to skip a million finished rows.

    Answering takes minutes, so memory is that of a quarter, for which the journal's index is a quarter as large.
    """
    with TemporaryDirectory() as folder:
        bare = [in_a_process(rows, "")[1] for rows in (few, many)]
        kept = [in_a_process(rows, f"{folder}/{rows}.jsonl")[1] for rows in (few, many)]
        write_answers(count, Path(folder) / "done.jsonl")
        seconds, peak = in_a_process(count, f"{folder}/done.jsonl")
    each, without = ((more - less) / (many - few) for less, more in (kept, bare))
    again = (peak - kept[0]) / count
    memory = f"+ {each:.0f} bytes with a journal, + {max(0.0, without):.1f} without; + {again:.0f} to resume {count:,}"
    return [
        (f"peak memory of {many:,} rows over {few:,}, per row", memory, "+ 100 bytes, + 0 without a journal"),
        (f"{count:,} finished rows, skipped on resuming", f"{seconds:.1f} s", "12 s"),
    ]


# ---------------------------------------------------------------- quotas, on a fake clock


def quotas() -> list[Row]:
    """Simulate ten minutes of every kind of quota."""
    requests = [
        Play(1, in_flight, (100,), as_estimated, requests=600, window=window, refused_count=counts).run()
        for window in (1, 10, 60)
        for in_flight in (64, 256, 512)
        for counts in (False, True)
    ]
    tokens = [
        Play(1, in_flight, (50, 100, 200), costs, tokens_per_minute=limit, window=window).run(minutes)
        for limit, minutes in ((60_000, 10), (600_000, 2))
        for window in (10, 60)
        for in_flight in (64, 512)
        for costs in (as_estimated, a_third)
    ]
    leased = [
        Leases(workers, trip, requests=1200, window=window, refused_count=True).run(10)
        for window in (1, 10, 60)
        for workers, trip in ((2, 0.1), (4, 0.005))
    ]
    two = [Play(2, 64, (100,), as_estimated, requests=600, window=window).run() for window in (1, 10, 60)]
    most = max(came.refused for came in (*requests, *tokens))
    least, least_tokens = (min(came.used for came in kind) for kind in (requests, tokens))
    share = min(min(came.answered) / sum(came.answered) for came in two)
    used, refused = min(came.used for came in two), max(came.refused for came in two)
    kinds = f"{len(requests) + len(tokens)} kinds: requests and tokens, windows of 1, 10 and 60 s, 64 to 512 in flight"
    return [
        (f"requests refused in ten minutes, the worst of {kinds}", f"{most:.1%}", "0.5 %"),
        ("share of the quota used, at worst", f"{least:.0%}, tokens {least_tokens:.0%}", "95 %"),
        (
            "2 and 4 workers that lease starts from a budget up to 0.1 s away: share of the quota used",
            f"{min(share for share, _ in leased):.0%}, {max(refused for _, refused in leased):.1%} refused",
            "95 %, 0.5 % refused",
        ),
        (
            "two runs on one deployment",
            f"{used:.0%} used, {refused:.1%} refused, {share:.0%} each",
            "85 % used, 2 % refused, 35 % each",
        ),
    ]


# ---------------------------------------------------------------- faults


FAULTS = {
    "400": "400:every=50",
    "429": "429:every=50,wait=0.1,says=retry-after-ms",
    "500": "500:every=50",
    "cut off": "cut:every=50",
    "HTML": "html:every=50",
}


def failing_rows(count: int = 500) -> list[Row]:
    """Fail one row in 50, in each way."""
    said: list[str] = []
    for name, fault in FAULTS.items():
        with Emulator(faults=fault) as server, TemporaryDirectory() as folder:
            run = run_of(server, output=f"{folder}/out.jsonl", client={"retry_total": 0})
            summary = run.run(rows_of(count))
            results = list(collect(f"{folder}/out.jsonl", order=rows_of(count)))
        kinds = Counter(type(result._exception).__name__ for result in results if not result.ok)
        assert summary.answered + summary.failed == count
        errors = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        said.append(f"{name}: {errors or 'all answered'}")
    what = f"one failing request in 50 of {count} rows"
    return [(what, "; ".join(said), "the run ends well, each with its typed error")]


def tests_pass(*arguments: str, **environment: str) -> bool:
    command = [sys.executable, "-m", "pytest", *arguments, "-m", "", "-n", "2", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False, stdout=sys.stderr)
    return ran.returncode == 0


def kills(rounds: int = 50) -> list[Row]:
    """Kill runs at random moments."""
    well = tests_pass(
        "tests/batch/test_kills.py::test_killed_runs_lose_no_rows_and_pay_few_twice", KILL_ROUNDS=str(rounds // 2)
    )
    what = f"kill -9 at random moments, twice in each of {rounds} runs"
    goal = "0 lost, at most what was in flight paid twice"
    return [(what, goal if well else "FAILED", goal)]


def provider_kills() -> list[Row]:
    """End a run on the service's own Batch API at each of its steps."""
    well = tests_pass("tests/batch/test_provider_run.py::test_crash_at_any_step_submits_nothing_twice")
    goal = "nothing submitted twice, nothing forgotten"
    return [("a run through the service's own batches, killed at each of its steps", goal if well else "FAILED", goal)]


def by_ray() -> list[Row]:
    """Measure Ray, in its own environment."""
    from scale import environment  # pyright: ignore  # behind the path

    python = environment.make()
    ran = subprocess.run(
        [str(python), str(Path(__file__).with_name("report_ray.py"))], stdout=-1, text=True, check=True
    )
    return [tuple(row) for row in json.loads(ran.stdout.splitlines()[-1])]


MEASURES: dict[str, Callable[[], list[Row]]] = {
    "cpu": cost_of_a_row,
    "throughput": throughput,
    "million": a_million,
    "quotas": quotas,
    "failing": failing_rows,
    "kills": kills,
    "provider": provider_kills,
    "ray": by_ray,
}


def measure(names: list[str]) -> dict[str, list[Row]]:
    """Measure, store the results at once, and return everything measured so far."""
    measured: dict[str, list[Row]] = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    for name in names:
        began = time.monotonic()
        try:
            measured[name] = MEASURES[name]()
        except Exception as error:  # noqa: BLE001 - the others are measured nevertheless
            measured[name] = [(name, f"not measured: {type(error).__name__}: {error}"[:200], "")]
        rows = " | ".join(figure for _, figure, _ in measured[name])
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s: {rows}\n")
        MEASURED.parent.mkdir(exist_ok=True)
        MEASURED.write_text(json.dumps(measured, indent=1))
    return measured


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=MEASURES, metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--write", action="store_true", help="write the table into docs/many_rows.md")
    parser.add_argument("--instant", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--output", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.instant:
        sys.stdout.write(str(instant_run(options.instant, options.output)))
        return
    measured = measure(options.only or list(MEASURES))
    rows = [row for name in MEASURES for row in measured.get(name, ())]
    table = "\n".join(["| What | Measured | Goal |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)])
    sys.stdout.write(f"{table}\n")
    if options.write:
        head, mark, rest = GUIDE.read_text("utf-8").partition("<!-- written by tests/scale/report.py -->\n")
        GUIDE.write_text(f"{head}{mark}\n{table}\n\n<!-- end -->{rest.partition('<!-- end -->')[2]}", "utf-8")


if __name__ == "__main__":
    main()
