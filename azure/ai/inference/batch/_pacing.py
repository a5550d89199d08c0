"""Decide when the next request may start, so that a quota is used but not exceeded. Pure: a function of time.

Retries alone do not keep within a quota: refused requests come back while new ones go out, and a quota that is checked
every second refuses nearly all of them. So requests are spaced evenly below the limit, without bursts. The limit is the
lower of the caller's and that of the response headers, which is updated all the time. A refusal lowers the rate, and
time without one raises it again, so that several runs can share a deployment. Without any limit, the number of requests
in flight grows until one is refused (additive increase, multiplicative decrease).

:class:`Pacer` never sleeps and never reads a clock: `start` returns how long to wait.
"""

from dataclasses import dataclass

from .._http.response_headers import RateLimit, RateLimits

SHARE = 0.97
"""The share of a limit to use: the clocks and windows of two machines do not agree to the millisecond."""

_CATCH_UP = 0.05
"""Seconds by which a late start is made up for. Anything later is lost, since making it up would cause a burst."""

_LONG_WAIT = 2.0
"""Seconds. A refusal that asks for a longer wait delays all rows; a shorter wait delays only its own row."""

_LONG_WINDOW = 5.0
"""Seconds. The rest of a quota steers the rate only in windows up to this long, since times are in whole seconds."""

_ALONE = 8
"""How many requests that fail go one at a time before the limits are taken to be unknown."""

_ASK_AGAIN = 1.0
"""Seconds to wait if an answer has to arrive first. The caller asks again when one arrives."""

_LEAST_FACTOR, _DECREASE = 0.05, 0.9
_GROWTH, _GROWTH_DOUBLES = 0.0015, 20.0
"""Share of the limit that the rate regains per second, and seconds without a refusal until it regains twice that."""

_FIRST_WINDOW, _WINDOW_DECREASE = 8.0, 0.7
_FORGET = 0.98
_OF_A_WINDOW = 0.75
"""Share of a window that answers may use out of order, if what the service counts is to be learned from them."""

_MOST_LATE = 50
"""Number of answers after which a higher remaining quota is taken to be that of a new window."""


class _Quota:
    """What is known of one quota, of requests or of tokens."""

    def __init__(self, given: float | None, share: float) -> None:
        self._given, self._share = given, share
        self._said: float | None = None
        self._longest_reset = 0.0
        self._cap, self._capped_until = 0.0, float("-inf")

    def rate(self, now: float) -> float | None:
        """Return how many may be used per second; `None` if no limit is known."""
        limits = [limit for limit in (self._given, self._said) if limit]
        if not limits:
            return None
        rate = min(limits) * SHARE * self._share / 60
        return min(rate, self._cap) if now < self._capped_until else rate

    def heard(self, now: float, quota: RateLimit) -> float | None:
        """Learn what the service reports about the quota.

        :return: The seconds for which it is used up; `None` if it is not.
        """
        self._said = quota.limit or self._said
        if quota.remaining is None or quota.reset is None:
            return None
        self._longest_reset = max(self._longest_reset, quota.reset)
        if self._longest_reset < _LONG_WINDOW or self._is_bucket(quota):
            return None
        if quota.remaining == 0:
            return quota.reset
        left = max(0.5, quota.reset - 0.5)  # the reset is rounded up to whole seconds
        self._cap, self._capped_until = self._share * quota.remaining / left, now + left
        return None

    def _is_bucket(self, quota: RateLimit) -> bool:
        """Return whether the quota is a leaky bucket, such as OpenAI's, whose reset is the time until it is full."""
        if not quota.limit or quota.remaining is None or quota.reset is None:
            return True
        return abs(quota.reset - 60 * (1 - quota.remaining / quota.limit)) <= _LONG_WAIT


@dataclass
class _TokenRatio:
    """How many tokens the service counts per estimated token."""

    estimated: float = 0.0
    booked: float = 0.0
    low: int | None = None
    """The lowest remaining quota seen in this window: answers do not arrive in order."""
    since: float = 0.0
    """The tokens estimated for the answers since then."""
    late: int = 0
    """The number of those answers whose headers were read."""
    most: int = 0
    """The highest remaining quota seen: about that of a whole window."""

    @property
    def value(self) -> float:
        """The ratio."""
        return min(20.0, max(0.05, self.booked / self.estimated)) if self.estimated and self.booked else 1.0

    def compare(self, estimated: float, spent: float | None, remaining: int | None, in_flight: int) -> None:
        """Compare the estimate for an answer with what the service counted.

        :param estimated: The estimate.
        :param spent: The tokens reported by the answer; `None` if it reports none.
        :param remaining: The remaining quota. It reveals what the service counted, which may be more than was used.
        :param in_flight: The number of requests in flight.
        """
        if remaining is None and self.low is None:
            if spent is not None:
                self._count(estimated, spent)
            return
        self.since += estimated
        if remaining is None:
            return  # the next answer whose headers are read reveals what the service counted for this one too
        self.late += 1
        self.most = max(self.most, remaining)
        change = remaining - (remaining if self.low is None else self.low)
        usual = 2 * self.value * (self.since + (in_flight + 1) * estimated)
        if usual > _OF_A_WINDOW * self.most:
            self.low = None  # a late answer looks like the next window
        if self.low is not None and -usual <= change <= 0:
            self._count(self.since, -change)
        elif self.low is not None and 0 < change <= usual and self.late <= _MOST_LATE:
            return  # a late answer
        self.low, self.since, self.late = remaining, 0.0, 0  # lower, or in another window

    def _count(self, estimated: float, booked: float) -> None:
        self.estimated = self.estimated * _FORGET + estimated
        self.booked = self.booked * _FORGET + booked


