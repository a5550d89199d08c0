"""The front matter of a prompty file: its text, its YAML, its references, and the line of each key.

``${env:NAME}``, ``${env:NAME:default}`` and ``${file:path}`` are replaced where they are a whole value. The result is
not searched again, so the text of a file or of an environment variable cannot refer to anything.

Many tools read prompty files, and each adds keys of its own. An unknown key is kept and causes a warning. Only a value
that would change the request, and that cannot be interpreted, is an error.
"""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from . import _files
from ._prompt_error import PromptError, nearest

MAX_VALUES = 10_000
"""The largest number of values in a front matter, with YAML aliases expanded."""

MAX_DEPTH = 100

KeyPath = tuple[str, ...]

_OPENING = re.compile(r"\s*^(?P<indent>[ \t]*)(?:---|\+\+\+)[ \t]*$\n?", re.MULTILINE)
_CLOSING = re.compile(r"^(?P<indent>[ \t]*)(?:---|\+\+\+)[ \t]*$\n?", re.MULTILINE)
_REFERENCE = re.compile(r"\$\{(?P<kind>\w+):(?P<rest>.*)\}|\$\{.*\}", re.DOTALL)


@dataclass(frozen=True)
class FrontMatter:
    """A prompty file, split into its parts."""

    path: Path
    values: dict[str, Any]
    body: str
    body_line: int
    """The line of the file, from 1, at which the body starts."""
    lines: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])
    remarks: list[str] = field(default_factory=list[str])
    """Warnings for the author of the file."""

    def error(self, key: Iterable[str], message: str) -> PromptError:
        """Return the error for a key, with the file and the line.

        :param key: The key's path from the top.
        :param message: What is wrong and what would work.
        :return: The exception to raise.
        """
        return PromptError(self._about(tuple(key), message))

    def remark(self, key: Iterable[str], message: str) -> None:
        """Add a warning about a key.

        :param key: The key's path from the top.
        :param message: What is wrong and what would work.
        """
        self.remarks.append(self._about(tuple(key), message))

    def _about(self, path: KeyPath, message: str) -> str:
        line = next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 1)
        return f"{self.path}:{line}: key {'.'.join(path)!r}: {message}"

    def name_item(self, key: KeyPath, name: str) -> None:
        """Name an item of a list, so that errors can name it and still find its line.

        :param key: The item's path from the top, which ends in its index.
        :param name: The name.
        """
        for path, line in [*self.lines.items()]:
            if path[: len(key)] == key:
                named = (*key[:-1], name, *path[len(key) :])
                self.lines[named] = line

    def unknown(self, key: KeyPath, found: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
        """Return the unknown keys of a mapping, with a warning for each.

        :param key: The path of the mapping.
        :param found: The mapping.
        :param known: The known keys.
        :return: The unknown keys with their values.
        """
        names = set(known)
        extra = {name: value for name, value in found.items() if name not in names}
        for name in extra:
            self.remark([*key, str(name)], f"unknown, so it has no effect; {nearest(str(name), names)}")
        return extra


def read(path: Path, root: Path | None) -> FrontMatter:
    """Read a prompty file.

    :param path: The file.
    :param root: The folder that ``${file:...}`` may not leave.
    :return: Its front matter, with references replaced, and its body. A file without front matter is all body.
    :raises PromptError: The front matter is not closed, is not a YAML mapping, is too large, or refers to something
        that does not exist.
    :raises ImportError: PyYAML is not installed.
    """
    text = _files.read_text(path)
    opening = _OPENING.match(text)
    if not opening:
        return FrontMatter(path, {}, text, 1)
    closing = _closing(text, opening)
    first_line = text.count("\n", 0, opening.end()) + 1
    if closing is None:
        raise PromptError(
            f"{path}:{first_line - 1}: the front matter is not closed; write a line '---' between it and the prompt"
        )
    lines: dict[KeyPath, int] = {}
    values = _load_yaml(text[opening.end() : closing.start()], path, first_line, lines)
    if not isinstance(values, dict):
        raise PromptError(f"{path}:{first_line}: the front matter is not a mapping; write 'key: value' lines")
    body_line = text.count("\n", 0, closing.end()) + 1
    body = text[closing.end() :]
    # A file that is indented as a whole was copied out of something else, such as a string in a program.
    body = textwrap.dedent(body) if opening["indent"] else body
    matter = FrontMatter(path, cast("dict[str, Any]", values), body, body_line, lines)
    resolved = _replace(matter.values, (), lambda key, value: _resolve_reference(matter, key, value, root))
    return replace(matter, values=resolved)


def _closing(text: str, opening: re.Match[str]) -> re.Match[str] | None:
    """Return the line that ends the front matter. A line that is indented more may be part of a text in it."""
    found = list(_CLOSING.finditer(text, opening.end()))
    outer = (each for each in found if len(each["indent"]) <= len(opening["indent"]))
    return next(outer, found[0] if found else None)


def _load_yaml(text: str, path: Path, first_line: int, lines: dict[KeyPath, int]) -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ImportError("a prompty file needs PyYAML: pip install pyyaml") from error
    try:
        loader: Any = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is not None:
            _note_lines(node, (), first_line, lines, [0])
        return {} if node is None else loader.construct_document(node)
    # The last two: PyYAML's constructors assume that a value tagged !!int, !!bool or !!timestamp is valid.
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError) as error:
        raise _yaml_error(error, path, first_line) from error


