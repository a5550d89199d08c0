"""The signatures of thinking blocks, which the Messages API creates, and checks when blocks are sent back.

A signature contains the position of its block among all of the answer, and digests of the conversation before it and of
the text shown. Blocks that were edited, left out, reordered or moved to another conversation are detected that way.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

_HEAD: Final = b"\x0a\x01"
_PREFIX: Final = 8
_DIGEST: Final = 16


class Signature(NamedTuple):
    """The contents of a signature."""

    number: int
    total: int
    prefix: bytes


def digest_prefix(system: Any, messages: Sequence[Any]) -> bytes:
    """Return the digest of a conversation: its instructions, and the messages before an answer.

    Cache marks are not included: they may move from turn to turn.
    """
    without_marks = json.loads(json.dumps([system, list(messages)]), object_hook=_without_mark)
    return hashlib.sha256(json.dumps(without_marks, sort_keys=True).encode()).digest()[:_PREFIX]


def _without_mark(value: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if name != "cache_control"}


def sign(text: str, *, number: int, total: int, prefix: bytes) -> str:
    """Return the signature of a thinking block.

    :param text: The text that is shown.
    :keyword number: The number of the block in the answer, from 0.
    :keyword total: The number of blocks in the answer.
    :keyword prefix: The digest of the conversation before the answer.
    """
    head = _HEAD + bytes([number, total]) + prefix
    return base64.b64encode(head + _digest(head, text)).decode()


def read_signature(signature: str, text: str) -> Signature | None:
    """Return the contents of a signature; None if it does not belong to this text."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return None
    head, digest = raw[:-_DIGEST], raw[-_DIGEST:]
    if len(head) != len(_HEAD) + 2 + _PREFIX or not head.startswith(_HEAD) or digest != _digest(head, text):
        return None
    return Signature(head[2], head[3], head[4:])


def _digest(head: bytes, text: str) -> bytes:
    return hashlib.sha256(b"emulator" + head + text.encode("utf-8", "surrogatepass")).digest()[:_DIGEST]
