"""Results read back: one for each row, from the output's file or from the parts in its folder."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ._results import BatchResult, wrap_result
from ._row_index import IndexedRow, RowIndex, RowState
from ._run_journal import parts_of, read_lines, result_of

_PLACE_BITS = 48
"""Bits of an index's number that hold a place in a file, of 256 TB at most; those above hold the number of the file."""


def collect(
    output: str | os.PathLike[str], *, order: Iterable[Mapping[str, Any] | str] | None = None
) -> Iterator[BatchResult]:
    """Read the results of a run, of all its processes, one for each row.

    Of two results for a row, one that succeeded counts, else the newer.

    :param output: The run's output, a file or a folder.
    :keyword order: The rows, or their ids: results come in this order, and a row that has none gets an error with the
        code "missing". By default they come as they stand in the output.
    :return: A generator of results. Memory holds some 50 bytes a row.
    :raises FileNotFoundError: There is no such output.
    """
    path = Path(output)
    if not path.exists():
        raise FileNotFoundError(f"There is no output of a run at {path}.")
    parts = parts_of(path)
    index = _newest(parts)
    return _as_written(parts, index) if order is None else _in_order(parts, index, order)


def _newest(parts: list[Path]) -> RowIndex:
    index = RowIndex()
    for number, part in enumerate(parts):
        for place, line in read_lines(part):
            result = result_of(line)
            if result is None:
                continue
            known = index[result.custom_id]
            if result.ok or known is None or known.state is not RowState.ANSWERED:
                state = RowState.ANSWERED if result.ok else RowState.FAILED
                index[result.custom_id] = IndexedRow(state, number << _PLACE_BITS | place)
    return index


def _as_written(parts: list[Path], index: RowIndex) -> Iterator[BatchResult]:
    for number, part in enumerate(parts):
        for place, line in read_lines(part):
            result = result_of(line)
            if result is not None:
                known = index[result.custom_id]
                if known is not None and known.request == number << _PLACE_BITS | place:
                    yield result


def _in_order(parts: list[Path], index: RowIndex, order: Iterable[Mapping[str, Any] | str]) -> Iterator[BatchResult]:
    with ExitStack() as stack:
        files = [stack.enter_context(part.open("rb")) for part in parts]
        for row in order:
            custom_id = row if isinstance(row, str) else row["custom_id"]
            known = index[custom_id]
            if known is None:
                yield missing(custom_id)
                continue
            file = files[known.request >> _PLACE_BITS]
            file.seek(known.request & (1 << _PLACE_BITS) - 1)
            yield wrap_result(json.loads(file.readline()))


def missing(custom_id: str) -> BatchResult:
    """Make the result of a row that has none."""
    message = f"The row {custom_id!r:.100} has no result: it was not asked, or the run ended before."
    return wrap_result({"custom_id": custom_id, "error": {"code": "missing", "message": message}, "response": None})


def missing_of(rows: Iterable[Mapping[str, Any] | str], seen: set[str]) -> Iterator[BatchResult]:
    """Return a result for each row that has none.

    :param rows: The rows, or their ids.
    :param seen: Ids of those that have one.
    """
    for row in rows:
        custom_id = row if isinstance(row, str) else row["custom_id"]
        if custom_id not in seen:
            yield missing(custom_id)
