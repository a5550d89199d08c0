"""Many rows on a Ray cluster. Needs the extra ``ray``: Ray Data 2.60 or later.

Ray Data reads, places, restarts, holds back and writes. Ours are a client in each worker, one pacer for the whole
cluster, and the journal::

    from azure.ai.inference.batch.ray import complete_dataset

    def make_client():
        return ChatCompletionsClient(os.environ["AZURE_AI_CHAT_ENDPOINT"], os.environ["AZURE_AI_CHAT_KEY"])

    def messages(record):
        return [{"role": "user", "content": f"Is this praise? {record['text']}"}]

    ds = ray.data.read_parquet("reviews/")
    ds = complete_dataset(ds, make_client, id="review", messages=messages, output="/mnt/shared/labels/", workers=8)
    ds.write_parquet("labelled/")
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from .._http.response_headers import RateLimits
from .._operations.options import ChatOptions
from ._pacing import Pacer
from ._record_worker import COLUMNS, RecordRows, RecordWorker, check_make_client, columns_of

if TYPE_CHECKING:
    from ..aio import ChatCompletionsClient

try:
    ray: Any = import_module("ray")
except ImportError as _error:
    raise ImportError('batches on Ray need the extra "ray": pip install "ray[data]>=2.60"') from _error

__all__ = ["Budget", "Completions", "complete_dataset"]

_LEASE = 0.25
"""Seconds for which starts are leased: what a worker that dies takes with it."""

_LATE = 0.1
"""Seconds after which a start that was not used is given back: made up for later, it would be part of a burst."""

_REPORT_EVERY = 0.1
_AWAY = 10.0
"""Seconds without an answer of the budget after which a worker keeps to a share of its own."""

_FORGOTTEN = 60.0
"""Seconds after which a worker that says nothing is taken for dead."""

_CALLS = 4
"""Batches at a time in a worker, so that one slow row does not hold up all."""

_logger = logging.getLogger("azure.ai.inference")


class Budget:
    """The one pacer of a cluster: an actor, from which workers lease the starts of requests.

    :keyword requests_per_minute: A limit to keep to, `None` for that of the service's headers.
    :keyword tokens_per_minute: The same for tokens.
    """

    def __init__(self, *, requests_per_minute: float | None = None, tokens_per_minute: float | None = None) -> None:
        self._pacer = Pacer(requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
        self._in_flight: dict[str, int] = {}
        self._seen: dict[str, float] = {}

    def lease(self, worker: str, wanted: int, tokens: float, reports: list[tuple[Any, ...]]) -> list[float]:
        """Take reports, and return when requests may start.

        :param worker: The worker's name.
        :param wanted: How many requests it would like to start.
        :param tokens: How many tokens each takes, about.
        :param reports: What became of requests: ("answered", limits, estimated, spent), ("refused", seconds, limits),
            or ("failed",), also for a lease that was not used.
        :return: Seconds from now, at most a quarter.
        """
        now = time.monotonic()
        self._forget(now)
        self._seen[worker] = now
        for kind, *told in reports:
            self._in_flight[worker] = max(0, self._in_flight.get(worker, 0) - 1)
            if kind == "answered":
                self._pacer.answered(now, *told)
            elif kind == "refused":
                self._pacer.refused(now, *told)
            else:
                self._pacer.failed()
        starts: list[float] = []
        at = now
        while len(starts) < wanted and at - now <= _LEASE:
            wait = self._pacer.start(at, tokens)
            if wait:
                at += wait
            else:
                starts.append(at - now)
        self._in_flight[worker] = self._in_flight.get(worker, 0) + len(starts)
        return starts

    def _forget(self, now: float) -> None:
        """Count the requests of workers that died as over."""
        for worker in [name for name, seen in self._seen.items() if now - seen > _FORGOTTEN]:
            for _ in range(self._in_flight.pop(worker, 0)):
                self._pacer.failed()
            del self._seen[worker]


class _LeasedPacer:
    """A worker's pacer, which leases its starts from the budget. To be used as `Pacer`."""

    def __init__(self, budget: Any, worker: str, share: Pacer) -> None:
        self._budget, self._worker, self._share = budget, worker, share
        self._starts: deque[float] = deque()
        self._reports: list[tuple[Any, ...]] = []
        self._wanted, self._tokens = 0, 0.0
        self._renewing: asyncio.Task[None] | None = None
        self._renewed_at = time.monotonic()
        self._away = False
        self._in_flight = 0

    def start(self, now: float, tokens: float) -> float:
        if self._away:
            return self._share.start(now, tokens)
        while self._starts and now - self._starts[0] > _LATE:
            self._starts.popleft()
            self._reports.append(("failed",))
        if self._starts and self._starts[0] <= now:
            self._starts.popleft()
            self._in_flight += 1
            self._renew(tokens)
            return 0.0
        self._renew(tokens)
        return min(_REPORT_EVERY / 2, max(0.001, self._starts[0] - now)) if self._starts else _REPORT_EVERY / 5

    def _renew(self, tokens: float) -> None:
        self._tokens = tokens
        if len(self._starts) < _CALLS and self._renewing is None:
            self._renewing = asyncio.get_running_loop().create_task(self._lease())

    async def _lease(self) -> None:
        reports, self._reports = self._reports, []
        wanted = max(1, 2 * _CALLS - len(self._starts))
        try:
            asked: Any = self._budget.lease.remote(self._worker, wanted, self._tokens, reports)
            starts = await asyncio.wait_for(asked, _AWAY)
        except Exception:  # noqa: BLE001 - whatever keeps the budget from answering: Ray has many words for it
            self._reports = reports + self._reports
            if time.monotonic() - self._renewed_at > _AWAY:
                _logger.warning("The budget does not answer: this worker keeps to its share of the quota.")
                self._away = True
        else:
            now = self._renewed_at = time.monotonic()
            self._starts.extend(now + start for start in starts)
            if not starts:
                await asyncio.sleep(_REPORT_EVERY / 2)
        finally:
            self._renewing = None

    def _report(self, *report: Any) -> None:
        self._in_flight -= 1
        self._reports.append(report)
        self._renew(self._tokens)

    def answered(self, now: float, limits: RateLimits | None, estimated: float, spent: float | None = None) -> None:
        if self._away:
            self._share.answered(now, limits, estimated, spent)
        else:
            self._report("answered", limits, estimated, spent)

    def refused(self, now: float, retry_after: float | None, limits: RateLimits | None = None) -> None:
        if self._away:
            self._share.refused(now, retry_after, limits)
        else:
            self._report("refused", retry_after, limits)

    def failed(self) -> None:
        if self._away:
            self._share.failed()
        else:
            self._report("failed")


