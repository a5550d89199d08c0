"""Mask secrets that are split over several events or tokens, none of which contains a whole secret.

The texts that events add at one place, such as the arguments of the second tool call, form a series; so do the tokens
of log probabilities. Each series is searched as a whole, and secrets in it are removed from the events and tokens that
contain them. Their number stays the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ._secrets import SCRUBBED, Scrubber
from ._values import as_list, as_object, compact, is_list, is_object

LOOK_BACK: Final = 64
"""The number of parts before the displayed ones to search for the start of a secret."""

_DATA: Final = re.compile(rb"(?m)^data:[ ]?(.*?)\r?$")
_CONSTANT: Final = re.compile(
    r"(.*_)?id|model|object|type|role|name|status|.*_reason|.*fingerprint|obfuscation|signature"
)
"""Members that repeat in each event, or that nobody reads: not pieces of a longer text."""
_PLACES: Final = ("type", "index", "output_index", "content_index", "summary_index")
"""Members of an event that identify the text it adds to."""

_DEEPEST: Final = 50
"""Maximum depth of a text in an event; no API uses half of it."""

_Place = tuple[Any, ...]
_Path = tuple[str | int, ...]


class _Piece(NamedTuple):
    """The text that one event adds to a series: its place in the event, and its start in the whole text."""

    number: int
    line: int
    path: _Path
    start: int
    text: str


def hide_split_secrets(parts: Sequence[bytes], scrubber: Scrubber) -> list[bytes]:
    """Return the parts of an event stream, masking texts that form a secret together.

    :param parts: The parts, each with complete events.
    :param scrubber: Identifies secrets, and learns them.
    """
    read = [_read_lines(part) for part in parts]
    changed = _hide(read, _series(read), scrubber)
    return [_replaced(part, read[number]) if number in changed else part for number, part in enumerate(parts)]


def hide_spelled_secrets(value: Any, scrubber: Scrubber) -> Any:
    """Return a JSON value, masking secrets that are spelled token by token. Changes ``value``."""
    _hide([[value]], [pieces for pieces in _series([[value]]) if len(pieces) > 1], scrubber)
    return value


def count_complete_parts(parts: Sequence[bytes], scrubber: Scrubber) -> int:
    """Return how many parts of an open stream come before any text that may go on to be a secret."""
    settled = len(parts)
    for pieces in _series([_read_lines(part) for part in parts]):
        begun = scrubber.begun("".join(piece.text for piece in pieces))
        settled = min([settled, *(piece.number for piece in pieces if piece.start + len(piece.text) > begun)])
    return settled


def hide_cut_secrets(parts: Sequence[bytes], scrubber: Scrubber) -> list[bytes]:
    """Return the parts of any other body without secrets, including secrets that span two parts."""
    found, start = list(parts), 0
    spans = scrubber.spans(b"".join(parts).decode("latin-1"))  # one character for each byte
    for number, part in enumerate(parts):
        found[number] = _without(part.decode("latin-1"), start, spans).encode("latin-1")
        start += len(part)
    return found


def join_events(parts: Sequence[bytes]) -> list[bytes]:
    """Return the same number of parts, with each event moved as a whole to the part that completes it."""
    found, rest = list[bytes](), b""
    for part in parts:
        data = rest + part
        end = max((data.rfind(mark) + len(mark) for mark in (b"\n\n", b"\r\n\r\n", b"\r\r") if mark in data), default=0)
        found.append(data[:end])
        rest = data[end:]
    return [*found[:-1], found[-1] + rest] if found else found


def _read_lines(part: bytes) -> list[Any]:
    """Return the JSON of each ``data`` line, or None for a line that has none."""
    return [_json(match[1]) for match in _DATA.finditer(part)]


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _hide(read: Sequence[Sequence[Any]], series: Sequence[Sequence[_Piece]], scrubber: Scrubber) -> set[int]:
    """Mask the secrets in each series. Return the numbers of the parts that changed."""
    changed: set[int] = set()
    for pieces in series:
        spans = scrubber.spans("".join(piece.text for piece in pieces))
        for piece in pieces if spans else ():
            text = _without(piece.text, piece.start, spans)
            if text != piece.text:
                _write(read[piece.number][piece.line], piece.path, text)
                changed.add(piece.number)
    return changed


def _series(read: Sequence[Sequence[Any]]) -> list[list[_Piece]]:
    """Return the series of a stream, each as a list of pieces in order."""
    found: dict[_Place, list[_Piece]] = {}
    for number, lines in enumerate(read):
        for line, event in enumerate(lines):
            for place, path, text in _texts(event, (), ()):
                pieces = found.setdefault(place, [])
                start = pieces[-1].start + len(pieces[-1].text) if pieces else 0
                pieces.append(_Piece(number, line, path, start, text))
    return list(found.values())


def _texts(value: Any, place: _Place, path: _Path) -> Iterator[tuple[_Place, _Path, str]]:
    """Yield the texts in an event, each with the place of its series and its path in the event."""
    if len(path) > _DEEPEST:
        return
    if is_object(value):
        marks = tuple(value.get(name) for name in _PLACES)
        here = (*place, *(mark if isinstance(mark, (str, int)) else None for mark in marks))
        for name, inner in value.items():
            if isinstance(inner, str):
                if inner and not _CONSTANT.fullmatch(name):
                    yield (*here, name), (*path, name), inner
            else:
                yield from _texts(inner, (*here, name), (*path, name))
    elif is_list(value):
        for index, inner in enumerate(as_list(value)):
            # If an object has an index, that identifies it, not its position in the list. Tokens continue each other.
            joined = is_object(inner) and ("index" in inner or ("token" in inner and "top_logprobs" not in place))
            yield from _texts(inner, (*place, None if joined else index), (*path, index))


def _without(text: str, start: int, spans: Sequence[tuple[int, int]]) -> str:
    """Return a piece of text without the characters in ``spans``; the mask goes where a span begins."""
    kept, at = list[str](), 0
    for begin, end in spans:
        begin, end = begin - start, end - start
        if end <= 0 or begin >= len(text):
            continue
        kept += [text[at : max(at, begin)], SCRUBBED if begin >= 0 else ""]
        at = end
    return "".join([*kept, text[at:]])


def _write(event: Any, path: _Path, text: str) -> None:
    """Replace a text. Log probabilities repeat a token as bytes, and among its alternatives."""
    for step in path[:-1]:
        event = event[step]
    name, before = path[-1], event[path[-1]]
    event[name] = text
    for one in [event, *as_list(event.get("top_logprobs"))] if name == "token" else ():
        if as_object(one).get("token") in (before, text):
            one |= {"token": text, "bytes": list(text.encode("utf-8", "surrogatepass"))}


def _replaced(part: bytes, lines: Sequence[Any]) -> bytes:
    """Return a part with its ``data`` lines rewritten."""
    values = iter(lines)

    def write(match: re.Match[bytes]) -> bytes:
        value = next(values)
        if value is None:
            return match[0]
        start, end = match.start(1) - match.start(), match.end(1) - match.start()
        return match[0][:start] + compact(value).encode() + match[0][end:]

    return _DATA.sub(write, part)
