"""Decompress request bodies within a limit: a few bytes of gzip may expand to gigabytes."""

import zlib
from typing import Final

from ._service_error import ServiceError

_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def decode_body(raw: bytes, encodings: str, limit: int) -> bytes:
    """Return a body without its ``Content-Encoding``.

    :param encodings: The header, with several encodings in the order they were applied.
    :param limit: Maximum number of bytes after decompression.
    :raises ServiceError: 400 for a body that is not encoded like that, 413 above the limit, 415 for another encoding.
    """
    names = [name.strip().lower() for name in encodings.split(",")]
    for name in reversed([name for name in names if name not in ("", "identity")]):
        raw = _inflate(raw, name, limit)
    return raw


def _inflate(raw: bytes, name: str, limit: int) -> bytes:
    if name not in _WINDOW_BITS:
        message = f"The content encoding {name!r} is not supported; send gzip, deflate, or none."
        raise ServiceError(415, "UnsupportedMediaType", message)
    found = b""
    try:
        while raw:  # a gzip file may have several members
            inflater = zlib.decompressobj(_window_bits(raw, name))
            found += inflater.decompress(raw, limit + 1 - len(found))
            if len(found) > limit:
                raise too_large(limit)
            if not inflater.eof:
                raise ServiceError(400, "BadRequest", f"The body of the request ends within its {name} data.")
            raw = inflater.unused_data
    except zlib.error as error:
        raise ServiceError(400, "BadRequest", f"The body of the request is not {name} data: {error}.") from error
    return found


def _window_bits(raw: bytes, name: str) -> int:
    """Return the window size for zlib; "deflate" should have a header (RFC 9110), but often has none."""
    bare = name == "deflate" and not (raw[0] & 0x0F == 8 and int.from_bytes(raw[:2], "big") % 31 == 0)
    return -15 if bare else _WINDOW_BITS[name]


def too_large(limit: int) -> ServiceError:
    """Return the refusal of a body above the limit."""
    return ServiceError(413, "tokens_limit_reached", f"Request body too large. Max size: {limit} bytes.")
