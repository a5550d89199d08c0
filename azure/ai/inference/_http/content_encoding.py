"""Decompress the body of a response, piece by piece (RFC 9110, section 8.4).

Both worlds read bodies with this. aiohttp and urllib3 accept what the installed packages can decompress (``gzip``,
``deflate``, ``br`` with a Brotli package, ``zstd`` with a zstd package); azure-core's asynchronous transport decodes
only some of that, and urllib3 only returns a compressed piece as it arrives since 2.2.
"""

import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from azure.core.exceptions import DecodeError

Feed = Callable[[bytes], bytes]
"""Takes compressed bytes as they arrive, and returns what can be decompressed so far."""

_MOST_CODINGS = 5
"""More codings in one header only serve to keep a client busy; urllib3 refuses them too."""


class Decoder:
    """Undoes the codings of one body.

    :param codings: The names of the codings, in the order they were applied.
    """

    def __init__(self, codings: list[str]) -> None:
        self._header = ", ".join(codings)
        if len(codings) > _MOST_CODINGS:
            raise DecodeError(f"The body is compressed {len(codings)} times; the limit is {_MOST_CODINGS}.")
        self._feeds = [self._open(name) for name in reversed(codings)]

    def feed(self, data: bytes) -> bytes:
        """Decompress the next bytes of the body.

        :param data: The bytes as received.
        :return: The decompressed bytes, which may be none yet.
        :raises ~azure.core.exceptions.DecodeError: They are not compressed as the header says.
        """
        try:
            for feed in self._feeds:
                data = feed(data)
        except Exception as error:  # each library has its own exception
            raise DecodeError(f"The body cannot be decompressed as {self._header}: {error}", error=error) from error
        return data

    def _open(self, name: str) -> Feed:
        opener = _CODINGS.get(name)
        if opener is None:
            raise DecodeError(f"The body is encoded as {name!r}, which is not one of {', '.join(_CODINGS)}.")
        try:
            return opener()
        except ImportError as error:
            raise DecodeError(
                f"The body is encoded as {name!r}, but no package that decodes it is installed: {error}", error=error
            ) from error


def make_decoder(content_encoding: str | None) -> Decoder | None:
    """Return a decoder for a body.

    :param content_encoding: The response header ``Content-Encoding``.
    :return: None if the body is not compressed.
    :raises ~azure.core.exceptions.DecodeError: The coding is not supported.
    """
    if not content_encoding:
        return None
    codings = [name for part in content_encoding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    return Decoder(codings) if codings else None


def _members(make: Callable[[], Any], errors: type[Exception]) -> Feed:
    """Decode consecutive members: a body may be several gzip files (RFC 1952, section 2.2) or zstd frames.

    Trailing bytes that are not another member are ignored, as gzip and urllib3 do.
    """
    current: list[Any] = [make()]
    whole = False

    def feed(data: bytes) -> bytes:
        nonlocal whole
        pieces: list[bytes] = []
        while data:
            if current[0].eof:
                current[0], whole = make(), True
            try:
                pieces.append(current[0].decompress(data))
            except errors:
                if whole:
                    break
                raise
            data = current[0].unused_data if current[0].eof else b""
        return b"".join(pieces)

    return feed


def _gzip() -> Feed:
    return _members(lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), zlib.error)


def _deflate() -> Feed:
    """Decode zlib's format, which HTTP means by "deflate", and the bare stream, which some servers send instead.

    The first two bytes tell them apart: in zlib's format they are a multiple of 31 and name method 8 (RFC 1950, section
    2.2); no bare stream begins like that, since its first block would be a stored one with padding bits set.
    """
    start = bytearray()
    opened: list[Any] = []

    def feed(data: bytes) -> bytes:
        if opened:
            return bytes(opened[0].decompress(data))
        start.extend(data)
        if len(start) < 2:
            return b""
        is_zlib = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
        opened.append(zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS))
        return bytes(opened[0].decompress(bytes(start)))

    return feed


def _brotli() -> Feed:
    decompressor: Any = _first_of("brotlicffi", "brotli").Decompressor()
    feed: Feed = getattr(decompressor, "process", None) or decompressor.decompress  # Google's package, or brotlicffi
    return feed


def _zstd() -> Feed:
    module: Any = _first_of("compression.zstd", "backports.zstd", "zstandard")
    if hasattr(module, "ZstdCompressionObj"):  # zstandard: only its decompressobj accepts partial frames
        return _members(lambda: module.ZstdDecompressor().decompressobj(), module.ZstdError)
    return _members(module.ZstdDecompressor, module.ZstdError)


def _first_of(*names: str) -> Any:
    """Import the first module that is installed."""
    for name in names:
        with suppress(ImportError):
            return import_module(name)
    raise ImportError(f"install one of {', '.join(names)}")


_CODINGS: dict[str, Callable[[], Feed]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
