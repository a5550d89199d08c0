"""Quotas in requests and tokens per minute, as Azure OpenAI deployments have them, with their headers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_WINDOW: Final = 60.0


@dataclass
class _Budget:
    """So much a minute; the minute begins with the first request."""

    limit: int
    left: int = 0
    ends: float = float("-inf")

    def renew(self, now: float) -> None:
        if now >= self.ends:
            self.left, self.ends = self.limit, now + _WINDOW


class Quota:
    """What may still be asked this minute.

    :param requests: requests per minute. None: as many as one likes.
    :param tokens: tokens per minute, prompt and answer together. None: as many as one likes.
    :param clock: gives seconds.
    """

    def __init__(self, requests: int | None, tokens: int | None, clock: Callable[[], float]) -> None:
        wanted = {"requests": requests, "tokens": tokens}
        self._budgets = {name: _Budget(limit) for name, limit in wanted.items() if limit is not None}
        self._clock = clock

    def wait(self) -> float:
        """Say how many seconds a request has to wait; 0 for none."""
        now = self._clock()
        for budget in self._budgets.values():
            budget.renew(now)
        return max((budget.ends - now for budget in self._budgets.values() if budget.left <= 0), default=0.0)

    def spend(self, tokens: int) -> None:
        """Book a request that was let in, and the tokens it took. The last one may overdraw."""
        for name, spent in (("requests", 1), ("tokens", tokens)):
            if name in self._budgets:
                self._budgets[name].left = max(0, self._budgets[name].left - spent)

    def headers(self) -> Mapping[str, str]:
        """Say what is left, in the headers of the service; times are whole seconds."""
        now = self._clock()
        found: dict[str, str] = {}
        for name, budget in self._budgets.items():
            found[f"x-ratelimit-limit-{name}"] = str(budget.limit)
            found[f"x-ratelimit-remaining-{name}"] = str(budget.left)
            found[f"x-ratelimit-reset-{name}"] = str(max(0, round(budget.ends - now)))
            found[f"x-ratelimit-renewalperiod-{name}"] = str(round(_WINDOW))
        return found
