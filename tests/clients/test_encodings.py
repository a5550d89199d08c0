"""Bodies in every content encoding that the HTTP libraries request, and heads as long as those of some gateways."""

import gzip
import zlib
from typing import Any

import brotli
import pytest
from azure.core.exceptions import DecodeError, HttpResponseError
from azure.core.rest import HttpRequest
from backports import zstd

from .conftest import Serve, World
from .raw_server import EVENT_STREAM, HELLO, LAST_CHUNK, STREAM, answer, chunk, completion, head

BODY = answer(200, completion("compressed")).partition(b"\r\n\r\n")[2]


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


def two_members(data: bytes) -> bytes:
    return gzip.compress(data[:60]) + gzip.compress(data[60:])


CODINGS: dict[str, tuple[str, Any]] = {
    "gzip": ("gzip", gzip.compress),
    "two members": ("gzip", two_members),
    "x-gzip": ("x-gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "identity": ("identity", bytes),
    "two codings": ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
}


@pytest.mark.parametrize("case", CODINGS)
async def test_every_content_encoding(world: World, serve: Serve, case: str) -> None:
    coding, compress = CODINGS[case]
    error = compress(b'{"error": {"code": "c0de", "message": "the words"}}')
    streamed = compress(STREAM)
    cut = len(streamed) // 2
    server = serve(
        answer(200, compress(BODY), content_encoding=coding),
        head(content_type=EVENT_STREAM, transfer_encoding="chunked", content_encoding=coding)
        + chunk(streamed[:cut])
        + chunk(streamed[cut:])
        + LAST_CHUNK,
        answer(400, error, content_encoding=coding),
        answer(200, compress(BODY), content_encoding=coding),
    )
    client = world.chat(server.url)
    assert (await client.complete()).choices[0].message.content == "compressed"
    assert await (await client.stream()).texts() == ["hello", None]
    with pytest.raises(HttpResponseError, match="the words"):
        await client.complete()
    assert (await client.complete()).choices
    assert len(server.connections) == 1


@pytest.mark.parametrize("case", CODINGS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_send_request_with_content_encodings(world: World, serve: Serve, case: str, streamed: bool) -> None:
    coding, compress = CODINGS[case]
    client = world.chat(serve(answer(200, compress(BODY), content_encoding=coding)).url)
    response = await client.send_request(HttpRequest("GET", "x"), stream=streamed)
    if not streamed:
        assert (response.content, response.text()) == (BODY, BODY.decode())
        return
    pieces = response.iter_bytes()
    assert b"".join([piece async for piece in pieces] if world.name == "aio" else list(pieces)) == BODY


async def test_accept_encoding_lists_supported_encodings(world: World, serve: Serve) -> None:
    server = serve(answer(200, BODY))
    await world.chat(server.url).complete()
    asked = {name.strip() for name in server.requests[0].headers["accept-encoding"].split(",")}
    assert asked <= {"gzip", "deflate", "br", "zstd"}


@pytest.mark.parametrize("coding", ["compress", "aws-chunked"])
async def test_unsupported_content_encoding(world: World, serve: Serve, coding: str) -> None:
    server = serve(answer(200, BODY, content_encoding=coding), answer(401, b"?", content_encoding=coding))
    client = world.chat(server.url, retry_total=0)
    with pytest.raises(DecodeError, match=f"The body is encoded as '{coding}'"):
        await client.complete()
    with pytest.raises(HttpResponseError, match=r"\(401\)"):
        await client.complete()


async def test_pieces_are_delivered_as_they_arrive(world: World, serve: Serve) -> None:
    """A compressor that flushes after each event, as gateways do."""
    from threading import Event

    squeeze, go_on = zlib.compressobj(wbits=31), Event()
    first = squeeze.compress(HELLO) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    rest = squeeze.compress(STREAM) + squeeze.flush()
    start = head(content_type=EVENT_STREAM, transfer_encoding="chunked", content_encoding="gzip")
    server = serve([start, chunk(first), go_on, chunk(rest), LAST_CHUNK])
    opened = await world.chat(server.url).stream(timeout=10)
    assert (await anext(opened)).choices[0].delta.content == "hello"
    go_on.set()
    assert len(await opened.rest()) == 2


LONG = {
    "one header of 9,000 bytes": {"x_long": "x" * 9000},
    "one header of 60,000 bytes": {"set_cookie": "x" * 60_000},
    "nine headers of 1,000 bytes": {f"x_long_{number}": "x" * 1000 for number in range(9)},
    "ninety headers": {f"x_{number}": "x" for number in range(90)},
}


@pytest.mark.parametrize("case", LONG)
@pytest.mark.parametrize("timeout", [None, 30])
async def test_long_response_heads(world: World, serve: Serve, case: str, timeout: float | None) -> None:
    server = serve(answer(200, BODY, **LONG[case]), answer(400, b"{}", **LONG[case]))
    client = world.chat(server.url, retry_total=0, timeout=timeout)
    assert (await client.complete()).choices
    with pytest.raises(HttpResponseError, match=r"\(400\)"):
        await client.complete()


async def test_long_reason_phrase(world: World, serve: Serve) -> None:
    raw = b"HTTP/1.1 400 " + b"x" * 9000 + b"\r\ncontent-length: 2\r\n\r\n{}"
    with pytest.raises(HttpResponseError, match=r"\(400\)"):
        await world.chat(serve(raw).url).complete()
