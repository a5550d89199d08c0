"""Use synchronous and asynchronous clients in the same way, awaiting only what is awaitable.

A call of a synchronous client has ended before it is "awaited", so the same code works with the clients of this and
other libraries in both worlds.
"""

import inspect
from collections.abc import AsyncIterator
from typing import Any


async def settle(value: Any) -> Any:
    """Await a value if it is awaitable."""
    return await value if inspect.isawaitable(value) else value


async def iterate(stream: Any) -> AsyncIterator[Any]:
    """Iterate over a stream of either world."""
    if hasattr(stream, "__anext__"):
        async for update in stream:
            yield update
    else:
        for update in stream:
            yield update


async def close(stream: Any) -> None:
    """Close a stream of either world."""
    await settle((stream.aclose if hasattr(stream, "aclose") else stream.close)())


class Block:
    """Enter and leave the `with` block of an object of either world."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aenter__(self) -> None:
        await settle(getattr(self._inner, "__aenter__", getattr(self._inner, "__enter__", None))())

    async def __aexit__(self, *details: object) -> None:
        await settle(getattr(self._inner, "__aexit__", getattr(self._inner, "__exit__", None))(*details))
