"""Tables of what servers send, well-formed and malformed. Pure data, used here and by the reliability tests."""

import json
from typing import Any

from azure.core.exceptions import DecodeError, HttpResponseError, IncompleteReadError

from azure.ai.inference.exceptions import ContentFilterError

from .raw_server import (
    CHUNKED_HEAD,
    CLOSE_HEAD,
    CUT,
    DONE,
    EVENT_STREAM,
    HELLO,
    RESET,
    chunk,
    completion,
    event,
    head,
    update,
)

# ---------------------------------------------------------------- complete streams: bytes, and the texts in them

A, B = json.dumps(update("a")).encode(), json.dumps(update("b", "stop")).encode()
WORD = json.dumps(update("wörld 🌍"), ensure_ascii=False).encode()


def _split(line: bytes) -> tuple[bytes, bytes]:
    """Split a JSON text where a line may end: after a comma between members."""
    at = line.index(b", ") + 2
    return line[:at], line[at:]


A1, A2 = _split(A)
PRETTY = b"".join(b"data: %s\n" % line.encode() for line in json.dumps(update("a"), indent=2).splitlines())
BEATS = (
    b": ping",
    b"data: : keepalive",
    b"event: heartbeat\ndata: ping",
    b"data: null",
    b"data: ping",
    b"event: ping\ndata: {}",
)

