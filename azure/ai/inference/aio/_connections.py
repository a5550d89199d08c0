"""Connections of one event loop: kept alive, verified as configured, and never reused with another call's response."""

import asyncio
import functools
import os
import socket
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from urllib3.util import wait_for_read

from .._http.certificates import trusted_files
from .._http.keepalive import SOCKET_OPTIONS

_POOL_SIZE = 1000


class AnswerProtocol(ResponseHandler):
    """aiohttp's protocol, except that a connection with unexpected bytes is not used again.

    aiohttp keeps whatever a server sends after a response, and returns it as the response to the next request.
    `_payload` and `_buffer` are private: the body of the last response, and the responses that were not read yet.
    """

    _answered = False
    _stuck: asyncio.TimerHandle | None = None

    def set_response_params(self, **params: Any) -> None:
        """Prepare for a response: a request is about to be sent."""
        self._answered = False
        super().set_response_params(**params)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Accept a response whose head was read; interim responses are not final (RFC 9110, section 15.2)."""
        if self._answered:
            self.force_close()
            return
        self._answered = data[0].code >= 200
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Accept bytes, unless the response has already ended."""
        if data and self._is_idle():
            self.close()
        else:
            super().data_received(data)

    def pause_writing(self) -> None:
        """Limit the wait for the server to read the request to that for a response: aiohttp would wait forever."""
        super().pause_writing()
        if self._read_timeout:
            self._stuck = self._loop.call_later(self._read_timeout, self._give_up)

    def resume_writing(self) -> None:
        """Resume sending."""
        if self._stuck is not None:
            self._stuck.cancel()
        super().resume_writing()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting."""
        if self._stuck is not None:
            self._stuck.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        self.set_exception(aiohttp.ConnectionTimeoutError("The server did not read the request in time"))
        if self.transport is not None:
            self.transport.abort()

    def is_connected(self) -> bool:
        """Return whether the connection can be used: not if there are bytes that the loop has not read yet, either."""
        if not super().is_connected() or self.should_close:
            return False
        return not self._is_idle() or not wait_for_read(self.transport.get_extra_info("socket"), 0)  # type: ignore[union-attr]

    def _is_idle(self) -> bool:
        # `_payload` is aiohttp's: the body of the answer that is being read, or was read last.
        return self._answered and self._payload is not None and self._payload.is_eof()


class Connector(aiohttp.TCPConnector):
    """aiohttp's connector, with these connections; its protocol factory is private."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        trust = make_trust(options.get("connection_verify", True), options.get("connection_cert"))
        made_with: Any = {"limit": _POOL_SIZE, "ssl": trust, "socket_factory": _make_socket}
        super().__init__(**made_with)  # pyright: ignore[reportUnknownMemberType] - of other arguments aiohttp names no type
        # aiohttp's private factory: its connector takes no other class of protocol.
        self._factory: Any = functools.partial(AnswerProtocol, loop=self._loop)


def make_trust(verify: Any, cert: Any) -> bool | ssl.SSLContext:
    """Return what to trust, and the client certificate, as aiohttp expects them.

    :param verify: True, False, or the path of a file or a folder of certificates.
    :param cert: The path of a certificate with its key, or the paths of both; None for none.
    """
    if isinstance(verify, bool) and not cert:
        return verify
    files = trusted_files(verify)
    if not cert:
        return _shared_trust(**files, changed=os.stat(verify).st_mtime_ns if files else 0)
    context = ssl.create_default_context(**files)
    context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    if verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@functools.lru_cache(maxsize=8)
def _shared_trust(*, cafile: Any = None, capath: Any = None, changed: int) -> ssl.SSLContext:
    """Read certificates once for all clients: a company's file has all authorities, which takes 50 ms.

    :param changed: When the file was changed, so that new clients read a new one.
    """
    return ssl.create_default_context(cafile=cafile, capath=capath)


def _make_socket(address: Any) -> socket.socket:
    """Create a socket for a result of `getaddrinfo`."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    for option in SOCKET_OPTIONS:
        made.setsockopt(*option)
    return made
