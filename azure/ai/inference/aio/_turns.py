"""Turns: who asks for model information, while others wait for the answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from weakref import WeakKeyDictionary

from .._http.deadline import Deadline
from ._waiting import within

_HELD: ContextVar[tuple["Turns", ...]] = ContextVar("turns", default=())
"""What the call under way holds: a hook of its own request may ask, too, and must not wait for itself."""


class Turns:
    """Lets one call after the other ask, in whatever event loop: a lock of asyncio's belongs to a single one."""

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    @asynccontextmanager
    async def take(self, deadline: Deadline | None) -> AsyncGenerator[None, None]:
        """Wait for a turn, and end it with the block.

        :param deadline: The call's, if it has one.
        :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline is over.
        :raises RuntimeError: The call is one of a hook that each of its own requests goes through.
        """
        held = _HELD.get()
        lock = None
        if held.count(self) > 1:
            from .._operations.model_info import asks_itself

            raise asks_itself()
        if self not in held:
            lock = self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
            await within(deadline, lock.acquire())
        token = _HELD.set((*held, self))
        try:
            yield
        finally:
            _HELD.reset(token)
            if lock is not None:
                lock.release()
