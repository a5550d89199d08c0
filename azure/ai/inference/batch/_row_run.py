"""One run: rows in, jobs for the runner out; outcomes in, results and the journal out."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Any, cast

from azure.core.exceptions import AzureError

from ..exceptions import BatchStoppedError
from ._pacing import Pacer
from ._results import outcome_result
from ._row_calls import RowCall
from ._row_selection import SKIPPED_AT_ONCE, RowSelection
from ._run_journal import Journal, answered_line, line_of
from ._run_options import RunOptions
from ._runner import Job, Outcome, QuotaWaitError, Runner
from ._stop_reasons import affects_every_row, failures_reason, first_failure_reason, quota_reason, stopped_text
from ._summary import Summary, progress_of


class RowRun:
    """One run: a client, a journal, a runner.

    :param options: Settings of the run.
    :param calls: Builds and checks the call of a row, given its number.
    :param ask: Sends the arguments of a call: `complete` or `embed` of a client.
    :param summary: The counts.
    """

    def __init__(
        self,
        options: RunOptions,
        calls: Callable[[Any, int], RowCall],
        ask: Callable[..., Awaitable[Any]],
        summary: Summary,
    ) -> None:
        self._options, self._summary = options, summary
        self._calls, self._ask = calls, ask
        self._pacer = Pacer(
            requests_per_minute=options.requests_per_minute, tokens_per_minute=options.tokens_per_minute
        )
        self._runner = Runner(
            self._pacer,
            max_concurrency=options.max_concurrency,
            max_attempts=options.max_attempts,
            max_wait=options.max_wait,
            ordered=options.ordered,
            begun=self._begun,
            lost=self._lost,
            settled=self._settled,
        )
        self._loop = asyncio.get_running_loop()
        self._began = time.monotonic()
        self._tokens = 0.0
        self._in_doubt: set[str] = set()
        self._heard = False
        """Whether the service responded to a row with an error that concerns this row alone."""
        self._journal = self._open_journal()
        self._selection = (
            None
            if self._journal is None
            else RowSelection(self._journal.index, options.redo, options.on_changed, summary)
        )

    def _open_journal(self) -> Journal | None:
        options = self._options
        if options.output is None:
            return None
        journal = Journal(options.output, folder=options.folder, sync_every=options.sync_every)
        self._summary.in_doubt, self._summary.torn_lines = journal.in_doubt, journal.torn_lines
        return journal

    async def outcomes(self, rows: Any) -> AsyncGenerator[list[Outcome], None]:
        """Send rows, and yield lists of their outcomes; `outcome_result` converts each to a result.

        :param rows: An iterable, which may be asynchronous.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: The run stopped early.
        """
        jobs: Any = self._jobs_async(rows) if hasattr(rows, "__aiter__") else self._jobs(rows)
        outcomes = self._runner.outcomes(jobs)
        try:
            async for some in outcomes:
                yield some
        except QuotaWaitError as error:
            raise self._stopped(quota_reason(error), error.error) from error.error
        except _FailedForAllError as error:
            raise self._stopped(first_failure_reason(error.error), error.error) from error.error
        except _TooManyFailuresError as error:
            raise self._stopped(str(error), None) from None
        finally:
            await outcomes.aclose()

    def stop(self) -> None:
        """Start no more requests; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._runner.stop)

    def end(self) -> None:
        """Record the duration, and close the journal."""
        self._summary.seconds = time.monotonic() - self._began
        if self._journal is not None:
            self._journal.close(whole=not self._in_doubt)

    # ---------------------------------------------------------------- rows

    def _jobs(self, rows: Iterable[Any]) -> Iterator[Job | None]:
        for number, row in enumerate(rows, 1):
            job = self._job(row, number)
            if job is not None or number % SKIPPED_AT_ONCE == 0:
                yield job

    async def _jobs_async(self, rows: AsyncIterable[Any]) -> AsyncIterator[Job | None]:
        number = 0
        async for row in rows:
            number += 1
            job = self._job(row, number)
            if job is not None or number % SKIPPED_AT_ONCE == 0:
                yield job

    def _job(self, row: Any, number: int) -> Job | None:
        """Build the job of a row; `None` if the row is done."""
        call = self._calls(row, number)
        self._summary.rows += 1
        if self._selection is not None and not self._selection.wants(call, number):
            return None
        return Job(call, partial(self._ask, **call.arguments), call.tokens)

    # ---------------------------------------------------------------- outcomes

    def _begun(self, calls: list[RowCall]) -> None:
        if self._journal is not None:
            names = [call.custom_id for call in calls]
            self._journal.sent(*names)
            self._in_doubt.update(names)

    def _lost(self, call: RowCall, error: Exception) -> None:
        """Record that an attempt failed: nothing is in flight for its row.

        :raises _FailedForAllError: Every other row would fail too: no access, unknown deployment, unknown host.
        """
        self._in_doubt.discard(call.custom_id)
        if not (self._summary.answered or self._heard) and affects_every_row(error):
            raise _FailedForAllError(cast("AzureError", error))
        self._heard = self._heard or getattr(error, "status_code", None) is not None
        now = time.monotonic()
        if self._pacer.blocked_for(now):  # nobody hears of a row until then
            self._summary.seconds = now - self._began
            self._show(now)

    def _settled(self, outcomes: list[Outcome]) -> None:
        """Write the outcomes of rows, then count them.

        :raises OSError: The output could not be written. Everything is counted all the same, whatever is raised.
        """
        fault: Exception | None = None
        try:
            self._write(outcomes)
        except OSError as error:
            fault = error
        for outcome in outcomes:
            self._count(outcome)
            if fault is None:
                try:
                    self._report(outcome)
                except Exception as error:  # noqa: BLE001 - whatever `on_progress` raises
                    fault = error
        if fault is not None:
            raise fault

    def _write(self, outcomes: list[Outcome]) -> None:
        if self._journal is not None:
            self._journal.write_lines([_line_of(outcome) for outcome in outcomes])
            self._in_doubt.difference_update([outcome.item.custom_id for outcome in outcomes])

    def _count(self, outcome: Outcome) -> None:
        summary = self._summary
        summary.count_requests(outcome)
        if outcome.error is None:
            summary.count_answer(outcome.answer)
        else:
            summary.count(outcome_result(outcome))
        summary.seconds = time.monotonic() - self._began
        self._tokens = outcome.item.tokens

    def _report(self, outcome: Outcome) -> None:
        """Report progress to the caller.

        :raises _TooManyFailuresError: Too many rows failed, so the run ends here.
        """
        self._show(time.monotonic())
        if outcome.error is not None:
            reason = failures_reason(self._summary, self._options.max_failures)
            if reason is not None:
                raise _TooManyFailuresError(reason)

    def _show(self, now: float) -> None:
        if self._options.on_progress is not None:
            rate = self._pacer.per_minute(now, self._tokens)
            self._options.on_progress(progress_of(self._summary, rate, self._pacer.blocked_for(now)))

    def _stopped(self, why: str, error: Exception | None) -> BatchStoppedError:
        words = stopped_text(why, in_output=self._journal is not None)
        return BatchStoppedError(words, summary=self._summary, error=error)


def _line_of(outcome: Outcome) -> bytes:
    call: RowCall = outcome.item
    if outcome.error is not None:
        return line_of(outcome_result(outcome)).encode()
    return answered_line(call.custom_id, call.sha256, outcome.answer, outcome.body, outcome.attempts, outcome.seconds)


class _FailedForAllError(Exception):
    def __init__(self, error: AzureError) -> None:
        super().__init__(str(error))
        self.error = error


class _TooManyFailuresError(Exception):
    pass
