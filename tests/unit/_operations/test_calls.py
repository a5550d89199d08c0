"""Requests as values: what is sent for an operation and a payload, and the precedence of headers."""

from typing import Any

import pytest

from azure.ai.inference._operations.call import Operation, Payload, make_call
from azure.ai.inference._operations.chat import chat_call
from azure.ai.inference._operations.embeddings import embed_call
from azure.ai.inference._operations.load_client import kind_of
from azure.ai.inference._operations.options import CHAT_SETTINGS, EMBEDDING_SETTINGS, merge
from azure.ai.inference._operations.settings import Settings, make_settings

RESOURCE = "https://r.openai.azure.com/openai/deployments/d"
LOCAL = "http://localhost:1234"
CHAT = Operation("complete", "chat/completions")


def settings(endpoint: str, **options: Any) -> Settings:
    return make_settings("ChatCompletionsClient", endpoint, "chat", CHAT_SETTINGS, options)


@pytest.mark.parametrize(
    ("endpoint", "operation", "payload", "options", "method", "url"),
    [
        (LOCAL, Operation("x", "info"), None, {}, "GET", f"{LOCAL}/info?api-version=2024-05-01-preview"),
        (LOCAL, CHAT, Payload(b"{}"), {}, "POST", f"{LOCAL}/chat/completions?api-version=2024-05-01-preview"),
        (f"{LOCAL}/v1", CHAT, Payload("{}"), {"params": {"a": "b c"}}, "POST", f"{LOCAL}/v1/chat/completions?a=b+c"),
        (RESOURCE, CHAT, Payload("{}"), {"api_version": "1"}, "POST", f"{RESOURCE}/chat/completions?api-version=1"),
        (
            RESOURCE,
            CHAT,
            Payload("{}"),
            {"params": {"api-version": "2", "q": 1}},
            "POST",
            f"{RESOURCE}/chat/completions?q=1&api-version=2",
        ),
        (RESOURCE, CHAT, Payload("{}"), {"api_version": None}, "POST", f"{RESOURCE}/chat/completions"),
    ],
)
def test_method_and_url(
    endpoint: str, operation: Operation, payload: Payload | None, options: dict[str, Any], method: str, url: str
) -> None:
    given = (payload,) if payload is not None else ()
    call = make_call(settings(endpoint), operation, options, *given)
    assert (call.request.method, call.request.url) == (method, url)
    assert call.operation == operation.route
    assert call.request.content == (payload.content if payload else None)


def test_endpoint_of_an_operation() -> None:
    other = settings(f"{LOCAL}/v1").endpoint
    call = make_call(settings(RESOURCE), CHAT._replace(endpoint=other), {}, Payload("{}", stream=True))
    assert call.request.url == f"{LOCAL}/v1/chat/completions"
    assert call.endpoint is other
    assert call.stream


@pytest.mark.parametrize(
    ("operation", "payload", "options", "expected"),
    [
        (CHAT, Payload("{}"), {}, {"Accept": "application/json", "Content-Type": "application/json"}),
        (CHAT, Payload("{}", pass_through=True), {}, {"extra-parameters": "pass-through"}),
        (CHAT._replace(headers={"x-version": "1"}), Payload("{}"), {}, {"x-version": "1"}),
        (CHAT._replace(headers={"x-version": "1"}), Payload("{}"), {"headers": {"X-Version": "2"}}, {"x-version": "2"}),
        (CHAT, Payload("{}"), {"headers": {"Content-Type": "a/b"}, "content_type": "c/d"}, {"content-type": "c/d"}),
    ],
)
def test_header_precedence(
    operation: Operation, payload: Payload, options: dict[str, Any], expected: dict[str, str]
) -> None:
    headers = make_call(settings(LOCAL), operation, options, payload).request.headers
    assert {name: headers[name] for name in expected} == expected


def test_pipeline_options() -> None:
    options = {"params": {}, "headers": {}, "error_map": {404: KeyError}, "cls": print, "client_request_id": "1"}
    call = make_call(settings(LOCAL), CHAT, {**options, "timeout": 5, "retry_total": None}, Payload("{}"))
    assert call.options == {"request_id": "1", "timeout": 5}
    assert (call.error_map, call.cls) == ({404: KeyError}, print)


def test_misspelled_keyword_error_names_the_method() -> None:
    with pytest.raises(TypeError, match=r"ChatCompletionsClient\.info\(\) got an unexpected keyword argument 'timout'"):
        make_call(settings(LOCAL), Operation("info", "info"), {"timout": 1})


def test_messages_to_body() -> None:
    call = chat_call(settings(LOCAL, temperature=0.5), None, {"messages": [{"role": "user", "content": "Hi"}]})
    assert call.request.content == '{"messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5}'
    assert call.chat is not None
    assert call.chat.is_plain_chat()


def test_inputs_to_body() -> None:
    known = make_settings("EmbeddingsClient", LOCAL, "embeddings", EMBEDDING_SETTINGS, {"dimensions": 8})
    call = embed_call(known, "embeddings", None, {"input": "a", "encoding_format": "int8"})
    assert call.request.content == '{"input": ["a"], "dimensions": 8, "encoding_format": "int8"}'
    assert (call.encoding, call.operation) == ("int8", "embeddings")


@pytest.mark.parametrize(
    ("defaults", "overrides", "merged"),
    [
        ({"b": 1}, {"a": 2}, {"a": 2, "b": 1}),
        ({"a": 1}, {"a": 0}, {"a": 0}),
        ({"a": 1}, {"a": None}, {"a": 1}),
        ({"c": 1}, {"a": None, "b": False}, {"b": False}),
    ],
)
def test_merging_keeps_the_order_of_the_settings(
    defaults: dict[str, Any], overrides: dict[str, Any], merged: dict[str, Any]
) -> None:
    found = merge(defaults, overrides, ("a", "b"))
    assert (found, list(found)) == (merged, list(merged))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("chat_completion", "chat"),
        ("Chat-Completions", "chat"),
        ("EMBEDDINGS", "embeddings"),
        ("text embedding", "embeddings"),
        (" image_embeddings ", "image_embeddings"),
    ],
)
def test_client_by_model_type(said: str, kind: str) -> None:
    assert kind_of(said) == kind


@pytest.mark.parametrize("said", [None, "", "audio", 5])
def test_unsupported_model_type(said: Any) -> None:
    with pytest.raises(ValueError, match="model_type='chat_completion'"):
        kind_of(said)
