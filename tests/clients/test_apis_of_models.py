"""Features of chat completions work the same way through each API. The emulator checks every request as services do."""

import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.exceptions import (
    ContentFilterError,
    IncompleteStreamError,
    InferenceError,
    RefusedAnswerError,
    TruncatedAnswerError,
)
from azure.ai.inference.models import (
    DocumentUrlContentItem,
    ImageContentItem,
    ImageUrl,
    SystemMessage,
    TextContentItem,
    UserMessage,
)
from azure.ai.inference.tools import Toolset

from .conftest import Client, World, settle
from .test_tools import converse, get_time, get_weather

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PLACES = {
    "chat": ("/openai/v1", "gpt-5"),
    "responses": ("/openai/v1", "gpt-5-codex"),
    "messages": ("/anthropic", "claude-sonnet-5"),
}


@pytest.fixture(params=PLACES)
def api(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def endpoint() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def client(world: World, endpoint: Emulator, api: str) -> Client:
    """Return a client with only an endpoint and a model."""
    path, model = PLACES[api]
    return world.chat(endpoint.url + path, endpoint.key, model=model)


async def answered(client: Client, streamed: bool, **options: Any) -> Any:
    answer = await client.complete(stream=streamed, **options)
    return await settle(answer.get_final_completions()) if streamed else answer


both = pytest.mark.parametrize("streamed", [False, True])


@both
async def test_text_and_usage(client: Client, endpoint: Emulator, api: str, streamed: bool) -> None:
    messages = [SystemMessage("Be brief."), UserMessage("Good morning")]
    answer = await answered(client, streamed, messages=messages, max_completion_tokens=300)
    choice = answer.choices[0]
    assert choice.message.text
    assert choice.finish_reason == "stop"
    if api != "chat" or not streamed:
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert endpoint.requests[-1].path.rpartition("/")[2] == {"chat": "completions"}.get(api, api)


async def test_plain_and_streamed_answers_are_equal(client: Client, api: str) -> None:
    whole = await answered(client, False, messages=[UserMessage("Tell me about Rome.")], reasoning_effort="low")
    streamed = await answered(client, True, messages=[UserMessage("Tell me about Rome.")], reasoning_effort="low")
    assert streamed.choices[0].message.text == whole.choices[0].message.text
    assert streamed.choices[0].message.reasoning == whole.choices[0].message.reasoning
    if api != "chat":
        assert without_ids(streamed) == without_ids(whole)


def without_ids(value: Any) -> Any:
    """Drop members that differ between two answers."""
    text = json.dumps(value)
    parsed = json.loads(text)

    def strip(part: Any) -> Any:
        if isinstance(part, dict):
            names = ("id", "created", "encrypted_content", "signature", "data")
            return {name: strip(member) for name, member in part.items() if name not in names}
        return [strip(item) for item in part] if isinstance(part, list) else part

    return strip(parsed)


@both
async def test_tool_loop(client: Client, endpoint: Emulator, api: str, streamed: bool) -> None:
    calls = [ToolCall("get_weather", {"city": "Rome"}), ToolCall("get_time")]
    endpoint.reply(Reply(tool_calls=calls, reasoning="Two calls."))
    messages = await converse(client, Toolset([get_weather, get_time]), streamed=streamed, aio=True)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "assistant"]
    assert [call.function.name for call in messages[1].tool_calls] == ["get_weather", "get_time"]
    assert "blue" in messages[-1].text
    sent = json.dumps(endpoint.requests[-1].body)
    assert ('encrypted_content": "' in sent) == (api == "responses")
    assert ("signature" in sent) == (api == "messages")


@both
async def test_tools_may_be_forced_or_named(client: Client, streamed: bool) -> None:
    toolset = Toolset([get_weather, get_time])
    named = {"type": "function", "function": {"name": "get_time"}}
    answer = await answered(client, streamed, tools=toolset.definitions, tool_choice=named, parallel_tool_calls=False)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_time"]
    answer = await answered(client, streamed, tools=toolset.definitions, tool_choice="required")
    assert answer.choices[0].finish_reason == "tool_calls"
    answer = await answered(client, streamed, tools=toolset.definitions, tool_choice="none")
    assert not answer.choices[0].message.tool_calls


