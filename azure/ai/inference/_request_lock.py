"""A lock around the request for model information: one caller sends it, the others wait for the answer."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from ._http.deadline import Deadline

_HELD: ContextVar[tuple["RequestLock", ...]] = ContextVar("request_locks", default=())
"""The locks that the current call holds: a hook of its own request may ask too, and must not wait for itself."""


class RequestLock:
    """Lets one caller at a time send a request, except for hooks of that request."""

    def __init__(self) -> None:
        self._lock = Lock()

    @contextmanager
    def hold(self, deadline: Deadline | None) -> Generator[None, None, None]:
        """Wait for the lock, and hold it until the block ends.

        :param deadline: The deadline of the call, if any.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline has passed.
        :raises RuntimeError: The call comes from a hook that runs for each of its own requests.
        """
        held = _HELD.get()
        if held.count(self) > 1:
            from ._operations.model_info import recursive_info_error

            raise recursive_info_error()
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