FORMS: dict[str, tuple[bytes, list[str]]] = {
    "LF": (b"data: %s\n\ndata: %s\n\ndata: [DONE]\n\n" % (A, B), ["a", "b"]),
    "CRLF": (b"data: %s\r\n\r\ndata: %s\r\n\r\ndata: [DONE]\r\n\r\n" % (A, B), ["a", "b"]),
    "CR": (b"data: %s\r\rdata: %s\r\rdata: [DONE]\r\r" % (A, B), ["a", "b"]),
    "mixed line ends": (b"data: %s\r\n\ndata: %s\r\r\ndata: [DONE]\n\r" % (A, B), ["a", "b"]),
    "comment": (b": ping\n\ndata: %s\n: ping\n\n:\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "event, id, retry": (b"event: message\nid: 1\nretry: 10\ndata: %s\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "no space": (b"data:%s\n\ndata:%s\n\ndata:[DONE]\n\n" % (A, B), ["a", "b"]),
    "two spaces": (b"data:  %s\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "several data lines": (b"data: %s\ndata: %s\n\ndata: %s\n\n" % (A1, A2, B), ["a", "b"]),
    "one line end": (b"data: %s\ndata: %s\ndata: [DONE]\n" % (A, B), ["a", "b"]),
    "one line end, no space": (b"data:%s\ndata:%s\ndata:[DONE]\n" % (A, B), ["a", "b"]),
    "one CRLF": (b"data: %s\r\ndata: %s\r\ndata: [DONE]\r\n" % (A, B), ["a", "b"]),
    "one line end and no [DONE]": (b"data: %s\ndata: %s\n" % (A, B), ["a", "b"]),
    "one line end and fields between": (
        b"event: message\nid: 1\ndata: %s\nevent: message\nid: 2\ndata: %s\ndata: [DONE]\n" % (A, B),
        ["a", "b"],
    ),
    "one line end and comments between": (b"data: %s\n: ping\ndata: %s\n: ping\ndata: [DONE]\n" % (A, B), ["a", "b"]),
    "one line end and heartbeats": (
        b"data: %s\ndata: %s\nevent: heartbeat\ndata: ping\nevent: message\ndata: %s\ndata: [DONE]\n" % (A, A, B),
        ["a", "a", "b"],
    ),
    "one line end, then two": (b"data: %s\ndata: %s\n\ndata: [DONE]\n\n" % (A, B), ["a", "b"]),
    "two line ends, then one": (b"data: %s\n\ndata: %s\ndata: %s\ndata: [DONE]\n" % (A, A, B), ["a", "a", "b"]),
    "last chunk and [DONE] in one event": (b"data: %s\n\ndata: %s\ndata: [DONE]\n\n" % (A, B), ["a", "b"]),
    "pretty-printed": (PRETTY + b"\ndata: %s\n\ndata: [DONE]\n\n" % B, ["a", "b"]),
    "pretty-printed, one line end": (PRETTY + b"data: %s\ndata: [DONE]\n" % B, ["a", "b"]),
    "pretty-printed after one line end": (
        b"data: %s\ndata: %s\n" % (A, A) + PRETTY + b"data: %s\ndata: [DONE]\n" % B,
        ["a", "a", "a", "b"],
    ),
    "heartbeats": (b"".join(b"%s\n\ndata: %s\n\n" % (beat, A) for beat in BEATS) + DONE, ["a"] * len(BEATS)),
    "BOM": (b"\xef\xbb\xbfdata: %s\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "empty data": (b"data:\n\ndata: \n\ndata\n\ndata: %s\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "blank lines first": (b"\n\r\n\ndata: %s\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "unknown field": (b"foo: bar\nfoo\ndata: %s\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "no last blank line": (b"data: %s\n\ndata: %s\n" % (A, B), ["a", "b"]),
    "no last line end": (b"data: %s\n\ndata: %s" % (A, B), ["a", "b"]),
    "[DONE] without line end": (b"data: %s\n\ndata: %s\n\ndata: [DONE]" % (A, B), ["a", "b"]),
    "[DONE] and no finish reason": (b"data: %s\n\ndata: [DONE]\n\n" % A, ["a"]),
    "text after [DONE]": (b"data: %s\n\ndata: [DONE]\n\ndata: nonsense\n\n: bye" % A, ["a"]),
    "finish reason and no [DONE]": (b"data: %s\n\ndata: %s\n\n" % (A, B), ["a", "b"]),
    "characters of several bytes": (b"data: %s\n\ndata: %s\n\n" % (WORD, B), ["wörld 🌍", "b"]),
    "[DONE] in the text": (event(update("[DONE]")) + DONE, ["[DONE]"]),
    "line separators in the text": (
        event(json.dumps(update("\u2028\x85"), ensure_ascii=False).encode()) + DONE,
        ["\u2028\x85"],
    ),
    "JSON lines": (b"%s\n%s\n" % (A, B), ["a", "b"]),
    "a whole completion": (json.dumps(completion("whole")).encode(), ["whole"]),
}


# ---------------------------------------------------------------- broken streams: bytes, error, words, updates

FAULTS: dict[str, tuple[bytes, type[Exception], str, int]] = {
    "error object": (
        HELLO + event({"error": {"code": "boom", "message": "broke"}}),
        HttpResponseError,
        "(boom) broke",
        1,
    ),
    "error as text": (HELLO + event({"error": "broke"}), HttpResponseError, "broke", 1),
    "event: error": (HELLO + b'event: error\ndata: {"message": "broke"}\n\n', HttpResponseError, "broke", 1),
    "event: error, text": (HELLO + b"event: error\ndata: it broke\n\n", HttpResponseError, "it broke", 1),
    "field error": (HELLO + b'error: {"code": 500, "message": "broke"}\n\n', HttpResponseError, "(500) broke", 1),
    "flat error": (HELLO + event({"object": "error", "message": "broke", "code": 40}), HttpResponseError, "broke", 1),
    "flat detail": (HELLO + event({"detail": "broke"}), HttpResponseError, "broke", 1),
    "status in the object": (HELLO + event({"statusCode": 500, "message": "broke"}), HttpResponseError, "broke", 1),
    "error in a chunk": (HELLO + event(update("x", error={"message": "broke"})), HttpResponseError, "broke", 1),
    "error, unended": (HELLO + b'data: {"error": {"message": "broke"}}', HttpResponseError, "broke", 1),
    "filtered": (
        HELLO
        + event(
            {
                "error": {
                    "code": "content_filter",
                    "message": "no",
                    "innererror": {"content_filter_result": {"hate": {"filtered": True, "severity": "high"}}},
                }
            }
        ),
        ContentFilterError,
        "Filtered: hate (high)",
        1,
    ),
    "error in a line of its own": (
        HELLO + b'{"error": {"code": "boom", "message": "broke"}}\n\n',
        HttpResponseError,
        "(boom) broke",
        1,
    ),
    "error in lines of its own": (
        HELLO + b'{\n  "error": {\n    "code": "boom",\n    "message": "broke"\n  }\n}\n',
        HttpResponseError,
        "(boom) broke",
        1,
    ),
    "error as the second line": (
        HELLO.rstrip() + b'\ndata: {"error": {"code": "boom", "message": "broke"}}\n\n',
        HttpResponseError,
        "(boom) broke",
        1,
    ),
    "field error as the second line": (
        HELLO.rstrip() + b'\nerror: {"code": 500, "message": "broke"}\n\n',
        HttpResponseError,
        "(500) broke",
        1,
    ),
    "malformed JSON": (HELLO + b"data: {oops\n\n", DecodeError, "{oops", 1),
    "two values": (HELLO + b"data: {} {}\n\n", DecodeError, "{} {}", 1),
    "bad UTF-8": (HELLO + b'data: {"a": "\xff\xfe"}\n\n', DecodeError, "not UTF-8", 1),
    "array": (HELLO + b"data: [1]\n\n", DecodeError, "array", 1),
    "choices: [null]": (HELLO + event({"choices": [None]}), DecodeError, "not of the expected kind", 1),
    "choices: {}": (HELLO + event({"choices": {"a": 1}}), DecodeError, "not of the expected kind", 1),
    "delta: 1": (HELLO + event({"choices": [{"index": 0, "delta": 1}]}), DecodeError, "not of the expected kind", 1),
    "array in an array": (HELLO + b"data: [[1.0]]\n\n", DecodeError, "array", 1),
    "string": (HELLO + b'data: "text"\n\n', DecodeError, "string", 1),
    "nested too deep": (HELLO + b"data: " + b"[" * 100_000 + b"\n\n", DecodeError, "[[[", 1),
    "neither [DONE] nor finish": (HELLO, IncompleteReadError, "neither [DONE] nor a finish reason", 1),
    "one choice unfinished": (
        event(update(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}, {"index": 1, "delta": {}}])),
        IncompleteReadError,
        "neither [DONE] nor",
        1,
    ),
    "half an event": (HELLO + b'data: {"choi', IncompleteReadError, "neither [DONE] nor", 1),
    "comments only": (b": ping\n\n", IncompleteReadError, "neither [DONE] nor", 0),
}


DOCUMENTS: dict[str, tuple[Any, str, type[Exception], tuple[str, ...]]] = {
    "JSON error": ({"error": {"code": "x", "message": "no"}}, "application/json", HttpResponseError, ("(x) no",)),
    "flat JSON error": ({"code": "x", "message": "no"}, "application/json", HttpResponseError, ("no",)),
    "HTML": (b"<html><p>Sign in</p></html>", "text/html", DecodeError, ("text/html", "Sign in", "The URL called was")),
    "empty": (b"", "text/plain", DecodeError, ("text/plain", "empty")),
    "blank": (b" \n", "text/plain", DecodeError, ("empty",)),
    "JSON array": (b"[1, 2]", "application/json", DecodeError, ("array",)),
    "other object": (b'{"hello": 1}', "application/json", DecodeError, ("hello",)),
    "plain text": (b"hello there", "text/plain", DecodeError, ("text/plain", "hello there")),
    "broken JSON": (b'{"id": ', "application/json", DecodeError, ("not JSON",)),
    "choices that are none": (b'{"choices": 3}', "application/json", DecodeError, ("not of the expected kind",)),
    "choices of nothing": (b'{"choices": [null]}', "application/json", DecodeError, ("not of the expected kind",)),
}


BREAKS: dict[str, list[Any]] = {
    "cut in chunked": [CHUNKED_HEAD, chunk(HELLO), CUT],
    "cut in a chunk": [CHUNKED_HEAD, chunk(HELLO), b"ff\r\ndata: {", CUT],
    "reset in chunked": [CHUNKED_HEAD, chunk(HELLO), 0.05, RESET],
    "short of content-length": [head(content_type=EVENT_STREAM, content_length=9999), HELLO, CUT],
    "cut in connection-close": [CLOSE_HEAD, HELLO + b"data: {", CUT],
}


# ---------------------------------------------------------------- answers that take longer than the caller waits

DRIP: list[Any] = [part for _ in range(200) for part in (b" ", 0.05)]
HEAD_DRIP: list[Any] = [b"HTTP/1.1 200 OK\r\nx-padding: ", *DRIP]
CHUNK_DRIP: list[Any] = [part for _ in range(200) for part in (chunk(HELLO), 0.05)]
CLOSE_DRIP: list[Any] = [part for _ in range(200) for part in (HELLO, 0.05)]


CALLS: dict[str, list[Any]] = {
    "silence": [],
    "a head that drips": HEAD_DRIP,
    "a body that drips": [head(content_type="application/json", content_length=999), *DRIP],
    "a body that stops": [head(content_type="application/json", content_length=999), b'{"choices"'],
    "a closing body that stops": [head(content_type="application/json", connection="close"), 0.1, b'{"choices"'],
    "an error body that drips": [head(400, content_type="application/json", content_length=999), *DRIP],
}


STREAMS: dict[str, list[Any]] = {
    "chunks drip": [CHUNKED_HEAD, *CHUNK_DRIP],
    "chunks stop": [CHUNKED_HEAD, chunk(HELLO)],
    "a closing body drips": [CLOSE_HEAD, *CLOSE_DRIP],
    "a closing body stops": [CLOSE_HEAD, 0.1, HELLO],
    "a long body drips": [head(content_type="text/event-stream", content_length=99999), *CLOSE_DRIP],
}