@dataclass
class City:
    """A city."""

    name: str
    people: int


@both
async def test_structured_output(client: Client, endpoint: Emulator, streamed: bool) -> None:
    endpoint.reply('{"name": "Oslo", "people": 700000}')
    answer = await client.complete(stream=streamed, response_format=City)
    assert await settle(answer.parse_as(City)) == City("Oslo", 700000)


@both
async def test_finish_reasons(client: Client, endpoint: Emulator, streamed: bool) -> None:
    endpoint.reply(Reply("one two three", finish_reason="length"))
    answer = await answered(client, streamed)
    assert answer.choices[0].finish_reason == "length"
    with pytest.raises(TruncatedAnswerError):
        answer.parse_as(City)
    endpoint.reply(Reply(refusal="I will not."))
    answer = await answered(client, streamed)
    assert answer.choices[0].message.refusal == "I will not."
    with pytest.raises(RefusedAnswerError):
        answer.parse_as(City)


@both
async def test_images_and_documents(client: Client, endpoint: Emulator, api: str, streamed: bool) -> None:
    items: list[Any] = [
        TextContentItem(text="What is this?"),
        ImageContentItem(image_url=ImageUrl(url=f"data:image/png;base64,{PIXEL}", detail="low")),
    ]
    if api != "chat":
        items.append(DocumentUrlContentItem(document_url="https://example.com/a.pdf", document_name="a.pdf"))
    answer = await answered(client, streamed, messages=[UserMessage(content=items)])
    assert answer.choices[0].message.text
    assert PIXEL in json.dumps(endpoint.requests[-1].body)


async def test_reasoning_survives_turns_json_and_pickle(client: Client, endpoint: Emulator, api: str) -> None:
    """The emulator refuses changed reasoning, and thinking whose signature does not match."""
    toolset = Toolset([get_weather])
    messages: list[Any] = [UserMessage("What is the weather in Rome?")]
    for _ in range(2):
        endpoint.reply(Reply("", reasoning="Hm.", tool_calls=[ToolCall("get_weather", {"city": "Rome"})]))
        answer = await answered(client, True, messages=messages, tools=toolset.definitions, reasoning_effort="low")
        answer = pickle.loads(pickle.dumps(answer))
        messages = [*messages, answer.choices[0].message, *await toolset.arun(answer)]
        messages = json.loads(json.dumps(messages))
    endpoint.reply(Reply("Blue.", reasoning="Ah."))
    answer = await answered(client, False, messages=messages, tools=toolset.definitions, reasoning_effort="low")
    assert answer.choices[0].message.text == "Blue."
    sent = endpoint.requests[-1].body
    if api == "responses":
        assert [item["type"] for item in sent["input"]].count("reasoning") == 2
    if api == "messages":
        blocks = [
            block["type"] for turn in sent["messages"] if turn["role"] == "assistant" for block in turn["content"]
        ]
        assert blocks == ["thinking", "tool_use"] * 2
    if api == "chat":
        assert "output" not in json.dumps(sent["messages"][1:])


async def test_edited_answer_is_sent_back_without_reasoning(client: Client, endpoint: Emulator) -> None:
    endpoint.reply(Reply("Blue.", reasoning="Hm."))
    answer = await answered(client, False, reasoning_effort="low")
    message = answer.choices[0].message
    message.content = "Green."
    await answered(client, False, messages=[UserMessage("a"), message, UserMessage("b")])
    sent = json.dumps(endpoint.requests[-1].body)
    assert "Green." in sent
    assert "Hm." not in sent
    assert '"reasoning", "id"' not in sent


