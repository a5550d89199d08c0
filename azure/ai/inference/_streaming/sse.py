"""Server-sent events: bytes in, events out.

Follows the WHATWG text (HTML, section 9.2.6), with four allowances that services need:

- An event whose closing blank line never came is handed over at the end, by `flush`.
- A field `error` (llama.cpp before 2026) is the data of an event of that type.
- Events may be separated by a single line end (GLM, Kimi). Where one data line ends an object and the next begins one,
  an event has ended: nothing in JSON puts ``}`` before ``{``, so an object over several lines is never cut there. From
  then on, each data line that is a whole object is an event, and is handed over at once.
- An object that stands in a line of its own, without a field's name, is an event of type "bare": proxies write an error
  into a stream so.

The decoder is fed and never pulls, knows nothing of chat, and holds no more than the event that is still open.
"""

from typing import NamedTuple

from .._json import is_json_object

_BOM = b"\xef\xbb\xbf"
_BEGINNINGS = (b"{", b"[DONE]")
_MOST_BARE_LINES = 100
"""How many lines an object without a field's name may have; more of them are no error that a proxy wrote."""
_MOST_DIGITS = 18
"""Of a number of milliseconds: Python refuses to read one of thousands of digits."""


class ServerSentEvent(NamedTuple):
    """One event: its type ("message" where the stream names none) and its data, still undecoded UTF-8."""

    type: str
    data: bytes


class SSEDecoder:
    """An incremental decoder for one stream.

    `last_event_id` and `retry` (milliseconds) are the stream's own, as the standard keeps them.
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
        """Take the next bytes, cut anywhere.

        :param chunk: Any number of bytes.
        :return: The events that these bytes completed, in order.
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

        :return: The event that the end left open, if there is one.
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
                    events.append(
                        ServerSentEvent(self._type or "message", data[0] if len(data) == 1 else b"\n".join(data))
                    )
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
        """Take a line that may be more than the only data of its event; return the events that it ends."""
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
        """End the open event if it is an object, or a word among objects, and another object follows."""
        if not self._data or not following.lstrip().startswith(_BEGINNINGS):
            return []
        if self._data[-1].rstrip().endswith(b"}"):
            self._by_line = True
        elif not self._by_line or self._data[0].lstrip().startswith(b"{"):
            return []
        return self._end()

    def _end(self) -> list[ServerSentEvent]:
        """End the open event. A type that came behind its data is the next one's."""
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
        """Hold back what may still become a byte order mark at the very start."""
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head[len(_BOM) :] if head.startswith(_BOM) else head

    def _with_newlines(self, chunk: bytes) -> bytes:
        """Turn CR and CRLF into LF; a CR at the cut ends its line now, and a LF right behind the cut is dropped."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk, self._after_cr = chunk[1:], False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
