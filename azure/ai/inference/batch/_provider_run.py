"""A run by way of the service's own Batch API: cut into files, none submitted twice, none forgotten.

What is planned is written down before anything is sent: the rows of each file, and in `<output>.jobs.json` its hash,
which the job carries as metadata. After a crash, a file that was planned and has no job here is looked for among the
service's jobs before it is submitted again.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from azure.core.exceptions import HttpResponseError

from ._batch_states import BatchJob, Dialect, input_lines
from ._results import BatchResult, wrap_result
from ._row_calls import RowCalls, request_hash
from ._row_index import RowState
from ._run_journal import Journal
from ._summary import Summary

METADATA = "azure-ai-inference"
"""The name under which a job carries the hash of its file."""

_QUEUE_IS_FULL = "token_limit_exceeded"
_LONGEST_PAUSE = 15 * 60.0


class Chunk(NamedTuple):
    """A file of rows, and its job."""

    sha256: str
    rows: int
    url: str
    file_id: str | None = None
    job_id: str | None = None
    done: bool = False
    """Whether its results are in the output."""


class ProviderRun:
    """The jobs of a run.

    :param client: A synchronous `BatchClient`.
    :param journal: The output.
    :param output: Its path.
    :param summary: Counts.
    """

    def __init__(self, client: Any, journal: Journal, output: Path, summary: Summary) -> None:
        self._client, self._journal, self._summary = client, journal, summary
        self._dialect: Dialect = client._dialect  # noqa: SLF001 - a client of this package
        self._plan_path = output.with_name(f"{output.name}.jobs.json")
        self._folder = output.with_name(f"{output.name}.jobs")
        self._chunks: list[Chunk] = []
        if self._plan_path.exists():
            self._chunks = [Chunk(**chunk) for chunk in json.loads(self._plan_path.read_text("utf-8"))]

    # ---------------------------------------------------------------- submit

    def _is_answered(self, custom_id: str) -> bool:
        known = self._journal.index[custom_id]
        return known is not None and known.state in (RowState.ANSWERED, RowState.FAILED)

    def _is_full(self, chunk: Sequence[bytes], line: bytes) -> bool:
        """Return whether a chunk has to be written before a line is added, for the provider's limits."""
        size = len(chunk[0]) * len(chunk) if chunk else 0
        return len(chunk) >= self._dialect.most_rows or size + len(line) > self._dialect.most_bytes * 0.9

    def plan(self, rows: Iterable[Any], calls: RowCalls) -> None:
        """Cut the rows that have no answer, and are in no job, into files, and write the plan.

        :param rows: The rows.
        :param calls: Fills in a client's default settings.
        """
        waiting = {custom_id for chunk in self._chunks if not chunk.done for custom_id, _ in self._rows_of(chunk)}
        self._folder.mkdir(parents=True, exist_ok=True)
        lines: dict[str, list[bytes]] = {}
        for custom_id, line, _ in input_lines(rows, self._dialect, calls):
            self._summary.rows += 1
            if custom_id in waiting or self._is_answered(custom_id):
                self._summary.skipped += 1
                continue
            url = str(json.loads(line).get("url") or "/v1/chat/completions")
            if self._is_full(lines.get(url, []), line):
                self._write_chunk(url, lines.pop(url))
            lines.setdefault(url, []).append(line)
        for url, chunk in lines.items():
            self._write_chunk(url, chunk)

    def _write_chunk(self, url: str, lines: list[bytes]) -> None:
        content = b"".join(lines)
        name = sha256(content).hexdigest()
        _write(self._folder / f"{name}.jsonl", content)
        self._chunks.append(Chunk(name, len(lines), url))
        self._save()

    def submit(self) -> list[BatchJob]:
        """Create the jobs that are planned and have none, as long as the service's queue takes them.

        :return: All jobs of the run that have not ended here.
        """
        if any(map(_is_to_submit, self._chunks)):
            self._adopt()
        for number, chunk in enumerate(self._chunks):
            if _is_to_submit(chunk) and not self._create(number, chunk):
                break
        return [self._client.get(chunk.job_id) for chunk in self._chunks if chunk.job_id and not chunk.done]

    def _adopt(self) -> None:
        """Find jobs that were created before a crash, and of which the plan does not know."""
        missing = {chunk.sha256: number for number, chunk in enumerate(self._chunks) if not chunk.job_id}
        for job in self._client.list():
            noted: Any = job.metadata or {}
            number = missing.get(str(noted.get(METADATA)))
            if number is not None and not self._chunks[number].done and not _has_full_queue(job):
                self._change(number, job_id=job.id)

    def _create(self, number: int, chunk: Chunk) -> bool:
        """Create a job; `False` if the service's queue is full."""
        file_id = chunk.file_id
        if file_id is None:
            with (self._folder / f"{chunk.sha256}.jsonl").open("rb") as file:
                file_id = self._client.upload(file).id
            self._change(number, file_id=file_id)
        try:
            job = self._client.create(file_id, url=chunk.url, metadata={METADATA: chunk.sha256})
        except HttpResponseError as error:
            if error.error is not None and error.error.code == _QUEUE_IS_FULL:
                return False
            raise
        self._change(number, job_id=job.id)
        return True

    def _change(self, number: int, **values: Any) -> None:
        self._chunks[number] = self._chunks[number]._replace(**values)
        self._save()

    def _save(self) -> None:
        _write(self._plan_path, json.dumps([chunk._asdict() for chunk in self._chunks], indent=1).encode())

    # ---------------------------------------------------------------- fetch

    def fetch(self, polling_interval: float) -> Iterator[BatchResult]:
        """Wait for all jobs, and hand over their results once they are in the output.

        :param polling_interval: Seconds between two looks; longer where the service's queue is full.
        """
        attempt = 0
        while True:
            self.submit()
            for number, chunk in enumerate(self._chunks):
                if chunk.job_id is not None and not chunk.done:
                    yield from self._fetch_chunk(number, chunk)
            waiting = [chunk for chunk in self._chunks if not chunk.done]
            if not waiting:
                return
            attempt += 1
            full = all(chunk.job_id is None for chunk in waiting)
            time.sleep(min(_LONGEST_PAUSE, polling_interval * 2 ** min(attempt, 8)) if full else polling_interval)

    def _fetch_chunk(self, number: int, chunk: Chunk) -> Iterator[BatchResult]:
        job: BatchJob = self._client.get(chunk.job_id)
        if not job.is_done:
            return
        if _has_full_queue(job):
            self._change(number, job_id=None)
            return
        hashes = dict(self._rows_of(chunk))
        error = job.errors[0] if job.errors else None
        for result in self._client.results(job, rows=list(hashes)):
            if error is not None and result.error is not None and result.error.code == "missing":
                result.error.code, result.error.message = error.code or "failed", error.message or "The job failed."
            ours = _as_ours(result, hashes.get(result.custom_id))
            self._journal.write(ours)
            self._summary.count(ours)
            yield ours
        self._journal.sync()
        self._change(number, done=True)

    def _rows_of(self, chunk: Chunk) -> Iterator[tuple[str, str]]:
        """Return the id and the request's hash of each row."""
        with (self._folder / f"{chunk.sha256}.jsonl").open("rb") as file:
            for line in file:
                row: Mapping[str, Any] = json.loads(line)
                yield row["custom_id"], request_hash(str(row.get("url") or chunk.url), row["body"])


def _has_full_queue(job: BatchJob) -> bool:
    return job.status == "failed" and any(error.code == _QUEUE_IS_FULL for error in job.errors)


def _as_ours(result: BatchResult, request: str | None) -> BatchResult:
    """Return a provider's line in the form of the journal, without what the provider adds."""
    known = ("custom_id", "request_sha256", "error", "response", "attempts", "seconds")
    more = {name: value for name, value in dict(result).items() if name not in known}
    head = {"custom_id": result.custom_id, "request_sha256": request}
    members: dict[str, Any] = dict(result)
    told = {"error": members.get("error"), "response": members.get("response")}
    return wrap_result({**head, **told, **more, "attempts": 1, "seconds": 0.0})


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for nobody else to read."""
    aside = path.with_name(f"{path.name}.writing")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _is_to_submit(chunk: Chunk) -> bool:
    return chunk.job_id is None and not chunk.done
