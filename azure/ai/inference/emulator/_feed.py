"""What changes, as server-sent events: requests as they come and go on, faults, replies and settings.

The id of an event is the journal's epoch and version. A reader that returns with ``Last-Event-ID`` gets everything that
changed since, so a page that lost its connection misses nothing, however long it was away.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from ._exchange_view import summarize
from ._journal import Journal
from ._response import Pause, Step
from ._values import compact

_GLANCE: Final = 0.1
"""Seconds in which changes are gathered."""
_BATCH: Final = 250
_SILENCE: Final = 15.0
"""Seconds without a change after which a comment shows that the connection lives."""

State = Callable[[], dict[str, Any]]


def follow(journal: Journal, state: State, last_event_id: str) -> Iterator[Step]:
    """Yield the events of a connection that stays open.

    :param state: returns faults, replies and settings; an event is sent when they differ.
    :param last_event_id: the last event that the caller has, or an empty text.
    """
    epoch, after = _position(last_event_id)
    known: Any = None
    spoke = time.monotonic()
    yield b"retry: 500\n\n"
    while True:
        steps: list[bytes] = []
        if epoch != journal.epoch:
            epoch, after = journal.epoch, 0
            steps.append(_event("reset", {"kept": journal.kept}, f"{epoch}.0"))
        now = state()
        if now != known:
            known = now
            steps.append(_event("state", now))
        after, changed = journal.changes(after)
        steps += [_event("request", summarize(one), f"{epoch}.{one.version}") for one in changed]
        for start in range(0, len(steps), _BATCH):
            yield b"".join(steps[start : start + _BATCH])
        if steps:
            spoke = time.monotonic()
        elif time.monotonic() - spoke > _SILENCE:
            spoke = time.monotonic()
            yield b": still here\n\n"
        yield Pause(_GLANCE)


def _position(last_event_id: str) -> tuple[str, int]:
    epoch, _, version = last_event_id.partition(".")
    return epoch, int(version) if version.isascii() and version.isdigit() else 0


def _event(name: str, data: Any, number: str | None = None) -> bytes:
    head = f"event: {name}\n" + (f"id: {number}\n" if number else "")
    return f"{head}data: {compact(data)}\n\n".encode("utf-8", "replace")
