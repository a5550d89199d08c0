"""Answer rows in a worker of a cluster. Independent of the engine.

A worker builds its own client where it runs, and writes its own file of the journal. Before it sends a row, it looks
into the files of the others, so that the answers of a worker that died are not requested again.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from azure.core.exceptions import AzureError

from ..exceptions import BatchStoppedError
from ._result_index import ResultIndex
from ._results import BatchResult, outcome_result
from ._row_calls import RowCall, RowCalls
from ._row_selection import changed_words, has_changed, is_redone
from ._rows import BatchRow
from ._run_journal import Journal, state_of
from ._run_options import RunOptions
from ._runner import Job, QuotaWaitError, Runner
from ._stop_reasons import affects_every_row, failures_reason, first_failure_reason, quota_reason, stopped_text
from ._summary import Summary


class RecordWorker:
    """Answers rows. For use in one event loop.

    :param client: The asynchronous client, which it closes.
    :param pacer: Decides when requests start.
    :param options: Settings of the run; its output is a folder.
    :raises TypeError: It is not an asynchronous client of this package.
    """

    def __init__(self, client: Any, pacer: Any, options: RunOptions) -> None:
        self._client, self._options = client, options
        self._calls = RowCalls(client)
        self._asks = client.complete if self._calls.kind == "chat" else client.embed
        self._room = asyncio.Semaphore(options.max_concurrency)
        output = options.output
        self._journal = None if output is None else Journal(output, folder=True, reads=False)
        self._results = None if output is None else ResultIndex(output)
        self._runner = Runner(
            pacer,
            max_concurrency=options.max_concurrency,
            max_attempts=options.max_attempts,
            max_wait=options.max_wait,
            begun=self._begun,
            lost=self._lost,
        )
        self._under_way: dict[str, asyncio.Future[BatchResult]] = {}
        self._stopped: Exception | None = None
        self.summary = Summary()
        """The counts of all its rows."""

    async def answer(self, rows: Sequence[BatchRow | BatchResult], summary: Summary | None = None) -> list[BatchResult]:
        """Answer rows.

        :param rows: The rows; a result among them, for a record that could not become a row, is returned.
        :param summary: Counts to update, besides the worker's own.
        :return: A result for each, in order.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: Continuing is useless.
        :raises ValueError: The request of an answered row is different now.
        """
        if self._results is not None:
            self._results.refresh()
        results = await asyncio.gather(*(self._counted(row, summary) for row in rows), return_exceptions=True)
        if self._stopped is not None:
            raise self._stopped
        return [_result_or_raise(result) for result in results]

    async def close(self) -> None:
        """Close the client and the journal."""
        if self._journal is not None:
            self._journal.close(whole=not self._under_way)
        await self._client.close()

    async def _counted(self, row: BatchRow | BatchResult, summary: Summary | None) -> BatchResult:
        if self._stopped is not None:
            raise self._stopped
        if isinstance(row, BatchResult):
            result = row
            self._note(result)
        else:
            result = await self._result(row, summary)
        if summary is not None:
            summary.count(result)
        return result

    async def _result(self, row: BatchRow, summary: Summary | None) -> BatchResult:
        """Return the known result of a row, or send it."""
        call, custom_id = self._calls(row, 1), row.custom_id
        if self._results is None:
            return await self._ask(call, summary)
        known = self._results.find(custom_id)
        while custom_id in self._under_way:  # another record has the same id
            known = await self._under_way[custom_id]
        if known is not None and not self._asks_again(known, call):
            return known
        task = self._under_way[custom_id] = asyncio.ensure_future(self._ask(call, summary))
        try:
            return await task
        finally:
            del self._under_way[custom_id]

    def _asks_again(self, known: BatchResult, call: RowCall) -> bool:
        changed = has_changed(known, call.sha256)
        if not known.ok:
            return changed or is_redone(state_of(known), self._options.redo)
        if changed and self._options.on_changed == "raise":
            words = changed_words(known.custom_id, known.request_sha256 or "", call.sha256)
            self._end(ValueError(f"{words} Or two records have this id: ids must be unique."))
        return changed and self._options.on_changed == "redo"

    async def _ask(self, call: RowCall, summary: Summary | None) -> BatchResult:
        async with self._room:
            try:
                outcome = await self._runner.carry_out(Job(call, partial(self._asks, **call.arguments), call.tokens))
            except QuotaWaitError as error:
                self._stop(quota_reason(error), error.error)
            except AzureError as error:  # of `_lost`
                self._stop(first_failure_reason(error), error)
        made = outcome_result(outcome)
        if self._journal is not None:
            self._journal.write(made)
        if summary is not None:
            summary.count_requests(outcome)
        self._note(made)
        return made

    def _note(self, result: BatchResult) -> None:
        """Count a new result, and stop if too many rows have failed."""
        self.summary.count(result)
        reason = failures_reason(self.summary, self._options.max_failures)
        if reason is not None:
            self._stop(reason, None)

    def _begun(self, calls: list[RowCall]) -> None:
        if self._journal is not None:
            self._journal.sent(*(call.custom_id for call in calls))

    def _lost(self, call: RowCall, error: Exception) -> None:
        if not self.summary.answered and affects_every_row(error):
            raise error

    def _stop(self, why: str, error: Exception | None) -> NoReturn:
        words = stopped_text(why, in_output=self._journal is not None)
        self._end(BatchStoppedError(words, summary=self.summary, error=error))

    def _end(self, error: Exception) -> NoReturn:
        """Start no more requests, and raise the first reason."""
        self._stopped = self._stopped or error
        self._runner.stop()
        raise self._stopped


def _result_or_raise(result: BatchResult | BaseException) -> BatchResult:
    if isinstance(result, BaseException):
        raise result
    return result
