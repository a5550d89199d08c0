"""Faults on demand: what can go wrong between a caller and a model, each as a function of the response.

A :class:`Fault` says what goes wrong and how often. :class:`FaultInjector` counts requests and picks the next fault.
:func:`replace_answer` and :func:`alter_answer` create the response that is sent instead. Nothing here waits or breaks a
connection: the response has steps that do.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import chain
from typing import Final

from ._access import token_problem
from ._dialects import Dialect
from ._fault import Fault
from ._request import RecordedRequest
from ._response import Cut, Pause, Response, Step, event
from ._routes import find_family
from ._service_error import ServiceError

Render = Callable[[ServiceError, Dialect], Response]

_MESSAGES: Final[Mapping[int, tuple[str, str]]] = {
    401: ("401", "Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."),
    403: ("403", "Out of call volume quota."),
    408: ("Timeout", "The operation was timeout."),
    500: ("InternalServerError", "The server had an error while processing your request. Sorry about that!"),
    502: ("BadGateway", "Bad gateway."),
    503: ("ServiceUnavailable", "The service is temporarily unable to process your request. Please try again later."),
    529: ("Overloaded", "Overloaded"),
    504: ("GatewayTimeout", "The gateway did not receive a response from the model in time."),
}


_SEED_STEP: Final = 1_000_003


@dataclass
class ScheduledFault:
    """A fault, and its history.

    :ivar fault: The fault.
    :ivar number: Its number, counted from 1.
    :ivar seen: How many requests it might have struck.
    :ivar struck: How many it struck.
    """

    fault: Fault
    number: int
    seen: int = 0
    struck: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        # Each fault draws separately: with a shared sequence, the rarer of two would strike where the other does.
        self.chance = random.Random(self.fault.seed + (self.number - 1) * _SEED_STEP)  # noqa: S311 a seed is the point

    @property
    def is_over(self) -> bool:
        """Whether the fault has struck as often as it should."""
        fault = self.fault
        endless = fault.every is not None or fault.probability is not None
        limit = fault.times if fault.times is not None or endless else 1
        return limit is not None and self.struck >= limit

    def due(self, request: RecordedRequest) -> bool:
        """Count a request, and return whether the fault strikes it."""
        fault = self.fault
        if fault.path not in request.path:
            return False
        self.seen += 1
        return (
            not self.is_over
            and (fault.every is None or self.seen % fault.every == 0)
            and (fault.probability is None or self.chance.random() < fault.probability)
        )


class FaultInjector:
    """The active faults. A request meets at most one: of those that are due, the one added first."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.faults: list[ScheduledFault] = []
        self._numbers = 0
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> ScheduledFault:
        """Add a fault."""
        self._numbers += 1
        self.faults.append(ScheduledFault(fault, self._numbers))
        return self.faults[-1]

    def remove(self, number: int) -> bool:
        """Remove a fault. Return whether it was there."""
        before = len(self.faults)
        self.faults = [scheduled for scheduled in self.faults if scheduled.number != number]
        return len(self.faults) < before

    def next_fault(self, request: RecordedRequest) -> Fault | None:
        """Count a request, and return the fault that strikes it, if any."""
        due = [scheduled for scheduled in self.faults if scheduled.due(request)]
        if not due:
            return None
        due[0].struck += 1
        return due[0].fault


def replace_answer(fault: Fault, request: RecordedRequest, dialect: Dialect, render: Render) -> Response | None:
    """Return the response that replaces the model's; None for a fault that only alters it.

    :param render: Renders a refusal as a response.
    """
    if fault.is_status:
        return render(_status_error(fault, dialect), dialect)
    if fault.kind == "expired-token":
        return render(token_problem(find_family(request.path).audiences), dialect)
    if fault.kind == "html":
        page = b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
        return Response(fault.status or 200, {"Content-Type": "text/html; charset=utf-8"}, page)
    if fault.kind == "empty":
        return Response(fault.status or 200, {"Content-Type": "application/json"})
    if fault.kind == "redirect":
        return Response(fault.status or 307, {"Location": fault.location or _elsewhere(request)})
    if fault.kind == "reset" and fault.events is None:
        return Response(200, {}, steps=[Cut(reset=True)])
    return None


def _elsewhere(request: RecordedRequest) -> str:
    """Return this server's address under another name, which makes it another origin."""
    host, _, port = request.headers.get("host", "127.0.0.1").rpartition(":")
    other = "127.0.0.1" if host == "localhost" else "localhost"
    return f"http://{other}:{port}{request.path}"


def _status_error(fault: Fault, dialect: Dialect) -> ServiceError:
    status = int(fault.kind)
    wait = 1.0 if fault.wait is None and status == 429 else fault.wait
    says = fault.says or ("nothing" if wait is None else "retry-after")
    if status == 429:
        return limit_error(dialect, wait or 0, says, fault.message)
    code, message = _MESSAGES.get(status, (str(status), "The request failed."))
    headers = wait_headers(wait or 0, says)
    return ServiceError(status, code, fault.message or message, kind="server", headers=headers)


def limit_error(dialect: Dialect, wait: float, says: str, message: str | None = None) -> ServiceError:
    """Return the refusal for too many requests or tokens, in the provider's words."""
    seconds = f"{wait:g}"
    if dialect.name.startswith("azure-openai"):
        code, text = "429", "Requests to the ChatCompletions_Create Operation have exceeded the call rate limit."
        hint = f" Please retry after {seconds} seconds."
    elif dialect.versions:
        code, text, hint = (
            "RateLimitReached",
            "Rate limit exceeded.",
            f" Please wait {seconds} seconds before retrying.",
        )
    else:
        code, text, hint = "rate_limit_exceeded", "Rate limit reached.", f" Please try again in {seconds}s."
    words = message or text + (hint if says != "nothing" else "")
    return ServiceError(429, code, words, kind="limit", headers=wait_headers(wait, says))


