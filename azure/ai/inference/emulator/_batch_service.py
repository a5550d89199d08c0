"""The services' Batch APIs: ``/files`` with ``/batches`` (Azure OpenAI, OpenAI) or ``/batch/jobs`` (Mistral).

A job goes through its states by the clock. Azure's pitfalls are included: a file is pending for a while, the first
status is capitalised, counts are null at first, and if no request failed the id of the error file is empty.
"""

import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import uuid4

from ._access import check_access
from ._batch_files import FileStore, Provider, StoredFile
from ._batch_lines import Ask, Line, Outputs, answer_lines, read_lines
from ._raw_replies import raw_response
from ._request import RecordedRequest
from ._response import Response, json_response
from ._routes import find_family
from ._script import Match
from ._service_error import ServiceError
from ._values import as_object, as_text

BATCH_FAULTS: Final = ("expired", "missing-rows", "status-0", "token-limit", "token-limit-later")
"""Faults of a batch."""

_PATH: Final = re.compile(r"(?P<prefix>.*/v1)/(?P<kind>files|batches|batch/jobs)(?P<rest>/.*)?$")
_MISTRAL: Final[Mapping[str, str]] = {
    "validating": "QUEUED",
    "in_progress": "RUNNING",
    "finalizing": "RUNNING",
    "completed": "SUCCESS",
    "failed": "FAILED",
    "expired": "TIMEOUT_EXCEEDED",
    "cancelling": "CANCELLATION_REQUESTED",
    "cancelled": "CANCELLED",
}
_FILTERS: Final = ("page", "page_size", "model", "agent_id", "created_after", "created_by_me", "status", "order_by")
"""Query parameters of Mistral's list; any other is metadata."""
_STARTS, _FINALIZES = 0.2, 0.8
"""The parts of its duration after which a job starts to work, and to write its files."""
_QUEUE_IS_FULL: Final = "Enqueued token limit reached. Please wait until some in_progress batches have been completed."


