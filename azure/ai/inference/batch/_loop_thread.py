"""Run an event loop in a thread of its own, so that the waiting thread can be interrupted.

The waiting thread may have a loop of its own (a notebook's), and Ctrl-C reaches it rather than the loop, so requests
in flight can still be completed.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import Future, wait
from types import TracebackType
from typing import Any, TypeVar

from typing_extensions import Self

T = TypeVar("T")

_LOOK_EVERY = 0.5
"""Seconds. Windows delivers Ctrl-C between two waits, not during one."""


class LoopThread:
    """Runs coroutines until its `with` block ends."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="azure-ai-inference-batch", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            pending = asyncio.all_tasks(self.loop)
            for task in pending:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Start a coroutine, in the caller's context."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def wait(self, future: "Future[T]") -> T:
        """Wait for the result of a coroutine. An interruption leaves it running."""
        while not wait([future], timeout=_LOOK_EVERY).done:
            pass
        return future.result()

    def complete(
        self, coroutine: Coroutine[Any, Any, T], close: Callable[[], None], is_closed: Callable[[], bool]
    ) -> T:
        """Run a coroutine. Ctrl-C completes the work in flight; a second one aborts it.

        :param coroutine: The coroutine.
        :param close: Called after the first Ctrl-C, to start nothing more.
        :param is_closed: Returns whether a handler of the caller's has closed it at the first Ctrl-C, so that an
            interruption is the second.
        """
        future = self.start(coroutine)
        try:
            return self.wait(future)
        except KeyboardInterrupt:
            if not is_closed():
                close()
                self.wait(future)
            raise

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


def iterate(results: AsyncGenerator[T, None], stop: Callable[[], None]) -> Generator[T, None, None]:
    """Iterate over an asynchronous generator, in a loop of its own.

    :param results: The results; never `None`.
    :param stop: Called after Ctrl-C to end the results. The work in flight is still awaited.
    """
    with LoopThread() as thread:
        try:
            while True:
                following = thread.start(_next(results))
                try:
                    result = thread.wait(following)
                except KeyboardInterrupt:
                    stop()
                    while thread.wait(following) is not None:
                        following = thread.start(_next(results))
                    raise
                if result is None:
                    return
                yield result
        finally:
            thread.wait(thread.start(_close(results)))


async def _next(results: AsyncGenerator[T, None]) -> T | None:
    return await anext(results, None)


async def _close(results: AsyncGenerator[Any, None]) -> None:
    await results.aclose()
