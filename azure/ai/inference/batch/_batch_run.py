"""Many rows through a model: resumable, within the quota, with a result for each."""

import os
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._batch_states import BatchJob
from ._loop_thread import LoopThread, iterate
from ._provider_run import ProviderRun
from ._results import BatchResult
from ._row_calls import RowCalls
from ._row_run import RowRun
from ._rows import BatchRow
from ._run_journal import Journal
from ._run_options import OnChanged, Redo, RunOptions, check_run_options, output_of
from ._summary import Progress, Summary

if TYPE_CHECKING:
    import azure.ai.inference

    from .. import aio


class BatchRun:
    """Sends rows to a model, many at a time, and writes a result for each.

    Run it again after a crash, an interruption or a failure: rows that have a result are not asked again. At most the
    requests that were under way when a process died are paid for twice, and `summary.in_doubt` names them.

    :param make_client: A function that builds the asynchronous client, such as
        `lambda: aio.ChatCompletionsClient(endpoint, key, model="...")`. Called once for each run; the client is closed
        at its end.
    :keyword output: File of the results, one JSON object in each line, which is also the journal of what is done. A
        folder (that is there, or ends with a slash) if several processes write; each then has a part of its own.
        Without it nothing is kept.
    :keyword max_concurrency: The most requests at a time, 64 by default.
    :keyword requests_per_minute: A limit to keep to. By default that of the headers which the service sends; a lower
        one of theirs wins.
    :keyword tokens_per_minute: The same for tokens.
    :keyword max_attempts: The most attempts of a row that is refused for the quota, 10 by default. Other failures are
        retried as the client's `retry_*` settings say.
    :keyword max_wait: The longest wait, in seconds, that a refusal may ask for, 600 by default; a longer one (a daily
        quota) stops the run.
    :keyword max_failures: How many rows may fail before the run stops: a number (int), or a share (float from 0 to 1)
        that counts after 100 rows. 0.1 by default.
    :keyword redo: Which rows of earlier runs are asked again: "transient" (the default), those whose failure may pass;
        "failed", all that failed; "none".
    :keyword on_changed: What happens to a row that was answered, but has another request now: "raise" (the default),
        "redo", which pays for it again, or "keep", which leaves the old answer.
    :keyword ordered: Whether `results` come in the order of the rows. They come as they are answered by default.
    :keyword sync_every: Seconds after which results are synced to the disk, 1 by default: a crash of the machine, not
        of the process, may lose that much.
    :keyword on_progress: Called with a `Progress` after each row.
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
        self._current: RowRun | None = None
        self._stopping = False
        self.summary: Summary = Summary()
        """What the last run came to, or how far the present one is."""

    def run(self, rows: Iterable[BatchRow]) -> Summary:
        """Send all rows, and wait for it. Ctrl-C finishes what is under way first; pressed again, it does not.

        :param rows: The rows, read as they are sent.
        :return: What the run came to. The results are in `output`.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: The run stopped early; its text says why, and what to
            do. Results up to then are in `output`.
        :raises ValueError: Two rows have one id, or a row that was answered has another request now.
        """
        with LoopThread() as thread:
            drained = thread.start(self._drain(rows))
            try:
                thread.wait(drained)
            except KeyboardInterrupt:
                self.close()
                thread.wait(drained)
                raise
        return self.summary

    async def _drain(self, rows: Iterable[BatchRow]) -> None:
        async for _ in self.results_async(rows):
            pass

    def results(self, rows: Iterable[BatchRow]) -> Generator[BatchResult, None, None]:
        """Send rows, and return their results as they come. Rows are read as results are taken.

        Results of earlier runs are not among them: `collect` reads all from the output.

        :param rows: The rows.
        :return: A generator. Leaving it early, or closing it, finishes what is under way.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: As `run`, behind the results that had come.
        """
        return iterate(self.results_async(rows), self.close)

    async def results_async(
        self, rows: Iterable[BatchRow] | AsyncIterable[BatchRow]
    ) -> AsyncGenerator[BatchResult, None]:
        """Send rows, and return their results as they come: as `results`, in the running event loop.

        :param rows: The rows; the iterable may be asynchronous.
        """
        self.summary = Summary()
        client: Any = self._make_client()
        try:
            calls = RowCalls(client)
            ask = client.complete if hasattr(client, "complete") else client.embed
            run = self._current = RowRun(self._options, calls, ask, self.summary)
            if self._stopping:
                run.stop()
            results = run.results(rows)
            try:
                async for result in results:
                    yield result
            finally:
                await results.aclose()
                run.end()
        finally:
            self._current, self._stopping = None, False
            close: Any = getattr(client, "close", None)
            if close is not None:
                await close()

    def submit(self, rows: Iterable[BatchRow], client: "azure.ai.inference.BatchClient") -> "list[BatchJob]":
        """Submit rows to the service's own Batch API, in as many files as its limits ask for.

        Rows that have an answer, or are in a job already, are left out, so it may be called again after a crash. Where
        the service's queue is full, the rest is submitted by `fetch`.

        :param rows: The rows. Default settings of the client that `make_client` builds fill in what they lack.
        :param client: The client for the service's batches.
        :return: The jobs that have not ended.
        :raises ValueError: The run has no file as output, or a row is none.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused.
        """
        self.summary = Summary()
        with self._provider_run(client) as run:
            run.plan(rows, RowCalls(self._make_client()))
            return run.submit()

    def fetch(self, client: "azure.ai.inference.BatchClient", *, polling_interval: float = 60) -> Summary:
        """Wait for the jobs of `submit`, and write their results to the output, those of expired jobs too.

        Rows that have no result get the error "missing", and those of an expired job its own; `submit` or `run` takes
        them up again.

        :param client: The client for the service's batches.
        :keyword polling_interval: Seconds between two looks, 60 by default.
        :return: Counts.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused.
        """
        self.summary = Summary()
        began = time.monotonic()
        with self._provider_run(client) as run:
            for _ in run.fetch(polling_interval):
                self.summary.seconds = time.monotonic() - began
        return self.summary

    @contextmanager
    def _provider_run(self, client: "azure.ai.inference.BatchClient") -> "Generator[ProviderRun, None, None]":
        output = self._options.output
        if output is None or self._options.folder:
            raise ValueError("The service's batches need a file as output: BatchRun(make_client, output='out.jsonl').")
        journal = Journal(output, sync_every=self._options.sync_every)
        try:
            yield ProviderRun(client, journal, output, self.summary)
        finally:
            journal.close(whole=False)

    def close(self) -> None:
        """Begin no more requests. Those under way are finished, within 30 seconds, and their results written.

        May be called from any thread, and from `on_progress`. The iteration ends behind the last of them.
        """
        self._stopping = True
        run = self._current
        if run is not None:
            run.stop()
