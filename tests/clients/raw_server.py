"""A server that sends exactly the bytes a test specifies: cuts, resets, pauses, broken HTTP.

Responses go to requests in order of arrival, on any connection; the last one is repeated. A response is bytes, or a
list of steps: bytes to send, an `Event` to wait for, a number of seconds to wait, CUT to end the connection, or RESET
to break it. After a response, the connection waits for the next request, as in HTTP/1.1.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Final, Union

PATIENCE: Final = 10.0
"""Seconds after which an unfinished wait counts as a failure."""


class _End:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


CUT: Final = _End("CUT")
RESET: Final = _End("RESET")

Step = Union[bytes, Event, float, _End]
Answer = Union[bytes, Sequence[Step]]


@dataclass
class Received:
    """A request as received."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Connection:
    """A connection, numbered in order of arrival."""

    sock: socket.socket
    number: int
    closed: Event = field(default_factory=Event)


class RawServer:
    """Listens on a free port of 127.0.0.1, in its own threads.

    :param answers: What to send; the last one is repeated.
    :keyword tls: A server-side SSL context.
    """

    def __init__(self, *answers: Answer, tls: Any = None) -> None:
        self.requests: list[Received] = []
        self.connections: list[Connection] = []
        self._answers = answers
        self._tls = tls
        self._lock = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [Thread(target=self._accept, daemon=True)]

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def closed(self, connection: int = 0) -> bool:
        """Return whether the client closes a connection, which may take a moment."""
        return await asyncio.to_thread(self.connections[connection].closed.wait, PATIENCE)

    def __enter__(self) -> "RawServer":
        self._threads[0].start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self.connections):
            with suppress(OSError):  # the client may have closed it first
                connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, len(self.connections))
            self.connections.append(connection)
            thread = Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            if self._tls is not None:
                connection.sock = self._tls.wrap_socket(connection.sock, server_side=True)
            with connection.sock.makefile("rb") as stream:
                while (request := _read_request(stream, connection.number)) is not None:
                    with self._lock:
                        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
                        self.requests.append(request)
                    if not _play(connection.sock, [answer] if isinstance(answer, bytes) else answer):
                        break
        except OSError:
            pass  # the client has gone, or the test has ended
        finally:
            connection.sock.close()
            connection.closed.set()


def _read_request(stream: Any, connection: int) -> Received | None:
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers: dict[str, str] = {}
    while (header := stream.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(line[0], line[1], headers, body, connection)


def _play(sock: socket.socket, steps: Iterable[Step]) -> bool:
    """Perform the steps of a response; return whether the connection stays open."""
    for step in steps:
        if isinstance(step, bytes):
            sock.sendall(step)
        elif isinstance(step, Event):
            assert step.wait(PATIENCE), "the test never let the server go on"
        elif isinstance(step, _End):
            if step is RESET:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                sock.shutdown(socket.SHUT_RDWR)
            return False
        else:
            Event().wait(step)
    return True


# ---------------------------------------------------------------- building responses

REASONS = {200: "OK", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


def head(status: int = 200, **headers: str | int | None) -> bytes:
    """Return status line and headers. `None` omits a header; underscores become dashes."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(status: int = 200, body: Any = b"", *, content_type: str = "application/json", **headers: Any) -> bytes:
    """Return a complete response with a known length."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, content_type=content_type, content_length=len(raw), **headers) + raw


def completion(text: str = "hello", **members: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        **members,
    }


def update(text: str | None = None, finish: str | None = None, **members: Any) -> dict[str, Any]:
    delta = {} if text is None else {"content": text}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **members}


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


DONE: Final = b"data: [DONE]\n\n"
HELLO: Final = event(update("hello"))
STOP: Final = event(update(finish="stop"))
STREAM: Final = HELLO + STOP + DONE


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


LAST_CHUNK: Final = b"0\r\n\r\n"
EVENT_STREAM: Final = "text/event-stream"
CHUNKED_HEAD: Final = head(content_type=EVENT_STREAM, transfer_encoding="chunked")
CLOSE_HEAD: Final = head(content_type=EVENT_STREAM, connection="close")


def framed(pieces: Sequence[bytes | Event | float], framing: str) -> list[Step]:
    """Return an event stream in pieces, with waits between them, in one of FRAMINGS."""
    return _FRAMINGS[framing](pieces)


def _chunked(pieces: Sequence[Any]) -> list[Step]:
    return [CHUNKED_HEAD, *(chunk(p) if isinstance(p, bytes) else p for p in pieces), LAST_CHUNK]


def _total(pieces: Sequence[Any]) -> int:
    return sum(len(piece) for piece in pieces if isinstance(piece, bytes))


def _one_chunk(pieces: Sequence[Any]) -> list[Step]:
    return [CHUNKED_HEAD, b"%x\r\n" % _total(pieces), *pieces, b"\r\n", LAST_CHUNK]


def _length(pieces: Sequence[Any]) -> list[Step]:
    return [head(content_type=EVENT_STREAM, content_length=_total(pieces)), *pieces]


def _close(pieces: Sequence[Any]) -> list[Step]:
    return [CLOSE_HEAD, *pieces, CUT]


def _gzipped(pieces: Sequence[Any]) -> list[Any]:
    import zlib

    squeeze = zlib.compressobj(wbits=31)
    squeezed: list[Any] = [
        squeeze.compress(piece) + squeeze.flush(zlib.Z_SYNC_FLUSH) if isinstance(piece, bytes) else piece
        for piece in pieces
    ]
    return [*squeezed, squeeze.flush()]


def _gzip_chunked(pieces: Sequence[Any]) -> list[Step]:
    start = head(content_type=EVENT_STREAM, transfer_encoding="chunked", content_encoding="gzip")
    return [start, *_chunked(_gzipped(pieces))[1:]]


def _gzip_close(pieces: Sequence[Any]) -> list[Step]:
    return [head(content_type=EVENT_STREAM, connection="close", content_encoding="gzip"), *_gzipped(pieces), CUT]


_FRAMINGS = {
    "chunked": _chunked,
    "one chunk": _one_chunk,
    "content-length": _length,
    "connection-close": _close,
    "gzip chunked": _gzip_chunked,
    "gzip connection-close": _gzip_close,
}
FRAMINGS = tuple(_FRAMINGS)
KEPT_ALIVE = ("chunked", "one chunk", "content-length", "gzip chunked")


def stream(body: bytes | Sequence[bytes], framing: str = "chunked") -> list[Step]:
    """Return a complete event stream."""
    return framed([body] if isinstance(body, bytes) else body, framing)
