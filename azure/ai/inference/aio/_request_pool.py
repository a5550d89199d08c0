"""Requests of `embed_batches` under way, asynchronously: in tasks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from .._operations.embedding_plan import Batch, renumber
from ..models._embeddings import EmbeddingsResult

Request = asyncio.Task[EmbeddingsResult]


class RequestPool:
    """Sends batches, a limited number at a time, until one fails or it is closed.

    :param embed: Sends one request.
    :param limit: The most requests at a time.
    """

    def __init__(self, embed: Callable[..., Awaitable[EmbeddingsResult]], limit: int) -> None:
        self._embed = embed
        self.stopped = False
        """Whether no more requests begin."""
        self._gate = asyncio.Semaphore(limit)

    def begin(self, batch: Batch) -> Request:
        """Send a batch, once it is its turn.

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
        """Wait until requests have ended, whichever way. They go on if the waiting is cancelled."""
        if requests:
            await asyncio.wait(requests)

    async def close(self, requests: Sequence[Request]) -> None:
        """Begin no more requests, and cancel those under way."""
        self.stopped = True
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)


def _retrieve(request: Request) -> None:
    """Look at what a request raised, so that asyncio does not log it when nobody else does."""
    if not request.cancelled():
        request.exception()
