"""Errors: each shape of body in a failing status, in a successful response and in an event; then related behaviour.

Responses are azure-core's own, read from a loopback server that answers as the request asks.
"""

import base64
import json
import pickle
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.core import exceptions as core
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest, HttpResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from azure.ai.inference import exceptions
from azure.ai.inference._errors import bodies
from azure.ai.inference._errors.build import (
    add_advice,
    decode_error,
    error_from_body,
    error_from_response,
    incomplete_stream_error,
)
from azure.ai.inference._http.response_headers import request_id, retry_after
from azure.ai.inference.exceptions import (
    AuthenticationError,
    ConflictError,
    ContentFilterError,
    ContentFilterResult,
    IncompleteStreamError,
    InferenceError,
    NotFoundError,
    NotModifiedError,
    RateLimitError,
    ResponseDecodeError,
)
from unit.error_shapes import FASTAPI_ITEM, PAGE, SHAPES, Shape

KEY = "0123456789abcdef0123456789abcdef"
JSON = "application/json"
Answer = Callable[..., HttpResponse]


# The server


class _AsAsked(BaseHTTPRequestHandler):
    """Responds with the status, headers and body that the request describes."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or the client's kernel waits for the second

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = base64.b64decode(asked["body"])
        self.send_response_only(asked["status"], asked["reason"])
        for name, value in asked["headers"]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if asked["status"] != 304:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that closes without reading is not an error here."""


def _asking(url: str, status: int, body: object, headers: dict[str, str], reason: str | None) -> HttpRequest:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    asked = {
        "status": status,
        "reason": reason,
        "headers": [*headers.items()],
        "body": base64.b64encode(content).decode(),
    }
    return HttpRequest("POST", url, json=asked, headers={"Api-Key": KEY, "Authorization": f"Bearer {KEY}"})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _AsAsked) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/chat/completions"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def answer(url: str) -> Iterator[Answer]:
    """Returns a real response: ``answer(status, body, headers)``; a body other than bytes or text is sent as JSON."""
    with RequestsTransport() as transport:

        def get(
            status: int,
            body: object = b"",
            headers: dict[str, str] | None = None,
            *,
            reason: str | None = None,
            read: bool = True,
        ) -> HttpResponse:
            headers = {"Content-Type": JSON, **(headers or {})}
            response = transport.send(_asking(url, status, body, headers, reason), stream=True)
            assert isinstance(response, HttpResponse)
            if read:
                response.read()
            return response

        yield get


def _id(shape: Shape) -> str:
    return shape.name


def _says(error: core.HttpResponseError, shape: Shape) -> None:
    text = str(error)
    assert error.error is not None
    assert error.error.code == shape.code
    assert (error.error.message or "") == shape.message
    assert error.error.target == shape.target
    assert text == error.message
    assert shape.message in text
    for part in (shape.code, shape.target):
        assert part is None or part in text
    assert error.model is None
    assert "Request id: req-1" in text
    assert FASTAPI_ITEM["input"] not in error.message.split()


@pytest.mark.parametrize("shape", SHAPES, ids=_id)
def test_failing_status(answer: Answer, shape: Shape) -> None:
    reason = "PermissionDenied" if shape.status == 401 else None
    response = answer(shape.status, shape.body, {"X-Request-Id": "req-1", **shape.headers}, reason=reason)
    error = error_from_response(response)
    assert isinstance(error, InferenceError)
    assert isinstance(error, shape.kind)
    _says(error, shape)
    assert all(part in str(error) for part in shape.text), str(error)
    assert (error.status_code, error.reason) == (shape.status, response.reason)
    assert error.response is response
    assert f"Status: {shape.status}" in str(error)
    assert error.request_id == "req-1"
    assert error.headers["x-REQUEST-id"] == "req-1"


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.in_good_answer], ids=_id)
def test_error_in_a_200_response_or_a_stream(answer: Answer, shape: Shape) -> None:
    response = answer(200, shape.body, {"apim-request-id": "req-1"}, read=False)
    with response:
        error = error_from_body(shape.body, response)
    assert type(error) is (ContentFilterError if shape.kind is ContentFilterError else InferenceError)
    assert error is not None
    _says(error, shape)
    assert (error.status_code, error.body) == (200, shape.body)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if not isinstance(shape.body, bytes)], ids=_id)
