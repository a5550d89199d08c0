"""The columns added to a record, of fixed types whatever the result of its row."""

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from .._json import storable
from ._results import BatchResult
from ._summary import tokens_of

if TYPE_CHECKING:
    from ._arrow_types import ArrowShape

COLUMNS: Mapping[str, str] = {
    "status_code": "int32",
    "text": "string",
    "body": "string",
    "error": "string",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "attempts": "int32",
}
"""The columns, in this order, and their Arrow types."""

_PARSED = "parsed"


class Columns:
    """The columns added to records.

    :param parse_as: The type of the column `parsed`, if there is to be one.
    :param prefix: Text to put before each name.
    :raises TypeError: The type has no JSON form, or needs pydantic, which is not installed.
    """

    def __init__(self, parse_as: Any = None, prefix: str = "") -> None:
        self._parse_as, self._prefix = parse_as, prefix
        self._parsed = None if parse_as is None else _arrow_shape_of(parse_as)
        self.names = [prefix + name for name in (*COLUMNS, *([] if parse_as is None else [_PARSED]))]
        """Their names."""

    def check(self, existing: Iterable[str]) -> None:
        """Check that no column of the records has the name of an added column.

        :raises ValueError: One has.
        """
        taken = taken_column_error(existing, self.names)
        if taken:
            raise ValueError(taken)

    def add_to(self, table: Any, results: Sequence[BatchResult]) -> Any:
        """Return a table with the columns of its records' results.

        :param table: A `pyarrow.Table`.
        :param results: A result for each record.
        """
        arrow: Any = import_module("pyarrow")
        added = [self.of(result) for result in results]
        kinds = {name: arrow.type_for_alias(kind) for name, kind in COLUMNS.items()}
        if self._parsed is not None:
            kinds[_PARSED] = self._parsed.type
        for name, kind in kinds.items():
            values = arrow.array([columns[name] for columns in added], type=kind)
            table = table.append_column(self._prefix + name, values)
        return table

    def of(self, result: BatchResult) -> dict[str, Any]:
        """Return the values added to the record of a result, by name without the prefix."""
        columns = columns_of(result)
        if self._parsed is not None:
            columns[_PARSED] = None
            if result.ok:
                try:
                    columns[_PARSED] = self._parsed.write(result.parse_as(self._parse_as))
                except (AzureError, ValueError, TypeError) as error:
                    columns["error"] = storable(f"{type(error).__name__}: {error}")
        return columns


def _arrow_shape_of(kind: Any) -> "ArrowShape":
    from ._arrow_types import arrow_shape_of  # imported late: most users have no such column, and no pyarrow

    return arrow_shape_of(kind)


def taken_column_error(existing: Iterable[str], added: Iterable[str]) -> str | None:
    """Return the error text if a column of the records has the name of an added one, else `None`."""
    names = list(added)
    taken = [name for name in existing if name in names]
    if not taken:
        return None
    return (
        f"The records already have a column {taken[0]!r}, and one of that name is added. Rename it, or pass prefix=, "
        f"such as prefix='answer_', which is put before the added names: {', '.join(names)}."
    )


def columns_of(result: BatchResult) -> dict[str, Any]:
    """Return the values added to the record of a result."""
    usage, response = result.usage, result.response
    return {
        "status_code": response.status_code if response else None,
        "text": _text_of(result),
        "body": json.dumps(response.body) if response else None,
        "error": None if result.error is None else storable(f"{result.error.code}: {result.error.message}"),
        "prompt_tokens": tokens_of(usage, "prompt_tokens"),
        "completion_tokens": tokens_of(usage, "completion_tokens"),
        "attempts": result.attempts or 0,
    }


def _text_of(result: BatchResult) -> str | None:
    message = result.answer.choices[0].message if result.ok and result.answer.choices else None
    return storable(message.text) if message else None
