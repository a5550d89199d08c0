"""Turns: who asks for model information, while others wait for the answer."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from ._http.deadline import Deadline

_HELD: ContextVar[tuple["Turns", ...]] = ContextVar("turns", default=())
"""What the call under way holds: a hook of its own request may ask, too, and must not wait for itself."""


class Turns:
    """Lets one call after the other ask."""

    def __init__(self) -> None:
        self._lock = Lock()

    @contextmanager
    def take(self, deadline: Deadline | None) -> Generator[None, None, None]:
        """Wait for a turn, and end it with the block.

        :param deadline: The call's, if it has one.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline is over.
        :raises RuntimeError: The call is one of a hook that each of its own requests goes through.
        """
        held = _HELD.get()
        if held.count(self) > 1:
            from ._operations.model_info import asks_itself

            raise asks_itself()
        is_first = self not in held
        if is_first and not self._lock.acquire(timeout=-1 if deadline is None else max(deadline.remaining, 0)):
            assert deadline is not None
            raise deadline.error()
        token = _HELD.set((*held, self))
        try:
            yield
        finally:
            _HELD.reset(token)
            if is_first:
                self._lock.release()