class Pacer:
    """Decides when requests start.

    For each request, call `start` until it returns 0, then one of `answered`, `refused` or `failed`.

    :keyword requests_per_minute: A limit to keep to; `None` uses only that of the headers.
    :keyword tokens_per_minute: The same for tokens.
    :keyword share: This pacer's share of the limits, if other processes pace their own requests.
    """

    def __init__(
        self, *, requests_per_minute: float | None = None, tokens_per_minute: float | None = None, share: float = 1.0
    ) -> None:
        self._requests, self._tokens = _Quota(requests_per_minute, share), _Quota(tokens_per_minute, share)
        self._ratio = _TokenRatio()
        self._factor = 1.0
        self._window, self._slow_start = _FIRST_WINDOW, True
        self._next_at = self._closed_until = self._lowered_at = self._grown_at = float("-inf")
        self._in_flight = 0
        self._unheard = _ALONE
        """How many requests still go one at a time, because none has been answered or refused."""

    @property
    def in_flight(self) -> int:
        """The number of requests that have started and not ended."""
        return self._in_flight

    def per_minute(self, now: float, tokens: float) -> float | None:
        """Return the current rate, in requests of this many tokens per minute; `None` if no limit is known."""
        seconds = self._spacing(now, tokens)
        return None if seconds is None else 60 / seconds

    def blocked_for(self, now: float) -> float:
        """Return the seconds until any request may start, after a refusal that asked all to wait; 0 if they may."""
        return max(0.0, self._closed_until - now)

    def start(self, now: float, tokens: float) -> float:
        """Ask to start a request.

        :param now: The time in seconds.
        :param tokens: An estimate of its tokens, prompt and answer together.
        :return: 0 if it may start now; else the seconds after which to ask again, or earlier if an answer arrives.
        """
        if self._in_flight and self._unheard > 0:
            return _ASK_AGAIN  # a single request first: its answer reveals the limits, or that every other would fail
        if now < self._closed_until:
            return self.blocked_for(now)
        spacing = self._spacing(now, tokens)
        if spacing is None:
            if self._in_flight >= self._window:
                return _ASK_AGAIN
        elif now < self._next_at:
            return self._next_at - now
        else:
            self._next_at = max(self._next_at, now - _CATCH_UP) + spacing
        self._in_flight += 1
        return 0.0

    def _spacing(self, now: float, tokens: float) -> float | None:
        """Return the seconds between the starts of two requests."""
        needed = ((self._requests.rate(now), 1.0), (self._tokens.rate(now), tokens * self._ratio.value))
        seconds = [amount / (rate * self._factor) for rate, amount in needed if rate]
        return max(seconds) if seconds else None

    def answered(self, now: float, limits: RateLimits | None, estimated: float, spent: float | None = None) -> None:
        """Learn from an answer.

        :param now: The time.
        :param limits: The limits in its headers; `None` if they were not read.
        :param estimated: The estimate of its tokens.
        :param spent: The tokens used; `None` if unknown.
        """
        self._end(now, limits)
        self._ratio.compare(estimated, spent, limits.tokens.remaining if limits else None, self._in_flight)
        self._window += 1 if self._slow_start else 1 / self._window
        self._grow(now)

    def refused(self, now: float, retry_after: float | None, limits: RateLimits | None = None) -> None:
        """Learn from a refusal, status 429.

        :param now: The time.
        :param retry_after: The wait in seconds that it asks for; `None` if it asks for none.
        :param limits: The limits in its headers; `None` if they were not read.
        """
        self._end(now, limits)
        self._slow_start = False
        if retry_after is not None and retry_after > _LONG_WAIT:
            self._close(now + retry_after)
        if now - self._lowered_at >= 1:  # refusals of requests that were in flight together count once
            self._lowered_at = self._grown_at = now
            self._factor = max(_LEAST_FACTOR, self._factor * _DECREASE)
            self._window = max(1.0, self._window * _WINDOW_DECREASE)

    def failed(self) -> None:
        """Record a request that ended in any other way."""
        self._in_flight -= 1
        self._unheard -= 1

    def _end(self, now: float, limits: RateLimits | None) -> None:
        self._in_flight -= 1
        self._unheard = 0
        for quota, reported in ((self._requests, limits and limits.requests), (self._tokens, limits and limits.tokens)):
            used_up_for = quota.heard(now, reported) if reported else None
            if used_up_for:
                self._close(now + used_up_for)

    def _close(self, until: float) -> None:
        self._closed_until = max(self._closed_until, until)
        self._next_at = max(self._next_at, self._closed_until)

    def _grow(self, now: float) -> None:
        """Raise the rate, faster the longer nothing has been refused."""
        if self._factor < 1:
            quiet = (now - self._lowered_at) / _GROWTH_DOUBLES
            self._factor = min(1.0, self._factor + _GROWTH * (1 + quiet) * (now - self._grown_at))
            self._grown_at = now
