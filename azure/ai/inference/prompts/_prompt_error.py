"""The one exception of the package, and the hint that names a near miss."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PromptError(ValueError, SyntaxError):
    """A template or prompty file that cannot be used; the message names the file, the line and the key.

    It is a :class:`ValueError`, and a :class:`SyntaxError` because beta releases raised one for a broken template.
    """

    def __init__(self, problem: str, *, line: int | None = None) -> None:
        self.msg = problem if line is None else f"line {line}: {problem}"  # what a traceback prints of a SyntaxError
        super().__init__(self.msg)
        self.problem = problem
        self.line = line
        """The line of the template, from 1, if the problem stands at one."""

    def __str__(self) -> str:
        # SyntaxError would append "(file, line n)" of its own.
        return self.msg


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which names there are, the most likely one first.

    :param name: The name that is not known.
    :param known: The names that are.
    :return: ``"did you mean 'x'? Known: ..."``, or only the list.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}Known: {', '.join(names) or 'none'}"
