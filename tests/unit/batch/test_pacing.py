"""The pacer against the emulator's own quota, on a fake clock: ten minutes in milliseconds."""

import heapq
import math
import random
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import pytest

from azure.ai.inference._http.response_headers import RateLimit, RateLimits, rate_limits
from azure.ai.inference.batch._pacing import Pacer
from azure.ai.inference.emulator._quota import Quota

MINUTES = 10
LOOK_EVERY = 0.05
"""Seconds between two readings of headers, as in a run."""

NOTHING = RateLimit(None, None, None)


class Came(NamedTuple):
    """The outcome of ten minutes."""

    used: float
    """The share of the quota that was used."""
    refused: float
    """The share of the requests that were refused."""
    answered: list[int]
    """The number of answered requests of each pacer."""


class Play:
    """Simulate pacers that share a quota, each with more rows than it can send."""

    def __init__(
        self, pacers: int, in_flight: int, tokens: tuple[int, ...], costs: Callable[[int], int], **quota: Any
    ) -> None:
        self.now = 0.0
        self.requests, self.tokens = quota.pop("requests", None), quota.pop("tokens_per_minute", None)
        self.quota = Quota(self.requests, self.tokens, lambda: self.now, **quota)
        self.pacers = [Pacer() for _ in range(pacers)]
        self.free = [in_flight] * pacers
        self.sizes, self.costs = tokens, costs
        self.chance = random.Random(1)
        self.events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.order = count()
        self.look_at = [0.0] * pacers
        self.answers, self.refusals, self.spent = [0] * pacers, 0, 0

    def later(self, seconds: float, what: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self.events, (self.now + seconds, next(self.order), what, arguments))

    def run(self, minutes: float = MINUTES) -> Came:
        for which in range(len(self.pacers)):
            self.later(0, self.start, which)
        while self.now < minutes * 60:
            self.now, _, what, arguments = heapq.heappop(self.events)
            what(*arguments)
        done = sum(self.answers)
        used = done / (self.requests * minutes) if self.requests else self.spent / (self.tokens * minutes)
        return Came(used, self.refusals / (done + self.refusals), self.answers)

    def start(self, which: int) -> None:
        if not self.free[which]:
            return
        tokens = self.chance.choice(self.sizes)
        wait = self.pacers[which].start(self.now, tokens)
        if wait:
            self.later(min(wait, 0.25) + 0.001 * self.chance.random(), self.start, which)
            return
        self.free[which] -= 1
        self.arrive(which, tokens)
        self.later(0, self.start, which)

    def arrive(self, which: int, tokens: int) -> None:
        wait = self.quota.wait()
        if wait:
            self.quota.refuse()
            self.later(0.04, self.refused, which, max(1, math.ceil(wait)), dict(self.quota.headers()))
        else:
            self.quota.spend(self.costs(tokens))
            seconds = 0.2 * self.chance.uniform(0.5, 1.5)
            self.later(seconds, self.answered, which, tokens, dict(self.quota.headers()))

    def answered(self, which: int, tokens: int, headers: dict[str, str]) -> None:
        limits = None
        if self.now >= self.look_at[which]:
            self.look_at[which] = self.now + LOOK_EVERY
            limits = rate_limits(headers)
        self.pacers[which].answered(self.now, limits, tokens, self.costs(tokens))
        self.answers[which] += 1
        self.spent += self.costs(tokens)
        self.freed(which)

    def refused(self, which: int, retry_after: float, headers: dict[str, str]) -> None:
        self.pacers[which].refused(self.now, retry_after, rate_limits(headers))
        self.refusals += 1
        self.later(retry_after * self.chance.uniform(1, 1.1), self.freed, which)

    def freed(self, which: int) -> None:
        self.free[which] += 1
        if self.free[which] == 1:
            self.start(which)


def as_estimated(tokens: int) -> int:
    return tokens


def a_third(tokens: int) -> int:
    return tokens // 3


@pytest.mark.parametrize("in_flight", [64, 512])
@pytest.mark.parametrize("window", [1, 10, 60])
@pytest.mark.parametrize("refused_count", [False, True])
def test_request_quota_is_used_but_not_exceeded(window: float, in_flight: int, refused_count: bool) -> None:
    came = Play(1, in_flight, (100,), as_estimated, requests=600, window=window, refused_count=refused_count).run()
    assert came.refused <= 0.005
    assert came.used >= 0.95


@pytest.mark.parametrize(("window", "least"), [(1, 0.7), (10, 0.93), (60, 0.93)])
@pytest.mark.parametrize(("limit", "minutes"), [(60_000, 10), (600_000, 0.5)])
@pytest.mark.parametrize("costs", [as_estimated, a_third])
def test_token_quota_is_used_but_not_exceeded(
    window: float, least: float, limit: int, minutes: float, costs: Callable[[int], int]
) -> None:
    """At 100 requests per second, the headers of most answers are not read."""
    came = Play(1, 64, (50, 100, 200), costs, tokens_per_minute=limit, window=window).run(minutes)
    assert came.refused <= 0.005
    assert came.used >= least


@pytest.mark.parametrize("window", [1, 10, 60])
def test_two_runs_share_a_deployment(window: float) -> None:
    came = Play(2, 64, (100,), as_estimated, requests=600, window=window).run()
    assert came.refused <= 0.02
    assert came.used >= 0.85
    assert min(came.answered) >= 0.35 * sum(came.answered)


