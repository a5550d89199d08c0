"""Index which rows have a result: 24 bytes a slot, for millions of rows. Pure.

An open-addressing hash table in one array; a `dict` would take four times the memory. A slot is three numbers, what is
known and the id; they are side by side because fetching them from memory takes longer than comparing them. It stores
128 bits of the SHA-256 of ids, and 61 bits of that of requests, so the chance that two of a billion rows are confused
is 1 in 10^20.
"""

from array import array
from enum import IntEnum
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

_LOAD = 0.7


class RowState(IntEnum):
    """What is known of a row."""

    ASKED = 1
    """It is being sent in this run, or has been."""
    TRANSIENT = 2
    """It failed in an earlier run, and sending it again may help."""
    FAILED = 3
    """It failed in an earlier run because of its content."""
    ANSWERED = 4
    """It was answered in an earlier run."""
    SEEN = 5
    """It was in this run's input, and is answered or left alone."""


_STATES = (RowState.ASKED, *RowState)
"""The states by number."""
_ANSWERED, _SEEN = int(RowState.ANSWERED), int(RowState.SEEN)  # a lookup in an enum takes as long as one in the table


class IndexedRow(NamedTuple):
    """What is known of a row."""

    state: RowState
    request: int
    """The first 61 bits of the hash of its request."""


def request_bits(sha256_hex: str | bytes) -> int:
    """Return the bits of a request's hash that are stored; its first 16 hex digits have them."""
    return int(sha256_hex[:16], 16) >> 3


RowPlace = tuple[int, int, int]
"""Where a row stands in an index: two halves of its id's hash, and where its slot begins."""


class RowIndex:
    """What is known of each row, by id.

    :param expected: The number of rows, if known: growing the table takes time.
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
        return self.known_at(self.find(custom_id))

    def __setitem__(self, custom_id: str, row: IndexedRow) -> None:
        self.note(self.find(custom_id), row.state, row.request)

    def add(self, custom_id: str, state: RowState, request: int) -> None:
        """Record a result: a success stays, otherwise the latest counts."""
        place = self.find(custom_id)
        if self._table[place[2]] & 7 != _ANSWERED or state == _ANSWERED:
            self.note(place, state, request)

    def find(self, custom_id: str) -> RowPlace:
        """Return the place of a row, which holds until another row is noted."""
        high, low = _HALVES(sha256(custom_id.encode("utf-8", "surrogatepass")).digest())
        return high, low, self._find(high, low)

    def see_answered(self, place: RowPlace, request: int) -> bool:
        """Note that a row is in the input, if this request of it was answered in an earlier run.

        :return: Whether it was. If not, `known_at` tells what is known of the row.
        """
        slot = place[2]
        if self._table[slot] != request << 3 | _ANSWERED:
            return False
        self._table[slot] = request << 3 | _SEEN
        return True

    def known_at(self, place: RowPlace) -> IndexedRow | None:
        """Return what is known of a row."""
        value = self._table[place[2]]
        return IndexedRow(_STATES[value & 7], value >> 3) if value else None

    def note(self, place: RowPlace, state: RowState, request: int) -> None:
        """Update what is known of a row."""
        high, low, slot = place
        table = self._table
        is_new = not table[slot]
        table[slot] = request << 3 | state
        if is_new:
            table[slot + 1], table[slot + 2] = low, high
            self._count += 1
            if self._count > self._room:
                self._grow()

    def _make(self) -> None:
        self._room = int(self._size * _LOAD)
        self._table = array("Q", (0,)) * (3 * self._size)

    def _find(self, high: int, low: int) -> int:
        """Return the slot of an id, or the free slot where it belongs."""
        table, mask = self._table, self._size - 1
        number = low & mask
        slot = 3 * number
        while table[slot] and (table[slot + 1] != low or table[slot + 2] != high):
            number = (number + 1) & mask
            slot = 3 * number
        return slot

    def _grow(self) -> None:
        numbers = iter(self._table)
        self._size *= 2
        self._make()
        for value, low, high in zip(numbers, numbers, numbers, strict=True):
            if value:
                slot = self._find(high, low)
                self._table[slot], self._table[slot + 1], self._table[slot + 2] = value, low, high


_HALVES = Struct(">QQ16x").unpack
"""Reads the bits of a hash that ids are known by."""
