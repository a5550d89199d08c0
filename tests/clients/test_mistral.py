"""Everything that Mistral's own client for Azure can request, over sockets."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.core.serialization import NULL

from azure.ai.inference._json import to_json
from azure.ai.inference.emulator import Emulator, Reply
from azure.ai.inference.models import (
    AssistantMessage,
    AudioUrl,
    AudioUrlContentItem,
    ChatCompletionRequest,
    ChatCompletions,
    ChatCompletionsNamedToolChoice,
    ChatCompletionsNamedToolChoiceFunction,
    ChatCompletionsToolDefinition,
    ChatCompletionStreamRequest,
    ChatRequestMessage,
    DocumentUrlContentItem,
    FileContentItem,
    FunctionCall,
    FunctionDefinition,
    ImageContentItem,
    JsonSchemaFormat,
    ReferenceContentItem,
    SystemMessage,
    TextContentItem,
    ThinkingContentItem,
    ToolMessage,
    UserMessage,
)

from .conftest import KEY, World, settle

FORMAT = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
CHOICE = {"type": "function", "function": {"name": "f"}}

NULLABLE: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 500,
    "stop": "END",
    "random_seed": 7,
    "metadata": {"a": {"b": 1}},
    "tools": [TOOL],
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
    "min_tokens": 1,
    "repetition_penalty": 1.1,
    "top_k": 40,
    "logprobs": True,
    "top_logprobs": 2,
    "prompt_logprobs": True,
    "top_prompt_logprobs": 2,
    "n": 1,
    "reasoning_effort": "high",
    "prompt_mode": "reasoning",
    "guardrails": [{"block_on_error": True, "moderation_llm_v1": {"model_name": "m", "action": "block"}}],
}
"""Every member that may be null in mistralai 3.7's client for Azure."""
NOT_NULLABLE: dict[str, Any] = {
    "model": "mistral-large",
    "stream": False,
    "response_format": FORMAT,
    "tool_choice": "any",
    "prediction": {"type": "content", "content": "x"},
    "parallel_tool_calls": False,
    "safe_prompt": True,
}
MEMBERS = {**NULLABLE, **NOT_NULLABLE}
OTHER_VALUES: list[tuple[str, Any, Any]] = [
    ("stop", ["a", "b"], ["a", "b"]),
    ("response_format", "json_object", {"type": "json_object"}),
    ("response_format", JsonSchemaFormat(name="n", schema={"type": "object"}), FORMAT),
    ("tool_choice", CHOICE, CHOICE),
    (
        "tool_choice",
        ChatCompletionsNamedToolChoice(function=ChatCompletionsNamedToolChoiceFunction(name="f")),
        CHOICE,
    ),
    ("tool_choice", "required", "required"),
    ("tools", [ChatCompletionsToolDefinition(function=FunctionDefinition(name="f", parameters={}))], [TOOL]),
]
MESSAGES = [UserMessage("hi")]


def sent(endpoint: Emulator) -> Any:
    return endpoint.requests[-1].body


@pytest.fixture(scope="module")
def mistral() -> Any:
    with Emulator(dialect="mistral") as running:
        yield running


@pytest.fixture
def endpoint(mistral: Emulator) -> Emulator:
    mistral.reset()
    return mistral


NEEDED: dict[str, dict[str, Any]] = {"tool_choice": {"tools": [TOOL]}, "top_logprobs": {"logprobs": True}}
ROWS = [*((name, value, value) for name, value in MEMBERS.items()), *OTHER_VALUES]


@pytest.mark.parametrize(("name", "value", "wire"), ROWS)
async def test_parameters_are_options(world: World, endpoint: Emulator, name: str, value: Any, wire: Any) -> None:
    client = world.chat(endpoint.url, endpoint.key)
    needed = NEEDED.get(name, {})
    await client.complete(messages=MESSAGES, **needed, **{name: value})
    assert sent(endpoint) == {"messages": MESSAGES, **needed, name: wire}
    if name != "stream":
        own = world.chat(endpoint.url, endpoint.key, **{name: value})
        await own.complete(messages=MESSAGES, **needed)
        assert sent(endpoint)[name] == wire


