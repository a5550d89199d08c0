"""Runs by way of the service's Batch API: no chunk twice, none forgotten, each row with a result."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from azure.ai.inference import BatchClient
from azure.ai.inference.batch import BatchRun, collect
from azure.ai.inference.batch import _batch_states as states
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
def test_rows_go_in_files_and_come_back(tmp_path: Path, provider: str) -> None:
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
        assert run.run(rows_of(10)).skipped == 10  # the same requests, by their hash
        assert run.submit(rows_of(11), client)[0].counts.total == 1


@pytest.mark.parametrize("fault", ["missing-rows", "expired", "status-0"])
def test_rows_without_a_result_are_taken_up_again(tmp_path: Path, fault: str) -> None:
    with Emulator(batch_seconds=0.05, batch_faults=[fault]) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        run.submit(rows_of(8), client)
        summary = run.fetch(client, polling_interval=0.02)
        assert summary.answered + summary.failed == 8
        live = run.run(rows_of(8))
        assert (live.skipped, live.answered) == (summary.answered, summary.failed)
        assert all(result.ok for result in collect(tmp_path / "out.jsonl"))


@pytest.mark.parametrize("fault", ["token-limit", "token-limit-later"])
def test_a_full_queue_is_waited_for(tmp_path: Path, fault: str) -> None:
    with Emulator(batch_seconds=0.05, batch_faults=[fault]) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        assert len(run.submit(rows_of(8), client)) == (0 if fault == "token-limit" else 2)
        assert run.fetch(client, polling_interval=0.02).answered == 8


def test_a_file_that_is_refused_says_so_for_each_row(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("step", ["planned", "uploaded", "created", "fetched"])
def test_dying_at_each_step_submits_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    class Died(BaseException):
        pass

    def dying(real: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if after:
                real(*arguments, **options)
            raise Died

        return call

    with Emulator(batch_seconds=0.05) as endpoint, client_of(endpoint) as client:
        run = run_of(endpoint, output=tmp_path / "out.jsonl")
        with monkeypatch.context() as broken:
            if step == "planned":
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
        assert run.fetch(client, polling_interval=0.02).answered == 8
        assert created(endpoint) == 2
        assert all(result.ok for result in collect(tmp_path / "out.jsonl", order=rows_of(8)))


def test_what_the_service_refuses_is_raised(tmp_path: Path) -> None:
    with Emulator() as endpoint, client_of(endpoint) as client:
        endpoint.fault("400:every=2,path=/batches,message=no")
        with pytest.raises(HttpResponseError, match="no"):
            run_of(endpoint, output=tmp_path / "out.jsonl").submit(rows_of(1), client)


@pytest.mark.parametrize("output", [None, "folder/"])
def test_a_file_is_needed(endpoint: Emulator, tmp_path: Path, output: str | None) -> None:
    run = BatchRun(lambda: None, output=output and f"{tmp_path}/{output}")  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match="need a file as output"):
        run.fetch(client_of(endpoint))
