"""What an emulator knows while it runs: what came, what it is to say, what is to go wrong, what is left of a quota."""

import math
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from ._openapi import describe
from ._problems import ServiceError
from ._quota import Quota
from ._replies import Reply
from ._request import RecordedRequest
from ._response import Response, json_response
from ._script import Rule, Script
from ._service import Settings, choose_dialect, identify, refuse, respond
from ._stats import Stats
from ._weather import Fault, Weather, bend_answer, limit_error, pace, replace_answer


class Session:
    """One run from a clean start; requests come from the server's thread, replies and faults from any other."""

    def __init__(
        self,
        settings: Settings,
        *,
        rules: Iterable[Rule] = (),
        faults: Iterable[Fault] = (),
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        quota_window: float = 60.0,
        quota_wait: str = "retry-after",
        quota_by_estimate: bool = False,
        refused_count: bool = False,
        latency: float = 0.0,
        token_rate: float | None = None,
        requests_kept: int | None = None,
    ) -> None:
        self._settings = settings
        self._script = Script(map(replace, rules))
        self._weather = Weather(faults)
        self._quota = Quota(
            requests_per_minute,
            tokens_per_minute,
            time.monotonic,
            window=quota_window,
            refused_count=refused_count,
            by_estimate=quota_by_estimate,
        )
        self._quota_wait = quota_wait
        self._stats = Stats()
        self._latency, self._token_rate = latency, token_rate
        self._requests: deque[RecordedRequest] = deque(maxlen=requests_kept)
        self._lock = threading.RLock()

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """What was asked so far, or of that the newest."""
        with self._lock:
            return tuple(self._requests)

    def rotate(self, key: str) -> None:
        """Let in ``key`` from now on, and the former key no more."""
        self._settings = replace(self._settings, key=key)

    def add_rule(self, rule: Rule) -> None:
        """Add a reply."""
        with self._lock:
            self._script.add(rule)

    def add_fault(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._weather.announce(fault)

    def note(self, request: RecordedRequest) -> None:
        """Keep a request, without secrets."""
        with self._lock:
            self._requests.append(request.scrubbed())

    def respond(self, request: RecordedRequest) -> Response:
        """Keep a request and answer it."""
        if (request.method, request.path) == ("GET", "/openapi.json"):
            return json_response(describe())
        if (request.method, request.path) == ("GET", "/emulator/stats"):
            return json_response(self._stats.report())
        self.note(request)
        response = self._answer(request)
        self._stats.count(request, response.status)
        return response

    def _answer(self, request: RecordedRequest) -> Response:
        with self._lock:
            fault = self._weather.strike(request)
        dialect = choose_dialect(request, self._settings)
        response = None if fault is None else replace_answer(fault, request, dialect, refuse)
        if response is None:
            response = self._within_quota(request)
            response = response if fault is None else bend_answer(fault, response, dialect)
        response = pace(response, self._latency, self._token_rate)
        return replace(response, headers={**identify(request, dialect), **response.headers})

    def _within_quota(self, request: RecordedRequest) -> Response:
        dialect = choose_dialect(request, self._settings)
        wait = self._quota.wait()
        if wait > 0:
            self._quota.refuse()
            response = refuse(limit_error(dialect, max(1, math.ceil(wait)), self._quota_wait), dialect)
        else:
            response = respond(request, self._settings, dialect, self._speak)
            self._quota.spend(int(response.usage.get("total_tokens", 0)), request)
        return replace(response, headers={**response.headers, **self._quota.headers()})

    def _speak(self, request: RecordedRequest) -> Reply | None:
        try:
            with self._lock:
                return self._script.next(request)
        except Exception as error:
            message = f"The function that was to reply failed: {error!r}"
            raise ServiceError(501, "ReplyFailed", message, kind="server") from error
