"""Where each row's result stands in the parts of an output folder, for workers that answer from it."""

from pathlib import Path

from ._results import BatchResult, is_transient
from ._row_index import IndexedRow, RowIndex, RowState
from ._run_journal import parts_of, result_of

_PLACE_BITS = 48
"""Bits of an index's number that hold a place in a file; those above hold the number of the file."""


class Places:
    """An index of results, which can be pickled and brought up to date.

    :param output: The folder.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._parts: list[Path] = []
        self._read: list[int] = []
        self._index = RowIndex()

    def refresh(self) -> None:
        """Read what was written since the last time."""
        for part in parts_of(self._output):
            if part not in self._parts:
                self._parts.append(part)
                self._read.append(0)
            number = self._parts.index(part)
            if part.stat().st_size > self._read[number]:
                self._read_on(number)

    def _read_on(self, number: int) -> None:
        with self._parts[number].open("rb") as file:
            place = file.seek(self._read[number])
            for line in file:
                if not line.endswith(b"\n"):
                    break  # its writer is at it
                result = result_of(line)
                if result is not None:
                    self._know(result, number << _PLACE_BITS | place)
                place += len(line)
        self._read[number] = place

    def _know(self, result: BatchResult, place: int) -> None:
        known = self._index[result.custom_id]
        if known is None or known.state is not RowState.ANSWERED or result.ok:
            state = RowState.ANSWERED if result.ok else RowState.TRANSIENT if is_transient(result) else RowState.FAILED
            self._index[result.custom_id] = IndexedRow(state, place)

    def find(self, custom_id: str) -> BatchResult | None:
        """Return a row's result."""
        known = self._index[custom_id]
        if known is None:
            return None
        with self._parts[known.request >> _PLACE_BITS].open("rb") as file:
            file.seek(known.request & (1 << _PLACE_BITS) - 1)
            return result_of(file.readline())
