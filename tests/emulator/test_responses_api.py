"""The Responses API of the emulator: answers, refusals, and models that refuse chat."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Fault, Reply, ToolCall
from azure.ai.inference.emulator._encrypted_reasoning import encrypt, is_of_item, is_of_model
from azure.ai.inference.emulator._stored_answers import StoredAnswers

from .conftest import Caller, Got

AZURE = "/openai/v1/responses"
OPENAI = "/v1/responses"
PROJECT = "/api/projects/mine/openai/v1/responses"
CLASSIC = "/openai/responses?api-version=2025-04-01-preview"
ENCRYPTED = "reasoning.encrypted_content"
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["C"]}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {"type": "function", "name": "get_weather", "description": "Weather of a city", "parameters": CITY}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def _fresh(endpoint: Emulator) -> Iterator[None]:
    yield
    endpoint.reset()


def ask(caller: Caller, *given: Any, path: str = AZURE, **members: Any) -> Got:
    items = [{"type": "message", "role": "user", "content": item} if isinstance(item, str) else item for item in given]
    body = {"model": "gpt-5-codex", "input": items, **members}
    return caller.post(path, {name: value for name, value in body.items() if value != "-"})


def refusal(got: Got, status: int = 400) -> tuple[str, Any, Any]:
    assert got.status == status, got.body
    error = got.body["error"]
    return error["message"], error.get("param"), error["code"]


def events(got: Got) -> list[dict[str, Any]]:
    *framed, rest = got.raw.decode().split("\n\n")
    assert rest == ""
    found = []
    for event in framed:
        name, data = event.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


@pytest.mark.parametrize("path", [AZURE, OPENAI, PROJECT, CLASSIC])
def test_plain(caller: Caller, path: str) -> None:
    got = ask(caller, "Hello", path=path, instructions="Be kind", metadata={"a": "b"}).body
    [reasoning, message] = got["output"]
    assert reasoning == {"id": f"rs_{got['id'][5:]}", "type": "reasoning", "summary": []}
    assert message["content"][0]["text"] == "Hello! How can I help you today?"
    assert (got["status"], got["error"], got["instructions"], got["store"]) == ("completed", None, "Be kind", True)
    assert got["metadata"] == {"a": "b"}
    assert got["usage"]["total_tokens"] == got["usage"]["input_tokens"] + got["usage"]["output_tokens"]
    assert ("content_filters" in got) is (path != OPENAI)
    assert got == ask(caller, "Hello", path=path, instructions="Be kind", metadata={"a": "b"}).body


def test_text_input_is_a_user_message(caller: Caller) -> None:
    assert caller.post(AZURE, {"model": "gpt-4o", "input": "Hello"}).body["output"][0]["role"] == "assistant"


@pytest.mark.parametrize("path", [AZURE, OPENAI])
@pytest.mark.parametrize(
    "members",
    [
        {},
        {"reasoning": {"summary": "auto"}},
        {"model": "gpt-5.4"},
        {"model": "gpt-4o", "include": ["message.output_text.logprobs"], "top_logprobs": 1},
        {"tools": [WEATHER], "include": [ENCRYPTED]},
    ],
)
def test_stream_equals_the_plain_answer(caller: Caller, path: str, members: Any) -> None:
    question = "What is the weather in Paris and in Oslo?"
    whole = ask(caller, question, path=path, **members).body
    found = events(ask(caller, question, path=path, stream=True, **members))
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert [event["type"] for event in found[:2]] == ["response.created", "response.in_progress"]
    assert found[0]["response"]["output"] == []
    assert found[-1]["type"] == "response.completed"
    assert found[-1]["response"] == whole
    items = [event["item"] for event in found if event["type"] == "response.output_item.done"]
    plain = [{name: value for name, value in item.items() if name != "encrypted_content"} for item in whole["output"]]
    assert items == plain
    for index, item in enumerate(whole["output"]):
        own = [event for event in found if event.get("output_index") == index]
        text = "".join(event["delta"] for event in own if event["type"].endswith(".delta"))
        if item["type"] == "function_call":
            assert text == item["arguments"]
        elif item["type"] == "message":
            assert text == item["content"][0]["text"]
            logprobs = [one for event in own if event["type"].endswith("text.delta") for one in event["logprobs"]]
            assert logprobs == item["content"][0]["logprobs"]
        else:
            assert text == "".join(part["text"] for part in item["summary"])
    assert any("obfuscation" in event for event in found) is (path == AZURE)


def test_tools_are_called_and_their_results_read(caller: Caller) -> None:
    first = ask(caller, "The weather in Oslo?", tools=[WEATHER], include=[ENCRYPTED]).body["output"]
    call = first[-1]
    assert (call["type"], call["name"], json.loads(call["arguments"])) == (
        "function_call", "get_weather", {"city": "Oslo", "unit": "C"}
    )  # fmt: skip
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "mild"}
    second = ask(caller, "The weather in Oslo?", *first, output, tools=[WEATHER]).body["output"]
    assert second[-1]["content"][0]["text"] == "get_weather says: mild."


def test_tools_are_strict_by_default(caller: Caller) -> None:
    for strict in ({}, {"strict": True}):
        [tool] = ask(caller, "Hello", tools=[{**WEATHER, **strict}]).body["tools"]
        assert (tool["strict"], tool["parameters"]["required"]) == (True, ["city", "unit"])
    lax = {**WEATHER, "strict": False}
    assert ask(caller, "Hello", tools=[lax]).body["tools"] == [lax]
    bare = {"type": "function", "name": "f"}
    assert ask(caller, "Hello", tools=[bare]).body["tools"][0]["parameters"]["required"] == []


@pytest.mark.parametrize(
    ("members", "calls"),
    [
        ({}, 2),
        ({"parallel_tool_calls": False}, 1),
        ({"tool_choice": "none"}, 0),
        ({"tool_choice": "required"}, 2),
        ({"tool_choice": {"type": "function", "name": "get_weather"}}, 1),
        ({"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}}, 0),
        ({"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [WEATHER]}}, 2),
        ({"tools": [{"type": "web_search"}]}, 0),
    ],
)
def test_tool_choices(caller: Caller, members: Any, calls: int) -> None:
    got = ask(caller, "The weather in Paris and in Oslo?", **{"tools": [WEATHER], **members}).body
    assert sum(item["type"] == "function_call" for item in got["output"]) == calls


def test_structured_output(caller: Caller) -> None:
    text = {"format": {"type": "json_schema", "name": "person", "schema": PERSON, "strict": True}}
    got = ask(caller, "Ask Ada, 36", text=text).body
    assert json.loads(got["output"][-1]["content"][0]["text"]) == {"name": "Ada", "age": 36}
    plain = ask(caller, "Answer in JSON", text={"format": {"type": "json_object"}}).body
    assert json.loads(plain["output"][-1]["content"][0]["text"])


def test_media_history_and_custom_tools_reach_the_model(caller: Caller) -> None:
    image = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"}
    look = {"role": "user", "content": [image, {"type": "input_text", "text": "Look"}]}
    assert "1 image" in ask(caller, look).body["output"][-1]["content"][0]["text"]
    answer = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello Ada"}]}
    got = ask(caller, "My name is Ada", answer, "What is my name?").body
    assert got["output"][-1]["content"][0]["text"] == "Your name is Ada."
    call = {"type": "custom_tool_call", "call_id": "c1", "name": "run", "input": "ls"}
    output = {"type": "custom_tool_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "a.txt"}]}
    assert ask(caller, "Run ls", call, output).body["output"][-1]["content"][0]["text"] == "run says: a.txt."


@pytest.mark.parametrize(
    ("said", "members", "reason", "text"),
    [
        ("count to 30", {"max_output_tokens": 16}, "max_output_tokens", " ".join(map(str, range(1, 17)))),
        ("filter your answer", {}, "content_filter", "I was about to say something"),
    ],
)
def test_incomplete_answers(caller: Caller, said: str, members: Any, reason: str, text: str) -> None:
    got = ask(caller, said, **members).body
    assert (got["status"], got["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert (got["output"][-1]["status"], got["output"][-1]["content"][0]["text"]) == ("incomplete", text)
    assert events(ask(caller, said, stream=True, **members))[-1]["type"] == "response.incomplete"


def test_harmful_prompts(caller: Caller) -> None:
    got = ask(caller, "trigger the content filter")
    assert refusal(got)[2] == "content_filter"
    [created, failed, error] = events(ask(caller, "trigger the content filter", stream=True))
    assert (created["type"], failed["type"]) == ("response.created", "response.failed")
    assert (failed["response"]["error"], error["error"]["code"]) == (None, "content_policy_violation")


def test_scripted_replies(caller: Caller, endpoint: Emulator) -> None:
    endpoint.reply(Reply(refusal="I can't help with that."))
    endpoint.reply(Reply(tool_calls=[ToolCall("f", '{"a": ', id="call_x")]))
    endpoint.reply({"body": {"anything": 1}, "status": 418})
    found = events(ask(caller, "x", stream=True))
    assert "".join(event["delta"] for event in found if event["type"] == "response.refusal.delta").startswith("I can't")
    [call] = ask(caller, "x").body["output"]
    assert (call["arguments"], call["call_id"]) == ('{"a": ', "call_x")
    assert ask(caller, "x").status == 418


def test_phases(caller: Caller) -> None:
    assert ask(caller, "x", model="gpt-5.4").body["output"][-1]["phase"] == "final_answer"
    assert "phase" not in ask(caller, "x", model="gpt-5").body["output"][-1]


# ---------------------------------------------------------------- reasoning that goes back


def answered(caller: Caller, model: str = "gpt-5-codex", question: str = "Hello") -> list[Any]:
    items = ask(caller, question, model=model, include=[ENCRYPTED]).body["output"]
    assert [item["type"] for item in items] == ["reasoning", "message"]
    return items


def test_reasoning_is_sent_back(caller: Caller) -> None:
    items = answered(caller)
    assert ask(caller, "Hello", *items, "Thanks").status == 200
    plain = {"type": "message", "role": "assistant", "content": "Hello!"}
    assert ask(caller, "Hello", items[0], plain, "Thanks").status == 200


def other_id(items: list[Any]) -> list[Any]:
    return [{**items[0], "id": "rs_other"}, {**items[1], "id": "msg_other"}]


CHANGES: dict[str, tuple[Any, str]] = {
    "no content": (
        lambda items: [{**items[0], "encrypted_content": None}, items[1]],
        "not found. Items are not persisted when `store` is set to false.",
    ),
    "no id": (
        lambda items: [{**items[0], "id": None}, items[1]],
        "The provided data does not match the expected schema",
    ),
    "no summary": (
        lambda items: [{**items[0], "summary": None}, items[1]],
        "The provided data does not match the expected schema",
    ),
    "another id": (other_id, "item_id mismatch"),
    "another content": (
        lambda items: [{**items[0], "encrypted_content": "gAAAAABqT2=="}, items[1]],
        "The encrypted content gAAA... could not be verified.",
    ),
    "no text": (
        lambda items: [{**items[0], "encrypted_content": "\u00e4"}, items[1]],
        "could not be verified.",
    ),
    "a status": (
        lambda items: [{**items[0], "status": "completed"}, items[1]],
        "Unknown parameter: 'input[1].status'.",
    ),
    "thoughts": (
        lambda items: [{**items[0], "content": [{}]}, items[1]],
        "Invalid 'input[1].content': array too long. Expected an array with maximum length 0, but got an array with "
        "length 1 instead.",
    ),
    "a member of the project route": (
        lambda items: [{**items[0], "response_id": "r"}, items[1]],
        "Unknown parameter: 'input[1].response_id'.",
    ),
    "twice": (lambda items: [*items, *items], "Duplicate item found with id rs_"),
    "alone": (lambda items: items[:1], "was provided without its required following item."),
    "without it": (lambda items: items[1:], "was provided without its required 'reasoning' item: 'rs_"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_changed_reasoning_is_refused(caller: Caller, change: Any, message: str) -> None:
    got = ask(caller, "Hello", *change(answered(caller)), "Thanks")
    assert got.status in (400, 404)
    assert message in got.body["error"]["message"]


def test_reasoning_of_another_model_is_refused(caller: Caller) -> None:
    got = ask(caller, "Hello", *answered(caller, "gpt-5"), "Thanks")
    assert refusal(got)[2] == "invalid_encrypted_content"


def test_model_that_accepts_reasoning_of_one_answer_only(caller: Caller) -> None:
    items = answered(caller, "gpt-6-astra")
    assert ask(caller, "Hello", *items, "Thanks", model="gpt-6-astra").status == 200
    more = answered(caller, "gpt-6-astra", "Who are you?")
    got = ask(caller, "Hello", *items, "Thanks", *more, "x", model="gpt-6-astra")
    assert refusal(got) == ("Conflicting authenticated continuation identities.", "input", "invalid_value")


def test_encrypted_content() -> None:
    content = encrypt("rs_1", "m")
    assert content.startswith("gAAA")
    assert is_of_item(content, "rs_1")
    assert not is_of_item("?", "rs_1")
    assert is_of_model(content, "m")
    assert not is_of_model(content, "n")


# ---------------------------------------------------------------- stored answers


def test_previous_response_id(caller: Caller, endpoint: Emulator) -> None:
    first = ask(caller, "My name is Ada").body
    second = ask(caller, "What is my name?", previous_response_id=first["id"]).body
    assert second["output"][-1]["content"][0]["text"] == "Your name is Ada."
    assert second["previous_response_id"] == first["id"]
    third = ask(caller, "How many messages?", previous_response_id=second["id"], instructions="Be brief").body
    assert third["output"][-1]["content"][0]["text"] == "You have sent 3 messages so far."
    endpoint.reset()
    assert refusal(ask(caller, "x", previous_response_id=first["id"]))[2] == "previous_response_not_found"


def test_tool_results_match_calls_of_a_stored_answer(caller: Caller) -> None:
    first = ask(caller, "The weather in Oslo?", tools=[WEATHER]).body
    output = {"type": "function_call_output", "call_id": first["output"][-1]["call_id"], "output": "mild"}
    second = ask(caller, output, previous_response_id=first["id"], tools=[WEATHER]).body
    assert second["output"][-1]["content"][0]["text"] == "get_weather says: mild."
    assert "No tool output found" in refusal(ask(caller, "x", previous_response_id=first["id"]))[0]


def test_store_false(caller: Caller) -> None:
    first = ask(caller, "Hello", store=False).body
    assert refusal(ask(caller, "x", previous_response_id=first["id"]))[1] == "previous_response_id"


def test_only_the_newest_answers_are_stored() -> None:
    stored = StoredAnswers(most=1)
    for name in ("a", "b"):
        stored.keep({"input": [name]}, {"object": "response", "id": name, "output": []})
    assert stored.find("a") is None
    assert stored.get("b").conversation == ["b"]


# ---------------------------------------------------------------- refusals

CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "x"}
REFUSED: dict[str, tuple[list[Any], dict[str, Any], str, Any]] = {
    "S6": (
        ["x"],
        {"messages": []},
        "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again with "
        "the new parameter.",
        "messages",
    ),
    "no input": (["x"], {"input": "-"}, "Missing required parameter: 'input'.", "input"),
    "stop": (["x"], {"stop": "a"}, "Unknown parameter: 'stop'. Did you mean 'store'?", "stop"),
    "penalties": (["x"], {"presence_penalty": 1}, "Unknown parameter: 'presence_penalty'.", "presence_penalty"),
    "usage of streams": (
        ["x"],
        {"stream_options": {"include_usage": True}},
        "Unknown parameter: 'stream_options.include_usage'.",
        "stream_options.include_usage",
    ),
    "a limit too low": (
        ["x"],
        {"max_output_tokens": 10},
        "Invalid 'max_output_tokens': expected a value >= 16, but got 10 instead.",
        "max_output_tokens",
    ),
    "a tool in chat form": (
        ["x"],
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "Missing required parameter: 'tools[0].name'.",
        "tools[0].name",
    ),
    "a tool that cannot be strict": (
        ["x"],
        {"tools": [{**WEATHER, "parameters": {"type": "object"}, "strict": True}]},
        "Invalid schema for function 'get_weather': In context=(), 'additionalProperties' is required to be supplied",
        "tools[0].parameters",
    ),
    "a tool's member": (
        ["x"],
        {"tools": [{**WEATHER, "foo": 1}]},
        "Unknown parameter: 'tools[0].foo'.",
        "tools[0].foo",
    ),
    "a tool's name": (
        ["x"],
        {"tools": [{**WEATHER, "name": "a b"}]},
        "Invalid 'tools[0].name': string does not",
        "tools[0].name",
    ),
    "a choice in chat form": (
        ["x"],
        {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        "Unknown parameter: 'tool_choice.function'.",
        "tool_choice.function",
    ),
    "a choice of no tool": (
        ["x"],
        {"tools": [WEATHER], "tool_choice": {"type": "function", "name": "f"}},
        "Tool choice 'function' not found in 'tools' parameter: f.",
        "tool_choice",
    ),
    "a choice without tools": (
        ["x"],
        {"tool_choice": "required"},
        "Tool choice 'required' must be specified with 'tools' parameter.",
        "tool_choice",
    ),
    "sampling": (
        ["x"],
        {"temperature": 0.5},
        "Unsupported parameter: 'temperature' is not supported with this model.",
        "temperature",
    ),
    "log probabilities": (
        ["x"],
        {"include": ["message.output_text.logprobs"]},
        "Unsupported parameter: 'top_logprobs' is not supported with this model.",
        "top_logprobs",
    ),
    "an effort": (
        ["x"],
        {"reasoning": {"effort": "minimal"}},
        "Unsupported value: 'minimal' is not supported with the 'gpt-5-codex' model. Supported values are: 'low', "
        "'medium', 'high', 'xhigh'.",
        "reasoning.effort",
    ),
    "another effort": (
        ["x"],
        {"model": "gpt-5-pro", "reasoning": {"effort": "low"}},
        "Unsupported value: 'low' is not supported with the 'gpt-5-pro' model. Supported values are: 'high'.",
        "reasoning.effort",
    ),
    "a summary": (
        ["x"],
        {"model": "gpt-5", "reasoning": {"summary": "concise"}},
        "Unsupported value: 'concise' is not supported with the 'gpt-5' model.",
        "reasoning.summary",
    ),
    "encryption without reasoning": (
        ["x"],
        {"model": "gpt-4.1", "include": [ENCRYPTED]},
        "Encrypted content is not supported with this model.",
        "include",
    ),
    "JSON that nobody asked for": (
        ["x"],
        {"text": {"format": {"type": "json_object"}}},
        "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
        "input",
    ),
    "an answer that is not kept": (
        ["x"],
        {"previous_response_id": "resp_1"},
        "Previous response with id 'resp_1' not found.",
        "previous_response_id",
    ),
    "an item without type": (
        [{"content": "x"}],
        {},
        "Invalid value: ''. Supported values are: 'message', ",
        "input[0]",
    ),
    "an item of no type": ([{"type": "tool"}], {}, "Invalid value: 'tool'. Supported values are: ", "input[0]"),
    "a name": (
        [{"role": "user", "content": "x", "name": "Ada"}],
        {},
        "Unknown parameter: 'input[0].name'.",
        "input[0].name",
    ),
    "no content": ([{"role": "user"}], {}, "Missing required parameter: 'input[0].content'.", "input[0].content"),
    "a content of no type": (
        [{"role": "user", "content": 5}],
        {},
        "Invalid type for 'input[0].content': expected one of an array of objects or string.",
        "input[0].content",
    ),
    "a role": (
        [{"role": "tool", "content": "x"}],
        {},
        "Invalid value: 'tool'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
        "input[0].role",
    ),
    "an answer's text as the user's": (
        [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}],
        {},
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
        "input[0].content[0]",
    ),
    "audio": (
        [{"role": "user", "content": [{"type": "input_audio"}]}],
        {},
        "Invalid value: 'input_audio'. Supported values are: 'input_text', 'input_image', 'input_file'.",
        "input[0].content[0]",
    ),
    "a call's id in chat form": (
        [{**CALL, "id": "call_1"}, OUTPUT],
        {},
        "Invalid 'input[0].id': 'call_1'. Expected an ID that begins with 'fc'.",
        "input[0].id",
    ),
    "arguments that are no text": (
        [{**CALL, "arguments": {}}, OUTPUT],
        {},
        "Invalid type for 'input[0].arguments': expected a string, but got dict instead.",
        "input[0].arguments",
    ),
    "an id too long": (
        [{**CALL, "call_id": "x" * 65}, OUTPUT],
        {},
        "Invalid 'input[0].call_id': string too long. Expected a string with maximum length 64, but got a string with "
        "length 65 instead.",
        "input[0].call_id",
    ),
    "a call without output": (["x", CALL], {}, "No tool output found for function call call_1.", "input"),
    "an output without call": (
        ["x", OUTPUT],
        {},
        "No tool call found for function call output with call_id call_1.",
        "input",
    ),
}


@pytest.mark.parametrize("path", [AZURE, OPENAI])
@pytest.mark.parametrize(("items", "members", "message", "param"), REFUSED.values(), ids=REFUSED)
def test_refused_requests(
    caller: Caller, path: str, items: list[Any], members: dict[str, Any], message: str, param: Any
) -> None:
    found, at, _ = refusal(ask(caller, *items, path=path, **members))
    assert found.startswith(message)
    assert at == param


def test_unknown_references(caller: Caller) -> None:
    message, _, _ = refusal(ask(caller, {"type": "item_reference", "id": "rs_1"}), 404)
    assert message.startswith("Item with id 'rs_1' not found.")


def test_hosted_items_are_accepted(caller: Caller) -> None:
    assert ask(caller, "x", {"type": "web_search_call", "anything": 1}, "y").status == 200


@pytest.mark.parametrize("model", ["Kimi-K2.5", "claude-opus-5"])
def test_unsupported_models(caller: Caller, model: str) -> None:
    assert refusal(ask(caller, "x", model=model))[0] == "This model is not supported by the Responses API"


def test_versions(caller: Caller) -> None:
    got = ask(caller, "x", path="/openai/responses?api-version=2024-10-21")
    assert "only for api-version 2025-03-01-preview and later" in refusal(got)[0]
    assert ask(caller, "x", path="/openai/responses").status == 400
    assert ask(caller, "x", path=f"{AZURE}?api-version=2025-04-01-preview").status == 400


# ---------------------------------------------------------------- models that refuse chat

S1 = "The chatCompletion operation does not work with the specified model, {}. Please choose different model and try"
S2 = "This model is only supported in v1/responses and not in v1/chat/completions."
S3 = "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use"
S5 = "The requested operation is unsupported."
CHAT: list[tuple[str, str, str, int, Any]] = [
    ("/openai/v1", "gpt-5-codex", S1, 400, "OperationNotSupported"),
    ("/openai/v1", "gpt-5.1-codex-max", S1, 400, "OperationNotSupported"),
    ("/openai/v1", "gpt-5.4-pro", S1, 400, "OperationNotSupported"),
    ("/api/projects/p/openai/v1", "o3-deep-research", S1, 400, "OperationNotSupported"),
    ("/models", "codex-mini", S1, 400, "OperationNotSupported"),
    ("/openai/v1", "computer-use-preview", S5, 400, None),
    ("/v1", "gpt-5-codex", S2, 404, None),
    ("/v1", "o1-pro", S3, 404, None),
    ("/openai/v1", "claude-opus-5-5", "Unknown model: claude-opus-5-5", 400, "unknown_model"),
    ("/models", "claude-opus-5-5", "Requested API is currently not supported", 404, "api_not_supported"),
]


@pytest.mark.parametrize(("base", "model", "message", "status", "code"), CHAT)
def test_models_that_refuse_chat(caller: Caller, base: str, model: str, message: str, status: int, code: Any) -> None:
    version = "?api-version=2024-05-01-preview" if base == "/models" else ""
    got = caller.chat("x", path=f"{base}/chat/completions{version}", model=model)
    found, _, said = refusal(got, status)
    assert found.startswith(message.format(model))
    assert said == code


def test_deployment_that_refuses_chat(caller: Caller) -> None:
    path = "/openai/deployments/gpt-5-codex/chat/completions?api-version=2024-10-21"
    assert refusal(caller.chat("x", path=path))[2] == "OperationNotSupported"


def test_responses_api_on_other_servers(caller: Caller) -> None:
    for model in ("gpt-4o", "gpt-5", "gpt-5.4", "gpt-6-astra", "o3", "my-deployment"):
        assert caller.chat("x", path="/openai/v1/chat/completions", model=model).status == 200
    assert caller.chat("x", path="/v1/chat/completions", model="claude-opus-5-5").status == 200
    assert caller.chat("x", model="gpt-5-codex").status == 200  # a serverless endpoint serves any model


USE_RESPONSES = "Please use /v1/responses instead."
OR_NONE = "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
TOOLS: list[tuple[str, Any, str]] = [
    ("gpt-5", None, ""),
    ("gpt-5.4", None, USE_RESPONSES),
    ("gpt-5.5", "low", USE_RESPONSES),
    ("gpt-5.4", "none", ""),
    ("gpt-5.6-sol", None, ""),
    ("gpt-5.6-sol", "low", OR_NONE),
    ("gpt-5.6-sol", "none", ""),
    ("gpt-6-sol", None, OR_NONE),
    ("gpt-6-luna", "none", ""),
    ("gpt-6-astra", "none", USE_RESPONSES),
    ("gpt-6.1-terra", None, USE_RESPONSES),
]


@pytest.mark.parametrize(("model", "effort", "advice"), TOOLS)
@pytest.mark.parametrize("path", ["/openai/v1/chat/completions", "/v1/chat/completions"])
def test_models_that_refuse_tools_in_chat(caller: Caller, path: str, model: str, effort: Any, advice: str) -> None:
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}]
    got = caller.chat("x", path=path, model=model, tools=tools, reasoning_effort=effort)
    assert (got.status == 200) is (not advice)
    if advice:
        message = (
            f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. {advice}"
        )
        assert refusal(got) == (message, "reasoning_effort", None)


# ---------------------------------------------------------------- faults


def test_azure_stream_failure(caller: Caller, endpoint: Emulator) -> None:
    endpoint.fault(Fault("error", events=3))
    found = events(ask(caller, "Hello", stream=True))
    assert [event["type"] for event in found[-2:]] == ["response.failed", "error"]
    assert found[-2]["response"]["error"] is None
    assert found[-2]["response"]["id"] == found[0]["response"]["id"]
    assert found[-1]["error"]["code"] == "rate_limit_exceeded"


def test_openai_stream_failure(caller: Caller, endpoint: Emulator) -> None:
    endpoint.fault(Fault("error", events=0, message="Sorry."))
    found = events(ask(caller, "Hello", path=OPENAI, stream=True))
    assert [event["type"] for event in found] == ["error", "response.failed"]
    assert found[1]["response"]["error"]["message"] == found[0]["error"]["message"] == "Sorry."


def test_faults_and_quotas(caller: Caller, endpoint: Emulator) -> None:
    endpoint.fault("429:wait=3")
    got = ask(caller, "x")
    assert (got.status, got.headers["retry-after"]) == (429, "3")
    endpoint.fault("500")
    assert refusal(ask(caller, "x"), 500)[0].startswith("The server had an error")
    with Emulator(tokens_per_minute=10) as limited:
        assert ask(Caller(limited), "Hello").status == 200
        assert ask(Caller(limited), "Hello").status == 429


def test_access(caller: Caller, endpoint: Emulator) -> None:
    body = {"model": "gpt-5-codex", "input": "x"}
    assert caller.post(AZURE, body, {"api-key": "wrong"}).status == 401
    token = endpoint.token("https://ai.azure.com/.default")
    assert caller.post(PROJECT, body, {"authorization": f"Bearer {token}"}, key=False).status == 200
    assert refusal(caller.post(AZURE, {"input": "x"}))[2] == "no_model_name"
