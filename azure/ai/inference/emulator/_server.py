"""The sockets: an aiohttp server that reads requests, passes them to a function, and sends its response.

It runs on an event loop in its own thread, so that a test that blocks, or closes its own loop, does not stop it.
"""

import asyncio
import errno
import logging
import re
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Final

from ._content_encoding import decode_body, too_large
from ._exchange import Exchange, unstored_exchange
from ._outcome import Outcome
from ._request import RecordedRequest
from ._response import Cut, Pause, Response, Step, json_response
from ._server_options import ServerOptions, free_port
from ._service_error import ServiceError
from ._web_access import is_loopback

try:
    from aiohttp import HttpVersion11, web
    from aiohttp.http_exceptions import HttpProcessingError
except ImportError as error:
    raise ImportError("the emulator needs aiohttp: pip install aiohttp") from error

Handler = Callable[[RecordedRequest], Awaitable[Response]]
Note = Callable[[RecordedRequest], Exchange]
_LOGGER = logging.getLogger("azure.ai.inference.emulator")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})
"""Headers that the server writes itself: a reply with those of another body would leave its caller waiting."""
_HTTP_LOGGER = _LOGGER.getChild("http")


class Server:
    """A server that can be started once; :meth:`stop` ends it and closes its connections.

    :param handler: Returns the response to a request.
    :param note: Records a request that the server itself refuses.
    :param options: Where and how to listen.
    """

    def __init__(self, handler: Handler, note: Note, options: ServerOptions) -> None:
        self._handler = handler
        self._note = note
        self._options = options
        self._started: Future[int] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="inference-emulator", daemon=True)
        self._certificates = Certificates() if options.tls else None

    @property
    def url(self) -> str:
        """The address, including the port that it listens on."""
        return self._options.url(self.port)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._started.result()

    @property
    def ca_file(self) -> str | None:
        """The file of the certificate authority, with TLS."""
        return None if self._certificates is None else self._certificates.ca_file

    def start(self) -> None:
        """Start listening.

        :raises OSError: If the port is taken, or the host is not an address of this machine.
        """
        self._thread.start()
        try:
            self._started.result()
        except Exception:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening, close all open connections, and wait for the thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._certificates is not None:
            self._certificates.remove()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 passed on to the thread that started the server
            self._started.set_exception(error)

    async def _serve(self) -> None:
        options = self._options
        app = web.Application(client_max_size=options.max_request_size)
        app.router.add_route("*", r"/{tail:[\s\S]*}", self._handle)  # matches line ends too
        # aiohttp reads 0 as "wait without limit".
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_HTTP_LOGGER,
            shutdown_timeout=0.01,
            handler_cancellation=True,
            auto_decompress=False,
        )
        await runner.setup()
        try:
            context = None if self._certificates is None else self._certificates.context
            site = web.TCPSite(runner, options.host, options.port, ssl_context=context, backlog=2048)
            await _listen(site, options)
            self._loop = asyncio.get_running_loop()
            self._started.set_result(runner.addresses[0][1])
            await self._stopping.wait()
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        headers = {name.lower(): value for name, value in request.headers.items()}
        response = self._options.access.answer(request.method, headers)
        if response is None:
            response = await self._answer(request, headers)
        sent = {name: value for name, value in response.headers.items() if name.lower() not in _FRAMING}
        response = replace(response, headers={**sent, **self._options.access.headers(headers)})
        exchange = response.exchange or unstored_exchange()
        try:
            return await _play(request, response, exchange)
        except asyncio.CancelledError:
            exchange.cut() if self._stopping.is_set() else exchange.left()
            raise
        finally:
            spent = round(1000 * (time.perf_counter() - began))
            path = _printable(request.raw_path.partition("?")[0])
            _LOGGER.info("%s %s %s in %s ms", _printable(request.method), path, response.status, spent)

    async def _answer(self, request: web.Request, headers: Mapping[str, str]) -> Response:
        limit = self._options.max_request_size
        query = list(request.query.items())
        outcome = Outcome(_connection=request.transport)
        recorded = RecordedRequest(
            request.method, request.path, query, headers, raw_path=_target(request), outcome=outcome
        )
        try:
            raw = decode_body(await request.read(), headers.get("content-encoding", ""), limit)
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(recorded, too_large(limit))
        except ServiceError as problem:
            return self._refuse(recorded, problem)
        return await self._handler(replace(recorded, raw=raw))

    def _refuse(self, request: RecordedRequest, problem: ServiceError) -> Response:
        """Return the response to a request that was not read completely, and record the request without its body."""
        request.outcome.source = "refusal"
        error = {"code": problem.code, "message": problem.message, "details": problem.message}
        response = json_response({"error": error}, problem.status, {"Connection": "close"})
        return replace(response, exchange=self._note(request))


