"""Quotas in requests and tokens per minute, like those of Azure OpenAI deployments, with their headers.

Azure measures the rate of a minute "typically over 1 or 10 seconds" (Learn, "quota"), charges the tokens that a request
may use before the model is called, and counts refused requests too. Each is a setting of :class:`Quota`.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ._outcome import Outcome
from ._request import RecordedRequest
from ._values import as_object

_MINUTE: Final = 60.0
_CHARACTERS_PER_TOKEN: Final = 4
_LIMITS_OF_ANSWERS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens")


@dataclass
class _Budget:
    """The budget of a window; the first window begins with the first request."""

    limit: float
    window: float
    left: float = 0
    ends: float = float("-inf")

    @property
    def share(self) -> float:
        """The share of the minute's limit that a window has, at least one."""
        return max(1.0, self.limit * self.window / _MINUTE)

    def renew(self, now: float) -> None:
        """Begin a new window if the last one is over. Debt of its requests carries over to the next."""
        if now >= self.ends:
            follows = now < self.ends + self.window
            debt = min(0.0, self.left) if follows else 0.0
            self.left, self.ends = self.share + debt, now + self.window

    def book(self, spent: float, *, debt: bool) -> None:
        """Charge an amount. With `debt`, the next window pays for what this one lacked, up to its whole budget."""
        self.left = max(-self.share if debt else 0.0, self.left - spent)


class Quota:
    """What may still be requested in this window.

    :param requests: Requests per minute. None: unlimited.
    :param tokens: Tokens per minute, prompt and answer together. None: unlimited.
    :param clock: Returns seconds.
    :keyword window: The seconds over which the rate is measured. Default: 60.
    :keyword refused_count: Whether refused requests count, in the next window. Default: False.
    :keyword by_estimate: Whether to charge the tokens that a request may use when it arrives, instead of those that it
        used. Default: False.
    """

    def __init__(
        self,
        requests: int | None,
        tokens: int | None,
        clock: Callable[[], float],
        *,
        window: float = _MINUTE,
        refused_count: bool = False,
        by_estimate: bool = False,
    ) -> None:
        wanted = {"requests": requests, "tokens": tokens}
        self._budgets = {name: _Budget(limit, window) for name, limit in wanted.items() if limit is not None}
        self._clock = clock
        self._refused_count = refused_count
        self._by_estimate = by_estimate

    def wait(self) -> float:
        """Return how many seconds a request must wait; 0 if it need not."""
        now = self._clock()
        for budget in self._budgets.values():
            budget.renew(now)
        return max((budget.ends - now for budget in self._budgets.values() if budget.left < 1), default=0.0)

    def refuse(self) -> None:
        """Charge a refused request."""
        if self._refused_count and "requests" in self._budgets:
            self._budgets["requests"].book(1, debt=True)

    def spend(self, tokens: int, request: RecordedRequest | None = None) -> None:
        """Charge an accepted request. The last one may overdraw the quota.

        :param tokens: The tokens it used.
        :param request: The request, to estimate its tokens.
        """
        if self._by_estimate and request is not None:
            tokens = estimate(request)
        for name, spent in (("requests", 1), ("tokens", tokens)):
            if name in self._budgets:
                self._budgets[name].book(spent, debt=False)

    def headers(self) -> Mapping[str, str]:
        """Return what remains, in the service's headers; times are whole seconds."""
        now = self._clock()
        found: dict[str, str] = {}
        for name, budget in self._budgets.items():
            found[f"x-ratelimit-limit-{name}"] = str(round(budget.limit))
            found[f"x-ratelimit-remaining-{name}"] = str(max(0, math.floor(budget.left)))
            found[f"x-ratelimit-reset-{name}"] = str(max(0, math.ceil(budget.ends - now)))
            found[f"x-ratelimit-renewalperiod-{name}"] = str(math.ceil(budget.window))
        return found


class Slots:
    """The requests that are currently being answered.

    :param limit: The maximum number. None: unlimited.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._taken: list[Outcome] = []

    def take(self, outcome: Outcome) -> bool:
        """Take a slot until the request's end; return whether one was free."""
        if self._limit is None:
            return True
        self._taken = [taken for taken in self._taken if not taken.ended]
        if len(self._taken) >= self._limit:
            return False
        self._taken.append(outcome)
        return True


def estimate(request: RecordedRequest) -> int:
    """Estimate the tokens that a request may use, as Azure does before it accepts one: its text, and its limit."""
    body = as_object(request.body)
    asked: Any = body.get("messages", body.get("input", ""))
    text = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
    answer = next((limit for name in _LIMITS_OF_ANSWERS if isinstance(limit := body.get(name), int)), 0)
    copies = body.get("n")
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN) + answer * (copies if isinstance(copies, int) else 1)
