"""Send many rows to a model: resumable, within the quota, with a result for each."""

import os
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable
from contextlib import contextmanager
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from ._batch_states import BatchJob
from ._loop_thread import LoopThread, iterate
from ._one_run import OneRun
from ._provider_run import ProviderRun
from ._results import BatchResult, outcome_result
from ._row_calls import RowCalls
from ._row_run import RowRun
from ._rows import BatchRow, check_rows
from ._run_journal import Journal
from ._run_options import OnChanged, Redo, RunOptions, check_polling_interval, check_run_options, output_of
from ._runner import Outcome
from ._summary import Progress, Summary

if TYPE_CHECKING:
    import azure.ai.inference

    from .. import aio


class BatchRun:
    """Sends rows to a model, many at a time, and writes a result for each.

    Run it again after a crash, an interruption or a failure: rows that have a result are not sent again. Only the
    requests in flight when a process died may be paid for twice, and `summary.in_doubt` lists them. It runs once at a
    time: a second run meanwhile is a `RuntimeError`.

    :param make_client: A function that builds the asynchronous client, such as
        `lambda: aio.ChatCompletionsClient(endpoint, key, model="...")`. Called once per run, which closes the client
        at its end.
    :keyword output: File for the results, one JSON object per line; it is also the journal of what is done. If several
        processes write, a folder (an existing one, or a path that ends with a slash), where each writes a file of its
        own. Without it nothing is stored.
    :keyword max_concurrency: Maximum number of requests in flight, 64 by default.
    :keyword requests_per_minute: A limit to keep to. By default the one in the service's response headers; a lower one
        there takes precedence.
    :keyword tokens_per_minute: The same for tokens.
    :keyword max_attempts: Maximum number of attempts for a row that exceeds the quota, 10 by default. Other failures
        are retried as configured by the client's `retry_*` settings.
    :keyword max_wait: The longest wait in seconds to accept from the service, 600 by default; if it asks for more (a
        daily quota), the run stops.
    :keyword max_failures: How many rows may fail before the run stops: a number (int), or a share (float from 0 to 1)
        that applies after 100 rows. 0.1 by default.
    :keyword redo: Which failed rows of earlier runs are sent again: "transient" (the default), those whose failure may
        pass; "failed", all of them; "none".
    :keyword on_changed: What happens to an answered row whose request is different now: "raise" (the default), "redo",
        which pays for it again, or "keep", which keeps the old answer.
    :keyword ordered: Whether `results` come in the order of the rows, not as they arrive. False by default.
    :keyword sync_every: Seconds after which results are synced to disk, 1 by default. If the machine crashes, that
        much may be lost; if only the process crashes, nothing is.
    :keyword on_progress: Called with a `Progress` after each row, and when the service asks for a wait.
    :raises TypeError: An argument has the wrong type.
    :raises ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        make_client: "Callable[[], aio.ChatCompletionsClient | aio.EmbeddingsClient | aio.ImageEmbeddingsClient]",
        *,
        output: str | os.PathLike[str] | None = None,
        max_concurrency: int = 64,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        max_attempts: int = 10,
        max_wait: float = 600.0,
        max_failures: int | float = 0.1,
        redo: Redo = "transient",
        on_changed: OnChanged = "raise",
        ordered: bool = False,
        sync_every: float = 1.0,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> None:
        if not callable(make_client):
            raise TypeError(
                "make_client must be a function that builds an asynchronous client, such as lambda: "
                f"aio.ChatCompletionsClient(...), not {type(make_client).__name__}."
            )
        self._make_client = make_client
        self._options = RunOptions(
            max_concurrency=max_concurrency,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            max_attempts=max_attempts,
            max_wait=max_wait,
            max_failures=max_failures,
            redo=redo,
            on_changed=on_changed,
            ordered=ordered,
            sync_every=sync_every,
            on_progress=on_progress,
            **output_of(output),
        )
        check_run_options(self._options)
        self._alone = OneRun("BatchRun")
        self._current: RowRun | None = None
        self._stopping = False
        self.summary: Summary = Summary()
        """The counts of the last run, or of the current one so far."""

    def run(self, rows: Iterable[BatchRow]) -> Summary:
        """Send all rows, and wait until they are done. Ctrl-C completes requests in flight; a second one aborts them.

        :param rows: The rows, read as they are sent.
        :return: The counts of the run. The results are in `output`.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: The run stopped early; the text says why, and what to
            do. The results so far are in `output`.
        :raises ValueError: Two rows have the same id, or the request of an answered row is different now.
        :raises RuntimeError: This object is running already, in another thread or as results that were not read to the
            end.
        """
        with LoopThread() as thread:
            thread.complete(self._drain(rows), self.close, lambda: self._stopping)
        return self.summary

    async def _drain(self, rows: Iterable[BatchRow]) -> None:
        async for _ in self._outcomes(rows):
            pass

    def results(self, rows: Iterable[BatchRow]) -> Generator[BatchResult, None, None]:
        """Send rows, and return their results as they arrive. Rows are read as results are taken.

        Results of earlier runs are not included; `collect` reads all results from the output.

        :param rows: The rows.
        :return: A generator. Leaving it early, or closing it, completes the requests in flight.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: As `run`, after the results that had arrived.
        """
        for outcomes in iterate(self._outcomes(rows), self.close):
            yield from map(outcome_result, outcomes)

    async def results_async(
        self, rows: Iterable[BatchRow] | AsyncIterable[BatchRow]
    ) -> AsyncGenerator[BatchResult, None]:
        """Send rows, and return their results as they arrive, like `results` but in the running event loop.

        :param rows: The rows; the iterable may be asynchronous.
        """
        some = self._outcomes(rows)
        try:
            async for outcomes in some:
                for outcome in outcomes:
                    yield outcome_result(outcome)
        finally:
            await some.aclose()

    async def _outcomes(
        self, rows: Iterable[BatchRow] | AsyncIterable[BatchRow]
    ) -> AsyncGenerator[list[Outcome], None]:
        check_rows(rows)
        with self._alone:
            self.summary = Summary()
            client: Any = self._make_client()
            try:
                calls = RowCalls(client)
                ask = client.complete if hasattr(client, "complete") else client.embed
                run = self._current = RowRun(self._options, calls, ask, self.summary)
                if self._stopping:
                    run.stop()
                some = run.outcomes(rows)
                try:
                    async for outcomes in some:
                        yield outcomes
                finally:
                    await some.aclose()
                    run.end()
            finally:
                self._current, self._stopping = None, False
                close: Any = getattr(client, "close", None)
                closing = close() if close is not None else None
                if isawaitable(closing):  # a client of the other world was refused above
                    await closing

    def submit(self, rows: Iterable[BatchRow], client: "azure.ai.inference.BatchClient") -> "list[BatchJob]":
        """Submit rows to the service's own Batch API, in as many files as its limits require.

        Rows that have an answer, or are already in a job, are left out, so you can call it again after a crash. When
        the service's queue is full, `fetch` submits the rest.

        :param rows: The rows. The default settings of the client that `make_client` builds are added to them.
        :param client: The client for the service's batches.
        :return: The jobs that have not ended.
        :raises ValueError: The output is not a file, a row is invalid, or the request of an answered row has changed.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused.
        """
        check_rows(rows)
        with self._provider_run(client, counts=True) as run:
            run.plan(rows, RowCalls(self._make_client()))
            return run.submit()

    def fetch(self, client: "azure.ai.inference.BatchClient", *, polling_interval: float = 60) -> Summary:
        """Wait for the jobs of `submit`, and write their results to the output, including those of expired jobs.

        A row without a result gets the error "missing", or the job's own error if the job expired; `submit` or `run`
        sends it again.

        :param client: The client for the service's batches.
        :keyword polling_interval: Seconds between two requests for the status, 60 by default.
        :return: The counts.
        :raises ValueError: The interval is negative or not finite.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused.
        """
        check_polling_interval(polling_interval)
        began = time.monotonic()
        with self._provider_run(client, counts=True) as run:
            for _ in run.fetch(polling_interval):
                self.summary.seconds = time.monotonic() - began
        return self.summary

    def jobs(self, client: "azure.ai.inference.BatchClient") -> "list[BatchJob]":
        """Return the jobs of `submit` whose results are not in the output yet. Nothing is submitted.

        :param client: The client for the service's batches.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused.
        """
        with self._provider_run(client) as run:
            return run.jobs()

    def cancel(self, client: "azure.ai.inference.BatchClient") -> "list[BatchJob]":
        """Cancel the jobs of `submit` that have not ended. What they had answered is paid for: `fetch` reads it.

        :param client: The client for the service's batches.
        :return: The jobs whose results are not in the output yet.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused.
        """
        with self._provider_run(client) as run:
            return run.cancel()

    @contextmanager
    def _provider_run(
        self, client: "azure.ai.inference.BatchClient", *, counts: bool = False
    ) -> "Generator[ProviderRun, None, None]":
        output = self._options.output
        if output is None or self._options.folder:
            raise ValueError("The service's batches need a file as output: BatchRun(make_client, output='out.jsonl').")
        with self._alone:
            if counts:
                self.summary = Summary()
            journal = Journal(output, sync_every=self._options.sync_every)
            try:
                yield ProviderRun(client, journal, self._options, self.summary)
            finally:
                journal.close(whole=False)

    def close(self) -> None:
        """Start no more requests. Those in flight have 30 seconds to complete, and their results are written.

        May be called from any thread, and from `on_progress`. The iteration ends after the last of them.
        """
        self._stopping = True
        run = self._current
        if run is not None:
            run.stop()
