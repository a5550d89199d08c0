"""The filters of the control API's list of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from ._exchange import Exchange
from ._exchange_view import summarize

_LIMIT: Final = 100
_MOST: Final = 10_000

Summary = dict[str, Any]


def select(exchanges: Sequence[Exchange], query: Iterable[tuple[str, str]]) -> tuple[list[Exchange], int]:
    """Return the newest exchanges that match all filters, and how many match at all.

    :param query: ``status`` (``429``, ``5xx``, ``error``), ``state``, ``model``, ``path`` and ``text`` (contained),
        ``fault`` (a kind, or ``any``), ``source``, ``after`` (a number), ``limit`` (default: 100).
    :raises ValueError: For an unknown filter or an invalid value.
    """
    filters = dict(query)
    limit = min(_number("limit", filters.pop("limit", str(_LIMIT))), _MOST)
    after = _number("after", filters.pop("after", "0"))
    unknown = [name for name in filters if name not in _CHECKS]
    if unknown:
        raise ValueError(f"there is no filter {unknown[0]!r}; choose {', '.join((*_CHECKS, 'after', 'limit'))}")
    found = [
        exchange
        for exchange in reversed(exchanges)
        if exchange.outcome.id > after and _fits(summarize(exchange), filters)
    ]
    return found[:limit], len(found)


def _fits(summary: Summary, filters: dict[str, str]) -> bool:
    return all(_CHECKS[name](summary, value) for name, value in filters.items())


def _has_status(summary: Summary, wanted: str) -> bool:
    status = str(summary["status"] or "")
    if wanted == "error":
        return status >= "4" or summary["state"] in ("cut", "left")
    return status == wanted or (wanted.endswith("xx") and status[:1] == wanted[:1])


def _has_text(summary: Summary, wanted: str) -> bool:
    found = " ".join(str(summary[name] or "") for name in ("preview", "path", "model", "matched", "fault"))
    return wanted.lower() in found.lower()


def _contains(name: str) -> Callable[[Summary, str], bool]:
    return lambda summary, wanted: wanted.lower() in str(summary[name]).lower()


def _equals(name: str) -> Callable[[Summary, str], bool]:
    return lambda summary, wanted: summary[name] == wanted or (wanted == "any" and summary[name] is not None)


_CHECKS: Final = {
    "status": _has_status,
    "state": _equals("state"),
    "model": _contains("model"),
    "path": _contains("path"),
    "text": _has_text,
    "fault": _equals("fault"),
    "source": _equals("source"),
}


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is {text!r}; choose a whole number, 0 or more")
    return int(text)
