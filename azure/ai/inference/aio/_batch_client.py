"""The asynchronous client for the services' own Batch APIs."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import timedelta
from typing import IO, Any, cast

from typing_extensions import Unpack

from .._operations.options import ClientOptions, RequestOptions
from .._operations.settings import AsyncCredential
from .._operations.signatures import with_options
from ..batch._batch_states import (
    BatchFile,
    BatchJob,
    Lines,
    Provider,
    UploadBody,
    dialect_of,
    expiry,
    input_lines,
    job_of,
    jobs_endpoint,
    new_job,
    result_of_line,
    wrap_file,
)
from ..batch._collected import missing_of
from ..batch._job_calls import has_metadata, in_path, job_call, page_after, read_json, to_body
from ..batch._results import BatchResult
from ..batch._rows import BatchRow
from ..batch._run_options import check_polling_interval
from ._base_client import InferenceClient

_FIRST_LOOK, _LAST_LOOK = 0.1, 5.0
"""Seconds between two checks whether a file is processed: the first wait, and the longest."""


class BatchClient(InferenceClient):
    """A client for the service's own Batch API, which processes files of rows within a day, usually at half the price.

    Azure OpenAI (deployments of type Global-Batch or DataZoneBatch), OpenAI and Mistral have one. Files use the format
    of `azure.ai.inference.batch`, and so do results.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential, or a function that returns a token.
    :keyword provider: "azure", "openai" or "mistral", if the host does not identify the provider.
    :raises ValueError: The endpoint is not a URL that can be called, the credential is empty, or the provider is
        unknown.
    :raises TypeError: The credential has an unsupported type, or a keyword is misspelled.
    """

    __module__ = "azure.ai.inference.aio"

    @with_options(ClientOptions)
    def __init__(
        self,
        endpoint: str,
        credential: AsyncCredential,
        *,
        provider: Provider | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._build(endpoint, credential, "chat", (), options)
        self._dialect = dialect_of(self._settings.endpoint, provider)
        self._settings = self._settings._replace(endpoint=jobs_endpoint(self._settings.endpoint))

    async def _json(self, call: Any) -> dict[str, Any]:
        response = await self._client._pipeline.run(call.request, **call.options)
        return read_json(call, response.http_response)

    @with_options(RequestOptions)
    async def upload(
        self,
        rows: Iterable[BatchRow] | IO[bytes],
        *,
        expires_after: timedelta | None = None,
        **options: Unpack[RequestOptions],
    ) -> BatchFile:
        """Upload rows as an input file. They are written to a temporary file first, and sent from there.

        :param rows: The rows, which are checked; or a binary file of lines, which is sent unchanged.
        :keyword expires_after: How long the service keeps the file; Azure accepts 14 to 30 days.
        :return: The file.
        :raises ValueError: A row is invalid, an id occurs twice, or there are no rows, or more rows or bytes than a
            file may have.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused.
        """
        fields = {"purpose": "batch"}
        if expires_after is not None and self._dialect.name == "mistral":
            fields["expiry"] = str(int(expires_after.total_seconds() // 3600))
        elif expires_after is not None:
            fields |= {f"expires_after[{name}]": str(value) for name, value in expiry(expires_after).items()}
        with tempfile.TemporaryFile() as file:
            size = self._write(rows, file)
            body = UploadBody(file, size, fields, "rows.jsonl")
            call = job_call(
                self._settings, "upload", "files", options, method="POST", content=body, headers=body.headers
            )
            return wrap_file(await self._json(call))

    def _write(self, rows: Any, file: IO[bytes]) -> int:
        """Write rows, or copy a file, and check the limits."""
        count, size = 0, 0
        is_file = hasattr(rows, "read")
        lines = iter(lambda: rows.read(1 << 20), b"") if is_file else input_lines(rows, self._dialect)
        for line in lines:
            data = cast("bytes", line) if is_file else line[1]
            count, size = count + 1, size + len(data)
            file.write(data)
            if size > self._dialect.most_bytes or (not is_file and count > self._dialect.most_rows):
                raise ValueError(
                    f"A batch file of {self._dialect.name} may have {self._dialect.most_rows:,} rows and "
                    f"{self._dialect.most_bytes:,} bytes: split the rows, or let BatchRun.submit do it."
                )
        if not size:
            raise ValueError("There are no rows to upload: the iterable, or the file, is empty.")
        file.seek(0)
        return size

    @with_options(RequestOptions)
    async def get_file(self, file_id: str | BatchFile, **options: Unpack[RequestOptions]) -> BatchFile:
        """Get the state of a file.

        :param file_id: The file, or its id.
        :raises ~azure.core.exceptions.ResourceNotFoundError: The file does not exist.
        """
        return wrap_file(
            await self._json(job_call(self._settings, "get_file", f"files/{in_path('file_id', file_id)}", options))
        )

    @with_options(RequestOptions)
    async def create(
        self,
        file: str | BatchFile,
        *,
        url: str = "/v1/chat/completions",
        model: str | None = None,
        metadata: Mapping[str, str] | None = None,
        output_expires_after: timedelta | None = None,
        timeout_hours: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> BatchJob:
        """Create a job for an uploaded file. On Azure, first wait until the file is processed.

        :param file: The file, or its id.
        :keyword url: What its rows request.
        :keyword model: The model; only for Mistral, whose rows need not name it.
        :keyword metadata: Up to 16 names and texts to find the job by.
        :keyword output_expires_after: How long the service keeps the results; not for Mistral.
        :keyword timeout_hours: Hours after which the job ends; only for Mistral.
        :return: The job.
        :raises ValueError: The provider does not support a setting.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused, for example because too many tokens are
            queued already: `error.error.code` is then "token_limit_exceeded".
        """
        in_path("file", file)
        file_id = file if isinstance(file, str) else file.id
        body = new_job(
            self._dialect,
            file_id,
            url=url,
            model=model,
            metadata=metadata,
            output_expires_after=output_expires_after,
            timeout_hours=timeout_hours,
        )
        if self._dialect.waits_for_files:
            await self._wait_for_file(file_id)
        content = to_body(body)
        return job_of(
            await self._json(
                job_call(self._settings, "create", self._dialect.jobs, options, method="POST", content=content)
            )
        )

    async def _wait_for_file(self, file_id: str) -> None:
        pause = _FIRST_LOOK
        while (await self.get_file(file_id)).status in ("pending", "running", "uploaded"):
            await self._sleep(pause)
            pause = min(_LAST_LOOK, 2 * pause)

    async def _sleep(self, seconds: float) -> None:
        await self._client._pipeline._transport.sleep(seconds)

    @with_options(RequestOptions)
    async def get(self, job_id: str | BatchJob, **options: Unpack[RequestOptions]) -> BatchJob:
        """Get the state of a job.

        :param job_id: The job, or its id.
        :raises ~azure.core.exceptions.ResourceNotFoundError: The job does not exist.
        """
        return job_of(
            await self._json(
                job_call(self._settings, "get", f"{self._dialect.jobs}/{in_path('job_id', job_id)}", options)
            )
        )

    @with_options(RequestOptions)
    async def cancel(self, job_id: str | BatchJob, **options: Unpack[RequestOptions]) -> BatchJob:
        """Cancel a job. Rows that were already answered have results, and are paid for.

        :param job_id: The job, or its id.
        :raises ~azure.core.exceptions.ResourceNotFoundError: The job does not exist.
        """
        path = f"{self._dialect.jobs}/{in_path('job_id', job_id)}/cancel"
        return job_of(await self._json(job_call(self._settings, "cancel", path, options, method="POST", content="{}")))

    async def wait(
        self,
        job_id: str | BatchJob,
        *,
        polling_interval: float = 60,
        on_progress: Callable[[BatchJob], object] | None = None,
    ) -> BatchJob:
        """Wait until a job has ended.

        :param job_id: The job, or its id.
        :keyword polling_interval: Seconds between two checks, 60 by default, as Azure advises.
        :keyword on_progress: Called with the job after each check.
        :return: The job, however it ended: see its `status`.
        :raises ValueError: The interval is negative or not finite.
        """
        check_polling_interval(polling_interval)
        while True:
            job = await self.get(job_id)
            if on_progress is not None:
                on_progress(job)
            if job.is_done:
                return job
            await self._sleep(polling_interval)

    async def results(
        self, job: str | BatchJob, *, rows: Iterable[Mapping[str, Any] | str] | None = None
    ) -> AsyncIterator[BatchResult]:
        """Read the results of a job that has ended: answers and failed rows, in any order, as they arrive.

        :param job: The job, or its id.
        :keyword rows: The rows, or their ids: after the results, each row without one is returned with the error
            "missing".
        :return: A generator of results.
        :raises ValueError: The job has not ended.
        """
        found = await self.get(job) if isinstance(job, str) else job
        if not found.is_done:
            raise ValueError(f"The job {found.id} is {found.status}: wait for its end, then read its results.")
        seen: set[str] = set()
        for file_id in filter(None, (found.output_file_id, found.error_file_id)):
            async for result in self._read(file_id):
                seen.add(result.custom_id)
                yield result
        for result in missing_of(rows or (), seen):
            yield result

    async def _read(self, file_id: str) -> AsyncIterator[BatchResult]:
        call = job_call(self._settings, "results", f"files/{in_path('file_id', file_id)}/content", {}, stream=True)
        response = (await self._client._pipeline.run(call.request, stream=True, **call.options)).http_response
        if response.status_code != 200:
            read_json(call, response)
        lines = Lines()
        async for data in response.iter_bytes():
            for line in lines.feed(data):
                result = result_of_line(line)
                if result is not None:
                    yield result
        last = result_of_line(lines.end())
        if last is not None:
            yield last

    @with_options(RequestOptions)
    async def delete_file(self, file_id: str | BatchFile, **options: Unpack[RequestOptions]) -> None:
        """Delete a file.

        :param file_id: The file, or its id.
        :raises ~azure.core.exceptions.ResourceNotFoundError: The file does not exist.
        """
        await self._json(
            job_call(self._settings, "delete_file", f"files/{in_path('file_id', file_id)}", options, method="DELETE")
        )

    async def list(self, *, metadata: Mapping[str, str] | None = None) -> AsyncIterator[BatchJob]:
        """List all jobs, the newest first.

        :keyword metadata: Names and texts that a job must have.
        :return: A generator of jobs.
        """
        page: Any = None
        number = 0
        while (query := page_after(self._dialect, page, number)) is not None:
            page = await self._json(job_call(self._settings, "list", self._dialect.jobs, {"params": query}))
            number += 1
            for job in page.get("data") or ():
                if has_metadata(job, metadata):
                    yield job_of(job)
