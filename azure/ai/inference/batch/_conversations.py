"""`complete_many`: many conversations at a time, with results in order, in both worlds. No file, no journal."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from inspect import GEN_RUNNING, getgeneratorstate
from types import TracebackType
from typing import Any

from typing_extensions import Self

from .._json import is_object
from .._operations.call import check_keywords
from .._operations.settings import Settings
from ._loop_thread import iterate
from ._results import BatchResult, outcome_result
from ._row_calls import ConversationCalls
from ._row_run import RowRun
from ._run_options import RunOptions, check_run_options
from ._summary import Progress, Summary

_NO_LIMIT = 2**63
"""Rows may fail: the caller checks each result."""


class _Many:
    """The arguments of `complete_many`, checked before anything is sent.

    :param settings: The client's settings.
    :param conversations: The conversations.
    :param max_concurrency: Maximum number of requests in flight.
    :param on_progress: Called with a `Progress` after each result.
    :param options: Keyword arguments of each call.
    """

    def __init__(
        self,
        settings: Settings,
        conversations: Iterable[Any],
        max_concurrency: int,
        on_progress: Callable[[Progress], object] | None,
        options: Mapping[str, Any],
    ) -> None:
        one = isinstance(conversations, (str, bytes)) or is_object(conversations)
        if one or not hasattr(conversations, "__iter__"):
            raise TypeError(
                "conversations must be an iterable of conversations, each a list of messages or the text of a user "
                f"message; not {type(conversations).__name__}: {conversations!r:.200}"
            )
        for name in ("stream", "body", "cls"):
            if options.get(name) is not None:
                raise TypeError(f"complete_many() takes no {name}: use complete(), one conversation at a time.")
        check_keywords(settings, "complete_many", options)
        self._conversations = conversations
        self._calls = ConversationCalls(options)
        self._options = RunOptions(
            max_concurrency=max_concurrency, on_progress=on_progress, max_failures=_NO_LIMIT, ordered=True
        )
        check_run_options(self._options)
        self._run: RowRun | None = None
        self._stopped = False
        self.summary = Summary()

    async def results(self, ask: Callable[..., Awaitable[Any]]) -> AsyncGenerator[list[BatchResult], None]:
        run = self._run = RowRun(self._options, self._calls, ask, self.summary)
        if self._stopped:
            run.stop()
        some = run.outcomes(self._conversations)
        try:
            async for outcomes in some:
                yield [outcome_result(outcome) for outcome in outcomes]
        finally:
            await some.aclose()
            run.end()
            self._run = None

    def stop(self) -> None:
        """Start no more requests; may be called from any thread."""
        self._stopped = True
        if self._run is not None:
            self._run.stop()


class AsyncManyCompletions(AsyncIterator[BatchResult]):
    """The results of `complete_many`, in the order of the conversations.

    Requests start with the iteration. Cancelling a wait for a result loses nothing: the next wait continues.
    """

    def __init__(self, complete: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        self._many = _Many(*arguments)
        self._results = self._many.results(complete)
        self._following: asyncio.Future[list[BatchResult] | None] | None = None
        self._unread: deque[BatchResult] = deque()

    @property
    def summary(self) -> Summary:
        """The counts so far: answered, failed, tokens, refused requests."""
        return self._many.summary

    async def aclose(self) -> None:
        """Start no more requests, and complete those in flight. Can be called again."""
        self._many.stop()
        if self._following is not None:
            await asyncio.wait([self._following])
        await self._results.aclose()
        self._unread.clear()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> BatchResult:
        while not self._unread:
            following = self._following or asyncio.ensure_future(anext(self._results, None))
            self._following = following
            some = await asyncio.shield(following)
            if self._following is following:  # else another task that waits for it has taken it
                self._following = None
                self._unread.extend(some or ())
            if some is None:
                raise StopAsyncIteration
        return self._unread.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()


class ManyCompletions(Iterator[BatchResult]):
    """The results of `complete_many`, in the order of the conversations.

    Requests start with the iteration, each in a thread. Ctrl-C completes the requests in flight.
    """

    def __init__(self, complete: Callable[..., Any], *arguments: Any) -> None:
        self._many = _Many(*arguments)
        self._results = self._each(complete)

    def _each(self, complete: Callable[..., Any]) -> Generator[BatchResult, None, None]:
        for some in iterate(self._threaded(complete), self._many.stop):
            yield from some

    async def _threaded(self, complete: Callable[..., Any]) -> AsyncGenerator[list[BatchResult], None]:
        loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(self._many._options.max_concurrency, "complete_many")  # noqa: SLF001

        def ask(**arguments: Any) -> Awaitable[Any]:
            return loop.run_in_executor(threads, copy_context().run, partial(complete, **arguments))

        results = self._many.results(ask)
        try:
            async for some in results:
                yield some
        finally:
            await results.aclose()
            threads.shutdown(wait=False, cancel_futures=True)

    @property
    def summary(self) -> Summary:
        """The counts so far: answered, failed, tokens, refused requests."""
        return self._many.summary

    def close(self) -> None:
        """Start no more requests, and complete those in flight. Can be called again.

        May be called from any thread, and from `on_progress`: an iteration that is under way ends after the results of
        the requests in flight.
        """
        self._many.stop()
        if getgeneratorstate(self._results) != GEN_RUNNING:
            self._results.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> BatchResult:
        return next(self._results)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


for _shown in (AsyncManyCompletions, ManyCompletions):
    _shown.__module__ = "azure.ai.inference.models"  # the public module that shows what clients return, like streams
