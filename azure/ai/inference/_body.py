"""Reading the body of a response, synchronously, as it arrives."""

import http.client
import io
from collections.abc import Callable
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError, ServiceResponseTimeoutError

from ._http.deadline import Deadline

BLOCK_SIZE = 65536


class UnbufferedBody:
    """The body of one of urllib3's responses, read as it arrives.

    requests and urllib3 wait for a full block, or for a whole chunk, before they hand anything over; this hands over
    what there is, keeps to the deadline, and raises azure-core's exceptions.
    """

    def __init__(self, raw: Any, deadline: Deadline | None) -> None:
        self._raw = raw
        self._deadline = deadline
        fp = getattr(raw, "_fp", None)
        plain = isinstance(fp, http.client.HTTPResponse) and "content-encoding" not in raw.headers
        # urllib3's own read1 costs three times as much for each chunk; it is for bodies that must be decompressed.
        self._fp = fp if plain else None

    def read(self, size: int = BLOCK_SIZE) -> bytes:
        """Wait for the next bytes.

        :param size: How many at most.
        :return: What there is; nothing at the end of the body.
        :raises ~azure.core.exceptions.IncompleteReadError: The connection broke, or the body is shorter than announced.
        :raises ~azure.core.exceptions.DecodeError: It does not decompress.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The read timeout, or the deadline, is over.
        """
        try:
            if self._deadline is not None:
                self._shorten_timeout(self._deadline)
            return self._raw.read1(size, decode_content=True) if self._fp is None else self._read_plain(self._fp, size)
        except Exception as error:
            self.close()
            raise self._translate(error) from error

    def _read_plain(self, fp: http.client.HTTPResponse, size: int) -> bytes:
        piece = fp.read1(size)
        if not piece and fp.length:
            raise http.client.IncompleteRead(b"", fp.length)
        if not piece or fp.length == 0:
            fp.close()  # read1 leaves it open at the end of a body of known length
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
        """Give the connection back."""
        self._raw.release_conn()

    def _shorten_timeout(self, deadline: Deadline) -> None:
        usual = getattr(self._raw.connection, "timeout", None)
        left = deadline.limit(usual if isinstance(usual, (int, float)) else None)
        # Not the connection's own `sock`: a connection that closes behind the body has handed it over already.
        stream = getattr(getattr(self._raw, "_fp", None), "fp", None)
        sock = getattr(getattr(stream, "raw", None), "_sock", None)
        if sock is not None:
            sock.settimeout(left)

    def _translate(self, error: Exception) -> Exception:
        import urllib3.exceptions

        if isinstance(error, AzureError):
            return error
        if isinstance(error, (TimeoutError, urllib3.exceptions.ReadTimeoutError)):
            if self._deadline is not None and self._deadline.remaining <= 0:
                return self._deadline.error()
            return ServiceResponseTimeoutError(f"No bytes came within the read timeout: {error}", error=error)
        if isinstance(error, urllib3.exceptions.DecodeError):
            return DecodeError(f"The body does not decompress: {error}", error=error)
        return IncompleteReadError(f"The connection broke before the end of the answer: {error!r}", error=error)


def open_body(raw: Any, deadline: Deadline | None) -> UnbufferedBody | None:
    """Return the body of a response that was read from a socket.

    :param raw: What requests keeps as `raw`: urllib3's response, or whatever a test double has in its place.
    :param deadline: The call's, if it has one.
    :return: None if it was not read from a socket, and so never waits.
    """
    answer = getattr(raw, "_fp", None)
    if isinstance(answer, http.client.HTTPResponse) and isinstance(getattr(answer, "fp", None), io.BufferedReader):
        return UnbufferedBody(raw, deadline)
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