async def test_conversation_across_apis(world: World, endpoint: Emulator) -> None:
    clients = [world.chat(endpoint.url + path, endpoint.key, model=model) for path, model in PLACES.values()]
    toolset = Toolset([get_weather])
    messages: list[Any] = [SystemMessage("Be brief."), UserMessage("What is the weather?")]
    for number in range(6):
        client = clients[number % 3]
        endpoint.reply(Reply("", reasoning="Hm.", tool_calls=[ToolCall("get_weather", {"city": "Rome"})]))
        answer = await answered(client, number % 2 == 0, messages=messages, tools=toolset.definitions)
        messages += [answer.choices[0].message, *await toolset.arun(answer)]
        answer = await answered(client, number % 2 == 1, messages=messages, tools=toolset.definitions)
        messages += [answer.choices[0].message, UserMessage("And now?")]
    assert len(messages) == 2 + 6 * 4


@both
async def test_filtered_prompt(client: Client, api: str, streamed: bool) -> None:
    """Claude has no Azure content filter: it refuses, with status 200."""
    asking = [UserMessage("trigger the content filter")]
    if api == "messages":
        answer = await answered(client, streamed, messages=asking)
        assert answer.choices[0].finish_reason == "content_filter"
        return
    with pytest.raises(ContentFilterError):
        await answered(client, streamed, messages=asking)


@pytest.mark.parametrize("fault", ["cut:events=4", "error:events=4"])
async def test_stream_completes_or_raises(client: Client, endpoint: Emulator, fault: str) -> None:
    await client.complete()  # chat completions may refuse it first
    endpoint.fault(fault)
    opened = await client.stream(messages=[UserMessage("count to 500")], retry_total=0)
    _, error = await opened.until_fault()
    assert isinstance(error, IncompleteStreamError if fault.startswith("cut") else InferenceError)


async def test_busy_service_is_retried(world: World, endpoint: Emulator, api: str) -> None:
    path, model = PLACES[api]
    client = world.chat(endpoint.url + path, endpoint.key, model=model, transport=world.transport())
    for status in ("429", "529"):
        endpoint.fault(f"{status}:times=1")
        assert (await client.complete()).choices[0].message.text


REFUSED = {
    "stop": {"responses"},
    "n": {"responses", "messages"},
    "logit_bias": {"responses", "messages"},
    "presence_penalty": {"responses"},
    "audio": {"responses", "messages"},
}
ASKED = {"stop": ["END"], "n": 2, "logit_bias": {"5": 1}, "presence_penalty": 0.5, "audio": {"voice": "alloy"}}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("named", [False, True])
async def test_refusal_names_the_option(client: Client, api: str, name: str, named: bool) -> None:
    """The error comes from the client before sending, or from the service with advice if it had refused already."""
    options = {name: ASKED[name], **({"api": api} if named else {})}
    if api in REFUSED[name]:
        with pytest.raises((ValueError, InferenceError), match=rf"has no {name}|{name}\b.* has no counterpart"):
            await client.complete(**options)
    elif api == "messages":
        assert (await client.complete(**options)).choices[0].message.text


@pytest.mark.parametrize("options", [{"seed": 5}, {"stream_options": {"include_usage": True}}, {"prediction": None}])
@both
async def test_unsupported_hints_are_ignored(client: Client, options: Any, streamed: bool) -> None:
    if streamed or "stream_options" not in options:
        assert (await answered(client, streamed, **options)).choices[0].message.text


@both
async def test_previous_response_id(world: World, endpoint: Emulator, streamed: bool) -> None:
    client = world.chat(f"{endpoint.url}/openai/v1", endpoint.key, model="gpt-5-codex", api="responses")
    first = await answered(client, streamed, messages=[UserMessage("My name is Ada")], store=True)
    going_on = {"previous_response_id": first.id}
    second = await answered(client, streamed, messages=[UserMessage("What is my name?")], model_extras=going_on)
    assert second.choices[0].message.text == "Your name is Ada."
    with pytest.raises(InferenceError, match="not found"):
        await client.complete(model_extras={"previous_response_id": "resp_unknown"})
