"""The clients' only contact with telemetry: whether anyone observes.

A client asks once per call. Without an observer, which is the usual case, it gets an object that does nothing, and no
code that uses OpenTelemetry is loaded. `AIInferenceInstrumentor` sets `current`. Nothing is patched.
"""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

A = TypeVar("A")


if TYPE_CHECKING:
    from typing import Protocol

    class StreamWatch(Protocol):
        """Observes one stream. Its end may be reported more than once; if never, freeing this object reports it."""

        def arrived(self, count: int) -> None:
            """Record that bytes arrived, and how many updates they completed."""

        def ended(self, error: BaseException | None) -> None:
            """Record that nothing more is read, and why, if something is wrong."""

    class Watch(Protocol):
        """Observes one call until its `with` block ends; a stream for longer."""

        def __enter__(self) -> "Watch": ...

        def __exit__(
            self,
            exc_type: type[BaseException] | None,
            exc_value: BaseException | None,
            traceback: TracebackType | None,
        ) -> None: ...

        def resent(self, call: Any) -> None:
            """Record that the call is made again, through another API than the one that refused it."""

        def answered(self, answer: A) -> A:
            """Record the answer, and return it."""
            ...

        def streaming(self, completion: Callable[[], Any]) -> StreamWatch | None:
            """Record that the answer is a stream, whose updates so far `completion` combines."""


class _Unwatched:
    """Does nothing."""

    def __enter__(self) -> "_Unwatched":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def resent(self, call: Any) -> None:
        return None

    def answered(self, answer: A) -> A:
        return answer

    def streaming(self, completion: Callable[[], Any]) -> "StreamWatch | None":
        return None


UNWATCHED: "Watch" = _Unwatched()

current: "Callable[[Any], Watch] | None" = None
"""Creates the observer of a `Call`; `None` if there is none."""


def observe(call: Any) -> "Watch":
    """Start to observe a call, if anyone does.

    :param call: The `Call`, before it is sent.
    :return: The context manager to run it in.
    """
    watch = current
    return UNWATCHED if watch is None else watch(call)