def wait_headers(wait: float, says: str) -> dict[str, str]:
    """Return the header that asks the caller to wait; none for ``message`` and ``nothing``."""
    if says == "retry-after":
        return {"Retry-After": f"{wait:g}"}
    if says == "date":
        return {"Retry-After": format_datetime(datetime.now(timezone.utc) + timedelta(seconds=wait), usegmt=True)}
    if says == "x-ratelimit-timeremaining":
        return {says: f"{wait:g}"}
    return {says: str(round(wait * 1000))} if says.endswith("-ms") else {}


def alter_answer(fault: Fault, response: Response, dialect: Dialect) -> Response:
    """Return the model's response, altered by the fault."""
    if response.steps is None:
        return _alter_plain(fault, response)
    if fault.kind == "cut" and fault.byte is not None:
        whole = b"".join(step for step in response.steps if isinstance(step, bytes))
        return replace(response, steps=[whole[: fault.byte], Cut()])
    return replace(response, steps=_altered_steps(fault, response.steps, dialect))


def _alter_plain(fault: Fault, response: Response) -> Response:
    """Stall, cut or reset a plain response; faults about events do not change it."""
    body = response.body
    if fault.kind in ("stall", "slow"):
        return replace(response, steps=[Pause(_seconds(fault)), body], length=len(body))
    if fault.kind in ("cut", "reset"):
        at = len(body) // 2 if fault.byte is None else fault.byte
        return replace(response, steps=[body[:at], Cut(reset=fault.kind == "reset")], length=len(body))
    return response


def _seconds(fault: Fault) -> float:
    defaults = {"stall": 3600.0, "slow": 0.05}
    return defaults.get(fault.kind, 0.0) if fault.seconds is None else fault.seconds


def _altered_steps(fault: Fault, steps: Iterable[Step], dialect: Dialect) -> Iterator[Step]:
    """Return the events of a stream, with the fault at its place among them."""
    place = fault.events if fault.events is not None else int(fault.kind in ("cut", "error"))
    rest = iter(steps)
    if fault.kind in ("slow", "keep-alive"):
        comment = [b": keep-alive\n\n"] if fault.kind == "keep-alive" else []
        for step in rest:
            yield from comment
            yield from ([Pause(_seconds(fault))] if _seconds(fault) else [])
            yield step
        return
    yield b""
    first = b""
    for _, step in zip(range(place), rest, strict=False):
        first = first or (step if isinstance(step, bytes) else b"")
        yield step
    if fault.kind in ("cut", "reset"):
        yield Cut(reset=fault.kind == "reset")
    elif fault.kind == "stall":
        yield from chain([Pause(_seconds(fault))], rest)
    elif fault.kind == "malformed":
        yield from chain([_MALFORMED[fault.says or "json"]], rest)
    else:
        yield from _error_events(fault, dialect, first)


_MALFORMED: Final[Mapping[str, bytes]] = {
    "json": b'data: {"id": "chatcmpl-1", "choices": [{"delta": {"content": "Hel\n\n',
    "utf-8": b'data: {"id": "\xff\xfe", "choices": []}\n\n',
    "list": b'data: ["not", "an", "object"]\n\n',
}


def _error_events(fault: Fault, dialect: Dialect, first: bytes) -> Iterator[bytes]:
    """Return an error inside a stream, in one of the forms that servers use."""
    if dialect.stream_failure is not None:
        yield dialect.stream_failure(fault.message, first)
        return
    message = fault.message or "The model failed while it answered."
    problem = ServiceError(500, "server_error", message, kind="server")
    error = {"error": {"message": message, "type": "server_error", "code": "server_error"}}
    if fault.says == "event":
        yield b"event: error\n" + event(error)
    elif fault.says == "flat":
        yield event({"object": "error", "message": message, "type": "server_error", "param": None, "code": 500})
    elif fault.says == "line":
        yield b"error: " + event({"code": 500, "message": message, "type": "server_error"}).removeprefix(b"data: ")
    elif fault.says == "finish":
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        yield event(
            {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": "", "choices": [choice]}
        )
    else:
        body = dialect.render(problem)
        yield event(body if "error" in body else error)
    yield dialect.done


@dataclass
class Pace:
    """The speed of answers. It may be changed while streams are being sent.

    :param latency: Seconds before each answer.
    :param token_rate: Tokens per second in streams. None: as fast as the caller reads.
    :param paused: Whether answers are held back.
    """

    latency: float = 0.0
    token_rate: float | None = None
    paused: bool = False


_GLANCE: Final = 0.02
"""Seconds between two checks whether a pause is over."""


def pace(response: Response, speed: Pace) -> Response:
    """Return an answer slowed down to ``speed``, which is read anew for each part."""
    if response.steps is not None:
        return replace(response, steps=_paced(response.steps, speed))
    if not speed.latency and not speed.paused:
        return response
    return replace(response, steps=_paced([response.body], speed, is_stream=False), length=len(response.body))


def _paced(steps: Iterable[Step], speed: Pace, *, is_stream: bool = True) -> Iterator[Step]:
    if speed.latency:
        yield Pause(speed.latency)
    for step in steps:
        while speed.paused:
            yield Pause(_GLANCE)
        yield step
        if is_stream and speed.token_rate and isinstance(step, bytes) and step:
            yield Pause(1 / speed.token_rate)
