"""Exchanges as the control API shows them: JSON values without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from ._exchange import Exchange, Facts, scrubber_of
from ._matching import last_text
from ._script import Rule, read_reply
from ._secrets import Scrubber
from ._split_secrets import LOOK_BACK, hide_split_secrets
from ._values import as_object, as_text
from ._weather import Fault

_EVENTS: Final = 2000
"""How many parts of an answer are shown at a time."""
_PREVIEW: Final = 200
_DEPLOYMENT: Final = re.compile(r"/deployments/([^/]+)")


def summarize(exchange: Exchange) -> dict[str, Any]:
    """Return what a list of requests shows of one."""
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
        "nearest_miss": outcome.nearest_miss,
        "attempt": outcome.attempt,
        "retry_of": outcome.retry_of,
        "waited": None if outcome.waited is None else round(outcome.waited, 3),
        "left_after": outcome.left_after,
        "retry_after": outcome.retry_after,
        "leaks": list(outcome.leaks),
    }


def describe_exchange(exchange: Exchange) -> dict[str, Any]:
    """Return all that is known of a request: the summary, what was sent, and what was answered."""
    scrubber, request, outcome = exchange.scrubber(), exchange.request, exchange.outcome
    body = scrubber.json(request.body) if request.body is not None else None
    text = scrubber.text(request.raw.decode("utf-8", "replace")) if body is None else None
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
            "body": body,
            "text": text,
        },
        "answer": answer if outcome.streamed else {**answer, **_written(exchange.body, scrubber)},
    }


def describe_events(exchange: Exchange, first: int) -> dict[str, Any]:
    """Return the parts of an answer from the part number ``first`` on, and where to go on."""
    scrubber = exchange.scrubber()
    begin = max(0, first - LOOK_BACK)
    parts = list(islice(exchange.parts(begin), first - begin + _EVENTS))
    clean = hide_split_secrets([part.data for part in parts], scrubber.known)[first - begin :]
    parts = parts[first - begin :]
    return {
        "events": [
            {"n": number, "at_ms": round(1000 * part.at, 1), "data": scrubber.events(_text(data))}
            for number, (part, data) in enumerate(zip(parts, clean, strict=True), first)
            if data
        ],
        "next": first + len(parts),
        "more": exchange.count > first + len(parts),
        "state": _state(exchange),
        "dropped": exchange.is_dropped,
    }


def describe_fault(fault: Fault | None) -> dict[str, Any] | None:
    """Return a fault's members that are set."""
    if fault is None:
        return None
    return {
        name: value for name, value in vars(fault).items() if value not in (None, "") and (name, value) != ("seed", 0)
    }


def describe_rule(rule: Rule) -> dict[str, Any]:
    """Return a reply's conditions and how often it was given."""
    text = None if callable(rule.said) else read_reply(rule.said).content
    return {"id": rule.number, "name": str(rule), "text": text, "given": rule.given, "times": rule.times}


def read_facts(exchange: Exchange) -> Facts:
    """Return what a summary shows of the request itself."""
    scrubber = scrubber_of(exchange.secrets)
    body = as_object(_loaded(exchange.request.raw))
    return Facts(
        path=scrubber.text(exchange.request.path),
        model=scrubber.text(as_text(body.get("model")) or _deployment(exchange.request.path)),
        stream=body.get("stream") is True,
        preview=scrubber.text(" ".join(last_text(body).split())[:_PREVIEW]),
    )


def _state(exchange: Exchange) -> str:
    outcome = exchange.outcome
    if not outcome.ended:
        return "open"
    return "left" if outcome.caller_left else "cut" if outcome.cut else "done"


def _deployment(path: str) -> str:
    match = _DEPLOYMENT.search(path)
    return match[1] if match else ""


def _written(raw: bytes, scrubber: Scrubber) -> Mapping[str, Any]:
    value = _loaded(raw)
    return {"body": scrubber.json(value)} if value is not None else {"text": scrubber.text(_text(raw))}


def _loaded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
