"""One request and its response as they happen. The server reports what it sends; the journal is notified of changes.

The bytes of a response are stored with the time of each part, so that a stream can be inspected event by event.
"""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from ._request import RecordedRequest
from ._response import Response
from ._secrets import Scrubber

_CLOSING: Final = (
    b"data: [DONE]",
    b"event: message_stop",
    b"event: response.completed",
    b"event: response.incomplete",
    b"event: response.failed",
)
"""The beginnings of the last event of a stream: Chat Completions, Messages, and Responses."""
MOST_SHOWN: Final = 500_000
"""The largest body, in bytes, that is shown whole. Scrubbing takes about a second per megabyte."""
_TAIL: Final = 64 * 1024
"""The number of bytes at the end of a stream that are searched for its last event."""

Changed = Callable[["Exchange", int], None]


class Part(NamedTuple):
    """A part of a response as it was sent.

    :ivar at: Seconds after the request's arrival.
    :ivar data: Its bytes.
    """

    at: float
    data: bytes


class Facts(NamedTuple):
    """The parts of a request that a list shows, read from its body once.

    :ivar path: Its path.
    :ivar model: The requested model.
    :ivar stream: Whether a stream is requested.
    :ivar preview: The beginning of its last message.
    """

    path: str
    model: str
    stream: bool
    preview: str


class Exchange:
    """A request, its response, and its outcome.

    :param request: The request, without secrets.
    :param secrets: The credentials in the request, replaced by ``***`` wherever the exchange is shown.
    :param changed: Called with this exchange and the number of bytes stored, after each change.
    """

    def __init__(self, request: RecordedRequest, secrets: tuple[str, ...], changed: Changed) -> None:
        self.request = request
        self.outcome = request.outcome
        self.secrets = secrets
        self.version = 0
        self._changed = changed
        self._kept = bytearray()
        self._ends = array("Q")
        self._times = array("d")
        self._keeps = True
        self._facts: Facts | None = None
        self._scrubber: Scrubber | None = None

    def scrubber(self) -> Scrubber:
        """Return a scrubber that knows the secrets of the request, including those in its body."""
        if self._scrubber is None:
            self._scrubber = scrubber_of(self.secrets)
            self._scrubber.learn_members(self.request.body)
            if len(self.request.raw) <= MOST_SHOWN:
                with suppress(RecursionError):
                    self._scrubber.json(self.request.body)
        return self._scrubber

    def facts(self, read: Callable[[Exchange], Facts]) -> Facts:
        """Return the list view of the request, read when it is first needed."""
        if self._facts is None:
            self._facts = read(self)
        return self._facts

    @property
    def count(self) -> int:
        """How many parts of the response are stored."""
        return len(self._ends)

    @property
    def is_dropped(self) -> bool:
        """Whether the bytes of the response were dropped to limit memory."""
        return not self._keeps

    def answered(self, response: Response) -> None:
        """Record the response that is about to be sent."""
        outcome = self.outcome
        outcome.headers = Scrubber().headers(response.headers, of_request=False)
        outcome.usage = response.usage
        outcome.retry_after = requested_wait(response.headers)
        kind = next((value for name, value in response.headers.items() if name.lower() == "content-type"), "")
        outcome.streamed = response.steps is not None and kind.startswith("text/event-stream")
        self._changed(self, 0)

    def sent(self, status: int, data: bytes) -> None:
        """Record bytes that are sent. The first ones, which may be empty, send the status too."""
        outcome = self.outcome
        outcome.status = status
        outcome.bytes_sent += len(data)
        if outcome.streamed and data:
            outcome.events_sent += data.count(b"\n\n") - data.startswith(b":")
            outcome.whole = data.startswith(_CLOSING)
        if self._keeps:
            self._kept += data
            self._ends.append(len(self._kept))
            self._times.append(time.perf_counter() - outcome._began)  # noqa: SLF001 the outcome's own clock
        self._changed(self, len(data) if self._keeps else 0)

    def cut(self) -> None:
        """Record that the emulator cuts the connection."""
        self.outcome.cut = True
        self._end()

    def left(self) -> None:
        """Record that the caller closed the connection. After the last event that does not matter."""
        outcome = self.outcome
        if not outcome.ended:
            if not outcome.whole:
                outcome.left_after = outcome.events_sent
            self._end()

    def finish(self) -> None:
        """Record that the response was sent completely."""
        outcome, tail = self.outcome, bytes(self._kept[-_TAIL:])
        outcome.whole |= not outcome.streamed or any(closing in tail for closing in _CLOSING)
        self._end()

    def _end(self) -> None:
        self.outcome.end()
        self._changed(self, 0)

    def drop(self) -> int:
        """Delete the bytes of the response. Return how many there were."""
        if not self._keeps:
            return 0
        size = len(self._kept)
        self._keeps = False
        self._kept, self._ends, self._times = bytearray(), array("Q"), array("d")
        return size

    @property
    def body(self) -> bytes:
        """The bytes that were sent."""
        return bytes(self._kept)

    def parts(self, first: int = 0) -> Iterator[Part]:
        """Return what was sent, part by part, starting at part number ``first``."""
        start = self._ends[first - 1] if 0 < first <= len(self._ends) else 0
        for at, end in zip(self._times[first:], self._ends[first:], strict=False):
            yield Part(at, bytes(self._kept[start:end]))
            start = end


def scrubber_of(secrets: Iterable[str]) -> Scrubber:
    """Return a scrubber that knows some secrets."""
    scrubber = Scrubber()
    for secret in secrets:
        scrubber.learn(secret)
    return scrubber


def unstored_exchange() -> Exchange:
    """Return an exchange that is not stored, for responses about the emulator itself."""
    return Exchange(RecordedRequest("", ""), (), lambda exchange, grown: None)


def requested_wait(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a response asks its caller to wait, in any of the headers that services use."""
    given = {name.lower(): value for name, value in headers.items()}
    for name, scale in _WAITS.items():
        with suppress(KeyError, ValueError):
            if math.isfinite(wait := float(given[name]) * scale):
                return wait
    with suppress(KeyError, ValueError):
        return max(0.0, parsedate_to_datetime(given["retry-after"]).timestamp() - time.time())
    return None


_WAITS: Final = {
    "retry-after-ms": 0.001,
    "x-ms-retry-after-ms": 0.001,
    "retry-after": 1.0,
    "x-ratelimit-timeremaining": 1.0,
}
"""The headers that ask for a wait, most precise first, and their unit in seconds."""
