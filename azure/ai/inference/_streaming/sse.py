"""Decode server-sent events: bytes in, events out.

Follows the WHATWG standard (HTML, section 9.2.6), with four allowances that services need:

- An event that lacks its closing blank line is delivered at the end, by `flush`.
- A field `error` (llama.cpp before 2026) is the data of an event of that type.
- Events may be separated by a single line end (GLM, Kimi). If one data line ends an object and the next begins one, the
  event has ended: JSON never has ``}`` before ``{``, so an object that spans several lines is not cut there. From then
  on, each data line that is a complete object is an event, and is delivered at once.
- An object on a line of its own, without a field name, is an event of type "bare": that is how proxies write an error
  into a stream.

The decoder is fed and never pulls, knows nothing of chat, and holds only the event that is still open.
"""

from typing import Any, NamedTuple

from .._json import is_json_object

_BOM = b"\xef\xbb\xbf"
_BEGINNINGS = (b"{", b"[DONE]")
_MOST_BARE_LINES = 100
"""The maximum number of lines in an object without a field name; a longer one is not a proxy's error."""
_MOST_DIGITS = 18
"""For a number of milliseconds: Python refuses to parse one of thousands of digits."""


class ServerSentEvent(NamedTuple):
    """An event: its type ("message" unless the stream names one) and its data, as undecoded UTF-8."""

    type: str
    data: bytes


_tuple: Any = tuple
_make_event = _tuple.__new__
"""Makes an event in a third of the time that the class takes."""


class SSEDecoder:
    """An incremental decoder for one stream.

    `last_event_id` and `retry` (milliseconds) are kept as the standard defines them.
    """

    def __init__(self) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self._type = ""
        self._data: list[bytes] = []
        self._data_type = ""
        self._bare: list[bytes] = []
        self._by_line = False
        self._line: list[bytes] = []
        self._after_cr = False
        self._head: bytes | None = b""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Decode the next bytes, wherever they are cut.

        :param chunk: Any number of bytes.
        :return: The events completed by these bytes, in order.
        """
        if self._head is not None:
            chunk = self._without_bom(self._head + chunk)
        if self._after_cr or b"\r" in chunk:
            chunk = self._with_newlines(chunk)
        lines, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            if rest:
                self._line.append(rest)
            return []
        if self._line:
            lines = b"".join(self._line) + lines
        self._line = [rest] if rest else []
        return self._take(lines.split(b"\n"))

    def flush(self) -> list[ServerSentEvent]:
        """End the stream.

        :return: The event left open at the end, if any.
        """
        if self._head:
            self._line, self._head = [self._head], None
        lines = [b"".join(self._line), b""]
        self._line = []
        return self._take(lines)

    def _take(self, lines: list[bytes]) -> list[ServerSentEvent]:
        events: list[ServerSentEvent] = []
        data = self._data
        for line in lines:
            if not line:
                if data:
                    whole = data[0] if len(data) == 1 else b"\n".join(data)
                    events.append(_make_event(ServerSentEvent, (self._type or "message", whole)))
                    data = self._data = []
                self._type = ""
            elif line.startswith(b"data: ") and not data and not self._by_line:
                data.append(line[6:])
                self._data_type = self._type
            else:
                events += self._take_field(line)
                data = self._data
        return events

    def _take_field(self, line: bytes) -> list[ServerSentEvent]:
        """Process a line that may be more than the single data line of its event; return the events it ends."""
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            return self._take_data(value)
        if name == b"error":
            ended = self._end_object(value)
            self._type = self._data_type = "error"
            self._data.append(value)
            return ended
        if self._bare or line.lstrip().startswith(b"{"):
            return self._take_bare(line)
        self._take_other(name, value)
        return []

    def _take_other(self, name: bytes, value: bytes) -> None:
        if name == b"event":
            self._type = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _MOST_DIGITS:
            self.retry = int(value)

    def _take_data(self, value: bytes) -> list[ServerSentEvent]:
        ended = self._end_object(value)
        if not self._data:
            self._data_type = self._type
        self._data.append(value)
        return ended + self._end() if self._by_line and is_json_object(value) else ended

    def _end_object(self, following: bytes) -> list[ServerSentEvent]:
        """End the open event if it is an object, or a word between objects, and another object follows."""
        if not self._data or not following.lstrip().startswith(_BEGINNINGS):
            return []
        if self._data[-1].rstrip().endswith(b"}"):
            self._by_line = True
        elif not self._by_line or self._data[0].lstrip().startswith(b"{"):
            return []
        return self._end()

    def _end(self) -> list[ServerSentEvent]:
        """End the open event. A type that follows the data belongs to the next event."""
        event = ServerSentEvent(self._data_type or "message", b"\n".join(self._data))
        self._data = []
        if self._type == self._data_type:
            self._type = ""
        return [event]

    def _take_bare(self, line: bytes) -> list[ServerSentEvent]:
        self._bare.append(line)
        text = b"\n".join(self._bare)
        whole = is_json_object(text)
        if whole or len(self._bare) == _MOST_BARE_LINES:
            self._bare = []
        if not whole:
            return []
        return [*(self._end() if self._data else []), ServerSentEvent("bare", text)]

    def _without_bom(self, head: bytes) -> bytes:
        """Hold back bytes at the very start that may turn out to be a byte order mark."""
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head[len(_BOM) :] if head.startswith(_BOM) else head

    def _with_newlines(self, chunk: bytes) -> bytes:
        """Turn CR and CRLF into LF. A CR at a cut ends its line at once; an LF right after the cut is dropped."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk, self._after_cr = chunk[1:], False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
