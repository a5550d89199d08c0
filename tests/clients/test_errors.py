"""Errors: the class for each status, the service's message, and the values from headers."""

import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ResourceNotModifiedError,
)

from azure.ai.inference.exceptions import ContentFilterError, InferenceError, ResponseDecodeError

from .conftest import KEY, Serve, World
from .raw_server import CUT, HELLO, answer, completion, event, head, stream

STATUSES = {
    201: HttpResponseError,
    202: HttpResponseError,
    204: HttpResponseError,
    304: ResourceNotModifiedError,
    400: HttpResponseError,
    401: ClientAuthenticationError,
    403: ClientAuthenticationError,
    404: ResourceNotFoundError,
    405: HttpResponseError,
    409: ResourceExistsError,
    413: HttpResponseError,
    422: HttpResponseError,
    425: HttpResponseError,
    429: HttpResponseError,
    500: HttpResponseError,
    501: HttpResponseError,
    529: HttpResponseError,
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("stream", [False, True])
async def test_class_by_status(world: World, serve: Serve, status: int, stream: bool) -> None:
    body = b"" if status in (204, 304) else {"error": {"code": "c0de", "message": "the words", "target": "temperature"}}
    client = world.chat(serve(answer(status, body, x_request_id="r-9", retry_after=7)).url, retry_total=0)
    with pytest.raises(STATUSES[status]) as caught:
        await client.complete(stream=stream)
    error: Any = caught.value
    assert isinstance(error, InferenceError)
    assert (error.status_code, error.request_id, error.retry_after) == (status, "r-9", 7.0)
    assert error.headers["X-Request-ID"] == "r-9"
    assert "Request id: r-9" in str(error)
    if body:
        assert str(error).startswith("(c0de) the words\n")
        assert "Target: temperature" in str(error)
        assert error.error.code == "c0de"
        assert error.message == str(error)


BODIES: dict[str, tuple[Any, str]] = {
    "FastAPI": ({"detail": [{"loc": ["body", "top_p"], "msg": "too big", "type": "less_than"}]}, "top_p"),
    "string": ({"error": "no such thing"}, "no such thing"),
    "nested": ({"error": {"message": '{"error": {"message": "deep words"}}'}}, "deep words"),
    "text": (b"upstream connect error", "upstream connect error"),
    "HTML": (b"<html><h1>Bad Gateway</h1></html>", "Status"),
    "broken JSON": (b'{"error": {', "Status"),
    "nothing": (b"", "Status"),
    "list": ([{"error": {"message": "in a list"}}], "in a list"),
    "bad UTF-8": (b"\xff\xfe\xfd", "Status"),
}


@pytest.mark.parametrize("shape", BODIES)
async def test_message_is_found_in_every_error_shape(world: World, serve: Serve, shape: str) -> None:
    body, words = BODIES[shape]
    client = world.chat(serve(answer(422, body)).url)
    with pytest.raises(HttpResponseError) as caught:
        await client.complete()
    assert caught.value.status_code == 422
    assert words in str(caught.value)


GOOD: dict[str, tuple[bytes, type[Exception], str]] = {
    "an error object": (answer(200, {"error": {"code": "x", "message": "inside"}}), HttpResponseError, "(x) inside"),
    "a flat error": (answer(200, {"object": "error", "message": "inside"}), HttpResponseError, "inside"),
    "HTML": (answer(200, b"<html>Sign in</html>", content_type="text/html"), DecodeError, "Sign in"),
    "nothing": (answer(200, b""), DecodeError, "empty"),
    "a list": (answer(200, [1]), DecodeError, "array"),
    "a string": (answer(200, "hello"), DecodeError, "string"),
    "null": (answer(200, None), DecodeError, "null"),
    "broken JSON": (answer(200, b'{"choices": ['), DecodeError, "not JSON"),
    "bad UTF-8": (answer(200, b'{"choices": "\xff"}'), DecodeError, "UTF-8"),
    "nested too deep": (answer(200, b"[" * 100_000), DecodeError, "[[["),
    "bad gzip": (answer(200, b"not gzip", content_encoding="gzip"), DecodeError, "decompress"),
}


@pytest.mark.parametrize("what", GOOD)
async def test_200_without_an_answer(world: World, serve: Serve, what: str) -> None:
    raw, expected, words = GOOD[what]
    with pytest.raises(expected) as caught:
        await world.chat(serve(raw).url).complete()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("status", "reason", "body", "lines"),
    [
        (404, "Not Found", b"", ["(404) Operation returned an invalid status 'Not Found'"]),
        (503, "", b"", ["Operation returned an invalid status '503'"]),
        (204, "No Content", b"", ["(204) Operation returned an invalid status 'No Content'"]),
        (404, "Not Found", b"{}", ["(404) Operation returned an invalid status 'Not Found'"]),
        (404, "Not Found", {"error": {"code": "404"}}, ["(404) Operation returned an invalid status 'Not Found'"]),
        (
            404,
            "Not Found",
            {"error": {"code": "x"}},
            ["(x) Operation returned an invalid status 'Not Found'", "Status: 404 Not Found"],
        ),
        (404, "Not Found", {"error": {"message": "No."}}, ["(404) No.", "Status: 404 Not Found"]),
    ],
)
async def test_status_is_stated_once(
    world: World, serve: Serve, status: int, reason: str, body: Any, lines: Sequence[str]
) -> None:
    raw = answer(status, body, retry_after=0, x_request_id="r-1")
    _, end, rest = raw.partition(b"\r\n")
    server = serve(f"HTTP/1.1 {status} {reason}".encode() + end + rest)
    with pytest.raises(HttpResponseError) as caught:
        await world.chat(server.url, retry_total=0).complete()
    assert [line for line in str(caught.value).splitlines() if not line.startswith("The URL called")] == [
        *lines,
        "Request id: r-1",
    ]


