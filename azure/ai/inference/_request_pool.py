"""Send the requests of `embed_batches` synchronously, in threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextvars import copy_context

from ._operations.embedding_plan import Batch, renumber
from .models._embeddings import EmbeddingsResult

Request = Future[EmbeddingsResult]


class RequestPool:
    """Sends batches, a limited number at a time, until one fails or it is closed.

    :param embed: Sends one request.
    :param limit: Maximum number of requests in flight.
    """

    def __init__(self, embed: Callable[..., EmbeddingsResult], limit: int) -> None:
        self._embed = embed
        self.stopped = False
        """Whether no more requests may start."""
        self._threads = ThreadPoolExecutor(limit, thread_name_prefix="embed_batches")

    def begin(self, batch: Batch) -> Request:
        """Send a batch when it is its turn.

        :param batch: The batch.
        """
        return self._threads.submit(copy_context().run, self._send, batch)

    def _send(self, batch: Batch) -> EmbeddingsResult:
        if self.stopped:
            raise CancelledError
        try:
            return renumber(batch, self._embed(input=batch.inputs))
        except BaseException:
            self.stopped = True
            raise

    def wait(self, requests: Sequence[Request]) -> None:
        """Wait until requests have ended, successfully or not."""
        wait(requests)

    def close(self, requests: Sequence[Request]) -> None:
        """Start no more requests, and wait for those in flight: a thread cannot be interrupted."""
        self.stopped = True
        self._threads.shutdown(cancel_futures=True)
