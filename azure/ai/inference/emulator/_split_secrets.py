"""Secrets that a stream cut into pieces: no event holds all of one, but their texts put together do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ._secrets import SCRUBBED
from ._verdict import delta_of, events_of

LOOK_BACK: Final = 64
"""How many parts before those that are shown may hold the beginning of a secret."""
_SHORTEST: Final = 8


class _Piece(NamedTuple):
    """The text that one part adds, and where it begins in the text of all."""

    number: int
    start: int
    text: str


def hide_split_secrets(parts: Sequence[bytes], secrets: Sequence[str]) -> list[bytes]:
    """Return the parts of a stream, with those texts blotted out that together make a secret."""
    pieces = list(_pieces(parts))
    whole = "".join(piece.text for piece in pieces)
    spans = [span for secret in secrets if len(secret) >= _SHORTEST for span in _spans(whole, secret)]
    found = list(parts)
    for number, start, text in pieces:
        if any(begin < start + len(text) and start < end for begin, end in spans):
            found[number] = _without(found[number], text)
    return found


def _pieces(parts: Sequence[bytes]) -> Iterator[_Piece]:
    start = 0
    for number, data in enumerate(parts):
        text = "".join(map(delta_of, events_of([data])))
        if text:
            yield _Piece(number, start, text)
            start += len(text)


def _spans(whole: str, secret: str) -> Iterator[tuple[int, int]]:
    at = whole.find(secret)
    while at >= 0:
        yield at, at + len(secret)
        at = whole.find(secret, at + len(secret))


def _without(data: bytes, text: str) -> bytes:
    """Return an event whose text is replaced, however its JSON writes it; all of it, where it is found nowhere."""
    for written in (_written(text, ensure_ascii=False), _written(text, ensure_ascii=True)):
        if written in data:
            return data.replace(written, _written(SCRUBBED, ensure_ascii=True))
    return b"data: " + _written(SCRUBBED, ensure_ascii=True) + b"\n\n"


def _written(value: Any, *, ensure_ascii: bool) -> bytes:
    return json.dumps(value, ensure_ascii=ensure_ascii).encode("utf-8", "surrogatepass")
