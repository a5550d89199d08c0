"""Readers for JSON of unknown shape. Each returns an empty value if the shape is different."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, TypeGuard

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_PIECE: Final = re.compile(r"\s*\w{1,12}|\s*[^\w\s]|\s+")


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether ``value`` is a JSON object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Return whether ``value`` is a JSON array."""
    return isinstance(value, list)


def as_object(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is a JSON object, else an empty one."""
    return value if is_object(value) else {}


def as_list(value: Any) -> list[Any]:
    """Return ``value`` if it is a JSON array, else an empty one."""
    return value if is_list(value) else []


def as_text(value: Any) -> str:
    """Return ``value`` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether ``value`` is a JSON number. A bool is an int in Python, but not in JSON."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def compact(value: Any) -> str:
    """Return JSON without spaces, as services stream it."""
    return escape_surrogates(_COMPACT.encode(value))


def escape_surrogates(text: str) -> str:
    """Return JSON that can be encoded: half of a pair of surrogates, which UTF-8 lacks, is escaped."""
    return text if text.isascii() else _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def pieces(text: str) -> Iterator[str]:
    """Yield what the emulator counts and streams as tokens of ``text``; joined they are ``text`` again."""
    return (match[0] for match in _PIECE.finditer(text))


def count_pieces(text: str) -> int:
    """Return how many tokens the emulator counts in ``text``."""
    return sum(1 for _ in _PIECE.finditer(text))


def content_text(content: Any) -> str:
    """Return the text of a message's content, whether a string or a list of parts."""
    if isinstance(content, str):
        return content
    return " ".join(as_text(as_object(part).get("text")) for part in as_list(content)).strip()


def part_types(content: Any) -> list[str]:
    """Return the types of the parts of a message's content; none for a string."""
    return [as_text(as_object(part).get("type")) for part in as_list(content)]
