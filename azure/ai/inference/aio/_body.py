"""Read the body of a response asynchronously, as it arrives."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from .._http.deadline import Deadline

if TYPE_CHECKING:
    from .._http.content_encoding import Decoder

Next = Callable[[], Awaitable[bytes]]


class UnbufferedBody:
    """The body of an aiohttp response: read as it arrives, decompressed, within the deadline.

    :param internal: aiohttp's response.
    :param encoding: The compression named in its header; None if the body is not compressed, or no longer.
    :param deadline: The deadline of the call, if any.
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

        :return: The bytes that have arrived, decompressed; empty at the end of the body.
        :raises ~azure.core.exceptions.IncompleteReadError: The connection broke, or the body is shorter than announced.
        :raises ~azure.core.exceptions.DecodeError: It cannot be decompressed.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The read timeout or the deadline has passed.
        :raises ~azure.core.exceptions.ServiceResponseError: Another process began to read it, and this one is a fork of
            it.
        """
        if self._process != os.getpid():
            from .._http.failures import forked_failure

            raise forked_failure()
        try:
            if self._deadline is None:
                return await self._next()
            remaining = self._deadline.check()
            return await asyncio.wait_for(self._next(), remaining)
        except Exception as error:
            from .._http.failures import reading_failure

            timed_out = isinstance(error, asyncio.TimeoutError)
            raise reading_failure(error, self._deadline, timed_out=timed_out) from error

    def _next(self) -> Awaitable[bytes]:
        reading: Awaitable[bytes] = self._read_decoded() if self._encoding else self._content.readany()
        return reading

    async def _read_decoded(self) -> bytes:
        """Read until there is output: a piece that decompresses to nothing is not the end."""
        if self._decoder is None:
            from .._http.content_encoding import make_decoder

            self._decoder = make_decoder(self._encoding)
        while piece := await self._content.readany():
            if decoded := self._decoder.feed(piece) if self._decoder else piece:
                return decoded
        return b""

    async def pieces(self, **_: Any) -> AsyncIterator[bytes]:
        """Iterate over the body: azure-core's response calls this for `iter_bytes` and `iter_raw`."""
        try:
            while piece := await self.read():
                yield piece
        finally:
            self._internal.close()

    async def drain(self, seconds: float) -> None:
        """Read the rest, so that the connection can be reused, unless that takes too long.

        :param seconds: How long it may take.
        """
        self._deadline = Deadline(seconds)
        try:
            while not self._content.at_eof() and await self.read():
                self._deadline.check()
        except AzureError:
            return

    def abandon(self) -> None:
        """Close the connection of an abandoned body: from any thread, and even if the loop has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._internal.close)
        elif self._internal.connection is not None:
            self._internal.connection.close()  # the response's own `close` does nothing without a loop


class WholeBody:
    """Replaces the `content` of aiohttp's response, so that azure-core reads all of it through `UnbufferedBody`.

    :param body: The body.
    :param content: aiohttp's own content, for all other attributes.
    """

    def __init__(self, body: UnbufferedBody, content: Any) -> None:
        self._body = body
        self._content = content

    async def read(self, size: int = -1) -> bytes:
        """Read to the end.

        :param size: Ignored.
        """
        pieces: list[bytes] = []
        while piece := await self._body.read():
            pieces.append(piece)
        return b"".join(pieces)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)


def open_body(answer: Any, deadline: Deadline | None) -> UnbufferedBody:
    """Return the body of an azure-core response, and make the response read through it.

    azure-core itself only decompresses gzip and bare deflate, and knows no deadline. The attributes set here are
    private to its response: `_stream_download_generator` iterates over the body; `_decompress` says whether to
    decompress it, which aiohttp may already have done in a session of the caller's, and `_decompressed_content` that
    this is done.

    :param answer: azure-core's response around aiohttp's.
    :param deadline: The deadline of the call, if any.
    """
    internal = answer.internal_response
    encoding = internal.headers.get("Content-Encoding") if getattr(answer, "_decompress", True) else None
    body = UnbufferedBody(internal, encoding, deadline)
    internal.content = WholeBody(body, internal.content)
    answer._stream_download_generator = body.pieces  # noqa: SLF001
    answer._decompressed_content = True  # noqa: SLF001
    return body


def reader(response: Any, body: UnbufferedBody | None) -> Next:
    """Return a function that waits for the next bytes of a response, and returns none at its end.

    :param response: azure-core's response from any transport, or any object with `iter_bytes`.
    :param body: Its body, if the transport's bytes can be read as they arrive.
    """
    if body is not None:
        return body.read
    return _not_empty(response.iter_bytes() if hasattr(response, "iter_bytes") else response.stream_download(None))


async def read_whole(response: Any) -> None:
    """Read the body of a response that does not load it by itself; older responses call this `load_body`.

    :param response: azure-core's response from any transport, or a test double.
    """
    read = getattr(response, "read", None) or getattr(response, "load_body", None)
    if read is not None:
        await _settled(read())


async def close_response(response: Any) -> None:
    """Close a response, if it can be closed.

    :param response: azure-core's response from any transport, or a test double.
    """
    if hasattr(response, "close"):
        await _settled(response.close())


async def _settled(value: Any) -> None:
    """Await the result of a test double, unless it is synchronous."""
    if hasattr(value, "__await__"):
        await value


def _not_empty(pieces: AsyncIterable[bytes]) -> Next:
    """Return a function for the next piece; a piece that decompresses to nothing is not the end."""
    full = (piece async for piece in pieces if piece)
    return lambda: anext(full, b"")
