"""Exchanges as the control API shows them: JSON values without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, islice
from typing import Any, Final

from ._exchange import MOST_SHOWN, Exchange, Facts, Part, scrubber_of
from ._fault import Fault
from ._matching import last_text
from ._script import Rule, read_reply
from ._secrets import Scrubber
from ._split_secrets import (
    LOOK_BACK,
    count_complete_parts,
    hide_cut_secrets,
    hide_spelled_secrets,
    hide_split_secrets,
    join_events,
)
from ._values import as_object, as_text

_EVENTS: Final = 2000
"""How many parts of a response are shown at a time."""
_PREVIEW: Final = 200
_BEGINNING: Final = 50_000
"""Bytes that are shown of a body that is too large."""
_DEPLOYMENT: Final = re.compile(r"/deployments/([^/]+)")


def summarize(exchange: Exchange) -> dict[str, Any]:
    """Return the view of a request in a list of requests."""
    outcome, facts = exchange.outcome, exchange.facts(read_facts)
    return {
        "id": outcome.id,
        "arrived": outcome.arrived.isoformat(timespec="milliseconds"),
        "method": exchange.request.method,
        "path": facts.path,
        "model": facts.model,
        "stream": facts.stream or outcome.streamed,
        "preview": facts.preview,
        "state": _state(exchange),
        "status": outcome.status,
        "duration_ms": round(1000 * outcome.duration, 1) if outcome.ended else None,
        "events": outcome.events_sent,
        "bytes": outcome.bytes_sent,
        "tokens": {name: value for name, value in outcome.usage.items() if isinstance(value, int)},
        "fault": None if outcome.fault is None else outcome.fault.kind,
        "source": outcome.source,
        "matched": outcome.matched,
        "nearest_miss": None if outcome.nearest_miss is None else exchange.scrubber().text(outcome.nearest_miss),
        "attempt": outcome.attempt,
        "retry_of": outcome.retry_of,
        "waited": None if outcome.waited is None else round(outcome.waited, 3),
        "left_after": outcome.left_after,
        "retry_after": outcome.retry_after,
        "leaks": list(outcome.leaks),
    }


def describe_exchange(exchange: Exchange) -> dict[str, Any]:
    """Return everything known about a request: the summary, what was sent, and what was returned."""
    scrubber, request, outcome = exchange.scrubber(), exchange.request, exchange.outcome
    answer: dict[str, Any] = {
        "status": outcome.status,
        "headers": scrubber.headers(outcome.headers, of_request=False),
        "streamed": outcome.streamed,
        "dropped": exchange.is_dropped,
        "whole": outcome.whole,
    }
    return {
        **summarize(exchange),
        "fault_settings": describe_fault(outcome.fault),
        "request": {
            "query": [list(pair) for pair in scrubber.query(request.query)],
            "headers": scrubber.headers(request.headers, of_request=False),
            "body": None,
            "text": None,
            **_written(request.raw, scrubber),
        },
        "answer": answer if outcome.streamed else {**answer, **_written(exchange.body, scrubber)},
    }


def describe_events(exchange: Exchange, first: int) -> dict[str, Any]:
    """Return the parts of a response starting at part number ``first``, and where to continue."""
    scrubber = exchange.scrubber()
    begin = max(0, first - LOOK_BACK)
    parts = _page(list(islice(exchange.parts(begin), first - begin + _EVENTS)), first - begin)
    more = exchange.count > begin + len(parts)
    data = [_shown(part.data) for part in parts]
    if exchange.outcome.streamed:
        data = join_events(data)
        # What may be the beginning of a secret is shown once the rest has come.
        shown = (
            len(data) if more or exchange.outcome.ended else max(first - begin, count_complete_parts(data, scrubber))
        )
        clean = hide_split_secrets(data, scrubber)[:shown]
    else:
        clean = hide_cut_secrets(data, scrubber)
    clean = clean[first - begin :]
    parts = parts[first - begin : first - begin + len(clean)]
    return {
        "events": [
            {"n": number, "at_ms": round(1000 * part.at, 1), "data": scrubber.events(_text(data))}
            for number, (part, data) in enumerate(zip(parts, clean, strict=True), first)
            if data
        ],
        "next": first + len(parts),
        "more": more,
        "state": _state(exchange),
        "dropped": exchange.is_dropped,
    }


def _page(parts: Sequence[Part], before: int) -> Sequence[Part]:
    """Return the parts up to the one with which a page is full. The first ``before`` are from the page before."""
    sizes = accumulate(len(_shown(part.data)) for part in parts[before:])
    full = next((number for number, size in enumerate(sizes, 1) if size >= MOST_SHOWN), len(parts))
    return parts[: before + full]


def _shown(data: bytes) -> bytes:
    """Return a part, or the beginning of one that is too large: to scrub it would hold up all callers."""
    return data if len(data) <= MOST_SHOWN else data[:_BEGINNING] + f"… ({len(data):,} bytes in all)\n\n".encode()


def describe_fault(fault: Fault | None) -> dict[str, Any] | None:
    """Return the members of a fault that are set."""
    if fault is None:
        return None
    return {
        name: value for name, value in vars(fault).items() if value not in (None, "") and (name, value) != ("seed", 0)
    }


def describe_rule(rule: Rule) -> dict[str, Any]:
    """Return the conditions of a reply and how often it was used."""
    text = None if callable(rule.said) else read_reply(rule.said).content
    return {"id": rule.number, "name": str(rule), "text": text, "given": rule.given, "times": rule.times}


def read_facts(exchange: Exchange) -> Facts:
    """Return the part of a summary that concerns the request itself."""
    scrubber = scrubber_of(exchange.secrets)
    body = as_object(_loaded(exchange.request.raw))
    return Facts(
        path=scrubber.path(exchange.request.path),
        model=scrubber.text(as_text(body.get("model")) or _deployment(exchange.request.path)),
        stream=body.get("stream") is True,
        # Scrubbed before it is cut: half of a secret does not look like one.
        preview=scrubber.text(" ".join(last_text(body)[: 10 * _PREVIEW].split()))[:_PREVIEW],
    )


STATES: Final = ("open", "left", "cut", "done")


def _state(exchange: Exchange) -> str:
    outcome = exchange.outcome
    if not outcome.ended:
        return "open"
    return "left" if outcome.caller_left else "cut" if outcome.cut else "done"


def _deployment(path: str) -> str:
    match = _DEPLOYMENT.search(path)
    return match[1] if match else ""


def _written(raw: bytes, scrubber: Scrubber) -> Mapping[str, Any]:
    if len(raw) > MOST_SHOWN:
        return {"text": _beginning(raw, scrubber)}
    value = _loaded(raw)
    if value is not None:
        with suppress(RecursionError):
            return {"body": scrubber.json(hide_spelled_secrets(value, scrubber))}
    return {"text": scrubber.text(_text(raw))}


def _beginning(raw: bytes, scrubber: Scrubber) -> str:
    """Return the beginning of what is too large to be shown whole."""
    return f"{scrubber.text(_text(raw[:_BEGINNING]))}… ({len(raw):,} bytes in all)"


def _loaded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
