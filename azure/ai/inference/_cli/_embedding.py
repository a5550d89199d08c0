"""``embed``: embed texts in as many requests as needed, and write a line for each as results arrive."""

import json
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager

from .. import EmbeddingsClient
from ..exceptions import BatchError
from ..models import EmbeddingItem
from ._arguments import Arguments
from ._console import Console
from ._failures import describe_failure, write_failure
from ._input import Lines, is_interactive, open_lines
from ._model_client import build_client
from ._progress import Meter, time_left
from ._target import Target, usage_errors
from ._words import UsageError

_SHOWN_NUMBERS = 4
_PAUSE = 1.0
"""Seconds between two lines of progress, if standard error is not a terminal."""


def embed(arguments: Arguments, target: Target, console: Console) -> int:
    """Run the command.

    :param arguments: The command line.
    :param target: The endpoint.
    :param console: Receives a line for each text, including blank ones, so that line N belongs to text N.
    :return: The exit status: 0, or 1 if a request failed. The results of the others are written all the same.
    :raises UsageError: The arguments or the texts are invalid.
    """
    # If the answers go to the terminal, they show the progress themselves.
    quiet = arguments.quiet or console.out.isatty()
    with build_client(EmbeddingsClient, target, arguments) as client, _texts(arguments, target.words) as texts:
        rows = _Rows(texts.lines, console, as_json=arguments.json)
        meter, began = Meter(console, texts.total, pause=_PAUSE, quiet=quiet), time.monotonic()
        with usage_errors():
            batches = client.embed_batches(rows.inputs(), batch_size=arguments.batch_size)
        try:
            with batches:
                for result in batches:
                    rows.write(result.data)
                    meter.show(rows.done, progress_line(rows.done, texts.total, time.monotonic() - began))
            rows.end(texts.total)
        except BatchError as error:
            if isinstance(error.inner_exception, (OSError, UsageError)):
                raise UsageError(f"the texts changed while they were read: {error.inner_exception}") from None
            where = f"{'text' if target.words else 'line'} {rows.place(error.indices)}"
            for result in error.results:
                rows.write(result.data)
            write_failure(console, describe_failure(error, target, arguments, where), arguments)
            return 1
        finally:
            meter.end()
        if arguments.verbose:
            console.note(f"{batches.usage.total_tokens} tokens")
    return 0


class _Rows:
    """Yields the texts to send, and writes a line for each in the original order.

    :param lines: The texts; blank ones are not sent.
    :param console: Receives the lines.
    :keyword as_json: Whether to write JSON.
    """

    def __init__(self, lines: Iterable[str], console: Console, *, as_json: bool) -> None:
        self._lines, self._console, self._as_json = lines, console, as_json
        self._places: dict[int, int] = {}
        """Input positions of the texts that were sent, by their index among those."""
        self._read = 0
        self.done = 0
        """The number of lines written."""

    def inputs(self) -> Iterator[str]:
        """Yield the texts to send."""
        sent = 0
        for place, line in enumerate(self._lines):
            self._read = place + 1
            text = line.strip()
            if text:
                self._places[sent] = place
                sent += 1
                yield text

    def place(self, indices: range) -> str:
        """Return the positions of texts in the input, counted from 1 as editors do.

        :param indices: Their indices among the texts that were sent.
        """
        first, last = self._places[indices[0]] + 1, self._places[indices[-1]] + 1
        return f"{first}" if first == last else f"{first} to {last}"

    def write(self, items: Sequence[EmbeddingItem]) -> None:
        """Write embeddings, and lines for the texts without one before them."""
        for item in items:
            place = self._places.pop(item.index)
            self._write_empty(place)
            item.index = place
            self._write(json.dumps(item) if self._as_json else describe(item))

    def end(self, total: int) -> None:
        """Write lines for the texts without an embedding at the end.

        :param total: The number of lines that were counted before anything was sent.
        :raises UsageError: The number has changed since.
        """
        self._write_empty(self._read)
        if self._read != total:
            raise UsageError(f"the texts changed while they were read: {self._read} lines, not {total}")

    def _write_empty(self, end: int) -> None:
        failed = set(self._places.values()) if self.done < end else set[int]()
        while self.done < end:
            empty = {"object": "embedding", "index": self.done, "embedding": None}
            text = f"{self.done}: {'failed' if self.done in failed else 'blank'}"
            self._write(json.dumps(empty) if self._as_json else text)

    def _write(self, line: str) -> None:
        self._console.line(line)
        self.done += 1


def describe(item: EmbeddingItem) -> str:
    """Describe an embedding in one line: its number, dimensions and first values."""
    vector = item.vector
    shown = ", ".join(f"{number:.4g}" for number in vector[:_SHOWN_NUMBERS])
    return f"{item.index}: {len(vector)} dimensions [{shown}{', ...' if len(vector) > _SHOWN_NUMBERS else ''}]"


def progress_line(done: int, total: int, seconds: float) -> str:
    """Describe the progress.

    :param done: The number of texts that have their line.
    :param total: The number of texts.
    :param seconds: The time taken so far.
    """
    rate = done / seconds if seconds else 0.0
    return f"{done:,} of {total:,} texts | {rate:.1f} texts/s, {time_left(done, total, seconds)}"


@contextmanager
def _texts(arguments: Arguments, words: Sequence[str]) -> Generator[Lines, None, None]:
    """Yield the texts: the words, else the lines of a file, which is read as requests are sent."""
    if words and arguments.file is not None:
        raise UsageError("pass texts or --file, not both")
    if words:
        yield Lines(len(words), iter(words))
        return
    if arguments.file is None and is_interactive():
        raise UsageError("no texts: pass some, or --file PATH, or pipe them in, one per line")
    with open_lines(arguments.file) as texts:
        yield texts
