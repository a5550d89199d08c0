"""Quotas in requests and tokens per minute, as Azure OpenAI deployments have them, with their headers.

Azure judges the rate of a minute "typically over 1 or 10 seconds" (Learn, "quota"), books the tokens that a request may
take before the model is asked, and lets requests that it refused count as well. Each is a setting of :class:`Quota`.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ._request import RecordedRequest
from ._values import as_object

_MINUTE: Final = 60.0
_CHARACTERS_PER_TOKEN: Final = 4
_LIMITS_OF_ANSWERS: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens")


@dataclass
class _Budget:
    """So much in a window; the first window begins with the first request."""

    limit: float
    window: float
    left: float = 0
    ends: float = float("-inf")

    @property
    def share(self) -> float:
        """How much of the minute's limit a window has, at least one."""
        return max(1.0, self.limit * self.window / _MINUTE)

    def renew(self, now: float) -> None:
        """Begin a window if the last is over. A debt that requests made in it goes over to the next."""
        if now >= self.ends:
            follows = now < self.ends + self.window
            debt = min(0.0, self.left) if follows else 0.0
            self.left, self.ends = self.share + debt, now + self.window

    def book(self, spent: float, *, debt: bool) -> None:
        """Book what was spent. With `debt` the next window pays for what this one did not have, up to all it has."""
        self.left = max(-self.share if debt else 0.0, self.left - spent)


class Quota:
    """What may still be asked in this window.

    :param requests: requests per minute. None: as many as one likes.
    :param tokens: tokens per minute, prompt and answer together. None: as many as one likes.
    :param clock: gives seconds.
    :keyword window: over how many seconds the rate is judged. Default: 60.
    :keyword refused_count: whether refused requests count, in the next window. Default: False.
    :keyword by_estimate: whether the tokens that a request may take are booked when it is let in, not those that it
        took. Default: False.
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
        """Return how many seconds a request has to wait; 0 for none."""
        now = self._clock()
        for budget in self._budgets.values():
            budget.renew(now)
        return max((budget.ends - now for budget in self._budgets.values() if budget.left < 1), default=0.0)

    def refuse(self) -> None:
        """Book a request that was refused."""
        if self._refused_count and "requests" in self._budgets:
            self._budgets["requests"].book(1, debt=True)

    def spend(self, tokens: int, request: RecordedRequest | None = None) -> None:
        """Book a request that was let in. The last one may overdraw.

        :param tokens: what it took.
        :param request: the request itself, to estimate its tokens.
        """
        if self._by_estimate and request is not None:
            tokens = estimate(request)
        for name, spent in (("requests", 1), ("tokens", tokens)):
            if name in self._budgets:
                self._budgets[name].book(spent, debt=False)

    def headers(self) -> Mapping[str, str]:
        """Return what is left, in the headers of the service; times are whole seconds."""
        now = self._clock()
        found: dict[str, str] = {}
        for name, budget in self._budgets.items():
            found[f"x-ratelimit-limit-{name}"] = str(round(budget.limit))
            found[f"x-ratelimit-remaining-{name}"] = str(max(0, math.floor(budget.left)))
            found[f"x-ratelimit-reset-{name}"] = str(max(0, math.ceil(budget.ends - now)))
            found[f"x-ratelimit-renewalperiod-{name}"] = str(math.ceil(budget.window))
        return found


def estimate(request: RecordedRequest) -> int:
    """Estimate the tokens that a request may take, as Azure does before it lets one in: its text, and its limit."""
    body = as_object(request.body)
    asked: Any = body.get("messages", body.get("input", ""))
    text = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
    answer = next((limit for name in _LIMITS_OF_ANSWERS if isinstance(limit := body.get(name), int)), 0)
    copies = body.get("n")
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN) + answer * (copies if isinstance(copies, int) else 1)
