"""Runs on the service's Batch API: no chunk is submitted twice or forgotten, and each row gets a result."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from azure.ai.inference import BatchClient
from azure.ai.inference.aio import EmbeddingsClient
from azure.ai.inference.batch import BatchRun, chat_row, collect, embedding_row
from azure.ai.inference.batch import _batch_states as states
from azure.ai.inference.batch._provider_run import ProviderRun
from azure.ai.inference.batch._run_journal import Journal
from azure.ai.inference.emulator import Emulator

from .conftest import rows_of, run_of


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, dialect in states.DIALECTS.items():
        monkeypatch.setitem(states.DIALECTS, name, dialect._replace(most_rows=4))  # type: ignore[arg-type]


def client_of(endpoint: Emulator, provider: Any = "openai") -> BatchClient:
    return BatchClient(f"{endpoint.url}/v1", endpoint.key, provider=provider)


def created(endpoint: Emulator) -> int:
    return sum(
        request.method == "POST" and request.path.endswith(("/batches", "/jobs")) for request in endpoint.requests
    )


@pytest.mark.parametrize("provider", ["openai", "mistral"])
def test_submit_and_fetch(tmp_path: Path, provider: str) -> None:
    with Emulator(batch_seconds=0.1) as endpoint, client_of(endpoint, provider) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        jobs = run.submit(rows_of(10), client)
        assert [job.counts.total for job in jobs] == [4, 4, 2]
        assert len(run.submit(rows_of(10), client)) == 3
        assert (created(endpoint), run.summary.skipped) == (3, 10)
        summary = run.fetch(client, polling_interval=0.02)
        assert (summary.answered, summary.failed) == (10, 0)
        for number, result in enumerate(collect(tmp_path / "out.jsonl", order=rows_of(10))):
            assert len(result.answer.choices[0].message.content.split()) == number + 1
        assert run.fetch(client).answered == 0
        assert run.submit(rows_of(10), client) == []
        assert run.run(rows_of(10)).skipped == 10  # identical requests have the same hash
        assert run.submit(rows_of(11), client)[0].counts.total == 1


@pytest.mark.parametrize(
    ("interval", "error"), [(math.nan, ValueError), (math.inf, ValueError), (-1, ValueError), ("5", TypeError)]
)
def test_invalid_polling_interval(tmp_path: Path, interval: Any, error: type[Exception]) -> None:
    with Emulator() as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        with pytest.raises(error, match="polling_interval must be a number"):
            run.fetch(client, polling_interval=interval)
        assert not endpoint.requests


@pytest.mark.parametrize("provider", ["openai", "mistral"])
def test_embedding_rows(tmp_path: Path, provider: str) -> None:
    rows = [embedding_row(name, input=name) for name in "ab"]
    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint, provider) as client:
        run = BatchRun(
            lambda: EmbeddingsClient(f"{endpoint.url}/v1", endpoint.key, model="e"), output=tmp_path / "out.jsonl"
        )
        run.submit(rows, client)
        assert run.fetch(client, polling_interval=0.02).answered == 2
        assert all(result.embeddings.data[0].vector for result in collect(tmp_path / "out.jsonl"))
        assert run.run(rows).skipped == 2  # identical requests have the same hash


@pytest.mark.parametrize("fault", ["missing-rows", "expired", "status-0"])
def test_rows_without_a_result_are_submitted_again(tmp_path: Path, fault: str) -> None:
    with Emulator(batch_seconds=0.05, batch_faults=[fault]) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        run.submit(rows_of(8), client)
        summary = run.fetch(client, polling_interval=0.02)
        assert summary.answered + summary.failed == 8
        live = run.run(rows_of(8))
        assert (live.skipped, live.answered) == (summary.answered, summary.failed)
        assert all(result.ok for result in collect(tmp_path / "out.jsonl"))


def test_rows_of_a_job_without_results_go_into_the_next_submit(tmp_path: Path) -> None:
    with Emulator(batch_seconds=5, batch_faults=["missing-rows"]) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        [first] = run.submit(rows_of(1), client)
        assert [job.id for job in run.jobs(client)] == [first.id]
        assert run.cancel(client)[0].status == "cancelling"
        assert run.fetch(client, polling_interval=0.02).errors == {"batch_cancelled": 1}
        assert (run.jobs(client), run.cancel(client)) == ([], [])
        [second] = run.submit(rows_of(1), client)  # the same file as before, but another job
        assert second.id != first.id
        assert run.cancel(client)[0].id == second.id


def test_cancel_drops_planned_files(tmp_path: Path) -> None:
    with Emulator(batch_seconds=5, batch_faults=["token-limit"]) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        assert run.submit(rows_of(8), client) == []
        assert run.cancel(client) == []
        assert run.fetch(client).answered == 0
        assert created(endpoint) == 1


def test_changed_request_raises(tmp_path: Path) -> None:
    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        submit_and_fetch(run, client)
        changed = [{**row, "body": {**row.body, "seed": 1}} for row in rows_of(8)]
        with pytest.raises(ValueError, match="on_changed='redo'"):
            run.submit(changed, client)  # type: ignore[arg-type]
        again = run_of(endpoint, output=tmp_path / "out.jsonl", on_changed="redo")
        assert len(again.submit(changed, client)) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(("on_changed", "jobs", "kept"), [("keep", 1, 4), ("redo", 2, 0), ("raise", 1, 0)])
def test_request_changed_while_in_job(tmp_path: Path, on_changed: Any, jobs: int, kept: int) -> None:
    with Emulator(batch_seconds=5) as endpoint, client_of(endpoint) as client:
        run_of(endpoint, output=tmp_path / "out.jsonl").submit(rows_of(4), client)
        changed: Any = [{**row, "body": {**row.body, "seed": 1}} for row in rows_of(4)]
        again = run_of(endpoint, output=tmp_path / "out.jsonl", on_changed=on_changed)
        if on_changed == "raise":
            with pytest.raises(ValueError, match="'r0' was answered or submitted, but its request"):
                again.submit(changed, client)
        else:
            assert len(again.submit(changed, client)) == jobs
        assert (len(again.jobs(client)), again.summary.kept) == (jobs, kept)


def test_invalid_rows_leave_no_plan(tmp_path: Path) -> None:
    with Emulator(batch_seconds=5) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        with pytest.raises(ValueError, match="Row 11 has the same custom_id"):
            run.submit(rows_of(10) + rows_of(1), client)
        assert run.submit([], client) == []


@pytest.mark.parametrize(("status", "redo"), [(400, "failed"), (429, "transient")])
def test_row_failed_with_status_is_not_answered(tmp_path: Path, status: int, redo: Any) -> None:
    body = {"error": {"code": "why", "message": "because"}}
    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint) as client:
        endpoint.reply({"status": status, "body": body})
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        run.submit(rows_of(2)[1:], client)
        assert run.fetch(client, polling_interval=0.02).errors == {"why": 1}
        live = run_of(endpoint, output=tmp_path / "out.jsonl", redo="none").run(rows_of(2)[1:])
        assert (live.skipped, live.skipped_failed) == (1, 1)
        live = run_of(endpoint, output=tmp_path / "out.jsonl", redo=redo).run(rows_of(2)[1:])
        assert live.answered == 1


def test_job_of_another_run_with_the_same_rows_is_not_adopted(tmp_path: Path) -> None:
    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint) as client:
        for name in ("one.jsonl", "other.jsonl"):
            submit_and_fetch(run_of(endpoint, output=tmp_path / name), client)
        assert created(endpoint) == 4


def test_file_size_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(1) + [
        chat_row(f"long{n}", messages=[{"role": "user", "content": "count to 1" + " " * 3000}]) for n in range(3)
    ]
    monkeypatch.setitem(
        states.DIALECTS,  # type: ignore[arg-type]
        "openai",
        states.DIALECTS["openai"]._replace(most_bytes=7000),
    )
    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        assert [job.counts.total for job in run.submit(rows, client)] == [3, 1]
        sizes = [part.stat().st_size for part in (tmp_path / "out.jsonl.jobs").iterdir()]
        assert max(sizes) <= 7000


def test_file_larger_than_the_queue_is_split(tmp_path: Path) -> None:
    full = ["token-limit"] * 4
    with Emulator(batch_seconds=0.05, batch_faults=full) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        assert run.submit(rows_of(3), client) == []
        assert run.fetch(client, polling_interval=0.001).answered == 3
        assert created(endpoint) == 6
        assert all(result.ok for result in collect(tmp_path / "out.jsonl", order=rows_of(3)))


@pytest.mark.parametrize("fault", ["token-limit", "token-limit-later"])
def test_fetch_waits_for_a_full_queue(tmp_path: Path, fault: str) -> None:
    with Emulator(batch_seconds=0.05, batch_faults=[fault]) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        assert len(run.submit(rows_of(8), client)) == (0 if fault == "token-limit" else 2)
        assert run.fetch(client, polling_interval=0.02).answered == 8


def test_refused_file_fails_each_of_its_rows(tmp_path: Path) -> None:
    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        run.submit(rows_of(3), client)
        [part] = (tmp_path / "out.jsonl.jobs").iterdir()
        plan = json.loads((tmp_path / "out.jsonl.jobs.json").read_text())
        lines = part.read_text().splitlines()
        part.write_text("\n".join([*lines, lines[0]]) + "\n")
        plan[0] |= {"job_id": None, "file_id": None, "sha256": part.stem}
        endpoint.reset()
        (tmp_path / "out.jsonl.jobs.json").write_text(json.dumps(plan))
        summary = run.fetch(client, polling_interval=0.02)
        assert summary.errors == {"duplicate_custom_id": 3}


def submit_and_fetch(run: BatchRun, client: BatchClient) -> None:
    run.submit(rows_of(8), client)
    run.fetch(client, polling_interval=0.02)


@pytest.mark.parametrize("step", ["cut", "planned", "uploaded", "created", "fetched", "half-read", "read"])
def test_crash_at_any_step_submits_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    class Died(BaseException):
        pass

    def dying(real: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if after:
                real(*arguments, **options)
            raise Died

        return call

    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint) as client:
        client.create(client.upload(rows_of(1)))  # not one of ours
        run, real = run_of(endpoint, output=tmp_path / "out.jsonl"), client.results
        with monkeypatch.context() as broken:
            if step == "cut":
                broken.setattr(ProviderRun, "_save", dying(ProviderRun._save, after=False))
            elif step == "half-read":
                broken.setattr(Journal, "sync", dying(Journal.sync, after=True))
                broken.setattr(client, "results", lambda *_, **__: iter([*real(*_, **__)][:2]))
            elif step == "read":
                broken.setattr(Journal, "sync", dying(Journal.sync, after=True))
            elif step == "planned":
                broken.setattr(client, "upload", dying(client.upload, after=False))
            elif step == "uploaded":
                broken.setattr(client, "create", dying(client.create, after=False))
            elif step == "created":
                broken.setattr(client, "create", dying(client.create, after=True))
            else:
                broken.setattr(client, "results", dying(client.results, after=False))
            with pytest.raises(Died):
                submit_and_fetch(run, client)
        run.submit(rows_of(8), client)
        assert run.fetch(client, polling_interval=0.02).failed == 0
        assert created(endpoint) == 3
        assert all(result.ok for result in collect(tmp_path / "out.jsonl", order=rows_of(8)))


def test_service_refusal_is_raised(tmp_path: Path) -> None:
    with Emulator() as endpoint, client_of(endpoint) as client:
        endpoint.fault("400:every=1,path=/batches,message=no")
        with pytest.raises(HttpResponseError, match="no"):
            run_of(endpoint, output=tmp_path / "out.jsonl").submit(rows_of(1), client)


@pytest.mark.parametrize("output", [None, "folder/"])
def test_output_must_be_a_file(endpoint: Emulator, tmp_path: Path, output: str | None) -> None:
    run = BatchRun(lambda: None, output=output and f"{tmp_path}/{output}")  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match="need a file as output"):
        run.fetch(client_of(endpoint))
