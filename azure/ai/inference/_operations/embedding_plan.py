"""More inputs than one request may hold, cut into batches, and put together again. Pure.

`plan_batches` reads the inputs lazily, so that any number of them may come. `renumber` turns the answer to one batch
into a part of the whole, and `Tally` knows what has been handed over. The shells only keep a few requests under way.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from azure.core.exceptions import AzureError

from .._http.endpoint import Kind
from .._json import is_object, is_tokens
from ..exceptions import BatchError, ResponseDecodeError
from ..models._embeddings import EmbeddingItem, EmbeddingsResult, EmbeddingsUsage

_LOOKAHEAD = 2
"""Batches in hand for each that is under way, so that one slow answer does not hold up the others."""


class Batch(NamedTuple):
    """The inputs of one request."""

    start: int
    """Which of all inputs is its first, counted from 0."""
    inputs: Sequence[Any]

    @property
    def indices(self) -> range:
        """Which of all inputs it holds."""
        return range(self.start, self.start + len(self.inputs))


class Plan(NamedTuple):
    """What is to be sent, and how much of it at a time."""

    batches: Iterator[Batch]
    max_concurrency: int

    @property
    def ahead(self) -> int:
        """How many batches may be in hand."""
        return _LOOKAHEAD * self.max_concurrency


def plan_batches(
    kind: Kind, inputs: Any, batch_size: int, batch_length: int, max_concurrency: int, options: Mapping[str, Any]
) -> Plan:
    """Check the arguments of `embed_batches`. A sequence is checked to its end, other iterables as they are read.

    :param kind: What is embedded, texts or images.
    :param inputs: The inputs.
    :param batch_size: The most inputs in a batch.
    :param batch_length: The most characters or token ids in a batch.
    :param max_concurrency: The most requests at a time.
    :param options: The keyword arguments of each request.
    :raises TypeError: The inputs cannot be, or an option is not for requests that are made in batches.
    :raises ValueError: A limit is less than 1.
    """
    limits = {"batch_size": batch_size, "batch_length": batch_length, "max_concurrency": max_concurrency}
    for name, limit in limits.items():
        if not isinstance(limit, int):
            raise TypeError(f"{name} must be an int, not {type(limit).__name__}: {limit!r:.200}")
        if limit < 1:
            raise ValueError(f"{name} must be 1 or more, not {limit}.")
    for name in ("cls", "body"):
        if options.get(name) is not None:
            raise TypeError(f"embed_batches() takes no {name}: use embed(), request by request.")
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
    """Tell each input's length in characters or token ids.

    :raises TypeError: An input is nothing of the kind.
    """
    for index, item in enumerate(inputs):
        length = _length(kind, item)
        if length is None:
            raise TypeError(f"input must be {_FORMS[kind]}; input[{index}] is {type(item).__name__}: {item!r:.200}")
        yield item, length


def _length(kind: Kind, item: Any) -> int | None:
    if kind == "image_embeddings":
        return sum(len(str(value)) for value in item.values()) if is_object(item) else None
    return len(item) if isinstance(item, str) or is_tokens(item) else None


def _cut(inputs: Iterator[tuple[Any, int]], batch_size: int, batch_length: int) -> Iterator[Batch]:
    start, total = 0, 0
    batch: list[Any] = []
    for item, length in inputs:
        if batch and (len(batch) == batch_size or total + length > batch_length):
            yield Batch(start, batch)
            start, total, batch = start + len(batch), 0, []
        batch.append(item)
        total += length
    if batch:
        yield Batch(start, batch)


def renumber(batch: Batch, result: EmbeddingsResult) -> EmbeddingsResult:
    """Put the answer to a batch in order, its items numbered as the inputs of the whole.

    :param batch: What was sent.
    :param result: What came; it is changed.
    :raises ~azure.core.exceptions.DecodeError: It has not one embedding for each input.
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
    """What has been handed over.

    :param on_progress: Called with the number of inputs of each result.
    """

    def __init__(self, on_progress: Callable[[int], object] | None) -> None:
        self._on_progress = on_progress
        self.usage = EmbeddingsUsage(prompt_tokens=0, total_tokens=0)

    def count(self, result: EmbeddingsResult) -> EmbeddingsResult:
        """Count a result that is about to be handed over.

        :param result: The result.
        """
        if result.usage:
            self.usage.prompt_tokens += result.usage.prompt_tokens or 0
            self.usage.total_tokens += result.usage.total_tokens or 0
        if self._on_progress is not None:
            self._on_progress(len(result.data))
        return result

    def combine(self, results: Sequence[EmbeddingsResult]) -> EmbeddingsResult:
        """Put all results into one.

        :param results: Those of all batches, in their order.
        """
        items: list[EmbeddingItem] = [item for result in results for item in result.data]
        model = results[0].model if results else ""
        return EmbeddingsResult(data=items, usage=self.usage, model=model)


def failure(batch: Batch, error: AzureError, results: Sequence[EmbeddingsResult]) -> BatchError:
    """Make the error for a batch that failed.

    :param batch: The batch.
    :param error: What its request raised.
    :param results: The results that had come and were not handed over.
    """
    first, last = batch.indices[0], batch.indices[-1]
    return BatchError(
        f"The request for input[{first}] to input[{last}] failed: {error.message}",
        indices=batch.indices,
        results=results,
        error=error,
    )
