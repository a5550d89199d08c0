"""Connections that observe a deadline until a response begins, and never return one call's response to another.

A socket's timeout restarts with each read and each address, so a server that sends status and headers byte by byte, or
a name with several dead addresses, could hold a call forever. With a deadline, each connect and each read may take only
the remaining time.

Loaded with the first request, because it loads urllib3's connection classes.
"""

import io
import socket
from contextlib import suppress
from functools import cache, partial
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool
from urllib3.exceptions import HTTPError

from ._http.credentials import without_query_values
from ._http.deadline import CURRENT, Deadline
from ._http.keepalive import SOCKET_OPTIONS


class DeadlineReader(io.RawIOBase):
    """Reads a socket until a deadline.

    :param raw: The reader of the socket.
    :param sock: The socket.
    :param deadline: The deadline of the call.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes.

        :param buffer: Where to store them.
        :return: The number of bytes; None if there are none and the socket is non-blocking.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline has passed.
        :raises TimeoutError: None arrived in time.
        """
        usual = self._sock.gettimeout()
        if usual != 0:
            self._sock.settimeout(self._deadline.limit(usual))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Release the socket."""
        self._raw.close()
        super().close()


class AnswerReader(io.BufferedReader):
    """Reads one response, and finds out at its end whether the server sent more than that.

    :param raw: The reader of the socket.
    :param sock: The socket.
    """

    has_unread_bytes = False
    """Whether bytes followed the response; known once this reader is closed."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__(raw)
        self._sock = sock

    def close(self) -> None:
        """Check without waiting whether bytes follow the response, and release the socket.

        Such bytes are in this reader's buffer or in the socket. Those in the buffer would be lost with it, and the rest
        would be taken for the next response.
        """
        if not self.closed:
            try:
                self._sock.settimeout(0)  # urllib3 sets it again for the next request
                self.has_unread_bytes = bool(self.peek(1))
            except (OSError, ValueError):  # the connection is gone, or TLS has no bytes ready
                pass
        super().close()


class DeadlineResponse(HTTPResponse):
    """A response that skips interim responses, and whose head observes the deadline of the current call."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw, deadline = self.fp.detach(), CURRENT.get()
        self.fp = AnswerReader(raw if deadline is None else DeadlineReader(raw, sock, deadline), sock)

    def begin(self) -> None:
        """Read the head of the final response.

        The standard library only skips 100. RFC 9110, section 15.2, requires clients to parse any number of interim
        responses: 102 and 103 come from proxies and CDNs. If one were taken for the response, the real one would stay
        on the connection for the next call. 101 is final, and ends HTTP on the connection.
        """
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = self.msg = None  # type: ignore[assignment] # `begin` reads nothing while there are headers
            super().begin()
        if self.status == 101:
            self.will_close = True


def connect(made: Any, new_socket: Any) -> Any:
    """Connect to one of a host's addresses, within the remaining time.

    :param made: urllib3's connection.
    :param new_socket: Its `_new_conn`, which connects to the host in the private `_dns_host`, address by address, each
        with the whole timeout.
    :return: The socket.
    :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline has passed.
    """
    deadline = CURRENT.get()
    if deadline is None:
        return new_socket()
    host, usual = made._dns_host, made.timeout  # noqa: SLF001
    try:
        found = socket.getaddrinfo(host.strip("[]"), made.port, socket.AF_UNSPEC, socket.SOCK_STREAM)
    except OSError:
        return new_socket()  # raises urllib3's own exception
    *others, last = dict.fromkeys(str(one[4][0]) for one in found)
    try:
        for address in others:
            made._dns_host, made.timeout = address, deadline.limit(usual)  # noqa: SLF001
            with suppress(HTTPError):
                return new_socket()
        made._dns_host, made.timeout = last, deadline.limit(usual)  # noqa: SLF001
        return new_socket()
    finally:
        made._dns_host, made.timeout = host, usual  # noqa: SLF001


@cache
def keeping_to_deadline(cls: Any) -> Any:
    """Return a connection class that observes the deadline, under the name used in urllib3's messages.

    Only urllib3's own class is extended: vcrpy and others replace it for the duration of a test. Therefore it is looked
    up for each connection, not when this module is loaded, which may be within a cassette.

    :param cls: The connection class that urllib3's pool would use.
    """
    if cls.__module__ != connection.__name__:
        return cls

    def open_socket(self: Any) -> Any:
        return connect(self, partial(cls._new_conn, self))

    def put_request(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        cls.putrequest(self, method, getattr(url, "sent", url), *args, **kwargs)

    own = {"response_class": DeadlineResponse, "_new_conn": open_socket, "putrequest": put_request}
    return type(cls.__name__, (cls,), own)


class Target(str):
    """The request target as it may be shown: without query values, in which gateways accept keys."""

    sent: str
    """The target to send."""

    __slots__ = ("sent",)


def shown(conn: Any, url: str) -> str:
    """Return the target of a request for urllib3 to log and to put into errors; our connections send the real one.

    :param conn: The connection.
    :param url: The target.
    """
    if "?" not in url or getattr(conn, "response_class", None) is not DeadlineResponse:
        return url
    target = Target(without_query_values(url))
    target.sent = url
    return target


class HTTPConnectionPool(connectionpool.HTTPConnectionPool):
    """A pool of connections that observe the deadline."""

    # urllib3's private method, the last that knows the URL before its DEBUG log shows it with the query's values.
    def _make_request(self, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super()._make_request(conn, method, shown(conn, url), *args, **kwargs)

    ConnectionCls: Any = property(lambda _: keeping_to_deadline(connectionpool.HTTPConnectionPool.ConnectionCls))


class HTTPSConnectionPool(connectionpool.HTTPSConnectionPool):
    """A pool of TLS connections that observe the deadline."""

    def _make_request(self, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super()._make_request(conn, method, shown(conn, url), *args, **kwargs)

    ConnectionCls: Any = property(lambda _: keeping_to_deadline(connectionpool.HTTPSConnectionPool.ConnectionCls))


_URLLIB3_OPTIONS: Any = connection.HTTPConnection.default_socket_options
_SOCKET_OPTIONS = [*_URLLIB3_OPTIONS, *SOCKET_OPTIONS]
_POOLS: Any = {
    connectionpool.HTTPConnectionPool: HTTPConnectionPool,
    connectionpool.HTTPSConnectionPool: HTTPSConnectionPool,
}


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter, with these connections, including those through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pools of direct connections."""
        super().init_poolmanager(*args, socket_options=_SOCKET_OPTIONS, **kwargs)
        use_own_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Create the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*args, socket_options=_SOCKET_OPTIONS, **kwargs)
        use_own_pools(manager)
        return manager


def use_own_pools(manager: Any) -> None:
    """Replace urllib3's pools with ones whose connections observe the deadline; those for SOCKS proxies stay.

    :param manager: urllib3's pool manager.
    """
    classes: dict[str, Any] = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _POOLS.get(pool, pool) for scheme, pool in classes.items()}
