"""One pacer for many processes: workers lease request starts from it. Independent of the engine.

Leases are short, so a worker that dies takes little of the quota with it. Outcomes are reported along with the next
lease, so a request costs a fraction of a message.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from .._http.response_headers import RateLimits
from ._pacing import Pacer

_LEASE, _LONGEST_LEASE = 0.25, 2.0
"""Length of a lease in seconds: the most that is lost if a worker dies. It grows with the time that responses take."""

_LATE = 0.05
"""Seconds after which an unused start is returned: used later, it would contribute to a burst."""

_REPORT_EVERY = 0.1
_AWAY = 10.0
"""Seconds without a response from the budget before a worker falls back to its own share, and between later tries."""

_FORGOTTEN = 60.0
"""Seconds of silence after which a worker is presumed dead."""

_TRIP_AGES = 1.01
"""Factor by which the quickest response counts as slower with each later one, since clocks drift."""

_STARTS = 8
"""Maximum number of unused starts that a worker holds, for a lease of the usual length."""

_logger = logging.getLogger("azure.ai.inference")

Report = tuple[Any, ...]
"""The outcome of a request: ("answered", limits, estimated, spent), ("refused", seconds, limits), or ("failed",)."""


class Lease(NamedTuple):
    """Permission for a worker to start requests."""

    starts: list[float]
    """When requests may start, in seconds from now."""
    per_minute: float | None
    """The rate of all workers together, in requests per minute; `None` if no limit is known."""
    now: float
    """The time of the budget's clock."""


