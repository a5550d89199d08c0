"""Synchronous and asynchronous clients used in one way: awaited, where there is something to await.

A call of a synchronous client has ended before it is "awaited". So what is said here works with the clients of this
library in both worlds, and with those of others.
"""

import inspect
from collections.abc import AsyncIterator
from typing import Any


async def settle(value: Any) -> Any:
    """Await what is awaitable."""
    return await value if inspect.isawaitable(value) else value


async def iterate(stream: Any) -> AsyncIterator[Any]:
    """Iterate over the stream of either world."""
    if hasattr(stream, "__anext__"):
        async for update in stream:
            yield update
    else:
        for update in stream:
            yield update


async def close(stream: Any) -> None:
    """Close the stream of either world."""
    await settle((stream.aclose if hasattr(stream, "aclose") else stream.close)())


class Block:
    """The `with` block of an object of either world."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aenter__(self) -> None:
        await settle(getattr(self._inner, "__aenter__", getattr(self._inner, "__enter__", None))())

    async def __aexit__(self, *details: object) -> None:
        await settle(getattr(self._inner, "__aexit__", getattr(self._inner, "__exit__", None))(*details))