class Completions:
    """Answers batches of records: a callable class for `Dataset.map_batches`, with `batch_format="pyarrow"`.

    `complete_dataset` puts it to use; do it by hand for other sizes and resources::

        ds.map_batches(Completions, fn_constructor_kwargs={...}, batch_format="pyarrow", batch_size=64,
                       compute=ray.data.ActorPoolStrategy(size=8, max_concurrent_calls_per_actor=4), num_cpus=0.25)

    :param make_client: Builds the asynchronous client, in the worker.
    :keyword id: The column that has the ids.
    :keyword messages: Makes the messages of a record, a dict.
    :keyword output: A folder that all machines see, for the results as JSON lines: the journal.
    :keyword budget: The handle of a `Budget` actor, `None` for a pacer of its own.
    :keyword workers: How many workers there are: the share of each, should the budget not answer.
    :keyword max_concurrency: The most requests at a time.
    :keyword requests_per_minute: A limit to keep to.
    :keyword tokens_per_minute: The same for tokens.
    :keyword options: Settings of the model.
    """

    def __init__(
        self,
        make_client: "Callable[[], ChatCompletionsClient]",
        *,
        id: str,
        messages: Callable[[Mapping[str, Any]], Any],
        output: str | None = None,
        budget: Any = None,
        workers: int = 1,
        max_concurrency: int = 32,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> None:
        from uuid import uuid4

        share = Pacer(
            requests_per_minute=requests_per_minute and requests_per_minute / workers,
            tokens_per_minute=tokens_per_minute and tokens_per_minute / workers,
        )
        self._pacer: Any = share if budget is None else _LeasedPacer(budget, uuid4().hex, share)
        self._rows = RecordRows(id, messages, options)
        self._make_client, self._max_concurrency = make_client, max_concurrency
        self._output = None if output is None else Path(output)
        self._worker: RecordWorker | None = None

    async def __call__(self, batch: Any) -> Any:
        """Answer a batch.

        :param batch: A `pyarrow.Table`.
        :return: The table with the columns status_code, text, body, error, prompt_tokens, completion_tokens, attempts.
        """
        if self._worker is None:  # here, in the event loop that the client is for
            client = self._make_client()
            self._worker = RecordWorker(self._rows, client, self._pacer, self._output, self._max_concurrency)
        results = await self._worker.answer(batch.to_pylist())
        return _with_columns(batch, [columns_of(result) for result in results])


def _with_columns(table: Any, added: list[dict[str, Any]]) -> Any:
    arrow: Any = import_module("pyarrow")
    kinds = {"status_code": arrow.int32(), "attempts": arrow.int32()}
    kinds |= {"prompt_tokens": arrow.int64(), "completion_tokens": arrow.int64()}
    for name in COLUMNS:
        values = arrow.array([columns[name] for columns in added], type=kinds.get(name, arrow.string()))
        table = table.append_column(name, values)
    return table


def complete_dataset(
    ds: Any,
    make_client: "Callable[[], ChatCompletionsClient]",
    *,
    id: str,
    messages: Callable[[Mapping[str, Any]], Any],
    output: str | None = None,
    workers: int = 1,
    max_concurrency: int = 32,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    batch_size: int = 64,
    num_cpus: float = 0.25,
    **options: Unpack[ChatOptions],
) -> Any:
    """Answer each record of a dataset.

    A worker that dies is restarted by Ray; what it had answered is read from the output and not asked again, nor is
    what an earlier run had answered.

    :param ds: A `ray.data.Dataset`.
    :param make_client: A function that builds the asynchronous client, called in each worker. It must not hold a key:
        read it from the environment inside.
    :keyword id: The column that has the ids, unique in the dataset.
    :keyword messages: A function that makes the messages of a record, a dict.
    :keyword output: A folder that all machines see, for the results as JSON lines. Without it nothing is kept.
    :keyword workers: How many workers, each a process.
    :keyword max_concurrency: The most requests at a time in a worker.
    :keyword requests_per_minute: A limit that all workers together keep to; by default that of the service's headers.
    :keyword tokens_per_minute: The same for tokens.
    :keyword batch_size: How many records a worker takes at a time.
    :keyword num_cpus: What a worker takes of a machine.
    :keyword options: Settings of the model.
    :return: A dataset with the columns of `ds`, and status_code, text, body, error, prompt_tokens, completion_tokens
        and attempts: an error is its row's.
    :raises TypeError: `make_client` holds a credential, or a keyword is unknown.
    """
    check_make_client(make_client)
    _check_settings(options)
    from uuid import uuid4

    limits: dict[str, Any] = {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
    name = f"azure-ai-inference-{uuid4().hex}"
    budget = ray.remote(Budget).options(name=name, num_cpus=0, max_restarts=-1).remote(**limits)
    arguments: dict[str, Any] = {"id": id, "messages": messages, "output": output, "budget": budget, "workers": workers}
    return ds.map_batches(
        Completions,
        fn_constructor_args=(make_client,),
        fn_constructor_kwargs={**arguments, "max_concurrency": max_concurrency, **limits, **options},
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=ray.data.ActorPoolStrategy(size=workers, max_concurrent_calls_per_actor=_CALLS),
        num_cpus=num_cpus,
    )


def _check_settings(options: Mapping[str, Any]) -> None:
    from ._rows import chat_row

    known: Any = options
    chat_row("-", messages=[{"role": "user", "content": ""}], **known)
