"""A run on the service's own Batch API: rows are split into files, and each file is submitted exactly once.

The plan is written before anything is sent: the rows of each file, and in `<output>.jobs.json` the hash of each file,
which the job carries as metadata. After a crash, a planned file without a recorded job is looked up among the
service's jobs before it is submitted again.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, cast

from azure.core.exceptions import HttpResponseError

from ._batch_states import BatchJob, Dialect, input_lines
from ._results import BatchResult, wrap_result
from ._row_calls import RowCall, RowCalls, request_hash
from ._row_index import RowState, request_bits
from ._row_selection import RowSelection
from ._run_journal import Journal
from ._run_options import RunOptions
from ._summary import Summary

METADATA = "azure-ai-inference"
"""The metadata key for the hash of a job's file."""

_QUEUE_IS_FULL = "token_limit_exceeded"
_LONGEST_PAUSE = 15 * 60.0
_PATIENCE = 3
"""How often the service's queue may be full while no job of ours is in progress, before the file is cut in two."""


class Chunk(NamedTuple):
    """A file of rows, and its job."""

    sha256: str
    rows: int
    url: str
    file_id: str | None = None
    job_id: str | None = None
    done: bool = False
    """Whether its results are in the output."""


class _Lines:
    """The lines of a file under construction."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self._size = 0

    def has_room(self, line: bytes, dialect: Dialect) -> bool:
        """Return whether another line fits within the provider's limits."""
        return len(self.lines) < dialect.most_rows and self._size + len(line) <= dialect.most_bytes

    def add(self, line: bytes) -> None:
        """Add a line."""
        self.lines.append(line)
        self._size += len(line)


