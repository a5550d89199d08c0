"""Embeddings in batches, asynchronously: a few requests are under way at a time, in tasks."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from types import TracebackType

from azure.core.exceptions import AzureError
from typing_extensions import Self

from .._operations.embedding_plan import Batch, Plan, Tally, failure, renumber
from ..exceptions import BatchError
from ..models._embeddings import EmbeddingsResult, EmbeddingsUsage


class AsyncEmbeddingBatches(AsyncIterator[EmbeddingsResult]):
    """The results of `embed_batches`, in the order of the input.

    Requests begin with the iteration. At its end, or that of an `async with` block, none is under way any more.

    :param embed: Sends one request: the client's `embed`, with its options.
    :param plan: What to send.
    :param on_progress: Called with the number of inputs of each result that is handed over.
    """

    def __init__(
        self,
        embed: Callable[..., Awaitable[EmbeddingsResult]],
        plan: Plan,
        on_progress: Callable[[int], object] | None,
    ) -> None:
        self._embed = embed
        self._stopped = False
        self._tally = Tally(on_progress)
        self._results = self._run(plan)

    @property
    def usage(self) -> EmbeddingsUsage:
        """Tokens spent on the results that were handed over."""
        return self._tally.usage

    async def collect(self) -> EmbeddingsResult:
        """Put all results that are still to come into one, held in memory.

        :return: The embeddings in the order of the input, and the sum of the tokens spent.
        :raises ~azure.ai.inference.exceptions.BatchError: A request failed. It has all results that had come.
        """
        results: list[EmbeddingsResult] = []
        try:
            async for result in self:
                results.append(result)  # noqa: PERF401 - what had come when it fails is kept
        except BatchError as error:
            error.results = [*results, *error.results]
            raise
        return self._tally.combine(results)

    async def _run(self, plan: Plan) -> AsyncGenerator[EmbeddingsResult, None]:
        ahead: deque[tuple[Batch, asyncio.Task[EmbeddingsResult]]] = deque()
        gate = asyncio.Semaphore(plan.max_concurrency)
        try:
            for batch in plan.batches:
                ahead.append((batch, asyncio.create_task(self._send(gate, batch))))
                if len(ahead) == plan.ahead:
                    yield await self._take(ahead)
            while ahead:
                yield await self._take(ahead)
        finally:
            for _, task in ahead:
                task.cancel()
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)

    async def _send(self, gate: asyncio.Semaphore, batch: Batch) -> EmbeddingsResult:
        async with gate:
            if self._stopped:
                raise asyncio.CancelledError
            try:
                return renumber(batch, await self._embed(input=batch.inputs))
            except AzureError:
                self._stopped = True
                raise

    async def _take(self, ahead: "deque[tuple[Batch, asyncio.Task[EmbeddingsResult]]]") -> EmbeddingsResult:
        """Wait for the next result in order."""
        batch, task = ahead.popleft()
        try:
            result = await task
        except AzureError as error:
            others = await asyncio.gather(*(other for _, other in ahead), return_exceptions=True)
            raise failure(batch, error, [other for other in others if isinstance(other, EmbeddingsResult)]) from error
        return self._tally.count(result)

    async def close(self) -> None:
        """Begin no more requests, and give up those under way. May be called again."""
        self._stopped = True
        await self._results.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EmbeddingsResult:
        return await anext(self._results)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()
