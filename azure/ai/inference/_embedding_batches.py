"""Embeddings in batches, synchronously: a few requests are under way at a time, in threads."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType

from azure.core.exceptions import AzureError
from typing_extensions import Self

from ._operations.embedding_plan import Batch, Plan, Tally, failure, renumber
from .exceptions import BatchError
from .models._embeddings import EmbeddingsResult, EmbeddingsUsage


class EmbeddingBatches(Iterator[EmbeddingsResult]):
    """The results of `embed_batches`, in the order of the input.

    Requests begin with the iteration. At its end, or that of a `with` block, none is under way any more. Not to be
    shared between threads.

    :param embed: Sends one request: the client's `embed`, with its options.
    :param plan: What to send.
    :param on_progress: Called with the number of inputs of each result that is handed over.
    """

    def __init__(
        self, embed: Callable[..., EmbeddingsResult], plan: Plan, on_progress: Callable[[int], object] | None
    ) -> None:
        self._embed = embed
        self._stopped = False
        self._tally = Tally(on_progress)
        self._results = self._run(plan)

    @property
    def usage(self) -> EmbeddingsUsage:
        """Tokens spent on the results that were handed over."""
        return self._tally.usage

    def collect(self) -> EmbeddingsResult:
        """Put all results that are still to come into one, held in memory.

        :return: The embeddings in the order of the input, and the sum of the tokens spent.
        :raises ~azure.ai.inference.exceptions.BatchError: A request failed. It has all results that had come.
        """
        results: list[EmbeddingsResult] = []
        try:
            for result in self:
                results.append(result)  # noqa: PERF402 - what had come when it fails is kept
        except BatchError as error:
            error.results = [*results, *error.results]
            raise
        return self._tally.combine(results)

    def _run(self, plan: Plan) -> Generator[EmbeddingsResult, None, None]:
        ahead: deque[tuple[Batch, Future[EmbeddingsResult]]] = deque()
        with ThreadPoolExecutor(plan.max_concurrency, thread_name_prefix="embed_batches") as pool:
            try:
                for batch in plan.batches:
                    ahead.append((batch, pool.submit(copy_context().run, self._send, batch)))
                    if len(ahead) == plan.ahead:
                        yield self._take(ahead)
                while ahead:
                    yield self._take(ahead)
            finally:
                self._stopped = True

    def _send(self, batch: Batch) -> EmbeddingsResult:
        if self._stopped:
            raise CancelledError
        try:
            return renumber(batch, self._embed(input=batch.inputs))
        except AzureError:
            self._stopped = True
            raise

    def _take(self, ahead: "deque[tuple[Batch, Future[EmbeddingsResult]]]") -> EmbeddingsResult:
        """Wait for the next result in order."""
        batch, future = ahead.popleft()
        try:
            result = future.result()
        except AzureError as error:
            others = [other.result() for _, other in ahead if other.exception() is None]
            raise failure(batch, error, others) from error
        return self._tally.count(result)

    def close(self) -> None:
        """Begin no more requests, and wait for those under way. May be called again."""
        self._stopped = True
        self._results.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> EmbeddingsResult:
        return next(self._results)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()