@dataclass
class _Job:
    """A batch.

    :param body: The request that created it.
    """

    body: dict[str, Any]
    provider: Provider
    prefix: str
    endpoint: str
    files: list[str]
    began: float
    headers: Mapping[str, str]
    id: str = field(default_factory=lambda: f"batch_{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    lines: list[Line] = field(default_factory=list[Line])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    cancelled: float | None = None
    outputs: Outputs | None = None
    output_file: str | None = None
    error_file: str | None = None


class BatchService:
    """The batches of a session.

    :param clock: Returns seconds.
    :param respond: Answers one request of a batch.
    :keyword seconds: The duration of a batch.
    :keyword faults: The faults, from :data:`BATCH_FAULTS`.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        respond: Callable[[RecordedRequest, Provider], Response],
        *,
        seconds: float,
        faults: Collection[str] = (),
    ) -> None:
        self._clock, self._respond = clock, respond
        self._seconds, self._faults = seconds, list(faults)
        self._files = FileStore(lag=seconds / 10)
        self._jobs: dict[str, _Job] = {}

    @staticmethod
    def serves(path: str) -> bool:
        """Return whether a path belongs to a Batch API."""
        return _PATH.match(path) is not None

    def respond(
        self,
        request: RecordedRequest,
        scripted: Callable[[RecordedRequest], Match],
        *,
        keys: Collection[str],
        dialect: str,
    ) -> Response:
        """Answer a request.

        :param scripted: Returns the reply that is scripted for this path, if any.
        :keyword keys: The accepted keys.
        :keyword dialect: The dialect of the route, which determines the provider.
        :raises ServiceError: If the request is invalid.
        """
        match = cast("re.Match[str]", _PATH.match(request.path))
        family = find_family(request.path)
        check_access(request, keys=keys, audiences=family.audiences, demand="required", serverless=False)
        reply = scripted(request).reply
        if reply is not None:
            return raw_response(reply)
        provider = _provider(request, match["kind"], dialect)
        rest = match["rest"] or ""
        if match["kind"] == "files":
            return self._files.respond(request, provider, rest, self._clock())
        return self._jobs_of(request, provider, match["prefix"], rest)

    def _jobs_of(self, request: RecordedRequest, provider: Provider, prefix: str, rest: str) -> Response:
        identifier, _, tail = rest.strip("/").partition("/")
        if not identifier:
            return (
                self._create(request, provider, prefix) if request.method == "POST" else self._list(request, provider)
            )
        if identifier not in self._jobs:
            raise ServiceError(404, "not_found", f"No batch found with id '{identifier}'.", param="id")
        job = self._jobs[identifier]
        if request.method == "DELETE":
            del self._jobs[identifier]
            return json_response({"id": identifier, "object": "batch", "deleted": True})
        if tail == "cancel" and self._state(job) in ("validating", "in_progress", "finalizing"):
            job.cancelled = self._clock()
        return json_response(self._shown(job, inline=request.param("inline") == "true"))

    def _create(self, request: RecordedRequest, provider: Provider, prefix: str) -> Response:
        body = as_object(request.body)
        endpoint = as_text(body.get("endpoint"))
        if not endpoint:
            raise ServiceError(400, "invalid_request", "Missing required parameter: 'endpoint'.", param="endpoint")
        if provider != "mistral" and body.get("completion_window") != "24h":
            message = "Invalid value for 'completion_window'. Supported values are: '24h'."
            raise ServiceError(400, "invalid_request", message, param="completion_window")
        if "token-limit" in self._faults:
            self._faults.remove("token-limit")
            raise ServiceError(400, "token_limit_exceeded", _QUEUE_IS_FULL)
        given: Any = body.get("input_files") or ()
        files: list[str] = [as_text(body.get("input_file_id"))] if provider != "mistral" else [*given]
        if provider == "mistral" and body.get("requests"):
            raw = "".join(json.dumps(line) + "\n" for line in body["requests"]).encode()
            files = [self._files.add(StoredFile(raw, "requests.jsonl", "batch", self._clock())).id]
        now = self._clock()
        job = _Job(body, provider, prefix, endpoint, files, now, request.headers)
        for identifier in files:
            file = self._files.get(identifier)
            if not self._files.is_ready(file, provider, now):
                raise ServiceError(
                    400, "invalid_request", f"The file {identifier} is not processed yet.", param="input_file_id"
                )
            lines, errors = read_lines(file.data, provider, endpoint, as_text(body.get("model")) or None)
            job.lines += lines
            job.errors += errors
        if "token-limit-later" in self._faults:
            self._faults.remove("token-limit-later")
            job.errors.append({"code": "token_limit_exceeded", "message": _QUEUE_IS_FULL, "param": None, "line": None})
        self._jobs[job.id] = job
        return json_response(self._shown(job, inline=False))

    def _list(self, request: RecordedRequest, provider: Provider) -> Response:
        jobs = [job for job in reversed(self._jobs.values()) if job.provider == provider]
        if provider == "mistral":
            wanted = {name: value for name, value in request.query if name not in _FILTERS}
            page, size = int(request.param("page") or 0), int(request.param("page_size") or 100)
            kept = [job for job in jobs if wanted.items() <= _metadata(job).items()]
            shown = [self._shown(job, inline=False) for job in kept[page * size : (page + 1) * size]]
            return json_response({"object": "list", "data": shown, "total": len(kept)})
        after, limit = request.param("after"), int(request.param("limit") or 20)
        ids = [job.id for job in jobs]
        start = ids.index(after) + 1 if after in ids else 0
        part = jobs[start : start + limit]
        ends = {"first_id": part[0].id, "last_id": part[-1].id} if part else {"first_id": None, "last_id": None}
        more = {"has_more": len(jobs) > start + limit}
        return json_response(
            {"object": "list", "data": [self._shown(job, inline=False) for job in part], **ends, **more}
        )

    # ---------------------------------------------------------------- states

    def _state(self, job: _Job) -> str:
        now = self._clock()
        part = (now - job.began) / self._seconds if self._seconds else 1.0
        if job.errors:
            return "failed" if part >= _STARTS else "validating"
        if job.cancelled is not None:
            return "cancelled" if now - job.cancelled >= self._seconds / 10 else "cancelling"
        if part >= 1:
            return "expired" if "expired" in self._faults else "completed"
        return "validating" if part < _STARTS else "in_progress" if part < _FINALIZES else "finalizing"

    def _write(self, job: _Job, state: str) -> Outputs:
        """Answer the lines of a job, once, and write its files."""
        if job.outputs is None:
            ended = {"expired": "batch_expired", "cancelled": "batch_cancelled"}.get(state)
            ask = self._asker(job)
            made = answer_lines(job.lines, job.provider, ask, faults=self._faults, ended=ended)
            job.outputs = made
            now = self._clock()
            if made.output:
                job.output_file = self._files.add(StoredFile(made.output, "output.jsonl", "batch_output", now)).id
            if made.errors:
                job.error_file = self._files.add(StoredFile(made.errors, "error.jsonl", "batch_output", now)).id
        return job.outputs

    def _asker(self, job: _Job) -> Ask:
        def ask(operation: str, body: bytes) -> Response:
            headers = {**job.headers, "content-type": "application/json"}
            return self._respond(RecordedRequest("POST", job.prefix + operation, (), headers, body), job.provider)

        return ask

    def _shown(self, job: _Job, *, inline: bool) -> dict[str, Any]:
        state = self._state(job)
        done = state in ("completed", "expired", "cancelled")
        outputs = self._write(job, state) if done else None
        counts = {
            "total": len(job.lines),
            "completed": outputs.completed if outputs else 0,
            "failed": outputs.failed if outputs else 0,
        }
        if job.provider == "mistral":
            return _shown_by_mistral(job, _MISTRAL[state], counts, done, inline)
        shown = _shown_by_openai(job, state, counts)
        if job.provider == "azure":
            shown["error_file_id"] = job.error_file or ""
            if state == "validating":
                shown |= {"status": "Validating", "request_counts": {"total": None, "completed": None, "failed": None}}
        return shown


def _provider(request: RecordedRequest, kind: str, dialect: str) -> Provider:
    """Return the provider, by dialect and path, and by the user agent of Mistral's own client."""
    agent = request.headers.get("user-agent", "")
    if dialect == "mistral" or kind == "batch/jobs" or agent.startswith("mistral-client"):
        return "mistral"
    return "azure" if dialect.startswith("azure") else "openai"


def _metadata(job: _Job) -> Mapping[str, Any]:
    return as_object(job.body.get("metadata"))


def _shown_by_openai(job: _Job, state: str, counts: Mapping[str, int]) -> dict[str, Any]:
    stamps = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": job.endpoint,
        "errors": {"object": "list", "data": job.errors} if state == "failed" else None,
        "input_file_id": job.files[0],
        "completion_window": "24h",
        "status": state,
        "output_file_id": job.output_file,
        "error_file_id": job.error_file,
        "created_at": job.created,
        "expires_at": job.created + 86400,
        **{f"{stamp}_at": job.created if state == stamp else None for stamp in stamps},
        "request_counts": counts,
        "metadata": job.body.get("metadata"),
    }


def _shown_by_mistral(job: _Job, status: str, counts: Mapping[str, int], done: bool, inline: bool) -> dict[str, Any]:
    failed = status == "FAILED"
    return {
        "id": job.id,
        "object": "batch",
        "input_files": job.files,
        "metadata": job.body.get("metadata"),
        "endpoint": job.endpoint,
        "model": job.body.get("model"),
        "agent_id": None,
        "output_file": job.output_file,
        "error_file": job.error_file,
        "errors": [{"message": error["message"], "count": 1} for error in job.errors] if failed else [],
        "outputs": [json.loads(line) for line in job.outputs.output.splitlines()] if inline and job.outputs else None,
        "status": status,
        "created_at": job.created,
        "started_at": job.created if status != "QUEUED" else None,
        "completed_at": job.created if done or failed else None,
        "total_requests": counts["total"],
        "completed_requests": counts["completed"] + counts["failed"],
        "succeeded_requests": counts["completed"],
        "failed_requests": counts["failed"],
    }
