"""``embed``: the embeddings of texts, in as many requests as they need, written as they come."""

import json
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import EmbeddingsClient
from ..exceptions import BatchError
from ..models import EmbeddingBatches, EmbeddingItem, EmbeddingsResult
from ._arguments import Arguments, UsageError
from ._console import Console
from ._target import Target, build_client, usage_errors

_SHOWN_NUMBERS = 4


def embed(arguments: Arguments, target: Target, console: Console) -> int:
    """Carry out the command.

    :param arguments: The command line.
    :param target: The endpoint.
    :param console: Takes the embeddings: a line for each, or as JSON a line for each request.
    :return: The exit status, 0.
    :raises UsageError: The arguments cannot be.
    :raises ~azure.core.exceptions.AzureError: A request failed; what came before it is written.
    """
    with build_client(EmbeddingsClient, target, arguments) as client, _texts(target.words, arguments.file) as texts:
        with usage_errors():
            batches = client.embed_batches(texts, batch_size=arguments.batch_size)
        with batches:
            for result in _read(batches):
                for line in [json.dumps(result)] if arguments.json else map(describe, result.data):
                    console.line(line)
            if arguments.verbose:
                console.note(f"{batches.usage.total_tokens} tokens")
    return 0


def _read(batches: EmbeddingBatches) -> Iterator[EmbeddingsResult]:
    """Read results; if it was the input that could not be read, raise why."""
    try:
        yield from batches
    except BatchError as error:
        if isinstance(error.inner_exception, (OSError, UnicodeError)):
            raise error.inner_exception from None
        raise


def describe(item: EmbeddingItem) -> str:
    """Describe an embedding in a line: its number, its dimensions, its first numbers."""
    vector = item.vector
    shown = ", ".join(f"{number:.4g}" for number in vector[:_SHOWN_NUMBERS])
    return f"{item.index}: {len(vector)} dimensions [{shown}{', ...' if len(vector) > _SHOWN_NUMBERS else ''}]"


@contextmanager
def _texts(words: Sequence[str], path: str | None) -> Generator[Iterable[str], None, None]:
    """Yield the texts: the words, else the lines of a file, which is read as the requests go out."""
    if words and path is not None:
        raise UsageError("give texts or --file, not both")
    if words:
        yield words
    elif path is not None and path != "-":
        try:
            file = Path(path).open(encoding="utf-8")  # noqa: SIM115 - closed below; what follows raises OSErrors too
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None
        with file:
            yield lines_of(file)
    elif path is None and sys.stdin.isatty():
        raise UsageError("no texts: give some, or --file PATH, or pipe them in, one in each line")
    else:
        yield lines_of(sys.stdin)


def lines_of(file: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a file that have something in them."""
    return filter(None, map(str.strip, file))
