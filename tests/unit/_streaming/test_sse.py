"""SSEDecoder: the WHATWG text, at any cut, in linear time."""

from typing import Any

import pytest

from azure.ai.inference._streaming.sse import ServerSentEvent, SSEDecoder


def decode(*chunks: bytes) -> list[tuple[str, bytes]]:
    decoder = SSEDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [tuple(event) for event in [*events, *decoder.flush()]]


# The first rows are the examples of the standard's own text, HTML section 9.2.6.
STREAMS: list[tuple[bytes, list[tuple[str, bytes]]]] = [
    (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("message", b"YHOO\n+2\n10")]),
    (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [("message", b"first event"), ("message", b"second event"), ("message", b" third event")],
    ),
    (b"data:test\n\ndata: test\n\n", [("message", b"test"), ("message", b"test")]),
    (b"event: add\ndata: 1\n\nevent: remove\ndata: 2\n\n", [("add", b"1"), ("remove", b"2")]),
    (b"data\n\ndata\ndata\n\n", [("message", b""), ("message", b"\n")]),
    (b"event: lost\n\ndata: x\n\n", [("message", b"x")]),
    (b"data: x", [("message", b"x")]),
    (b"data: x\n", [("message", b"x")]),
    (b"\xef\xbb\xbfdata: x\n\n", [("message", b"x")]),
    (b"\xef\xbb", []),
    (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
    (b"data: a\rdata: b\r\r", [("message", b"a\nb")]),
    (b"data: a\r\ndata: b\r\n\r\n", [("message", b"a\nb")]),
    (b"data: a\r\n\ndata: b\n\r", [("message", b"a"), ("message", b"b")]),
    (b'error: {"code": 1}\n\n', [("error", b'{"code": 1}')]),
    (b"DATA: x\n data: y\nfoo: z\n:data: c\n\n", []),
    (b"", []),
    (b"\n\n\r\n\r", []),
]


@pytest.mark.parametrize(("stream", "events"), STREAMS)
def test_every_stream_at_every_cut(stream: bytes, events: list[Any]) -> None:
    assert decode(stream) == events
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == events
    for at in range(len(stream)):
        assert decode(stream[:at], stream[at:]) == events
        assert decode(stream[:at], b"", stream[at:]) == events


def test_ids_and_retry_times_belong_to_the_stream() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"id: 7\nretry: 250\ndata: x\n\n")
    assert (decoder.last_event_id, decoder.retry) == ("7", 250)
    decoder.feed(b"id: a\0b\nretry: soon\nretry: -1\nretry: " + b"9" * 5000 + b"\n\n")
    assert (decoder.last_event_id, decoder.retry) == ("7", 250)
    decoder.feed(b"id\n\n")
    assert decoder.last_event_id == ""


def test_event_is_complete_at_the_start_of_its_blank_line() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: x\r\n") == []
    assert decoder.feed(b"\r") == [ServerSentEvent("message", b"x")]
    assert decoder.feed(b"\n") == []


class Counted(bytes):
    """Bytes that count how many of them are searched or joined."""

    work = 0

    def rpartition(self, separator: Any, /) -> Any:
        Counted.work += len(self)
        return super().rpartition(separator)


@pytest.mark.parametrize("size", [1, 8])
def test_large_event_takes_linear_time(size: int) -> None:
    """Each chunk is searched once, and nothing before it again."""
    decoder, chunk, count = SSEDecoder(), b"x" * 4096, size * 256
    Counted.work = 0
    decoder.feed(b"data: ")
    for _ in range(count):
        assert decoder.feed(Counted(chunk)) == []
    (event,) = decoder.feed(b"\n\n")
    assert len(event.data) == count * 4096
    assert Counted.work == count * 4096
