"""A lock for clients that are used in several event loops."""

import asyncio
from weakref import WeakKeyDictionary


class Lock:
    """A lock for whatever event loop it is used in: one of asyncio's own belongs to a single loop."""

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def __aenter__(self) -> None:
        lock = self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        await lock.acquire()

    async def __aexit__(self, *exc_details: object) -> None:
        self._locks[asyncio.get_running_loop()].release()
