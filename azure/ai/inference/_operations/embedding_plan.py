"""Split inputs into batches that fit into a request, and combine the answers. Pure.

`plan_batches` reads the inputs lazily, so there may be any number of them. `renumber` makes the answer to one batch a
part of the whole, and `Tally` counts what has been delivered. The shells only keep a few requests in flight.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import Any, NamedTuple, Protocol

from azure.core.exceptions import AzureError

from .._http.endpoint import Kind
from .._json import as_list_of_python, is_object, is_tokens
from ..exceptions import BatchError, ResponseDecodeError
from ..models._embeddings import EmbeddingItem, EmbeddingsResult, EmbeddingsUsage
from .settings import check_count

_LOOKAHEAD = 2
"""Outstanding batches per request in flight, so that one slow answer does not hold up the others."""


class Batch(NamedTuple):
    """The inputs of one request."""

    start: int
    """Index of its first input among all inputs."""
    inputs: Sequence[Any]

    @property
    def indices(self) -> range:
        """Indices of its inputs among all inputs."""
        return range(self.start, self.start + len(self.inputs))


class Plan(NamedTuple):
    """What to send, and how much of it at a time."""

    batches: Iterator[Batch]
    max_concurrency: int

    @property
    def ahead(self) -> int:
        """Maximum number of outstanding batches: started, but not yet delivered."""
        return _LOOKAHEAD * self.max_concurrency


def plan_batches(
    kind: Kind, inputs: Any, batch_size: int, batch_length: int, max_concurrency: int, options: Mapping[str, Any]
) -> Plan:
    """Check the arguments of `embed_batches`. A sequence is checked to its end, other iterables as they are read.

    :param kind: What is embedded, texts or images.
    :param inputs: The inputs.
    :param batch_size: Maximum number of inputs per batch.
    :param batch_length: Maximum number of characters or token ids per batch.
    :param max_concurrency: Maximum number of requests in flight.
    :param options: The keyword arguments of each request.
    :raises TypeError: The inputs cannot be embedded, a limit is not an int, or a keyword is not allowed for batches.
    :raises ValueError: A limit is less than 1.
    """
    limits = {"batch_size": batch_size, "batch_length": batch_length, "max_concurrency": max_concurrency}
    for name, limit in limits.items():
        check_count(name, limit)
    for name in ("cls", "body"):
        if options.get(name) is not None:
            raise TypeError(f"embed_batches() takes no {name}: use embed(), one request at a time.")
    if isinstance(inputs, (str, bytes)) or is_object(inputs) or not hasattr(inputs, "__iter__"):
        raise TypeError(f"input must be {_FORMS[kind]}, not {type(inputs).__name__}: {inputs!r:.200}")
    items: Iterable[Any] = inputs
    if isinstance(inputs, Sequence):
        deque(_measured(kind, items), maxlen=0)
    return Plan(_cut(_measured(kind, items), batch_size, batch_length), max_concurrency)


_FORMS: Mapping[Kind, str] = {
    "embeddings": "an iterable of texts, or of lists of token ids",
    "image_embeddings": "an iterable of ImageEmbeddingInput",
}


def _measured(kind: Kind, inputs: Iterable[Any]) -> Iterator[tuple[Any, int]]:
    """Yield each input with its length in characters or token ids.

    :raises TypeError: An input has an unsupported type.
    """
    for index, item in enumerate(map(as_list_of_python, inputs)):
        length = _length(kind, item)
        if length is None:
            raise TypeError(f"input must be {_FORMS[kind]}; input[{index}] is {type(item).__name__}: {item!r:.200}")
        yield item, length


def _length(kind: Kind, item: Any) -> int | None:
    if kind == "image_embeddings":
        return sum(len(str(value)) for value in item.values()) if is_object(item) else None
    return len(item) if isinstance(item, str) or is_tokens(item) else None


def _cut(inputs: Iterator[tuple[Any, int]], batch_size: int, batch_length: int) -> Iterator[Batch]:
    """Split inputs into batches. If reading them fails, yield a batch of those read so far, then raise."""
    start, total = 0, 0
    batch: list[Any] = []
    fault: Exception | None = None
    try:
        for item, length in inputs:
            if batch and (len(batch) == batch_size or total + length > batch_length):
                yield Batch(start, batch)
                start, total, batch = start + len(batch), 0, []
            batch.append(item)
            total += length
    except Exception as error:  # noqa: BLE001 - whatever the caller's own iterable raises
        fault = error
    if batch:
        yield Batch(start, batch)
    if fault is not None:
        raise fault


def renumber(batch: Batch, result: EmbeddingsResult) -> EmbeddingsResult:
    """Sort the answer to a batch, and number its items by the index in all inputs.

    :param batch: The batch that was sent.
    :param result: Its answer; modified in place.
    :raises ~azure.core.exceptions.DecodeError: The answer does not have one embedding for each input.
    """
    items = list(result.data or ())
    if len(items) != len(batch.inputs):
        raise ResponseDecodeError(f"{len(batch.inputs)} inputs were answered with {len(items)} embeddings.")
    if {item.index for item in items} == set(range(len(items))):
        items.sort(key=lambda item: item.index)
    for index, item in zip(batch.indices, items, strict=True):
        item.index = index
    result["data"] = items
    return result


class Tally:
    """Counts what has been delivered.

    :param on_progress: Called with the number of inputs of each result.
    """

    def __init__(self, on_progress: Callable[[int], object] | None) -> None:
        self._on_progress = on_progress
        self.usage: EmbeddingsUsage = EmbeddingsUsage(prompt_tokens=0, total_tokens=0)

    def count(self, result: EmbeddingsResult) -> None:
        """Count a result that is about to be delivered. If `on_progress` raises, it is not counted.

        :param result: The result.
        """
        before = self.usage
        spent = result.usage
        if spent:
            self.usage = EmbeddingsUsage(
                prompt_tokens=before.prompt_tokens + (spent.prompt_tokens or 0),
                total_tokens=before.total_tokens + (spent.total_tokens or 0),
            )
        if self._on_progress is None:
            return
        try:
            self._on_progress(len(result.data))
        except BaseException:
            self.usage = before
            raise


def combine(results: Sequence[EmbeddingsResult], usage: EmbeddingsUsage) -> EmbeddingsResult:
    """Combine results into one.

    :param results: The results of all batches, in order.
    :param usage: Tokens used for them.
    """
    items: list[EmbeddingItem] = [item for result in results for item in result.data]
    return EmbeddingsResult(data=items, usage=usage, model=results[0].model if results else "")


class Request(Protocol):
    """The request of one batch: a `concurrent.futures.Future`, or an `asyncio.Task`."""

    def cancelled(self) -> bool: ...
    def exception(self) -> BaseException | None: ...
    def result(self) -> EmbeddingsResult: ...


def error_of(request: Request) -> BaseException | None:
    """Return what a request raised; a `CancelledError` if it was never sent, or was abandoned.

    :param request: A request that has ended.
    """
    return CancelledError() if request.cancelled() else request.exception()


def request_failure(requests: Iterable[tuple[Batch, Request]]) -> BatchError:
    """Build the error for requests of which one failed.

    A request that was never sent, because a later one had failed before its turn came, is not the cause.

    :param requests: The requests that were not delivered, all ended, in order.
    """
    ended = list(requests)
    failed = [(batch, error) for batch, request in ended if (error := error_of(request)) is not None]
    batch, error = next((pair for pair in failed if not isinstance(pair[1], CancelledError)), failed[0])
    first, last = batch.indices[0], batch.indices[-1]
    return _failure(f"The request for input[{first}] to input[{last}] failed", batch.indices, error, ended)


def progress_failure(batch: Batch, error: Exception, requests: Iterable[tuple[Batch, Request]]) -> BatchError:
    """Build the error for an `on_progress` that raised.

    :param batch: The batch it was called for.
    :param error: The exception.
    :param requests: The requests that were not delivered, all ended, in order.
    """
    return _failure("on_progress failed", batch.indices, error, requests)


def input_failure(index: int, error: BaseException) -> BatchError:
    """Build the error for an iterable that raised, or contained something that cannot be embedded.

    :param index: The index of the input that could not be read.
    :param error: The exception.
    """
    return _failure(f"Reading input[{index}] failed", range(index, index + 1), error, ())


def closed_failure(index: int, requests: Sequence[tuple[Batch, Request]]) -> BatchError:
    """Build the error for reading on after `close()`.

    :param index: The index of the first input that was not read.
    :param requests: The requests that were not delivered, all ended, in order.
    """
    first = requests[0][0].start if requests else index
    text = f"embed_batches() was closed before the result for input[{first}] was read. Embed the rest with a new call."
    return BatchError(text, indices=range(first, index), results=_results(requests))


def _failure(text: str, indices: range, error: BaseException, requests: Iterable[tuple[Batch, Request]]) -> BatchError:
    said = error.message if isinstance(error, AzureError) else f"{type(error).__name__}: {error}"
    failure = BatchError(f"{text}: {said}", indices=indices, results=_results(requests), error=error)
    failure.__cause__ = error
    return failure


def _results(requests: Iterable[tuple[Batch, Request]]) -> list[EmbeddingsResult]:
    return [request.result() for _, request in requests if error_of(request) is None]
