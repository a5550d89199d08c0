"""Forward requests to a real endpoint, pass its responses on as they arrive, and record when each piece arrived.

A task of its own reads the response, so that the connection is closed and everything that arrived is kept, even if the
caller leaves.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ._request import RecordedRequest
from ._response import Cut, Response, Step, json_response

if TYPE_CHECKING:
    from aiohttp import ClientResponse

_FRAMING: Final = frozenset(
    {"connection", "content-encoding", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
)
NOT_PASSED_ON: Final = _FRAMING | {"host", "accept-encoding"}
"""Headers of a connection, not of a request."""
_STREAMED: Final = ("text/event-stream", "application/x-ndjson", "application/jsonl", "audio/", "video/")
_CONNECT_TIMEOUT: Final = 30.0


@dataclass
class Arrivals:
    """A response of the real endpoint.

    :param status: Its status.
    :param headers: Its headers, except those of the connection.
    :keyword pieces: The body so far: seconds since the request, and bytes.
    :keyword whole: Whether it is complete.
    """

    status: int
    headers: Mapping[str, str]
    pieces: list[tuple[float, bytes]] = field(default_factory=list[tuple[float, bytes]])
    whole: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether the response is passed on as it arrives."""
        return is_stream(self.headers)

    @property
    def body(self) -> bytes:
        """The part of the body that arrived."""
        return b"".join(piece for _, piece in self.pieces)


Keep = Callable[[RecordedRequest, Arrivals], None]


def is_stream(headers: Mapping[str, str]) -> bool:
    """Return whether a response with these headers is sent while it is generated."""
    return content_type(headers).startswith(_STREAMED)


def content_type(headers: Mapping[str, str]) -> str:
    """Return the content type in the headers, in lower case, or an empty string."""
    return next((value.lower() for name, value in headers.items() if name.lower() == "content-type"), "")


async def forward(request: RecordedRequest, upstream: str, keep: Keep) -> Response:
    """Send a request to the real endpoint.

    :param upstream: Its address.
    :param keep: Receives the request and its response, once it has ended. A plain response that broke off is not kept.
    """
    passing = _Passing(request, upstream, keep)
    try:
        arrivals = await passing.head()
        if arrivals.is_stream:
            return Response(arrivals.status, arrivals.headers, steps=passing.steps())
        await passing.end()
    except _NoAnswerError as failure:
        return _bad_gateway(f"{upstream} did not respond: {failure}")
    except asyncio.CancelledError:
        passing.abandon()
        raise
    return Response(arrivals.status, arrivals.headers, arrivals.body)


class _NoAnswerError(Exception):
    """The real endpoint did not respond, or only in part."""


def _bad_gateway(message: str) -> Response:
    return json_response({"error": {"code": "BadGateway", "message": message}}, 502)


class _Passing:
    """A request that is being forwarded."""

    def __init__(self, request: RecordedRequest, upstream: str, keep: Keep) -> None:
        self._request = request
        self._url = upstream.rstrip("/") + _target(request)
        self._keep = keep
        self._began = time.perf_counter()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._head: asyncio.Future[Arrivals] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._read())

    async def head(self) -> Arrivals:
        """Wait for the status and the headers."""
        return await asyncio.shield(self._head)

    async def end(self) -> None:
        """Wait for the whole body."""
        await self._task
        if not self._head.result().whole:
            raise _NoAnswerError("its response broke off")

    def abandon(self) -> None:
        """Stop reading, because the caller left."""
        self._task.cancel()

    def steps(self) -> Iterator[Step]:
        """Yield the pieces of the body as awaitables."""
        arrivals = self._head.result()
        try:
            while not (self._task.done() and self._queue.empty()):
                yield self._next(arrivals)
        finally:
            self.abandon()

    async def _next(self, arrivals: Arrivals) -> bytes | Cut:
        piece = await self._queue.get()
        if piece is not None:
            return piece
        await self._task
        return b"" if arrivals.whole else Cut()

    async def _read(self) -> None:
        from aiohttp import ClientError

        try:
            await self._ask()
        except (ClientError, OSError, ValueError, asyncio.TimeoutError) as error:
            if not self._head.done():
                self._head.set_exception(_NoAnswerError(repr(error)))
        finally:
            self._finish()

    async def _ask(self) -> None:
        from aiohttp import ClientSession, ClientTimeout
        from yarl import URL

        headers = {name: _sendable(value) for name, value in self._request.headers.items() if name not in NOT_PASSED_ON}
        options: dict[str, Any] = {"headers": headers, "data": self._request.raw or None, "allow_redirects": False}
        timeout = ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT)
        url = URL(self._url, encoded=True)
        async with (
            ClientSession(timeout=timeout) as session,
            session.request(self._request.method, url, **options) as answer,
        ):
            await self._take(answer)

    async def _take(self, answer: "ClientResponse") -> None:
        kept = {name: _sendable(value) for name, value in answer.headers.items() if name.lower() not in _FRAMING}
        arrivals = Arrivals(answer.status, kept)
        self._head.set_result(arrivals)
        async for piece in answer.content.iter_any():
            arrivals.pieces.append((time.perf_counter() - self._began, piece))
            self._queue.put_nowait(piece)
        arrivals.whole = True

    def _finish(self) -> None:
        self._queue.put_nowait(None)
        if not self._head.done():
            self._head.cancel()
        elif self._head.exception() is None:
            arrivals = self._head.result()
            if arrivals.whole or arrivals.is_stream:
                self._keep(self._request, arrivals)


def _target(request: RecordedRequest) -> str:
    """Return path and query as the caller wrote them: decoding and re-encoding might change the path."""
    raw = (request.raw_path or request.path).encode("utf-8", "surrogateescape")
    return quote(raw, safe="/?:@!$&'()*+,;=~%[]|\\^`{}\"<>")


def _sendable(value: str) -> str:
    """Return a header's value as UTF-8: aiohttp cannot send other bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value
