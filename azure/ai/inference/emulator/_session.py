"""The state of a running emulator: its replies, faults and quotas, and the journal of requests."""

import math
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from ._about_pages import about_page
from ._batch_service import BatchService
from ._dialects import DIALECTS
from ._exchange import Exchange
from ._fault import Fault
from ._fault_injection import FaultInjector, Pace, ScheduledFault, alter_answer, limit_error, pace, replace_answer
from ._journal import Journal
from ._leaks import Redirects
from ._live_settings import LiveSettings
from ._outcome import Outcome
from ._quota import Quota, Slots
from ._replies import Reply
from ._request import RecordedRequest
from ._response import Response, json_response
from ._script import Match, Rule, Script
from ._service import Settings, choose_dialect, identify, refuse, respond
from ._service_error import ServiceError
from ._stats import Stats
from ._stored_answers import StoredAnswers


class Session:
    """One run, from a clean start. Requests come from the server's thread, replies and faults from any other.

    :param journal: Records the requests and their outcomes.
    :keyword strict: Refuse requests that no reply matches.
    :keyword is_controlled: Whether the control API is enabled, for the OpenAPI document.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        *,
        rules: Iterable[Rule] = (),
        faults: Iterable[Fault] = (),
        strict: bool = False,
        is_controlled: bool = False,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        quota_window: float = 60.0,
        quota_wait: str = "retry-after",
        quota_by_estimate: bool = False,
        refused_count: bool = False,
        concurrency_limit: int | None = None,
        batch_seconds: float = 0.2,
        batch_faults: Iterable[str] = (),
        latency: float = 0.0,
        token_rate: float | None = None,
    ) -> None:
        self._settings = replace(settings, stored=StoredAnswers())
        self._journal = journal
        self._script = Script(map(replace, rules))
        self._injector = FaultInjector(faults)
        self._redirects = Redirects()
        self._strict = strict
        self._is_controlled = is_controlled
        self._new_quota = partial(
            Quota,
            clock=time.monotonic,
            window=quota_window,
            refused_count=refused_count,
            by_estimate=quota_by_estimate,
        )
        self._limits = (requests_per_minute, tokens_per_minute)
        self._quota = self._new_quota(*self._limits)
        self._quota_wait = quota_wait
        self._slots = Slots(concurrency_limit)
        self._stats = Stats()
        self._batches = BatchService(
            time.monotonic, self._respond_in_a_batch, seconds=batch_seconds, faults=tuple(batch_faults)
        )
        self._pace = Pace(latency, token_rate)
        self._lock = threading.RLock()

    def rotate(self, key: str) -> None:
        """Accept ``key`` from now on, in place of the former key."""
        self._settings = replace(self._settings, key=key)

    def add_rule(self, rule: Rule) -> None:
        """Add a reply."""
        with self._lock:
            self._script.add(rule)

    def add_fault(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._injector.add(fault)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The replies, including those used up."""
        with self._lock:
            return tuple(self._script.rules)

    @property
    def faults(self) -> tuple[ScheduledFault, ...]:
        """The faults, including those that are over."""
        with self._lock:
            return tuple(self._injector.faults)

    def remove_rule(self, number: int) -> bool:
        """Remove a reply. Return whether it was there."""
        with self._lock:
            return self._script.remove(number)

    def remove_fault(self, number: int) -> bool:
        """Remove a fault. Return whether it was there."""
        with self._lock:
            return self._injector.remove(number)

    @property
    def live_settings(self) -> LiveSettings:
        """The speed of answers, and their quotas; see :meth:`adjust`."""
        limits = self._limits
        return LiveSettings(**vars(self._pace), requests_per_minute=limits[0], tokens_per_minute=limits[1])

    def adjust(self, settings: LiveSettings) -> None:
        """Change the speed of answers, including streams in progress. New quotas begin a new minute."""
        pace = self._pace
        pace.latency, pace.token_rate, pace.paused = settings.latency, settings.token_rate, settings.paused
        limits = (settings.requests_per_minute, settings.tokens_per_minute)
        if limits != self._limits:
            self._limits, self._quota = limits, self._new_quota(*limits)

    def release(self) -> None:
        """Release the responses held back by a pause."""
        self._pace.paused = False

    def note(self, request: RecordedRequest) -> Exchange:
        """Record a request in the journal, without secrets."""
        return self._journal.open(request, (self._settings.key, *self._settings.tokens))

    def check_replied(self) -> None:
        """Check that every reply was used and, if strict, that every request got one.

        :raises AssertionError: One was not. The message lists them.
        """
        with self._lock:
            problems = [f"{rule}: {_often(rule)}" for rule in self._script.unused()]
        outcomes = [exchange.outcome for exchange in self._journal.exchanges]
        missed = [_missed(outcome) for outcome in outcomes if outcome.nearest_miss is not None]
        if problems or (self._strict and missed):
            raise AssertionError(
                "\n".join(
                    ["not every reply was used:" if problems else "not every request got a reply:", *problems, *missed]
                )
            )

    def respond(self, request: RecordedRequest) -> Response:
        """Record a request and respond to it."""
        page = about_page(request, control=self._is_controlled)
        if page is not None:
            return page
        if (request.method, request.path) == ("GET", "/emulator/stats"):
            return json_response(self._stats.report())
        exchange = self.note(request)
        response = self._answer(request)
        self._stats.count(request, response.status)
        return replace(response, exchange=exchange)

    def _answer(self, request: RecordedRequest) -> Response:
        outcome = request.outcome
        outcome.leaks += self._redirects.followed(request)
        with self._lock:
            outcome.fault = fault = self._injector.next_fault(request)
        dialect = choose_dialect(request, self._settings)
        response = None if fault is None else replace_answer(fault, request, dialect, refuse)
        if response is None:
            response = self._within_quota(request)
            response = response if fault is None else alter_answer(fault, response, dialect)
        else:
            outcome.source = "fault"
            self._redirects.note(response)
        response = pace(response, self._pace)
        return replace(response, headers={**identify(request, dialect), **response.headers})

    def _respond_in_a_batch(self, request: RecordedRequest, provider: str) -> Response:
        dialect = DIALECTS["mistral"] if provider == "mistral" else choose_dialect(request, self._settings)
        return respond(request, self._settings, dialect, self._speak)

    def _batch(self, request: RecordedRequest) -> Response:
        dialect = choose_dialect(request, self._settings)
        try:
            with self._lock:
                keys = (self._settings.key, *self._settings.tokens)
                return self._batches.respond(request, self._scripted, keys=keys, dialect=dialect.name)
        except ServiceError as problem:
            return refuse(problem, dialect)

    def _within_quota(self, request: RecordedRequest) -> Response:
        if BatchService.serves(request.path):
            return self._batch(request)
        dialect = choose_dialect(request, self._settings)
        wait = self._quota.wait()
        if wait > 0:
            request.outcome.source = "quota"
            self._quota.refuse()
            response = refuse(limit_error(dialect, max(1, math.ceil(wait)), self._quota_wait), dialect)
        elif not self._slots.take(request.outcome):
            request.outcome.source = "quota"
            response = refuse(limit_error(dialect, 1, self._quota_wait, _TOO_MANY_AT_A_TIME), dialect)
        else:
            response = respond(request, self._settings, dialect, self._speak)
            if response.status >= 400 and request.outcome.source == "default":
                request.outcome.source = "refusal"
            self._quota.spend(int(response.usage.get("total_tokens", 0)), request)
        return replace(response, headers={**response.headers, **self._quota.headers()})

    def _scripted(self, request: RecordedRequest) -> Match:
        """Return what the script has for a request, and note a reply in its outcome."""
        try:
            with self._lock:
                match = self._script.next(request)
        except Exception as error:
            message = f"The reply function failed: {error!r}"
            raise ServiceError(501, "ReplyFailed", message, kind="server") from error
        if match.rule is not None:
            outcome = request.outcome
            outcome.source, outcome.matched, outcome.reply = "reply", str(match.rule), match.reply
        return match

    def _speak(self, request: RecordedRequest) -> Reply | None:
        outcome, match = request.outcome, self._scripted(request)
        if match.rule is None and request.method == "POST":
            outcome.nearest_miss = match.nearest
            if self._strict:
                outcome.nearest_miss = match.nearest or "there are no replies"
                message = f"No reply matches {request.method} {request.path}. Nearest: {outcome.nearest_miss}"
                raise ServiceError(404, "NoReplyMatches", message, kind="server")
        return match.reply


_TOO_MANY_AT_A_TIME = "Too many concurrent requests. Please wait until others are answered, and try again."


def _often(rule: Rule) -> str:
    """Describe how often a reply was used, and how often it should have been."""
    wanted = "at least once" if rule.times is None else _times(rule.times)
    used = f"used {_times(rule.given)}" if rule.given else "never used"
    return f"{used}, expected {wanted}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _missed(outcome: Outcome) -> str:
    return f"request {outcome.id} matched no reply; nearest: {outcome.nearest_miss}"
