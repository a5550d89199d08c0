"""A lock for clients that are used in several event loops."""

import asyncio
from weakref import WeakKeyDictionary


class Lock:
    """A lock for any event loop: one of asyncio's belongs to a single loop."""

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def acquire(self) -> None:
        """Wait for the lock of the running loop."""
        await self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()).acquire()

    def release(self) -> None:
        """Release the lock of the running loop."""
        self._locks[asyncio.get_running_loop()].release()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *exc_details: object) -> None:
        self.release()
