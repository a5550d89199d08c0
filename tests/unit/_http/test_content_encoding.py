"""Bodies decompress whole, byte by byte and at every cut; anything else is a DecodeError."""

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from azure.core.exceptions import DecodeError
from backports import zstd

from azure.ai.inference._http import content_encoding
from azure.ai.inference._http.content_encoding import make_decoder

BODY = b'{"choices": [' + b'{"text": "hello"}, ' * 40 + b"{}]}"


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


def brotlied(data: bytes) -> bytes:
    return bytes(brotli.compress(data))


ENCODED: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(BODY)),
    "x-gzip": ("x-gzip", gzip.compress(BODY)),
    "in capitals": ("GZip", gzip.compress(BODY)),
    "two members": ("gzip", gzip.compress(BODY[:100]) + gzip.compress(BODY[100:])),
    "an empty member": ("gzip", gzip.compress(b"") + gzip.compress(BODY)),
    "padding behind gzip": ("gzip", gzip.compress(BODY) + b"\0" * 20),
    "zlib": ("deflate", zlib.compress(BODY)),
    "zlib, fast": ("deflate", zlib.compress(BODY, 1)),
    "raw deflate": ("deflate", raw_deflate(BODY)),
    "br": ("br", brotlied(BODY)),
    "zstd": ("zstd", zstd.compress(BODY)),
    "two frames": ("zstd", zstd.compress(BODY[:100]) + zstd.compress(BODY[100:])),
    "gzip twice": ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
    "deflate, then gzip": ("deflate,gzip", gzip.compress(zlib.compress(BODY))),
    "identity beside": ("identity, gzip,", gzip.compress(BODY)),
}


@pytest.mark.parametrize("case", ENCODED)
def test_every_cut(case: str) -> None:
    header, encoded = ENCODED[case]
    for size in (len(encoded), 1, 2, 3, 7, 64):
        decoder = make_decoder(header)
        assert decoder is not None
        pieces = [decoder.feed(encoded[at : at + size]) for at in range(0, len(encoded), size)]
        assert b"".join(pieces) == BODY
    for cut in range(1, len(encoded)):
        decoder = make_decoder(header)
        assert decoder is not None
        assert decoder.feed(encoded[:cut]) + decoder.feed(encoded[cut:]) == BODY


@pytest.mark.parametrize("header", [None, "", "identity", " , identity"])
def test_uncompressed_bodies(header: str | None) -> None:
    assert make_decoder(header) is None


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x-gzip"])
def test_invalid_data(coding: str) -> None:
    decoder = make_decoder(coding)
    assert decoder is not None
    with pytest.raises(DecodeError, match=f"The body cannot be decompressed as {coding}: "):
        decoder.feed(b"\xff junk that is no such thing" * 10)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("compress", r"The body is encoded as 'compress', which is not one of gzip"),
        ("gzip, aws-chunked", "'aws-chunked'"),
        (", ".join(["gzip"] * 6), "compressed 6 times; the limit is 5"),
    ],
)
def test_unsupported_encodings(header: str, said: str) -> None:
    with pytest.raises(DecodeError, match=said):
        make_decoder(header)


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_missing_package(monkeypatch: pytest.MonkeyPatch, coding: str) -> None:
    def fail(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(content_encoding, "import_module", fail)
    with pytest.raises(DecodeError, match=f"'{coding}', but no package that decodes it is installed: install one of"):
        make_decoder(coding)


class OldBrotli:
    """brotlicffi's interface, where `decompress` is what Google's package calls `process`."""

    class Decompressor:
        def __init__(self) -> None:
            self.decompress = brotli.Decompressor().process


class OldZstd:
    """zstandard's interface, whose incremental object has the standard library's attributes."""

    ZstdCompressionObj = object
    ZstdError = zstd.ZstdError

    class ZstdDecompressor:
        def decompressobj(self) -> Any:
            return zstd.ZstdDecompressor()


@pytest.mark.parametrize(("case", "module"), [("br", OldBrotli), ("zstd", OldZstd), ("two frames", OldZstd)])
def test_other_packages(monkeypatch: pytest.MonkeyPatch, case: str, module: Any) -> None:
    give: Callable[[str], Any] = lambda _: module  # noqa: E731
    monkeypatch.setattr(content_encoding, "import_module", give)
    header, encoded = ENCODED[case]
    decoder = make_decoder(header)
    assert decoder is not None
    assert decoder.feed(encoded) == BODY
