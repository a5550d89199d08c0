"""One run: rows in, jobs for the runner out; outcomes in, results and the journal out."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Any, cast

from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

from ..exceptions import BatchStoppedError
from ._pacing import Pacer
from ._results import BatchResult, answered, failed
from ._row_calls import RowCall
from ._row_index import IndexedRow, RowState, request_bits
from ._run_journal import Journal
from ._run_options import RunOptions
from ._runner import Job, Outcome, QuotaWaitError, Runner
from ._summary import Progress, Summary

_SKIPPED_AT_ONCE = 1000
"""Rows that are passed over before others get a turn."""

_FEW = 100
"""Rows that have to be done before a share of failures means something."""


class RowRun:
    """One run: a client, a journal, a runner.

    :param options: Settings of the run.
    :param calls: Makes a call of a row and of its number, and checks it.
    :param ask: Sends a call's arguments: a client's `complete` or `embed`.
    :param summary: Counts.
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
            finished=self._finished,
            noted=self._noted,
        )
        self._loop = asyncio.get_running_loop()
        self._began = time.monotonic()
        self._tokens = 0.0
        self._in_doubt: set[str] = set()
        self._journal = self._open_journal()

    def _open_journal(self) -> Journal | None:
        options = self._options
        if options.output is None:
            return None
        journal = Journal(options.output, folder=options.folder, sync_every=options.sync_every)
        self._summary.in_doubt, self._summary.torn_lines = journal.in_doubt, journal.torn_lines
        return journal

    async def results(self, rows: Any) -> AsyncGenerator[BatchResult, None]:
        """Send rows, and return their results.

        :param rows: An iterable, or an asynchronous one.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: The run stopped early.
        """
        jobs: Any = self._jobs_async(rows) if hasattr(rows, "__aiter__") else self._jobs(rows)
        outcomes = self._runner.outcomes(jobs)
        try:
            async for result in outcomes:
                yield result
        except QuotaWaitError as error:
            raise self._stopped(_quota_words(error), error.error) from error.error
        except _FailedForAllError as error:
            words = f"The first request failed as all would:\n{error.error.message}\n"
            raise self._stopped(words, error.error) from error.error
        except _TooManyFailuresError as error:
            raise self._stopped(str(error), None) from None
        finally:
            await outcomes.aclose()

    def stop(self) -> None:
        """Begin no more requests; from any thread."""
        self._loop.call_soon_threadsafe(self._runner.stop)

    def end(self) -> None:
        """Take the time, and close the journal."""
        self._summary.seconds = time.monotonic() - self._began
        if self._journal is not None:
            self._journal.close(whole=not self._in_doubt)

    # ---------------------------------------------------------------- rows

    def _jobs(self, rows: Iterable[Any]) -> Iterator[Job | None]:
        for number, row in enumerate(rows, 1):
            job = self._job(row, number)
            if job is not None or number % _SKIPPED_AT_ONCE == 0:
                yield job

    async def _jobs_async(self, rows: AsyncIterable[Any]) -> AsyncIterator[Job | None]:
        number = 0
        async for row in rows:
            number += 1
            job = self._job(row, number)
            if job is not None:
                yield job

    def _job(self, row: Any, number: int) -> Job | None:
        """Make the job of a row; `None` for one that is done."""
        call = self._calls(row, number)
        self._summary.rows += 1
        if self._journal is not None and not self._wanted(call, number):
            self._summary.skipped += 1
            return None
        return Job(call, partial(self._ask, **call.arguments), call.tokens)

    def _wanted(self, call: RowCall, number: int) -> bool:
        """Decide whether a row is asked, by what earlier runs made of it."""
        request, wanted = request_bits(call.sha256), False

        def decide(known: IndexedRow | None) -> IndexedRow:
            nonlocal wanted
            if known is not None and known.state in (RowState.ASKED, RowState.SEEN):
                raise ValueError(
                    f"Row {number} has the custom_id {call.row.custom_id!r:.100}, as a row before it: ids must be "
                    "unique in a run."
                )
            wanted = known is None or self._is_redone(call, known, request)
            return IndexedRow(RowState.ASKED if wanted else RowState.SEEN, request)

        cast("Journal", self._journal).index.meet(call.row.custom_id, decide)
        return wanted

    def _is_redone(self, call: RowCall, known: IndexedRow, request: int) -> bool:
        changed = known.request not in (0, request)
        redo, on_changed = self._options.redo, self._options.on_changed
        if known.state is not RowState.ANSWERED:
            return changed or redo == "failed" or (redo == "transient" and known.state is RowState.TRANSIENT)
        if changed and on_changed == "raise":
            raise ValueError(
                f"The row {call.row.custom_id!r:.100} was answered, but its request, or a default setting of the "
                f"client, is another now (its SHA-256 was {known.request << 3:016x}..., and is "
                f"{call.sha256[:16]}...). Give on_changed='redo' to ask it again and pay for it, on_changed='keep' to "
                "keep the old answer, or write to another output."
            )
        if changed and on_changed == "keep":
            self._summary.kept += 1
        return changed and on_changed == "redo"

    # ---------------------------------------------------------------- what becomes of them

    def _begun(self, call: RowCall) -> None:
        if self._journal is not None:
            self._in_doubt.add(call.row.custom_id)
            self._journal.sent(call.row.custom_id)

    def _lost(self, call: RowCall, error: Exception) -> None:
        """Note that an attempt failed: nothing is under way for its row.

        :raises _FailedForAllError: All others would fail as well: no access, no such deployment, no such host.
        """
        self._in_doubt.discard(call.row.custom_id)
        if self._summary.answered or self._summary.failed or not isinstance(error, AzureError):
            return
        unreachable = isinstance(error, (ClientAuthenticationError, ServiceRequestError))
        if unreachable or getattr(error, "status_code", None) in (401, 403, 404):
            raise _FailedForAllError(error)

    def _finished(self, outcome: Outcome) -> BatchResult:
        call: RowCall = outcome.item
        make: Any = answered if outcome.error is None else failed
        said = outcome.answer if outcome.error is None else outcome.error
        result: BatchResult = make(call.row.custom_id, call.sha256, said, outcome.attempts, outcome.seconds)
        if self._journal is not None:
            self._journal.write(result)
            self._in_doubt.discard(call.row.custom_id)
        self._tokens = call.tokens
        summary = self._summary
        summary.requests += outcome.attempts
        summary.refused += outcome.refused
        summary.retries += outcome.attempts - 1
        summary.maybe_paid += outcome.maybe_paid
        summary.count(result)
        summary.seconds = time.monotonic() - self._began
        return result

    def _noted(self, result: BatchResult) -> None:
        if self._options.on_progress is not None:
            self._options.on_progress(self._progress())
        if not result.ok:
            self._check_failures()

    def _progress(self) -> Progress:
        summary = self._summary
        rate = self._pacer.per_minute(time.monotonic(), self._tokens)
        done = summary.answered + summary.skipped
        tokens = summary.usage.total_tokens
        return Progress(summary.rows, done, summary.failed, tokens, summary.refused, rate, summary.seconds)

    def _check_failures(self) -> None:
        summary, most = self._summary, self._options.max_failures
        done = summary.answered + summary.failed
        too_many = summary.failed > most if isinstance(most, int) else done >= _FEW and summary.failed > most * done
        if too_many:
            errors = ", ".join(f"{code} ({count} times)" for code, count in summary.errors.most_common(3))
            raise _TooManyFailuresError(
                f"{summary.failed} of {done} rows failed, more than max_failures={most!r} allows: {errors}."
            )

    def _stopped(self, why: str, error: Exception | None) -> BatchStoppedError:
        where = (
            "" if self._journal is None else " Results up to now are in the output; the same call goes on from there."
        )
        return BatchStoppedError(f"The run stopped early. {why}{where}", summary=self._summary, error=error)


class _FailedForAllError(Exception):
    def __init__(self, error: AzureError) -> None:
        super().__init__(str(error))
        self.error = error


class _TooManyFailuresError(Exception):
    pass


def _quota_words(error: QuotaWaitError) -> str:
    if error.seconds is None:
        return f"The account has no quota left, and waiting does not help:\n{error}\n"
    return (
        f"The service asks to wait for {error.seconds:,.0f} seconds, longer than max_wait; a quota is used up. Run it "
        f"again then:\n{error}\n"
    )
