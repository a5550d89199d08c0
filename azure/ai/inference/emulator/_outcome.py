"""The outcome of a request: its response, how much of it was sent, and whether the caller stayed."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, ClassVar, Final, Literal, Protocol

from typing_extensions import Self

from ._fault import Fault
from ._replies import Reply

Source = Literal["default", "reply", "cassette", "recording", "refusal", "quota", "fault"]

_SPOILS: Final = frozenset({"error", "malformed", "html", "empty"})
"""Faults after which the caller has no usable answer although the status is 200."""


class Connection(Protocol):
    """The part of an asyncio transport that tells whether the connection is open."""

    def is_closing(self) -> bool:
        """Return whether it is closed, or being closed."""
        ...


@dataclass(eq=False)
class Outcome:
    """The outcome of a request. It grows while the response is sent; :meth:`wait` returns when it is complete.

    :ivar id: The number of the request, counted from 1.
    :ivar status: The HTTP status. None before the response begins, and if the connection was cut instead.
    :ivar headers: The headers of the answer, without secrets.
    :ivar streamed: Whether the answer was sent as a stream of events.
    :ivar events_sent: How many events of the stream were sent, including a closing ``[DONE]``.
    :ivar bytes_sent: How many bytes of the body were sent.
    :ivar left_after: How many events had been sent when the caller closed the connection. None if it stayed.
    :ivar cut: Whether the emulator cut the connection, because of a fault.
    :ivar whole: Whether the response was sent completely; for a stream, up to its closing event.
    :ivar fault: The fault that was injected.
    :ivar source: Where the response came from: ``default`` (the emulator's own), ``reply``, ``cassette``, ``recording``
        (the real endpoint), ``refusal`` (the request is invalid), ``quota`` or ``fault``.
    :ivar matched: The reply or cassette entry that matched, such as ``reply 2 (last='weather')``.
    :ivar reply: The reply that was sent.
    :ivar nearest_miss: If no reply or entry matched, the one that came closest, and why it did not match.
    :ivar attempt: 1, or one more than the failed request with the same body that this one repeats.
    :ivar retry_of: The number of that request.
    :ivar waited: Seconds between the end of that request and the arrival of this one.
    :ivar retry_after: How many seconds the response asked the caller to wait.
    :ivar usage: The tokens that the answer used, as ``usage`` counts them.
    :ivar leaks: Where a credential was found outside the headers that are meant for it.
    """

    id: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    streamed: bool = False
    events_sent: int = 0
    bytes_sent: int = 0
    left_after: int | None = None
    cut: bool = False
    whole: bool = False
    fault: Fault | None = None
    source: Source = "default"
    matched: str | None = None
    reply: Reply | None = None
    nearest_miss: str | None = None
    attempt: int = 1
    retry_of: int | None = None
    waited: float | None = None
    retry_after: float | None = None
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    leaks: tuple[str, ...] = ()
    _arrived: float = field(default_factory=time.time, repr=False)
    _began: float = field(default_factory=time.perf_counter, repr=False)
    _ended: float | None = field(default=None, repr=False)
    _connection: Connection | None = field(default=None, repr=False)
    _changed: ClassVar[threading.Condition] = threading.Condition()

    @property
    def arrived(self) -> datetime:
        """When the request arrived, in UTC."""
        return datetime.fromtimestamp(self._arrived, timezone.utc)

    @property
    def ended(self) -> bool:
        """Whether the response is complete, cut, or abandoned by its caller."""
        return self._ended is not None

    @property
    def duration(self) -> float:
        """Seconds from the request's arrival to the end of its response, or until now."""
        return (time.perf_counter() if self._ended is None else self._ended) - self._began

    @property
    def caller_left(self) -> bool:
        """Whether the caller closed the connection, or only its sending half, before the answer was complete.

        TCP does not tell the two apart until something is sent, so the emulator ends both at once, as most servers do.
        """
        return self.left_after is not None

    @property
    def failed(self) -> bool:
        """Whether the caller has no usable answer: an error, a cut connection, a spoilt answer, or the caller left."""
        if self.status is None or self.status >= 400 or self.cut or self.caller_left:
            return True
        return not self.whole or (self.fault is not None and self.fault.kind in _SPOILS)

    def wait(self, timeout: float = 5.0) -> Self:
        """Wait until the response is complete, cut, or abandoned by its caller. Return the outcome itself.

        A server notices a moment later that a caller has left, so a test of cancellation waits for it::

            assert endpoint.requests[0].outcome.wait().caller_left

        It blocks: in asynchronous code, call it with ``asyncio.to_thread``.

        :param timeout: Seconds. Default: 5.
        :raises TimeoutError: If the response is still being sent then.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self.ended, timeout):
                raise TimeoutError(f"request {self.id} is still being answered after {timeout:g} seconds")
        return self

    def follow(self, earlier: Self) -> None:
        """Count this request as a retry of an earlier one that failed."""
        self.attempt = earlier.attempt + 1
        self.retry_of = earlier.id
        self.waited = max(0.0, self._began - (earlier._ended or self._began))

    def end(self) -> None:
        """Mark the outcome as complete, and wake the threads that wait for it."""
        with self._changed:
            self._ended = time.perf_counter()
            self._changed.notify_all()

    def left_before_retry(self, again: Self) -> bool:
        """Return whether the caller abandoned this request at the moment when it sent ``again``.

        A client that gives up closes its connection and retries at once; the two may arrive in either order.
        """
        if not self.caller_left or self._ended is None:
            return False
        return again._began - self._began >= 0 and self._ended - again._began < _MOMENT

    def is_beside(self, later: Self) -> bool:
        """Return whether ``later`` is from another caller that sends the same body at the same time.

        A client retries on the same connection, or after closing it. If the connection of this request stays open and
        ``later`` comes on another one, its caller cannot have waited for this response.
        """
        mine, other = self._connection, later._connection
        if self._ended is None or mine is None or mine is other:
            return False
        return later._began - self._ended < _MOMENT and not mine.is_closing()


_MOMENT: Final = 0.25
"""Seconds within which a closed connection and the retry may arrive in either order, and concurrent callers arrive."""
