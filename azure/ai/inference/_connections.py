"""Connections that keep to a deadline until an answer has begun, and never hand one call's answer to another.

A socket's timeout begins anew with each read and with each address, so a server that sends status and headers byte by
byte, or a name with several dead addresses, could hold a call for as long as it likes. With a deadline, each connect
and each read has what is left of it.

Loaded with the first request, because it loads urllib3's connections.
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
    """The bytes of a socket, until a deadline.

    :param raw: What reads the socket.
    :param sock: The socket.
    :param deadline: The call's.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        """Return True: it reads."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes.

        :param buffer: Where they go.
        :return: How many have come; None if none are there and the socket does not wait.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline is over.
        :raises TimeoutError: None came in time.
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
    """The bytes of one answer, which finds out at its end whether the server sent more than that.

    :param raw: What reads the socket.
    :param sock: The socket.
    """

    has_unread_bytes = False
    """Whether bytes followed the answer; known once this reader is closed."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__(raw)
        self._sock = sock

    def close(self) -> None:
        """Look, without waiting, for bytes behind the answer, and let go of the socket.

        They are in this reader's buffer or in the socket; those in the buffer would be lost with it, and what follows
        them would be taken for an answer.
        """
        if not self.closed:
            try:
                self._sock.settimeout(0)  # urllib3 sets it anew for the next request
                self.has_unread_bytes = bool(self.peek(1))
            except (OSError, ValueError):  # the connection is gone, or TLS has nothing to hand over
                pass
        super().close()


class DeadlineResponse(HTTPResponse):
    """A response that passes over interim answers, and whose head keeps to the deadline of the call under way."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw, deadline = self.fp.detach(), CURRENT.get()
        self.fp = AnswerReader(raw if deadline is None else DeadlineReader(raw, sock, deadline), sock)

    def begin(self) -> None:
        """Read the head of the final answer.

        The standard library passes over 100 alone. RFC 9110, section 15.2, has clients parse any number of interim
        answers: 102 and 103 come from proxies and content networks. One that passed for the answer would leave the real
        one on the connection, for the next call. 101 is final, and ends HTTP on the connection.
        """
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = self.msg = None  # type: ignore[assignment] # `begin` reads nothing while there are headers
            super().begin()
        if self.status == 101:
            self.will_close = True


def connect(made: Any, new_socket: Any) -> Any:
    """Connect to one of a host's addresses, each with what is left of the deadline.

    :param made: urllib3's connection.
    :param new_socket: Its `_new_conn`, which connects to the host that it finds in the private `_dns_host`, address by
        address, each with the whole timeout.
    :return: The socket.
    :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline is over.
    """
    deadline = CURRENT.get()
    if deadline is None:
        return new_socket()
    host, usual = made._dns_host, made.timeout  # noqa: SLF001
    try:
        found = socket.getaddrinfo(host.strip("[]"), made.port, socket.AF_UNSPEC, socket.SOCK_STREAM)
    except OSError:
        return new_socket()  # which raises what urllib3 makes of it
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
    """Return a class of connections that keep to the deadline, under the name that stands in urllib3's messages.

    Only urllib3's own class is extended: vcrpy and others put one of theirs in its place for as long as a test lasts.
    So it is looked up for each connection, not when this module is loaded, which may be within a cassette.

    :param cls: The class of connections that urllib3's pool would use.
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
    """What urllib3 asks for, as it may be shown: without the values in the query, which gateways take keys in."""

    sent: str
    """What is sent."""

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
    """A pool of connections that keep to the deadline."""

    def _make_request(self, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super()._make_request(conn, method, shown(conn, url), *args, **kwargs)

    ConnectionCls: Any = property(lambda _: keeping_to_deadline(connectionpool.HTTPConnectionPool.ConnectionCls))


class HTTPSConnectionPool(connectionpool.HTTPSConnectionPool):
    """The same, over TLS."""

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
    """requests' adapter, with these connections, also through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, socket_options=_SOCKET_OPTIONS, **kwargs)
        use_own_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*args, socket_options=_SOCKET_OPTIONS, **kwargs)
        use_own_pools(manager)
        return manager


def use_own_pools(manager: Any) -> None:
    """Replace urllib3's pools with ones whose connections keep to the deadline; those for SOCKS proxies stay.

    :param manager: urllib3's manager of pools.
    """
    classes: dict[str, Any] = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _POOLS.get(pool, pool) for scheme, pool in classes.items()}
