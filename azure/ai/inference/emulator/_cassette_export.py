"""Export the exchanges of a journal as a cassette."""

from collections.abc import Iterable
from typing import Any

from ._cassette import write_exchange
from ._cassette_file import VERSION
from ._exchange import Exchange
from ._recorder import Arrivals


def export(exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """Return a cassette of the exchanges that are complete and whose responses are still stored."""
    return {"version": VERSION, "exchanges": [_write(exchange) for exchange in exchanges if _is_complete(exchange)]}


def _is_complete(exchange: Exchange) -> bool:
    outcome = exchange.outcome
    return outcome.ended and outcome.status is not None and not outcome.caller_left and not exchange.is_dropped


def _write(exchange: Exchange) -> dict[str, Any]:
    outcome = exchange.outcome
    pieces = [(part.at, part.data) for part in exchange.parts() if part.data]
    arrivals = Arrivals(outcome.status or 0, outcome.headers, pieces, whole=not outcome.cut)
    return write_exchange(exchange.request, arrivals, exchange.secrets)
