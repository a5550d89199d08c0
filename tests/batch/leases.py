"""Simulate workers that lease their starts from one budget, on a fake clock: minutes take a second or two."""

import asyncio
import math
import random
import selectors
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from azure.ai.inference._http.response_headers import RateLimits, rate_limits
from azure.ai.inference.batch import _budget, _runner
from azure.ai.inference.batch._budget import Budget, Lease, LeasedPacer
from azure.ai.inference.batch._pacing import Pacer
from azure.ai.inference.batch._runner import Job, Runner
from azure.ai.inference.emulator._quota import Quota


class _NoWait(selectors.SelectSelector):
    """A selector that never waits: it advances the clock of its loop instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "everything waits for something that never comes"
        self.now += timeout
        return []


class _FalseLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _NoWait()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


class _Answer(dict[str, Any]):
    def __init__(self, tokens: int, headers: dict[str, str]) -> None:
        super().__init__(usage={"total_tokens": tokens})
        self.rate_limits: RateLimits = rate_limits(headers)


class _RefusedError(HttpResponseError):
    def __init__(self, headers: dict[str, str], retry_after: float) -> None:
        super().__init__("too many")
        self.status_code, self.headers, self.retry_after = 429, headers, retry_after


class Leases:
    """Workers that share a quota, each with more rows than it can send.

    :param workers: How many.
    :param trip: The longest one-way delay to the budget in seconds; each message takes a random part of it.
    :keyword quota: Arguments of the emulator's `Quota`.
    """

    def __init__(self, workers: int, trip: float, **quota: Any) -> None:
        self.loop = _FalseLoop()
        self.limits = quota.pop("requests", None), quota.pop("tokens", None)
        self.quota = Quota(*self.limits, self.loop.time, **quota)
        self.workers, self.trip = workers, trip
        self.budget = Budget()
        self.chance = random.Random(1)
        self.answered, self.refused = [0] * workers, 0

    def run(self, minutes: float) -> tuple[float, float]:
        """Run for some minutes.

        :return: The share of the quota that was used, and the share of requests that were refused.
        """
        with pytest.MonkeyPatch.context() as patch:
            for module in (_budget, _runner):
                patch.setattr(module, "time", SimpleNamespace(monotonic=self.loop.time))
            self.loop.run_until_complete(self._run_all(60 * minutes))
        self.loop.close()
        done, (requests, tokens) = sum(self.answered), self.limits
        return done / minutes / (requests or tokens / 100), self.refused / (done + self.refused)

    async def _run_all(self, seconds: float) -> None:
        await asyncio.gather(*(self._work(number, seconds) for number in range(self.workers)))
        await asyncio.sleep(5)  # return unused starts

    async def _work(self, number: int, seconds: float) -> None:
        pacer = LeasedPacer(self._lease, f"w{number}", Pacer(share=1 / self.workers))

        async def send() -> _Answer:
            return await self._send(number)

        def jobs() -> Iterator[Job]:
            while self.loop.time() < seconds:
                yield Job(None, send, 100.0)

        async for _ in Runner(pacer, max_concurrency=64).outcomes(jobs()):
            pass

    async def _lease(self, *arguments: Any) -> Lease:
        await asyncio.sleep(self.trip * self.chance.random())
        lease = self.budget.lease(*arguments)
        await asyncio.sleep(self.trip * self.chance.random())
        return lease

    async def _send(self, number: int) -> _Answer:
        await asyncio.sleep(0.002 * self.chance.random())
        wait = self.quota.wait()
        if wait:
            self.quota.refuse()
            self.refused += 1
            headers = dict(self.quota.headers())
            await asyncio.sleep(0.04)
            raise _RefusedError(headers, max(1, math.ceil(wait)))
        self.quota.spend(100)
        headers = dict(self.quota.headers())
        await asyncio.sleep(0.2 * self.chance.uniform(0.5, 1.5))
        self.answered[number] += 1
        return _Answer(100, headers)
