"""Reading the body of a response, asynchronously, as it arrives."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Any

from azure.core.exceptions import AzureError, IncompleteReadError

from .._http.content_encoding import Decoder, make_decoder
from .._http.deadline import Deadline
from ..exceptions import NoResponseError, ResponseTimeoutError

Next = Callable[[], Awaitable[bytes]]


class UnbufferedBody:
    """The body of one of aiohttp's responses: read as it arrives, decompressed, within the deadline.

    :param internal: aiohttp's response.
    :param encoding: How the body is compressed, as its header says; None if it is not, or not any more.
    :param deadline: The call's, if it has one.
    """

    def __init__(self, internal: Any, encoding: str | None, deadline: Deadline | None) -> None:
        self._internal = internal
        self._content: Any = internal.content
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._deadline = deadline
        self._encoding = encoding
        self._decoder: Decoder | None = None

    async def read(self) -> bytes:
        """Wait for the next bytes.

        :return: What there is, decompressed; nothing at the end of the body.
        :raises ~azure.core.exceptions.IncompleteReadError: The connection broke, or the body is shorter than announced.
        :raises ~azure.core.exceptions.DecodeError: It does not decompress.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The read timeout, or the deadline, is over.
        :raises ~azure.core.exceptions.ServiceResponseError: Another process began to read it, and this one is its fork.
        """
        if self._process != os.getpid():
            raise NoResponseError(
                "The answer can be read only in the process that asked for it; this one was forked from that."
            )
        try:
            if self._deadline is None:
                return await self._next()
            remaining = self._deadline.check()
            return await asyncio.wait_for(self._next(), remaining)
        except Exception as error:
            raise self._translate(error) from error

    def _next(self) -> Awaitable[bytes]:
        reading: Awaitable[bytes] = self._read_decoded() if self._encoding else self._content.readany()
        return reading

    async def _read_decoded(self) -> bytes:
        """Read on until something comes out: a piece that decompresses to nothing is not the end."""
        if self._decoder is None:
            self._decoder = make_decoder(self._encoding)
        while piece := await self._content.readany():
            if decoded := self._decoder.feed(piece) if self._decoder else piece:
                return decoded
        return b""

    async def pieces(self, **_: Any) -> AsyncIterator[bytes]:
        """Iterate over the body: what azure-core's response calls for `iter_bytes` and `iter_raw`."""
        try:
            while piece := await self.read():
                yield piece
        finally:
            self._internal.close()

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
        if isinstance(error, AzureError):
            return error
        if isinstance(error, asyncio.TimeoutError):
            if self._deadline is not None and self._deadline.remaining <= 0:
                return self._deadline.error()
            return ResponseTimeoutError(f"No bytes came within the read timeout: {error}", error=error)
        return IncompleteReadError(f"The connection broke before the end of the answer: {error!r}", error=error)


class WholeBody:
    """Stands in for the `content` of aiohttp's response where azure-core reads all of it: `UnbufferedBody`, joined.

    :param body: The body.
    :param content: aiohttp's own, which has all else.
    """

    def __init__(self, body: UnbufferedBody, content: Any) -> None:
        self._body = body
        self._content = content

    async def read(self, size: int = -1) -> bytes:
        """Read to the end.

        :param size: Not heeded.
        """
        pieces: list[bytes] = []
        while piece := await self._body.read():
            pieces.append(piece)
        return b"".join(pieces)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)


def open_body(answer: Any, deadline: Deadline | None) -> UnbufferedBody:
    """Return the body of one of azure-core's responses, and have the response read it by the same rules.

    azure-core's own reading knows gzip and bare deflate alone, and no deadline. What is set here is private to its
    response: `_stream_download_generator` iterates over the body; `_decompress` says that somebody has to decompress
    it, which aiohttp may have done in a session of the caller's own, and `_decompressed_content` that it was done.

    :param answer: azure-core's response around one of aiohttp's.
    :param deadline: The call's, if it has one.
    """
    internal = answer.internal_response
    encoding = internal.headers.get("Content-Encoding") if getattr(answer, "_decompress", True) else None
    body = UnbufferedBody(internal, encoding, deadline)
    internal.content = WholeBody(body, internal.content)
    answer._stream_download_generator = body.pieces  # noqa: SLF001
    answer._decompressed_content = True  # noqa: SLF001
    return body


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
