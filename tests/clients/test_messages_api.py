"""Claude through `complete()`: recorded streams, thinking, errors, and features of the Messages API only.

`test_apis_of_models` covers what all APIs have in common. Anthropic's own types validate each request.
"""

import json
import logging
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.exceptions import (
    FilteredAnswerError,
    IncompleteStreamError,
    InferenceError,
    NotFoundError,
    RefusedAnswerError,
)
from azure.ai.inference.models import ImageContentItem, SystemMessage, TextContentItem, UserMessage
from azure.ai.inference.tools import Toolset
from unit._wires.anthropic_judge import judge, whole_message
from unit._wires.messages_sequences import OVERLOADED, SEQUENCES, as_sse, opened

from .conftest import Client, Serve, World, settle
from .raw_server import answer, stream

Json = dict[str, Any]
REDACTED = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECC"
both = pytest.mark.parametrize("streamed", [False, True])


@pytest.fixture
def endpoint() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running
        for request in running.requests:
            if "anthropic-beta" not in request.headers:  # betas have their own types
                judge(request.body)


@pytest.fixture
def claude(world: World, endpoint: Emulator) -> Client:
    return world.chat(f"{endpoint.url}/anthropic", endpoint.key, model="claude-opus-4-6", transport=world.transport())


async def answered(client: Client, streamed: bool, **options: Any) -> Any:
    found = await client.complete(stream=streamed, **options)
    return await settle(found.get_final_completions()) if streamed else found


def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"mild in {city}"


WEATHER = Toolset([get_weather])
ASKED: list[Any] = [UserMessage("What is the weather in Rome?")]


# ---------------------------------------------------------------- recorded streams


@pytest.mark.parametrize("name", SEQUENCES)
async def test_recorded_streams_equal_the_whole_message(world: World, serve: Serve, name: str) -> None:
    sequence = SEQUENCES[name]
    server = serve(stream([as_sse(sequence.events)]), answer(200, whole_message(sequence.events)))
    client = world.chat(f"{server.url}/anthropic", model="m")
    final = await answered(client, True)
    whole = await answered(client, False)
    for completions in (final, whole):
        choice = completions.choices[0]
        expected = {name: sequence.completion.get(name) for name in ("content", "refusal", "content_blocks")}
        assert {name: choice.message.get(name) for name in expected} == expected
        assert choice.finish_reason == sequence.completion["finish_reason"]
        assert completions.usage == sequence.completion["usage"]
        assert choice.message.reasoning == sequence.completion.get("reasoning_content")
    annotations = final.choices[0].message.annotations or []
    assert [each.url_citation.title for each in annotations] == (
        ["Oslo"] if "annotations" in sequence.completion else []
    )


@pytest.mark.parametrize("name", ["S1 text", "S2 parallel tool calls, the second without arguments"])
async def test_stream_that_breaks_off_anywhere_is_incomplete(world: World, serve: Serve, name: str) -> None:
    events = SEQUENCES[name].events
    for length in range(1, len(events) - 2):
        server = serve(stream([as_sse(events[:length])]))
        opened_stream = await world.chat(f"{server.url}/anthropic", model="m").stream()
        updates, error = await opened_stream.until_fault()
        assert isinstance(error, IncompleteStreamError)
        assert len(updates) <= length
        assert error.partial.id == events[0]["message"]["id"]


async def test_missing_last_event_after_a_stop_reason(world: World, serve: Serve) -> None:
    server = serve(stream([as_sse(SEQUENCES["S1 text"].events[:-1])]))
    final = await answered(world.chat(f"{server.url}/anthropic", model="m"), True)
    assert final.choices[0].message.content == "Good morning."


async def test_overloaded_error_in_a_stream(world: World, serve: Serve) -> None:
    """Partial text was mistaken for a whole answer (farzaa/clicky #132, router-for-me/CLIProxyAPI PR #4980)."""
    server = serve(stream([as_sse(OVERLOADED)]))
    opened_stream = await world.chat(f"{server.url}/anthropic", model="m").stream()
    updates, error = await opened_stream.until_fault()
    assert [update.choices[0].delta.content for update in updates] == [None, "Once"]
    assert isinstance(error, InferenceError)
    assert (error.error.code, error.error.message, error.status_code) == ("overloaded_error", "Overloaded", 200)
    assert error.request_id == "req_s5"
    assert error.partial.choices[0].message.content == "Once"
    assert pickle.loads(pickle.dumps(error)).partial == error.partial
    assert len(server.requests) == 1


async def test_error_before_the_answer_has_no_partial(world: World, serve: Serve) -> None:
    server = serve(stream([as_sse(OVERLOADED[-1:])]))
    _, error = await (await world.chat(f"{server.url}/anthropic", model="m").stream()).until_fault()
    assert isinstance(error, InferenceError)
    assert error.partial is None


# ---------------------------------------------------------------- refusals


