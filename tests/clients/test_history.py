"""Conversations: the message of an answer is sent back unchanged, whatever it contains."""

import copy
import json
from typing import Any

import pytest

from azure.ai.inference._nested_models import wrap_as
from azure.ai.inference.emulator import Emulator, Reply
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletions,
    ChatResponseMessage,
    SystemMessage,
    UserMessage,
)

from .conftest import World, settle

CALL = {"id": "call00001", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}, "extra": 1}
ANSWERS: dict[str, dict[str, Any]] = {
    "plain": {"role": "assistant", "content": "Yes."},
    "calls": {"role": "assistant", "content": None, "tool_calls": [CALL]},
    "refusal": {"role": "assistant", "content": None, "refusal": "No.", "annotations": []},
    "reasoning_content": {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm.", "tool_calls": None},
    "Ollama's reasoning": {"role": "assistant", "content": "Yes.", "reasoning": "Hm."},
    "tags": {"role": "assistant", "content": "<think>Hm.</think>\n\nYes."},
    "thinking": {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "signature": "s"},
            {"type": "text", "text": "Yes."},
            {"type": "reference", "reference_ids": [1, "b"]},
        ],
    },
    "arguments as an object": {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "call00001", "function": {"name": "f", "arguments": {"a": 1}}}],
    },
    "members that nobody knows": {"role": "assistant", "content": "Yes.", "phase": {"x": [1]}},
}


def completion(message: dict[str, Any]) -> dict[str, Any]:
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": choices}


def as_tool_results(message: dict[str, Any]) -> list[dict[str, Any]]:
    calls = message.get("tool_calls") or ()
    return [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in calls]


@pytest.mark.parametrize("message", ANSWERS.values(), ids=ANSWERS)
async def test_answer_is_sent_back_unchanged(world: World, emulator: Emulator, message: dict[str, Any]) -> None:
    emulator.reset()
    emulator.reply(Reply(body=completion(message)))
    client = world.chat(emulator.url, emulator.key)
    said = (await client.complete()).choices[0].message
    said.reasoning = "what a dependant assigns is not sent"
    await client.complete(messages=[UserMessage("hi"), said, *as_tool_results(message), UserMessage("go on")])
    assert emulator.requests[-1].body["messages"][1] == message


@pytest.mark.parametrize("message", ANSWERS.values(), ids=ANSWERS)
async def test_streamed_answer_is_sent_back_unchanged(
    world: World, emulator: Emulator, message: dict[str, Any]
) -> None:
    emulator.reset()
    chunk = completion({})
    chunk["choices"] = [{"index": 0, "delta": message, "finish_reason": "stop"}]
    emulator.reply(Reply(events=[chunk, "[DONE]"]))
    client = world.chat(emulator.url, emulator.key)
    stream = await client.stream()
    said = (await settle(stream.get_final_completions())).choices[0].message
    await client.complete(messages=[UserMessage("hi"), said, *as_tool_results(message)])
    sent = emulator.requests[-1].body["messages"][1]
    assert ChatResponseMessage(sent).text == ChatResponseMessage(message).text
    assert ChatResponseMessage(sent).reasoning == ChatResponseMessage(message).reasoning
    for call, original in zip(sent.get("tool_calls") or (), message.get("tool_calls") or (), strict=True):
        assert json.loads(call["function"]["arguments"]) == {"a": 1}
        assert call["id"] == original["id"]


async def test_mixed_message_types_in_one_conversation(world: World, emulator: Emulator) -> None:
    emulator.reset()
    read = wrap_as(ChatCompletions)
    others = [read(completion(copy.deepcopy(message))).choices[0].message for message in ANSWERS.values()]
    conversation: list[Any] = [SystemMessage("Be brief."), {"role": "user", "content": "hi"}]
    for message in others:
        conversation += [message, *as_tool_results(message), UserMessage("go on")]
    client = world.chat(emulator.url, emulator.key)
    await client.complete(messages=conversation)
    sent = emulator.requests[-1].body["messages"]
    assert [message for message in sent if message["role"] == "assistant"] == list(ANSWERS.values())
    saved = json.loads(json.dumps(conversation))
    await client.complete(messages=saved)
    assert emulator.requests[-1].body["messages"] == sent


def test_answer_is_a_plain_dict_for_other_libraries() -> None:
    said = wrap_as(ChatCompletions)(completion(ANSWERS["calls"])).choices[0].message
    assert said == ANSWERS["calls"]
    assert said.as_dict() == json.loads(json.dumps(said)) == ANSWERS["calls"]
    assert AssistantMessage(said) == ANSWERS["calls"]
