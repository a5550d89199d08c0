"""One call, three APIs: which API is called, what the client learns from refusals, and the common form of answers."""

import json
import logging
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseTimeoutError

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError, InferenceError, NotFoundError
from azure.ai.inference.models import UserMessage
from unit._wires.responses_sequences import events as recorded

from .conftest import KEY, MESSAGES, Serve, World
from .raw_server import CUT, RawServer, answer, completion, stream
from .test_endpoints import RESOURCE, through

Json = dict[str, Any]

ENCRYPTED = "reasoning.encrypted_content"


def response(*output: Json, **members: Any) -> Json:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 9,
        "model": "m",
        "status": "completed",
        "error": None,
    } | {
        "output": list(output) or [said("hello")],
        "usage": usage,
        **members,
    }


def said(text: str) -> Json:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def message(text: str = "hello") -> Json:
    usage = {"input_tokens": 1, "output_tokens": 2}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"} | {
        "content": [{"type": "text", "text": text}],
        "usage": usage,
    }


def native(sequence: list[Json]) -> bytes:
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in sequence)


def refusal(status: int, text: str, code: str | None = None, **members: Any) -> bytes:
    return answer(status, {"error": {"code": code, "message": text, **members}})


ANSWERED = answer(200, response())
IN_CHAT = answer(200, completion())
NO_CHAT = refusal(
    400,
    "The chatCompletion operation does not work with the specified model, gpt-5.1-codex. Please choose different model "
    "and try again. You can learn more about which models can be used with each operation here: https://x.example.",
    "OperationNotSupported",
)
NOT_WITH_TOOLS = refusal(
    400,
    "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use "
    "/v1/responses instead.",
    param="reasoning_effort",
)
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


def paths(server: RawServer) -> list[str]:
    return [request.target for request in server.requests]


CHAT, RESPONSES, MESSAGES_API = "/v1/chat/completions", "/v1/responses", "/v1/messages"


# ---------------------------------------------------------------- the option `api`


@pytest.mark.parametrize("where", ["constructor", "call", "with_defaults", "url"])
async def test_api_responses(world: World, serve: Serve, where: str) -> None:
    server = serve(ANSWERED)
    named: Json = {"api": "responses"}
    url = f"{server.url}/v1/responses" if where == "url" else f"{server.url}/v1"
    client = world.chat(url, model="m", **(named if where == "constructor" else {}))
    if where == "with_defaults":
        client = client.with_defaults(**named)
    completions = await client.complete(max_tokens=20, **(named if where == "call" else {}))
    assert completions.choices[0].message.content == "hello"
    assert completions.usage.total_tokens == 3
    assert completions.id == "resp_1"
    [request] = server.requests
    assert request.target == RESPONSES
    assert request.json == {
        "input": [{"type": "message", **MESSAGES[0]}],
        "max_output_tokens": 20,
        "model": "m",
        "store": False,
        "include": [ENCRYPTED],
    }


@pytest.mark.parametrize("where", ["constructor", "call", "with_defaults", "url", "gateway"])
async def test_api_messages(world: World, serve: Serve, where: str) -> None:
    server = serve(answer(200, message()))
    named: Json = {"api": "messages"}
    paths_pasted = {"url": "/v1/messages", "gateway": "/anthropic"}
    client = world.chat(
        f"{server.url}{paths_pasted.get(where, '/v1')}", model="m", **(named if where == "constructor" else {})
    )
    if where == "with_defaults":
        client = client.with_defaults(**named)
    completions = await client.complete(max_tokens=20, **(named if where == "call" else {}))
    assert completions.choices[0].message.content == "hello"
    assert completions.usage.total_tokens == 3
    [request] = server.requests
    assert request.target == ("/anthropic/v1/messages" if where == "gateway" else MESSAGES_API)
    assert request.json["max_tokens"] == 20
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers


async def test_caller_headers_take_precedence(world: World, serve: Serve) -> None:
    server = serve(answer(200, message()))
    client = world.chat(f"{server.url}/anthropic", model="m")
    await client.complete(headers={"anthropic-version": "2026-10-21", "anthropic-beta": "b"})
    await world.chat(f"{server.url}/anthropic", model="m", headers={"anthropic-version": "2027-01-01"}).complete()
    assert [request.headers["anthropic-version"] for request in server.requests] == ["2026-10-21", "2027-01-01"]
    assert server.requests[0].headers["anthropic-beta"] == "b"