async def test_status_is_reported_if_the_body_is_cut_short(world: World, serve: Serve) -> None:
    server = serve([head(400, content_type="application/json", content_length=900) + b'{"error": ', CUT])
    with pytest.raises(HttpResponseError, match=r"\(400\)"):
        await world.chat(server.url).complete()


async def test_status_is_reported_if_the_body_does_not_decompress(world: World, serve: Serve) -> None:
    with pytest.raises(ClientAuthenticationError, match=r"\(401\)"):
        await world.chat(serve(answer(401, b"not gzip", content_encoding="gzip")).url).complete()


async def test_filtered_prompt(world: World, emulator: Any) -> None:
    client = world.chat(f"{emulator.url}/openai/deployments/gpt-4o", emulator.key)
    for streamed in (False, True):
        with pytest.raises(ContentFilterError) as caught:
            await client.complete(messages=[{"role": "user", "content": "trigger the content filter"}], stream=streamed)
        assert caught.value.filter_results["violence"]["filtered"] is True
        assert caught.value.filtered_categories == ["violence"]
        assert caught.value.status_code == 400


async def test_wrong_key(world: World, emulator: Any) -> None:
    with pytest.raises(ClientAuthenticationError) as caught:
        await world.chat(emulator.url, "wrong-key-of-some-length").complete()
    assert caught.value.status_code == 401
    assert "wrong-key-of-some-length" not in str(caught.value)


class OwnError(HttpResponseError):
    """An exception class of the caller."""


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [(OwnError, OwnError), (ResourceNotFoundError, ResourceNotFoundError), (ClientAuthenticationError, InferenceError)],
)
async def test_error_map(world: World, serve: Serve, mapped: type[Exception], expected: type[Exception]) -> None:
    client = world.chat(serve(answer(418, {"error": {"code": "tea", "message": "pot"}})).url)
    with pytest.raises(expected) as caught:
        await client.complete(error_map={418: mapped})
    assert isinstance(caught.value, mapped)
    assert "(tea) pot" in str(caught.value)


async def test_invalid_error_map_entry(world: World, serve: Serve) -> None:
    client = world.chat(serve(answer(418, {})).url)
    with pytest.raises(TypeError, match=r"error_map\[418\]"):
        await client.complete(error_map={418: "tea"})


async def test_errors_pickle_without_the_key(world: World, serve: Serve) -> None:
    client = world.chat(serve(answer(400, {"error": {"message": f"key {KEY} is bad"}})).url)
    with pytest.raises(HttpResponseError) as caught:
        await client.complete()
    error = caught.value
    raw = pickle.dumps(error)
    assert KEY.encode() not in raw
    assert str(pickle.loads(raw)) == str(error)
    assert KEY not in f"{error}{error!r}{vars(error)}"
    assert KEY not in str(dict(error.response.request.headers)) if error.response else True


async def test_advice_follows_the_service_message(world: World, serve: Serve) -> None:
    client = world.chat(serve(answer(404, {"error": {"message": "Resource not found"}})).url)
    with pytest.raises(ResourceNotFoundError, match=r"The URL called was http://127.0.0.1"):
        await client.complete()


async def test_missing_model_info(world: World, serve: Serve) -> None:
    with pytest.raises(ResourceNotFoundError, match=r"(?i)model information is not available on this endpoint"):
        await world.chat(serve(answer(404, {})).url).get_model_info()
    with pytest.raises(ResourceNotFoundError, match="`load_client` function does not work on this endpoint"):
        await world.load(serve(answer(404, {})).url, KEY)


async def test_answer_headers_are_its_own(world: World, serve: Serve) -> None:
    client = world.chat(serve(answer(200, completion(), apim_request_id="r-2")).url)
    got = await client.complete()
    assert got.request_id == "r-2"
    assert got.headers["APIM-request-id"] == "r-2"


ODD_HEADERS = [
    *({"location": place} for place in ("http://[", "https://h:99999/", "https://h/\xe9", "//", "\xff://", "#")),
    *({"content_length": length} for length in ("x", "-1", "2, 2", "\xb2", "")),
    {"content_encoding": "\xe9"},
    {"content_type": "text/html; charset=\xe9"},
]


