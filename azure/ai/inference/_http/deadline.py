"""The time by which a call must be done."""

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..exceptions import ResponseTimeoutError

DRAIN_SECONDS = 0.1
"""How long to wait for the rest of a finished stream; beyond that, a new connection is cheaper."""

CONNECTION_TIMEOUT = 10
"""Seconds to wait for a connection by default; azure-core would wait for 300."""


class Deadline:
    """The end of a call: of its attempts, the waits between them, and reading the response.

    :param timeout: Seconds from now.
    :raises TypeError: It is not a number.
    """

    def __init__(self, timeout: float) -> None:
        if not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout must be a number of seconds, not {timeout!r}.")
        self._timeout = timeout
        self._ends = time.monotonic() + timeout

    @property
    def remaining(self) -> float:
        """The remaining seconds, below 0 once it has passed."""
        return self._ends - time.monotonic()

    def check(self) -> float:
        """Return the remaining seconds.

        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: There are none.
        """
        remaining = self.remaining
        if remaining <= 0:
            raise self.error()
        return remaining

    def error(self) -> "ResponseTimeoutError":
        """Build the error for a deadline that has passed."""
        from ..exceptions import ResponseTimeoutError

        return ResponseTimeoutError(f"The call exceeded its timeout of {self._timeout:g} s.")

    def limit(self, seconds: float | None) -> float:
        """Shorten another timeout to the remaining time.

        :param seconds: The other timeout, or `None` for none.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: No time remains.
        """
        remaining = self.check()
        return min(seconds, remaining) if isinstance(seconds, (int, float)) else remaining


class TimeLeft(float):
    """The `timeout` of a request that is part of a call in progress: the remaining seconds of its deadline."""

    deadline: Deadline

    @classmethod
    def of(cls, deadline: Deadline) -> "TimeLeft":
        """Return the remaining time.

        :param deadline: The deadline of the call.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: There is none.
        """
        left = cls(deadline.check())
        left.deadline = deadline
        return left


CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)
"""The deadline of the request being sent, for code that it cannot be passed to."""