def test_first_request_is_sent_alone() -> None:
    pacer = Pacer()
    assert pacer.start(0, 10) == 0
    assert pacer.start(0, 10) > 0
    pacer.answered(0.2, RateLimits(RateLimit(600, 599, 60), NOTHING), 10)
    assert pacer.start(0.2, 10) == 0
    assert pacer.start(0.2, 10) == pytest.approx(0.1 / 0.97 - 0.05, abs=0.051)
    assert pacer.per_minute(0.2, 10) == pytest.approx(582)


def test_lower_of_caller_and_header_limits_applies() -> None:
    pacer = Pacer(requests_per_minute=60, tokens_per_minute=None)
    assert pacer.per_minute(0, 1) == pytest.approx(58.2)
    assert pacer.start(0, 1) == 0
    pacer.answered(0, RateLimits(RateLimit(6000, None, None), NOTHING), 1)
    assert pacer.per_minute(0, 1) == pytest.approx(58.2)
    assert pacer.start(5, 1) == 0
    pacer.answered(5, RateLimits(RateLimit(30, None, None), NOTHING), 1)
    assert pacer.per_minute(5, 1) == pytest.approx(29.1)


def test_without_limits_the_number_in_flight_grows_until_one_is_refused() -> None:
    pacer = Pacer()

    def begin(now: float) -> int:
        started = 0
        while pacer.start(now, 1) == 0:
            started += 1
        return started

    assert pacer.start(0, 1) == 0
    pacer.answered(0, None, 1)
    assert begin(0) == 9
    for _ in range(9):
        pacer.answered(1, None, 1)
    assert begin(1) == 18
    assert pacer.per_minute(1, 1) is None
    pacer.refused(2, None)
    pacer.refused(2.5, 1.0)
    assert begin(2.5) == 0
    for _ in range(16):
        pacer.answered(3, None, 1)
    assert pacer.in_flight == 0
    assert begin(3) == 14


def test_short_waits_slow_down_and_long_waits_block() -> None:
    pacer = Pacer(requests_per_minute=600)
    assert pacer.start(0, 1) == 0
    pacer.refused(0, 1.5)
    assert pacer.per_minute(0, 1) == pytest.approx(582 * 0.9)
    assert pacer.start(1, 1) == 0
    pacer.refused(1.1, 30)
    assert pacer.start(1.2, 1) == pytest.approx(29.9)
    assert pacer.start(31.1, 1) == 0
    pacer.answered(300, None, 1)
    rate = pacer.per_minute(300, 1)
    assert rate is not None
    assert rate == pytest.approx(582)


def test_exhausted_quota_blocks_until_its_reset() -> None:
    pacer = Pacer()
    assert pacer.start(0, 1) == 0
    pacer.answered(0, RateLimits(RateLimit(600, 0, 40), NOTHING), 1)
    assert pacer.start(1, 1) == pytest.approx(39)


def test_remaining_quota_is_spread_over_a_long_window() -> None:
    pacer = Pacer()
    assert pacer.start(0, 1) == 0
    pacer.answered(0, RateLimits(RateLimit(600, 59, 30), NOTHING), 1)
    assert pacer.per_minute(0, 1) == pytest.approx(120)
    assert pacer.per_minute(31, 1) == pytest.approx(582)


def test_leaky_bucket_is_not_a_window() -> None:
    """OpenAI's reset is the time until the bucket is full, so it is long when little remains, at the full rate."""
    pacer = Pacer()
    assert pacer.start(0, 1) == 0
    pacer.answered(0, RateLimits(RateLimit(600, 10, 59), RateLimit(None, 10, 59)), 1)
    assert pacer.per_minute(0, 1) == pytest.approx(582)


def test_token_estimates_follow_the_service() -> None:
    told = Pacer(tokens_per_minute=1000)
    for now in range(200):
        told._next_at = 0.0
        assert told.start(now, 100) == 0
        told.answered(now, None, 100, 25)
    assert told.per_minute(200, 100) == pytest.approx(1000 * 0.97 / 25, rel=0.01)
    seen = Pacer(tokens_per_minute=1_000_000)
    for now in range(200):
        seen._next_at = 0.0
        assert seen.start(now, 100) == 0
        rest = 100_000 - 200 * now
        seen.answered(now, RateLimits(NOTHING, RateLimit(1_000_000, rest, None)), 100, 25)
        seen._next_at = 0.0
        assert seen.start(now, 100) == 0
        seen.answered(now, None, 0, 25)
    assert seen.per_minute(200, 100) == pytest.approx(1_000_000 * 0.97 / 200, rel=0.05)


def test_late_answers_do_not_start_a_new_window() -> None:
    pacer = Pacer(tokens_per_minute=1_000_000)
    rests = [5000, 4900, 4950, 4800, *[4850] * 60, 4700]
    for now, rest in enumerate(rests):
        pacer._next_at = 0.0
        assert pacer.start(now, 100) == 0
        pacer.answered(now, RateLimits(NOTHING, RateLimit(None, rest, None)), 100)
    rate = pacer.per_minute(100, 100)
    assert rate is not None
    assert 5_000 < rate < 200_000


def test_other_failures_end_a_request() -> None:
    pacer = Pacer()
    assert pacer.start(0, 1) == 0
    pacer.failed()
    assert pacer.in_flight == 0
    assert pacer.start(0, 1) == 0


def test_failing_first_requests_are_sent_one_at_a_time() -> None:
    pacer = Pacer()
    for _ in range(8):
        assert pacer.start(0, 1) == 0
        assert pacer.start(0, 1) > 0
        pacer.failed()
    assert [pacer.start(0, 1) for _ in range(9)] == [0, 0, 0, 0, 0, 0, 0, 0, 1]
