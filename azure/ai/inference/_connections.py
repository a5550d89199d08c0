"""Connections that keep to a deadline while the head of an answer comes, and stay known while it does not.

A socket's timeout begins anew with each read, so a server that sends status and headers byte by byte could hold a call
for as long as it likes. With a deadline, each read has what is left of it.

Loaded with the first request, because it loads urllib3's connections.
"""

import io
from http.client import HTTPResponse
from socket import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool

from ._http.deadline import CURRENT, Deadline
from ._http.keepalive import SOCKET_OPTIONS


class DeadlineReader(io.RawIOBase):
    """The bytes of a socket, until a deadline.

    :param raw: What reads the socket.
    :param sock: The socket.
    :param deadline: The call's.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        """Tell that it reads."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes.

        :param buffer: Where they go.
        :return: How many have come.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline is over.
        :raises TimeoutError: None came in time.
        """
        self._sock.settimeout(self._deadline.limit(self._sock.gettimeout()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class DeadlineResponse(HTTPResponse):
    """A response whose head, too, is read until the deadline of the call that is under way."""

    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        deadline = CURRENT.get()
        if deadline is not None:
            self.fp = io.BufferedReader(DeadlineReader(self.fp.detach(), sock, deadline))


def keep_to_deadline(made: Any) -> Any:
    """Have a connection's answers keep to the deadline.

    The class of connections is left as it is: vcrpy and others put one of their own in its place, for as long as a test
    lasts. Such a double has no socket.

    :param made: urllib3's connection.
    """
    if type(made).__module__ == connection.__name__:
        made.response_class = DeadlineResponse
    return made


class HTTPConnectionPool(connectionpool.HTTPConnectionPool):
    """A pool of connections that keep to the deadline. `_new_conn` is private to urllib3."""

    def _new_conn(self) -> Any:
        return keep_to_deadline(super()._new_conn())


class HTTPSConnectionPool(connectionpool.HTTPSConnectionPool):
    """The same, over TLS."""

    def _new_conn(self) -> Any:
        return keep_to_deadline(super()._new_conn())


_URLLIB3_OPTIONS: Any = connection.HTTPConnection.default_socket_options
_SOCKET_OPTIONS = [*_URLLIB3_OPTIONS, *SOCKET_OPTIONS]
_POOLS: Any = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter, with these connections, also through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, socket_options=_SOCKET_OPTIONS, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*args, socket_options=_SOCKET_OPTIONS, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