async def _play(request: web.Request, response: Response, exchange: Exchange) -> web.StreamResponse:
    """Send a response: status and headers with its first bytes, then step by step."""
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
    elif request.version >= HttpVersion11:
        stream.enable_chunked_encoding()
    else:
        stream.force_close()  # HTTP/1.0 has no chunks: the body ends with the connection
    try:
        await _play_steps(request, stream, response.steps, exchange)
    except ConnectionResetError:  # the caller has left, which is not an error here
        exchange.left()
    return stream


async def _play_steps(
    request: web.Request, stream: web.StreamResponse, steps: Iterable[Step], exchange: Exchange
) -> None:
    for step in steps:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            continue
        data = step if isinstance(step, (bytes, Cut)) else await step
        if isinstance(data, Cut):
            exchange.cut()
            _break_off(request, data)
            return
        exchange.sent(stream.status, data)  # recorded first: whoever has read a response finds all of it recorded
        await _write(request, stream, data)
    if not stream.prepared:  # no steps at all: an empty response
        exchange.sent(stream.status, b"")
        await _write(request, stream, b"")
    exchange.finish()
    await stream.write_eof()


async def _write(request: web.Request, stream: web.StreamResponse, data: bytes) -> None:
    if not stream.prepared:
        await stream.prepare(request)
    if data:
        await stream.write(data)
    # Writing rarely waits: without this, one stream would be written to its end before another gets a turn.
    await asyncio.sleep(0)


def _break_off(request: web.Request, cut: Cut) -> None:
    transport = request.transport
    if transport is None:  # pragma: no cover (the caller left in this very moment)
        return
    if cut.reset:
        connection: socket.socket = transport.get_extra_info("socket")
        # A linger time of zero makes closing send a reset instead of a proper end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()


def _target(request: web.Request) -> str:
    """Return path and query as received, without the scheme and host at the start of a proxy's request."""
    return re.sub(r"(?i)^https?://[^/]*", "", request.raw_path)


def _printable(text: str) -> str:
    """Return text with its control characters escaped, because a terminal would execute them."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _shorten(record: logging.LogRecord) -> bool:
    """Report malformed HTTP in one line: a traceback tells about aiohttp, and shows the bytes that came."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        reason = error.message.partition("\n")[0].rstrip(":")
        record.msg, record.args = "refused a request that is not valid HTTP: %s", (_printable(reason),)
        record.exc_info = None
    return True


_HTTP_LOGGER.addFilter(_shorten)


async def _listen(site: web.TCPSite, options: ServerOptions) -> None:
    if not is_loopback(options.host):
        _LOGGER.warning(
            "The emulator listens on %s: other machines can call it, and its key does not protect it.", options.host
        )
    try:
        await site.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        free = free_port(options.host, options.port)
        message = f"port {options.port} of {options.host} is already in use; choose another, such as {free}"
        raise OSError(errno.EADDRINUSE, message + (", which is free" if free else ", which takes any")) from error


class Certificates:
    """A certificate for this machine, and the authority that signed it, in a file that callers can trust.

    :raises ImportError: Without trustme.
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
