"""One pacer for many workers: leases, dead workers, and an unreachable budget."""

import asyncio
import logging
from typing import Any

import pytest

from azure.ai.inference.batch import _budget
from azure.ai.inference.batch._budget import Budget, Lease, LeasedPacer
from azure.ai.inference.batch._pacing import Pacer

from .leases import Leases


def test_budget_leases_starts_and_forgets_dead_workers() -> None:
    budget = Budget(requests_per_minute=600)
    first = budget.lease("a", 8, 1.0, [])
    assert first[:2] == ([0.0], pytest.approx(582))
    assert budget.lease("b", 8, 1.0, []).starts == []
    later = budget.lease("a", 8, 1.0, [("answered", None, 1.0, 1.0)]).starts
    assert 2 <= len(later) <= 4
    assert later == sorted(later)
    budget.lease("a", 0, 1.0, [("refused", 1.0, None), ("failed",)])
    assert budget._in_flight["a"] == len(later) - 2
    budget._seen["a"] -= 100
    budget.lease("b", 0, 1.0, [])
    assert "a" not in budget._in_flight
    assert budget._pacer.in_flight == 0
    dead = Budget()
    dead.lease("a", 1, 1.0, [])
    dead._seen["a"] -= 100
    assert dead.lease("b", 1, 1.0, []).starts == [0.0]  # its request has ended, so another one may learn the limits


class Link:
    """A connection to a budget, which can be cut."""

    def __init__(self, budget: Budget) -> None:
        self.budget, self.cut = budget, False
        self.asked: list[tuple[int, list[Any]]] = []

    async def __call__(self, worker: str, wanted: int, tokens: float, reports: list[Any], seconds: float) -> Lease:
        if self.cut:
            raise ConnectionError("the actor died")
        self.asked.append((wanted, reports))
        return self.budget.lease(worker, wanted, tokens, reports, seconds)


async def started(pacer: LeasedPacer, now: float) -> None:
    """Wait until a request may start."""
    for _ in range(500):
        if pacer.start(now, 1.0) == 0:
            return
        await asyncio.sleep(0.002)
        now = asyncio.get_running_loop().time()
    raise AssertionError("it never started")


async def test_worker_leases_starts_and_reports() -> None:
    link = Link(Budget())
    pacer, now = LeasedPacer(link, "a", Pacer()), asyncio.get_running_loop().time()
    assert pacer.per_minute(now, 1.0) is None
    await started(pacer, now)
    pacer.answered(now, None, 1.0, 1.0)
    await started(pacer, now)
    pacer.refused(now, 1.0)
    await started(pacer, now)
    pacer.failed()
    await asyncio.sleep(0.15)
    kinds = [report[0] for _, reports in link.asked for report in reports]
    assert kinds[:3] == ["answered", "refused", "failed"]
    await asyncio.sleep(0.25)
    assert link.budget._pacer.in_flight == 0  # starts in hand are returned


async def test_unused_starts_are_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_budget, "_LATE", 0.0)
    link = Link(Budget())
    pacer, now = LeasedPacer(link, "a", Pacer()), asyncio.get_running_loop().time()
    pacer.start(now, 1.0)
    pacer._starts.append(now - 1)
    assert pacer.start(now, 1.0) > 0
    assert pacer._reports == [("failed",)]


async def test_unreachable_budget_is_replaced_until_it_returns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_budget, "_AWAY", 0.02)
    link, share = Link(Budget()), Pacer()
    link.cut = True
    pacer, now = LeasedPacer(link, "a", share), asyncio.get_running_loop().time()
    with caplog.at_level(logging.WARNING):
        await started(pacer, now)
        for end in (
            lambda: pacer.answered(now, None, 1.0),
            lambda: pacer.refused(now, 0.0),
            pacer.failed,
        ):
            assert share.in_flight == 1
            end()
            await started(pacer, now)
    assert len(caplog.records) == 1
    assert share.in_flight == 1
    link.cut = False
    while pacer._away:
        pacer.start(asyncio.get_running_loop().time(), 1.0)
        await asyncio.sleep(0.005)
    pacer._by_share = 0
    await started(pacer, now)
    pacer.failed()
    await asyncio.sleep(0.05)
    assert ("failed",) in [report for _, reports in link.asked for report in reports]


@pytest.mark.parametrize("window", [1, 10, 60])
@pytest.mark.parametrize(("workers", "trip"), [(1, 0.005), (4, 0.005), (2, 0.1)])
def test_workers_share_a_request_quota(window: float, workers: int, trip: float) -> None:
    leases = Leases(workers, trip, requests=1200, window=window, refused_count=True)
    used, refused = leases.run(minutes=1)
    assert refused <= 0.005
    assert used >= 0.95
    assert min(leases.answered) >= 0.7 * max(leases.answered)
    assert leases.budget._pacer.in_flight == 0


def test_slow_connection_to_the_budget_costs_little_throughput() -> None:
    """Leases grow with the response time."""
    used, refused = Leases(2, 0.5, requests=1200, window=10, refused_count=True).run(minutes=1)
    assert refused <= 0.005
    assert used >= 0.93


def test_workers_share_a_token_quota() -> None:
    used, refused = Leases(2, 0.02, tokens=120_000, window=10).run(minutes=1)
    assert refused <= 0.005
    assert used >= 0.93