def test_error_event(answer: Answer, shape: Shape) -> None:
    value = shape.body
    if isinstance(value, str) and value.startswith('"'):
        value = json.loads(value)
    error = error_from_body(value, answer(200, b"", {"x-ms-request-id": "req-1"}), event="error")
    assert error is not None
    _says(error, shape)


@pytest.mark.parametrize("value", [None, {}, [], "", "  ", False])
def test_error_event_without_details(value: object) -> None:
    assert str(error_from_body(value, event="error")) == "The service reported an error without details"


@pytest.mark.parametrize("value", [5, True, {"error": None}, [[]]])
def test_error_event_shows_unexpected_values(value: object) -> None:
    assert str(error_from_body(value, event="error")).startswith(json.dumps(value))


@pytest.mark.parametrize(
    "value",
    [
        {"choices": [{"index": 0, "delta": {"content": "hi"}}], "error": None},
        {"choices": [], "error": None, "usage": {"total_tokens": 3}},
        {"choices": [], "error": {}},
        {"choices": [], "error": {"code": None, "message": ""}},
        {"choices": [], "error": False, "message": "x", "code": "y"},
        {"choices": [], "detail": "low", "status": 500},
        {"object": "chat.completion", "choices": [], "type": "error"},
        {"object": "list", "data": [], "message": "ok", "code": 0},
        {"model_name": "x", "model_type": "chat", "status": 400, "detail": "x"},
        {"status": 200, "message": "ok"},
        {"status": True, "message": "ok", "detail": None},
        {"status": "ok"},
        {},
        [],
        ["error"],
        "error",
        None,
        5,
    ],
)
def test_values_that_are_not_errors(value: object) -> None:
    assert error_from_body(value) is None


def test_only_events_named_error_are_errors() -> None:
    assert error_from_body("text", event="message") is None


# Statuses and error maps


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (201, InferenceError),
        (304, NotModifiedError),
        (400, InferenceError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, InferenceError),
        (429, RateLimitError),
        (500, InferenceError),
    ],
)
def test_class_follows_the_status(answer: Answer, status: int, kind: type[InferenceError]) -> None:
    response = answer(status, b"")
    error = error_from_response(response)
    assert type(error) is kind
    assert isinstance(error, core.HttpResponseError)
    assert error.error is None
    assert f"Operation returned an invalid status '{response.reason}'" in str(error)


class _OwnText(core.HttpResponseError):
    def __init__(self, response: Any) -> None:
        super().__init__(message="my own words", response=response)


BODY_A = {"error": {"code": "Slow", "message": "Down."}}


@pytest.mark.parametrize(
    ("entry", "body", "kind", "text"),
    [
        (core.HttpResponseError, BODY_A, InferenceError, "(Slow) Down."),
        (core.ClientAuthenticationError, BODY_A, AuthenticationError, "(Slow) Down."),
        (core.ResourceNotFoundError, BODY_A, NotFoundError, "(Slow) Down."),
        (core.ResourceExistsError, BODY_A, ConflictError, "(Slow) Down."),
        (core.ResourceNotModifiedError, BODY_A, NotModifiedError, "(Slow) Down."),
        (core.DecodeError, BODY_A, ResponseDecodeError, "(Slow) Down."),
        (core.ResourceModifiedError, BODY_A, core.ResourceModifiedError, "(Slow) Down."),
        (core.ResourceModifiedError, {"detail": "Down."}, core.ResourceModifiedError, "(429) Down."),
        (ContentFilterError, BODY_A, ContentFilterError, "(Slow) Down."),
        (lambda response: InferenceError(response=response), b"", InferenceError, "(429) Operation returned"),
        (_OwnText, {"detail": "Down."}, _OwnText, "my own words"),
        (None, BODY_A, RateLimitError, "(Slow) Down."),
    ],
)
def test_error_map(answer: Answer, entry: Any, body: object, kind: type[Exception], text: str) -> None:
    response = answer(429, body, {"Retry-After": "3", "x-request-id": "req-1"})
    error = error_from_response(response, {429: entry}, advice="Wait.")
    assert type(error) is kind
    assert str(error).startswith(text)
    assert "Wait." in str(error)
    assert isinstance(error, core.HttpResponseError)
    assert (getattr(error, "request_id", None), getattr(error, "retry_after", None)) == ("req-1", 3.0)
    assert vars(error)["headers"]["RETRY-AFTER"] == "3"
    assert error.response is response


