"""Rows answered in a worker, without an engine: its journal, rows answered by others, and reasons to stop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.aio import EmbeddingsClient
from azure.ai.inference.batch import collect, embedding_row
from azure.ai.inference.batch._columns import columns_of
from azure.ai.inference.batch._pacing import Pacer
from azure.ai.inference.batch._record_worker import RecordWorker
from azure.ai.inference.batch._records import RecordRows
from azure.ai.inference.batch._result_index import ResultIndex
from azure.ai.inference.batch._results import answered
from azure.ai.inference.batch._run_journal import Journal, line_of
from azure.ai.inference.batch._run_options import RunOptions, worker_options
from azure.ai.inference.batch._summary import Summary
from azure.ai.inference.emulator import Emulator, Reply
from azure.ai.inference.exceptions import BatchStoppedError
from azure.ai.inference.models import ChatCompletions

from .conftest import client_of


def messages(record: Mapping[str, Any]) -> Any:
    return [{"role": "user", "content": f"count to {record['n']}"}] if record["n"] else []


def records(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [{"id": number, "n": number} for number in range(first, first + count)]


class Worker:
    """A worker, and how records become its rows."""

    def __init__(self, endpoint: Emulator, output: Path | None, *, settings: Any = (), **options: Any) -> None:
        self.rows = RecordRows("id", messages, dict(settings))
        chosen = worker_options(output, {}, max_concurrency=8, **options)
        self.real = RecordWorker(client_of(endpoint, retry_total=0), Pacer(), chosen)

    async def answer(self, given: Any, summary: Summary | None = None) -> Any:
        return await self.real.answer(self.rows.rows_of(given), summary)


async def test_records_are_answered_in_order(endpoint: Emulator) -> None:
    worker, summary = Worker(endpoint, None, settings={"temperature": 0}), Summary()
    results = await worker.answer([*records(5), {"id": "none", "n": 0}], summary)
    assert [result.custom_id for result in results] == ["1", "2", "3", "4", "5", "none"]
    assert [len((columns_of(result)["text"] or "").split()) for result in results] == [1, 2, 3, 4, 5, 0]
    assert columns_of(results[5])["error"].startswith("ValueError: messages must not be empty")
    assert (summary.answered, summary.failed, summary.requests, summary.usage.completion_tokens) == (5, 1, 5, 15)
    assert (worker.real.summary.answered, worker.real.summary.failed) == (5, 1)
    await worker.real.close()


async def test_rows_answered_by_another_worker_are_not_resent(endpoint: Emulator, tmp_path: Path) -> None:
    endpoint.reply(Reply(status=503, body={}), last="count to 2$")
    first = await Worker(endpoint, tmp_path).answer(records(4))
    assert [result.ok for result in first] == [True, False, True, True]
    second = Worker(endpoint, tmp_path)
    summary = Summary()
    again = await second.answer(records(6), summary)
    assert all(result.ok for result in again)
    assert len(endpoint.requests) == 4 + 3  # the failed row, and two new ones
    assert (summary.answered, second.real.summary.answered, summary.requests) == (6, 3, 3)
    assert len(list(collect(tmp_path))) == 6
    await second.real.close()
    assert len(Journal(tmp_path, folder=True).in_doubt) == 0


@pytest.mark.parametrize(("on_changed", "asked"), [("redo", 2), ("keep", 1)])
async def test_changed_request_is_resent_or_kept(
    endpoint: Emulator, tmp_path: Path, on_changed: Any, asked: int
) -> None:
    await Worker(endpoint, tmp_path).answer(records(1))
    other = Worker(endpoint, tmp_path, settings={"temperature": 1}, on_changed=on_changed)
    [result] = await other.answer(records(1))
    assert (result.ok, len(endpoint.requests)) == (True, asked)


async def test_changed_request_raises(endpoint: Emulator, tmp_path: Path) -> None:
    await Worker(endpoint, tmp_path).answer(records(1))
    other = Worker(endpoint, tmp_path, settings={"temperature": 1})
    for _ in range(2):  # it stays stopped
        with pytest.raises(ValueError, match=r"on_changed='redo'.* Or two records have this id"):
            await other.answer(records(1))
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(("redo", "asked"), [("failed", 2), ("transient", 1), ("none", 1)])
async def test_redo_of_a_row_refused_for_its_content(endpoint: Emulator, tmp_path: Path, redo: Any, asked: int) -> None:
    endpoint.fault("400:every=1")
    await Worker(endpoint, tmp_path).answer(records(1))
    await Worker(endpoint, tmp_path, redo=redo).answer(records(1))
    assert len(endpoint.requests) == asked


async def test_records_with_the_same_id(endpoint: Emulator, tmp_path: Path) -> None:
    twins = [{"id": "a", "n": 3}] * 3
    results = await Worker(endpoint, tmp_path).answer(twins)
    assert len(endpoint.requests) == 1
    assert {columns_of(result)["text"] for result in results} == {"1 2 3"}
    with pytest.raises(ValueError, match="ids must be unique"):
        await Worker(endpoint, tmp_path / "other").answer([{"id": "a", "n": 3}, {"id": "a", "n": 4}])
    assert all(result.ok for result in await Worker(endpoint, None).answer([{"id": "a", "n": 3}, {"id": "a", "n": 4}]))


@pytest.mark.parametrize("fault", ["401:every=1", "404:every=1"])
async def test_errors_that_affect_every_row_stop_the_worker(endpoint: Emulator, tmp_path: Path, fault: str) -> None:
    endpoint.fault(fault)
    worker = Worker(endpoint, tmp_path)
    with pytest.raises(BatchStoppedError, match=r"first request failed, and every other would[^+]* The results so far"):
        await worker.answer(records(20))
    assert len(endpoint.requests) == 1
    endpoint.reset()
    good = Worker(endpoint, None)
    await good.answer(records(1))
    endpoint.fault(fault)
    assert [result.ok for result in await good.answer(records(1))] == [False]


async def test_exhausted_daily_quota_stops_the_worker(endpoint: Emulator) -> None:
    endpoint.fault("429:every=1,wait=86400")
    with pytest.raises(BatchStoppedError, match="asks to wait for 86,400 seconds"):
        await Worker(endpoint, None).answer(records(20))


async def test_too_many_failures_stop_the_worker(endpoint: Emulator) -> None:
    endpoint.fault("400:every=1")
    with pytest.raises(BatchStoppedError, match="more than max_failures=2 allows: 400"):
        await Worker(endpoint, None, max_failures=2).answer(records(20))
    assert len(endpoint.requests) < 20
    with pytest.raises(BatchStoppedError, match="3 of 3 rows failed"):
        await Worker(endpoint, None, max_failures=2).answer([{"id": n, "n": 0} for n in range(20)])


async def test_embedding_rows(endpoint: Emulator) -> None:
    client = EmbeddingsClient(f"{endpoint.url}/v1", endpoint.key, model="e")
    worker = RecordWorker(client, Pacer(), RunOptions())
    [result] = await worker.answer([embedding_row("a", input="x")])
    assert result.embeddings.data
    with pytest.raises(ValueError, match="which EmbeddingsClient does not support"):
        await worker.answer(RecordRows("id", messages, {}).rows_of(records(1)))
    await worker.close()


def test_index_continues_where_it_stopped(tmp_path: Path) -> None:
    places = ResultIndex(tmp_path)
    places.refresh()
    assert places.find("a") is None
    part = tmp_path / "part-1.jsonl"
    result = answered("a", "0" * 64, ChatCompletions({"choices": []}), 1, 0.0)
    line = line_of(result)
    part.write_text(f"torn\n{line}\n{line[:40]}")
    places.refresh()
    assert places.find("a") == result
    failed = line.replace("null", '{"code": "x", "message": ""}', 1)
    with part.open("a") as file:
        file.write(line[40:] + "\n" + failed.replace('"a"', '"b"') + "\n" + failed + "\n")
    places.refresh()
    places.refresh()
    found = places.find("b")
    assert found is not None
    assert not found.ok
    assert places.find("a") == result
    assert columns_of(result)["text"] is None


def test_write_only_journal(tmp_path: Path) -> None:
    (tmp_path / "part-1.jsonl").write_text("not one of ours\n")
    journal = Journal(tmp_path, folder=True, reads=False)
    assert (len(journal.index), journal.in_doubt) == (0, [])
    journal.close(whole=True)
