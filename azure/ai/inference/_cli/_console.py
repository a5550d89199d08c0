"""Write for people: answers to standard output, everything else to standard error, with colours on terminals only."""

import io
import os
import re
import sys
from collections.abc import Mapping
from threading import RLock
from typing import Literal, TextIO

Colour = Literal["bold", "dim", "red", "green"]

_CODES: Mapping[Colour, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class OutputError(Exception):
    """Standard output cannot be written, for example because the disk is full."""


class Console:
    """Standard output and standard error. Several threads may write.

    :param out: Receives answers.
    :param err: Receives everything else. If it cannot be written, the work goes on silently.
    :param colourful: Whether to use colours on terminals.
    """

    def __init__(self, out: TextIO, err: TextIO, colourful: bool = True) -> None:
        self.out, self.err, self.colourful = out, err, colourful
        self._status_shown = False
        self._lock = RLock()

    def line(self, text: str = "", colour: Colour | None = None) -> None:
        """Write a line of an answer."""
        self.piece(f"{text}\n", colour)

    def piece(self, text: str, colour: Colour | None = None) -> None:
        """Write a piece of an answer, and flush it, so that it is visible while the model is still writing.

        :raises BrokenPipeError: The reader has gone.
        :raises OutputError: It cannot be written.
        """
        try:
            self.out.write(self._shown(self.out, text, colour))
            self.out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"standard output cannot be written: {error.strerror}") from None

    def note(self, text: str, colour: Colour | None = "dim") -> None:
        """Write a line that is not part of an answer."""
        self.thought(f"{text}\n", colour)

    def thought(self, text: str, colour: Colour | None = "dim") -> None:
        """Write a piece of a model's reasoning, or of another text that is not part of an answer."""
        with self._lock:
            self.end_status()
            self._tell(self._shown(self.err, text, colour))

    def status(self, text: str) -> None:
        """Write a line that is not part of an answer; at a terminal, the next line overwrites it."""
        if not self.err.isatty():
            self.note(text)
            return
        with self._lock:
            self._tell(f"\r{text[: self.width - 1]}\x1b[K")
            self._status_shown = True

    def end_status(self) -> None:
        """Erase the status line."""
        with self._lock:
            if self._status_shown:
                self._tell("\r\x1b[K")
                self._status_shown = False

    @property
    def width(self) -> int:
        """The number of columns of the terminal on standard error; 80 if unknown."""
        try:
            return os.get_terminal_size(self.err.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _shown(self, stream: TextIO, text: str, colour: Colour | None) -> str:
        if not stream.isatty():
            return text
        # A model's text must not control the terminal: move the cursor, set the title, fill the clipboard.
        text = _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text.replace("\r", ""))
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if colour and self.colourful else text

    def _tell(self, text: str) -> None:
        try:
            self.err.write(text)
            self.err.flush()
        except OSError:
            discard(self.err)


def make_console(environment: Mapping[str, str]) -> Console:
    """Create the console of this process.

    :param environment: Environment variables; NO_COLOR (https://no-color.org) and TERM=dumb turn colours off.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a model may use characters that the terminal's encoding lacks
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    # Old Windows consoles print escape codes literally; Windows Terminal supports them and identifies itself.
    understood = os.name != "nt" or "WT_SESSION" in environment
    return Console(sys.stdout or io.StringIO(), sys.stderr or io.StringIO(), understood and not plain)


def discard(stream: TextIO) -> None:
    """Redirect a stream to the null device: otherwise flushing its buffer at exit would fail again.

    :param stream: Standard output or standard error.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
