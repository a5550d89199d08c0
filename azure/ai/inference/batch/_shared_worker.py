"""Share one worker between all calls in a process: from all threads, for one partition after the other.

Engines unpickle the function that they call for each partition, in several threads. If each built a client and a pacer,
each partition would need new connections, and there would be as many pacers for the quota as threads.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from ._loop_thread import LoopThread
from ._record_worker import RecordWorker

_LINGER = 10.0
"""Seconds to keep client and connections after a call, for the next one."""


class SharedWorker:
    """An event loop in a thread, and a worker in it."""

    def __init__(self) -> None:
        self.users = 0
        """How many calls are in progress."""
        self.timer: threading.Timer | None = None
        """Ends the worker if no call follows; `None` while no call has ended."""
        self._thread = LoopThread()
        self._thread.__enter__()
        self._worker: RecordWorker | None = None

    def answer(self, make_worker: Callable[[], RecordWorker], rows: Any) -> Any:
        """Answer rows; see `RecordWorker.answer`.

        :param make_worker: Builds the worker, in the loop.
        """

        async def answer() -> Any:
            if self._worker is None:
                self._worker = make_worker()
            return await self._worker.answer(rows)

        return self._thread.wait(self._thread.start(answer()))

    def end(self) -> None:
        """Close the worker, and end the loop."""
        if self._worker is not None:
            self._thread.wait(self._thread.start(self._worker.close()))
        self._thread.__exit__()


_in_process: dict[str, SharedWorker] = {}
"""The workers of the process, by name. Global, because the copies that engines make do not know of each other."""
_lock = threading.Lock()


@contextmanager
def shared_worker(name: str) -> Generator[SharedWorker, None, None]:
    """Return the worker of a name for a `with` block; it ends some seconds after the last block.

    :param name: The same in all copies.
    """
    with _lock:
        shared = _in_process[name] = _in_process.get(name) or SharedWorker()
        shared.users += 1
        if shared.timer is not None:
            shared.timer.cancel()
    try:
        yield shared
    finally:
        with _lock:
            shared.users -= 1
            if not shared.users:
                shared.timer = threading.Timer(_LINGER, _end, (name, shared))
                shared.timer.daemon = True
                shared.timer.start()


def _end(name: str, shared: SharedWorker) -> None:
    """End a worker, unless it was called meanwhile."""
    with _lock:
        if shared.users or _in_process.pop(name, None) is None:
            return
    shared.end()
