"""The services' Batch APIs as values: what each expects, and what its objects mean. Pure.

Services and their documentation contradict each other, so reading is lenient: statuses in any case, null or empty
counts and ids, times as numbers or text.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple, Union

from .._http.endpoint import Endpoint
from .._json import is_list, is_object, json_or_none, to_json
from .._model import Model
from .._nested_models import wrap_as
from ._results import BatchResult, BatchRowError, error_of, wrap_result
from ._row_calls import RowCalls
from ._rows import check_row, check_rows

Provider = Literal["azure", "openai", "mistral"]

_DONE = ("completed", "failed", "expired", "cancelled")


class BatchCounts(Model):
    """The row counts of a job."""

    total: int | None = None
    """All rows."""
    completed: int | None = None
    """Rows that were answered."""
    failed: int | None = None
    """Rows that failed."""


class BatchJobError(Model):
    """Why a job failed."""

    code: str | None = None
    """The service's code, such as "token_limit_exceeded"."""
    message: str | None = None
    """The service's description."""
    line: int | None = None
    """The line in the input file, counted from 1."""
    param: str | None = None
    """The member of that line."""


class BatchFile(Model):
    """A file stored by the service."""

    id: str
    """Its id."""
    bytes: int | None = None
    """Its size."""
    filename: str | None = None
    """Its name."""
    purpose: str | None = None
    """"batch", or "batch_output"."""
    status: str | None = None
    """"processed" once it may be used. OpenAI and Mistral accept files as soon as they are uploaded."""


class BatchJob(Model):
    """A job of the service's Batch API, in one vocabulary for all services. Additional members are kept."""

    id: str
    """Its id."""
    status: str
    """"validating", "in_progress", "finalizing", "completed", "failed", "expired", "cancelling" or "cancelled"."""
    counts: BatchCounts
    """The row counts."""
    errors: list[BatchJobError]
    """Why it failed."""
    input_file_id: str | None = None
    """Id of the file with the rows."""
    output_file_id: str | None = None
    """Id of the file with the answers; `None` if there is none (yet)."""
    error_file_id: str | None = None
    """Id of the file with the failed rows; `None` if there is none (yet)."""
    created_at: Any = None
    """When it was created, as sent by the service: seconds since 1970, or a text."""
    metadata: dict[str, Any] | None = None
    """The metadata set by its creator."""

    @property
    def is_done(self) -> bool:
        """Whether it has ended. An expired or cancelled job has results too, and they are paid for: read them."""
        return self.status in _DONE


class Dialect(NamedTuple):
    """What the Batch API of a provider expects."""

    name: Provider
    jobs: str
    """The route of jobs."""
    most_rows: int
    most_bytes: int
    waits_for_files: bool
    """Whether a file has to be processed before a job may use it."""


DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect("azure", "batches", 100_000, 200_000_000, True),
        Dialect("openai", "batches", 50_000, 200_000_000, False),
        Dialect("mistral", "batch/jobs", 1_000_000, 512_000_000, False),
    )
}
"""The providers by name."""

_STATUSES = {
    "queued": "validating",
    "running": "in_progress",
    "success": "completed",
    "timeout_exceeded": "expired",
    "cancellation_requested": "cancelling",
    "canceled": "cancelled",
}
_wrap_job, wrap_file, _wrap_error = wrap_as(BatchJob), wrap_as(BatchFile), wrap_as(BatchRowError)

_NO_STATUS = {"code": "status_0", "message": "The service did not answer this row: its status is 0."}
_NO_ANSWER = {"code": "missing", "message": "The service wrote a line without an answer for this row."}


def dialect_of(endpoint: Endpoint, provider: Provider | None) -> Dialect:
    """Decide which provider's Batch API an endpoint has.

    :param endpoint: The endpoint.
    :param provider: The provider passed by the caller.
    :raises ValueError: The provider is unknown.
    """
    if provider is not None:
        if provider not in DIALECTS:
            raise ValueError(f"provider is {provider!r:.100}; choose one of {', '.join(map(repr, DIALECTS))}.")
        return DIALECTS[provider]
    if "mistral" in endpoint.root:
        return DIALECTS["mistral"]
    return DIALECTS["azure" if endpoint.service == "resource" else "openai"]


def jobs_endpoint(endpoint: Endpoint) -> Endpoint:
    """Return where the batches of an endpoint are: on an Azure resource below /openai/v1, not below a deployment."""
    if endpoint.dialect != "deployments":
        return endpoint
    return endpoint._replace(base_url=f"{endpoint.root}/openai/v1", dialect="v1", api_version=None)


def new_job(
    dialect: Dialect,
    file_id: str,
    *,
    url: str,
    model: str | None = None,
    metadata: Mapping[str, str] | None = None,
    output_expires_after: timedelta | None = None,
    timeout_hours: int | None = None,
) -> dict[str, Any]:
    """Build the body that creates a job; `create` explains the arguments.

    :raises ValueError: The provider does not support a setting.
    """
    members = {"output_expires_after": output_expires_after, "timeout_hours": timeout_hours}
    stray = "output_expires_after" if dialect.name == "mistral" else "timeout_hours"
    if members[stray] is not None:
        raise ValueError(f"{stray} is not a setting of this provider's batches ({dialect.name}): leave it out.")
    if dialect.name == "mistral":
        body: dict[str, Any] = {"input_files": [file_id], "endpoint": url, "model": model, "metadata": metadata}
        return {name: value for name, value in {**body, "timeout_hours": timeout_hours}.items() if value is not None}
    body = {"input_file_id": file_id, "endpoint": url, "completion_window": "24h"}
    if metadata:
        body["metadata"] = dict(metadata)
    if output_expires_after is not None:
        body["output_expires_after"] = expiry(output_expires_after)
    return body


