"""The exception of this package, and the hint that suggests the name that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PromptError(ValueError, SyntaxError):
    """A template or prompty file is invalid. The message names the file, the line and the key.

    It is a :class:`ValueError`, and also a :class:`SyntaxError`, which beta releases raised for a broken template.
    """

    def __init__(self, problem: str, *, line: int | None = None) -> None:
        self.msg = problem if line is None else f"line {line}: {problem}"  # Tracebacks print this of a SyntaxError.
        super().__init__(self.msg)
        self.problem = problem
        self.line = line
        """The line of the template, from 1, if the problem has one."""

    def __str__(self) -> str:
        # SyntaxError would append its own "(file, line n)".
        return self.msg


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the closest name and the list of names.

    :param name: The unknown name.
    :param known: The known names.
    :return: ``"did you mean 'x'? Known: ..."``, or the list alone if nothing is close.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}Known: {', '.join(names) or 'none'}"
