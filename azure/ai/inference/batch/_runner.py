"""Run many requests concurrently: start them as the pacer allows, retry refused ones, deliver the outcomes.

Independent of rows and files. Work is done in rounds, one per iteration of the event loop in which something happened:
everything that ended is settled together, then everything that may start begins together. So the journal needs one
write for each of the two, and a job costs one task and no lock. Jobs are pulled as outcomes are consumed, so memory
holds a few times `max_concurrency` jobs, however many there are. The pacer handles status 429; the client's pipeline
retries other statuses and lost connections.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Any, NamedTuple

from azure.core.exceptions import AzureError

from .._http.paced_calls import PACED, PacedCall
from .._http.response_headers import RateLimits, rate_limits
from .._json import is_object
from .._nested_models import raw_member

_GRACE = 30.0
"""Seconds that requests in flight have to complete after the run is stopped."""

_LOOK_EVERY = 0.05
"""Seconds between two readings of response headers; reading them takes a tenth of the CPU time of a request."""

_AHEAD = 4
"""Outcomes to buffer per concurrent request, so that one slow answer does not hold up the others in an ordered run."""

_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 60.0


class Job(NamedTuple):
    """A request to send."""

    item: Any
    """The caller's own object, returned with the outcome."""
    send: Callable[[], Awaitable[Any]]
    """Sends the request once, and returns the answer."""
    tokens: float = 0.0
    """An estimate of its tokens."""


class Outcome(NamedTuple):
    """The outcome of a job."""

    item: Any
    answer: Any
    """`None` if it failed."""
    error: Exception | None
    """The error of the last attempt, if it failed."""
    attempts: int
    refused: int
    """Attempts that were refused for the quota."""
    maybe_paid: int
    """Attempts that may have been answered although no answer arrived."""
    seconds: float
    body: bytes | None = None
    """The body of the answer as received; `None` if it was converted from another API's format."""


