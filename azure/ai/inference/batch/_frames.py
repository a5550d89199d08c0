"""Rows of data frames: for Dask's `map_partitions`, Spark's `mapInPandas`, and other engines with pandas frames."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from typing_extensions import Unpack

from .._operations.options import ChatOptions
from .._operations.settings import check_count
from .._operations.signatures import with_options
from ._columns import COLUMNS, columns_of, taken_column_error
from ._pacing import Pacer
from ._record_worker import RecordWorker
from ._records import RecordRows, check_records
from ._run_options import CompletionsOptions, WorkerSettings, take_settings, worker_options
from ._shared_worker import shared_worker

if TYPE_CHECKING:
    import azure.ai.inference.aio

_KINDS = {name: {"string": "object", "int32": "Int32"}.get(kind, kind) for name, kind in COLUMNS.items()}
"""The columns, and their pandas types."""


class Completions:
    """Answers the records of pandas data frames. Can be pickled, and so sent to the workers of a cluster.

    ::

        completions = Completions(make_client, id="review", messages=messages, output="/mnt/labels/", processes=8)
        ddf = ddf.map_partitions(completions, meta=completions.meta(ddf._meta))     # Dask
        df = df.mapInPandas(completions, schema)                                    # Spark

    Processes do not coordinate: each keeps to the limits, yours or the service's, divided by `processes`. Calls in one
    process share a client and a pacer, even from several threads.

    :param make_client: A function that builds the asynchronous client, called in the worker. It must not contain a key:
        read it from the environment inside the function.
    :keyword id: The column with the ids, unique in the table.
    :keyword messages: A function that returns the messages of a record, a dict. If it raises, its row fails.
    :keyword output: A folder shared by all processes, for the results as JSON lines. Rows that are already there are
        not sent again. Without it nothing is stored.
    :keyword processes: The number of processes, 1 by default.
    :keyword prefix: Text to put before the name of each added column, such as `"answer_"`.
    :keyword options: Settings of the run (`max_concurrency`, `requests_per_minute`, `tokens_per_minute`,
        `max_failures`, `redo`, `on_changed`) and of the model.
    :raises TypeError: `make_client` contains a credential, a keyword is unknown, or an argument has the wrong type.
    :raises ValueError: An argument is out of its range.
    """

    @with_options(WorkerSettings, ChatOptions)
    def __init__(
        self,
        make_client: "Callable[[], azure.ai.inference.aio.ChatCompletionsClient]",
        *,
        id: str,
        messages: Callable[[Mapping[str, Any]], Any],
        output: str | os.PathLike[str] | None = None,
        processes: int = 1,
        prefix: str = "",
        **options: Unpack[CompletionsOptions],
    ) -> None:
        settings = take_settings(options)
        self._rows = RecordRows(id, messages, options)
        check_records(make_client, self._rows)
        check_count("processes", processes)
        self._make_client, self._prefix = make_client, prefix
        self._share = 1 / processes
        self._options = worker_options(output, settings)
        self._name = uuid4().hex

    def __call__(self, frames: Any) -> Any:
        """Answer a frame, or each of several.

        :param frames: A `pandas.DataFrame`, or an iterator of them.
        :return: The frame with the columns status_code, text, body, error, prompt_tokens, completion_tokens and
            attempts, or an iterator of such frames.
        :raises ValueError: The frame lacks the column with the ids, or already has an added column.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: Continuing is useless.
        """
        return self._answer(frames) if hasattr(frames, "to_dict") else self._each(frames)

    def meta(self, frame: Any) -> Any:
        """Return the result of a frame without rows and without sending anything: Dask's `meta`.

        :param frame: A frame with the columns, such as `ddf._meta`.
        :raises ValueError: The frame lacks the column with the ids, or already has an added column.
        """
        self._check(frame)
        return self._with_columns(frame.iloc[:0], [])

    def _each(self, frames: Iterable[Any]) -> Iterator[Any]:
        for frame in frames:
            yield self._answer(frame)

    def _check(self, frame: Any) -> None:
        names = [str(name) for name in frame.columns]
        self._rows.check_columns(names)
        taken = taken_column_error(names, [self._prefix + name for name in _KINDS])
        if taken:
            raise ValueError(taken)

    def _answer(self, frame: Any) -> Any:
        self._check(frame)
        rows = self._rows.rows_of(frame.to_dict("records"))
        if not rows:
            return self._with_columns(frame, [])
        with shared_worker(self._name) as shared:
            results = shared.answer(self._worker, rows)
        return self._with_columns(frame, [columns_of(result) for result in results])

    def _worker(self) -> RecordWorker:
        options = self._options
        pacer = Pacer(
            requests_per_minute=options.requests_per_minute,
            tokens_per_minute=options.tokens_per_minute,
            share=self._share,
        )
        return RecordWorker(self._make_client(), pacer, options)

    def _with_columns(self, frame: Any, added: list[dict[str, Any]]) -> Any:
        columns = {self._prefix + name: [row[name] for row in added] for name in _KINDS}
        return frame.assign(**columns).astype({self._prefix + name: kind for name, kind in _KINDS.items()})
