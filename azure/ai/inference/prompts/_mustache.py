"""Mustache: a template string and variables in, text out.

This follows the mustache specification 1.4 (interpolation, sections, inverted sections, comments, delimiters), with the
details that prompts written for the beta releases rely on: ``{{x}}`` escapes ``& < > "`` but not the apostrophe, names
reach list items by index and objects by attribute, a function in a section is called as ``function(text, render)``, and
partials are empty. Both steps are pure: :func:`parse` builds a tree and finds every mistake, :func:`render` walks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Union, cast

from ._prompt_error import PromptError, nearest

MAX_OUTPUT = 16 * 1024 * 1024
"""The largest number of characters that a template may render to."""

MAX_DEPTH = 100
"""The largest depth of nested sections."""

_ALONE = frozenset("#^/!>=")  # These tags remove their line if they are alone on it.
_REST_OF_LINE = re.compile(r"[ \t]*(?:\r?\n|\Z)")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

_PLAIN = frozenset((str, int, float, bool, bytes, list, tuple))

_Delimiters = tuple[str, str]
_DEFAULT: _Delimiters = ("{{", "}}")


class _Tag(NamedTuple):
    sigil: str
    name: str
    start: int
    """Where the tag begins, or its line if it is alone on it."""
    end: int
    """Where the text after it begins."""
    line: int
    delimiters: _Delimiters


@dataclass(frozen=True)
class Variable:
    """``{{name}}``."""

    name: str
    escape: bool
    line: int


@dataclass
class Section:
    """``{{#name}}...{{/name}}`` or, inverted, ``{{^name}}...{{/name}}``."""

    name: str
    inverted: bool
    line: int
    begin: int
    delimiters: _Delimiters
    nodes: list[Node] = field(default_factory=list["Node"])
    text: str = ""
    """The raw template text between the tags, which is passed to a function."""


Node = Union[str, Variable, Section]


def parse(template: str, delimiters: _Delimiters = _DEFAULT) -> list[Node]:
    """Parse a template.

    :param template: The template text.
    :param delimiters: What opens and closes a tag at the start of the text.
    :return: Texts, variables and sections, in order.
    :raises PromptError: A tag or section is not closed, sections overlap, or delimiters are invalid.
    """
    root: list[Node] = []
    open_sections: list[Section] = []
    position = 0
    for tag in _tags(template, delimiters):
        nodes = open_sections[-1].nodes if open_sections else root
        if tag.start > position:
            nodes.append(template[position : tag.start])
        position = tag.end
        if tag.sigil in ("", "{", "&"):
            nodes.append(Variable(tag.name, tag.sigil == "", tag.line))
        elif tag.sigil in ("#", "^"):
            section = Section(tag.name, tag.sigil == "^", tag.line, tag.end, tag.delimiters)
            nodes.append(section)
            open_sections.append(section)
            if len(open_sections) > MAX_DEPTH:
                raise PromptError(f"more than {MAX_DEPTH} nested sections", line=tag.line)
        elif tag.sigil == "/":
            section = _close(open_sections, tag)
            section.text = template[section.begin : tag.start]
    if open_sections:
        unclosed = open_sections[-1]
        raise PromptError(
            f"section {unclosed.name!r} is not closed; add {{{{/{unclosed.name}}}}} after it", line=unclosed.line
        )
    root.append(template[position:])
    return root


def _close(open_sections: list[Section], tag: _Tag) -> Section:
    if not open_sections:
        raise PromptError(f"{{{{/{tag.name}}}}} closes a section that was not opened", line=tag.line)
    section = open_sections[-1]
    if section.name != tag.name:
        raise PromptError(
            f"found {{{{/{tag.name}}}}}, but {{{{/{section.name}}}}} must close "
            f"the section opened at line {section.line}",
            line=tag.line,
        )
    return open_sections.pop()


def _tags(template: str, delimiters: _Delimiters) -> Iterator[_Tag]:
    position, line = 0, 1
    while (start := template.find(delimiters[0], position)) >= 0:
        line += template.count("\n", position, start)
        sigil, name, end = _read_tag(template, start, delimiters, line)
        begin, after = start, end
        line_start = template.rfind("\n", 0, start) + 1
        # `position` is past the start of the line if another tag precedes this one on it.
        if sigil in _ALONE and position <= line_start and not template[line_start:start].strip(" \t"):
            rest = _REST_OF_LINE.match(template, end)
            if rest:
                begin, after = line_start, rest.end()
        if sigil == "=":
            delimiters = _new_delimiters(name, line)
        yield _Tag(sigil, name, begin, after, line, delimiters)
        line += template.count("\n", start, after)
        position = after


def _read_tag(template: str, start: int, delimiters: _Delimiters, line: int) -> tuple[str, str, int]:
    inside = start + len(delimiters[0])
    sigil = template[inside : inside + 1]
    if sigil not in ("{", "&", "#", "^", "/", "!", ">", "="):
        sigil = ""
    closing = {"{": "}", "=": "="}.get(sigil, "") + delimiters[1]
    end = template.find(closing, inside + len(sigil))
    if end < 0:
        raise PromptError(f"the tag {template[start : start + 20]!r} is not closed; {closing!r} is missing", line=line)
    return sigil, template[inside + len(sigil) : end].strip(), end + len(closing)


def _new_delimiters(name: str, line: int) -> _Delimiters:
    parts = name.split()
    if len(parts) != 2 or "=" in name:
        raise PromptError(f"cannot set the delimiters {name!r}; write two of them, as in {{{{=<% %>=}}}}", line=line)
    return parts[0], parts[1]


def render(nodes: Sequence[Node], variables: Mapping[str, Any], *, strict: bool = False) -> str:
    """Render a template.

    :param nodes: The result of :func:`parse`.
    :param variables: The variables by name.
    :keyword strict: Whether a missing variable is an error. Default: False, which renders it as nothing.
    :return: The text.
    :raises PromptError: A variable is missing in strict mode, or the text exceeds 16 Mi characters.
    """
    output = _Output(strict)
    output.walk(nodes, [variables])
    return "".join(output.parts)


class _Output:
    """The text rendered so far, and its size."""

    def __init__(self, strict: bool) -> None:
        self.parts: list[str] = []
        self._size = 0
        self._strict = strict

    def add(self, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_OUTPUT:
            raise PromptError(f"the template renders to more than {MAX_OUTPUT:,} characters; pass less text")
        self.parts.append(text)

    def walk(self, nodes: Sequence[Node], stack: list[Any]) -> None:
        for node in nodes:
            if isinstance(node, str):
                self.add(node)
            elif isinstance(node, Variable):
                self._variable(node, stack)
            else:
                self._section(node, stack)

    def _variable(self, node: Variable, stack: list[Any]) -> None:
        try:
            value = _lookup(node.name, stack)
        except LookupError:
            if self._strict:
                raise _missing(node, stack) from None
            return
        if value is not None:
            text = str(value)
            self.add(text.translate(_ESCAPES) if node.escape else text)

    def _section(self, node: Section, stack: list[Any]) -> None:
        try:
            value = _lookup(node.name, stack)
        except LookupError:
            value = None
        if node.inverted:
            if not value:
                self.walk(node.nodes, stack)
        elif callable(value):
            self.add(str(value(node.text, partial(self._again, node, stack))))
        elif isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
            for item in cast("list[Any]", value):
                self.walk(node.nodes, [*stack, item])
        elif value:
            self.walk(node.nodes, [*stack, value])

    def _again(self, node: Section, stack: list[Any], text: str) -> str:
        inner = _Output(self._strict)
        inner.walk(parse(text, node.delimiters), stack)
        return "".join(inner.parts)


def _missing(node: Variable, stack: Sequence[Any]) -> PromptError:
    scopes = (cast("Mapping[str, Any]", scope) for scope in stack if isinstance(scope, Mapping))
    names = {str(name) for scope in scopes for name in scope}
    return PromptError(f"variable {node.name!r} is missing; {nearest(node.name, names)}", line=node.line)


def _lookup(name: str, stack: Sequence[Any]) -> Any:
    """Return the value of a dotted name. Its first part selects the scope (mustache, "Context Precedence")."""
    if name == ".":
        return stack[-1]
    first, *rest = name.split(".")
    for scope in reversed(stack):
        try:
            value = _member(scope, first)
        except LookupError:
            continue
        for part in rest:
            value = _member(value, part)
        return value
    raise LookupError(name)


def _member(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value)[part]
    if part.isdecimal() and isinstance(value, Sequence):
        return cast("list[Any]", value)[int(part)]
    # Private and special attributes lead from a harmless object into the interpreter. The attributes of plain values
    # are methods, not data, and would hide variables of the same name, such as "title" within a section over texts.
    hidden = part.startswith("_") or type(cast("object", value)) in _PLAIN
    attribute = None if hidden else getattr(value, part, None)
    if attribute is None:
        raise LookupError(part)
    return attribute
