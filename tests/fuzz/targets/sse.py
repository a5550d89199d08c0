"""Event streams: the decoder agrees with the standard's text at any cut, and holds only one open event."""

import re

from hypothesis import strategies as st

from azure.ai.inference._streaming.sse import SSEDecoder

from ._inputs import CUTS, cut

SEEDS = [
    b"\0\0\0\0data: YHOO\ndata: +2\ndata: 10\n\n",
    b"\1\0\2\3\xef\xbb\xbf: comment\r\n\r\nevent: add\rdata:1\r\r\nid: 7\nretry: 250\ndata\n\ndata: open",
    b'\1\1\1\1error: {"code": 1}\n\nid: a\0b\nretry: soon\n\xff: \xfe\n\n',
]

_OBJECT = re.compile(rb"\{|\[DONE\]")
"""If it matches, events may be separated by a single line end, or lack a field name."""

_LINES = ["data: a", "data:", "data", "data: \xe4", "event: e", "id: 1", ": c", "", "retry: 1", "retry: \xb2", "x: y"]
_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r", b""])
_BODIES = st.lists(st.tuples(st.sampled_from(_LINES).map(str.encode), _ENDS).map(b"".join), max_size=12).map(b"".join)
LIKELY = st.tuples(
    st.binary(min_size=CUTS, max_size=CUTS), st.sampled_from([b"", b"\xef\xbb\xbf", b"\xef\xbb"]), _BODIES
).map(b"".join)


def check(data: bytes) -> None:
    body, pieces = cut(data)
    decoder = SSEDecoder()
    events = [tuple(event) for piece in pieces for event in decoder.feed(piece)]
    held = [*decoder._data, *decoder._line]
    assert sum(map(len, held)) <= len(body)
    found = [*events, *map(tuple, decoder.flush())]
    at_once = SSEDecoder()
    assert found == list(map(tuple, at_once.feed(body) + at_once.flush()))
    if not _OBJECT.search(body):
        assert found == _events(body)


def _events(body: bytes) -> list[tuple[str, bytes]]:
    """Read a whole stream by the steps of the standard (HTML 9.2.6), with the decoder's two allowances."""
    events: list[tuple[str, bytes]] = []
    kind, data = "", list[bytes]()
    for line in [*re.split(b"\r\n|\r|\n", body.removeprefix(b"\xef\xbb\xbf")), b""]:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append((kind or "message", b"\n".join(data)))
            kind, data = "", []
        elif name == b"event":
            kind = value.decode("utf-8", "replace")
        elif name in (b"data", b"error"):
            kind = "error" if name == b"error" else kind
            data.append(value)
    return events
