"""The one question that the clients ask of telemetry: whether somebody watches.

A client asks once per call. While nobody watches, which is nearly always, it is handed an object that does nothing; no
code that knows OpenTelemetry is loaded. `AIInferenceInstrumentor` sets `current`. Nothing is patched.
"""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

A = TypeVar("A")


if TYPE_CHECKING:
    from typing import Protocol

    class StreamWatch(Protocol):
        """Watches one stream. May be told of its end more than once; never told, it notices when it is freed."""

        def arrived(self, count: int) -> None:
            """Record that bytes arrived, and how many updates they completed."""

        def ended(self, error: BaseException | None) -> None:
            """Record that nothing more is read, and why, if something is wrong."""

    class Watch(Protocol):
        """Watches one call, for as long as the `with` block around it lasts; a stream for longer."""

        def __enter__(self) -> "Watch": ...

        def __exit__(
            self,
            exc_type: type[BaseException] | None,
            exc_value: BaseException | None,
            traceback: TracebackType | None,
        ) -> None: ...

        def resent(self, call: Any) -> None:
            """Note that the call is made anew, by another API than the one that refused it."""

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
"""Makes the watch of a `Call`; `None` while nobody watches."""


def observe(call: Any) -> "Watch":
    """Start to watch a call, if anybody does.

    :param call: The `Call`, before it is sent.
    :return: What to run it in.
    """
    watch = current
    return UNWATCHED if watch is None else watch(call)
