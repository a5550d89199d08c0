"""Which rows have a result: 24 bytes a slot, for millions of rows. Pure.

An open-addressing hash table in three arrays; a `dict` of the same would take four times the memory. Ids are known by
128 bits of their SHA-256, requests by 61, so that two of a billion rows are taken for one with a chance of 1 in 10^20.
"""

from array import array
from collections.abc import Callable
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

_LOAD = 0.7


class RowState(IntEnum):
    """What is known of a row."""

    ASKED = 1
    """It is being asked in this run, or has been."""
    TRANSIENT = 2
    """It failed in an earlier run, and asking again may help."""
    FAILED = 3
    """It failed in an earlier run for what it says."""
    ANSWERED = 4
    """It was answered in an earlier run."""
    SEEN = 5
    """It was answered, or is left as it is, and came in this run's input."""


_STATES = (RowState.ASKED, *RowState)
"""States by their number."""


class IndexedRow(NamedTuple):
    """What is known of a row."""

    state: RowState
    request: int
    """The first 61 bits of its request's hash."""


def request_bits(sha256_hex: str) -> int:
    """Return the bits of a request's hash that are kept."""
    return int(sha256_hex[:16], 16) >> 3


class RowIndex:
    """What is known of each row, by its id.

    :param expected: How many rows there will be, if known: it grows, but not for free.
    """

    def __init__(self, expected: int = 0) -> None:
        self._count = 0
        self._size = 1024
        while self._size * _LOAD < expected:
            self._size *= 2
        self._make()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, custom_id: str) -> IndexedRow | None:
        return self._at(self._find(*_digest(custom_id)))

    def __setitem__(self, custom_id: str, row: IndexedRow) -> None:
        self._put(*_digest(custom_id), row.request << 3 | row.state)

    def add(self, custom_id: str, state: RowState, request: int) -> None:
        """Note a result: one that succeeded stays, else the newer counts."""
        high, low = _digest(custom_id)
        if state == RowState.ANSWERED or self._values[self._find(high, low)] & 7 != RowState.ANSWERED:
            self._put(high, low, request << 3 | state)

    def meet(self, custom_id: str, decide: Callable[[IndexedRow | None], IndexedRow]) -> None:
        """Note what a look at a row leads to.

        :param decide: Called with what is known of it; returns what is to be known.
        """
        high, low = _digest(custom_id)
        row = decide(self._at(self._find(high, low)))
        self._put(high, low, row.request << 3 | row.state)

    def _at(self, slot: int) -> IndexedRow | None:
        value = self._values[slot]
        return IndexedRow(_STATES[value & 7], value >> 3) if value else None

    def _make(self) -> None:
        empty = bytes(8 * self._size)
        self._high, self._low, self._values = array("Q", empty), array("Q", empty), array("Q", empty)

    def _find(self, high: int, low: int) -> int:
        """Return the slot of an id, or the free one where it belongs."""
        highs, lows, values, mask = self._high, self._low, self._values, self._size - 1
        slot = low & mask
        while values[slot] and (lows[slot] != low or highs[slot] != high):
            slot = (slot + 1) & mask
        return slot

    def _put(self, high: int, low: int, value: int) -> None:
        slot = self._find(high, low)
        self._count += not self._values[slot]
        self._high[slot], self._low[slot], self._values[slot] = high, low, value
        if self._count > self._size * _LOAD:
            self._grow()

    def _grow(self) -> None:
        old = (self._high, self._low, self._values)
        self._size *= 2
        self._count = 0
        self._make()
        for high, low, value in zip(*old, strict=True):
            if value:
                self._put(high, low, value)


def _digest(custom_id: str) -> tuple[int, int]:
    digest = sha256(custom_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")
