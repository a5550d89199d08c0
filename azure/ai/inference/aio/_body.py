"""Reading the body of a response, asynchronously, as it arrives."""

import asyncio
import zlib
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Any

from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError, ServiceResponseTimeoutError

from .._http.deadline import Deadline

Next = Callable[[], Awaitable[bytes]]


class UnbufferedBody:
    """The body of one of aiohttp's responses: read as it arrives, within the deadline, with azure-core's exceptions."""

    def __init__(self, response: Any, deadline: Deadline | None) -> None:
        internal = response.internal_response
        self._internal = internal
        self._content: Any = internal.content
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        if internal.headers.get("Content-Encoding"):
            self._next: Next = _not_empty(response.iter_bytes())
        else:
            self._next = self._content.readany

    async def read(self) -> bytes:
        """Wait for the next bytes.

        :return: What there is; nothing at the end of the body.
        :raises ~azure.core.exceptions.IncompleteReadError: The connection broke, or the body is shorter than announced.
        :raises ~azure.core.exceptions.DecodeError: It does not decompress.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The read timeout, or the deadline, is over.
        """
        try:
            if self._deadline is None:
                return await self._next()
            remaining = self._deadline.check()
            return await asyncio.wait_for(self._next(), remaining)
        except Exception as error:
            raise self._translate(error) from error

    async def drain(self, seconds: float) -> None:
        """Read the rest, so that the connection can be used again, unless that takes too long.

        :param seconds: How long it may take.
        """
        self._deadline = Deadline(seconds)
        try:
            while not self._content.at_eof() and await self.read():
                self._deadline.check()
        except AzureError:
            return

    def abandon(self) -> None:
        """Close the connection of a body that is garbage: from whatever thread, and where the loop may have ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._internal.close)
        elif self._internal.connection is not None:
            self._internal.connection.close()  # the response's own `close` does nothing without a loop

    def _translate(self, error: Exception) -> AzureError:
        if isinstance(error, asyncio.TimeoutError):
            if self._deadline is not None and self._deadline.remaining <= 0:
                return self._deadline.error()
            return ServiceResponseTimeoutError(f"No bytes came within the read timeout: {error}", error=error)
        return body_error(error)


def body_error(error: Exception) -> AzureError:
    """Make the exception for a body that cannot be read.

    :param error: What was raised; azure-core's own stay.
    """
    if isinstance(error, AzureError):
        return error
    if isinstance(error, zlib.error):
        return DecodeError(f"The body does not decompress: {error}", error=error)
    return IncompleteReadError(f"The connection broke before the end of the answer: {error!r}", error=error)


def reader(response: Any, body: UnbufferedBody | None) -> Next:
    """Make the function that waits for a response's next bytes, and gives none at its end.

    :param response: azure-core's response, from whatever transport; or anything with `iter_bytes`.
    :param body: Its body, if the transport is one whose bytes can be read as they arrive.
    """
    if body is not None:
        return body.read
    return _not_empty(response.iter_bytes() if hasattr(response, "iter_bytes") else response.stream_download(None))


async def read_whole(response: Any) -> None:
    """Read a response's body, if it is of a kind that must be told to: `load_body` is what older ones have.

    :param response: azure-core's response, from whatever transport, or what a test has in its place.
    """
    read = getattr(response, "read", None) or getattr(response, "load_body", None)
    if read is not None:
        await _settled(read())


async def close_response(response: Any) -> None:
    """Close a response, if it is of a kind that can be closed.

    :param response: azure-core's response, from whatever transport, or what a test has in its place.
    """
    if hasattr(response, "close"):
        await _settled(response.close())


async def _settled(value: Any) -> None:
    """Await what a double returns, unless it is of the synchronous kind."""
    if hasattr(value, "__await__"):
        await value


def _not_empty(pieces: AsyncIterable[bytes]) -> Next:
    """Make the function that gives the next piece; one that decompresses to nothing is not the end."""
    full = (piece async for piece in pieces if piece)
    return lambda: anext(full, b"")
