"""Many requests under way: starts them as the pacer says, sends refused ones again, hands the outcomes over.

Knows nothing of rows and files. Workers pull jobs from an iterator, as results are taken, so memory holds a few times
`max_concurrency` of them however many there are. The pacer owns status 429; the pipeline of the client keeps the
retries of other statuses and of lost connections.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, cast

from azure.core.exceptions import AzureError

from .._http.response_headers import RateLimits, rate_limits
from .._http.retries import PACED, PacedCall

_GRACE = 30.0
"""Seconds that requests under way get to finish when no more are wanted."""

_LOOK_EVERY = 0.05
"""Seconds between two looks at the headers of answers; reading them takes a tenth of what a request takes."""

_AHEAD = 4
"""Jobs in hand for each worker, so that one slow answer does not hold up the others where order is kept."""

_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 60.0


class Job(NamedTuple):
    """A request to be sent."""

    item: Any
    """What it is for."""
    send: Callable[[], Awaitable[Any]]
    """Sends it once, and returns the answer."""
    tokens: float = 0.0
    """An estimate of the tokens that it takes."""


class Outcome(NamedTuple):
    """What became of a job."""

    item: Any
    answer: Any
    """`None` if it failed."""
    error: Exception | None
    """What the last attempt raised."""
    attempts: int
    refused: int
    """Of those, attempts that were refused for the quota."""
    maybe_paid: int
    """Of those, attempts that may have been answered although the answer did not arrive."""
    seconds: float


class QuotaWaitError(Exception):
    """The service asks for a longer wait than the run shall make; `seconds` says how long.

    :param error: The refusal.
    :param seconds: The wait that it asks for, `None` if there is no use in waiting.
    """

    def __init__(self, error: Exception, seconds: float | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


class _StoppedError(Exception):
    """No more requests begin."""


class Runner:
    """Carries jobs out.

    :param pacer: Says when requests start: a `Pacer`, or what is used as one.
    :keyword max_concurrency: The most requests at a time.
    :keyword max_attempts: The most attempts of a job that is refused for the quota.
    :keyword max_wait: The longest wait that a refusal may ask for, in seconds.
    :keyword ordered: Whether outcomes come in the order of the jobs.
    :keyword begun: Called before each attempt.
    :keyword finished: Called with each outcome as soon as it is there; what it returns is handed over. What it raises
        ends the run.
    :keyword noted: Called with what `finished` returned, which is handed over even if it raises; that ends the run.
    :keyword lost: Called with each attempt's error, also if another attempt follows. What it raises ends the run.
    """

    def __init__(
        self,
        pacer: Any,
        *,
        max_concurrency: int,
        max_attempts: int = 10,
        max_wait: float = 600.0,
        ordered: bool = False,
        begun: Callable[[Any], object] = lambda item: None,
        finished: Callable[[Outcome], Any] = lambda outcome: outcome,
        noted: Callable[[Any], object] = lambda outcome: None,
        lost: Callable[[Any, Exception], object] = lambda item, error: None,
    ) -> None:
        self.pacer = pacer
        self.max_concurrency = max_concurrency
        self._max_attempts, self._max_wait = max_attempts, max_wait
        self._ordered = ordered
        self._begun, self._lost, self._finished, self._noted = begun, lost, finished, noted
        self._failure: Exception | None = None
        self._look_at = 0.0
        self._changed, self._stop_event = asyncio.Event(), asyncio.Event()
        self._gate, self._source_lock = asyncio.Lock(), asyncio.Lock()
        self._room = asyncio.Semaphore(_AHEAD * max_concurrency)
        self._slots: deque[asyncio.Future[Any]] = deque()
        self._out: asyncio.Queue[Any] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._pulling: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.stopping = False
        """Whether no more requests begin."""

    async def outcomes(self, jobs: Iterable[Job | None] | AsyncIterable[Job | None]) -> AsyncGenerator[Any, None]:
        """Carry jobs out, and hand over what `finished` returns, as long as somebody takes it. Used once.

        :param jobs: The jobs; `None` among them gives others a turn.
        :raises Exception: What the iterable or one of the functions raised, or an error that hits every job, behind
            the outcomes of what had begun before.
        """
        self._source = _pull(jobs)
        self._workers = [asyncio.create_task(self._work()) for _ in range(self.max_concurrency)]
        ended = asyncio.ensure_future(asyncio.wait(self._workers))
        ended.add_done_callback(lambda _: self._out.put_nowait(_END))
        outcome = None
        try:
            while outcome is not _END:
                outcome = await self._out.get()
                for ready in self._ready(outcome):
                    yield ready
                    self._room.release()
        finally:
            self.stop()
            await self._finish()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Begin no more requests. Those under way are finished. Called in the loop that runs them."""
        if self.stopping:
            return
        self.stopping = True
        self._timer = asyncio.get_running_loop().call_later(_GRACE, self._give_up)
        self._stop_event.set()
        self._changed.set()
        for _ in range(self.max_concurrency):
            self._room.release()
        if self._pulling is not None:
            self._pulling.cancel()

    async def _finish(self) -> None:
        """Let requests under way finish; those that take too long are cancelled."""
        await asyncio.gather(*self._workers, return_exceptions=True)
        cast("asyncio.TimerHandle", self._timer).cancel()

    def _give_up(self) -> None:
        for worker in self._workers:
            worker.cancel()

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self.stop()

    def _ready(self, outcome: Any) -> Iterator[Any]:
        """Return what can be handed over now."""
        if not self._ordered:
            if outcome is not _END:
                yield outcome
            return
        while self._slots and self._slots[0].done():
            slot = self._slots.popleft()
            if not slot.cancelled():
                yield slot.result()

    async def _work(self) -> None:
        while not self.stopping:
            await self._room.acquire()
            slot: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            try:
                job = await self._next(slot)
                if job is None:
                    return
                outcome = self._finished(await self.carry_out(job))
                slot.set_result(outcome)
                self._out.put_nowait(outcome)
                self._noted(outcome)
            except _StoppedError:
                return
            except Exception as error:  # noqa: BLE001 - whatever the caller's own functions raise ends the run
                self._fail(error)
                return
            finally:
                slot.cancel()

    async def _next(self, slot: "asyncio.Future[Any]") -> Job | None:
        """Return the next job, `None` behind the last."""
        async with self._source_lock:
            job = None
            while job is None and not self.stopping:
                self._pulling = asyncio.current_task()
                try:
                    job = await anext(self._source)
                except (StopAsyncIteration, asyncio.CancelledError):  # `stop` cancels the wait for a job
                    return None
                finally:
                    self._pulling = None
                if job is None:
                    await asyncio.sleep(0)
            if self._ordered and job is not None:
                self._slots.append(slot)
            return job

    async def carry_out(self, job: Job) -> Outcome:
        """Send a job when the pacer lets it, and again if it is refused.

        :param job: The job.
        :raises QuotaWaitError: The service asks for too long a wait.
        """
        began = time.monotonic()
        attempts = refused = maybe_paid = 0
        while True:
            await self._turn(job.tokens)
            answer, error, paced = await self._send(job)
            attempts += 1 + paced.retries
            maybe_paid += paced.maybe_paid
            if error is not None:
                self._lost(job.item, error)
            if error is not None and _is_refusal(error):
                refused += 1
                wait = self._wait_after(error, refused)
                if refused < self._max_attempts:
                    await self._sleep(wait)
                    continue
            return Outcome(job.item, answer, error, attempts, refused, maybe_paid, time.monotonic() - began)

    async def _send(self, job: Job) -> tuple[Any, Exception | None, PacedCall]:
        """Send a job once, and let the pacer learn from it."""
        paced = PacedCall()
        token = PACED.set(paced)
        try:
            self._begun(job.item)
            answer = await job.send()
        except (AzureError, TypeError, ValueError) as error:
            if _is_refusal(error):
                limits = rate_limits(getattr(error, "headers", None) or {})
                asked = getattr(error, "retry_after", None)
                self._ended(lambda: self.pacer.refused(time.monotonic(), asked, limits))
            else:
                self._ended(self.pacer.failed)
            return None, error, paced
        except BaseException:
            self._ended(self.pacer.failed)
            raise
        finally:
            PACED.reset(token)
        now = time.monotonic()
        usage = answer.usage
        spent = usage.get("total_tokens") if usage else None
        self._ended(lambda: self.pacer.answered(now, self._limits(now, answer), job.tokens, spent))
        return answer, None, paced

    def _limits(self, now: float, answer: Any) -> RateLimits | None:
        if now < self._look_at:
            return None
        self._look_at = now + _LOOK_EVERY
        limits: RateLimits = answer.rate_limits
        return limits

    def _ended(self, tell: Callable[[], None]) -> None:
        tell()
        self._changed.set()

    def _wait_after(self, error: Exception, refused: int) -> float:
        """Decide how long a refused job waits.

        :raises QuotaWaitError: Too long, or waiting is of no use.
        """
        details = getattr(error, "error", None)
        if getattr(details, "code", None) == "insufficient_quota":  # OpenAI: the account has no money left
            raise QuotaWaitError(error, None)
        asked = getattr(error, "retry_after", None)
        if asked is not None and asked > self._max_wait:
            raise QuotaWaitError(error, asked)
        least: float = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (refused - 1)) if asked is None else asked
        return least + random.uniform(0, max(0.05, least / 10))  # noqa: S311 - jitter is no secret

    async def _turn(self, tokens: float) -> None:
        """Wait until the pacer lets a request start. One worker asks at a time, in the order in which they came."""
        async with self._gate:
            while True:
                if self.stopping:
                    raise _StoppedError
                wait = self.pacer.start(time.monotonic(), tokens)
                if wait <= 0:
                    return
                self._changed.clear()
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), wait)

    async def _sleep(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stop_event.wait(), seconds)
            raise _StoppedError


def _is_refusal(error: Exception) -> bool:
    return getattr(error, "status_code", None) == 429


_END = object()


async def _pull(jobs: Iterable[Job | None] | AsyncIterable[Job | None]) -> AsyncIterator[Job | None]:
    if isinstance(jobs, AsyncIterable):
        async for job in jobs:
            yield job
    else:
        for job in jobs:
            yield job
