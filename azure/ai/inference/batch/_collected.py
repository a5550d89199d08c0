"""Read results back, one for each row, from the output file or from the files in the output folder."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ._result_index import part_and_offset, place_of
from ._results import BatchResult, wrap_result
from ._row_index import RowIndex, RowState
from ._run_journal import parts_of, read_lines, result_of, state_of


def collect(
    output: str | os.PathLike[str], *, order: Iterable[Mapping[str, Any] | str] | None = None
) -> Iterator[BatchResult]:
    """Read the results of a run, from all its processes, one for each row.

    If a row has several results, a success takes precedence, else the latest.

    :param output: The run's output, a file or a folder.
    :keyword order: The rows, or their ids: results come in this order, and a row without a result gets an error with
        the code "missing". By default results come in the order of the output.
    :return: A generator of results. It needs about 50 bytes of memory per row.
    :raises FileNotFoundError: The output does not exist.
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
            if result is not None:
                index.add(result.custom_id, state_of(result), place_of(number, place))
    return index


def _as_written(parts: list[Path], index: RowIndex) -> Iterator[BatchResult]:
    for number, part in enumerate(parts):
        for place, line in read_lines(part):
            result = result_of(line)
            if result is not None:
                known = index[result.custom_id]
                if known is not None and known.request == place_of(number, place):
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
            part, offset = part_and_offset(known.request)
            files[part].seek(offset)
            yield wrap_result(json.loads(files[part].readline()))


def in_order_first(output: Path, rows: Iterable[Mapping[str, Any]]) -> Iterator[BatchResult]:
    """Read the results of rows in their order, then those of all other rows.

    :param output: The run's output.
    :param rows: The rows.
    """
    seen = RowIndex()
    for result in collect(output, order=rows):
        seen.add(result.custom_id, RowState.SEEN, 0)
        yield result
    for result in collect(output):
        if seen[result.custom_id] is None:
            yield result


def missing(custom_id: str) -> BatchResult:
    """Return the result for a row that has none."""
    message = f"The row {custom_id!r:.100} has no result: it was not sent, or the run ended before it was answered."
    return wrap_result({"custom_id": custom_id, "error": {"code": "missing", "message": message}, "response": None})


def missing_of(rows: Iterable[Mapping[str, Any] | str], seen: set[str]) -> Iterator[BatchResult]:
    """Yield a result for each row that has none.

    :param rows: The rows, or their ids.
    :param seen: Ids of the rows that have a result.
    """
    for row in rows:
        custom_id = row if isinstance(row, str) else row["custom_id"]
        if custom_id not in seen:
            yield missing(custom_id)
