"""Writing for people: answers to standard output, everything else to standard error, in colours on terminals only."""

import io
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TextIO

from azure.core.exceptions import AzureError

from ._report import failed, failed_lines

Colour = Literal["bold", "dim", "red", "green"]

_CODES: Mapping[Colour, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Console:
    """Standard output and standard error.

    :param out: Takes answers.
    :param err: Takes everything else.
    :param colourful: Whether there may be colours, on either that is a terminal.
    """

    out: TextIO
    err: TextIO
    colourful: bool = True

    def line(self, text: str = "", colour: Colour | None = None) -> None:
        """Write a line of an answer."""
        self._write(self.out, f"{text}\n", colour)

    def piece(self, text: str) -> None:
        """Write a piece of an answer that a model is writing, to be seen at once."""
        self._write(self.out, text)

    def note(self, text: str, colour: Colour | None = "dim") -> None:
        """Write a line that is no part of an answer."""
        self._write(self.err, f"{text}\n", colour)

    def status(self, text: str) -> None:
        """Write a line that is no part of an answer, and that the next one is written over at a terminal."""
        if self.err.isatty():
            self.err.write(f"\r{text}\x1b[K")
            self.err.flush()
        else:
            self.note(text)

    def thought(self, text: str) -> None:
        """Write a piece of what a model thinks."""
        self._write(self.err, text, "dim")

    def _write(self, stream: TextIO, text: str, colour: Colour | None = None) -> None:
        if stream.isatty():
            # What a model says must not steer the terminal: move the cursor, set its title, fill the clipboard.
            text = _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text.replace("\r", ""))
            if colour and self.colourful:
                text = f"\x1b[{_CODES[colour]}m{text}\x1b[0m"
        stream.write(text)
        stream.flush()


def make_console(environment: Mapping[str, str]) -> Console:
    """Make the console of this process.

    :param environment: Environment variables; NO_COLOR (https://no-color.org) and TERM=dumb turn colours off.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a model may say what the terminal's encoding does not have
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    # An old Windows console shows the codes themselves; Windows Terminal says that it is there.
    understood = os.name != "nt" or "WT_SESSION" in environment
    return Console(sys.stdout, sys.stderr, understood and not plain)


def write_failure(console: Console, error: AzureError, secrets: Sequence[str], *, as_json: bool) -> None:
    """Write a failure: on standard error, or as a line of JSON in the answer's place.

    :param console: Takes it.
    :param error: What was raised.
    :param secrets: Texts to blank out.
    :keyword as_json: Whether answers are JSON.
    """
    report = failed(error, secrets)
    if as_json:
        console.line(json.dumps({"error": report}))
    else:
        for line in failed_lines(report):
            console.note(line, "red")
