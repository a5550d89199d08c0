"""Tool loops, plain and streamed, against every provider's way of calling tools."""

import asyncio
import json
import re
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.emulator._dialects import DIALECTS
from azure.ai.inference.exceptions import ToolCallError
from azure.ai.inference.models import ChatCompletionsToolDefinition, ToolMessage, UserMessage
from azure.ai.inference.tools import Toolset

from .conftest import MESSAGES, Client, Serve, World, settle
from .raw_server import DONE, answer, completion, event
from .raw_server import stream as streamed


def get_weather(city: str) -> dict[str, str]:
    """Tell the weather.

    :param city: Where.
    """
    return {"city": city, "sky": "blue"}


async def get_time(zone: str = "UTC") -> str:
    """Tell the time."""
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
async def test_a_loop_ends_with_the_tools_results_told(world: World, dialect: str, streamed: bool) -> None:
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
async def test_a_bad_call_is_told_to_the_model_or_raised(
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
async def test_definitions_are_sent_as_services_take_them(
    world: World, emulator: Emulator, strict: bool | None
) -> None:
    emulator.reset()
    client = world.chat(f"{emulator.url}/openai/v1", emulator.key, model="m")
    definition = ChatCompletionsToolDefinition.from_function(get_weather, strict=strict)
    await client.complete(tools=[definition], parallel_tool_calls=False)
    function = emulator.requests[-1].body["tools"][0]["function"]
    assert (function["name"], function["description"]) == ("get_weather", "Tell the weather.")
    assert function["parameters"]["properties"] == {"city": {"type": "string", "description": "Where."}}
    assert function.get("strict") is strict


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("given", [{}, {"id": None}, {"id": ""}, {"id": "null"}], ids=repr)
async def test_a_call_without_an_id_has_one_in_call_and_result(
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