@pytest.mark.parametrize("name", NULLABLE)
async def test_explicit_null_is_sent(world: World, endpoint: Emulator, name: str) -> None:
    client = world.chat(endpoint.url, endpoint.key, **{name: MEMBERS[name]})
    await client.complete(messages=MESSAGES, **{name: NULL})
    assert sent(endpoint) == {"messages": MESSAGES, name: None}


@pytest.mark.parametrize("request_class", [ChatCompletionRequest, ChatCompletionStreamRequest])
@pytest.mark.parametrize(("name", "value", "wire"), ROWS)
def test_request_bodies_are_json(request_class: Any, name: str, value: Any, wire: Any) -> None:
    streams = {"stream": True} if request_class is ChatCompletionStreamRequest else {}
    expected = {"messages": [{"role": "user", "content": "hi"}], "model": "azureai", **streams, name: wire}
    request = request_class(messages=MESSAGES, **{name: value})
    assert json.loads(to_json(request)) == json.loads(json.dumps(request)) == request.as_dict() == expected
    assert request_class(request.as_dict()) == request
    assigned = request_class(messages=MESSAGES)
    setattr(assigned, name, value)
    assert assigned == request


@pytest.mark.parametrize("request_class", [ChatCompletionRequest, ChatCompletionStreamRequest])
@pytest.mark.parametrize("name", NULLABLE)
def test_request_bodies_keep_null_and_omit_unset_members(request_class: Any, name: str) -> None:
    for request in (
        request_class(messages=MESSAGES, **{name: NULL}),
        request_class({"messages": MESSAGES, name: None}),
        request_class({"messages": MESSAGES, name: NULL}),
    ):
        assert json.loads(to_json(request))[name] is None
        assert getattr(request, name) in (None, NULL)
    assert name not in request_class(messages=MESSAGES, **{name: None})


def test_request_bodies_read_as_models() -> None:
    request = ChatCompletionRequest({"messages": [{"role": "assistant", "content": "x", "prefix": True}]})
    [message] = request.messages
    assert isinstance(message, AssistantMessage)
    assert message.prefix is True
    assert request.model == "azureai"
    assert request.stream is None
    assert "model" not in ChatCompletionRequest(messages=[], model=None)
    with pytest.raises(TypeError, match="'seed'"):
        ChatCompletionRequest(messages=[], seed=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="response_format"):
        ChatCompletionRequest(messages=[], response_format=("x",))  # type: ignore[arg-type]


async def test_stream_request_streams(world: World, endpoint: Emulator) -> None:
    endpoint.reply("Bonjour !", times=3)
    client = world.chat(endpoint.url, endpoint.key, temperature=0.1)
    request = ChatCompletionStreamRequest(messages=[UserMessage("…")], temperature=0.5, max_tokens=500)
    stream = await client.complete(request)
    assert "".join(await stream.texts()) == "Bonjour !"
    body = {"messages": [UserMessage("…")], "model": "azureai", "stream": True, "temperature": 0.5, "max_tokens": 500}
    assert sent(endpoint) == body
    request.stream = False
    assert (await client.complete(request)).choices[0].message.text == "Bonjour !"
    plain = await client.complete(ChatCompletionRequest(messages=[{"role": "user", "content": "…"}]))
    assert isinstance(plain, ChatCompletions)


