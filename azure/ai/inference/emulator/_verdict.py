"""The mistakes of an application, judged by the requests it sent."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ._exchange import Exchange
from ._outcome import Outcome
from ._request import RecordedRequest
from ._values import as_list, as_object, as_text, content_text

_AT_ONCE: Final = 0.02
"""Seconds below which a retry did not wait."""
_TOLERANCE: Final = 0.05
"""Seconds by which clocks may differ."""
_SECOND_RETRY: Final = 3
"""The attempt from which on each must wait: the first retry of azure-core's clients and others comes at once."""
_SHORTEST_TEXT: Final = 3


@dataclass(frozen=True)
class Finding:
    """Something that an application should do differently.

    :ivar kind: ``retry-after-ignored``, ``retry-without-wait``, ``truncated-stream`` or ``leaked-key``.
    :ivar severity: ``error``, or ``warning`` if only the application knows whether something is wrong.
    :ivar requests: The numbers of the requests that show it.
    :ivar message: What happened, in a sentence.
    """

    kind: Literal["retry-after-ignored", "retry-without-wait", "truncated-stream", "leaked-key"]
    severity: Literal["error", "warning"]
    requests: tuple[int, ...]
    message: str

    def __str__(self) -> str:
        """Return the severity and the message."""
        return f"{self.severity}: {self.message}"


def judge(exchanges: Sequence[Exchange]) -> tuple[Finding, ...]:
    """Return the mistakes of the application, in the order of its requests."""
    by_number = {exchange.outcome.id: exchange for exchange in exchanges}
    findings: list[Finding] = []
    for exchange in exchanges:
        outcome = exchange.outcome
        earlier = by_number.get(outcome.retry_of or 0)
        if earlier is not None:
            findings += _judge_wait(earlier.outcome, outcome)
        findings += _judge_leaks(outcome)
        findings += _judge_truncated(exchange, exchanges)
    return tuple(findings)


def _judge_wait(earlier: Outcome, outcome: Outcome) -> Iterator[Finding]:
    waited, asked = outcome.waited or 0.0, earlier.retry_after
    numbers = (earlier.id, outcome.id)
    story = f"request {outcome.id} repeats request {earlier.id}, which got {earlier.status}, after {waited:.2f} s"
    if asked and waited < asked - _TOLERANCE:
        message = f"{story}, although the answer asked for {asked:g} s"
        yield Finding("retry-after-ignored", "error", numbers, message)
    elif asked is None and waited < _AT_ONCE and outcome.attempt >= _SECOND_RETRY and _is_busy(earlier.status):
        message = f"{story}: it did not wait; back off, longer each time"
        yield Finding("retry-without-wait", "error", numbers, message)


def _is_busy(status: int | None) -> bool:
    return status in (408, 429) or (status or 0) >= 500


def _judge_leaks(outcome: Outcome) -> Iterator[Finding]:
    for place in outcome.leaks:
        yield Finding("leaked-key", "error", (outcome.id,), f"request {outcome.id} has a credential in {place}")


def _judge_truncated(exchange: Exchange, exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    outcome = exchange.outcome
    is_truncated = outcome.streamed and outcome.ended and not outcome.whole and not outcome.caller_left
    if not is_truncated or any(other.outcome.retry_of == outcome.id for other in exchanges):
        return
    story = f"the stream of request {outcome.id} broke off after {outcome.events_sent} events"
    text = streamed_text(part.data for part in exchange.parts())
    later = (other for other in exchanges if other.outcome.id > outcome.id and _sends_back(other.request, text))
    other = next(later, None)
    if other is not None:
        message = f"{story}, and request {other.outcome.id} sends its text back as if it were the whole answer"
        yield Finding("truncated-stream", "error", (outcome.id, other.outcome.id), message)
    else:
        message = f"{story}, and was not requested again: check that the application reports it"
        yield Finding("truncated-stream", "warning", (outcome.id,), message)


def _sends_back(request: RecordedRequest, text: str) -> bool:
    """Return whether an assistant message in the conversation contains the text of an answer."""
    if len(text.strip()) < _SHORTEST_TEXT:
        return False
    body = as_object(request.body)
    turns = map(as_object, as_list(body.get("messages", body.get("input"))))
    return any(text.strip() in content_text(turn.get("content")) for turn in turns if turn.get("role") == "assistant")


def streamed_text(parts: Iterable[bytes]) -> str:
    """Return the text in the events of a stream so far, in any of the APIs."""
    return "".join(delta_of(data) for data in events_of(parts))


def events_of(parts: Iterable[bytes]) -> Iterator[Any]:
    """Return the JSON values of the events in the parts of a response."""
    for line in b"".join(parts).splitlines():
        if line.startswith(b"data:"):
            try:
                yield json.loads(line[5:])
            except ValueError:
                continue


def delta_of(event: Any) -> str:
    """Return the text that an event adds to an answer."""
    members = as_object(event)
    for choice in as_list(members.get("choices"))[:1]:
        return as_text(as_object(as_object(choice).get("delta")).get("content"))
    delta = members.get("delta")
    return as_text(delta) if isinstance(delta, str) else as_text(as_object(delta).get("text"))
