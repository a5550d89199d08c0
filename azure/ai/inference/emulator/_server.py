"""The sockets: an aiohttp server that reads requests, hands them to a function, and plays the answer it gives.

It runs on an event loop in a thread of its own, so that a test that blocks, or closes its own loop, does not stop it.
"""

import asyncio
import logging
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from pathlib import Path

from ._exchange import Exchange, unnoted
from ._request import RecordedRequest
from ._response import Cut, Pause, Response, Step, json_response
from ._server_options import ServerOptions

try:
    from aiohttp import web
except ImportError as error:
    raise ImportError("the emulator needs aiohttp: pip install 'azure-ai-inference[emulator]'") from error

Handler = Callable[[RecordedRequest], Awaitable[Response]]
_LOGGER = logging.getLogger("azure.ai.inference.emulator")


class Server:
    """A server that may be started once; :meth:`stop` ends it and every connection it has."""

    def __init__(self, handler: Handler, options: ServerOptions) -> None:
        self._handler = handler
        self._options = options
        self._started: Future[int] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="inference-emulator", daemon=True)
        self._certificates = Certificates() if options.tls else None

    @property
    def url(self) -> str:
        """The address, with the port that was found."""
        host = self._options.host
        return (
            f"http{'s' if self._options.tls else ''}://{f'[{host}]' if ':' in host else host}:{self._started.result()}"
        )

    @property
    def ca_file(self) -> str | None:
        """The certificate authority's file, with TLS."""
        return None if self._certificates is None else self._certificates.ca_file

    def start(self) -> None:
        """Start listening.

        :raises OSError: if the port is taken or the host is not ours.
        """
        self._thread.start()
        try:
            self._started.result()
        except Exception:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening, cut what is still open, and wait for the thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._certificates is not None:
            self._certificates.remove()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 whoever started the server has to hear of it
            self._started.set_exception(error)

    async def _serve(self) -> None:
        options = self._options
        app = web.Application(client_max_size=options.max_request_size)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        # aiohttp takes 0 for "wait as long as it takes".
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
        await runner.setup()
        try:
            context = None if self._certificates is None else self._certificates.context
            site = web.TCPSite(runner, options.host, options.port, ssl_context=context, backlog=2048)
            await site.start()
            self._loop = asyncio.get_running_loop()
            self._started.set_result(runner.addresses[0][1])
            await self._stopping.wait()
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            response = _too_large(self._options.max_request_size)
        else:
            response = await self._handler(_recorded(request, raw))
        exchange = response.exchange or unnoted()
        try:
            return await _play(request, response, exchange)
        except asyncio.CancelledError:
            exchange.cut() if self._stopping.is_set() else exchange.left()
            raise
        finally:
            spent = round(1000 * (time.perf_counter() - began))
            _LOGGER.info("%s %s %s in %s ms", request.method, request.path, response.status, spent)


async def _play(request: web.Request, response: Response, exchange: Exchange) -> web.StreamResponse:
    """Send an answer: status and headers with its first bytes, then step by step."""
    exchange.answered(response)
    if response.steps is None:
        exchange.sent(response.status, response.body)
        exchange.finish()
        return web.Response(
            status=response.status, reason=response.reason, headers=response.headers, body=response.body
        )
    stream = web.StreamResponse(status=response.status, reason=response.reason, headers=response.headers)
    if response.length is not None:
        stream.content_length = response.length
    else:
        stream.enable_chunked_encoding()
    try:
        await _play_steps(request, stream, response.steps, exchange)
    except ConnectionResetError:  # the caller has left, which is no failure here
        exchange.left()
    return stream


async def _play_steps(
    request: web.Request, stream: web.StreamResponse, steps: Iterable[Step], exchange: Exchange
) -> None:
    for step in steps:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Cut):
            exchange.cut()
            _break_off(request, step)
            return
        else:
            exchange.sent(stream.status, step)  # noted first: who has read an answer finds all of it noted
            await _write(request, stream, step)
    exchange.finish()
    await stream.write_eof()


async def _write(request: web.Request, stream: web.StreamResponse, data: bytes) -> None:
    if not stream.prepared:
        await stream.prepare(request)
    if data:
        await stream.write(data)
    # Writing rarely waits: without this one stream would be written to its end before another gets a turn.
    await asyncio.sleep(0)


def _break_off(request: web.Request, cut: Cut) -> None:
    transport = request.transport
    if transport is None:  # pragma: no cover (the caller left in this very moment)
        return
    if cut.reset:
        connection: socket.socket = transport.get_extra_info("socket")
        # To linger for no time makes closing send a reset instead of a proper end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()


def _recorded(request: web.Request, raw: bytes) -> RecordedRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return RecordedRequest(request.method, request.path, list(request.query.items()), headers, raw)


def _too_large(limit: int) -> Response:
    message = f"Request body too large. Max size: {limit} bytes."
    error = {"code": "tokens_limit_reached", "message": message, "details": message}
    return json_response({"error": error}, 413, {"Connection": "close"})


class Certificates:
    """A certificate for this machine, and the authority that signed it, in a file for callers to trust.

    :raises ImportError: without trustme.
    """

    def __init__(self) -> None:
        try:
            import trustme
        except ImportError as error:
            raise ImportError("tls needs trustme: pip install trustme") from error
        authority = trustme.CA()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf = authority.issue_cert("localhost", "127.0.0.1", "::1")
        with leaf.private_key_and_cert_chain_pem.tempfile() as path:
            self.context.load_cert_chain(path)
        with tempfile.NamedTemporaryFile("wb", prefix="inference-emulator-", suffix=".pem", delete=False) as file:
            file.write(authority.cert_pem.bytes())
        self.ca_file = file.name

    def remove(self) -> None:
        """Remove the file."""
        Path(self.ca_file).unlink(missing_ok=True)
