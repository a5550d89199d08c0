"""Streams: valid forms, invalid ones, and other responses instead of a stream."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from azure.core.exceptions import DecodeError, HttpResponseError, IncompleteReadError

from azure.ai.inference.exceptions import ContentFilterError
from clients.faults import BREAKS, DOCUMENTS, FAULTS, FORMS
from clients.raw_server import (
    CHUNKED_HEAD,
    CUT,
    DONE,
    FRAMINGS,
    HELLO,
    STOP,
    STREAM,
    answer,
    chunk,
    completion,
    framed,
    stream,
)

from .case import GATE, Case, raw

CLASSES: Final[Mapping[type[Exception], str]] = {
    HttpResponseError: "InferenceError",
    ContentFilterError: "ContentFilterError",
    DecodeError: "ResponseDecodeError",
    IncompleteReadError: "IncompleteStreamError",
}
"""azure-core's class that the tables name, and ours that is raised."""


def on_streams() -> Iterator[Case]:
    """Return the cases in order."""
    yield from _forms()
    yield from _framings()
    yield from _faults()
    yield from _documents()


def _forms() -> Iterator[Case]:
    for name, (body, texts) in FORMS.items():
        yield Case("Forms of events", name, raw(stream(body)), text="".join(texts))
    for name in ("CRLF", "CR", "BOM", "characters of several bytes"):
        body, texts = FORMS[name]
        pieces = [body[at : at + 1] for at in range(len(body))]
        yield Case("Forms of events", f"{name}, byte by byte", raw(stream(pieces)), text="".join(texts))


def _framings() -> Iterator[Case]:
    gated: list[Any] = [HELLO, GATE, HELLO, GATE, STOP, DONE]
    for name in FRAMINGS:
        yield Case("Framing", f"{name}, event by event", raw(framed(gated, name)), text="hellohello")
    squeezed = framed([HELLO, STOP, DONE], "gzip connection-close")
    sent = b"".join(step for step in squeezed[1:] if isinstance(step, bytes))
    pieces = [sent[at : at + 1] for at in range(len(sent))]
    yield Case("Framing", "gzip, byte by byte", raw([squeezed[0], *pieces, CUT]))
    yield Case("Framing", "break behind [DONE]", raw([CHUNKED_HEAD, chunk(STREAM), CUT]))
    late: list[Any] = [CHUNKED_HEAD, chunk(STREAM), *[part for _ in range(200) for part in (chunk(b": bye\n\n"), 0.05)]]
    yield Case("Framing", "[DONE], and the connection goes on", raw(late))


# ---------------------------------------------------------------- responses that are not streams


def _faults() -> Iterator[Case]:
    for name, (body, kind, words, before) in FAULTS.items():
        text = "hello" * before
        error = CLASSES[kind]
        kept: dict[str, Any] = {"status": 200}
        if kind is IncompleteReadError and before:
            kept["partial answer"] = None if name == "one choice unfinished" else text
        if kind is ContentFilterError:
            kept["filters"] = ["hate"]
        if words.startswith("("):
            kept["code"] = words[1:].partition(")")[0]
        says = words.partition(") ")[2] or words if kind is HttpResponseError else ""
        text = "" if name == "one choice unfinished" else text
        group = {DecodeError: "Streams that cannot be read", IncompleteReadError: "Truncated streams"}.get(
            kind, "Errors inside a stream"
        )
        yield Case(group, name, raw(stream(body)), text=text, error=error, says=says, shows=[words], kept=kept)
    for name, steps in BREAKS.items():
        kept = {"partial answer": "hello", "status": 200}
        yield Case("Truncated streams", name, raw(steps), error="IncompleteStreamError", kept=kept)


def _documents() -> Iterator[Case]:
    for name, (body, content_type, kind, words) in DOCUMENTS.items():
        if kind is IncompleteReadError:
            continue
        played = raw(answer(200, body, content_type=content_type))
        says = words[0].rpartition(") ")[2] if kind is HttpResponseError else ""
        group = "A 200 without an event stream"
        yield Case(group, name, played, text="", error=CLASSES[kind], says=says, shows=words)
    whole = raw(answer(200, completion("hello")))
    yield Case("A 200 without an event stream", "a whole completion", whole)