class Budget:
    """The single pacer of a cluster, from which workers lease request starts.

    :keyword requests_per_minute: A limit to keep to; `None` uses only that of the service's headers.
    :keyword tokens_per_minute: The same for tokens.
    """

    def __init__(self, *, requests_per_minute: float | None = None, tokens_per_minute: float | None = None) -> None:
        self._pacer = Pacer(requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
        self._in_flight: dict[str, int] = {}
        self._seen: dict[str, float] = {}

    def lease(self, worker: str, wanted: int, tokens: float, reports: list[Report], seconds: float = _LEASE) -> Lease:
        """Record the reported outcomes, and return when requests may start.

        :param worker: The worker's name.
        :param wanted: The number of requests that it would like to start.
        :param tokens: An estimate of the tokens of each.
        :param reports: The outcomes of requests; ("failed",) also for a start that was not used.
        :param seconds: The length of the lease.
        """
        now = time.monotonic()
        self._forget(now)
        self._seen[worker] = now
        for kind, *details in reports:
            self._in_flight[worker] = max(0, self._in_flight.get(worker, 0) - 1)
            if kind == "answered":
                self._pacer.answered(now, *details)
            elif kind == "refused":
                self._pacer.refused(now, *details)
            else:
                self._pacer.failed()
        starts: list[float] = []
        at = now
        while len(starts) < wanted and at - now <= seconds:
            wait = self._pacer.start(at, tokens)
            if wait:
                at += wait
            else:
                starts.append(at - now)
        self._in_flight[worker] = self._in_flight.get(worker, 0) + len(starts)
        return Lease(starts, self._pacer.per_minute(now, tokens), now)

    def _forget(self, now: float) -> None:
        """Treat the requests of dead workers as ended."""
        for worker in [name for name, seen in self._seen.items() if now - seen > _FORGOTTEN]:
            for _ in range(self._in_flight.pop(worker, 0)):
                self._pacer.failed()
            del self._seen[worker]


class _Clock:
    """Converts times of the budget's clock.

    A response that took long must not delay the starts that it grants: they would collide with those of other workers.
    So the difference of the clocks is taken from the quickest response.
    """

    def __init__(self) -> None:
        self._trip, self._difference = float("inf"), 0.0

    def here(self, there: float, asked: float, now: float) -> float:
        """Return the time of this clock at which the budget's clock showed a time.

        :param there: The time that a response contains.
        :param asked: When the response was requested.
        :param now: When it arrived.
        """
        trip = now - asked
        if trip <= self._trip:
            self._trip, self._difference = trip, there - (asked + now) / 2
        self._trip *= _TRIP_AGES
        return there - self._difference


class LeasedPacer:
    """A worker's pacer, which leases its starts from the budget. Has the interface of `Pacer`.

    :param lease: Calls `lease` of the budget, wherever it runs.
    :param worker: The worker's name.
    :param share: The pacer that takes over while the budget does not respond.
    """

    def __init__(self, lease: Callable[..., Awaitable[Lease]], worker: str, share: Pacer) -> None:
        self._ask, self._worker, self._share = lease, worker, share
        self._starts: deque[float] = deque()
        self._reports: list[Report] = []
        self._tokens, self._asked_at = 0.0, float("-inf")
        self._renewing: asyncio.Task[None] | None = None
        self._renewed_at = time.monotonic()
        self._rate: float | None = None
        self._clock = _Clock()
        self._length = _LEASE
        self._flushing = False
        self._away = False
        self._by_share = 0
        """Number of requests in flight that were started by the share."""

    def start(self, now: float, tokens: float) -> float:
        """Ask to start a request, as `Pacer.start`."""
        self._tokens, self._asked_at = tokens, now
        if self._away:
            if now - self._renewed_at > _AWAY:
                self._renewed_at = now
                self._renew()
            wait = self._share.start(now, tokens)
            self._by_share += not wait
            return wait
        self._give_back(now)
        if self._starts and self._starts[0] <= now:
            self._starts.popleft()
            self._renew()
            return 0.0
        self._renew()
        return min(_REPORT_EVERY / 2, max(0.001, self._starts[0] - now)) if self._starts else _REPORT_EVERY / 5

    def per_minute(self, now: float, tokens: float) -> float | None:
        """Return the current rate of all workers together."""
        return self._rate

    def _give_back(self, now: float) -> None:
        while self._starts and now - self._starts[0] > _LATE:
            self._starts.popleft()
            self._reports.append(("failed",))

    @property
    def _most(self) -> int:
        """How many unused starts it may hold."""
        return round(_STARTS * self._length / _LEASE)

    def _renew(self, *, reports: bool = False) -> None:
        if (reports or len(self._starts) < self._most / 2) and self._renewing is None:
            self._renewing = asyncio.get_running_loop().create_task(self._lease())

    async def _lease(self) -> None:
        reports, self._reports = self._reports, []
        asks = time.monotonic() - self._asked_at < _LATE and not self._away
        wanted = max(1, self._most - len(self._starts)) if asks else 0
        asked = time.monotonic()
        try:
            leased = await asyncio.wait_for(self._ask(self._worker, wanted, self._tokens, reports, self._length), _AWAY)
        except Exception:  # noqa: BLE001 - the budget is unreachable, and each engine raises exceptions of its own
            self._reports = reports + self._reports
            if time.monotonic() - self._renewed_at > _AWAY and not self._away:
                _logger.warning("The budget does not respond: this worker keeps to its own share of the quota.")
                self._away = True
        else:
            now = self._renewed_at = time.monotonic()
            self._away, self._rate = False, leased.per_minute
            self._length = min(_LONGEST_LEASE, max(_LEASE + 2 * (now - asked), 0.9 * self._length))
            granted = self._clock.here(leased.now, asked, now)
            if leased.starts and granted + leased.starts[0] < now:
                granted = now - leased.starts[0]  # it came too late: its starts are delayed, not lost
            self._starts.extend(granted + start for start in leased.starts)
            if not leased.starts:
                await asyncio.sleep(_REPORT_EVERY / 2)
        finally:
            self._renewing = None
            self._flush_soon()

    def _flush_soon(self) -> None:
        """Make sure that an idle worker still sends its reports and returns its unused starts."""
        if not self._flushing and (self._reports or self._starts):
            self._flushing = True
            asyncio.get_running_loop().call_later(_REPORT_EVERY, self._flush)

    def _flush(self) -> None:
        self._flushing = False
        self._give_back(time.monotonic())
        if self._reports and not self._away:
            self._renew(reports=True)
        self._flush_soon()

    def _report(self, *report: Any) -> None:
        self._reports.append(report)
        self._flush_soon()

    def _ends_by_share(self) -> bool:
        by_share = self._by_share > 0
        self._by_share -= by_share
        return by_share

    def answered(self, now: float, limits: RateLimits | None, estimated: float, spent: float | None = None) -> None:
        """Learn from an answer, as `Pacer.answered`."""
        if self._ends_by_share():
            self._share.answered(now, limits, estimated, spent)
        else:
            self._report("answered", limits, estimated, spent)

    def refused(self, now: float, retry_after: float | None, limits: RateLimits | None = None) -> None:
        """Learn from a refusal, as `Pacer.refused`."""
        if self._ends_by_share():
            self._share.refused(now, retry_after, limits)
        else:
            self._report("refused", retry_after, limits)
            self._renew(reports=True)  # at once: it concerns all workers

    def failed(self) -> None:
        """Record a request that ended in any other way, as `Pacer.failed`."""
        if self._ends_by_share():
            self._share.failed()
        else:
            self._report("failed")