def _yaml_error(error: Exception, path: Path, first_line: int) -> PromptError:
    mark = getattr(error, "problem_mark", None)
    line = first_line + (mark.line if mark else 0)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    return PromptError(f"{path}:{line}: invalid YAML: {problem}")


def _note_lines(node: Any, key: KeyPath, first_line: int, lines: dict[KeyPath, int], count: list[int]) -> None:
    """Record the line of each key, and refuse aliases that multiply ("billion laughs") or contain themselves."""
    count[0] += 1
    if count[0] > MAX_VALUES or len(key) > MAX_DEPTH:
        raise ValueError(f"more than {MAX_VALUES:,} values or {MAX_DEPTH} levels")
    if node.id == "mapping":
        for name, value in node.value:
            inner = (*key, str(name.value))
            lines[inner] = first_line + name.start_mark.line
            _note_lines(value, inner, first_line, lines, count)
    elif node.id == "sequence":
        for index, value in enumerate(node.value):
            inner = (*key, str(index))
            lines[inner] = first_line + value.start_mark.line
            _note_lines(value, inner, first_line, lines, count)


def _replace(value: Any, key: KeyPath, resolve: Callable[[KeyPath, str], Any]) -> Any:
    if isinstance(value, str):
        return resolve(key, value)
    if isinstance(value, dict):
        mapping = cast("dict[str, Any]", value)
        return {name: _replace(item, (*key, str(name)), resolve) for name, item in mapping.items()}
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        return [_replace(item, (*key, str(index)), resolve) for index, item in enumerate(items)]
    return value


def _resolve_reference(matter: FrontMatter, key: KeyPath, value: str, root: Path | None) -> Any:
    found = _REFERENCE.fullmatch(value.strip())
    if not found:
        return value
    kind = (found["kind"] or "").lower()
    if kind == "env":
        return _environment(matter, key, found["rest"])
    if kind == "file":
        return load_file(matter, key, found["rest"], root)
    raise matter.error(
        key, f"cannot read {value.strip()!r}; write ${{env:NAME}}, ${{env:NAME:default}} or ${{file:path.json}}"
    )


def _environment(matter: FrontMatter, key: KeyPath, rest: str) -> str:
    name, has_default, default = rest.partition(":")
    value = os.environ.get(name)
    if value is None and not has_default:
        raise matter.error(
            key, f"the environment variable {name!r} is not set; set it or give a default: ${{env:{name}:default}}"
        )
    return default if value is None else value


def load_file(matter: FrontMatter, key: KeyPath, reference: str, root: Path | None) -> Any:
    """Read a file that a key refers to.

    :param matter: The prompty file.
    :param key: The key.
    :param reference: The path, relative to the prompty file.
    :param root: The folder that the path may not leave.
    :return: The values of a JSON or YAML file; the text of any other file.
    :raises PromptError: The path leads outside of `root`, or the file is invalid.
    :raises FileNotFoundError: The file does not exist.
    """
    try:
        path = _files.resolve(reference, matter.path.parent, root)
        text = _files.read_text(path)
        if path.suffix.lower() == ".json":
            return json.loads(text)
        if path.suffix.lower() in (".yaml", ".yml"):
            return _load_yaml(text, path, 1, {})
    except FileNotFoundError as error:
        raise FileNotFoundError(str(matter.error(key, str(error)))) from error
    except (ValueError, RecursionError) as error:
        raise matter.error(key, str(error)) from error
    return text