class QuotaWaitError(Exception):
    """The service asks for a longer wait than the run accepts; `seconds` is its length.

    :param error: The refusal.
    :param seconds: The wait it asks for; `None` if waiting is useless.
    """

    def __init__(self, error: Exception, seconds: float | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


class _StoppedError(Exception):
    """No more requests may start."""


class _Refused(NamedTuple):
    """A job that waits for another turn."""

    job: Job
    turn: "asyncio.Future[None]"


class Runner:
    """Runs jobs.

    :param pacer: Decides when requests start: a `Pacer`, or an object with the same methods.
    :keyword max_concurrency: Maximum number of requests in flight.
    :keyword max_attempts: Maximum number of attempts for a job that is refused for the quota.
    :keyword max_wait: The longest wait to accept from a refusal, in seconds.
    :keyword ordered: Whether outcomes come in the order of the jobs.
    :keyword begun: Called with the items of jobs before each attempt.
    :keyword lost: Called with the error of each attempt, even if another follows.
    :keyword settled: Called with outcomes before they are delivered, and before other jobs begin in their place.

    If one of these functions raises, the run ends; outcomes are still delivered.
    """

    def __init__(
        self,
        pacer: Any,
        *,
        max_concurrency: int,
        max_attempts: int = 10,
        max_wait: float = 600.0,
        ordered: bool = False,
        begun: Callable[[list[Any]], object] = lambda items: None,
        lost: Callable[[Any, Exception], object] = lambda item, error: None,
        settled: Callable[[list[Outcome]], object] = lambda outcomes: None,
    ) -> None:
        self.pacer = pacer
        self.max_concurrency = max_concurrency
        self._max_attempts, self._max_wait = max_attempts, max_wait
        self._begun, self._lost, self._settled = begun, lost, settled
        self._failure: Exception | None = None
        self._stop_event, self._demand = asyncio.Event(), asyncio.Event()
        self._source: Iterator[Job | None] = iter(())
        self._reader: asyncio.Task[None] | None = None
        self._exhausted = False
        self._pulled: deque[Job] = deque()
        self._waiting: deque[_Refused] = deque()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ended: list[tuple[int, Outcome | None]] = []
        self._early: dict[int, Outcome | None] | None = {} if ordered else None
        self._ready: deque[Outcome] = deque()
        self._number = self._next_number = self._unread = 0
        self._context = copy_context()
        self._scheduled = False
        self._arrival: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._look_at = 0.0
        self.stopping = False
        """Whether no more requests may start."""

    # ---------------------------------------------------------------- for callers

    async def outcomes(
        self, jobs: Iterable[Job | None] | AsyncIterable[Job | None]
    ) -> AsyncGenerator[list[Outcome], None]:
        """Run jobs, and yield lists of their outcomes as they are consumed. Call it once.

        :param jobs: The jobs; a `None` among them lets other tasks run.
        :raises Exception: Raised by the iterable or one of the functions, or an error that affects every job; after
            the outcomes of the jobs that had already started.
        """
        if isinstance(jobs, AsyncIterable):
            self._reader = asyncio.create_task(self._read(jobs))
        else:
            self._source = iter(jobs)
        self._schedule()
        try:
            while self._ready or not self._is_over():
                if not self._ready:
                    self._arrival = asyncio.get_running_loop().create_future()
                    await self._arrival
                taken = [self._ready.popleft() for _ in range(min(len(self._ready), self.max_concurrency))]
                yield taken
                self._unread -= len(taken)
                self._schedule()
        finally:
            self.stop()
            await self._finish()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Start no more requests; those in flight are completed. Call it in the loop that runs them."""
        if self.stopping:
            return
        self.stopping = True
        self._grace = asyncio.get_running_loop().call_later(_GRACE, self._give_up)
        self._stop_event.set()
        for refused in [each for each in self._waiting if not each.turn.done()]:
            refused.turn.set_exception(_StoppedError())
        if self._reader is not None:
            self._reader.cancel()
        self._schedule()

    async def carry_out(self, job: Job) -> Outcome:
        """Send a job when the pacer allows it, and send it again if it is refused.

        :param job: The job.
        :raises QuotaWaitError: The service asks for too long a wait.
        """
        await self._turn(job)
        return await self._attempts(job)

    # ---------------------------------------------------------------- rounds

    def _schedule(self) -> None:
        """Run a round in the next iteration of the loop, in the context of the run, not of one of its jobs."""
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._round, context=self._context)

    def _round(self) -> None:
        self._scheduled = False
        self._settle()
        self._start()
        arrival = self._arrival
        if arrival is not None and not arrival.done() and (self._ready or self._is_over()):
            arrival.set_result(None)

    def _is_over(self) -> bool:
        return not self._tasks and not self._ended and (self.stopping or (self._exhausted and not self._pulled))

    def _settle(self) -> None:
        if not self._ended:
            return
        ended, self._ended = self._ended, []
        outcomes = [outcome for _, outcome in ended if outcome is not None]
        try:
            self._settled(outcomes)
        except Exception as error:  # noqa: BLE001 - anything raised by the caller's own functions ends the run
            self._fail(error)
        if self._early is None:
            self._ready.extend(outcomes)
            return
        self._early.update(ended)
        while self._next_number in self._early:
            outcome = self._early.pop(self._next_number)
            self._next_number += 1
            if outcome is not None:
                self._ready.append(outcome)

    def _start(self) -> None:
        """Start every job that may start now: refused ones first, then new ones."""
        now = time.monotonic()
        again: list[_Refused] = []
        new: list[Job] = []
        while (job := self._candidate(len(new))) is not None:
            wait = self.pacer.start(now, job.tokens)
            if wait > 0:
                self._come_back(wait)
                break
            if self._waiting:
                again.append(self._waiting.popleft())
            else:
                new.append(self._pulled.popleft())
        if again or new:
            self._begin(again, new)

    def _candidate(self, begun: int) -> Job | None:
        """Return the job that would start next.

        :param begun: The number of new jobs that this round starts.
        """
        while self._waiting and self._waiting[0].turn.done():
            self._waiting.popleft()
        if self._waiting:
            return self._waiting[0].job
        busy, unread = len(self._tasks) + begun, self._unread + begun
        if self.stopping or busy >= self.max_concurrency or unread >= _AHEAD * self.max_concurrency:
            return None
        if not self._pulled:
            self._pull()
        return self._pulled[0] if self._pulled else None

    def _begin(self, again: list[_Refused], new: list[Job]) -> None:
        jobs = [*(refused.job for refused in again), *new]
        try:
            self._begun([job.item for job in jobs])
        except Exception as error:  # noqa: BLE001 - as above
            for _ in jobs:
                self.pacer.failed()
            self._waiting.extend(again)  # `stop` fails their turns
            self._fail(error)
            return
        for refused in again:
            refused.turn.set_result(None)
        self._unread += len(new)
        for job in new:
            self._tasks[self._number] = asyncio.create_task(self._carry_on(self._number, job))
            self._number += 1

    async def _carry_on(self, number: int, job: Job) -> None:
        """Run a job that may start."""
        outcome = None
        try:
            outcome = await self._attempts(job)
        except _StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(error)
        finally:
            self._ended.append((number, outcome))
            del self._tasks[number]
            self._schedule()

    def _come_back(self, wait: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(wait, self._schedule)

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self.stop()

    async def _finish(self) -> None:
        """Wait for the requests in flight; those that take too long are cancelled."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())
        if self._reader is not None:
            await asyncio.wait([self._reader])
        self._settle()
        for timer in (self._alarm, self._grace):
            if timer is not None:
                timer.cancel()

    def _give_up(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    # ---------------------------------------------------------------- where jobs come from

    def _pull(self) -> None:
        """Pull the next job, if one is available."""
        if self._reader is not None:
            self._demand.set()
            return
        try:
            job = next(self._source)
        except Exception as error:  # noqa: BLE001 - anything raised by the caller's iterable, after the jobs that it yielded
            self._exhausted = True
            if not isinstance(error, StopIteration):
                self._failure = self._failure or error
            return
        if job is None:
            self._schedule()
        else:
            self._pulled.append(job)

    async def _read(self, jobs: AsyncIterable[Job | None]) -> None:
        """Read jobs from an asynchronous iterable, at most `max_concurrency` ahead of those that have started."""
        try:
            async for job in jobs:
                if job is None:
                    await asyncio.sleep(0)
                    continue
                self._pulled.append(job)
                self._schedule()
                if len(self._pulled) >= self.max_concurrency:
                    self._demand.clear()
                    await self._demand.wait()
        except Exception as error:  # noqa: BLE001 - as above
            self._failure = self._failure or error
        finally:
            self._exhausted = True
            self._schedule()

    # ---------------------------------------------------------------- one job

    async def _attempts(self, job: Job) -> Outcome:
        """Send a job that may start, and send it again if it is refused."""
        began = time.monotonic()
        attempts = refused = maybe_paid = 0
        while True:
            paced = PacedCall()
            answer, error = await self._send(job, paced)
            attempts += 1 + paced.retries
            maybe_paid += paced.maybe_paid
            if error is not None:
                self._lost(job.item, error)
                if _is_refusal(error):
                    refused += 1
                    wait = self._wait_after(error, refused)
                    if refused < self._max_attempts:
                        await self._sleep(wait)
                        await self._turn(job)
                        continue
            seconds = time.monotonic() - began
            return Outcome(job.item, answer, error, attempts, refused, maybe_paid, seconds, paced.body)

    async def _send(self, job: Job, paced: PacedCall) -> tuple[Any, Exception | None]:
        """Send a job once, and let the pacer learn from it."""
        token = PACED.set(paced)
        try:
            answer = await job.send()
        except (AzureError, TypeError, ValueError) as error:
            if _is_refusal(error):
                limits = rate_limits(getattr(error, "headers", None) or {})
                self.pacer.refused(time.monotonic(), getattr(error, "retry_after", None), limits)
            else:
                self.pacer.failed()
            return None, error
        except BaseException:
            self.pacer.failed()
            raise
        finally:
            PACED.reset(token)
            self._schedule()
        now = time.monotonic()
        usage = raw_member(answer, "usage")
        spent = usage.get("total_tokens") if is_object(usage) else None
        known = spent if isinstance(spent, int) else None
        self.pacer.answered(now, self._limits(now, answer), job.tokens, known)
        return answer, None

    def _limits(self, now: float, answer: Any) -> RateLimits | None:
        if now < self._look_at:
            return None
        self._look_at = now + _LOOK_EVERY
        limits: RateLimits = answer.rate_limits
        return limits

    def _wait_after(self, error: Exception, refused: int) -> float:
        """Return how long a refused job waits.

        :raises QuotaWaitError: The wait is too long, or waiting is useless.
        """
        details = getattr(error, "error", None)
        if getattr(details, "code", None) == "insufficient_quota":  # OpenAI: the account has no credit left
            raise QuotaWaitError(error, None)
        asked = getattr(error, "retry_after", None)
        if asked is not None and asked > self._max_wait:
            raise QuotaWaitError(error, asked)
        least: float = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (refused - 1)) if asked is None else asked
        return least + random.uniform(0, max(0.05, least / 10))  # noqa: S311 - jitter is not a secret

    async def _turn(self, job: Job) -> None:
        """Wait until the pacer lets a job start again."""
        if self.stopping:
            raise _StoppedError
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Refused(job, turn))
        self._schedule()
        await turn

    async def _sleep(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stop_event.wait(), seconds)
            raise _StoppedError


def _is_refusal(error: Exception) -> bool:
    return getattr(error, "status_code", None) == 429
