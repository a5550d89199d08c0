"""Read the body of a response synchronously, as it arrives."""

import http.client
import io
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from ._http.deadline import Deadline

if TYPE_CHECKING:
    from ._http.content_encoding import Decoder

BLOCK_SIZE = 65536


class UnbufferedBody:
    """The body of a urllib3 response, read as it arrives.

    requests and urllib3 wait for a full block, or for a whole chunk, before they return anything. This class returns
    the bytes that have arrived, keeps to the deadline, and raises azure-core's exceptions.

    :param raw: urllib3's response.
    :param answer: The standard library's response below it.
    :param deadline: The deadline of the call, if any.
    """

    def __init__(self, raw: Any, answer: http.client.HTTPResponse, deadline: Deadline | None) -> None:
        self._raw = raw
        self._answer = answer
        self._stream: Any = answer.fp
        self._deadline = deadline
        self._process = os.getpid()
        self._encoding: str | None = raw.headers.get("content-encoding")
        self._decoder: Decoder | None = None

    def read(self, size: int = BLOCK_SIZE) -> bytes:
        """Wait for the next bytes.

        :param size: Maximum number of compressed bytes to read.
        :return: The bytes that have arrived, decompressed; empty at the end of the body.
        :raises ~azure.core.exceptions.IncompleteReadError: The connection broke, or the body is shorter than announced.
        :raises ~azure.core.exceptions.DecodeError: It cannot be decompressed.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The read timeout or the deadline has passed.
        :raises ~azure.core.exceptions.ServiceResponseError: Another process began to read it, and this one is a fork of
            it.
        """
        if self._process != os.getpid():
            from ._http.failures import forked_failure

            raise forked_failure()
        try:
            return self._read_decoded(size) if self._encoding else self._read_plain(size)
        except Exception as error:
            self.close()
            from ._http.failures import reading_failure

            raise reading_failure(error, self._deadline, timed_out=isinstance(error, TimeoutError)) from error

    def _read_decoded(self, size: int) -> bytes:
        """Read until there is output: a piece that decompresses to nothing is not the end."""
        if self._decoder is None:
            from ._http.content_encoding import make_decoder

            self._decoder = make_decoder(self._encoding)
        while piece := self._read_plain(size):
            if decoded := self._decoder.feed(piece) if self._decoder else piece:
                return decoded
        return b""

    def _read_plain(self, size: int) -> bytes:
        answer = self._answer
        if self._deadline is not None and not answer.isclosed():
            self._shorten_timeout(self._deadline)
        piece = answer.read1(size)
        if not piece and answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        if not piece or answer.length == 0:
            answer.close()  # read1 leaves it open at the end of a body of known length
            if getattr(self._stream, "has_unread_bytes", False):
                self.close()  # unexpected bytes; on a reused connection they would be taken for the next response
            else:
                self.release_conn()
        return piece

    def drain(self, seconds: float) -> None:
        """Read the rest, so that the connection can be reused, unless that takes too long.

        :param seconds: How long it may take.
        """
        self._deadline = Deadline(seconds)
        try:
            while self.read():
                self._deadline.check()
        except AzureError:
            self.close()

    def close(self) -> None:
        """Close the connection, unless the body has ended and released it."""
        self._raw.close()

    def abandon(self) -> None:
        """Close the connection of an abandoned body."""
        self.close()

    def release_conn(self) -> None:
        """Return the connection to the pool."""
        self._raw.release_conn()

    def _shorten_timeout(self, deadline: Deadline) -> None:
        usual = getattr(self._raw.connection, "timeout", None)
        left = deadline.limit(usual if isinstance(usual, (int, float)) else None)
        # `_sock` is private to the standard library's SocketIO. The connection's own `sock` is no substitute: one
        # that closes after the body has given its socket away already.
        sock = getattr(getattr(self._stream, "raw", None), "_sock", None)
        if sock is not None:
            sock.settimeout(left)


def open_body(raw: Any, deadline: Deadline | None) -> UnbufferedBody | None:
    """Return the body of a response that was read from a socket.

    :param raw: What requests keeps as `raw`: urllib3's response, or a test double.
    :param deadline: The deadline of the call, if any.
    :return: None if it was not read from a socket, and so never waits.
    """
    # urllib3's private `_fp`: the public `read1` takes three times as long per chunk, and only exists since 2.2.
    answer = getattr(raw, "_fp", None)
    if isinstance(answer, http.client.HTTPResponse) and isinstance(getattr(answer, "fp", None), io.BufferedReader):
        return UnbufferedBody(raw, answer, deadline)
    return None


def reader(response: Any, body: UnbufferedBody | None) -> Callable[[], bytes]:
    """Return a function that waits for the next bytes of a response, and returns none at its end.

    :param response: azure-core's response from any transport, or any object with `iter_bytes`.
    :param body: Its body, if the transport's bytes can be read as they arrive.
    """
    if body is not None:
        return body.read
    pieces = response.iter_bytes() if hasattr(response, "iter_bytes") else response.stream_download(None)
    return partial(next, filter(None, pieces), b"")


def read_whole(response: Any) -> None:
    """Read the body of a response that does not load it by itself.

    :param response: azure-core's response from any transport, or a test double.
    """
    if hasattr(response, "read"):
        response.read()


def close_response(response: Any) -> None:
    """Close a response, if it can be closed.

    :param response: azure-core's response from any transport, or a test double.
    """
    if hasattr(response, "close"):
        response.close()