@both
async def test_refusal_differs_from_an_empty_answer(claude: Client, endpoint: Emulator, streamed: bool) -> None:
    """Clients that mistook a refusal for an empty answer retried forever (router-for-me/CLIProxyAPI #4958)."""
    found = await answered(claude, streamed, messages=[UserMessage("trigger the content filter")])
    choice = found.choices[0]
    assert (choice.message.content, choice.finish_reason) == (None, "content_filter")
    assert choice["stop_details"]["type"] == "refusal"
    assert choice["native_finish_reason"] == "refusal"
    with pytest.raises(RefusedAnswerError):
        found.parse_as(dict)
    assert len(endpoint.requests) == 1


async def test_refusal_without_an_explanation_is_a_filtered_answer(world: World, serve: Serve) -> None:
    server = serve(answer(200, {**opened()["message"], "stop_reason": "refusal", "stop_details": None}))
    found = await world.chat(f"{server.url}/anthropic", model="m").complete()
    with pytest.raises(FilteredAnswerError):
        found.parse_as(dict)


# ---------------------------------------------------------------- thinking


@both
@pytest.mark.parametrize(
    ("model", "options", "shown"),
    [
        ("claude-opus-4-8", {"reasoning_effort": "high"}, True),
        ("claude-sonnet-5", {}, False),
        ("claude-opus-5-5", {"model_extras": {"thinking": {"type": "adaptive", "display": "omitted"}}}, False),
        (
            "claude-sonnet-4-5",
            {"model_extras": {"thinking": {"type": "enabled", "budget_tokens": 2048}}, "max_tokens": 9000},
            True,
        ),
    ],
)
async def test_thinking_is_sent_back_in_a_tool_loop(
    claude: Client, endpoint: Emulator, streamed: bool, model: str, options: Json, shown: bool
) -> None:
    messages = [*ASKED]
    while True:
        found = await answered(claude, streamed, model=model, messages=messages, tools=WEATHER.definitions, **options)
        message = found.choices[0].message
        assert bool(message.reasoning) is shown
        assert message.content_blocks[0]["signature"]
        assert found.usage.completion_tokens_details.reasoning_tokens > 0
        messages = [*messages, message, *await WEATHER.arun(found)]
        if not message.tool_calls:
            break
    assert "mild in Rome" in message.text
    assert len(endpoint.requests) == 2
    sent = endpoint.requests[-1].body["messages"][1]["content"]
    assert [block["type"] for block in sent] == ["thinking", "tool_use"]


@both
async def test_redacted_thinking_is_sent_back(claude: Client, endpoint: Emulator, streamed: bool) -> None:
    asked = [UserMessage(f"What is the weather in Rome? {REDACTED}")]
    options: Json = {"tools": WEATHER.definitions, "reasoning_effort": "low"}
    first = await answered(claude, streamed, messages=asked, **options)
    turns = json.loads(json.dumps([*asked, first.choices[0].message, *await WEATHER.arun(first)]))
    await answered(claude, streamed, messages=turns, **options)
    sent = endpoint.requests[-1].body["messages"][1]["content"]
    assert [block["type"] for block in sent] == ["thinking", "redacted_thinking", "tool_use"]


async def test_conversation_prefix_never_changes(claude: Client, endpoint: Emulator) -> None:
    """Newer models bind thinking to the prefix (anomalyco/opencode #48637, NousResearch/hermes-agent PR #106426)."""
    options: Json = {"model": "claude-fable-5-1", "tools": WEATHER.definitions, "reasoning_effort": "low"}
    messages: list[Any] = [SystemMessage("Be brief."), *ASKED]
    for _ in range(3):
        endpoint.reply(Reply("", reasoning="Hm.", tool_calls=[ToolCall("get_weather", {"city": "Rome"})]))
        found = await claude.complete(messages=messages, **options)
        messages += [
            found.choices[0].message,
            *await WEATHER.arun(found),
            SystemMessage("Be kind."),
            UserMessage("So?"),
        ]
        endpoint.reply(Reply("Mild.", reasoning="Ah."))
        found = await claude.complete(messages=messages, **options)
        messages += [found.choices[0].message, UserMessage("And now?")]
    bodies = [request.body for request in endpoint.requests]
    for shorter, longer in pairwise(bodies):
        assert longer["messages"][: len(shorter["messages"])] == shorter["messages"]
        assert longer["system"] == shorter["system"]


async def test_changed_prefix_is_refused_with_advice(claude: Client) -> None:
    options: Json = {"model": "claude-fable-5-1", "tools": WEATHER.definitions}
    first = await claude.complete(messages=ASKED, **options)
    turns = [SystemMessage("Be brief."), *ASKED, first.choices[0].message, *await WEATHER.arun(first)]
    with pytest.raises(InferenceError, match="bound to a different conversation") as caught:
        await claude.complete(messages=turns, **options)
    assert "thinking-binding-controls-2026-08-01" in str(caught.value)
    drop = {"thinking": {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}}
    beta = {"anthropic-beta": "thinking-binding-controls-2026-08-01"}
    found = await claude.complete(messages=turns, model_extras=drop, headers=beta, **options)
    assert found.choices[0].message.text


# ---------------------------------------------------------------- refusals and advice