async def test_api_chat_overrides_the_url(world: World, serve: Serve) -> None:
    server = serve(IN_CHAT)
    await world.chat(f"{server.url}/v1/responses", model="m", api="chat").complete()
    await world.chat(f"{server.url}/v1/responses", model="m").complete(api="chat")
    assert paths(server) == [CHAT, CHAT]


async def test_messages_api_requires_a_model(world: World) -> None:
    with pytest.raises(ValueError, match="pass model= to the client or to the call"):
        await world.chat("http://127.0.0.1:1/anthropic").complete()


async def test_unknown_api_is_refused_before_sending(world: World) -> None:
    text = "api='respones' is unknown. Choose 'auto', 'chat', 'responses' or 'messages'."
    client = world.chat("http://127.0.0.1:1/v1", model="m")
    for build in (
        lambda: world.chat("http://127.0.0.1:1/v1", api="respones"),
        lambda: client.with_defaults(api="respones"),
    ):
        with pytest.raises(ValueError, match="respones") as caught:
            build()
        assert str(caught.value) == text
    with pytest.raises(ValueError, match="respones"):
        await client.complete(api="respones")


async def test_unsupported_option_is_refused_before_sending(world: World) -> None:
    client = world.chat("http://127.0.0.1:1/v1", model="m", api="responses")
    with pytest.raises(ValueError, match="stop") as caught:
        await client.complete(stop=["END"])
    text = "stop has no counterpart in the Responses API: leave it out, or pass api='chat'."
    assert str(caught.value) == text


@pytest.mark.parametrize("api", ["responses", "messages"])
async def test_stream_by_each_api(world: World, serve: Serve, api: str) -> None:
    sequence = recorded("calls") if api == "responses" else CLAUDE_CALLS
    server = serve(stream([native(sequence)]))
    opened = await world.chat(f"{server.url}/v1", model="m", api=api).stream(tools=TOOLS)
    updates = await opened.rest()
    final = await settled(opened.get_final_completions())
    assert final.choices[0].finish_reason == "tool_calls"
    assert final.choices[0].message.tool_calls[0].function.name == "weather"
    assert updates[-1].choices[0].finish_reason == "tool_calls"
    assert opened.usage.total_tokens == final.usage.total_tokens > 0
    assert server.requests[0].json["stream"] is True


async def whole_text(opened: Any) -> str:
    return "".join(text or "" for text in await opened.texts())


async def settled(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


CLAUDE_CALLS: list[Json] = [
    {"type": "message_start", "message": {**message(), "content": [], "stop_reason": None}},
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "id": "toolu_a", "name": "weather", "input": {}},
    },
    {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]


async def test_claude_on_a_resource_is_called_by_the_messages_api(world: World, serve: Serve) -> None:
    server = serve(answer(200, message()))
    client = world.chat(RESOURCE, **through(server.url))
    await client.complete(model="claude-opus-5-5")
    await client.complete({"model": "claude-opus-5-5", "messages": [{"role": "system", "content": "S"}, *MESSAGES]})
    await client.complete(b'{"model": "claude-opus-5-5", "messages": [{"role": "user", "content": "hi"}]}')
    assert paths(server) == [f"{RESOURCE}/anthropic/v1/messages"] * 3
    assert server.requests[1].json["system"] == [{"type": "text", "text": "S"}]
    for request in server.requests:
        assert request.headers["x-api-key"] == request.headers["api-key"] == KEY


async def test_renamed_claude_deployment_needs_the_api_option(world: World, serve: Serve) -> None:
    server = serve(answer(200, message()))
    await world.chat(RESOURCE, model="mine", api="messages", **through(server.url)).complete()
    await world.chat(RESOURCE, model="mine", **through(server.url)).complete(api="messages")
    assert paths(server) == [f"{RESOURCE}/anthropic/v1/messages"] * 2


