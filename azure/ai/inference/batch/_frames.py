"""Rows of data frames: for Dask's `map_partitions`, Spark's `mapInPandas`, and whatever else has frames."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from .._operations.options import ChatOptions
from ._loop_thread import LoopThread
from ._pacing import Pacer
from ._record_worker import RecordRows, RecordWorker, check_make_client, columns_of
from ._rows import chat_row

if TYPE_CHECKING:
    import azure.ai.inference.aio

_KINDS = {
    "status_code": "Int32",
    "text": "object",
    "body": "object",
    "error": "object",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "attempts": "int32",
}
"""The columns, and what pandas calls their types."""


class Completions:
    """Answers the records of pandas data frames; it can be pickled, and so sent to the workers of a cluster.

    ::

        completions = Completions(make_client, id="review", messages=messages, output="/mnt/labels/", processes=8)
        ddf = ddf.map_partitions(completions, meta=completions.meta(ddf._meta))     # Dask
        df = df.mapInPandas(completions, schema)                                    # Spark

    Processes know nothing of each other: each keeps to the limits divided by `processes`, which have to be given where
    there are several.

    :param make_client: A function that builds the asynchronous client, called in the worker. It must not hold a key:
        read it from the environment inside.
    :keyword id: The column that has the ids.
    :keyword messages: A function that makes the messages of a record, a dict.
    :keyword output: A folder that all processes see, for the results as JSON lines, from which rows that are done are
        answered. Without it nothing is kept.
    :keyword processes: How many processes there are, 1 by default.
    :keyword max_concurrency: The most requests at a time in a process, 32 by default.
    :keyword requests_per_minute: A limit that all processes together keep to.
    :keyword tokens_per_minute: The same for tokens.
    :keyword options: Settings of the model.
    :raises TypeError: `make_client` holds a credential, or a keyword is unknown.
    """

    def __init__(
        self,
        make_client: "Callable[[], azure.ai.inference.aio.ChatCompletionsClient]",
        *,
        id: str,
        messages: Callable[[Mapping[str, Any]], Any],
        output: str | os.PathLike[str] | None = None,
        processes: int = 1,
        max_concurrency: int = 32,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        **options: Unpack[ChatOptions],
    ) -> None:
        check_make_client(make_client)
        chat_row("-", messages=[{"role": "user", "content": ""}], **options)
        self._make_client, self._max_concurrency = make_client, max_concurrency
        self._rows = RecordRows(id, messages, options)
        self._output = None if output is None else Path(output)
        self._limits = {
            "requests_per_minute": requests_per_minute and requests_per_minute / processes,
            "tokens_per_minute": tokens_per_minute and tokens_per_minute / processes,
        }

    def __call__(self, frames: Any) -> Any:
        """Answer a frame, or each of several.

        :param frames: A `pandas.DataFrame`, or an iterator of them.
        :return: The frame with the columns status_code, text, body, error, prompt_tokens, completion_tokens and
            attempts; or an iterator of such.
        """
        return self._answer(frames) if hasattr(frames, "to_dict") else self._each(frames)

    def meta(self, frame: Any) -> Any:
        """Return what a frame becomes, without rows and without asking anybody: Dask's `meta`.

        :param frame: A frame with the columns, such as `ddf._meta`.
        """
        return _with_columns(frame.iloc[:0], [])

    def _each(self, frames: Iterable[Any]) -> Iterator[Any]:
        for frame in frames:
            yield self._answer(frame)

    def _answer(self, frame: Any) -> Any:
        records: list[dict[str, Any]] = frame.to_dict("records")
        with LoopThread() as thread:
            added = thread.wait(thread.start(self._ask(records)))
        return _with_columns(frame, added)

    async def _ask(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        async with self._make_client() as client:
            pacer = Pacer(**self._limits)
            worker = RecordWorker(self._rows, client, pacer, self._output, self._max_concurrency)
            return [columns_of(result) for result in await worker.answer(records)]


def _with_columns(frame: Any, added: list[dict[str, Any]]) -> Any:
    columns: dict[str, list[Any]] = {name: [row[name] for row in added] for name in _KINDS}
    return frame.assign(**columns).astype(_KINDS)
