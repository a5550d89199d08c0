"""What an application sent and received, as text for the report of a failed test."""

import json
from collections.abc import Iterator
from typing import Any, Final

from ._emulator import Emulator
from ._outcome import Outcome
from ._request import RecordedRequest
from ._secrets import Scrubber

_WIDTH: Final = 500
_NEWEST: Final = 20


def write_transcript(emulator: Emulator) -> str:
    """Return the newest exchanges of an emulator, a few lines each, and the mistakes of the application."""
    requests = emulator.requests
    if not requests:
        return "no requests arrived"
    lines = [f"({len(requests) - _NEWEST} earlier requests)"] if len(requests) > _NEWEST else []
    lines += [line for request in requests[-_NEWEST:] for line in transcript_lines(request)]
    scrubber = Scrubber()
    scrubber.learn(emulator.key)
    return scrubber.text("\n".join([*lines, *map(str, emulator.verdict())]))


def transcript_lines(request: RecordedRequest) -> Iterator[str]:
    """Yield the request, its outcome, and the source of the response."""
    outcome = request.outcome
    yield f"{outcome.id}. {request.method} {request.path} -> {_became(outcome)}"
    if request.raw:
        yield f"   body: {_cut(_body(request))}"
    yield f"   answer: {_origin(outcome)}"


def _body(request: RecordedRequest) -> str:
    body: Any = Scrubber().json(request.body)
    return json.dumps(body, ensure_ascii=False) if body is not None else request.raw.decode("utf-8", "replace")


def _became(outcome: Outcome) -> str:
    """Return a line such as ``429 in 3 ms, attempt 2 after 0.80 s``."""
    parts = [f"{outcome.status or 'no status'} in {1000 * outcome.duration:.0f} ms"]
    if outcome.streamed:
        parts.append(f"{outcome.events_sent} events")
    if outcome.caller_left:
        parts.append("the caller left")
    if outcome.cut:
        parts.append("cut")
    if not outcome.ended:
        parts.append("still being answered")
    if outcome.waited is not None:
        parts.append(f"attempt {outcome.attempt} after {outcome.waited:.2f} s")
    return ", ".join(parts)


def _origin(outcome: Outcome) -> str:
    """Describe the source of a response."""
    text = outcome.matched or _ORIGINS[outcome.source]
    if outcome.fault is not None:
        text = f"fault {outcome.fault.kind}" + ("" if outcome.source == "fault" else f" on {text}")
    return text + (f"; nearest: {_cut(outcome.nearest_miss)}" if outcome.nearest_miss else "")


_ORIGINS: Final = {
    "default": "the emulator's own",
    "reply": "a reply",
    "cassette": "the cassette",
    "recording": "the real endpoint",
    "refusal": "the request is refused",
    "quota": "the quota is used up",
    "fault": "a fault",
}


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
