"""Shared by the targets: splitting bytes into parts, and strategies for likely inputs."""

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from hypothesis import strategies as st

CUTS = 4


def cut(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return a body and its pieces: the first bytes are the pieces' lengths, repeated."""
    lengths, body = data[:CUTS], data[CUTS:]
    return body, list(_pieces(body, lengths)) if any(lengths) else [body]


def _pieces(body: bytes, lengths: bytes) -> Iterator[bytes]:
    at = 0
    for length in cycle(lengths):
        if at >= len(body):
            return
        yield body[at : at + length]
        at += length


def text_of(data: bytes) -> str:
    """Read text like lenient readers do: invalid UTF-8 becomes lone surrogates, which JSON may also contain."""
    return data.decode("utf-8", "surrogateescape")


def json_of(data: bytes) -> Any:
    """Read JSON that is equal to itself and not too deep to walk.

    :raises ValueError: It is something else.
    """
    value = json.loads(text_of(data), parse_constant=_refuse)
    if _depth(value) > MAX_DEPTH:
        raise ValueError("too deep")
    return value


MAX_DEPTH = 50


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, (dict, list))]
        level = [item for items in inner for item in items]
    return depth


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def json_values(*members: str) -> Any:
    """Return a strategy for JSON whose objects have the given members, and others."""
    names = st.sampled_from(members or ("a",)) | st.text(max_size=4)
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        leaves | st.text(max_size=8) | st.sampled_from(["", "0", "text", "function", "stop", "<think>", "</think>"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
        max_leaves=10,
    )


def json_texts(*members: str) -> Any:
    """Return the same as bytes."""
    return json_values(*members).map(lambda value: json.dumps(value).encode())
