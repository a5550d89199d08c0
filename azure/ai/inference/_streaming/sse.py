"""Server-sent events: bytes in, events out.

Follows the WHATWG text (HTML, section 9.2.6), with two allowances that services need: an event whose closing blank line
never came is handed over at the end by `flush`, and a field `error` (llama.cpp before 2026) counts as the data of an
event of that type. The decoder is fed and never pulls, knows nothing of chat, and holds no more than the event that is
still open.
"""

from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"


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
        """Tell the decoder that the body has ended.

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
            elif line.startswith(b"data: "):
                data.append(line[6:])
            else:
                self._take_field(line)
        return events

    def _take_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._type = value.decode("utf-8", "replace")
        elif name == b"error":
            self._type = "error"
            self._data.append(value)
        elif name == b"id" and b"\0" not in value:
            self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry = int(value)

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
