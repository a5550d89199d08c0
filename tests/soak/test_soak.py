"""A soak of some seconds, and the checks of longer ones: lost calls, leftovers and growth are detected."""

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from .plan import BEFORE_FAULT, SCENARIOS, Job, Seen, faults, jobs, judge
from .soak import Ledger
from .watch import COUNT_SLACK, MEMORY_SLACK, PROC, Sample, growth, left_over

ROOT = Path(__file__).parents[2]
LEVEL = Sample(0, 0, 60.0, 90, 80, 7, 8)
NAMED = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.mark.slow
@pytest.mark.skipif(not PROC.exists(), reason="what a process holds is read from /proc, which only Linux has")
def test_short_soak_run() -> None:
    command = [sys.executable, "tests/soak/soak.py", "--seconds", "8", "--workers", "3", "--rate", "40"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 of them not as planned" in ended.stdout


def test_plan_is_seeded() -> None:
    plans = [list(islice(jobs(seed, worker), 200)) for seed, worker in ((1, "a"), (1, "a"), (2, "a"), (1, "b"))]
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]
    assert plans[0] != plans[3]
    assert [job.scenario for job in plans[0][: len(SCENARIOS)]] == list(SCENARIOS)


def test_each_fault_affects_its_deployment() -> None:
    assert "cut:every=1,events=6,path=/deployments/cut/" in faults(7).split(";")
    assert "503:probability=0.3,seed=7,wait=0.005,says=retry-after-ms,path=/deployments/flaky/" in faults(7).split(";")


@pytest.mark.parametrize(
    ("name", "seen", "wrong"),
    [
        ("answer", Seen(" ".join(map(str, range(1, 21)))), ""),
        ("answer", Seen("1 2 3"), "answer 20: "),
        ("answer", Seen("", "InferenceError"), "answer 20: "),
        ("tool calls", Seen("get_weather says: It is mild in Oslo."), ""),
        ("embeddings", Seen("other vectors"), "embeddings 20: "),
        ("cut stream", Seen(BEFORE_FAULT, "IncompleteStreamError", BEFORE_FAULT), ""),
        ("cut stream", Seen(BEFORE_FAULT, "IncompleteStreamError", "1"), "cut stream 20: the error holds '1'"),
        ("cut stream", Seen("1 2", "IncompleteStreamError", "1 2"), "cut stream 20: "),
        ("cut stream", Seen(BEFORE_FAULT), "cut stream 20: "),
        ("timeout in a stream", Seen("1 2", "ResponseTimeoutError"), ""),
        ("timeout in a stream", Seen("2", "ResponseTimeoutError"), "timeout in a stream 20: "),
        ("left", Seen("1"), ""),
    ],
)
def test_calls_are_compared_with_the_plan(name: str, seen: Seen, wrong: str) -> None:
    found = judge(Job(NAMED[name], 20), seen)
    assert found.startswith(wrong)
    assert bool(found) is bool(wrong)


def test_lost_calls_are_detected() -> None:
    ledger = Ledger()
    for scenario in SCENARIOS:
        ledger.begin(Job(scenario, 20))
    for scenario in SCENARIOS[1:]:
        ledger.end(Job(scenario, 20), Seen(Job(scenario, 20).expected, scenario.error, BEFORE_FAULT))
    assert ledger.problems() == ["1 of 'answer' never ended", "'answer' was never done"]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (LEVEL, []),
        (LEVEL._replace(memory=60 + 0.9 * MEMORY_SLACK), []),
        (LEVEL._replace(memory=60 + 1.1 * MEMORY_SLACK), ["memory grew from 60.0 to 66.6 MiB"]),
        (LEVEL._replace(sockets=95), ["sockets grew from 80.0 to 95.0"]),
        (LEVEL._replace(files=106), ["files grew from 90.0 to 106.0"]),
        (LEVEL._replace(threads=15, tasks=16), ["threads grew from 7.0 to 15.0", "tasks grew from 8.0 to 16.0"]),
    ],
)
def test_growth_is_detected(last: Sample, said: list[str]) -> None:
    assert COUNT_SLACK == 6
    assert growth([LEVEL] * 10 + [last] * 10) == said


def test_leftovers_are_detected() -> None:
    assert left_over(LEVEL, LEVEL) == []
    assert left_over(LEVEL, LEVEL._replace(sockets=82, tasks=9)) == ["2 sockets left over", "1 tasks left over"]