ITEMS = [
    TextContentItem(text="t"),
    ImageContentItem(image_url="https://x/y.png"),
    ReferenceContentItem(reference_ids=[1, "b"]),
    ThinkingContentItem(thinking=[TextContentItem(text="hm")], signature="s", closed=True),
    DocumentUrlContentItem(document_url="https://x/y.pdf", document_name="y"),
    FileContentItem(file_id="f"),
    AudioUrlContentItem(audio_url=AudioUrl(url="https://x/y.wav")),
]
CALLED = {"id": "call00001", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
SAID: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {
    "prefix": (AssistantMessage("x", prefix=True), {"role": "assistant", "content": "x", "prefix": True}),
    "name": (
        ToolMessage("x", tool_call_id="call00001", name="f"),
        {"role": "tool", "content": "x", "tool_call_id": "call00001", "name": "f"},
    ),
    "system": (SystemMessage([TextContentItem(text="t")]), {"role": "system", "content": [ITEMS[0]]}),
    "user": (UserMessage(ITEMS), {"role": "user", "content": ITEMS}),
    "assistant": (AssistantMessage(content=ITEMS), {"role": "assistant", "content": ITEMS}),
    "tool": (
        ToolMessage([TextContentItem(text="t")], tool_call_id="call00001"),
        {"role": "tool", "content": [ITEMS[0]], "tool_call_id": "call00001"},
    ),
    "null": (AssistantMessage({"role": "assistant", "content": None}), {"role": "assistant", "content": None}),
}


@pytest.mark.parametrize(("message", "wire"), SAID.values(), ids=SAID)
async def test_messages(world: World, endpoint: Emulator, message: Mapping[str, Any], wire: dict[str, Any]) -> None:
    before = [AssistantMessage({"role": "assistant", "tool_calls": [CALLED]})] if wire["role"] == "tool" else []
    await world.chat(endpoint.url, endpoint.key).complete(messages=[*MESSAGES, *before, message])
    assert sent(endpoint)["messages"][-1] == wire
    read = ChatRequestMessage(wire)
    assert read == message


async def test_assigned_name_is_sent(world: World, endpoint: Emulator) -> None:
    message = ToolMessage("x", tool_call_id="call00001")
    message.name = "f"
    calls = AssistantMessage({"role": "assistant", "tool_calls": [CALLED]})
    await world.chat(endpoint.url, endpoint.key).complete(messages=[*MESSAGES, calls, message])
    assert sent(endpoint)["messages"][-1]["name"] == "f"


THINKS = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm. "}]}, {"type": "text", "text": "Yes."}]


def answer(message: dict[str, Any], finish_reason: str) -> dict[str, Any]:
    choices = [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}]
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": choices}


