"""A soak test: mixed load with seeded faults for a given time, and a check of what it leaves behind.

``python tests/soak/soak.py --seconds 600 --seed 1`` starts the emulator in its own process, calls it from threads and
tasks, and compares each call with the plan. It prints what the process holds over time, and exits with 1 if a call was
lost or anything grew.
"""

import argparse
import asyncio
import gc
import logging
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import azure.ai.inference
import azure.ai.inference.aio
from soak.plan import SCENARIOS, Job, Seen, faults, jobs, judge
from soak.watch import Sample, growth, left_over, sample
from soak.work import Clients, run_at_once

SAMPLES: Final = 40
SHOWN: Final = 20


@dataclass
class Ledger:
    """Counts of calls that started, ended, or ended differently than planned."""

    begun: Counter[str] = field(default_factory=Counter[str])
    ended: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when no more calls should be made."""

    def begin(self, job: Job) -> None:
        """Record that a call starts."""
        with self.lock:
            self.begun[job.scenario.name] += 1

    def end(self, job: Job, seen: Seen) -> None:
        """Record its outcome."""
        with self.lock:
            self.ended[job.scenario.name] += 1
            self.wrong += filter(None, [judge(job, seen)])

    @property
    def calls(self) -> int:
        """The number of calls that have ended."""
        return self.ended.total()

    def problems(self) -> list[str]:
        """Describe what was lost, never called, or different from the plan."""
        lost = self.begun - self.ended
        never = [scenario.name for scenario in SCENARIOS if not self.ended[scenario.name]]
        return [
            *(f"{number} of '{name}' never ended" for name, number in lost.items()),
            *(f"'{name}' was never done" for name in never),
            *self.wrong,
        ]


@dataclass(frozen=True)
class Load:
    """How much to do.

    :param seconds: Duration after the warm-up.
    :param rate: Calls per second, by all workers together.
    :param workers: Number of threads, and of tasks.
    """

    seconds: float
    seed: int
    rate: float = 60.0
    workers: int = 6


@dataclass
class Report:
    """The result of a soak."""

    ledger: Ledger
    samples: list[Sample]
    before: Sample
    after: Sample
    complaints: str

    def problems(self) -> list[str]:
        """Describe everything that is wrong."""
        said = [f"the emulator complained: {self.complaints[-2000:]}"] if self.complaints else []
        return [*self.ledger.problems(), *growth(self.samples), *left_over(self.before, self.after), *said]


@contextmanager
def emulator(seed: int, complaints: IO[str]) -> Iterator[tuple[str, int]]:
    """Run the emulator from the command line, as its users do; return its URL and process."""
    command = [sys.executable, "-m", "azure.ai.inference.emulator", "--port", "0", "--faults", faults(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split(" listening on ")[1].split()[0], process.pid
        finally:
            process.terminate()


def _work_in_thread(clients: Clients, load: Load, number: int, ledger: Ledger) -> None:
    for pause, job in _timetable(load, f"thread {number}"):
        if ledger.over.wait(pause):
            return
        ledger.begin(job)
        ledger.end(job, run_at_once(clients.perform(job)))


async def _work_in_task(clients: Clients, load: Load, number: int, ledger: Ledger) -> None:
    for pause, job in _timetable(load, f"task {number}"):
        await asyncio.sleep(pause)
        if ledger.over.is_set():
            return
        ledger.begin(job)
        ledger.end(job, await clients.perform(job))


def _timetable(load: Load, worker: str) -> Iterator[tuple[float, Job]]:
    """Yield a worker's calls with the pause before each, so that all workers together keep to the rate once warm."""
    began = time.monotonic()
    for number, job in zip(count(-len(SCENARIOS)), jobs(load.seed, worker)):
        due = began + number * 2 * load.workers / load.rate
        yield max(0.0, due - time.monotonic()), job


async def _watch(load: Load, ledger: Ledger, process: int) -> list[Sample]:
    """Take samples at regular intervals, once each worker has made each kind of call: pools are full, and code is
    loaded."""
    while ledger.calls < 2 * load.workers * len(SCENARIOS):  # noqa: ASYNC110 - threads are waited for
        await asyncio.sleep(0.05)
    warm = time.monotonic()
    samples = []
    for number in range(1, SAMPLES + 1):
        await asyncio.sleep(warm + number * load.seconds / SAMPLES - time.monotonic())
        gc.collect()
        samples.append(sample(time.monotonic() - warm, ledger.calls, process))
    ledger.over.set()
    return samples


async def _soak(load: Load, complaints: IO[str]) -> Report:
    with emulator(load.seed, complaints) as (url, process):
        before = sample()
        ledger = Ledger()
        sync, aio = Clients(url, azure.ai.inference), Clients(url, azure.ai.inference.aio)
        threads = [
            threading.Thread(target=_work_in_thread, args=(sync, load, number, ledger), daemon=True)
            for number in range(load.workers)
        ]
        for thread in threads:
            thread.start()
        tasks = [_work_in_task(aio, load, number, ledger) for number in range(load.workers)]
        samples, *_ = await asyncio.gather(_watch(load, ledger, process), *tasks)
        while any(thread.is_alive() for thread in threads):  # noqa: ASYNC110 - not with a further thread
            await asyncio.sleep(0.05)
        await run_closing(sync, aio)
        after = sample()
    return Report(ledger, samples, before, after, "")


async def run_closing(*clients: Clients) -> None:
    """Close the clients, and wait until their resources are released."""
    for one in clients:
        await one.close()
    gc.collect()
    await asyncio.sleep(0.2)  # sockets of an event loop close an iteration or two later


def soak(load: Load, complaints: IO[str]) -> Report:
    """Load the emulator.

    :param complaints: A file for the emulator's standard error.
    """
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # errors are planned
    report = asyncio.run(_soak(load, complaints))
    complaints.seek(0)
    report.complaints = complaints.read().strip()
    return report


def _print(report: Report) -> None:
    write = sys.stdout.write
    write("| " + " | ".join(Sample._fields) + " |\n" + "|---:" * len(Sample._fields) + "|\n")
    step = max(1, len(report.samples) // SHOWN)
    for one in [report.before, *report.samples[step - 1 :: step], report.after]:
        write("| " + " | ".join(map(str, one)) + " |\n")
    write("\n")
    for name, number in sorted(report.ledger.ended.items()):
        write(f"{number:7} {name}\n")
    write(f"{report.ledger.calls:7} calls, {len(report.ledger.wrong)} of them not as planned\n")
    for problem in report.problems()[:SHOWN]:
        write(f"PROBLEM: {problem}\n")


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: 600)")
    parser.add_argument("--seed", type=int, default=1, help="which calls and faults (default: 1)")
    parser.add_argument("--rate", type=float, default=Load.rate, help=f"calls a second (default: {Load.rate:g})")
    parser.add_argument("--workers", type=int, default=Load.workers, help=f"threads, and tasks ({Load.workers})")
    arguments = parser.parse_args()
    import tempfile

    with tempfile.TemporaryFile("w+") as complaints:
        report = soak(Load(**vars(arguments)), complaints)
    _print(report)
    return 1 if report.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
