"""Send the requests of `embed_batches` asynchronously, in tasks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from .._operations.embedding_plan import Batch, renumber
from ..models._embeddings import EmbeddingsResult

Request = asyncio.Task[EmbeddingsResult]


class RequestPool:
    """Sends batches, a limited number at a time, until one fails or it is closed.

    :param embed: Sends one request.
    :param limit: Maximum number of requests in flight.
    """

    def __init__(self, embed: Callable[..., Awaitable[EmbeddingsResult]], limit: int) -> None:
        self._embed = embed
        self.stopped = False
        """Whether no more requests may start."""
        self._gate = asyncio.Semaphore(limit)

    def begin(self, batch: Batch) -> Request:
        """Send a batch when it is its turn.

        :param batch: The batch.
        """
        request = asyncio.create_task(self._send(batch))
        request.add_done_callback(_retrieve)
        return request

    async def _send(self, batch: Batch) -> EmbeddingsResult:
        async with self._gate:
            if self.stopped:
                raise asyncio.CancelledError
            try:
                return renumber(batch, await self._embed(input=batch.inputs))
            except BaseException:
                self.stopped = True
                raise

    async def wait(self, requests: Sequence[Request]) -> None:
        """Wait until requests have ended, successfully or not. Cancelling the wait does not stop them."""
        if requests:
            await asyncio.wait(requests)

    async def close(self, requests: Sequence[Request]) -> None:
        """Start no more requests, and cancel those in flight."""
        self.stopped = True
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)


def _retrieve(request: Request) -> None:
    """Retrieve the exception of a request, so that asyncio does not log it as unhandled."""
    if not request.cancelled():
        request.exception()