def expiry(after: timedelta) -> dict[str, Any]:
    """Build the form fields that say how long a file is kept."""
    return {"anchor": "created_at", "seconds": int(after.total_seconds())}


def job_of(value: Mapping[str, Any]) -> BatchJob:
    """Read a job in either provider's format."""
    status = str(value.get("status") or "").lower()
    given: Any = value.get("request_counts") or {}
    inputs: Any = value.get("input_files")
    members = {
        "status": _STATUSES.get(status, status),
        "counts": {
            "total": given.get("total", value.get("total_requests")),
            "completed": given.get("completed", value.get("succeeded_requests")),
            "failed": given.get("failed", value.get("failed_requests")),
        },
        "errors": _errors_of(value.get("errors")),
        "input_file_id": value.get("input_file_id") or (inputs[0] if is_list(inputs) and inputs else None),
        "output_file_id": value.get("output_file_id") or value.get("output_file") or None,
        "error_file_id": value.get("error_file_id") or value.get("error_file") or None,
    }
    return _wrap_job({**value, **members})


def _errors_of(value: Any) -> list[Any]:
    """Read the errors of a job: OpenAI's list inside an object, or Mistral's list."""
    listed: Any = value.get("data") if is_object(value) else value
    errors: list[Any] = listed or []
    return [error if is_object(error) else {"message": str(error)} for error in errors]


def result_of_line(line: bytes) -> BatchResult | None:
    """Read a line of a provider's output or error file; `None` if it is empty or not a result."""
    value = json_or_none(line)
    if not is_object(value) or not value.get("custom_id"):
        return None
    received: Any = value.get("response")
    response = _response_of(received)
    error = _error_of_line(value.get("error"))
    if response is None and error is None:
        error = _NO_STATUS if is_object(received) else _NO_ANSWER
    result = wrap_result({**value, "custom_id": str(value["custom_id"]), "error": error, "response": response})
    if error is None and not result.ok:  # OpenAI's rows that failed with a status have no error
        result.error = _wrap_error(error_of(result._exception))  # noqa: SLF001 - it is ours
    return result


def _response_of(value: Any) -> dict[str, Any] | None:
    """Return the response in a line; `None` if it has no status, or 0."""
    status = str(value.get("status_code")) if is_object(value) else ""
    return {**value, "status_code": int(status)} if status.isdecimal() and int(status) else None


def _error_of_line(value: Any) -> dict[str, Any] | None:
    """Return the error in a line; Mistral's is a text."""
    if not value:
        return None
    error: dict[str, Any] = dict(value) if is_object(value) else {"message": str(value)}
    return {**error, "code": str(error.get("code") or "error"), "message": str(error.get("message") or "")}


class Lines:
    """Splits bytes into lines as they arrive."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Return the lines that are complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        yield from lines

    def end(self) -> bytes:
        """Return what follows the last line end."""
        return self._rest


def input_lines(
    rows: Iterable[Union[Mapping[str, Any], Any]], dialect: Dialect, calls: RowCalls | None = None
) -> Iterator[tuple[str, bytes, str]]:
    """Check rows, and write them as lines of a provider's input file.

    :param rows: The rows.
    :param dialect: The provider.
    :param calls: Adds a client's default settings.
    :return: Each row's id, its line, and its URL, which Mistral's lines do not have.
    :raises ValueError: A row is invalid, or an id occurs twice.
    :raises TypeError: A row has the wrong type, or is not JSON.
    """
    check_rows(rows)
    seen: set[str] = set()
    for number, given in enumerate(rows, 1):
        row = check_row(given, f"row {number}")
        if row.custom_id in seen:
            raise ValueError(f"Row {number} has the same custom_id as an earlier row: {row.custom_id!r:.100}.")
        seen.add(row.custom_id)
        body = dict(row.body) if calls is None else calls.body(row)
        line: dict[str, Any] = {"custom_id": row.custom_id, "body": body}
        if dialect.name != "mistral":
            line = {"custom_id": row.custom_id, "method": "POST", "url": row.url, "body": body}
        try:
            text = to_json(line)
        except (TypeError, ValueError) as error:
            raise type(error)(f"The row {row.custom_id!r:.100} cannot be written as JSON: {error}") from None
        yield row.custom_id, text.encode() + b"\n", row.url


class UploadBody:
    """A multipart body that is read from a file while it is sent, and again for each attempt.

    :param file: The file, positioned at its beginning.
    :param size: Its size in bytes.
    :param fields: The form's other fields.
    :param name: The file's name.
    """

    def __init__(self, file: Any, size: int, fields: Mapping[str, str], name: str) -> None:
        from uuid import uuid4

        self.boundary = uuid4().hex
        head = [
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        ]
        head.append(f'--{self.boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n')
        head.append("Content-Type: application/json\r\n\r\n")
        self._head, self._tail = "".join(head).encode(), f"\r\n--{self.boundary}--\r\n".encode()
        self._file, self._start = file, file.tell()
        self.size = len(self._head) + size + len(self._tail)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that describe the body."""
        return {
            "Content-Type": f"multipart/form-data; boundary={self.boundary}",
            "Content-Length": str(self.size),
        }

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        self._file.seek(self._start)
        while block := self._file.read(1 << 20):
            yield block
        yield self._tail

    async def __aiter__(self) -> Any:
        for block in self:
            yield block
