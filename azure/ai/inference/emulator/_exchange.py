"""One request and its answer as they happen. The server reports what it sends; the journal is told what changed.

The bytes of an answer are kept with the time of each part, so that a stream can be looked at event by event.
"""

from __future__ import annotations

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
"""How the last event of a stream begins: Chat Completions, Messages, and Responses."""
_TAIL: Final = 64 * 1024
"""Bytes at the end of a stream in which its last event is looked for."""

Changed = Callable[["Exchange", int], None]


class Part(NamedTuple):
    """A part of an answer as it was sent.

    :ivar at: seconds after the request's arrival.
    :ivar data: its bytes.
    """

    at: float
    data: bytes


class Facts(NamedTuple):
    """What a list shows of a request, read from its body once.

    :ivar path: its path.
    :ivar model: the model it asks for.
    :ivar stream: whether it asks for a stream.
    :ivar preview: the beginning of its last message.
    """

    path: str
    model: str
    stream: bool
    preview: str


class Exchange:
    """A request, what is sent in answer, and what became of it.

    :param request: the request, without secrets.
    :param secrets: the credentials that it carried, replaced by ``***`` wherever the exchange is shown.
    :param changed: called with this exchange and the number of bytes kept, after each change.
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
            self._scrubber.json(self.request.body)
        return self._scrubber

    def facts(self, read: Callable[[Exchange], Facts]) -> Facts:
        """Return what a list shows of the request, read when it is first shown."""
        if self._facts is None:
            self._facts = read(self)
        return self._facts

    @property
    def count(self) -> int:
        """How many parts of the answer are kept."""
        return len(self._ends)

    @property
    def is_dropped(self) -> bool:
        """Whether the answer's bytes were dropped to bound memory."""
        return not self._keeps

    def answered(self, response: Response) -> None:
        """Note the answer that is about to be sent."""
        outcome = self.outcome
        outcome.headers = Scrubber().headers(response.headers, of_request=False)
        outcome.usage = response.usage
        outcome.retry_after = asked_wait(response.headers)
        kind = next((value for name, value in response.headers.items() if name.lower() == "content-type"), "")
        outcome.streamed = response.steps is not None and kind.startswith("text/event-stream")
        self._changed(self, 0)

    def sent(self, status: int, data: bytes) -> None:
        """Note bytes that are sent. The first ones, which may be empty, send the status too."""
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
        """Note that the emulator breaks the connection off."""
        self.outcome.cut = True
        self._end()

    def left(self) -> None:
        """Note that the caller closed the connection. After the last event it does not matter."""
        outcome = self.outcome
        if not outcome.ended:
            if not outcome.whole:
                outcome.left_after = outcome.events_sent
            self._end()

    def finish(self) -> None:
        """Note that the answer was sent to its end."""
        outcome, tail = self.outcome, bytes(self._kept[-_TAIL:])
        outcome.whole |= not outcome.streamed or any(closing in tail for closing in _CLOSING)
        self._end()

    def _end(self) -> None:
        self.outcome.end()
        self._changed(self, 0)

    def drop(self) -> int:
        """Forget the answer's bytes. Return how many there were."""
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
        """Return what was sent, part by part, from the part number ``first`` on."""
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


def unnoted() -> Exchange:
    """Return an exchange that is not kept, for answers about the emulator itself."""
    return Exchange(RecordedRequest("", ""), (), lambda exchange, grown: None)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks its caller to wait, in any of the headers that services use."""
    given = {name.lower(): value for name, value in headers.items()}
    for name, scale in _WAITS.items():
        with suppress(KeyError, ValueError):
            return float(given[name]) * scale
    with suppress(KeyError, ValueError):
        return max(0.0, parsedate_to_datetime(given["retry-after"]).timestamp() - time.time())
    return None


_WAITS: Final = {
    "retry-after-ms": 0.001,
    "x-ms-retry-after-ms": 0.001,
    "retry-after": 1.0,
    "x-ratelimit-timeremaining": 1.0,
}
"""The headers that ask for a wait, most exact first, and their unit in seconds."""