@pytest.mark.parametrize("status", [200, 307, 400])
@pytest.mark.parametrize("headers", ODD_HEADERS, ids=str)
async def test_malformed_headers(world: World, serve: Serve, headers: dict[str, str], status: int) -> None:
    """Malformed headers are ignored, or refused by the HTTP library; only azure-core's errors are raised."""
    server = serve([head(status, **{"content_length": 2, **headers}) + b"[]", CUT])
    with pytest.raises(AzureError):
        await world.chat(server.url, retry_total=0).complete()


# ---------------------------------------------------------------- a 200 without an answer

WORDS: dict[str, tuple[Any, str]] = {
    "message": ({"message": "Out of quota."}, "Out of quota."),
    "code and msg": ({"code": 1113, "msg": "Account in arrears."}, r"\(1113\) Account in arrears\."),
    "success: false": ({"success": False, "message": "Not now."}, "Not now."),
    "success: false, code": ({"success": False, "code": "E1", "msg": "Not now."}, r"\(E1\) Not now\."),
    "status: error": ({"status": "error", "message": "Not now."}, "Not now."),
    "status: error, no words": ({"status": "error"}, "error"),
    "base_resp": (
        {"choices": None, "base_resp": {"status_code": 1004, "status_msg": "login fail"}},
        r"\(1004\) login fail",
    ),
    "errors": ({"errors": [{"code": "a", "message": "First."}, {"message": "Second."}]}, r"First\.; Second\."),
    "errors as texts": ({"errors": ["Only one."]}, r"Only one\."),
    "error_code and error_msg": ({"error_code": 17, "error_msg": "Open api daily limit"}, r"\(17\) Open api daily"),
    "errorCode and errorMessage": ({"errorCode": "X", "errorMessage": "Bad luck"}, r"\(X\) Bad luck"),
    "null members and an error": ({"id": None, "choices": None, "data": None, "error": {"message": "Why."}}, r"Why\."),
}
EMPTY: dict[str, Any] = {
    "all null": {"id": None, "choices": None, "data": None, "usage": None, "model": None},
    "no items": {"id": "x", "object": "chat.completion", "model": "m"},
    "empty object": {},
    "items null": {"choices": None, "data": None},
    "items an object": {"choices": {}, "data": {}},
    "items a text": {"choices": "x", "data": "x"},
    "items of null": {"choices": [None], "data": [None]},
    "items of texts": {"choices": ["x"], "data": ["x"]},
    "items of lists": {"choices": [[1.0]], "data": [[1.0]]},
    "an array": [[1.0]],
    "null": None,
    "a text": "hello",
}
OTHERS = {"chat": {"object": "list", "data": [{"index": 0, "embedding": [1.0]}]}, "embeddings": completion()}


async def ask(world: World, kind: str, url: str) -> Any:
    client = getattr(world, kind)(url, retry_total=0)
    return await (client.complete() if kind == "chat" else client.embed(input=["x"]))


@pytest.mark.parametrize("kind", ["chat", "embeddings"])
@pytest.mark.parametrize("case", WORDS)
async def test_200_with_an_error_body(world: World, serve: Serve, kind: str, case: str) -> None:
    body, words = WORDS[case]
    with pytest.raises(InferenceError, match=words) as caught:
        await ask(world, kind, serve(answer(body=body)).url)
    assert not isinstance(caught.value, DecodeError)
    assert (caught.value.status_code, caught.value.body) == (200, body)


@pytest.mark.parametrize("case", WORDS)
async def test_error_body_instead_of_a_stream(world: World, serve: Serve, case: str) -> None:
    body, words = WORDS[case]
    opened = await world.chat(serve(answer(body=body)).url).stream()
    with pytest.raises(InferenceError, match=words):
        await opened.rest()


@pytest.mark.parametrize("kind", ["chat", "embeddings"])
@pytest.mark.parametrize("case", [*EMPTY, "the other's"])
async def test_200_with_an_incomplete_answer(world: World, serve: Serve, kind: str, case: str) -> None:
    body = OTHERS[kind] if case == "the other's" else EMPTY[case]
    with pytest.raises(ResponseDecodeError, match="The URL called was"):
        await ask(world, kind, serve(answer(body=body)).url)


@pytest.mark.parametrize(
    "body", [{"choices": []}, {"choices": [], "error": None}, completion(base_resp={"status_code": 0})]
)
async def test_sparse_answer(world: World, serve: Serve, body: Any) -> None:
    assert (await ask(world, "chat", serve(answer(body=body)).url)).as_dict() == body


@pytest.mark.parametrize(
    "value",
    [
        {"success": False, "message": "broke"},
        {"status": "error", "message": "broke"},
        {"base_resp": {"status_code": 1004, "status_msg": "broke"}},
        {"errors": [{"message": "broke"}]},
        {"code": 1113, "msg": "broke"},
        {"choices": None, "code": 1113, "message": "broke"},
    ],
)
async def test_error_event_in_a_stream(world: World, serve: Serve, value: Any) -> None:
    opened = await world.chat(serve(stream(HELLO + event(value))).url).stream()
    updates, error = await opened.until_fault()
    assert len(updates) == 1
    assert isinstance(error, InferenceError)
    assert "broke" in str(error)
