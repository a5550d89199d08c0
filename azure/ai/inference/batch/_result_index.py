"""Find the result of each row in the files of an output folder, for workers that answer from it."""

from pathlib import Path

from ._results import BatchResult
from ._row_index import RowIndex, RowState
from ._run_journal import answered_row, parts_of, result_of, state_of

_OFFSET_BITS = 48
"""Bits of an index entry for the offset in a file, of 256 TB at most; the bits above hold the number of the file."""


def place_of(part: int, offset: int) -> int:
    """Return the index entry of a line.

    :param part: The number of its file.
    :param offset: Where it begins in the file, in bytes.
    """
    return part << _OFFSET_BITS | offset


def part_and_offset(place: int) -> tuple[int, int]:
    """Return the file and the offset of an index entry."""
    return place >> _OFFSET_BITS, place & (1 << _OFFSET_BITS) - 1


class ResultIndex:
    """An index of results that can be pickled and brought up to date.

    :param output: The folder.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._parts: list[Path] = []
        self._read: list[int] = []
        self._index = RowIndex()

    def refresh(self) -> None:
        """Read what was written since the last call."""
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
                    break  # its writer has not finished the line
                self._note(line[:-1], place_of(number, place))
                place += len(line)
        self._read[number] = place

    def _note(self, line: bytes, place: int) -> None:
        answered = answered_row(line)
        if answered is not None:
            self._index.add(answered[0], RowState.ANSWERED, place)
            return
        result = result_of(line)
        if result is not None:
            self._index.add(result.custom_id, state_of(result), place)

    def find(self, custom_id: str) -> BatchResult | None:
        """Return the result of a row, if any."""
        known = self._index[custom_id]
        if known is None:
            return None
        part, offset = part_and_offset(known.request)
        with self._parts[part].open("rb") as file:
            file.seek(offset)
            return result_of(file.readline())
