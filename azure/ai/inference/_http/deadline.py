"""A moment by which a call must be over."""

import time
from contextvars import ContextVar

from ..exceptions import ResponseTimeoutError

DRAIN_SECONDS = 0.1
"""How long the rest of a finished stream may take to come; a connection is cheaper to make anew than to wait for."""

CONNECTION_TIMEOUT = 10
"""Seconds to wait for a connection, unless the caller says otherwise: azure-core would wait for 300."""


class Deadline:
    """The end of a call: its attempts, the waits between them, and reading the answer.

    :param timeout: Seconds from now.
    :raises TypeError: It is no number.
    """

    def __init__(self, timeout: float) -> None:
        if not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout must be a number of seconds, not {timeout!r}.")
        self._timeout = timeout
        self._ends = time.monotonic() + timeout

    @property
    def remaining(self) -> float:
        """Seconds that are left, below 0 when it is over."""
        return self._ends - time.monotonic()

    def check(self) -> float:
        """Return the seconds that are left.

        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: None are.
        """
        remaining = self.remaining
        if remaining <= 0:
            raise self.error()
        return remaining

    def error(self) -> ResponseTimeoutError:
        """Make the error that says so."""
        return ResponseTimeoutError(f"The call was not over within its timeout of {self._timeout:g} s.")

    def limit(self, seconds: float | None) -> float:
        """Shorten another timeout to what is left.

        :param seconds: The other timeout, or `None` for none.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: Nothing is left.
        """
        remaining = self.check()
        return min(seconds, remaining) if isinstance(seconds, (int, float)) else remaining


class TimeLeft(float):
    """The `timeout` of a request that goes on with a call under way: the seconds that its deadline leaves."""

    deadline: Deadline

    @classmethod
    def of(cls, deadline: Deadline) -> "TimeLeft":
        """Return what is left.

        :param deadline: The call's.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: Nothing is.
        """
        left = cls(deadline.check())
        left.deadline = deadline
        return left


CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)
"""The deadline of the request that is being sent, for those who cannot be told it otherwise."""
