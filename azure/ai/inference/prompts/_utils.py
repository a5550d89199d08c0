"""The layout of template strings. Code written for the beta releases imports the names of this module and function."""

from __future__ import annotations

import re
import textwrap

_LINE_END = re.compile(r"\r\n|\r|\n")


def remove_leading_empty_space(multiline_str: str) -> str:
    """Remove leading blank lines, the common indentation, and the last line end.

    :param multiline_str: A template, as written in an indented triple-quoted string.
    :return: The text, with line feeds as line ends.
    """
    lines = _LINE_END.split(multiline_str)
    if not lines[-1]:
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return textwrap.dedent("\n".join(lines))
