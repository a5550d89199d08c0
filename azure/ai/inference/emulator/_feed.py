"""Stream changes as server-sent events: requests as they arrive and progress, faults, replies and settings.

The id of an event is the journal's epoch and version. A reader that returns with ``Last-Event-ID`` gets everything
that has changed since, so a page that lost its connection misses nothing, however long it was away.

Watching must not slow down what is watched: changes are collected, one event carries many requests, and the more work
the events take, the longer the wait before the next ones.
"""

import re
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from ._exchange_view import summarize
from ._journal import Journal
from ._response import Pause, Step
from ._values import compact

_GLANCE: Final = 0.1
"""Seconds for which changes are collected."""
_LONGEST_GLANCE: Final = 2.0
_SHARE: Final = 0.025
"""The share of time that writing events may take."""
_BATCH: Final = 100
"""Requests in one event. Between two events, the emulator answers other callers."""
_SILENCE: Final = 15.0
"""Seconds without a change after which a comment shows that the connection is alive."""

_VERSION: Final = re.compile(r"[0-9]{1,18}")

State = Callable[[], dict[str, Any]]


def follow(journal: Journal, state: State, last_event_id: str) -> Iterator[Step]:
    """Yield the events of a connection that stays open.

    :param state: Returns faults, replies and settings; an event is sent when they differ.
    :param last_event_id: The last event that the caller has received, or an empty string.
    """
    reader = _Reader(journal, state, last_event_id)
    spoke = time.monotonic()
    yield b"retry: 500\n\n"
    while True:
        spent, began = 0.0, time.perf_counter()
        for news in reader.news():
            spent += time.perf_counter() - began
            spoke = time.monotonic()
            yield news
            began = time.perf_counter()
        if time.monotonic() - spoke > _SILENCE:
            spoke = time.monotonic()
            yield b": still here\n\n"
        yield Pause(min(_LONGEST_GLANCE, max(_GLANCE, spent / _SHARE)))


class _Reader:
    """What one connection has seen."""

    def __init__(self, journal: Journal, state: State, last_event_id: str) -> None:
        self._journal = journal
        self._state = state
        self._known: Any = None
        epoch, _, version = last_event_id.partition(".")
        self._epoch, self._version = epoch, int(version) if _VERSION.fullmatch(version) else 0

    def news(self) -> Iterator[bytes]:
        """Yield events with what changed since the last time."""
        if self._epoch != self._journal.epoch:
            self._epoch, self._version = self._journal.epoch, 0
            yield _event("reset", {"kept": self._journal.kept}, f"{self._epoch}.0")
        state = self._state()
        if state != self._known:
            self._known = state
            yield _event("state", state)
        self._version, changed = self._journal.changes(self._version)
        # Versions are taken now: while these rows are sent, another reader may give an exchange a newer one.
        rows = iter([(one.version, one) for one in changed])
        while batch := list(islice(rows, _BATCH)):
            yield _event("requests", [summarize(one) for _, one in batch], f"{self._epoch}.{batch[-1][0]}")


def _event(name: str, data: Any, number: str | None = None) -> bytes:
    head = f"event: {name}\n" + (f"id: {number}\n" if number else "")
    return f"{head}data: {compact(data)}\n\n".encode("utf-8", "replace")