def events(delta: dict[str, Any], finish_reason: str) -> list[Any]:
    choices = [{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}]
    return [{"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}, "[DONE]"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("message", "finish_reason"),
    [
        ({"content": THINKS}, "stop"),
        ({"content": "Yes."}, "model_length"),
        ({"content": "Yes."}, "error"),
        ({"content": "Yes.", "tool_calls": [CALLED]}, "tool_calls"),
    ],
)
async def test_answers(
    world: World, endpoint: Emulator, message: dict[str, Any], finish_reason: str, streamed: bool
) -> None:
    endpoint.reply(
        Reply(events=events(message, finish_reason)) if streamed else Reply(body=answer(message, finish_reason))
    )
    result = await world.chat(endpoint.url, endpoint.key).complete(stream=streamed)
    completion = await settle(result.get_final_completions()) if streamed else result
    [choice] = completion.choices
    assert (choice.finish_reason, choice.message.text) == (finish_reason, "Yes.")
    assert choice.message.reasoning == ("Hm. " if message["content"] is THINKS else None)
    for call in choice.message.tool_calls or ():
        assert call.function.arguments == '{"a": 1}'


def test_arguments_read_as_text_but_stay_unchanged() -> None:
    call = FunctionCall({"name": "f", "arguments": {"a": 1}})
    assert call.arguments == '{"a": 1}'
    assert call == {"name": "f", "arguments": {"a": 1}}
    call.arguments += " "
    assert call["arguments"] == '{"a": 1} '
    assert FunctionCall(name="f", arguments="{").arguments == "{"
    assert FunctionCall({"name": "f"}).arguments is None


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
async def test_completion_events(world: World, endpoint: Emulator, ends: str) -> None:
    chunk, _ = events({"content": "Yes."}, "stop")
    block = ends.join(["event: completion", "id: 1", "data: " + json.dumps(chunk), "", "data: [DONE]", "", ""])
    endpoint.reply(Reply(events=[block.encode()]))
    stream = await world.chat(endpoint.url, endpoint.key).stream()
    assert (await settle(stream.get_final_completions())).choices[0].message.text == "Yes."


@pytest.mark.parametrize("dialect", ["mistral", "mistral-azure"])
async def test_validation_error_names_the_field(world: World, dialect: str) -> None:
    with Emulator(dialect=dialect) as running, pytest.raises(HttpResponseError) as caught:
        await world.chat(running.url, running.key).complete(max_completion_tokens=5)
    assert "max_completion_tokens" in str(caught.value)
    assert caught.value.status_code == 422


HOSTS = {
    "https://res.services.ai.azure.com": ("https://res.services.ai.azure.com/openai/v1/chat/completions", "api-key"),
    "https://api.mistral.ai": ("https://api.mistral.ai/v1/chat/completions", "Authorization"),
}


class StopHereError(Exception):
    """Nothing is sent."""


@pytest.mark.parametrize(("host", "target"), HOSTS.items())
async def test_both_mistral_hosts(world: World, host: str, target: tuple[str, str]) -> None:
    seen: list[tuple[str, dict[str, str]]] = []

    def look(request: Any) -> None:
        seen.append((request.http_request.url, dict(request.http_request.headers)))
        raise StopHereError

    with pytest.raises(StopHereError):
        await world.chat(host, model="m").complete(raw_request_hook=look)
    [(url, headers)] = seen
    assert (url, *(name for name, value in headers.items() if KEY in value)) == target


async def test_key_is_not_sent_to_other_hosts(world: World, endpoint: Emulator) -> None:
    with Emulator(key=endpoint.key) as other:
        client = world.chat(endpoint.url, endpoint.key)
        response = await client.send_request(HttpRequest("GET", f"{other.url}/info?api-version=2024-05-01-preview"))
        assert response.status_code == 401
    with pytest.raises(ValueError, match="endpoint"):
        world.chat(None)  # type: ignore[arg-type]


SLOW = {"retry_backoff_factor": 0.5, "retry_backoff_exponent": 1.5, "retry_backoff_max": 60}
RETRIES: dict[str, tuple[dict[str, Any], int, list[float]]] = {
    "as usual": ({"retry_backoff_factor": 0.5}, 3, [0, 1, 2]),
    "initial interval and exponent": (SLOW, 3, [0.5, 0.75, 1.125]),
    "maximum interval": ({**SLOW, "retry_backoff_exponent": 10, "retry_backoff_max": 3}, 3, [0.5, 3, 3]),
    "steady": ({**SLOW, "retry_backoff_exponent": 1}, 3, [0.5, 0.5, 0.5]),
    "elapsed time": ({**SLOW, "timeout": 0.6, "retry_backoff_factor": 0.2, "retry_backoff_exponent": 100}, 2, [0.2]),
    "more attempts": ({**SLOW, "retry_status": 5, "retry_total": 5}, 5, [0.5, 0.75, 1.125, 1.6875, 2.53125]),
    "none": ({"retry_total": 0}, 1, []),
}


@pytest.mark.parametrize("per_call", [False, True])
@pytest.mark.parametrize(("options", "failures", "waits"), RETRIES.values(), ids=RETRIES)
async def test_retry_settings_equivalent_to_a_retry_config(
    world: World, endpoint: Emulator, options: dict[str, Any], failures: int, waits: list[float], per_call: bool
) -> None:
    transport = world.transport()
    endpoint.fault(f"503:times={failures}")
    client = world.chat(endpoint.url, endpoint.key, transport=transport, **({} if per_call else options))
    if len(waits) < failures:
        with pytest.raises(HttpResponseError):
            await client.complete(**(options if per_call else {}))
    else:
        await client.complete(**(options if per_call else {}))
    for waited, most in zip(transport.waits, waits, strict=True):
        assert most / 2 <= waited <= most


@pytest.mark.parametrize("exponent", [0, 0.5, 101, -1])
async def test_invalid_backoff_exponent(world: World, endpoint: Emulator, exponent: float) -> None:
    with pytest.raises(ValueError, match=f"retry_backoff_exponent is {exponent}"):
        world.chat(endpoint.url, endpoint.key, retry_backoff_exponent=exponent)
    with pytest.raises(ValueError, match=f"retry_backoff_exponent is {exponent}"):
        await world.chat(endpoint.url, endpoint.key).complete(retry_backoff_exponent=exponent)
    assert not endpoint.requests