ADVICE: dict[str, tuple[Json, str]] = {
    "sampling": ({"model": "claude-opus-4-7", "temperature": 0.5}, "leave temperature, top_p and top_k out"),
    "both of two": ({"temperature": 0.5, "top_p": 0.5}, "Pass temperature or top_p, not both."),
    "prefill": (
        {"messages": [UserMessage("x"), {"role": "assistant", "content": "y"}]},
        "end the messages with a user message",
    ),
    "forced tools": (
        {"model": "claude-sonnet-5-5", "tools": WEATHER.definitions, "tool_choice": "required"},
        "pass tool_choice='auto'",
    ),
    "no thinking": ({"model": "claude-opus-5-5", "reasoning_effort": "none"}, "model_extras={'thinking': {...}}"),
    "adaptive thinking": ({"model": "claude-haiku-4-5", "reasoning_effort": "low"}, "model_extras={'thinking': {...}}"),
    "the limit": ({"model": "claude-haiku-4-5", "max_tokens": 70_000}, "Pass max_tokens"),
}


@both
@pytest.mark.parametrize(("options", "advice"), ADVICE.values(), ids=ADVICE)
async def test_refusals_have_advice(claude: Client, streamed: bool, options: Json, advice: str) -> None:
    with pytest.raises(InferenceError) as caught:
        await claude.complete(stream=streamed, **options)
    assert caught.value.status_code == 400
    assert caught.value.error.code == "invalid_request_error"
    assert advice in str(caught.value)
    assert caught.value.request_id.startswith("req_")


async def test_claude_model_refused_by_chat(world: World, endpoint: Emulator) -> None:
    client = world.chat(f"{endpoint.url}/openai/v1", endpoint.key, model="claude-opus-5-5")
    with pytest.raises(InferenceError, match="Unknown model: claude-opus-5-5"):
        await client.complete()
    endpoint.reset()


async def test_doubled_path_is_not_found(world: World, endpoint: Emulator) -> None:
    """The resource itself returns 404 (anthropics/claude-code #13558, anomalyco/opencode #14879)."""
    response = await world.chat(f"{endpoint.url}/anthropic", endpoint.key, model="m").complete()
    assert response.choices
    missing = world.chat(f"{endpoint.url}/anthropic/v1/v1", endpoint.key, model="m", api="messages")
    with pytest.raises(NotFoundError, match="Requested API is currently not supported"):
        await missing.complete()


@pytest.mark.parametrize("status", [429, 500, 504, 529])
@both
async def test_service_stays_overloaded(claude: Client, endpoint: Emulator, status: int, streamed: bool) -> None:
    endpoint.fault(f"{status}:times=3")
    with pytest.raises(InferenceError) as caught:
        await claude.complete(stream=streamed, retry_total=2)
    assert caught.value.status_code == status
    assert len(endpoint.requests) == 3
    assert caught.value.error.code == {
        429: "RateLimitReached",
        500: "api_error",
        504: "timeout_error",
        529: "overloaded_error",
    }.get(status)


async def test_x_should_retry_false(world: World, serve: Serve) -> None:
    busy = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}
    server = serve(answer(529, busy, x_should_retry="false"))
    client = world.chat(f"{server.url}/anthropic", model="m", transport=world.transport())
    with pytest.raises(InferenceError) as caught:
        await client.complete()
    assert (caught.value.request_id, len(server.requests)) == ("req_1", 1)
    assert "Request id: req_1" in str(caught.value)


# ---------------------------------------------------------------- requests


@dataclass
class Person:
    name: str
    age: int


@both
async def test_options_in_one_request(claude: Client, endpoint: Emulator, streamed: bool) -> None:
    found = await answered(
        claude,
        streamed,
        messages=[
            SystemMessage("Be brief."),
            UserMessage([TextContentItem(text="Ask Ada, 36"), ImageContentItem(image_url="https://example.com/a.png")]),
        ],
        response_format=Person,
        reasoning_effort="low",
        stop=["END"],
        user="u1",
        service_tier="default",
        max_completion_tokens=4000,
        model_extras={"cache_control": {"type": "ephemeral"}, "top_k": None},
    )
    assert found.parse_as(Person) == Person("Ada", 36)
    body = endpoint.requests[-1].body
    assert body["output_config"]["effort"] == "low"
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert body["metadata"] == {"user_id": "u1"}
    assert (body["service_tier"], body["stop_sequences"], body["max_tokens"]) == ("standard_only", ["END"], 4000)
    assert body["cache_control"] == {"type": "ephemeral"}
    assert "top_k" not in body


async def test_tools_of_the_service_pass_through(claude: Client, endpoint: Emulator) -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    await claude.complete(tools=[search, *WEATHER.definitions], parallel_tool_calls=False)
    body = endpoint.requests[-1].body
    assert body["tools"][0] == search
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


async def test_dropped_hints_are_logged(claude: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "azure.ai.inference"):
        await claude.complete(seed=5, frequency_penalty=0.5, n=1)
    told = [record.getMessage() for record in caplog.records if record.name == "azure.ai.inference"]
    assert told == ["Left out of the request, because the Messages API does not support it: frequency_penalty, seed, n"]


async def test_request_ids(claude: Client) -> None:
    assert (await claude.complete()).request_id.startswith("req_")
