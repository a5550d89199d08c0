"""Read rows from files: lines of OpenAI's Batch API, or tables with a template. Files are read as rows are taken."""

import csv
import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
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
    reader = _reader_of(file)
    _check_arguments(file, template, id)
    extra: Any = options
    make = chat_row if url == CHAT_URL else embedding_row
    probe: Any = {"messages": [{"role": "user", "content": ""}]} if url == CHAT_URL else {"input": "-"}
    defaults = {name: value for name, value in make("-", **probe, **extra).body.items() if name not in probe}
    records = _in_utf_8(file, reader(file))
    if template is None:
        return _rows(file, records, defaults)
    return _filled(file, records, _Template(template), id, url, defaults)


def _reader_of(file: Path) -> Callable[[Path], Records]:
    """Return the reader for a kind of file. What is no file is refused: a run could not be continued."""
    kind = file.suffix.lower()
    if str(file) == "-" or (file.exists() and not file.is_file()):
        raise ValueError(
            f"{file} is not a file. Rows are read from {', '.join(_READERS)} files, so that a run can be continued."
        )
    if kind not in _READERS:
        ending = f"ends in {kind!r}" if kind else "has no ending that says what it holds"
        raise ValueError(f"{file} {ending}; rows can be read from {', '.join(_READERS)} files.")
    return _READERS[kind]


def _check_arguments(file: Path, template: str | None, id: str | None) -> None:
    if template is None and file.suffix.lower() not in _LINES:
        raise ValueError(
            f"{file} is a table: pass template=, the message with its columns in braces, such as {{text}}."
        )
    if template is None and id is not None:
        raise ValueError(
            f"id={id!r} is a column of a table, which needs template=; without it, the rows of {file} have a custom_id."
        )
    if not file.exists():
        raise FileNotFoundError(f"There is no file {file}.")


def _in_utf_8(file: Path, records: Records) -> Records:
    """Name the file whose text is not UTF-8, and its first line that is not."""
    try:
        yield from records
    except UnicodeDecodeError:
        with file.open("rb") as lines:
            found = (_encoding_fault(number, line) for number, line in enumerate(lines, 1))
            where = next(filter(None, found), "it is not UTF-8")
        raise ValueError(f"{file} cannot be read: {where}. Save it as UTF-8.") from None


def _encoding_fault(number: int, line: bytes) -> str | None:
    if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "it is UTF-16"
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"line {number} is not UTF-8: byte {line[error.start]:#04x}"
    return None


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
    """A text with columns in braces. All between two braces is the name: columns may be called "dc:title" or "why?".

    :raises ValueError: It is not valid.
    """

    def __init__(self, text: str) -> None:
        self._pieces: list[tuple[str, str | None]] = []
        end = 0
        for found in _BRACES.finditer(text):
            before, end = text[end : found.start()], found.end()
            name = found["column"]
            if name is None and len(found[0]) == 1:
                raise ValueError(
                    f"The template has a single {found[0]!r} at character {found.start() + 1}. Write a column as "
                    "{name}, and double a brace that is part of the text."
                )
            self._pieces.append((before if name is not None else before + found[0][0], name))
        self._pieces.append((text[end:], None))
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


_BRACES = re.compile(r"\{\{|\}\}|\{(?P<column>[^{}]*)\}|[{}]")


def _names(record: Mapping[str, Any]) -> str:
    listed = ", ".join(map(repr, record))
    mark = next((mark for mark in ";\t|," if len(record) == 1 and mark in next(iter(record))), None)
    if mark is not None:  # spreadsheets write what the country's settings say, whatever the name of the file
        listed += f" (columns must be separated by commas in .csv, by tabs in .tsv; here it seems to be {mark!r})"
    return listed


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
