"""The front matter of a prompty file: its text, its YAML, its references, and at which line each key stands.

``${env:NAME}``, ``${env:NAME:default}`` and ``${file:path}`` are replaced where they are a whole value. What they yield
is never searched again, so neither a file's nor an environment variable's text can refer to anything.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from . import _files
from ._prompt_error import PromptError, nearest

MAX_VALUES = 10_000
"""Most values in a front matter, counted with YAML aliases written out."""

MAX_DEPTH = 100

KeyPath = tuple[str, ...]

_BLOCK = re.compile(r"\s*^(---|\+\+\+)[ \t]*\n(?P<yaml>.*?)^\1[ \t]*(?:\n(?P<body>.*))?\Z", re.DOTALL | re.MULTILINE)
_REFERENCE = re.compile(r"\$\{(?P<kind>\w+):(?P<rest>.*)\}|\$\{.*\}", re.DOTALL)


@dataclass(frozen=True)
class FrontMatter:
    """A prompty file taken apart."""

    path: Path
    values: dict[str, Any]
    body: str
    body_line: int
    """The line of the file, from 1, at which the body starts."""
    lines: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])

    def error(self, key: Iterable[str], message: str) -> PromptError:
        """Make the error for a key, with the file and the line.

        :param key: The key's path from the top.
        :param message: What is wrong and what would work.
        :return: The exception, to be raised.
        """
        path = tuple(key)
        line = next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 1)
        return PromptError(f"{self.path}:{line}: key {'.'.join(path)!r}: {message}")

    def check_keys(self, key: KeyPath, found: Iterable[str], known: Iterable[str]) -> None:
        """Refuse a key that nobody would read.

        :param key: The path of the mapping.
        :param found: Its keys.
        :param known: The keys that it may have.
        :raises PromptError: One of them is not known.
        """
        names = set(known)
        for name in found:
            if name not in names:
                raise self.error([*key, str(name)], f"unknown; {nearest(str(name), names)}")


def read(path: Path, root: Path | None) -> FrontMatter:
    """Read a prompty file.

    :param path: The file.
    :param root: The folder that ``${file:...}`` may not leave.
    :return: Its front matter, with references replaced, and its body.
    :raises PromptError: It has no front matter, or one that is not a YAML mapping, is too large, or refers to what
        there is not.
    :raises ImportError: PyYAML is not installed.
    """
    text = _files.read_text(path)
    found = _BLOCK.match(text)
    if not found:
        raise PromptError(
            f"{path}:1: no front matter; a prompty file starts with a line '---', YAML such as 'name: my prompt', "
            f"and another line '---', and the prompt follows"
        )
    first_line = text.count("\n", 0, found.start("yaml")) + 1
    lines: dict[KeyPath, int] = {}
    values = _load_yaml(found["yaml"], path, first_line, lines)
    if not isinstance(values, dict):
        raise PromptError(f"{path}:{first_line}: the front matter is no mapping; write 'key: value' lines")
    body_line = first_line + found["yaml"].count("\n") + 1
    matter = FrontMatter(path, cast("dict[str, Any]", values), found["body"] or "", body_line, lines)
    resolved = _replace(matter.values, (), lambda key, value: _resolve_reference(matter, key, value, root))
    return replace(matter, values=resolved)


def _load_yaml(text: str, path: Path, first_line: int, lines: dict[KeyPath, int]) -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ImportError(
            "A prompty file needs PyYAML: run `pip install azure-ai-inference[prompts]` (or `pip install pyyaml`)."
        ) from error
    try:
        loader: Any = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is not None:
            _note_lines(node, (), first_line, lines, [0])
        return {} if node is None else loader.construct_document(node)
    # The last two: PyYAML's constructors take for granted that what is tagged !!int, !!bool or !!timestamp is one.
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError) as error:
        raise _yaml_error(error, path, first_line) from error


def _yaml_error(error: Exception, path: Path, first_line: int) -> PromptError:
    mark = getattr(error, "problem_mark", None)
    line = first_line + (mark.line if mark else 0)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    return PromptError(f"{path}:{line}: no valid YAML: {problem}")


def _note_lines(node: Any, key: KeyPath, first_line: int, lines: dict[KeyPath, int], count: list[int]) -> None:
    """Note the line of each key, and refuse aliases that multiply ("billion laughs") or contain themselves."""
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
    if found["kind"] == "env":
        return _environment(matter, key, found["rest"])
    if found["kind"] == "file":
        return _file(matter, key, found["rest"], root)
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


def _file(matter: FrontMatter, key: KeyPath, reference: str, root: Path | None) -> Any:
    try:
        path = _files.resolve(reference, matter.path.parent, root)
        text = _files.read_text(path)
        if path.suffix == ".json":
            return json.loads(text)
        if path.suffix in (".yaml", ".yml"):
            return _load_yaml(text, path, 1, {})
    except FileNotFoundError as error:
        raise FileNotFoundError(str(matter.error(key, str(error)))) from error
    except (ValueError, RecursionError) as error:
        raise matter.error(key, str(error)) from error
    return text