async def test_api_chat_calls_claude_by_chat_completions(world: World, serve: Serve) -> None:
    server = serve(IN_CHAT)
    await world.chat(RESOURCE, model="claude-x", api="chat", **through(server.url)).complete()
    await world.chat(f"{server.url}/v1", model="claude-x").complete()
    assert paths(server) == [f"{RESOURCE}/openai/v1/chat/completions", CHAT]


# ---------------------------------------------------------------- "auto": learning from refusals

SIGNALS: dict[str, bytes] = {
    "Azure (langchain-azure #228, dify-plugin-sdks #264)": NO_CHAT,
    "OpenAI (n8n #18352)": refusal(
        404,
        "This model is only supported in v1/responses and not in v1/chat/completions.",
        type="invalid_request_error",
        param="model",
    ),
    "OpenAI of pro models (micz/ThunderAI #570)": refusal(
        404,
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
        "v1/completions?",
    ),
    "Azure, some deployments (hermes-agent PR #16361)": refusal(400, "The requested operation is unsupported."),
    "a chat body at a URL of Responses (cline #5419)": refusal(
        400,
        "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again with "
        "the new parameter.",
        "unsupported_parameter",
        param="messages",
    ),
}


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_refusal_falls_back_to_the_responses_api(
    world: World, serve: Serve, signal: str, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Tables of model names miss new models, and leave users looking for a switch (litellm #23914, #16509, LibreChat
    #8175)."""
    found: Any = stream([native(recorded("text"))]) if streamed else ANSWERED
    server = serve(SIGNALS[signal], found)
    client = world.chat(f"{server.url}/v1", model="gpt-5-codex")
    with caplog.at_level(logging.INFO, "azure.ai.inference"):
        for _ in range(2):
            completions = await client.complete(stream=streamed)
            text = await whole_text(completions) if streamed else completions.choices[0].message.content
            assert text == ("Hello, world" if streamed else "hello")
        await client.with_defaults(temperature=0.5).complete(stream=streamed)
    assert paths(server) == [CHAT, RESPONSES, RESPONSES, RESPONSES]
    assert {request.connection for request in server.requests[:2]} == {0}
    lines = [record.getMessage() for record in caplog.records if record.name == "azure.ai.inference"]
    assert lines == [
        "gpt-5-codex does not support chat completions, so it is called through the Responses API; pass "
        "api='responses' to begin there."
    ]
    assert KEY not in caplog.text


async def test_learned_api_is_kept_per_model(world: World, serve: Serve) -> None:
    server = serve(NO_CHAT, ANSWERED, IN_CHAT)
    client = world.chat(f"{server.url}/v1")
    await client.complete(model="gpt-5-codex")
    await client.complete(model="gpt-5")
    assert paths(server) == [CHAT, RESPONSES, CHAT]


async def test_deployment_url_falls_back_to_v1(world: World, serve: Serve) -> None:
    """The deployment in the path moves to the request."""
    server = serve(NO_CHAT, ANSWERED)
    client = world.chat(f"{server.url}/openai/deployments/my%20codex", api_version="2024-10-21")
    await client.complete(api_version="2025-01-01-preview")
    assert paths(server) == [
        "/openai/deployments/my%20codex/chat/completions?api-version=2025-01-01-preview",
        "/openai/v1/responses",
    ]
    assert server.requests[1].json["model"] == "my codex"


async def test_model_that_refuses_only_tools_in_chat(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Only requests with tools move (goose #9825, pipecat #4043, LibreChat #15844)."""
    server = serve(NOT_WITH_TOOLS, ANSWERED, IN_CHAT, ANSWERED, NO_CHAT, ANSWERED)
    client = world.chat(f"{server.url}/v1", model="gpt-5.4")
    with caplog.at_level(logging.INFO, "azure.ai.inference"):
        await client.complete(tools=TOOLS)
        await client.complete()
        await client.complete(tools=TOOLS)
        await client.complete()
    assert paths(server) == [CHAT, RESPONSES, CHAT, RESPONSES, CHAT, RESPONSES]
    told = [record.getMessage() for record in caplog.records if record.name == "azure.ai.inference"]
    assert told[0] == ("gpt-5.4 takes tools only through the Responses API; pass api='responses' to begin there.")
    assert len(told) == 2


NEVER: dict[str, tuple[bytes, Json]] = {
    "another refusal": (refusal(400, "No.", "x"), {}),
    "an embeddings deployment": (
        refusal(
            400, "The chatCompletion operation does not work with the model text-embedding-3.", "OperationNotSupported"
        ),
        {},
    ),
    "a list of routes": (
        refusal(404, "Unknown path. There are: /v1/chat/completions, /v1/responses, /v1/models."),
        {},
    ),
    "the caller's word": (NO_CHAT, {"api": "chat"}),
    "another status": (refusal(405, "v1/responses", "OperationNotSupported"), {}),
}


@pytest.mark.parametrize("row", NEVER)
async def test_refusals_without_a_fallback(world: World, serve: Serve, row: str) -> None:
    refused, options = NEVER[row]
    server = serve(refused, ANSWERED)
    with pytest.raises(HttpResponseError):
        await world.chat(f"{server.url}/v1", model="m").complete(**options)
    assert paths(server) == [CHAT]


async def test_messages_api_refusal_has_no_fallback(world: World, serve: Serve) -> None:
    server = serve(refusal(400, "`temperature` is deprecated for this model."))
    with pytest.raises(InferenceError, match="leave temperature, top_p and top_k out"):
        await world.chat(f"{server.url}/anthropic", model="m").complete(temperature=0.5)
    assert len(server.requests) == 1


async def test_bare_inference_root_has_no_known_route(world: World, serve: Serve) -> None:
    server = serve(NO_CHAT, ANSWERED)
    client = world.chat(server.url, model="m")
    with pytest.raises(HttpResponseError, match="pass api='responses'"):
        await client.complete()
    assert (await client.complete(api="responses")).choices[0].message.content == "hello"
    assert [path.partition("?")[0] for path in paths(server)] == ["/chat/completions", "/responses"]


MISSING: dict[str, bytes] = {
    "no such route": refusal(404, "Resource not found", "404"),
    "method not allowed": answer(405, {}),
    "another model (opencode #12949)": refusal(400, "This model is not supported by the Responses API"),
    "an old version (Aider #4029)": refusal(
        400, "Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview and later"
    ),
    "a dated version (codex #3725)": refusal(400, "API version not supported"),
    "neither": refusal(400, "The responses operation does not work with the specified model.", "OperationNotSupported"),
}


@pytest.mark.parametrize("row", MISSING)
async def test_first_error_is_raised_if_the_fallback_route_is_missing(world: World, serve: Serve, row: str) -> None:
    server = serve(NO_CHAT, MISSING[row], NO_CHAT, MISSING[row])
    client = world.chat(f"{server.url}/v1", model="m", retry_total=0)
    for _ in range(2):
        with pytest.raises(InferenceError, match="The chatCompletion operation does not work") as caught:
            await client.complete()
        assert caught.value.status_code == 400
        assert "The Responses API does not serve it either: status 40" in str(caught.value)
        assert KEY not in repr(vars(caught.value.response.request.headers))
    assert paths(server) == [CHAT, RESPONSES] * 2


async def test_first_error_masks_a_key_that_its_response_repeats(world: World, serve: Serve) -> None:
    server = serve(refusal(400, f"Not a chat model. You sent {KEY}."), MISSING["no such route"])
    with pytest.raises(InferenceError, match="You sent") as caught:
        await world.chat(f"{server.url}/v1", model="m", retry_total=0).complete()
    assert "does not serve it either" in str(caught.value)
    assert KEY not in f"{caught.value} {caught.value.body}"
    assert KEY not in repr(vars(caught.value.response.request.headers))


async def test_missing_stored_response_is_not_a_missing_route(world: World, serve: Serve) -> None:
    server = serve(
        NO_CHAT, refusal(404, "Previous response with id 'resp_9' not found.", "previous_response_not_found")
    )
    with pytest.raises(NotFoundError, match="resp_9"):
        await world.chat(f"{server.url}/v1", model="m").complete(model_extras={"previous_response_id": "resp_9"})
    assert paths(server) == [CHAT, RESPONSES]


async def test_learned_api_is_forgotten_if_its_route_disappears(world: World, serve: Serve) -> None:
    server = serve(NO_CHAT, ANSWERED, MISSING["no such route"], IN_CHAT)
    client = world.chat(f"{server.url}/v1", model="m")
    await client.complete()
    with pytest.raises(NotFoundError):
        await client.complete()
    await client.complete()
    assert paths(server) == [CHAT, RESPONSES, RESPONSES, CHAT]


async def test_other_failure_of_the_fallback_is_raised(world: World, serve: Serve) -> None:
    server = serve(NO_CHAT, refusal(400, "Unsupported parameter: 'temperature'."))
    with pytest.raises(InferenceError, match="temperature"):
        await world.chat(f"{server.url}/v1", model="m").complete(temperature=0.1)
    assert paths(server) == [CHAT, RESPONSES]


async def test_unsupported_fallback_raises_the_refusal_with_advice(world: World, serve: Serve) -> None:
    """The text stays the same when more is known about the model."""
    server = serve(NO_CHAT, ANSWERED, NO_CHAT)
    client = world.chat(f"{server.url}/v1", model="m")
    for leads_on in (False, True, False):
        if leads_on:
            await client.complete()
            continue
        with pytest.raises(InferenceError, match="The chatCompletion operation does not work") as caught:
            await client.complete(stop=["END"])
        assert str(caught.value).endswith("only serves the Responses API, which has no stop: leave it out.")
    assert paths(server) == [CHAT, RESPONSES, CHAT]


# ---------------------------------------------------------------- refusals by the Responses API

NO_ENCRYPTED = refusal(400, "Encrypted content is not supported with this model.", param="include")
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA=="}


def history(*answers: str) -> list[Json]:
    turns: list[Json] = [{"role": "user", "content": "hi"}]
    for number, text in enumerate(answers):
        output = [{**THOUGHT, "id": f"rs_{number}"}, said(text)]
        turns.append({"role": "assistant", "content": text, "output": output})
    return turns


def reasoning_in(server: RawServer) -> list[list[str]]:
    return [
        [item["id"] for item in request.json["input"] if item["type"] == "reasoning"]
        for request in server.requests
        if request.target == RESPONSES
    ]


async def test_retry_without_encrypted_reasoning(world: World, serve: Serve) -> None:
    """pydantic-ai #2865, #3326; agent-framework PR #7536."""
    server = serve(NO_ENCRYPTED, ANSWERED)
    client = world.chat(f"{server.url}/v1", model="gpt-4.1", api="responses")
    await client.complete()
    await client.complete()
    assert ["include" in request.json for request in server.requests] == [True, False, False]


REPLAY: dict[str, tuple[bytes, list[list[str]]]] = {
    "two answers' reasoning (hermes-agent PR #106718)": (
        refusal(400, "Conflicting authenticated continuation identities.", "invalid_value", param="input"),
        [["rs_0", "rs_1"], ["rs_1"], ["rs_1"]],
    ),
    "reasoning that is lost (pi #6409)": (
        refusal(400, "Item with id 'rs_0' not found. Items are not persisted when `store` is set to false."),
        [["rs_0", "rs_1"], ["rs_1"], ["rs_1"]],
    ),
    "reasoning that is lost, as OpenAI says it": (
        refusal(404, "Item with id 'rs_0' not found. Items are not persisted when `store` is set to false."),
        [["rs_0", "rs_1"], ["rs_1"], ["rs_1"]],
    ),
    "another resource's reasoning, this time only (codex #3573)": (
        refusal(400, "The encrypted content gAAA... could not be verified.", "invalid_encrypted_content"),
        [["rs_0", "rs_1"], [], ["rs_0", "rs_1"]],
    ),
}


@pytest.mark.parametrize("row", REPLAY)
async def test_refused_reasoning_is_dropped_step_by_step(world: World, serve: Serve, row: str) -> None:
    refused, expected = REPLAY[row]
    server = serve(refused, ANSWERED)
    client = world.chat(f"{server.url}/v1", model="m", api="responses")
    await client.complete(messages=history("one", "two"))
    await client.complete(messages=history("one", "two"))
    assert reasoning_in(server) == expected


async def test_call_is_sent_four_times_at_most(world: World, serve: Serve) -> None:
    conflict = REPLAY["two answers' reasoning (hermes-agent PR #106718)"][0]
    server = serve(NO_CHAT, conflict, conflict, NO_ENCRYPTED)
    with pytest.raises(InferenceError, match="Encrypted content"):
        await world.chat(f"{server.url}/v1", model="m").complete(messages=history("one", "two"))
    assert reasoning_in(server) == [["rs_0", "rs_1"], ["rs_1"], []]
    assert len(server.requests) == 4


async def test_deadline_is_that_of_the_call(world: World, serve: Serve) -> None:
    server = serve([0.3, NO_CHAT], [0.5, ANSWERED])
    start = time.monotonic()
    with pytest.raises(ServiceResponseTimeoutError, match=r"exceeded its timeout of 0.6 s"):
        await world.chat(f"{server.url}/v1", model="m").complete(timeout=0.6)
    assert time.monotonic() - start < 5
    assert paths(server) == [CHAT, RESPONSES]


async def test_retries_do_not_count_as_attempts(world: World, serve: Serve) -> None:
    busy = answer(429, {"error": {"code": "429", "message": "Busy."}}, retry_after="0")
    server = serve(busy, NO_CHAT, busy, ANSWERED)
    await world.chat(f"{server.url}/v1", model="m", transport=world.transport()).complete()
    assert paths(server) == [CHAT, CHAT, RESPONSES, RESPONSES]


# ---------------------------------------------------------------- bodies passed by the caller


async def test_body_in_chat_form_is_translated(world: World, serve: Serve) -> None:
    body = {"model": "m", "messages": MESSAGES, "stream": False}
    given: list[Callable[[], Any]] = [
        lambda: body,
        lambda: json.dumps(body).encode(),
        lambda: BytesIO(json.dumps(body).encode()),
    ]
    server = serve(NO_CHAT, *[ANSWERED] * 6)
    client = world.chat(f"{server.url}/v1")
    for make in given:
        await client.complete(make())
        await client.complete(make(), api="responses")
    assert paths(server) == [CHAT, *[RESPONSES] * 6]
    assert {request.json["input"][0]["content"] for request in server.requests[1:]} == {"hi"}


@pytest.mark.parametrize("options", [{}, {"api": "responses"}])
async def test_native_responses_body_is_sent_unchanged(world: World, serve: Serve, options: Json) -> None:
    server = serve(ANSWERED)
    raw = b'{"model": "m",  "input": "hi"}'
    completions = await world.chat(f"{server.url}/v1").complete(raw, **options)
    assert completions.choices[0].message.content == "hello"
    assert paths(server) == [RESPONSES]
    assert server.requests[0].body == raw


async def test_native_messages_body_is_sent_unchanged(world: World, serve: Serve) -> None:
    server = serve(answer(200, message()))
    raw = b'{"model": "m", "max_tokens": 5,  "messages": [{"role": "user", "content": "hi"}]}'
    await world.chat(f"{server.url}/anthropic").complete(raw)
    assert server.requests[0].body == raw


async def test_invalid_json_body_is_left_to_the_service(world: World, serve: Serve) -> None:
    server = serve(NO_CHAT)
    client = world.chat(f"{server.url}/v1")
    for body in (b"{", b"[1]"):
        with pytest.raises(InferenceError):
            await client.complete(body)
        with pytest.raises(InferenceError):
            await client.complete(body, api="responses")
    assert paths(server) == [CHAT, RESPONSES] * 2


# ---------------------------------------------------------------- history


async def test_reasoning_is_sent_back_only_to_the_responses_api(world: World, serve: Serve) -> None:
    server = serve(answer(200, response(THOUGHT, said("one"))), ANSWERED, IN_CHAT, answer(200, message()))
    client = world.chat(f"{server.url}/v1", model="m")
    turns: list[Any] = [UserMessage("hi")]
    first = await client.complete(messages=turns, api="responses")
    turns.append(first.choices[0].message)
    assert first.choices[0].message.output[0]["type"] == "reasoning"
    for api in ("responses", "chat", "messages"):
        await client.complete(messages=json.loads(json.dumps(turns)), api=api)
    of_responses, of_chat, of_messages = (request.json for request in server.requests[1:])
    assert [item["type"] for item in of_responses["input"]] == ["message", "reasoning", "message"]
    assert of_chat["messages"][1] == {"role": "assistant", "content": "one"}
    assert "gAAA" not in json.dumps(of_messages)


async def test_blocks_of_another_api_are_not_sent_to_chat(world: World, serve: Serve) -> None:
    server = serve(IN_CHAT)
    turn = {"role": "assistant", "content": "a", "content_blocks": [{"type": "thinking"}], "x": 1}
    await world.chat(f"{server.url}/v1", model="m").complete(messages=[*MESSAGES, turn])
    assert server.requests[0].json["messages"][1] == {"role": "assistant", "content": "a", "x": 1}


# ---------------------------------------------------------------- failures in successful responses


async def test_azure_error_event_after_a_failed_stream(world: World, serve: Serve) -> None:
    """A rate limit inside a stream was hidden (pi #7983, bifrost #6419)."""
    server = serve(stream([native(recorded("failure_explained_after"))]))
    opened = await world.chat(f"{server.url}/v1", model="m", api="responses").stream()
    updates, error = await opened.until_fault()
    assert [update.choices[0].delta.content for update in updates] == ["Hello"]
    assert isinstance(error, InferenceError)
    assert error.error.code == "rate_limit_exceeded"
    assert error.partial.choices[0].message.content == "Hello"
    assert "have exceeded token rate limit" in str(error)


FAILED_STREAMS: dict[str, tuple[list[Any], type[Exception], str]] = {
    "explained before": ([native(recorded("failure_explained_before"))], InferenceError, "exceeded your current quota"),
    "not explained": ([native(recorded("failure_explained_after")[:-1])], InferenceError, "gave no reason"),
    "not explained, then cut": (
        [native(recorded("failure_explained_after")[:-1]), CUT],
        InferenceError,
        "gave no reason",
    ),
    "without an end": ([native(recorded("text")[:7])], IncompleteStreamError, "no last event"),
    "[DONE] without an end": (
        [native(recorded("text")[:7]), b"data: [DONE]\n\n"],
        IncompleteStreamError,
        "no last event",
    ),
    "a front end's error": ([b'data: {"error": {"code": "x", "message": "Gone."}}\n\n'], InferenceError, "Gone."),
    "an error that is no JSON": ([b"event: error\ndata: Gone.\n\n"], InferenceError, "Gone."),
    "a list": ([b"data: []\n\n"], InferenceError, "JSON array"),
    "a filtered prompt": (
        [
            native(
                [
                    {"type": "response.failed", "response": {"status": "failed", "error": None}},
                    {"type": "error", "error": {"code": "content_policy_violation", "message": "No."}},
                ]
            )
        ],
        ContentFilterError,
        "No.",
    ),
}


@pytest.mark.parametrize("row", FAILED_STREAMS)
async def test_stream_completes_or_raises(world: World, serve: Serve, row: str) -> None:
    pieces, kind, text = FAILED_STREAMS[row]
    server = serve(stream([piece for piece in pieces if piece is not CUT], "connection-close"))
    opened = await world.chat(f"{server.url}/v1", model="m", api="responses").stream()
    _, error = await opened.until_fault()
    assert isinstance(error, kind)
    assert text in str(error)


async def test_gateway_may_answer_in_chat_form(world: World, serve: Serve) -> None:
    chunk = {"id": "c", "choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}
    server = serve(stream([f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()]), IN_CHAT)
    client = world.chat(f"{server.url}/v1", model="m", api="responses")
    assert await (await client.stream()).texts() == ["hello"]
    assert (await client.complete()).choices[0].message.content == "hello"


@pytest.mark.parametrize("api", ["responses", "messages"])
async def test_document_instead_of_a_stream(world: World, serve: Serve, api: str) -> None:
    document = response() if api == "responses" else message()
    server = serve(answer(200, document))
    opened = await world.chat(f"{server.url}/v1", model="m", api=api).stream()
    assert await opened.texts() == ["hello"]


async def test_failed_answer_is_an_error(world: World, serve: Serve) -> None:
    failed = response(status="failed", error={"code": "server_error", "message": "Sorry."})
    server = serve(answer(200, failed))
    client = world.chat(f"{server.url}/v1", model="m", api="responses")
    with pytest.raises(InferenceError, match="Sorry") as caught:
        await client.complete()
    assert caught.value.error.code == "server_error"
    _, error = await (await client.stream()).until_fault()
    assert "Sorry" in str(error)
