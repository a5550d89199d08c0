"""Read rows from files: lines of OpenAI's Batch API, or tables with a template. Files are read as rows are taken."""

import csv
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

from typing_extensions import Unpack

from .._json import is_object
from .._operations.options import ChatOptions
from ._rows import CHAT_URL, BatchRow, chat_row, check_row, embedding_row, make_row

Records = Iterator[tuple[int, Mapping[str, Any]]]

_LONGEST_FIELD = 2**31 - 1
"""Characters. By default the csv module refuses fields of more than 131,072."""


def read_rows(
    path: str | os.PathLike[str],
    *,
    template: str | None = None,
    id: str | None = None,
    url: str = CHAT_URL,
    **options: Unpack[ChatOptions],
) -> Iterator[BatchRow]:
    """Read rows from a file.

    :param path: A file of rows (``.jsonl``: lines of OpenAI's Batch API), or with `template` a table: ``.csv``,
        ``.tsv``, ``.jsonl`` with one object per line, or ``.parquet``, which needs pyarrow.
    :keyword template: The message, or the text to embed, with columns in braces: "Is this praise? {text}". A doubled
        brace stands for a single one. Lists and objects are written as JSON, missing values as nothing.
    :keyword id: The column of a table with the ids. By default `custom_id`, if there is such a column; otherwise ids
        are the numbers of the records, "row-1" and so on.
    :keyword url: What the rows of a table request: "/v1/chat/completions" (the default) or "/v1/embeddings".
    :keyword options: Settings of the model, for rows that do not have them.
    :return: A generator of rows.
    :raises ValueError: The file's kind is unknown, a table has no template or lacks a column that the template names,
        or (while reading) a line is not a row.
    :raises TypeError: A keyword is unknown.
    :raises OSError: The file cannot be read.
    :raises ImportError: pyarrow is not installed.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in _READERS:
        raise ValueError(f"{file} ends in {kind!r}; rows can be read from {', '.join(_READERS)} files.")
    if template is None and kind not in _LINES:
        raise ValueError(
            f"{file} is a table: pass template=, the message with its columns in braces, such as {{text}}."
        )
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    extra: Any = options
    make = chat_row if url == CHAT_URL else embedding_row
    probe: Any = {"messages": [{"role": "user", "content": ""}]} if url == CHAT_URL else {"input": "-"}
    defaults = {name: value for name, value in make("-", **probe, **extra).body.items() if name not in probe}
    records = _in_utf_8(file, _READERS[kind](file))
    if template is None:
        return _rows(file, records, defaults)
    return _filled(file, records, _Template(template), id, url, defaults)


def _in_utf_8(file: Path, records: Records) -> Records:
    """Name the file whose text is not UTF-8, and the record before which it was found."""
    number = 0
    try:
        for number, record in records:
            yield number, record
    except UnicodeDecodeError as error:
        wrong = error.object[error.start]
        if number == 0 and error.object[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise ValueError(f"{file} is UTF-16. Save it as UTF-8.") from None
        raise ValueError(
            f"{file} is not UTF-8: byte {wrong:#04x}, somewhere after line {number}. Save it as UTF-8."
        ) from None


def _rows(file: Path, records: Records, defaults: Mapping[str, Any]) -> Iterator[BatchRow]:
    for number, record in records:
        row = check_row(record, f"line {number} of {file}")
        if defaults:
            row["body"] = {**defaults, **row.body}
        yield row


def _filled(
    file: Path, records: Records, template: "_Template", id: str | None, url: str, defaults: Mapping[str, Any]
) -> Iterator[BatchRow]:
    for number, (line, record) in enumerate(records, 1):
        where = f"record {number} (line {line}) of {file}"
        name = id or ("custom_id" if "custom_id" in record else None)
        if name is not None and name not in record:
            raise ValueError(f"{where} has no column {name!r} for the ids; it has {_names(record)}.")
        text = template.fill(record, where)
        content: dict[str, Any] = (
            {"messages": [{"role": "user", "content": text}]} if url == CHAT_URL else {"input": [text]}
        )
        custom_id = f"row-{number}" if name is None else _text(record[name])
        if not custom_id:
            raise ValueError(f"{where} has no id: its column {name!r} is empty.")
        yield make_row(custom_id, url, {**content, **defaults})


def _text(value: Any) -> str:
    """Return the value of a column as text: nothing for a missing one, JSON for lists and objects."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


class _Template:
    """A text with columns in braces.

    :raises ValueError: It is not valid.
    """

    def __init__(self, text: str) -> None:
        try:
            self._pieces = [(before, name) for before, name, _, _ in Formatter().parse(text)]
        except ValueError as error:
            raise ValueError(
                f"The template is not a valid text with columns in braces: {error}. {{{{ stands for a brace."
            ) from None
        if not any(name for _, name in self._pieces):
            raise ValueError("The template names no column, such as {text}: all rows would be the same.")

    def fill(self, record: Mapping[str, Any], where: str) -> str:
        """Replace column names with the values of a record."""
        filled: list[str] = []
        for before, name in self._pieces:
            filled.append(before)
            if name is not None:
                if name not in record:
                    raise ValueError(
                        f"{where} has no column {name!r}, which the template uses; it has {_names(record)}."
                    )
                filled.append(_text(record[name]))
        return "".join(filled)


def _names(record: Mapping[str, Any]) -> str:
    return ", ".join(map(repr, record))


def _lines(file: Path) -> Records:
    with file.open(encoding="utf-8-sig") as lines:
        yield from objects_of(lines, str(file))


def objects_of(lines: Iterable[str], name: str) -> Records:
    """Read JSON objects from lines; skip empty ones.

    :param lines: The lines.
    :param name: The name for them in an error.
    :raises ValueError: A line is not a JSON object.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number} of {name} is not JSON: {error}") from None
        if not is_object(value):
            raise ValueError(f"line {number} of {name} is not a JSON object: {line.strip():.100}")
        yield number, value


def _table(file: Path, delimiter: str) -> Records:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    with file.open(encoding="utf-8-sig", newline="") as lines:
        # Not strict, a quote that is never closed takes the rest of the file as one cell.
        reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
        try:
            _check_columns(file, [name for name in reader.fieldnames or () if name])
            for record in reader:
                if None in record:
                    raise ValueError(
                        f"line {reader.line_num} of {file} has more fields than the first line has columns."
                    )
                yield reader.line_num, record
        except csv.Error as error:
            raise ValueError(f"{file} is not valid after line {reader.line_num}: {error}. Check its quotes.") from None


def _check_columns(file: Path, names: Sequence[str]) -> None:
    """Check that each column has a name of its own: a record has one value for each name.

    :raises ValueError: Two columns have the same name.
    """
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(
                f"{file} has {count} columns named {name!r}: rename them, so that it is clear which to use."
            )


def _parquet(file: Path) -> Records:
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(f"reading {file} needs pyarrow: pip install pyarrow") from error
    number = 0
    with parquet.ParquetFile(file) as table:
        _check_columns(file, table.schema_arrow.names)
        for batch in table.iter_batches():
            for record in batch.to_pylist():
                number += 1
                yield number, record


_READERS: Mapping[str, Callable[[Path], Records]] = {
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".csv": lambda file: _table(file, ","),
    ".tsv": lambda file: _table(file, "\t"),
    ".parquet": _parquet,
}
_LINES = (".jsonl", ".ndjson")
