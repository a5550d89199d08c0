"""When the next request may start, so that a quota is used and not exceeded. Pure: a function of time.

Retries alone do not hold a quota: what was refused comes back while new requests go out, and a quota that is judged
each second refuses nearly all of them. So requests are spaced evenly below the limit, without bursts. The limit is what
the caller says or what the headers of answers say, whichever is less, read anew all the time. A refusal lowers the
rate, and time without one raises it again, so several runs share a deployment. Without any limit, the number of
requests in flight grows until one is refused (additive increase, multiplicative decrease).

:class:`Pacer` never sleeps and never reads a clock: `start` returns how long to wait.
"""

from dataclasses import dataclass

from .._http.response_headers import RateLimit, RateLimits

SHARE = 0.97
"""How much of a limit is used: clocks and windows of two machines do not agree to the millisecond."""

_CATCH_UP = 0.05
"""Seconds that a late start may be made up for; what is later is lost, for making it up would be a burst."""

_LONG_WAIT = 2.0
"""Seconds: a refusal that asks for more closes the gate for all; one that asks for less delays its own row."""

_LONG_WINDOW = 5.0
"""Seconds: what is left of a quota steers the rate only in windows as long as this; times are told in whole seconds."""

_ASK_AGAIN = 1.0
"""Seconds to wait where an answer has to come first. Whoever waits asks again when one comes."""

_LEAST_FACTOR, _DECREASE = 0.05, 0.9
_GROWTH, _GROWTH_DOUBLES = 0.0015, 20.0
"""How much of the limit the rate regains in a second, and after how many seconds without a refusal twice as much."""

_FIRST_WINDOW, _WINDOW_DECREASE = 8.0, 0.7
_FORGET = 0.98
_MOST_LATE = 50
"""Answers after which a higher rest of the quota is taken for that of a new window."""


class _Quota:
    """One quota, of requests or of tokens, as far as it is known."""

    def __init__(self, given: float | None) -> None:
        self._given = given
        self._said: float | None = None
        self._longest_reset = 0.0
        self._cap, self._capped_until = 0.0, float("-inf")

    def rate(self, now: float) -> float | None:
        """Return how many may be spent in a second, `None` if no limit is known."""
        limits = [limit for limit in (self._given, self._said) if limit]
        if not limits:
            return None
        rate = min(limits) * SHARE / 60
        return min(rate, self._cap) if now < self._capped_until else rate

    def heard(self, now: float, quota: RateLimit) -> float | None:
        """Learn what the service says of it.

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
        self._cap, self._capped_until = quota.remaining / left, now + left
        return None

    def _is_bucket(self, quota: RateLimit) -> bool:
        """Whether the reset is the time to fill a bucket that leaks steadily, as OpenAI's, not the end of a window."""
        if not quota.limit or quota.remaining is None or quota.reset is None:
            return True
        return abs(quota.reset - 60 * (1 - quota.remaining / quota.limit)) <= _LONG_WAIT


@dataclass
class _TokenRatio:
    """How many tokens the service books for one that was estimated."""

    estimated: float = 0.0
    booked: float = 0.0
    low: int | None = None
    """The least that was left of the quota in this window, as far as seen: answers do not come in order."""
    since: float = 0.0
    """What was estimated for the answers that came after it."""
    late: int = 0
    """How many those are."""

    @property
    def value(self) -> float:
        """The ratio."""
        return min(20.0, max(0.05, self.booked / self.estimated)) if self.estimated and self.booked else 1.0

    def compare(self, estimated: float, spent: float | None, remaining: int | None, in_flight: int) -> None:
        """Compare an answer's estimate with what was booked for it.

        :param estimated: What was estimated.
        :param spent: What the answer says it took, `None` if it does not.
        :param remaining: What is left of the quota; it shows what was booked, which may be more than what was spent.
        :param in_flight: How many requests are under way.
        """
        if remaining is None:
            if spent is not None and self.low is None:
                self._count(estimated, spent)
            return
        self.since += estimated
        self.late += 1
        change = remaining - (remaining if self.low is None else self.low)
        usual = 2 * self.value * (self.since + (in_flight + 1) * estimated)
        if self.low is not None and -usual <= change <= 0:
            self._count(self.since, -change)
        elif self.low is not None and 0 < change <= usual and self.late <= _MOST_LATE:
            return  # an answer that came late
        self.low, self.since, self.late = remaining, 0.0, 0  # lower, or another window

    def _count(self, estimated: float, booked: float) -> None:
        self.estimated = self.estimated * _FORGET + estimated
        self.booked = self.booked * _FORGET + booked


