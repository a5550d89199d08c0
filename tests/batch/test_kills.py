"""Kill runs with SIGKILL at random moments: nothing is lost, and only rows in flight may be paid for twice.

CI uses three seeds; by hand, run `KILL_ROUNDS=50 python -m pytest tests/batch/test_kills.py`.
"""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azure.ai.inference.batch import collect
from azure.ai.inference.emulator import Emulator

from .conftest import asked, rows_of

ROWS = 150
IN_FLIGHT = 16
ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def slow() -> Iterator[Emulator]:
    with Emulator(latency=0.05) as endpoint:
        yield endpoint


def start(endpoint: Emulator, output: str, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.batch.program", endpoint.url, endpoint.key, output, str(ROWS), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(endpoint: Emulator, output: str, after: int) -> None:
    """Kill a run after it has done this many more rows."""
    process = start(endpoint, output)
    assert process.stdout is not None
    for _ in range(after):
        process.stdout.readline()
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def finished(endpoint: Emulator, output: str) -> set[str]:
    """Complete the run; return the rows that were in doubt."""
    out, _ = start(endpoint, output).communicate(timeout=120)
    return set(out.splitlines()[-1].removeprefix("in doubt:").split())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("folder", ["", "/"])
@pytest.mark.slow
def test_killed_runs_lose_no_rows_and_pay_few_twice(slow: Emulator, tmp_path: Path, seed: int, folder: str) -> None:
    slow.reset()
    chance = random.Random(seed)
    output = f"{tmp_path}/out{folder or '.jsonl'}"
    kills = 2
    for _ in range(kills):
        killed(slow, output, after=chance.randint(1, ROWS // 3))
    in_doubt = finished(slow, output)
    results = list(collect(output, order=rows_of(ROWS)))
    assert [result.custom_id for result in results if not result.ok] == []
    assert [len(result.answer.choices[0].message.content.split()) for result in results] == list(range(1, ROWS + 1))
    twice = {f"r{int(words.split()[-1]) - 1}" for words, times in asked(slow).items() if times > 1}
    paid_again = sum(times - 1 for times in asked(slow).values())
    assert paid_again <= kills * IN_FLIGHT
    assert len(in_doubt) <= IN_FLIGHT
    assert len(twice - in_doubt) <= IN_FLIGHT  # rows in doubt after the first kill are resolved by the second run
    assert not list(tmp_path.glob("*.sent"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send on Windows")
@pytest.mark.parametrize("face", ["run", "results"])
def test_ctrl_c_completes_requests_in_flight(slow: Emulator, tmp_path: Path, face: str) -> None:
    slow.reset()
    output = f"{tmp_path}/out.jsonl"
    process = start(slow, output, face)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in err
    done = len(list(collect(output)))
    assert 0 < done == sum(asked(slow).values()) < ROWS
    assert not list(tmp_path.glob("*.sent"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send on Windows")
@pytest.mark.parametrize("face", ["run", "results"])
@pytest.mark.slow
def test_second_ctrl_c_does_not_wait(tmp_path: Path, face: str) -> None:
    with Emulator(faults="slow:every=1,seconds=40") as stuck:
        process = start(stuck, f"{tmp_path}/out.jsonl", face)
        while not stuck.requests:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode not in (0, None)
    assert (tmp_path / "out.jsonl.sent").read_text()
