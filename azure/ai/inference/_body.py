"""Reading the body of a response, synchronously, as it arrives."""

import http.client
import io
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError, IncompleteReadError

from ._http.content_encoding import Decoder, make_decoder
from ._http.deadline import Deadline
from .exceptions import NoResponseError, ResponseTimeoutError

BLOCK_SIZE = 65536


class UnbufferedBody:
    """The body of one of urllib3's responses, read as it arrives.

    requests and urllib3 wait for a full block, or for a whole chunk, before they hand anything over. This class hands
    over what there is, keeps to the deadline, and raises azure-core's exceptions.

    :param raw: urllib3's response.
    :param answer: The standard library's response below it.
    :param deadline: The call's, if it has one.
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

        :param size: How many compressed bytes to read at most.
        :return: What there is, decompressed; nothing at the end of the body.
        :raises ~azure.core.exceptions.IncompleteReadError: The connection broke, or the body is shorter than announced.
        :raises ~azure.core.exceptions.DecodeError: It does not decompress.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The read timeout, or the deadline, is over.
        :raises ~azure.core.exceptions.ServiceResponseError: Another process began to read it, and this one is its fork.
        """
        if self._process != os.getpid():
            raise NoResponseError(
                "The answer can be read only in the process that asked for it; this one was forked from that."
            )
        try:
            return self._read_decoded(size) if self._encoding else self._read_plain(size)
        except Exception as error:
            self.close()
            raise self._translate(error) from error

    def _read_decoded(self, size: int) -> bytes:
        """Read on until something comes out: a piece that decompresses to nothing is not the end."""
        if self._decoder is None:
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
                self.close()  # nobody asked for them; on a connection that is used again, they would be an answer
            else:
                self.release_conn()
        return piece

    def drain(self, seconds: float) -> None:
        """Read the rest, so that the connection can be used again, unless that takes too long.

        :param seconds: How long it may take.
        """
        self._deadline = Deadline(seconds)
        try:
            while self.read():
                self._deadline.check()
        except AzureError:
            self.close()

    def close(self) -> None:
        """Close the connection, unless the body is at its end and has given it back."""
        self._raw.close()

    def abandon(self) -> None:
        """Close the connection of a body that is garbage."""
        self.close()

    def release_conn(self) -> None:
        """Return the connection to the pool."""
        self._raw.release_conn()

    def _shorten_timeout(self, deadline: Deadline) -> None:
        usual = getattr(self._raw.connection, "timeout", None)
        left = deadline.limit(usual if isinstance(usual, (int, float)) else None)
        # `_sock` is private to the standard library's SocketIO. The connection's own `sock` would not do: one that
        # closes behind the body has handed its socket over already.
        sock = getattr(getattr(self._stream, "raw", None), "_sock", None)
        if sock is not None:
            sock.settimeout(left)

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, AzureError):
            return error
        if isinstance(error, TimeoutError):
            if self._deadline is not None and self._deadline.remaining <= 0:
                return self._deadline.error()
            return ResponseTimeoutError(f"No bytes came within the read timeout: {error}", error=error)
        return IncompleteReadError(f"The connection broke before the end of the answer: {error!r}", error=error)


def open_body(raw: Any, deadline: Deadline | None) -> UnbufferedBody | None:
    """Return the body of a response that was read from a socket.

    :param raw: What requests keeps as `raw`: urllib3's response, or whatever a test double has in its place.
    :param deadline: The call's, if it has one.
    :return: None if it was not read from a socket, and so never waits.
    """
    # urllib3's private `_fp`: its public `read1` costs three times as much for each chunk, and came only with 2.2.
    answer = getattr(raw, "_fp", None)
    if isinstance(answer, http.client.HTTPResponse) and isinstance(getattr(answer, "fp", None), io.BufferedReader):
        return UnbufferedBody(raw, answer, deadline)
    return None


def reader(response: Any, body: UnbufferedBody | None) -> Callable[[], bytes]:
    """Make the function that waits for a response's next bytes, and gives none at its end.

    :param response: azure-core's response, from whatever transport; or anything with `iter_bytes`.
    :param body: Its body, if the transport is one whose bytes can be read as they arrive.
    """
    if body is not None:
        return body.read
    pieces = response.iter_bytes() if hasattr(response, "iter_bytes") else response.stream_download(None)
    return partial(next, filter(None, pieces), b"")


def read_whole(response: Any) -> None:
    """Read a response's body, if it is of a kind that must be told to.

    :param response: azure-core's response, from whatever transport, or what a test has in its place.
    """
    if hasattr(response, "read"):
        response.read()


def close_response(response: Any) -> None:
    """Close a response, if it is of a kind that can be closed.

    :param response: azure-core's response, from whatever transport, or what a test has in its place.
    """
    if hasattr(response, "close"):
        response.close()
