"""A lock around the request for model information: one caller sends it, the others wait for the answer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from .._http.deadline import Deadline
from ._lock import Lock
from ._waiting import within

_HELD: ContextVar[tuple["RequestLock", ...]] = ContextVar("request_locks", default=())
"""The locks that the current call holds: a hook of its own request may ask too, and must not wait for itself."""


class RequestLock:
    """Lets one caller at a time send a request, except for hooks of that request."""

    def __init__(self) -> None:
        self._lock = Lock()

    @asynccontextmanager
    async def hold(self, deadline: Deadline | None) -> AsyncGenerator[None, None]:
        """Wait for the lock, and hold it until the block ends.

        :param deadline: The deadline of the call, if any.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline has passed.
        :raises RuntimeError: The call comes from a hook that runs for each of its own requests.
        """
        held = _HELD.get()
        if held.count(self) > 1:
            from .._operations.model_info import recursive_info_error

            raise recursive_info_error()
        if self not in held:
            await within(deadline, self._lock.acquire())
        token = _HELD.set((*held, self))
        try:
            yield
        finally:
            _HELD.reset(token)
            if self not in held:
                self._lock.release()
