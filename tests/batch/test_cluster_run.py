"""A run on remote workers, simulated in this process: how rows are distributed, what stops the run, and its totals."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.batch import Progress, _cluster_run, collect
from azure.ai.inference.batch._cluster_run import ClusterRun, Tally, Worker
from azure.ai.inference.batch._pacing import Pacer
from azure.ai.inference.batch._record_worker import RecordWorker
from azure.ai.inference.batch._row_calls import RowCalls
from azure.ai.inference.batch._run_options import worker_options
from azure.ai.inference.batch._summary import Summary
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.exceptions import BatchStoppedError

from .conftest import asked, client_of, rows_of


def worker_of(endpoint: Emulator, output: Path) -> Worker:
    """Create a worker, as an engine would in another process."""
    client = client_of(endpoint, retry_total=0)
    options = worker_options(output, {"max_concurrency": 8, "max_failures": 1.0, "on_changed": "redo"})
    real = RecordWorker(client, Pacer(), options)

    async def ready() -> RowCalls:
        return RowCalls(client)

    async def answer(rows: Any) -> Tally:
        summary = Summary()
        await real.answer(rows, summary)
        return Tally(summary, 600.0)

    return Worker(ready, answer)


async def run(rows: Any, workers: Any, output: Path, **options: Any) -> Summary:
    summary = Summary()
    cluster = ClusterRun(worker_options(output, {}, max_concurrency=8, **options), summary)
    await cluster.run(rows, workers)
    return summary


async def test_skipped_rows_yield_to_other_tasks(
    endpoint: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cluster_run, "SKIPPED_AT_ONCE", 2)
    await run(rows_of(5), [worker_of(endpoint, tmp_path)], tmp_path)
    again = await run(rows_of(7), [worker_of(endpoint, tmp_path)], tmp_path)
    assert (again.skipped, again.answered) == (5, 2)


@pytest.mark.slow
async def test_rows_are_distributed_and_counts_are_summed(endpoint: Emulator, tmp_path: Path) -> None:
    seen: list[Progress] = []
    workers = [worker_of(endpoint, tmp_path) for _ in range(3)]
    summary = await run(iter(rows_of(50)), workers, tmp_path, on_progress=seen.append)
    assert (summary.rows, summary.answered, summary.failed, summary.requests) == (50, 50, 0, 50)
    assert (summary.models, summary.usage.completion_tokens > 50) == ({"m": 50}, True)
    assert (seen[-1].done, seen[-1].requests_per_minute) == (50, 600.0)
    assert set(asked(endpoint).values()) == {1}
    texts = [result.answer.choices[0].message.text for result in collect(tmp_path, order=rows_of(50))]
    assert [len(text.split()) for text in texts] == list(range(1, 51))
    again = await run(rows_of(301), [worker_of(endpoint, tmp_path)], tmp_path, redo="none")
    assert (again.skipped, again.answered) == (50, 251)
    more = await run(rows_of(301), [worker_of(endpoint, tmp_path)], tmp_path)
    assert (more.skipped, more.requests) == (301, 0)


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([*rows_of(2), *rows_of(1)], ValueError, "Row 3 has the same custom_id as an earlier row: 'r0'"),
        (["x"], TypeError, "row 1 must be a BatchRow"),
        ([{**row, "body": {**row.body, "seed": 1}} for row in rows_of(1)], ValueError, "Pass on_changed='redo'"),
    ],
)
async def test_invalid_rows_raise(
    endpoint: Emulator, tmp_path: Path, rows: Any, error: type[Exception], words: str
) -> None:
    await run(rows_of(1), [worker_of(endpoint, tmp_path)], tmp_path)
    with pytest.raises(error, match=words):
        await run(rows, [worker_of(endpoint, tmp_path)] * 2, tmp_path)


async def test_changed_rows_are_resent_with_redo(endpoint: Emulator, tmp_path: Path) -> None:
    await run(rows_of(1), [worker_of(endpoint, tmp_path)], tmp_path)
    changed = [{**row, "body": {**row.body, "seed": 1}} for row in rows_of(1)]
    summary = await run(changed, [worker_of(endpoint, tmp_path)], tmp_path, on_changed="redo")
    assert (summary.answered, len(endpoint.requests)) == (1, 2)


async def test_max_failures_counts_all_workers(endpoint: Emulator, tmp_path: Path) -> None:
    endpoint.fault("400:every=1")
    workers = [worker_of(endpoint, tmp_path) for _ in range(2)]
    with pytest.raises(BatchStoppedError, match=r"more than max_failures=5 allows: 400.*results so far") as caught:
        await run(rows_of(500), workers, tmp_path, max_failures=5)
    assert 5 < caught.value.summary.failed < 300


async def test_worker_that_cannot_continue_stops_the_run(endpoint: Emulator, tmp_path: Path) -> None:
    async def answer(rows: Any) -> Tally:
        return Tally(Summary(), None, "The disk is full.")

    good = worker_of(endpoint, tmp_path)
    with pytest.raises(BatchStoppedError, match="The disk is full"):
        await run(rows_of(500), [good, Worker(good.ready, answer)], tmp_path)


async def test_worker_that_cannot_start_stops_the_run(endpoint: Emulator, tmp_path: Path) -> None:
    async def ready() -> str:
        return "no key was given"

    with pytest.raises(BatchStoppedError, match="no key was given"):
        await run(rows_of(5), [Worker(ready, worker_of(endpoint, tmp_path).answer)], tmp_path)


async def test_engine_failure_ends_the_run(endpoint: Emulator, tmp_path: Path) -> None:
    async def lost(*_: Any) -> Any:
        raise ConnectionError("the cluster is gone")

    good = worker_of(endpoint, tmp_path)
    for worker in (Worker(lost, good.answer), Worker(good.ready, lost)):
        with pytest.raises(ConnectionError, match="the cluster is gone"):
            await run(rows_of(50), [worker], tmp_path)


async def test_unplaced_worker_does_not_block_the_run(endpoint: Emulator, tmp_path: Path) -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    good = worker_of(endpoint, tmp_path)
    summary = await run(rows_of(20), [good, Worker(never, good.answer)], tmp_path)
    assert summary.answered == 20


async def test_stop(tmp_path: Path) -> None:
    with Emulator(latency=0.05) as endpoint:
        summary = Summary()
        options = worker_options(tmp_path, {"max_concurrency": 8}, on_progress=lambda _: cluster.stop())
        cluster = ClusterRun(options, summary)
        await cluster.run(rows_of(500), [worker_of(endpoint, tmp_path)])
        assert 0 < summary.answered == len(endpoint.requests) < 100


def test_worker_settings(tmp_path: Path) -> None:
    assert worker_options(tmp_path, {}).max_concurrency == 32
    for wrong in ("max_concurency", "ordered"):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{wrong}'"):
            worker_options(tmp_path, {wrong: 1})
