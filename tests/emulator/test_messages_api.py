"""The Messages API of the emulator: answers, refusals and error texts."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Fault, Reply, ToolCall
from azure.ai.inference.emulator._claude_models import find_claude, is_claude

from .conftest import Caller, Got

FOUNDRY = "/anthropic/v1/messages"
LOCAL = "/v1/messages"
VERSION = {"anthropic-version": "2023-06-01"}
WEATHER = {
    "name": "get_weather",
    "description": "Weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
PNG = base64.b64encode(b"\x89PNG\r\n").decode()


@pytest.fixture(autouse=True)
def _fresh(endpoint: Emulator) -> Iterator[None]:
    yield
    endpoint.reset()


@pytest.fixture(params=[FOUNDRY, LOCAL])
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def user(*content: Any) -> dict[str, Any]:
    [first, *more] = content
    return {"role": "user", "content": list(content) if more or not isinstance(first, str) else first}


def model(*content: Any) -> dict[str, Any]:
    return {**user(*content), "role": "assistant"}


def ask(caller: Caller, *turns: Any, path: str = FOUNDRY, headers: dict[str, str] | None = None, **members: Any) -> Got:
    messages = [turn if isinstance(turn, dict) else user(turn) for turn in turns]
    body = {"model": "claude-opus-4-6", "max_tokens": 1000, "messages": messages, **members}
    return caller.post(
        path, {name: value for name, value in body.items() if value != "-"}, {**VERSION, **(headers or {})}
    )


def refusal(got: Got) -> str:
    assert got.status == 400, got.body
    assert got.body["type"] == "error"
    assert got.body["error"]["type"] == "invalid_request_error"
    assert got.body["request_id"] == got.headers["request-id"]
    return str(got.body["error"]["message"])


def events(got: Got) -> list[dict[str, Any]]:
    *framed, rest = got.raw.decode().split("\n\n")
    assert rest == ""
    found = []
    for event in framed:
        name, data = event.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def test_plain(caller: Caller, path: str) -> None:
    got = ask(caller, "Hello", path=path)
    assert got.status == 200
    assert got.headers["request-id"].startswith("req_")
    assert got.body["content"] == [{"type": "text", "text": "Hello! How can I help you today?", "citations": None}]
    assert (got.body["role"], got.body["stop_reason"], got.body["model"]) == (
        "assistant",
        "end_turn",
        "claude-opus-4-6",
    )
    assert got.body["usage"]["input_tokens"] > 0
    assert got.body == ask(caller, "Hello", path=path).body


def test_stream_equals_the_plain_answer(caller: Caller) -> None:
    options = {"tools": [WEATHER], "thinking": {"type": "adaptive"}}
    question = "What is the weather in Paris and in Oslo?"
    whole = ask(caller, question, **options).body
    found = events(ask(caller, question, stream=True, **options))
    assert [event["type"] for event in found[:4]] == [
        "message_start", "content_block_start", "ping", "content_block_delta"
    ]  # fmt: skip
    assert found[0]["message"]["content"] == []
    assert [event["type"] for event in found[-2:]] == ["message_delta", "message_stop"]
    assert found[-2]["delta"]["stop_reason"] == whole["stop_reason"] == "tool_use"
    assert found[-2]["usage"] == whole["usage"]
    blocks: list[dict[str, Any]] = []
    texts: list[str] = []
    for event in found:
        if event["type"] == "content_block_start":
            blocks.append(event["content_block"])
            texts.append("")
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            texts[-1] += delta.get("partial_json", delta.get("thinking", ""))
            blocks[-1].update({"signature": delta["signature"]} if "signature" in delta else {})
    assert [block["type"] for block in blocks] == ["thinking", "tool_use", "tool_use"]
    assert {**blocks[0], "thinking": texts[0]} == whole["content"][0]
    assert [{**block, "input": json.loads(text)} for block, text in zip(blocks[1:], texts[1:], strict=True)] == whole[
        "content"
    ][1:]


def test_tools_are_called_and_their_results_read(caller: Caller) -> None:
    question = user("What is the weather in Oslo?")
    first = ask(caller, question, tools=[WEATHER], tool_choice={"type": "any"}).body
    [call] = first["content"]
    assert (call["type"], call["name"], call["input"]) == ("tool_use", "get_weather", {"city": "Oslo"})
    assert call["id"].startswith("toolu_")
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": [{"type": "text", "text": "mild"}]}
    second = ask(caller, question, model(call), user(result), tools=[WEATHER]).body
    assert second["content"][0]["text"] == "get_weather says: mild."


@pytest.mark.parametrize(
    ("choice", "calls"),
    [
        ({"type": "auto"}, 2),
        ({"type": "auto", "disable_parallel_tool_use": True}, 1),
        ({"type": "tool", "name": "get_weather"}, 1),
        ({"type": "none"}, 0),
    ],
)
def test_tool_choices(caller: Caller, choice: Any, calls: int) -> None:
    got = ask(caller, "The weather in Paris and in Oslo?", tools=[WEATHER], tool_choice=choice).body
    assert sum(block["type"] == "tool_use" for block in got["content"]) == calls


def test_server_tools_are_accepted(caller: Caller) -> None:
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}, "anything": 1}
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    turns = ("x", model(search, found, {"type": "text", "text": "y"}), "Hello")
    assert ask(caller, *turns, tools=tools, tool_choice={"type": "auto"}).status == 200


def test_structured_output(caller: Caller) -> None:
    output = {"format": {"type": "json_schema", "schema": PERSON}}
    got = ask(caller, "Ask Ada, 36", output_config=output).body
    assert json.loads(got["content"][0]["text"]) == {"name": "Ada", "age": 36}


def test_instructions_media_and_history_reach_the_model(caller: Caller) -> None:
    assert "Be kind" in ask(caller, "Who are you?", system="Be kind").body["content"][0]["text"]
    system = [{"type": "text", "text": "Be kind", "cache_control": {"type": "ephemeral"}}]
    assert "Be kind" in ask(caller, "Who are you?", system=system).body["content"][0]["text"]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    assert "1 image" in ask(caller, user(image, {"type": "text", "text": "Look"})).body["content"][0]["text"]
    turns = ("My name is Ada", model("Hello Ada"), "What is my name?")
    assert ask(caller, *turns).body["content"][0]["text"] == "Your name is Ada."


@pytest.mark.parametrize(
    ("members", "reason", "sequence", "text"),
    [
        ({"stop_sequences": [" 3", "x"]}, "stop_sequence", " 3", "1 2"),
        ({"max_tokens": 2}, "max_tokens", None, "1 2"),
    ],
)
def test_stop_reasons(caller: Caller, members: Any, reason: str, sequence: Any, text: str) -> None:
    got = ask(caller, "count to 5", **members).body
    assert (got["stop_reason"], got["stop_sequence"], got["content"][0]["text"]) == (reason, sequence, text)


@pytest.mark.parametrize("said", ["trigger the content filter", "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_1FAE"])
def test_refusals(caller: Caller, said: str) -> None:
    got = ask(caller, said).body
    assert (got["content"], got["stop_reason"]) == ([], "refusal")
    assert got["stop_details"]["type"] == "refusal"
    found = events(ask(caller, said, stream=True))
    assert [event["type"] for event in found] == ["message_start", "message_delta", "message_stop"]


def test_filtered_answer_keeps_its_beginning(caller: Caller) -> None:
    got = ask(caller, "filter your answer").body
    assert got["stop_reason"] == "refusal"
    assert got["content"][0]["text"] == "I was about to say something"


def test_scripted_replies(caller: Caller, endpoint: Emulator) -> None:
    endpoint.reply(Reply("Searching", finish_reason="pause_turn"))
    endpoint.reply(Reply(tool_calls=[ToolCall("f", '{"text": "Call me', id="toolu_x")], finish_reason="length"))
    endpoint.reply({"body": {"anything": 1}, "status": 418})
    endpoint.reply(Reply("Cut here", finish_reason="stop", choices=[Reply("Cut here", finish_reason="stop")]))
    assert ask(caller, "x").body["stop_reason"] == "pause_turn"
    found = events(ask(caller, "x", stream=True))
    pieces = [event["delta"].get("partial_json", "") for event in found if event["type"] == "content_block_delta"]
    assert "".join(pieces) == '{"text": "Call me'
    assert (found[-2]["delta"]["stop_reason"], found[1]["content_block"]["id"]) == ("max_tokens", "toolu_x")
    got = ask(caller, "x")
    assert (got.status, got.body) == (418, {"anything": 1})
    assert ask(caller, "x").body["stop_reason"] == "end_turn"


def test_reply_without_its_stop_sequence(caller: Caller, endpoint: Emulator) -> None:
    endpoint.reply(Reply("a b c d", finish_reason="stop"))
    assert ask(caller, "x", max_tokens=1).body["stop_reason"] == "end_turn"


# ---------------------------------------------------------------- thinking


def thoughts(got: Any) -> list[dict[str, Any]]:
    return [block for block in got["content"] if "thinking" in block["type"]]


@pytest.mark.parametrize(
    ("name", "members", "shown"),
    [
        ("claude-opus-4-6", {}, None),
        ("claude-opus-4-6", {"thinking": {"type": "adaptive"}}, True),
        ("claude-opus-4-6", {"thinking": {"type": "adaptive", "display": "omitted"}}, False),
        ("claude-sonnet-4-5", {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}, True),
        ("claude-opus-4-8", {"thinking": {"type": "adaptive"}}, False),
        ("claude-sonnet-5", {}, False),
        ("claude-sonnet-5", {"thinking": {"type": "disabled"}}, None),
        ("claude-opus-5-5", {"thinking": {"type": "adaptive", "display": "summarized"}}, True),
        ("my-claude", {}, None),
    ],
)
def test_thinking_by_model_and_display(caller: Caller, name: str, members: Any, shown: bool | None) -> None:
    found = thoughts(ask(caller, "Hello", model=name, **members).body)
    assert len(found) == (shown is not None)
    assert all(bool(block["thinking"]) is shown and block["signature"] for block in found)


def conversation(caller: Caller, name: str = "claude-opus-4-6", say: str = "") -> tuple[dict[str, Any], list[Any]]:
    """Return a question, and an answer with thinking and a tool call, to continue."""
    question = user(f"What is the weather in Oslo? {say}")
    options = {"thinking": {"type": "adaptive", "display": "summarized"}, "tools": [WEATHER]}
    answer = ask(caller, question, model=name, **options).body
    call = answer["content"][-1]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "mild"}
    return {"model": name, **options}, [question, model(*answer["content"]), user(result)]


def test_thinking_is_sent_back(caller: Caller) -> None:
    options, turns = conversation(caller)
    got = ask(caller, *turns, **options)
    assert got.status == 200
    turns += [model(*got.body["content"]), user("Thanks")]
    assert ask(caller, *turns, **options).status == 200


def test_redacted_thinking_is_sent_back(caller: Caller) -> None:
    options, turns = conversation(caller, say="ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9")
    assert [block["type"] for block in turns[1]["content"]][:2] == ["thinking", "redacted_thinking"]
    assert ask(caller, *turns, **options).status == 200
    found = events(ask(caller, turns[0], stream=True, **options))
    starts = [event["content_block"] for event in found if event["type"] == "content_block_start"]
    assert starts[1] == turns[1]["content"][1]


MODIFIED = (
    "messages.1.content.{}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be "
    "modified. These blocks must remain as they were in the original response."
)


def edited(blocks: list[Any]) -> list[Any]:
    return [{**blocks[0], "thinking": "Something else."}, *blocks[1:]]


def swapped(blocks: list[Any]) -> list[Any]:
    return [blocks[1], blocks[0], *blocks[2:]]


def forged(blocks: list[Any]) -> list[Any]:
    return [{**blocks[0], "signature": "no base64"}, *blocks[1:]]


@pytest.mark.parametrize(
    "change", [edited, swapped, forged, lambda blocks: blocks[1:], lambda blocks: [blocks[0], *blocks[2:]]]
)
def test_changed_thinking_is_refused(caller: Caller, change: Any) -> None:
    options, turns = conversation(caller, say="ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9")
    turns[1]["content"] = change(turns[1]["content"])
    assert refusal(ask(caller, *turns, **options)) == MODIFIED.format(0)


def test_changed_older_thinking_is_refused(caller: Caller) -> None:
    options, turns = conversation(caller)
    turns[1]["content"] = edited(turns[1]["content"])
    turns += [model("Mild."), user("Thanks")]
    assert refusal(ask(caller, *turns, **options)) == "messages.1.content.0: Invalid `signature` in `thinking` block"


def test_thinking_may_be_omitted_except_in_manual_mode(caller: Caller) -> None:
    options, turns = conversation(caller)
    manual = {**options, "thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
    assert ask(caller, *turns, **manual).status == 200
    turns[1]["content"] = turns[1]["content"][1:]
    assert ask(caller, *turns, **options).status == 200
    options = manual
    assert refusal(ask(caller, *turns, **options)).startswith(
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking`"
    )


def test_thinking_needs_its_signature(caller: Caller) -> None:
    options, turns = conversation(caller)
    del turns[1]["content"][0]["signature"]
    assert refusal(ask(caller, *turns, **options)) == "messages.1.content.0.signature: Field required"


def test_newer_models_bind_thinking_to_its_conversation(caller: Caller) -> None:
    options, turns = conversation(caller, "claude-fable-5-1")
    assert ask(caller, *turns, **options).status == 200
    marked = {"type": "text", "text": turns[0]["content"], "cache_control": {"type": "ephemeral"}}
    assert ask(caller, user(marked), *turns[1:], **options).status == 400  # another shape counts as another prefix here
    moved = ask(caller, *turns, system="Be brief.", **options)
    assert "The block is bound to a different conversation." in refusal(moved)
    options["thinking"] = {**options["thinking"], "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    beta = {"anthropic-beta": "thinking-binding-controls-2026-08-01"}
    assert ask(caller, *turns, system="Be brief.", headers=beta, **options).status == 200
    without = ask(caller, *turns, system="Be brief.", **options)
    assert refusal(without) == "thinking.adaptive.block_binding: Extra inputs are not permitted"


def test_older_models_do_not_bind_thinking(caller: Caller) -> None:
    options, turns = conversation(caller)
    assert ask(caller, *turns, system="Be brief.", **options).status == 200


# ---------------------------------------------------------------- refusals

TEXT = {"type": "text", "text": "x"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}
REFUSED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "no limit": (["x"], {"max_tokens": "-"}, "max_tokens: Field required"),
    "no messages": (["x"], {"messages": "-"}, "messages: Field required"),
    "no turns": ([], {}, "messages: Input should be valid: expected at least 1 item(s), but got 0"),
    "a limit too high": (
        ["x"],
        {"model": "claude-haiku-4-5", "max_tokens": 70000},
        "max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5",
    ),
    "unknown member": (["x"], {"response_format": {}}, "response_format: Extra inputs are not permitted"),
    "unknown member of a block": (
        [user({**TEXT, "index": 1})],
        {},
        "messages.0.content.0.text.index: Extra inputs are not permitted",
    ),
    "unknown member of instructions": (
        ["x"],
        {"system": [{**TEXT, "foo": 1}]},
        "system.0.text.foo: Extra inputs are not permitted",
    ),
    "a type": (["x"], {"stop_sequences": "x"}, "stop_sequences: Input should be a valid list"),
    "another type": (["x"], {"temperature": "x"}, "temperature: Input should be a valid number"),
    "a role": ([{"role": "system", "content": "x"}], {}, "messages.0.role: Input should be 'user' or 'assistant'"),
    "a kind of block": (
        [user({"type": "image_url", "image_url": {"url": "x"}})],
        {},
        "messages.0.content.0.type: Input should be ",
    ),
    "an answer to go on with": (
        ["x", model("y")],
        {},
        "This model does not support assistant message prefill. The conversation must end with a user message.",
    ),
    "white space at its end": (
        ["x", model("y ")],
        {"model": "claude-opus-4-5"},
        "messages: final assistant content cannot end with trailing whitespace",
    ),
    "sampling": (["x"], {"model": "claude-opus-4-7", "top_p": 1}, "`top_p` is deprecated for this model."),
    "sampling twice": (
        ["x"],
        {"temperature": 1, "top_p": 1},
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    ),
    "forced tools": (
        ["x"],
        {"model": "claude-sonnet-5-5", "tools": [WEATHER], "tool_choice": {"type": "any"}},
        'tool_choice: type "tool" and "any" are not supported for this model.',
    ),
    "forced tools and thinking": (
        ["x"],
        {
            "tools": [WEATHER],
            "tool_choice": {"type": "any"},
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "max_tokens": 2000,
        },
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    "manual thinking": (
        ["x"],
        {"model": "claude-opus-5-5", "thinking": {"type": "enabled", "budget_tokens": 1024}},
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
        '"output_config.effort" to control thinking behavior.',
    ),
    "no thinking": (
        ["x"],
        {"model": "claude-opus-5-5", "thinking": {"type": "disabled"}},
        '"thinking.type.disabled" is not supported for this model.',
    ),
    "adaptive thinking": (
        ["x"],
        {"model": "claude-sonnet-4-5", "thinking": {"type": "adaptive"}},
        "adaptive thinking is not supported on this model",
    ),
    "a budget above the limit": (
        ["x"],
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
    ),
    "effort": (
        ["x"],
        {"model": "claude-haiku-4-5", "output_config": {"effort": "low"}},
        "output_config.effort: 'low' is not supported on this model",
    ),
    "calls without results": (
        ["x", model(CALL), "y"],
        {},
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each",
    ),
    "calls at the end": (
        ["x", model(CALL)],
        {"model": "claude-opus-4-5"},
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each",
    ),
    "results without calls": (
        [user(TEXT, RESULT)],
        {},
        "messages.0.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. Each `tool_result`",
    ),
    "empty text": (["x", model(""), "y"], {}, "messages: text content blocks must be non-empty"),
    "white space": (
        [user({**TEXT, "text": " "})],
        {},
        "messages: text content blocks must contain non-whitespace text",
    ),
    "empty text in a result": (
        ["x", model(CALL), user({**RESULT, "content": [{**TEXT, "text": ""}]})],
        {},
        "messages: text content blocks must be non-empty",
    ),
    "empty turn": (
        [{"role": "user", "content": []}, "x"],
        {},
        "messages.0: all messages must have non-empty content except for the optional final assistant message",
    ),
    "an id": (
        ["x", model({**CALL, "id": "call:1"}), "y"],
        {},
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    "a tool's name": (
        ["x"],
        {"tools": [{**WEATHER, "name": "get.weather"}]},
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    "a tool's schema": (
        ["x"],
        {"tools": [{**WEATHER, "input_schema": {"anyOf": []}}]},
        "tools.0.custom.input_schema.type: Field required",
    ),
    "a tool's member": (
        ["x"],
        {"tools": [{**WEATHER, "parameters": {}}]},
        "tools.0.custom.parameters: Extra inputs are not permitted",
    ),
    "a choice without tools": (
        ["x"],
        {"tool_choice": {"type": "auto"}},
        "tool_choice: may only be specified while providing tools",
    ),
    "a choice of no tool": (
        ["x"],
        {"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "f"}},
        "Tool 'f' not found in provided tools",
    ),
    "an image of another type": (
        [user({"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": PNG}})],
        {},
        "messages.0.content.0.image.source.base64.data: The image was specified using the image/jpeg media type, but "
        "the image appears to be a image/png image",
    ),
    "an image that is none": (
        [user({"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "?!"}})],
        {},
        "messages.0.content.0.image.source.base64.data: Invalid base64 data",
    ),
    "bounds in a schema": (
        ["x"],
        {
            "output_config": {
                "format": {
                    "type": "json_schema",
                    "schema": {**PERSON, "properties": {"age": {"type": "integer", "minimum": 0}}},
                }
            }
        },
        "output_config.format.schema: For 'integer' type, property 'minimum' is not supported",
    ),
    "an open object in a schema": (
        ["x"],
        {"output_config": {"format": {"type": "json_schema", "schema": {"anyOf": [{"type": "object"}]}}}},
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ),
}


@pytest.mark.parametrize(("turns", "members", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_requests(caller: Caller, path: str, turns: list[Any], members: dict[str, Any], message: str) -> None:
    assert refusal(ask(caller, *turns, path=path, **members)).startswith(message)


def test_version_header_is_required(caller: Caller) -> None:
    body = {"model": "claude-opus-4-6", "max_tokens": 10, "messages": [user("x")]}
    assert refusal(caller.post(FOUNDRY, body)) == "anthropic-version: header is required"


def test_later_version_refuses_sampling_options(caller: Caller) -> None:
    got = ask(caller, "x", temperature=1, headers={"anthropic-version": "2026-10-21"})
    assert refusal(got) == "`temperature` is deprecated for this model."


def test_foundrys_gateway_refuses_as_azure_does(caller: Caller) -> None:
    wrong = ask(caller, "x", headers={"x-api-key": "wrong"})
    assert (wrong.status, wrong.body["error"]["code"]) == (401, "401")
    missing = ask(caller, "x", path="/anthropic/v1/v1/messages")
    message = "Requested API is currently not supported"
    assert (missing.status, missing.body) == (
        404,
        {"error": {"code": "api_not_supported", "message": message, "details": message}},
    )
    assert ask(caller, "x", path="/anthropic/messages").status == 404


def test_anthropic_error_format(caller: Caller) -> None:
    wrong = ask(caller, "x", path=LOCAL, headers={"x-api-key": "wrong"})
    assert (wrong.status, wrong.body["error"]["type"]) == (401, "authentication_error")
    assert caller.send("GET", LOCAL).body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "authorization"])
def test_credentials(caller: Caller, endpoint: Emulator, header: str) -> None:
    prefix = "Bearer " if header == "authorization" else ""
    body = {"model": "claude-opus-4-6", "max_tokens": 10, "messages": [user("x")]}
    assert caller.post(FOUNDRY, body, {**VERSION, header: prefix + endpoint.key}, key=False).status == 200
    token = endpoint.token("https://ai.azure.com/.default")
    assert caller.post(FOUNDRY, body, {**VERSION, "authorization": f"Bearer {token}"}, key=False).status == 200


def test_tokens_are_counted(caller: Caller, path: str) -> None:
    got = ask(caller, "Hello", path=f"{path}/count_tokens", max_tokens="-")
    assert got.body == {"input_tokens": ask(caller, "Hello", path=path).body["usage"]["input_tokens"]}
    assert refusal(ask(caller, path=f"{path}/count_tokens")).startswith("messages: ")


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [("529", 529, "overloaded_error"), ("500", 500, "api_error"), ("504", 504, "timeout_error")],
)
def test_failures(caller: Caller, endpoint: Emulator, fault: str, status: int, kind: str) -> None:
    endpoint.fault(fault)
    got = ask(caller, "x")
    assert (got.status, got.body["error"]["type"]) == (status, kind)


def test_limits(caller: Caller, endpoint: Emulator) -> None:
    endpoint.fault("429:times=2,wait=3")
    foundry, own = ask(caller, "x"), ask(caller, "x", path=LOCAL)
    assert foundry.body["error"]["code"] == "RateLimitReached"
    assert own.body["error"]["type"] == "rate_limit_error"
    assert foundry.headers["retry-after"] == own.headers["retry-after"] == "3"


def test_error_in_the_middle_of_a_stream(caller: Caller, endpoint: Emulator) -> None:
    endpoint.fault(Fault("error", events=4))
    found = events(ask(caller, "Hello", stream=True))
    assert found[-1] == {
        "type": "error",
        "error": {"details": None, "type": "overloaded_error", "message": "Overloaded"},
    }
    assert [event["type"] for event in found[:-1]][-1] == "content_block_delta"


def test_quotas() -> None:
    with Emulator(tokens_per_minute=10) as endpoint:
        caller = Caller(endpoint)
        assert ask(caller, "Hello").status == 200
        assert ask(caller, "Hello").status == 429


def test_names_of_models() -> None:
    assert is_claude("Claude-Opus-5")
    assert not is_claude("gpt-4o")
    assert find_claude("claude-sonnet-4-20250514") == find_claude("anything")
    assert find_claude("claude-opus-5-5").forced_tools is False
    assert find_claude("claude-opus-5-20260101").forced_tools is True