class Pacer:
    """Decides when requests start.

    Each request is one call of `start` that returned 0, and then one of `answered`, `refused` or `failed`.

    :keyword requests_per_minute: A limit to keep, `None` for that of the headers alone.
    :keyword tokens_per_minute: Likewise for tokens.
    """

    def __init__(self, *, requests_per_minute: float | None = None, tokens_per_minute: float | None = None) -> None:
        self._requests, self._tokens = _Quota(requests_per_minute), _Quota(tokens_per_minute)
        self._ratio = _TokenRatio()
        self._factor = 1.0
        self._window, self._slow_start = _FIRST_WINDOW, True
        self._next_at = self._closed_until = self._lowered_at = self._grown_at = float("-inf")
        self._in_flight = 0
        self._learned = False

    @property
    def in_flight(self) -> int:
        """How many requests have started and not ended."""
        return self._in_flight

    def per_minute(self, now: float, tokens: float) -> float | None:
        """Return the rate at present, in requests of so many tokens a minute; `None` if no limit is known."""
        seconds = self._spacing(now, tokens)
        return None if seconds is None else 60 / seconds

    def start(self, now: float, tokens: float) -> float:
        """Ask to start a request.

        :param now: The time in seconds.
        :param tokens: An estimate of what it will take, prompt and answer together.
        :return: 0 if it may start now; else the seconds after which to ask again, or sooner if an answer comes.
        """
        if self._in_flight and not self._learned:
            return _ASK_AGAIN  # one request first: its answer tells the limits
        if now < self._closed_until:
            return self._closed_until - now
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
        """Return the seconds between the start of a request and the next."""
        needed = ((self._requests.rate(now), 1.0), (self._tokens.rate(now), tokens * self._ratio.value))
        seconds = [amount / (rate * self._factor) for rate, amount in needed if rate]
        return max(seconds) if seconds else None

    def answered(self, now: float, limits: RateLimits | None, estimated: float, spent: float | None = None) -> None:
        """Learn from an answer.

        :param now: The time.
        :param limits: What its headers say, `None` if nobody looked.
        :param estimated: The tokens that were estimated.
        :param spent: The tokens that it took, `None` if unknown.
        """
        self._end(now, limits)
        self._ratio.compare(estimated, spent, limits.tokens.remaining if limits else None, self._in_flight)
        self._window += 1 if self._slow_start else 1 / self._window
        self._grow(now)

    def refused(self, now: float, retry_after: float | None, limits: RateLimits | None = None) -> None:
        """Learn from a refusal, status 429.

        :param now: The time.
        :param retry_after: The seconds that it asks to wait, `None` if it does not.
        :param limits: What its headers say, `None` if nobody looked.
        """
        self._end(now, limits)
        self._slow_start = False
        if retry_after is not None and retry_after > _LONG_WAIT:
            self._close(now + retry_after)
        if now - self._lowered_at >= 1:  # those that were in flight together are one refusal
            self._lowered_at = self._grown_at = now
            self._factor = max(_LEAST_FACTOR, self._factor * _DECREASE)
            self._window = max(1.0, self._window * _WINDOW_DECREASE)

    def failed(self) -> None:
        """Count a request that ended otherwise."""
        self._in_flight -= 1
        self._learned = True

    def _end(self, now: float, limits: RateLimits | None) -> None:
        self.failed()
        for quota, told in ((self._requests, limits and limits.requests), (self._tokens, limits and limits.tokens)):
            used_up_for = quota.heard(now, told) if told else None
            if used_up_for:
                self._close(now + used_up_for)

    def _close(self, until: float) -> None:
        self._closed_until = max(self._closed_until, until)
        self._next_at = max(self._next_at, self._closed_until)

    def _grow(self, now: float) -> None:
        """Raise the rate, the faster the longer nothing was refused."""
        if self._factor < 1:
            quiet = (now - self._lowered_at) / _GROWTH_DOUBLES
            self._factor = min(1.0, self._factor + _GROWTH * (1 + quiet) * (now - self._grown_at))
            self._grown_at = now
