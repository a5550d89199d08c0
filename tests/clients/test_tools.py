"""Tool loops, plain and streamed, with every provider's format of tool calls."""

import asyncio
import json
import pickle
import re
from typing import Any

import numpy as np
import pytest

from azure.ai.inference import ChatCompletionsClient as SyncClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncClient
from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.emulator._dialects import DIALECTS
from azure.ai.inference.exceptions import InferenceError, ToolCallError, ToolRoundsError
from azure.ai.inference.models import ChatCompletionsToolDefinition, ToolMessage, UserMessage
from azure.ai.inference.tools import Toolset

from .conftest import MESSAGES, Client, Serve, World, settle
from .raw_server import DONE, answer, completion, event
from .raw_server import answer as raw_answer
from .raw_server import stream as streamed


def get_weather(city: str) -> dict[str, str]:
    """Return the weather.

    :param city: Where.
    """
    return {"city": city, "sky": "blue"}


async def get_time(zone: str = "UTC") -> str:
    """Return the time."""
    await asyncio.sleep(0)
    return f"noon in {zone}"


async def converse(client: Client, toolset: Toolset, *, streamed: bool, aio: bool) -> list[Any]:
    """Run a tool loop to its end."""
    messages: list[Any] = [UserMessage("What is the weather?")]
    while True:
        answer = await client.complete(messages=messages, tools=toolset.definitions, stream=streamed)
        if streamed:
            answer = await settle(answer.get_final_completions())
        messages.append(answer.choices[0].message)
        results = await toolset.arun(answer) if aio else toolset.run(answer)
        if not results:
            return messages
        messages += results


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_tool_loop(world: World, dialect: str, streamed: bool) -> None:
    calls = [ToolCall("get_weather", {"city": "Rome"}), ToolCall("get_time")]
    with Emulator(dialect=dialect) as endpoint:
        endpoint.reply(Reply(tool_calls=calls))
        client = world.chat(f"{endpoint.url}/v1", endpoint.key, model="m")
        messages = await converse(client, Toolset([get_weather, get_time]), streamed=streamed, aio=True)
        sent = endpoint.requests[-1].body["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "tool"]
    assert [json.loads(call["function"]["arguments"]) for call in sent[1]["tool_calls"]] == [{"city": "Rome"}, {}]
    assert [message["tool_call_id"] for message in sent[2:]] == [call["id"] for call in sent[1]["tool_calls"]]
    assert [message["content"] for message in sent[2:]] == ['{"city": "Rome", "sky": "blue"}', "noon in UTC"]
    assert "blue" in messages[-1].text


BAD_CALLS: dict[str, tuple[ToolCall, str]] = {
    "unknown": (ToolCall("fly", {}), "no tool 'fly'"),
    "not JSON": (ToolCall("get_weather", "{"), "do not fit"),
    "of another type": (ToolCall("get_weather", {"city": 5}), "city"),
}


@pytest.mark.parametrize(("call", "problem"), BAD_CALLS.values(), ids=BAD_CALLS)
async def test_failed_call_becomes_a_message_or_raises(
    world: World, emulator: Emulator, call: ToolCall, problem: str
) -> None:
    emulator.reset()
    emulator.reply(Reply(tool_calls=[call]), times=2)
    client = world.chat(emulator.url, emulator.key)
    answer = await client.complete(tools=Toolset([get_weather]).definitions)
    [told] = Toolset([get_weather]).run(answer)
    assert problem in told.content
    with pytest.raises(ToolCallError, match=problem):
        Toolset([get_weather], raise_on_error=True).run(answer)
    await client.complete(messages=[UserMessage("x"), answer.choices[0].message, told])
    assert emulator.requests[-1].body["messages"][2]["content"].startswith("Error: ")


@pytest.mark.parametrize("strict", [None, True])
async def test_definitions_sent(world: World, emulator: Emulator, strict: bool | None) -> None:
    emulator.reset()
    client = world.chat(f"{emulator.url}/openai/v1", emulator.key, model="m")
    definition = ChatCompletionsToolDefinition.from_function(get_weather, strict=strict)
    await client.complete(tools=[definition], parallel_tool_calls=False)
    function = emulator.requests[-1].body["tools"][0]["function"]
    assert (function["name"], function["description"]) == ("get_weather", "Return the weather.")
    assert function["parameters"]["properties"] == {"city": {"type": "string", "description": "Where."}}
    assert function.get("strict") is strict


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("given", [{}, {"id": None}, {"id": ""}, {"id": "null"}], ids=repr)
async def test_missing_call_id_is_added_to_call_and_result(
    world: World, serve: Serve, stream: bool, given: dict[str, Any]
) -> None:
    asked = {**given, "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [asked]}
    delta = event({"choices": [{"index": 0, "delta": message, "finish_reason": "tool_calls"}]})
    whole = answer(200, completion(choices=[{"index": 0, "finish_reason": "tool_calls", "message": message}]))
    server = serve(streamed(delta + DONE) if stream else whole, answer(200, completion("5")))
    client = world.chat(server.url)
    opened = await client.complete(stream=stream)
    first = await settle(opened.get_final_completions()) if stream else opened
    (call,) = first.choices[0].message.tool_calls
    assert re.fullmatch("[0-9a-zA-Z]{9}", call.id), "Mistral's models take no other"
    if stream:
        assert (await settle(opened.get_final_completions())).choices[0].message.tool_calls[0].id == call.id
    assert call.id == first.choices[0].message.tool_calls[0].id
    await client.complete(messages=[*MESSAGES, first.choices[0].message, ToolMessage("5", tool_call_id=call.id)])
    _, assistant, result = server.requests[1].json["messages"]
    assert assistant["tool_calls"][0]["id"] == result["tool_call_id"] == call.id


def toolset_of(world: World, **options: Any) -> Toolset:
    return Toolset([get_weather] if world.name == "sync" else [get_weather, get_time], **options)


async def converse_by(world: World, toolset: Toolset, client: Client, messages: Any, **options: Any) -> Any:
    method = toolset.converse if world.name == "sync" else toolset.aconverse
    return await settle(method(client.real, messages, **options))  # type: ignore[arg-type]


CALL = Reply(tool_calls=[ToolCall("get_weather", {"city": "Rome"})])


async def test_converse_runs_tools_until_the_answer(world: World) -> None:
    messages: list[Any] = [UserMessage("What is the weather?")]
    with Emulator() as endpoint:
        endpoint.reply(CALL)
        endpoint.reply(CALL)
        endpoint.reply(Reply("Blue."))
        client = world.chat(endpoint.url, endpoint.key)
        answer = await converse_by(world, toolset_of(world), client, messages, temperature=0, tool_choice="required")
        bodies = [request.body for request in endpoint.requests]
    assert answer.text == messages[-1].text == "Blue."
    assert [message["role"] for message in messages] == ["user", *["assistant", "tool"] * 2, "assistant"]
    assert [body["tool_choice"] for body in bodies] == ["required", "auto", "auto"]
    assert all(body["temperature"] == 0 and body["tools"] for body in bodies)
    assert [len(body["messages"]) for body in bodies] == [1, 3, 5]


async def test_converse_stops_after_max_rounds_and_can_continue(world: World) -> None:
    messages: list[Any] = [UserMessage("What is the weather?")]
    with Emulator() as endpoint:
        endpoint.reply(CALL)
        endpoint.reply(CALL)
        endpoint.reply(Reply("Blue."))
        client = world.chat(endpoint.url, endpoint.key)
        with pytest.raises(ToolRoundsError, match="still calls tools after max_rounds=2 requests") as raised:
            await converse_by(world, toolset_of(world), client, messages, max_rounds=2)
        assert raised.value.completion.choices[0].message is messages[3]
        assert [message["role"] for message in messages] == ["user", *["assistant", "tool"] * 2]
        again = pickle.loads(pickle.dumps(raised.value))
        assert (str(again), again.completion) == (str(raised.value), raised.value.completion)
        answer = await converse_by(world, toolset_of(world), client, messages, max_rounds=1)
    assert answer.text == "Blue."


async def test_converse_keeps_messages_if_a_later_request_fails(world: World) -> None:
    messages: list[Any] = [UserMessage("What is the weather?")]
    with Emulator() as endpoint:
        endpoint.reply(CALL)
        endpoint.reply(Reply(status=400))
        client = world.chat(endpoint.url, endpoint.key)
        with pytest.raises(InferenceError):
            await converse_by(world, toolset_of(world), client, messages)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]


async def test_answer_without_a_message_ends_converse(world: World, serve: Serve) -> None:
    messages: list[Any] = [UserMessage("x")]
    filtered = {"choices": [{"index": 0, "finish_reason": "content_filter"}]}
    client = world.chat(serve(raw_answer(200, filtered)).url)
    assert (await converse_by(world, toolset_of(world), client, messages)).text == ""
    assert len(messages) == 1


async def test_converse_raises_failed_calls_on_request(world: World) -> None:
    with Emulator() as endpoint:
        endpoint.reply(Reply(tool_calls=[ToolCall("get_weather", {"town": "Rome"})]))
        client = world.chat(endpoint.url, endpoint.key)
        with pytest.raises(ToolCallError, match="town: there is no such member"):
            await converse_by(world, toolset_of(world, raise_on_error=True), client, [UserMessage("x")])


@pytest.mark.parametrize(
    ("messages", "options", "error", "words"),
    [
        ("hi", {}, TypeError, "messages must be a list, to which answers are appended, not str"),
        ((UserMessage("x"),), {}, TypeError, "not tuple"),
        ([UserMessage("x")], {"max_rounds": 0}, ValueError, "max_rounds must be 1 or more, not 0"),
        *(
            (
                [UserMessage("x")],
                {"max_rounds": value},
                TypeError,
                f"max_rounds must be a whole .*: {value!r}",
            )
            for value in (True, 1.5, "3", None)
        ),
        ([UserMessage("x")], {"tools": []}, TypeError, "converse takes no tools"),
        ([UserMessage("x")], {"stream": True}, TypeError, "converse takes no stream"),
        ([UserMessage("x")], {"temprature": 1}, TypeError, "Did you mean 'temperature'"),
    ],
)
async def test_converse_with_invalid_arguments(
    world: World, messages: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    client = world.chat("https://resource.openai.azure.com", model="m")
    with pytest.raises(error, match=words):
        await converse_by(world, toolset_of(world), client, messages, **options)


async def test_converse_with_a_client_of_the_other_world_sends_nothing() -> None:
    messages: list[Any] = [UserMessage("x")]
    toolset = Toolset([get_weather])
    with Emulator() as endpoint:
        async with AsyncClient(endpoint.url, endpoint.key) as client:
            with pytest.raises(TypeError, match=r"aio.ChatCompletionsClient is not a synchronous .* `await aconverse`"):
                toolset.converse(client, messages)  # type: ignore[arg-type]
        with SyncClient(endpoint.url, endpoint.key) as client:
            with pytest.raises(TypeError, match=r"ChatCompletionsClient is not an asynchronous client. .* `converse`"):
                await toolset.aconverse(client, messages)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match=r"get_time is async: use `await toolset\.aconverse"):
                Toolset([get_weather, get_time]).converse(client, messages)
        assert endpoint.requests == ()


async def test_rounds_may_be_a_number_of_numpy(world: World) -> None:
    with Emulator() as endpoint:
        client = world.chat(endpoint.url, endpoint.key)
        answer = await converse_by(world, toolset_of(world), client, [UserMessage("Hello")], max_rounds=np.int64(2))
    assert answer.text
