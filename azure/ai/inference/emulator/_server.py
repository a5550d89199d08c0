"""The sockets: an aiohttp server that reads requests, hands them to a function, and writes what it gives.

It runs on an event loop in a thread of its own, so that a test that blocks, or closes its own loop, does not stop it.
This is the only module of the emulator that does input and output, and the only one that needs aiohttp.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Optional

from aiohttp import web

from ._request import RecordedRequest
from ._service import Response

Handler = Callable[[RecordedRequest], Response]


@dataclass(frozen=True)
class Address:
    """Where to listen: port 0 takes a free one."""

    host: str
    port: int


class Server:
    """A running server; :meth:`stop` ends it and every connection it has."""

    def __init__(self, handler: Handler, address: Address, max_request_size: int) -> None:
        self._handler = handler
        self._address = address
        self._max_request_size = max_request_size
        self._started: Future[int] = Future()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._stopping: Optional[asyncio.Event] = None
        self._thread = threading.Thread(target=self._run, name="inference-emulator", daemon=True)

    def start(self) -> int:
        """Start listening; gives the port.

        :raises OSError: if the port is taken or the host is not ours.
        """
        self._thread.start()
        return self._started.result()

    def stop(self) -> None:
        """Stop listening, cut what is still open, and wait for the thread."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=self._max_request_size)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._address.host, self._address.port, backlog=2048)
            await site.start()
            self._started.set_result(runner.addresses[0][1])
            await self._stopping.wait()
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return await self._send(request, _too_large(self._max_request_size))
        return await self._send(request, self._handler(_recorded(request, raw)))

    @staticmethod
    async def _send(request: web.Request, response: Response) -> web.StreamResponse:
        if response.events is None:
            return web.Response(
                status=response.status, reason=response.reason, headers=response.headers, body=response.body
            )
        stream = web.StreamResponse(status=response.status, reason=response.reason, headers=response.headers)
        stream.enable_chunked_encoding()
        await stream.prepare(request)
        for event in response.events:
            await stream.write(event)
            await asyncio.sleep(0)
        await stream.write_eof()
        return stream


def _recorded(request: web.Request, raw: bytes) -> RecordedRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return RecordedRequest(request.method, request.path, list(request.query.items()), headers, raw)


def _too_large(limit: int) -> Response:
    message = (
        f'{{"error":{{"code":"tokens_limit_reached","message":"Request body too large. Max size: {limit} bytes."}}}}'
    )
    return Response(413, {"Content-Type": "application/json", "Connection": "close"}, message.encode())