class ProviderRun:
    """The jobs of a run.

    :param client: A synchronous `BatchClient`.
    :param journal: The output.
    :param options: Settings of the run.
    :param summary: Counts.
    """

    def __init__(self, client: Any, journal: Journal, options: RunOptions, summary: Summary) -> None:
        self._client, self._journal, self._options, self._summary = client, journal, options, summary
        output = cast("Path", options.output)
        self._dialect: Dialect = client._dialect  # noqa: SLF001 - a client of this package
        self._plan_path = output.with_name(f"{output.name}.jobs.json")
        self._folder = output.with_name(f"{output.name}.jobs")
        self._chunks: list[Chunk] = []
        if self._plan_path.exists():
            self._chunks = [Chunk(**chunk) for chunk in json.loads(self._plan_path.read_text("utf-8"))]
        self._unsure = {chunk.sha256 for chunk in self._chunks if _is_to_submit(chunk)}
        """Files that an earlier process planned, and may have submitted before it died."""

    # ---------------------------------------------------------------- submit

    def plan(self, rows: Iterable[Any], calls: RowCalls) -> None:
        """Split the rows that have no answer and no job into files, and write the plan.

        :param rows: The rows.
        :param calls: Adds a client's default settings.
        :raises ValueError: A row is invalid, or the request of a row that is answered or in a job has changed; the
            plan stays as it was.
        """
        for chunk in self._chunks:
            if not chunk.done:
                for custom_id, request in self._rows_of(chunk):
                    self._journal.index.add(custom_id, RowState.ANSWERED, request_bits(request))  # or will be
        self._folder.mkdir(parents=True, exist_ok=True)
        files: dict[str, _Lines] = {}
        selection = RowSelection(self._journal.index, self._options.redo, self._options.on_changed, self._summary)
        for number, (custom_id, line, url) in enumerate(input_lines(rows, self._dialect, calls), 1):
            self._summary.rows += 1
            call = RowCall(custom_id, dict, request_hash(url, json.loads(line)["body"]), 0.0, 0.0)
            if not selection.wants(call, number):
                continue
            if url in files and not files[url].has_room(line, self._dialect):
                self._chunks.append(self._write_chunk(url, files.pop(url).lines))
            files.setdefault(url, _Lines()).add(line)
        for url, file in files.items():
            self._chunks.append(self._write_chunk(url, file.lines))
        self._save()

    def _write_chunk(self, url: str, lines: Sequence[bytes]) -> Chunk:
        content = b"".join(lines)
        name = sha256(content).hexdigest()
        _write(self._folder / f"{name}.jsonl", content)
        return Chunk(name, len(lines), url)

    def submit(self) -> list[BatchJob]:
        """Create the planned jobs that do not exist yet, as long as the service's queue accepts them.

        :return: All jobs of the run whose results are not in the output yet.
        """
        if self._unsure:
            self._adopt()
        for number, chunk in enumerate(self._chunks):
            if _is_to_submit(chunk) and not self._create(number, chunk):
                break
        return self.jobs()

    def jobs(self) -> list[BatchJob]:
        """Return the jobs whose results are not in the output yet."""
        return [self._client.get(chunk.job_id) for chunk in self._chunks if chunk.job_id and not chunk.done]

    def cancel(self) -> list[BatchJob]:
        """Cancel all jobs that have not ended, and drop files that were planned but not submitted."""
        if self._unsure:
            self._adopt()
        self._chunks = [chunk for chunk in self._chunks if not _is_to_submit(chunk)]
        self._save()
        return [job if job.is_done else self._client.cancel(job.id) for job in self.jobs()]

    def _adopt(self) -> None:
        """Find jobs that were created before a crash and are missing from the plan."""
        ours = {chunk.job_id for chunk in self._chunks}
        missing = {chunk.sha256: number for number, chunk in enumerate(self._chunks) if chunk.sha256 in self._unsure}
        for job in self._client.list():
            noted: Any = job.metadata or {}
            number = missing.get(str(noted.get(METADATA)))
            if number is not None and job.id not in ours and not _has_full_queue(job):
                self._change(number, job_id=job.id)
                del missing[self._chunks[number].sha256]
        self._unsure.clear()

    def _create(self, number: int, chunk: Chunk) -> bool:
        """Create a job; return `False` if the service's queue is full."""
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
        """Wait for all jobs, and return their results once they are in the output.

        :param polling_interval: Seconds between two requests for the status; longer if the service's queue is full.
        """
        full = 0
        while True:
            self.submit()
            for number, chunk in enumerate(self._chunks):
                if chunk.job_id is not None and not chunk.done:
                    yield from self._fetch_chunk(number, chunk)
            waiting = [chunk for chunk in self._chunks if not chunk.done]
            if not waiting:
                return
            full = full + 1 if all(chunk.job_id is None for chunk in waiting) else 0
            if full and full % _PATIENCE == 0:
                self._halve(self._chunks.index(waiting[0]))
            time.sleep(min(_LONGEST_PAUSE, polling_interval * 2 ** min(full, 8)))

    def _halve(self, number: int) -> None:
        """Cut a file in two: the queue is full without any job of ours, so the file may exceed the whole queue."""
        chunk = self._chunks[number]
        lines = (self._folder / f"{chunk.sha256}.jsonl").read_bytes().splitlines(keepends=True)
        half = (len(lines) + 1) // 2
        halves = [self._write_chunk(chunk.url, part) for part in (lines[:half], lines[half:]) if part]
        self._chunks[number : number + 1] = halves
        self._save()

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
        """Return the id and the request hash of each row."""
        with (self._folder / f"{chunk.sha256}.jsonl").open("rb") as file:
            for line in file:
                row: Mapping[str, Any] = json.loads(line)
                yield row["custom_id"], request_hash(str(row.get("url") or chunk.url), row["body"])


def _has_full_queue(job: BatchJob) -> bool:
    return job.status == "failed" and any(error.code == _QUEUE_IS_FULL for error in job.errors)


def _as_ours(result: BatchResult, request: str | None) -> BatchResult:
    """Return a provider's result in the format of the journal, without the provider's additions."""
    known = ("custom_id", "request_sha256", "error", "response", "attempts", "seconds")
    more = {name: value for name, value in dict(result).items() if name not in known}
    head = {"custom_id": result.custom_id, "request_sha256": request}
    members: dict[str, Any] = dict(result)
    outcome = {"error": members.get("error"), "response": members.get("response")}
    return wrap_result({**head, **outcome, **more, "attempts": 1, "seconds": 0.0})


def _write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, readable only by its owner."""
    aside = path.with_name(f"{path.name}.writing")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _is_to_submit(chunk: Chunk) -> bool:
    return chunk.job_id is None and not chunk.done
