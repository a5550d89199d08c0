"""Records of a table as rows, answered in a worker of a cluster. Knows no engine.

A worker has a client of its own, built where it runs, and writes a part of the journal. It looks into the parts of the
others before it asks, so that what a worker had answered when it died is not asked again.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

from ._places import Places
from ._results import BatchResult, answered, failed, is_transient
from ._row_calls import RowCall, RowCalls
from ._rows import chat_row
from ._run_journal import Journal
from ._runner import Job, Runner

COLUMNS = ("status_code", "text", "body", "error", "prompt_tokens", "completion_tokens", "attempts")
"""What is added to a record, in this order."""

_SECRET_WORDS = ("key", "secret", "token", "password", "credential")


class RecordRows(NamedTuple):
    """How records become rows."""

    id: str
    """The column that has the ids."""
    messages: Callable[[Mapping[str, Any]], Any]
    """Makes the messages of a record."""
    options: Mapping[str, Any]
    """Settings of the model."""


def check_make_client(make_client: Any) -> None:
    """Check that a function that builds clients can go to other machines without a secret in it.

    :raises TypeError: It is no function, or it has a credential or a client in it.
    """
    if not callable(make_client):
        raise TypeError(f"make_client must be a function that builds an asynchronous client, not {make_client!r:.100}.")
    held: Mapping[str, Any] = inspect.getclosurevars(make_client).nonlocals if inspect.isfunction(make_client) else {}
    for name, value in held.items():
        secret = isinstance(value, str) and any(word in name.lower() for word in _SECRET_WORDS)
        if secret or isinstance(value, AzureKeyCredential) or hasattr(value, "get_token") or hasattr(value, "complete"):
            raise TypeError(
                f"make_client holds {name!r}, which would be pickled and sent to every worker. Read the key from the "
                "environment inside of the function, or call DefaultAzureCredential() there."
            )


class RecordWorker:
    """Answers records. Used in one event loop.

    :param rows: How records become rows.
    :param client: The client.
    :param pacer: Says when requests start.
    :param output: The folder of results, or `None`.
    :param max_concurrency: The most requests at a time.
    """

    def __init__(self, rows: RecordRows, client: Any, pacer: Any, output: Path | None, max_concurrency: int) -> None:
        self._rows, self._client = rows, client
        self._calls = RowCalls(client)
        self._room = asyncio.Semaphore(max_concurrency)
        self._journal = None if output is None else Journal(output, folder=True, reads=False)
        self._places = None if output is None else Places(output)
        self._runner = Runner(pacer, max_concurrency=max_concurrency, begun=self._begun, lost=self._lost)
        self._answered = False

    async def answer(self, records: Sequence[Mapping[str, Any]]) -> list[BatchResult]:
        """Answer records.

        :param records: The records.
        :return: A result for each, in their order.
        :raises ~azure.core.exceptions.AzureError: The first request failed as all would.
        """
        if self._places is not None:
            self._places.refresh()
        return list(await asyncio.gather(*(self._one(record) for record in records)))

    async def _one(self, record: Mapping[str, Any]) -> BatchResult:
        custom_id = str(record[self._rows.id])
        try:
            row = chat_row(custom_id, messages=self._rows.messages(record), **self._rows.options)
            call = self._calls(row, 1)
        except (TypeError, ValueError) as error:
            return failed(custom_id, "", error, 0, 0.0)
        known = None if self._places is None else self._places.find(custom_id)
        if known is not None and known.request_sha256 == call.sha256 and not is_transient(known):
            return known
        async with self._room:
            send = partial(self._client.complete, **call.arguments)
            outcome = await self._runner.carry_out(Job(call, send, call.tokens))
        make: Any = answered if outcome.error is None else failed
        said = outcome.answer if outcome.error is None else outcome.error
        result: BatchResult = make(custom_id, call.sha256, said, outcome.attempts, outcome.seconds)
        self._answered = self._answered or result.ok
        if self._journal is not None:
            self._journal.write(result)
        return result

    def _begun(self, call: RowCall) -> None:
        if self._journal is not None:
            self._journal.sent(call.row.custom_id)

    def _lost(self, call: RowCall, error: Exception) -> None:
        if self._answered or not isinstance(error, AzureError):
            return
        unreachable = isinstance(error, (ClientAuthenticationError, ServiceRequestError))
        if unreachable or getattr(error, "status_code", None) in (401, 403, 404):
            raise error


def columns_of(result: BatchResult) -> dict[str, Any]:
    """Return what is added to a record; each column has one type, whatever became of the row."""
    import json

    usage, response = result.usage, result.response
    return {
        "status_code": response.status_code if response else None,
        "text": _text_of(result),
        "body": json.dumps(response.body) if response else None,
        "error": None if result.error is None else f"{result.error.code}: {result.error.message}",
        "prompt_tokens": _tokens(usage, "prompt_tokens"),
        "completion_tokens": _tokens(usage, "completion_tokens"),
        "attempts": result.attempts or 0,
    }


def _text_of(result: BatchResult) -> str | None:
    return result.answer.choices[0].message.text if result.ok and result.answer.choices else None


def _tokens(usage: Mapping[str, Any] | None, name: str) -> int:
    return (usage or {}).get(name) or 0
