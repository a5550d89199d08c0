"""Send many rows to a model on a Ray cluster. Needs the extra ``ray``: Ray Data 2.60 or later.

Ray Data reads, distributes, restarts, applies backpressure and writes. This module adds a client in each worker, one
pacer for the whole cluster, and the journal::

    from azure.ai.inference.batch.ray import complete_dataset

    def make_client():
        return ChatCompletionsClient(os.environ["AZURE_AI_CHAT_ENDPOINT"], os.environ["AZURE_AI_CHAT_KEY"])

    def messages(record):
        return [{"role": "user", "content": f"Is this praise? {record['review']}"}]

    ds = ray.data.read_parquet("reviews/")
    ds = complete_dataset(ds, make_client, id="id", messages=messages, output="/mnt/shared/labels/", workers=8)
    ds.write_parquet("labelled/")

:class:`RayRun` needs no dataset: it is `BatchRun` with workers on a cluster.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from typing_extensions import Unpack

from .._operations.options import ChatOptions
from .._operations.settings import check_count
from .._operations.signatures import with_options
from ..exceptions import BatchStoppedError
from ._budget import Budget, LeasedPacer
from ._cluster_address import check_reachable
from ._cluster_run import ClusterRun, Tally, Worker
from ._columns import Columns
from ._loop_thread import LoopThread
from ._one_run import OneRun
from ._pacing import Pacer
from ._record_worker import RecordWorker
from ._records import RecordRows, check_make_client, check_records
from ._row_calls import RowCalls
from ._rows import BatchRow
from ._run_options import (
    WORKER_CONCURRENCY,
    CompletionsOptions,
    OnChanged,
    Redo,
    RunOptions,
    WorkerSettings,
    take_settings,
    worker_options,
)
from ._summary import Progress, Summary

if TYPE_CHECKING:
    from .. import aio

try:
    ray: Any = import_module("ray")
except ImportError as _error:
    raise ImportError('batches on Ray need the extra "ray": pip install "ray[data]>=2.60"') from _error

__all__ = ["Budget", "Completions", "RayRun", "complete_dataset"]

Budget.__module__ = __name__  # for pickles and `repr`, which must not change when files move

_CALLS = 4
"""Concurrent batches of a dataset per worker, so that one slow row does not hold up the others."""


class Completions:
    """Answers batches of records: a callable class for `Dataset.map_batches`, with `batch_format="pyarrow"`.

    `complete_dataset` uses it, and explains the arguments; use it directly for other sizes and resources::

        ds.map_batches(Completions, fn_constructor_kwargs={...}, batch_format="pyarrow", batch_size=64,
                       compute=ray.data.ActorPoolStrategy(size=8, max_concurrent_calls_per_actor=4), num_cpus=0.25)

    :param make_client: Builds the asynchronous client, in the worker.
    :keyword budget: The handle of a `Budget` actor; `None` gives each worker a pacer of its own.
    :keyword workers: The number of workers, which determines the share of each if the budget does not respond.
    """

    @with_options(WorkerSettings, ChatOptions)
    def __init__(
        self,
        make_client: "Callable[[], aio.ChatCompletionsClient]",
        *,
        id: str,
        messages: Callable[[Mapping[str, Any]], Any],
        output: str | os.PathLike[str] | None = None,
        parse_as: Any = None,
        prefix: str = "",
        budget: Any = None,
        workers: int = 1,
        **options: Unpack[CompletionsOptions],
    ) -> None:
        self._options = worker_options(output, take_settings(options))
        self._rows = RecordRows(id, messages, _with_format(options, parse_as))
        self._columns = Columns(parse_as, prefix)
        self._make_client, self._budget, self._workers = make_client, budget, workers
        self._worker: RecordWorker | None = None

    async def __call__(self, batch: Any) -> Any:
        """Answer a batch.

        :param batch: A `pyarrow.Table`.
        :return: The table with the added columns.
        """
        self._columns.check(batch.column_names)
        self._rows.check_columns(batch.column_names)
        if self._worker is None:  # created here, in the event loop that the client is for
            pacer = _pacer(self._options, self._budget, self._workers)
            self._worker = RecordWorker(self._make_client(), pacer, self._options)
        results = await self._worker.answer(self._rows.rows_of(batch.to_pylist()))
        return self._columns.add_to(batch, results)


def complete_dataset(
    ds: Any,
    make_client: "Callable[[], aio.ChatCompletionsClient]",
    *,
    id: str,
    messages: Callable[[Mapping[str, Any]], Any],
    output: str | os.PathLike[str] | None = None,
    parse_as: Any = None,
    prefix: str = "",
    workers: int = 1,
    max_concurrency: int = WORKER_CONCURRENCY,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    max_failures: int | float = 0.1,
    redo: Redo = "transient",
    on_changed: OnChanged = "raise",
    batch_size: int = 64,
    num_cpus: float = 0.25,
    **options: Unpack[ChatOptions],
) -> Any:
    """Answer each record of a dataset.

    Ray restarts a worker that dies. Its answers, and those of earlier runs, are read from the output and not requested
    again.

    :param ds: A `ray.data.Dataset`.
    :param make_client: A function that builds the asynchronous client, called in each worker. It must not contain a
        key: read it from the environment inside the function.
    :keyword id: The column with the ids, unique in the dataset.
    :keyword messages: A function that returns the messages of a record, a dict. If it raises, its row fails.
    :keyword output: A folder shared by all machines, for the results as JSON lines. Without it nothing is stored.
    :keyword parse_as: A type to request (unless `response_format` is given) and to read each answer as,
        into a column `parsed` with columns of its own; the guide has a table of types. An answer
        that does not match has an error and no `parsed`.
    :keyword prefix: Text to put before the name of each added column, such as `"answer_"`.
    :keyword workers: The number of workers, each a process.
    :keyword max_concurrency: Maximum number of requests in flight per worker.
    :keyword requests_per_minute: A limit for all workers together; by default that of the service's headers.
    :keyword tokens_per_minute: The same for tokens.
    :keyword max_failures: How many rows of a worker may fail before the job stops: a number (int), or a share (float
        from 0 to 1) that applies after 100 rows. 0.1 by default.
    :keyword redo: Which failed rows of earlier runs are sent again, as in `BatchRun`.
    :keyword on_changed: What happens to an answered row whose request has changed, as in `BatchRun`.
    :keyword batch_size: The number of records a worker takes at a time.
    :keyword num_cpus: The CPUs that a worker reserves.
    :keyword options: Settings of the model.
    :return: A dataset with the columns of `ds`, and status_code, text, body, error, prompt_tokens, completion_tokens
        and attempts. An error is the result of its row.
    :raises TypeError: `make_client` contains a credential, a keyword is unknown, or an argument has the wrong type.
    :raises ValueError: An argument is out of its range, or the dataset already has an added column, or lacks the one
        with the ids.
    """
    rows = RecordRows(id, messages, _with_format(options, parse_as))
    check_records(make_client, rows)
    check_count("workers", workers)
    check_count("batch_size", batch_size)
    settings: dict[str, Any] = {
        "max_concurrency": max_concurrency,
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "max_failures": max_failures,
        "redo": redo,
        "on_changed": on_changed,
    }
    limits = worker_options(output, settings)
    schema: Any = ds.schema(fetch_if_missing=False)
    columns = Columns(parse_as, prefix)
    if schema is not None:
        columns.check(schema.names)
        rows.check_columns(schema.names)
    arguments = {"id": id, "messages": messages, "parse_as": parse_as, "prefix": prefix, "workers": workers}
    return ds.map_batches(
        Completions,
        fn_constructor_args=(make_client,),
        fn_constructor_kwargs={**arguments, **settings, "output": output, "budget": _start_budget(limits), **options},
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=ray.data.ActorPoolStrategy(size=workers, max_concurrent_calls_per_actor=_CALLS),
        num_cpus=num_cpus,
    )


class RayRun:
    """Sends rows to a model from the workers of a cluster, and writes a result for each: `BatchRun` on many machines.

    `ray.init()` chooses the cluster; without it, the workers are processes of this machine. Run it again to continue.

    :param make_client: A function that builds the asynchronous client, called in each worker. It must not contain a
        key: read it from the environment inside the function.
    :keyword output: The folder for the results, shared by all machines; each worker writes its own file.
    :keyword workers: The number of workers, each a process.
    :keyword on_progress: Called with a `Progress` after each batch.
    :keyword num_cpus: The CPUs that a worker reserves.
    :keyword settings: Settings of the run: `max_concurrency`, `requests_per_minute`, `tokens_per_minute`,
        `max_failures`, `redo`, `on_changed`.
    :raises TypeError: `make_client` contains a credential, a keyword is unknown, or an argument has the wrong type.
    :raises ValueError: An argument is out of its range, or the output is not a folder.
    """

    @with_options(WorkerSettings)
    def __init__(
        self,
        make_client: "Callable[[], aio.ChatCompletionsClient | aio.EmbeddingsClient]",
        *,
        output: str | os.PathLike[str],
        workers: int = 1,
        on_progress: Callable[[Progress], object] | None = None,
        num_cpus: float = 0.25,
        **settings: Unpack[WorkerSettings],
    ) -> None:
        check_make_client(make_client)
        check_count("workers", workers)
        self._make_client, self._workers, self._num_cpus = make_client, workers, num_cpus
        self._options = worker_options(output, settings, on_progress=on_progress)
        self._alone = OneRun("RayRun")
        self._current: ClusterRun | None = None
        self._stopping = False
        self.summary: Summary = Summary()
        """The counts of the last run, or of the current one so far."""

    def run(self, rows: Iterable[BatchRow]) -> Summary:
        """Send all rows, and wait until they are done. Ctrl-C completes requests in flight; a second one aborts them.

        :param rows: The rows, read here as they are sent.
        :return: The counts of the run. The results are in `output`: `collect` reads them.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: The run stopped early; its text says why.
        :raises ValueError: Two rows have the same id, or the request of an answered row is different now.
        :raises RuntimeError: This object is running already, in another thread.
        """
        if not ray.is_initialized():
            _connect()
        with self._alone:
            self.summary = Summary()
            with LoopThread() as thread:
                thread.complete(self._run(rows), self.close, lambda: self._stopping)
            return self.summary

    def close(self) -> None:
        """Start no more requests; those in flight are completed. May be called from any thread."""
        self._stopping = True
        if self._current is not None:
            self._current.stop()

    async def _run(self, rows: Iterable[BatchRow]) -> None:
        run = self._current = ClusterRun(self._options, self.summary)
        if self._stopping:
            run.stop()
        name = f"azure-ai-inference-{uuid4().hex}"
        budget = _start_budget(self._options, name)
        actor = ray.remote(_RowWorker).options(
            num_cpus=self._num_cpus, scheduling_strategy="SPREAD", max_restarts=-1, max_task_retries=-1
        )
        elsewhere = self._options._replace(on_progress=None, on_changed="redo", max_failures=1.0)
        actors = [actor.remote(self._make_client, elsewhere, name, self._workers) for _ in range(self._workers)]
        try:
            await run.run(rows, [Worker(each.ready.remote, each.answer.remote) for each in actors])
        finally:
            self._current, self._stopping = None, False
            ray.wait([each.close.remote() for each in actors], num_returns=len(actors), timeout=_GRACE)
            for each in (*actors, budget):
                ray.kill(each)


def _connect() -> None:
    """Connect to the cluster that RAY_ADDRESS names, or start one on this machine."""
    try:
        check_reachable(os.environ.get("RAY_ADDRESS", ""))
        ray.init(log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError) as error:
        raise ConnectionError(f"the cluster of RAY_ADDRESS does not answer: {error}") from error


_GRACE = 5.0
"""Seconds for workers to close their clients; workers that were never placed have none to close."""


class _RowWorker:
    """A worker of a `RayRun`: an actor."""

    def __init__(self, make_client: Any, options: RunOptions, budget: str, workers: int) -> None:
        self._make_client, self._options = make_client, options
        self._pacer = _pacer(options, ray.get_actor(budget), workers)
        self._worker: RecordWorker | None = None

    async def ready(self) -> RowCalls | str:
        """Build the client, and return the builder of its calls, or the reason why there is none."""
        try:
            client = self._make_client()
            self._worker = RecordWorker(client, self._pacer, self._options)
            return RowCalls(client)
        except Exception as error:  # noqa: BLE001 - any error may fail to unpickle elsewhere, but its text does not
            return f"A worker could not start: {type(error).__name__}: {error}"

    async def answer(self, rows: list[BatchRow]) -> Tally:
        """Answer a batch."""
        if self._worker is None:  # it died and was restarted
            calls = await self.ready()
            if isinstance(calls, str):
                return Tally(Summary(), None, calls)
        summary = Summary()
        reason: str | None = None
        try:
            await cast("RecordWorker", self._worker).answer(rows, summary)
        except BatchStoppedError as error:
            reason = error.message
        except Exception as error:  # noqa: BLE001 - as above
            reason = f"A worker cannot continue: {type(error).__name__}: {error}"
        return Tally(summary, self._pacer.per_minute(0.0, 0.0), reason)

    async def close(self) -> None:
        """Close the client and the journal."""
        if self._worker is not None:
            await self._worker.close()


def _with_format(options: Any, parse_as: Any) -> Any:
    return options if parse_as is None else {"response_format": parse_as, **options}


def _start_budget(options: RunOptions, name: str | None = None) -> Any:
    limits = {"requests_per_minute": options.requests_per_minute, "tokens_per_minute": options.tokens_per_minute}
    return ray.remote(Budget).options(name=name, num_cpus=0, max_restarts=-1).remote(**limits)


def _pacer(options: RunOptions, budget: Any, workers: int) -> Any:
    share = Pacer(
        requests_per_minute=options.requests_per_minute,
        tokens_per_minute=options.tokens_per_minute,
        share=1 / workers,
    )
    return share if budget is None else LeasedPacer(budget.lease.remote, uuid4().hex, share)
