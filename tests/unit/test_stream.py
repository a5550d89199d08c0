"""The synchronous stream on a response that is not a transport's."""

from collections.abc import Iterator

import pytest

from azure.ai.inference._stream import StreamingChatCompletions
from azure.ai.inference.exceptions import IncompleteStreamError


class Interrupted:
    """A body that the user interrupts from the keyboard."""

    closed = False

    def iter_bytes(self) -> Iterator[bytes]:
        raise KeyboardInterrupt
        yield b""

    def close(self) -> None:
        self.closed = True


class Notes:
    """Observes a call and its stream, and records the notifications."""

    def __init__(self) -> None:
        self.ends: list[BaseException | None] = []

    def streaming(self, completion: object) -> "Notes":
        return self

    def arrived(self, count: int) -> None:
        raise AssertionError("nothing arrives")

    def ended(self, error: BaseException | None) -> None:
        self.ends.append(error)


@pytest.mark.parametrize("watched", [False, True])
def test_interrupt_closes_the_response(watched: bool) -> None:
    response, notes = Interrupted(), Notes()
    watch = {"watch": notes} if watched else {}
    stream = StreamingChatCompletions(response, **watch)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert response.closed
    assert [type(error) for error in notes.ends[:1]] == [KeyboardInterrupt] * watched
    with pytest.raises(IncompleteStreamError, match="interrupted by KeyboardInterrupt"):
        next(stream)
