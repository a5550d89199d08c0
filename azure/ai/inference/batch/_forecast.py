"""Predict what a run will need, without sending anything. Pure."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from .._operations.chat import chat_call
from .._operations.embeddings import embed_call
from ._row_calls import RowCalls
from ._row_index import IndexedRow, RowIndex, RowState
from ._rows import BatchRow

_MOST_PROBLEMS = 10


class Forecast(NamedTuple):
    """What a run will need."""

    rows: int
    duplicates: int
    """Rows with the id of an earlier row."""
    refused: int
    """Rows that cannot be sent."""
    problems: list[str]
    """What is wrong with the first of them."""
    prompt_tokens: float
    """Estimated tokens of the requests: a quarter of the characters."""
    answer_tokens: float
    """Maximum number of tokens in the answers, for rows that limit them."""
    unlimited: int
    """Rows that do not limit their answers: `answer_tokens` counts nothing for them."""

    def minutes(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> float | None:
        """Return how long the run takes within a quota; `None` without one."""
        tokens = self.prompt_tokens + self.answer_tokens
        taken = [
            amount / limit for amount, limit in ((self.rows, requests_per_minute), (tokens, tokens_per_minute)) if limit
        ]
        return max(taken, default=None)


def forecast(client: Any, rows: Iterable[BatchRow]) -> Forecast:
    """Read rows as a run does.

    :param client: The client that would send them.
    :param rows: The rows.
    :raises ValueError: A row is for another kind of client.
    """
    calls, index = RowCalls(client), RowIndex()
    count = duplicates = unlimited = 0
    prompt_tokens = answer_tokens = 0.0
    problems: list[str] = []
    refused = 0
    for count, row in enumerate(rows, 1):
        call = calls(row, count)
        duplicates += index[call.custom_id] is not None
        index[call.custom_id] = IndexedRow(RowState.ASKED, 0)
        prompt_tokens += call.tokens - call.answer_tokens
        answer_tokens += call.answer_tokens
        unlimited += calls.kind == "chat" and not call.answer_tokens
        problem = _problem(client, calls, call.arguments)
        if problem is not None:
            refused += 1
            problems += [f"{call.custom_id}: {problem}"] if refused <= _MOST_PROBLEMS else []
    return Forecast(count, duplicates, refused, problems, round(prompt_tokens), round(answer_tokens), unlimited)


def _problem(client: Any, calls: RowCalls, arguments: Any) -> str | None:
    settings, kind = client._settings, calls.kind  # noqa: SLF001 - a client of this package
    try:
        if kind == "chat":
            chat_call(settings, None, arguments)
        else:
            embed_call(settings, kind, None, arguments)
    except (TypeError, ValueError) as error:
        return str(error)
    return None
