"""Plain responses that are not answers, and the error bodies of services, gateways and local servers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from azure.ai.inference.exceptions import ContentFilterError
from clients.raw_server import CUT, answer, head
from unit.error_shapes import SHAPES

from .case import NO, Case, raw, refused

CLASSES: Final[Mapping[type[Exception], str]] = {
    HttpResponseError: "InferenceError",
    ClientAuthenticationError: "AuthenticationError",
    ResourceNotFoundError: "NotFoundError",
    ContentFilterError: "ContentFilterError",
}
"""azure-core's class that the table names, and ours that is raised."""


def on_answers() -> Iterator[Case]:
    """Return the cases in order."""
    yield from _plain_answers()
    yield from _bodies()


def _plain_answers() -> Iterator[Case]:
    group = "A 200 without an answer"
    bodies: dict[str, tuple[bytes, str, str]] = {  # the response, the exception, and its text
        "error object": (answer(200, NO), "InferenceError", "the words"),
        "R, an error as text": (answer(200, {"error": "the words"}), "InferenceError", "the words"),
        "flat error": (answer(200, {"object": "error", "message": "the words"}), "InferenceError", "the words"),
        "HTML": (answer(200, b"<html>Sign in</html>", content_type="text/html"), "ResponseDecodeError", "text/html"),
        "empty": (answer(200, b""), "ResponseDecodeError", "empty"),
        "array": (answer(200, [1]), "ResponseDecodeError", "array"),
        "string": (answer(200, "hello"), "ResponseDecodeError", "string"),
        "null": (answer(200, None), "ResponseDecodeError", "null"),
        "broken JSON": (answer(200, b'{"choices": ['), "ResponseDecodeError", "not JSON"),
        "bad UTF-8": (answer(200, b'{"choices": "\xff"}'), "ResponseDecodeError", "UTF-8"),
        "bad gzip": (answer(200, b"not gzip", content_encoding="gzip"), "ResponseDecodeError", "decompress"),
    }
    for name, (sent, error, told) in bodies.items():
        says = told if error == "InferenceError" else ""
        yield refused(group, name, raw(sent), error, says=says, shows=[told])
    cut = [head(content_type="application/json", content_length=900) + b'{"choices": [', CUT]
    yield refused(group, "body cut off", raw(cut), "IncompleteResponseError", attempts=4)
    chunked = head(content_type="application/json", transfer_encoding="chunked")
    yield refused(group, "chunk cut off", raw([chunked, b'ff\r\n{"', CUT]), "IncompleteResponseError", attempts=4)


FILTERED: Final = {
    "error": {
        "code": "content_filter",
        "message": "the words",
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"hate": {"filtered": False}, "violence": {"filtered": True, "severity": "high"}},
        },
    }
}


def _bodies() -> Iterator[Case]:
    yield refused(
        "Error bodies",
        "filtered prompt (400)",
        raw(answer(400, FILTERED)),
        "ContentFilterError",
        says="the words",
        shows=["violence (high)"],
        kept={"status": 400, "code": "content_filter", "filters": ["violence"]},
    )
    for shape in SHAPES:
        if shape.status == 200:
            continue
        headers = {name.replace("-", "_").lower(): value for name, value in shape.headers.items()}
        content_type = headers.pop("content_type", "application/json")
        body = shape.body.encode() if isinstance(shape.body, str) else shape.body
        sent = answer(
            shape.status, body, content_type=content_type, x_request_id="req-1", retry_after_ms="10", **headers
        )
        kept: dict[str, Any] = {"status": shape.status, "code": shape.code, "target": shape.target}
        attempts = 4 if shape.status in (408, 429, 500, 502, 503, 504, 520, 522, 524, 529) else 1
        yield refused(
            "Error bodies",
            f"{shape.name} ({shape.status})",
            raw(sent),
            "RateLimitError" if shape.status == 429 else CLASSES[shape.kind],
            says=shape.message if shape.message in str(shape.body) else "",
            shows=[shape.message, *(words for words in shape.text if not words.startswith("Status"))],
            kept={**{name: value for name, value in kept.items() if value is not None}, "request id": "req-1"},
            attempts=attempts,
        )
