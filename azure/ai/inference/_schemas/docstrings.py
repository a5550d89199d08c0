"""The description of a callable and of its parameters, read from its docstring.

Three styles are supported: fields (`:param name: text`, as in reST and in the Azure SDKs), Google (`Args:`) and numpy
(`Parameters` above dashes). The text before the first section describes the callable.
"""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent
from typing import NamedTuple

_FIELDS = frozenset(["param", "parameter", "arg", "argument", "key", "keyword", "kwarg", "ivar", "var"])
_PARAMETERS = frozenset(
    ["args", "arguments", "parameters", "other parameters", "keyword args", "keyword arguments", "attributes"]
)
_OTHERS = frozenset(["returns", "return", "yields", "yield", "raises", "warns"])


class Docstring(NamedTuple):
    """A docstring in parts."""

    text: str
    """What the callable does; empty if the docstring does not say."""
    parameters: dict[str, str]
    """What each parameter is for, by name."""


def read_docstring(docstring: str | None) -> Docstring:
    """Split a docstring into its parts.

    :param docstring: The text as written in the source; `None` counts as empty.
    :return: The description, and the description of each parameter.
    """
    lines = inspect.cleandoc(docstring or "").splitlines()
    text: list[str] = []
    parameters: dict[str, str] = {}
    for title, style, body in _sections(lines):
        if not title:
            prose, fields = _split_fields(body)
            text += prose
            parameters.update(_field_entries(fields))
        elif title in _PARAMETERS:
            parameters.update(_entries(body, style))
    return Docstring("\n".join(text).strip(), parameters)


def _sections(lines: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Split at headings, into the title in lower case ("" for the first part), the style, and the lines below."""
    title, style, body = "", "", list[str]()
    underlined = False
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        if underlined:
            underlined = False
            continue
        heading = _heading(line, following)
        if heading:
            yield title, style, body
            title, style, body = *heading, []
            underlined = style == "numpy"
        else:
            body.append(line)
    yield title, style, body


def _heading(line: str, following: str) -> tuple[str, str] | None:
    title = line.lower().rstrip()
    if following.startswith("---") and not following.strip("- "):
        return title, "numpy"
    if title.endswith(":") and title[:-1] in _PARAMETERS | _OTHERS:
        return title[:-1], "google"
    return None


def _split_fields(lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    first = next((at for at, line in enumerate(lines) if _is_field(line)), len(lines))
    return lines[:first], lines[first:]


def _is_field(line: str) -> bool:
    return line.startswith(":") and line.count(":") > 1 and line[1:2].isalpha()


def _field_entries(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for head, text in _blocks(lines):
        words, _, first = head[1:].partition(":")
        kind, *names = words.split()
        if kind in _FIELDS and names:
            yield names[-1].lstrip("*"), _joined([first, *text])


def _entries(lines: Sequence[str], style: str) -> Iterator[tuple[str, str]]:
    for head, text in _blocks(dedent("\n".join(lines)).splitlines()):
        names, _, first = head.partition(":")
        if style == "numpy":
            first = ""
        for name in names.partition("(")[0].split(","):
            yield name.strip().lstrip("*"), _joined([first, *text])


def _blocks(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Group each unindented line with the indented lines below it."""
    head, body = "", list[str]()
    for line in lines:
        if line[:1].isspace() or not line:
            body.append(line)
            continue
        if head:
            yield head, body
        head, body = line, []
    if head:
        yield head, body


def _joined(lines: Iterable[str]) -> str:
    return " ".join(filter(None, map(str.strip, lines)))
