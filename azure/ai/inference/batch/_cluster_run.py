"""A run whose rows are answered by workers on other machines: chooses rows, distributes them, adds up the results.

Independent of the engine: a worker is a pair of functions. The rows are read, checked and chosen here, so that ids
are unique and a changed request is noticed; the workers pace and send requests, and write the journal.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, cast

from ..exceptions import BatchStoppedError
from ._row_calls import RowCalls
from ._row_selection import SKIPPED_AT_ONCE, RowSelection
from ._rows import BatchRow, check_row
from ._run_journal import Journal
from ._run_options import RunOptions
from ._stop_reasons import failures_reason, stopped_text
from ._summary import Summary, progress_of

CALLS = 8
"""Concurrent batches per worker, so that one slow row does not hold up the others."""


class Tally(NamedTuple):
    """A worker's result for a batch."""

    summary: Summary
    per_minute: float | None = None
    """The rate of all workers, in requests per minute."""
    reason: str | None = None
    """Why continuing is useless."""


class Worker(NamedTuple):
    """A worker on any machine."""

    ready: Callable[[], Awaitable[RowCalls | str]]
    """Returns once the worker has its client: the builder of its calls, or the reason why there is no client."""
    answer: Callable[[list[BatchRow]], Awaitable[Tally]]
    """Answers a batch; rows that a dead worker had answered are not sent again."""


class ClusterRun:
    """One run.

    :param options: Settings of the run; its output is a folder shared by the workers.
    :param summary: Counts.
    """

    def __init__(self, options: RunOptions, summary: Summary) -> None:
        self._options, self._summary = options, summary
        self._calls: RowCalls | None = None
        """The calls of the first worker that started: this process needs neither a client nor a key."""
        self._batch_size = max(1, options.max_concurrency // 4)
        self._began = time.monotonic()
        self._reason: str | None = None
        self._failure: Exception | None = None
        self._no_more = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def run(self, rows: Iterable[BatchRow], workers: Sequence[Worker]) -> None:
        """Answer all rows.

        :param rows: The rows.
        :param workers: The workers.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: The run stopped early.
        :raises ValueError: Two rows have the same id, or the request of an answered row is different now.
        """
        batches = self._batches(rows, self._selection())
        try:
            await asyncio.gather(*(self._serve(worker, batches) for worker in workers))
        finally:
            self._summary.seconds = time.monotonic() - self._began
        if self._failure is not None:
            raise self._failure
        if self._reason is not None:
            raise BatchStoppedError(self._reason, summary=self._summary)

    def stop(self) -> None:
        """Start no more batches; those in progress are completed. May be called from any thread."""
        self._loop.call_soon_threadsafe(self._no_more.set)

    def _selection(self) -> RowSelection:
        options = self._options
        journal = Journal(options.output, folder=True)  # type: ignore[arg-type]  # there is one
        self._summary.in_doubt, self._summary.torn_lines = journal.in_doubt, journal.torn_lines
        journal.close(whole=True)  # the workers write
        return RowSelection(journal.index, options.redo, options.on_changed, self._summary)

    def _batches(self, rows: Iterable[BatchRow], selection: RowSelection) -> Iterator[list[BatchRow]]:
        """Return batches of the rows to send; an empty batch gives others a turn."""
        batch: list[BatchRow] = []
        for number, row in enumerate(rows, 1):
            call = cast("RowCalls", self._calls)(row, number)
            self._summary.rows += 1
            if selection.wants(call, number):
                batch.append(check_row(row, f"row {number}"))
            if len(batch) == self._batch_size or (not batch and number % SKIPPED_AT_ONCE == 0):
                yield batch
                batch = []
        if batch:
            yield batch

    async def _serve(self, worker: Worker, batches: Iterator[list[BatchRow]]) -> None:
        """Send batches to a worker once it has started; it may wait to be placed while others work."""
        started, over = asyncio.ensure_future(worker.ready()), asyncio.ensure_future(self._no_more.wait())
        try:
            await asyncio.wait((started, over), return_when=asyncio.FIRST_COMPLETED)
            if started.done() and self._is_ready(await started):
                await asyncio.gather(*(self._call(worker, batches) for _ in range(CALLS)))
        except Exception as error:  # noqa: BLE001 - of the rows, of on_progress or of the engine: it ends the run
            self._fail(error)
        finally:
            over.cancel()
            started.cancel()

    def _is_ready(self, calls: RowCalls | str) -> bool:
        if isinstance(calls, str):
            self._stop(calls)
            return False
        self._calls = self._calls or calls
        return True

    async def _call(self, worker: Worker, batches: Iterator[list[BatchRow]]) -> None:
        try:
            while not self._no_more.is_set():
                batch = next(batches, None)
                if batch is None:
                    self._no_more.set()
                elif batch:
                    self._note(await worker.answer(batch))
                else:
                    await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - as above; other calls of the worker are finished
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._no_more.set()

    def _stop(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._no_more.set()

    def _note(self, tally: Tally) -> None:
        summary = self._summary
        summary.add(tally.summary)
        summary.seconds = time.monotonic() - self._began
        reason = tally.reason
        if reason is None:
            why = failures_reason(summary, self._options.max_failures)
            reason = why and stopped_text(why, in_output=True)
        if reason is not None:
            self._stop(reason)
        if self._options.on_progress is not None:
            self._options.on_progress(progress_of(summary, tally.per_minute))
