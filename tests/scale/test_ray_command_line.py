"""`batch --via ray` as a person runs it: a process, a local cluster, and the emulator."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.batch import chat_row, collect
from azure.ai.inference.emulator import Emulator

pytest.importorskip("ray", reason="Ray has an environment of its own: tests/scale/environment.py")

ROWS, KEY = 300, "very-secret-key-0123456789"


@pytest.fixture
def endpoint() -> Iterator[Emulator]:
    with Emulator(key=KEY, latency=0.05) as running:
        yield running


def rows_in(path: Path, count: int) -> str:
    rows = (chat_row(f"r{n}", messages=[{"role": "user", "content": f"count to {n % 40 + 1}"}]) for n in range(count))
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


def start(url: str, source: str, output: Any, *more: str, key: str = KEY, **variables: str) -> "subprocess.Popen[str]":
    """Start the command; without `key`, the workers find none."""
    command = [sys.executable, "-m", "azure.ai.inference", "batch", source, f"{output}/", url]
    command += ["--model", "m", "--via", "ray", "--workers", "2", "--max-concurrency", "8", *more]
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("AZURE_", "RAY_ADDRESS"))}
    environment.update({"AZURE_AI_CHAT_KEY": key} if key else {}, **variables)
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ran(*arguments: Any, **options: Any) -> tuple[int, str, str]:
    process = start(*arguments, **options)
    out, err = process.communicate(timeout=240)
    assert KEY not in out + err
    return process.returncode, out, err


def test_second_run_skips_answered_rows(endpoint: Emulator, tmp_path: Path) -> None:
    source, output = rows_in(tmp_path / "in.jsonl", ROWS), tmp_path / "out"
    endpoint.fault("400:times=2,message=not so")
    status, out, err = ran(f"{endpoint.url}/v1", source, output, "--max-failures", "5")
    assert (status, out) == (1, "")
    assert f"{ROWS} rows, {ROWS - 2} answered, 2 failed, 0 skipped" in err
    assert len(re.findall(r"^r\d+: \(400\) not so$", err, re.MULTILINE)) == 2
    assert sum(result.ok for result in collect(output)) == ROWS - 2
    status, out, err = ran(f"{endpoint.url}/v1", source, output, "--redo", "failed", "--json", "--price", "1,2")
    told = json.loads(out)
    assert (status, told["answered"], told["skipped"], told["requests"]) == (0, 2, ROWS - 2, 2)
    assert "cost" in told
    assert len(endpoint.requests) == ROWS + 2
    assert not list(output.glob("*.sent"))


def test_wrong_key_in_workers_stops_the_run(endpoint: Emulator, tmp_path: Path) -> None:
    source = rows_in(tmp_path / "in.jsonl", 50)
    status, out, err = ran(f"{endpoint.url}/v1", source, tmp_path / "out", key="another-key-0123456789")
    assert (status, out) == (1, "")
    assert "The first request failed, and every other would fail the same way" in err
    assert len(endpoint.requests) <= 2


def test_worker_without_a_key(tmp_path: Path) -> None:
    status, _, err = ran("https://api.openai.com", rows_in(tmp_path / "in.jsonl", 5), tmp_path / "out", key="")
    assert status == 1
    assert "A worker could not start: UsageError: no key was given" in err


def test_unreachable_cluster(endpoint: Emulator, tmp_path: Path) -> None:
    source = rows_in(tmp_path / "in.jsonl", 1)
    began = time.monotonic()
    status, _, err = ran(f"{endpoint.url}/v1", source, tmp_path / "out", RAY_ADDRESS="127.0.0.1:9")
    assert status == 2
    assert "the cluster of RAY_ADDRESS does not answer: [Errno" in err
    assert time.monotonic() - began < 20  # Ray tries for 40 s


def wait_for(endpoint: Emulator, count: int) -> None:
    while len(endpoint.requests) < count:
        time.sleep(0.02)


def test_ctrl_c_completes_requests_in_flight(endpoint: Emulator, tmp_path: Path) -> None:
    process = start(f"{endpoint.url}/v1", rows_in(tmp_path / "in.jsonl", 3000), tmp_path / "out")
    wait_for(endpoint, 60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "No more requests are started" in err
    results = list(collect(tmp_path / "out"))
    assert 60 <= len(results) == len(endpoint.requests) < 3000


def test_killed_driver_pays_few_rows_twice(endpoint: Emulator, tmp_path: Path) -> None:
    source, kills, in_flight = rows_in(tmp_path / "in.jsonl", 1200), 2, 2 * 8
    for number in range(1, kills + 1):
        process = start(f"{endpoint.url}/v1", source, tmp_path / "out")
        wait_for(endpoint, 300 * number)
        process.kill()
        process.communicate()
        time.sleep(2)  # its workers notice, and end
    status, out, err = ran(f"{endpoint.url}/v1", source, tmp_path / "out", "--json")
    assert status == 0, err
    results = list(collect(tmp_path / "out"))
    assert len(results) == 1200
    assert all(result.ok for result in results)
    asked = Counter(request.body["messages"][0]["content"] for request in endpoint.requests)
    assert set(asked.values()) >= {30}
    again = len(endpoint.requests) - 1200
    print(f"driver: {again} of 1,200 rows paid twice, {len(json.loads(out)['in_doubt'])} in doubt")
    assert again <= kills * in_flight
