"""One run of an object at a time."""

from threading import Lock
from types import TracebackType


class OneRun:
    """Refuses a second run while one is under way: both would count into one summary, and pay for the same rows.

    Any thread may begin a run, and any may end it.

    :param name: The name of the object's class.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = Lock()

    def __enter__(self) -> None:
        """Begin a run.

        :raises RuntimeError: Another one is under way.
        """
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(
                f"This {self._name} is running already. Wait for it, or close its results if you left them early; for "
                f"other rows at the same time, build another {self._name} with an output of its own."
            )

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._lock.release()
