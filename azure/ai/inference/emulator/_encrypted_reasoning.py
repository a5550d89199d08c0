"""Reasoning that the Responses API encrypts so that callers can carry it; here a digest is enough.

The text contains digests of its item, its answer and its model, so reasoning of another model or item is detected.
"""

import base64
import hashlib
from typing import Final

_HEAD: Final = b"\x80\x00\x00\x00"
_PART: Final = 6


def encrypt(item_id: str, model: str) -> str:
    """Return the encrypted content of a reasoning item.

    :param item_id: The item's id.
    :param model: The model that reasoned.
    """
    return base64.urlsafe_b64encode(_HEAD + _digest(item_id) + _digest("model", model)).decode()


def is_of_model(content: str, model: str) -> bool:
    """Return whether an encrypted content is readable, and belongs to a model."""
    raw = _read(content)
    return raw is not None and raw[-_PART:] == _digest("model", model)


def is_of_item(content: str, item_id: str) -> bool:
    """Return whether an encrypted content belongs to an item."""
    raw = _read(content)
    return raw is not None and raw[len(_HEAD) : -_PART] == _digest(item_id)


def _read(content: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(content)
    except ValueError:
        return None
    return raw if raw.startswith(_HEAD) and len(raw) == len(_HEAD) + 2 * _PART else None


def _digest(*texts: str) -> bytes:
    return hashlib.sha256("\0".join(("emulator", *texts)).encode("utf-8", "surrogatepass")).digest()[:_PART]
