"""The filters of the control API's list of requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, get_args

from ._exchange import Exchange
from ._exchange_view import STATES, summarize
from ._fault import read_fault
from ._outcome import Source

_LIMIT: Final = 100
_MOST: Final = 10_000

Summary = dict[str, Any]


def select(exchanges: Sequence[Exchange], query: Iterable[tuple[str, str]]) -> tuple[list[Exchange], int]:
    """Return the newest exchanges that match all filters, and how many match at all.

    :param query: ``status`` (``429``, ``5xx``, ``error``), ``state``, ``model``, ``path`` and ``text`` (contained),
        ``fault`` (a kind, or ``any``), ``source``, ``after`` (a number), ``limit`` (default: 100).
    :raises ValueError: For an unknown filter or an invalid value.
    """
    filters: dict[str, str] = {}
    for name, value in query:
        if name in filters:
            raise ValueError(f"the filter {name!r} is given twice; choose one value")
        filters[name] = value
    limit = min(_number("limit", filters.pop("limit", str(_LIMIT))), _MOST)
    after = _number("after", filters.pop("after", "0"))
    unknown = [name for name in filters if name not in _CHECKS]
    if unknown:
        raise ValueError(f"there is no filter {unknown[0]!r}; choose {', '.join((*_CHECKS, 'after', 'limit'))}")
    for name, value in filters.items():
        _check(name, value)
    found = [
        exchange
        for exchange in reversed(exchanges)
        if exchange.outcome.id > after and _fits(summarize(exchange), filters)
    ]
    return found[:limit], len(found)


def _check(name: str, value: str) -> None:
    """Check the value of a filter: what no request can have would look like "no such request".

    :raises ValueError: if no request can have it.
    """
    if name == "status" and not re.fullmatch(r"[1-5](\d\d|xx)|error", value, re.ASCII):
        raise ValueError(f"status is {value!r}; choose a status such as 429, a class such as 5xx, or error")
    if name in _WORDS and value not in (*_WORDS[name], "any"):
        raise ValueError(f"{name} is {value!r}; choose {', '.join(_WORDS[name])}")
    if name == "fault" and value != "any":
        read_fault({"kind": value})


_WORDS: Final = {"state": STATES, "source": get_args(Source)}


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