def test_error_map_overrides_the_content_filter_error(answer: Answer) -> None:
    response = answer(400, {"error": {"code": "content_filter", "message": "no"}})
    assert type(error_from_response(response, {400: core.ResourceExistsError})) is ConflictError
    assert type(error_from_response(response, {401: core.ResourceExistsError})) is ContentFilterError


def test_error_map_with_a_foreign_exception(answer: Answer) -> None:
    error = error_from_response(answer(418), {418: lambda response: LookupError(response.status_code)})
    assert (type(error), error.args) == (LookupError, (418,))


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("nonsense", r"error_map\[418\] is 'nonsense'; it must be an exception class"),
        (lambda response: None, r"error_map\[418\] returned None, which is not an exception"),
    ],
)
def test_invalid_error_map(answer: Answer, entry: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        error_from_response(answer(418), {418: entry})


# Bodies that cannot be read


def test_body_that_was_not_read(answer: Answer) -> None:
    with answer(503, BODY_A, read=False) as response:
        error = error_from_response(response)
    assert isinstance(error, InferenceError)
    assert (error.status_code, error.body, error.error) == (503, None, None)


@pytest.mark.parametrize("charset", ["no-such", "rot13", "hex", "idna", "utf-16", ""])
def test_any_charset(answer: Answer, charset: str) -> None:
    error = error_from_response(answer(404, BODY_A, {"Content-Type": f"{JSON}; charset={charset}"}))
    assert isinstance(error, NotFoundError)
    assert error.status_code == 404


async def test_asynchronous_response(url: str) -> None:
    request = _asking(url, 429, BODY_A, {"retry-after-ms": "1500"}, None)
    async with AioHttpTransport() as transport:
        response: Any = await transport.send(request, stream=True)
        assert isinstance(response, AsyncHttpResponse)
        await response.read()
    error = error_from_response(response)
    assert isinstance(error, InferenceError)
    assert str(error).startswith("(Slow) Down.")
    assert error.retry_after == 1.5
    assert type(pickle.loads(pickle.dumps(error)).headers) is type(error.headers)


async def test_body_with_invalid_compression(url: str) -> None:
    request = _asking(url, 502, b"no gzip at all", {"Content-Encoding": "gzip"}, None)
    async with AioHttpTransport(session_owner=True) as transport:
        response: Any = await transport.send(request, stream=True)
        with pytest.raises(Exception, match="header"):
            await response.read()
    assert getattr(error_from_response(response), "status_code", None) == 502


# Content filters


SEVERE = {"filtered": True, "severity": "high"}
SAFE = {"filtered": False, "severity": "safe"}
JAILBREAK = {"filtered": True, "detected": True}
FILTER_WORDS = {"code": "content_filter", "message": "The response was filtered", "param": "prompt", "type": None}


def _listed(*entries: object) -> dict[str, object]:
    return {"code": "ContentFiltered", "content_filters": [*entries]}


PROMPT_BLOCKED = {
    "blocked": True,
    "source_type": "prompt",
    "content_filter_results": {"violence": SEVERE, "hate": SAFE},
}
ANSWER_PASSED = {"blocked": False, "source_type": "completion", "content_filter_results": {"sexual": SAFE}}


@pytest.mark.parametrize(
    ("body", "results", "source"),
    [
        pytest.param(
            {
                "error": {
                    **FILTER_WORDS,
                    "status": 400,
                    "innererror": {
                        "code": "ResponsibleAIPolicyViolation",
                        "content_filter_result": {"violence": SEVERE, "self-harm": SAFE, "jailbreak": JAILBREAK},
                    },
                }
            },
            {"violence": SEVERE, "self_harm": SAFE, "jailbreak": JAILBREAK},
            None,
            id="content_filter_result",
        ),
        pytest.param(
            {**FILTER_WORDS, "inner_error": {"code": "x", "content_filter_results": {"hate": SEVERE}}},
            {"hate": SEVERE},
            None,
            id="flat, inner_error",
        ),
        pytest.param(
            {"error": {**FILTER_WORDS, "innererror": _listed(PROMPT_BLOCKED, ANSWER_PASSED)}},
            {"violence": SEVERE, "hate": SAFE},
            "prompt",
            id="content_filters in innererror",
        ),
        pytest.param(
            {"error": {**FILTER_WORDS, "innererror": {"code": "ContentFiltered"}, **_listed(PROMPT_BLOCKED)}},
            {"violence": SEVERE, "hate": SAFE},
            "prompt",
            id="content_filters beside innererror",
        ),
        pytest.param(
            {
                "error": {
                    "code": "400",
                    "message": "no",
                    "innererror": _listed({"content_filter_result": {"hate": SEVERE}}),
                }
            },
            {"hate": SEVERE},
            None,
            id="told by the inner code",
        ),
        pytest.param(
            {
                "error": {
                    **FILTER_WORDS,
                    "innererror": {
                        "content_filter_result": {"hate": SEVERE, "odd": 1},
                        "content_filter_results": {"hate": SAFE},
                        "content_filters": "none",
                    },
                }
            },
            {"hate": SEVERE},
            None,
            id="the filter that stopped it wins",
        ),
        pytest.param({"error": FILTER_WORDS}, {}, None, id="no results"),
    ],
)
def test_filtered_prompt(answer: Answer, body: object, results: dict[str, object], source: str | None) -> None:
    error = error_from_response(answer(400, body))
    assert isinstance(error, ContentFilterError)
    assert isinstance(error, core.HttpResponseError)
    assert error.filter_results == results
    assert error.source == source
    assert error.filtered_categories == [name for name, result in results.items() if result in (SEVERE, JAILBREAK)]
    assert all(name in str(error).partition("Filtered:")[2] for name in error.filtered_categories)
    for name, result in error.filter_results.items():
        assert type(result) is ContentFilterResult
        assert (result.filtered, result["filtered"]) == (name in error.filtered_categories,) * 2
    assert error.error is not None
    assert set(error.error.innererror) == set(_inner(body))
    assert type(error_from_body(body)) is ContentFilterError


def _inner(body: Any) -> dict[str, object]:
    error = body.get("error", body)
    inner: dict[str, object] = error.get("innererror", error.get("inner_error", {}))
    return inner


def test_severity_of_a_filter_result_is_shown() -> None:
    inner = {"content_filter_result": {"violence": SEVERE, "jailbreak": JAILBREAK, "hate": SAFE}}
    text = str(error_from_body({"error": {**FILTER_WORDS, "innererror": inner}}))
    assert "\nFiltered: violence (high), jailbreak" in text


# The text


def test_whole_text(answer: Answer) -> None:
    body = {
        "error": {"code": "Bad", "type": "invalid", "message": "No.", "param": "n", "innererror": {"code": "Worse"}}
    }
    headers = {"x-request-id": "a", "apim-request-id": "b", "x-ms-error-code": "Bad", "x-secret-thing": "hidden"}
    error = error_from_response(answer(400, body, headers), advice="Use a smaller n.")
    assert str(error).splitlines() == [
        "(Bad) No.",
        "Type: invalid",
        "Target: n",
        "Inner error: {",
        '    "code": "Worse"',
        "}",
        "Status: 400 Bad Request",
        "Request id: a",
        "Use a smaller n.",
    ]


def test_headers_supplement_an_empty_body(answer: Answer) -> None:
    headers = {"ms-azureml-model-error-statuscode": "422", "x-ms-error-code": "Upstream"}
    text = str(error_from_response(answer(424, b"", headers)))
    assert "Model status: 422" in text
    assert "Error code: Upstream" in text


def test_long_text_is_truncated(answer: Answer) -> None:
    details = [{"code": "c", "message": "x" * 5000}] * 30
    error = error_from_response(answer(400, {"error": {"code": "Long", "message": "y" * 100_000, "details": details}}))
    assert isinstance(error, InferenceError)
    assert "\u2026" in str(error)
    assert "\tand 10 more" in str(error)
    assert len(str(error)) < 100_000
    assert error.error is not None
    assert error.error.message == "y" * 100_000


def test_long_page_is_truncated(answer: Answer) -> None:
    error = error_from_response(answer(502, "<!DOCTYPE html><p>" + "word " * 50_000))
    assert isinstance(error, InferenceError)
    assert len(str(error)) < 1_500
    assert len(error.body) == 8192


def test_unprintable_characters_are_escaped() -> None:
    error = error_from_body({"error": {"code": "x", "message": "a\ud800b\x1b[2Jc\r\nd\tend"}})
    assert str(error) == "(x) a\\ud800b\\x1b[2Jc\nd\tend"
    str(error).encode()


def test_maliciously_nested_body(answer: Answer) -> None:
    deep: Any = "leaf"
    for _ in range(200):
        deep = {"error": {"message": deep, "innererror": deep}} if isinstance(deep, str) else {"error": deep}
    errors = [
        error_from_response(answer(400, b"[" * 100_000)),
        error_from_response(answer(400, json.dumps(deep))),
        error_from_response(answer(400, {"error": {"code": "x", "message": "[" * 100_000}})),
    ]
    for error in errors:
        assert isinstance(error, InferenceError)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_advice_can_be_added_later() -> None:
    error = InferenceError("Words.")
    add_advice(error, None)
    assert str(error) == "Words."
    add_advice(error, "Advice.")
    assert str(error) == error.message == "Words.\nAdvice."


# Secrets and pickles


def test_echoed_key_is_masked(answer: Answer) -> None:
    body = {"error": {"code": "bad_key", "message": f"Received API Key = {KEY}.", KEY: [KEY]}}
    headers = {"x-echo": f"Bearer {KEY}", "x-request-id": KEY, f"x-{KEY}": "x"}
    error = error_from_response(answer(401, body, headers, reason=f"No {KEY}"))
    assert isinstance(error, core.HttpResponseError)
    assert error.reason == "No ***"
    assert isinstance(error, InferenceError)
    assert "Received API Key = ***." in str(error)
    shown = [str(error), repr(error), repr(vars(error)["body"]), repr(dict(error.headers)), str(error.error)]
    assert not any(KEY in text for text in shown)


def test_echoed_key_in_text_is_masked(answer: Answer) -> None:
    response = answer(502, " " * 8180 + KEY)
    assert KEY[:12] not in str(vars(error_from_response(response))["body"])
    assert KEY not in str(decode_error(response.content, response))


def test_short_credential_masks_no_words(answer: Answer) -> None:
    response = answer(401, {"message": "no such key"})
    response.request.headers.update({"Api-Key": "key", "Authorization": "Bearer key"})
    assert "no such key" in str(error_from_response(response))


def _errors(answer: Answer) -> list[Exception]:
    headers = {"x-request-id": "req-1", "Retry-After": "2", "Set-Cookie": "session=secret-cookie"}
    found = [error_from_response(answer(status, BODY_A, headers)) for status in (304, 400, 401, 404, 409, 429, 500)]
    filtered = {"error": {**FILTER_WORDS, "innererror": _listed(PROMPT_BLOCKED)}}
    found.append(error_from_response(answer(400, filtered, headers)))
    found.append(decode_error(b"<html>", answer(200, b"<html>", headers)))
    found.append(incomplete_stream_error("x", answer(200, b"", headers), updates=[{"id": "1"}], partial={"id": "1"}))
    return found


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_pickle_without_secrets(answer: Answer, protocol: int) -> None:
    for error in _errors(answer):
        assert isinstance(error, InferenceError)
        pickled = pickle.dumps(error, protocol)
        assert KEY.encode() not in pickled
        assert b"secret-cookie" not in pickled
        again = pickle.loads(pickled)
        assert type(again) is type(error)
        assert (str(again), again.message, again.args) == (str(error), error.message, error.args)
        for name in ("status_code", "reason", "request_id", "retry_after", "body"):
            assert getattr(again, name) == getattr(error, name)
        assert str(again.error) == str(error.error)
        assert again.headers["X-Request-ID"] == "req-1"
        assert again.response is None
        if isinstance(error, ContentFilterError):
            assert repr(again.filter_results) == repr(error.filter_results)
        for name in ("filter_results", "source", "filtered_categories", "updates", "partial"):
            assert getattr(again, name, None) == getattr(error, name, None)


def test_error_raised_during_handling_of_another_pickles(answer: Answer) -> None:
    try:
        raise OSError(f"connection with {KEY} broke")
    except OSError as cause:
        error = InferenceError("Words.", error=cause)
    assert error.inner_exception is not None
    again = pickle.loads(pickle.dumps(error))
    assert KEY not in repr(vars(again))
    assert again.inner_exception is None


# Errors built by users


def test_errors_can_be_built_by_hand(answer: Answer) -> None:
    assert str(InferenceError()) == "Operation returned an invalid status 'None'"
    error = InferenceError(response=answer(429, BODY_A, {"Retry-After": "1"}))
    assert str(error) == "Operation returned an invalid status 'Too Many Requests'"
    assert error.headers["retry-after"] == "1"
    assert InferenceError("x", answer(429), headers={"A": "b"}).headers["a"] == "b"
    assert (ContentFilterError("x").filter_results, ContentFilterError("x").filtered_categories) == ({}, [])
    assert dict(InferenceError("x").headers) == {}
    given = ContentFilterError("x", filter_results={"hate": SEVERE, "jailbreak": ContentFilterResult(detected=True)})
    assert {name: (found.filtered, found.detected) for name, found in given.filter_results.items()} == {
        "hate": (True, None),
        "jailbreak": (None, True),
    }


def test_module_docstring_lists_every_class() -> None:
    drawn = str(exceptions.__doc__)
    assert all(name in drawn for name in exceptions.__all__ if name.endswith("Error"))
    assert sorted(exceptions.__all__) == exceptions.__all__


# Unreadable answers and incomplete streams


@pytest.mark.parametrize(
    ("data", "wrong", "shown"),
    [
        (b"", "empty instead of JSON", ""),
        (" \n", "empty instead of JSON", ""),
        (b'{"a": ', "not JSON (Expecting value: line 1 column 7 (char 6))", 'Data: {"a":'),
        ('{"a": ', "not JSON (Expecting value", 'Data: {"a":'),
        (b'{"a": "caf\xe9"}', "not UTF-8 (invalid continuation byte at byte 10)", 'Data: {"a": "caf\\xe9"}'),
        (b"[1,\n 2]", "a JSON array instead of an object", "Data: [1, 2]"),
        (b"null", "a JSON null instead of", "Data: null"),
        (b'"x"', "a JSON string instead of", 'Data: "x"'),
        (b"true", "a JSON boolean instead of", "Data: true"),
        (b"5.5", "a JSON number instead of", "Data: 5.5"),
        (b"{}", "a JSON object, but not of the expected kind", "Data: {}"),
        (PAGE, "a page of markup, not JSON", "Data: <html><head><title>502 Bad Gateway"),
        (b"\xef\xbb\xbf" + PAGE.encode(), "a page of markup, not JSON", "<html>"),
        (b"[" * 100_000, "not JSON (nested too deeply)", "Data: [[["),
    ],
)
def test_decode_errors(answer: Answer, data: Any, wrong: str, shown: str) -> None:
    response = answer(200, data, {"Content-Type": "text/odd", "x-request-id": "req-1"})
    error = decode_error(data, response, what="event", advice="Look at the URL.")
    assert isinstance(error, core.DecodeError)
    assert isinstance(error, InferenceError)
    lines = str(error).splitlines()
    assert lines[0].startswith(f"The event is {wrong}")
    assert lines[1] == "Content type: text/odd"
    assert shown in str(error)
    assert ("Data:" in str(error)) is bool(shown)
    assert lines[-3:] == ["Status: 200 OK", "Request id: req-1", "Look at the URL."]
    assert len(str(error)) < 600
    assert (error.status_code, error.request_id) == (200, "req-1")


def test_decode_error_without_a_response() -> None:
    assert str(decode_error(b"x")) == "The response is not JSON (Expecting value: line 1 column 1 (char 0)).\nData: x"


def test_decode_error_names_a_missing_content_type(answer: Answer) -> None:
    assert "Content type: not given" in str(decode_error(b"x", answer(200, b"x", {"Content-Type": ""})))


def test_incomplete_stream_error_keeps_updates_and_partial(answer: Answer) -> None:
    response = answer(200, b"", {"x-request-id": "req-1"})
    error = incomplete_stream_error("the connection was closed", response, updates=[1, 2], partial="3", advice="Again.")
    assert isinstance(error, IncompleteStreamError)
    assert isinstance(error, core.IncompleteReadError)
    assert (error.updates, error.partial, error.request_id) == ([1, 2], "3", "req-1")
    assert str(error).splitlines() == [
        "The stream ended before its answer was complete: the connection was closed.",
        "Status: 200 OK",
        "Request id: req-1",
        "Again.",
    ]
    error.updates, error.partial = [1], None
    assert (incomplete_stream_error("x").updates, incomplete_stream_error("x").partial) == ((), None)


# Headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"X-Request-ID": "a", "apim-request-id": "b"}, "a"),
        ({"x-request-id": "", "APIM-Request-Id": "b"}, "b"),
        ({"x-ms-request-id": "c"}, "c"),
        ({"mistral-correlation-id": "d"}, "d"),
        ({"x-ms-client-request-id": "ours"}, None),
    ],
)
def test_request_id(headers: dict[str, str], expected: str | None) -> None:
    assert request_id(headers) == expected


NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"RETRY-AFTER": "0"}, 0.0),
        ({"Retry-After-MS": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "20"}, 0.02),
        ({"retry-after-ms": "1", "x-ms-retry-after-ms": "2", "retry-after": "3"}, 0.001),
        ({"x-ms-retry-after-ms": "2", "retry-after": "3"}, 0.002),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
        ({"retry-after-ms": "-1", "x-ms-retry-after-ms": "inf", "retry-after": "3"}, 3.0),
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT"}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:30 +0100"}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:30 -0000"}, 30.0),
        ({"Retry-After": "Saturday, 21-Nov-26 10:00:30 GMT"}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"Retry-After": "Sat, 41 Nov 2026 09:00:00 GMT"}, None),
        ({"Retry-After": "Sat, 21 Nov 99999999999 09:00:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "1e999"}, None),
        ({"Retry-After": ""}, None),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after(headers, NOW) == expected


def test_retry_after_reads_the_clock() -> None:
    date = datetime.now(timezone.utc) + timedelta(seconds=90)
    found = retry_after({"Retry-After": date.strftime("%a, %d %b %Y %H:%M:%S GMT")})
    assert found is not None
    assert 80 < found <= 90


# Any input

REPEATABLE = settings(max_examples=150)
ERROR_MEMBERS = [
    *("error", "message", "detail", "msg", "title", "code", "type", "status", "statusCode", "target", "param", "loc"),
    *("details", "innererror", "inner_error", "content_filters", "content_filter_results", "object", "choices"),
]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(ERROR_MEMBERS) | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@REPEATABLE
@given(value=JSON_VALUES, event=st.sampled_from([None, "message", "error"]))
def test_any_event_is_an_error_or_none(value: object, event: str | None) -> None:
    error = error_from_body(value, event=event)
    assert error is None or isinstance(error, InferenceError)
    assert (error is not None) is (event == "error" or bodies.is_error(value))
    str(error).encode()


@REPEATABLE
@given(value=JSON_VALUES)
def test_answer_is_never_an_error(value: object) -> None:
    members = value if isinstance(value, dict) else {"x": value}
    assert error_from_body({**members, "choices": [], "object": "chat.completion", "error": None}) is None


@REPEATABLE
@given(data=st.binary(max_size=100) | st.text(max_size=100))
def test_any_data_makes_a_decode_error(data: Any) -> None:
    str(decode_error(data)).encode()


@REPEATABLE
@given(st.dictionaries(st.sampled_from(["retry-after", "Retry-After-Ms", "x-ms-retry-after-ms"]), st.text(max_size=40)))
def test_retry_after_of_any_headers_is_sensible(headers: dict[str, str]) -> None:
    found = retry_after(headers, NOW)
    assert found is None or 0 <= found < float("inf")


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no"}, "request_id": "r-1"},
        {"error": {"message": "no", "request_id": "r-1"}},
        {"error": {"message": "no", "requestId": "r-1"}},
        {"message": "no", "requestId": "r-1"},
        {"detail": "no", "x-request-id": "r-1"},
        {"error": {"message": "no", "innererror": {"request-id": "r-1"}}},
        {"code": "x", "message": "no", "RequestId": "r-1"},
    ],
)
def test_request_id_from_the_body(answer: Answer, body: Any) -> None:
    error = error_from_response(answer(400, body))
    assert isinstance(error, InferenceError)
    assert error.request_id == "r-1"
    assert "Request id: r-1" in str(error)
    other = error_from_response(answer(400, body, {"x-request-id": "header"}))
    assert "Request id: header" in str(other)


def test_error_text_has_no_repetition(answer: Answer) -> None:
    results = {"hate": {"filtered": True, "severity": "high"}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": results}
    body = {"error": {"code": "content_filter", "message": "It was filtered.", "innererror": inner}}
    text = str(error_from_response(answer(400, body)))
    for said in ("content_filter", "It was filtered.", "hate", "high", "ResponsibleAIPolicyViolation"):
        assert text.count(said) == 1, text
