"""Connections of one event loop: kept alive, as trusting as the caller says, and never with another call's answer."""

import asyncio
import functools
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
    """aiohttp's protocol, whose connection is not used again once bytes have come that nobody asked for.

    aiohttp keeps what a server sends behind an answer, and hands it out as the answer to the next request. `_payload`
    and `_buffer` are private: the body of the last answer, and the answers that were not taken yet.
    """

    _answered = False
    _stuck: asyncio.TimerHandle | None = None

    def set_response_params(self, **params: Any) -> None:
        """Expect an answer: a request is about to be sent."""
        self._answered = False
        super().set_response_params(**params)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Take an answer whose head was read; interim ones are not final (RFC 9110, section 15.2)."""
        if self._answered:
            self.force_close()
            return
        self._answered = data[0].code >= 200
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless the answer has come to its end already."""
        if data and self._is_idle():
            self.close()
        else:
            super().data_received(data)

    def pause_writing(self) -> None:
        """Wait for the server to take what was sent, no longer than for an answer: aiohttp would wait for ever."""
        super().pause_writing()
        if self._read_timeout:
            self._stuck = self._loop.call_later(self._read_timeout, self._give_up)

    def resume_writing(self) -> None:
        """Send on."""
        if self._stuck is not None:
            self._stuck.cancel()
        super().resume_writing()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wait no more."""
        if self._stuck is not None:
            self._stuck.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        self.set_exception(aiohttp.ConnectionTimeoutError("The server took nothing of the request in time"))
        if self.transport is not None:
            self.transport.abort()

    def is_connected(self) -> bool:
        """Whether the connection can be used: also bytes that this loop did not have the time to read forbid it."""
        if not super().is_connected() or self.should_close:
            return False
        return not self._is_idle() or not wait_for_read(self.transport.get_extra_info("socket"), 0)  # type: ignore[union-attr]

    def _is_idle(self) -> bool:
        return self._answered and self._payload is not None and self._payload.is_eof()


class Connector(aiohttp.TCPConnector):
    """aiohttp's connector, with these connections; the protocol that it makes is private to it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        trust = make_trust(options.get("connection_verify", True), options.get("connection_cert"))
        made_with: Any = {"limit": _POOL_SIZE, "ssl": trust, "socket_factory": _make_socket}
        super().__init__(**made_with)  # pyright: ignore[reportUnknownMemberType] - of other arguments aiohttp names no type
        self._factory: Any = functools.partial(AnswerProtocol, loop=self._loop)


def make_trust(verify: Any, cert: Any) -> bool | ssl.SSLContext:
    """Return whom to trust, and as whom to appear, as aiohttp takes it.

    :param verify: True, False, or the path of a file or a folder of certificates.
    :param cert: The path of a certificate with its key, or one path each; None for none.
    """
    if isinstance(verify, bool) and not cert:
        return verify
    context = ssl.create_default_context(**trusted_files(verify))
    if cert:
        context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    if verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _make_socket(address: Any) -> socket.socket:
    """Make a socket for what `getaddrinfo` gave."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    for option in SOCKET_OPTIONS:
        made.setsockopt(*option)
    return made
