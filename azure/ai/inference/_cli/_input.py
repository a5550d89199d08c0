"""Read standard input and files of texts: UTF-8 whatever the locale, checked before anything is sent."""

import io
import shutil
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

from ._words import UsageError

_MOST_IN_MEMORY = 64 << 20
"""Maximum bytes of a pipe to keep in memory; a longer input goes to a temporary file."""

_BOM = b"\xef\xbb\xbf"


def is_interactive() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def standard_input() -> IO[bytes]:
    """Return standard input as bytes; empty if it is closed."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer


def read_text() -> str:
    """Read all of standard input.

    :raises UsageError: A line is not UTF-8.
    """
    return "".join(_decoded(standard_input(), "standard input"))


class Lines(NamedTuple):
    """The lines of an input."""

    total: int
    lines: Iterator[str]
    """Without line ends, read from the file as they are consumed."""


@contextmanager
def open_lines(path: str | None) -> Generator[Lines, None, None]:
    """Open a file with one text per line, and read it once to check that it is UTF-8.

    :param path: The file; standard input if it is `None` or "-".
    :raises UsageError: It cannot be read, or a line is not UTF-8.
    """
    if path is None or path == "-":
        name, file = "standard input", standard_input()
    else:
        name, file = path, _open(path)
    with _rereadable(file, name) as source:
        start = source.tell()
        count = sum(1 for _ in _decoded(source, name))
        source.seek(start)
        yield Lines(count, (line.rstrip("\r\n") for line in _decoded(source, name)))


def _open(path: str) -> IO[bytes]:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise UsageError(f"{path or repr(path)} cannot be read: {error.strerror}") from None


@contextmanager
def _rereadable(file: IO[bytes], name: str) -> Generator[IO[bytes], None, None]:
    """Yield a file that can be read twice: a pipe is copied."""
    with file:
        if file.seekable():
            yield file
            return
        with SpooledTemporaryFile(_MOST_IN_MEMORY) as copy:
            try:
                shutil.copyfileobj(file, copy)
            except OSError as error:
                raise UsageError(f"{name} cannot be read: {error.strerror}") from None
            copy.seek(0)
            yield copy


def _decoded(file: IO[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UsageError(f"{name} is UTF-16: save it as UTF-8")
        data = line.removeprefix(_BOM) if number == 1 else line
        try:
            yield data.decode()
        except UnicodeDecodeError as error:
            at = f"byte 0x{data[error.start]:02x} at position {error.start + 1}"
            raise UsageError(f"line {number} of {name} is not UTF-8: {at}") from None
