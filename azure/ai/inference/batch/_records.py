"""Turn the records of a table into rows, and check the functions that are sent to workers. Pure."""

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple, cast

from azure.core.credentials import AzureKeyCredential

from ._results import BatchResult, failed
from ._rows import BatchRow, chat_row

_SECRET_WORDS = ("key", "secret", "token", "password", "credential")
_LIVE = ("get_token", "complete", "embed")
"""Methods that identify credentials and clients."""


class RecordRows(NamedTuple):
    """How records become rows."""

    id: str
    """The column with the ids."""
    messages: Callable[[Mapping[str, Any]], Any]
    """Returns the messages for a record."""
    options: Mapping[str, Any]
    """Settings of the model."""

    def rows_of(self, records: Iterable[Mapping[str, Any]]) -> list[BatchRow | BatchResult]:
        """Build a row for each record, or a failed result if the record is not a valid row.

        :raises ValueError: There is no column with the ids.
        """
        return [self._row_of(record) for record in records]

    def check_columns(self, columns: Iterable[str]) -> None:
        """Check that there is a column with the ids.

        :raises ValueError: There is none.
        """
        if self.id not in columns:
            names = ", ".join(map(repr, columns))
            raise ValueError(f"There is no column {self.id!r}, as named by id=; the columns are {names}.")

    def _row_of(self, record: Mapping[str, Any]) -> BatchRow | BatchResult:
        self.check_columns(record)
        if _is_missing(record[self.id]):
            return failed("", "", ValueError(f"The record has no id: its column {self.id!r} is empty."), 0, 0.0)
        custom_id = str(record[self.id])
        try:
            messages = self.messages(record)
        except Exception as error:  # noqa: BLE001 - whatever the caller's function raises fails its record
            result = failed(custom_id, "", error, 0, 0.0)
            cast("Any", result.error).message = f"The function messages raised {type(error).__name__}: {error}"
            return result
        try:
            return chat_row(custom_id, messages=messages, **self.options)
        except (TypeError, ValueError) as error:
            return failed(custom_id, "", error, 0, 0.0)


def _is_missing(value: Any) -> bool:
    """Return whether a value is missing: None, NaN, or one of pandas' own markers."""
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )


def check_records(make_client: Any, rows: RecordRows) -> None:
    """Check the arguments before they are sent to workers.

    :raises TypeError: Something has the wrong type, `make_client` holds a credential, or a keyword is unknown.
    :raises ValueError: A setting of the model is invalid.
    """
    check_make_client(make_client)
    name: Any = rows.id
    if not isinstance(name, str):
        raise TypeError(f"id must be the name of a column, not {type(name).__name__}: {name!r:.200}")
    if not callable(rows.messages):
        raise TypeError(
            "messages must be a function that returns the messages of a record, such as lambda record: "
            f'[{{"role": "user", "content": record["text"]}}], not {type(rows.messages).__name__}.'
        )
    options: Any = rows.options
    chat_row("-", messages=[{"role": "user", "content": ""}], **options)


def check_make_client(make_client: Any) -> None:
    """Check that a function that builds clients can be sent to other machines without exposing a secret.

    :raises TypeError: It is not a function, or it contains a credential or a client.
    """
    if not callable(make_client):
        raise TypeError(f"make_client must be a function that builds an asynchronous client, not {make_client!r:.100}.")
    for name, value in _held_by(make_client):
        if _is_secret(name, value):
            raise TypeError(
                f"make_client holds {name!r}, which would be pickled and sent to every worker. Read the key from the "
                "environment inside the function, or call DefaultAzureCredential() there."
            )


def _is_secret(name: str, value: Any) -> bool:
    """Return whether a value is a credential, a client that holds one, or a text with a telling name."""
    if isinstance(value, str):  # the name of an environment variable is not a secret
        return value not in os.environ and any(word in name.lower() for word in _SECRET_WORDS)
    if isinstance(value, (type, ModuleType)):
        return False
    return isinstance(value, AzureKeyCredential) or any(hasattr(value, method) for method in _LIVE)


def _held_by(function: Any) -> Iterable[tuple[str, Any]]:
    """Return the values that are pickled with a function, with their names."""
    if isinstance(function, partial):
        names = _parameters_of(function.func)
        return [*zip(names, function.args, strict=False), *function.keywords.items(), *_held_by(function.func)]
    if not inspect.isfunction(function):
        return []
    found = inspect.getclosurevars(function)
    # Globals of a module are imported by the workers; globals of a script or a notebook are pickled.
    outside: Mapping[str, Any] = found.globals if function.__module__ == "__main__" else {}
    defaults = inspect.signature(function).parameters.values()
    return [*found.nonlocals.items(), *outside.items(), *((each.name, each.default) for each in defaults)]


def _parameters_of(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # a class written in C
        return []
