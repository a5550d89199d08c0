"""The asynchronous results of `embed_batches`: keeps requests in flight and delivers their results in order.

It does not use the runner of `batch`, which makes other promises. Here the first failure ends the iteration, and is
raised with every result that had arrived; requests start as soon as a slot is free, where a run first sends one alone
to learn the quota, which takes twice as long for a few of them; a status 429 is retried as `embed` retries it, and not
by a pacer; a synchronous client needs no event loop, whose import takes time. For rows that are resumed, paced, or fail
one by one, use `embedding_row` and `batch.BatchRun`.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType

from typing_extensions import Self

from .._operations.embedding_plan import (
    Batch,
    Plan,
    Tally,
    closed_failure,
    combine,
    error_of,
    input_failure,
    progress_failure,
    request_failure,
)
from ..exceptions import BatchError
from ..models._embeddings import EmbeddingsResult, EmbeddingsUsage
from ._request_pool import Request, RequestPool


class AsyncEmbeddingBatches(AsyncIterator[EmbeddingsResult]):
    """The results of `embed_batches`, in the order of the input.

    Requests start with the iteration. At its end, or that of an `async with` block, none is in flight. Once it has
    failed, it raises the same error on every further read; if only the reading was interrupted, it continues.

    :param embed: Sends one request: the client's `embed`, with its options.
    :param plan: What to send.
    :param on_progress: Called with the number of inputs in each result that is delivered.
    """

    __module__ = "azure.ai.inference.models"

    def __init__(
        self,
        embed: Callable[..., Awaitable[EmbeddingsResult]],
        plan: Plan,
        on_progress: Callable[[int], object] | None,
    ) -> None:
        self._plan = plan
        self._pool = RequestPool(embed, plan.max_concurrency)
        self._tally = Tally(on_progress)
        self._unread: deque[EmbeddingsResult] = deque()
        self._ahead: deque[tuple[Batch, Request]] = deque()
        self._next_index = 0
        self._input_ended = False
        self._input_error: BaseException | None = None
        self._failure: BatchError | None = None

    @property
    def usage(self) -> EmbeddingsUsage:
        """Tokens used for the results delivered so far."""
        return self._tally.usage

    async def collect(self) -> EmbeddingsResult:
        """Combine all remaining results into one, held in memory.

        :return: The embeddings in the order of the input, and the total number of tokens.
        :raises ~azure.ai.inference.exceptions.BatchError: It could not finish. The error has all results that had
            arrived.
        """
        results: list[EmbeddingsResult] = []
        try:
            async for result in self:
                results.append(result)  # noqa: PERF401 - results that arrived before a failure are kept
        except BatchError as error:
            error.results = [*results, *error.results]
            raise
        except BaseException:
            self._unread.extendleft(reversed(results))  # interrupted: the next read returns them
            raise
        return combine(results, self.usage)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EmbeddingsResult:
        if self._unread:
            return self._unread.popleft()
        if self._failure is not None:
            raise self._failure
        self._fill()
        if not self._ahead:
            await self._stop()
            if self._input_error is not None:
                raise self._fail(input_failure(self._next_index, self._input_error))
            raise StopAsyncIteration
        batch, request = self._ahead[0]
        await self._pool.wait([request])
        if error_of(request) is not None:
            await self._stop()
            raise self._fail(request_failure(self._ahead))
        result = request.result()
        try:
            self._tally.count(result)
        except Exception as error:  # whatever the caller's own function raises
            await self._stop()
            raise self._fail(progress_failure(batch, error, self._ahead)) from error
        self._ahead.popleft()
        return result

    def _fill(self) -> None:
        """Start as many requests as the limit on outstanding batches allows."""
        while len(self._ahead) < self._plan.ahead and not (self._input_ended or self._pool.stopped):
            batch = self._next_batch()
            if batch is not None:
                self._ahead.append((batch, self._pool.begin(batch)))
                self._next_index = batch.indices.stop

    def _next_batch(self) -> Batch | None:
        """Read more of the input. If its iterable raises, keep the error, to be raised after the results before it."""
        try:
            batch = next(self._plan.batches, None)
        except BaseException as error:
            self._input_ended, self._input_error = True, error
            if not isinstance(error, Exception):
                raise
            return None
        self._input_ended = batch is None
        return batch

    async def _stop(self) -> None:
        """Start no more requests, and wait for those in flight."""
        self._pool.stopped = True
        await self._pool.wait([request for _, request in self._ahead])
        await self._pool.close([])

    def _fail(self, failure: BatchError) -> BatchError:
        """Keep the error for every further read; it has all results that arrived."""
        self._failure = failure
        self._ahead.clear()
        return failure

    async def aclose(self) -> None:
        """Start no more requests, and cancel those in flight. Can be called again."""
        await self._pool.close([request for _, request in self._ahead])
        if self._failure is None and (self._ahead or not self._input_ended):
            self._fail(closed_failure(self._next_index, self._ahead))

    close = aclose

    def __del__(self) -> None:
        self._pool.stopped = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()
