"""For every provider's format, a combined stream equals the plain answer, over real sockets."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.emulator._dialects import DIALECTS
from azure.ai.inference.models import ChatCompletions, ChatCompletionsToolCall

from .conftest import World, settle

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALLS = [ToolCall("get_weather", {"city": "Rome"}, id="call00001"), ToolCall("get_weather", {"city": "Oslo"})]
TWO = [Reply("One."), Reply("Another.", finish_reason="length")]
REPLIES: dict[str, tuple[Reply, dict[str, Any]]] = {
    "text": (Reply("Hello, wörld 👋🏽!"), {}),
    "nothing": (Reply(""), {}),
    "thoughts": (Reply("Four.", reasoning="Two and two.\nThat is four."), {}),
    "one call": (Reply(tool_calls=CALLS[:1]), {"tools": [WEATHER]}),
    "two calls": (Reply(tool_calls=CALLS), {"tools": [WEATHER]}),
    "thoughts and calls": (Reply(tool_calls=CALLS[:1], reasoning="I shall look."), {"tools": [WEATHER]}),
    "cut short": (Reply("Once upon a", finish_reason="length"), {}),
    "filtered": (Reply("I was about to", filtered="violence", finish_reason="content_filter"), {}),
    "two answers": (Reply(choices=TWO), {"n": 2}),
    "log probabilities": (Reply("A few words."), {"logprobs": True, "top_logprobs": 2}),
}


@pytest.fixture(scope="module", params=DIALECTS)
def endpoint(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with Emulator(dialect=request.param) as running:
        yield running


@pytest.mark.parametrize(("reply", "options"), REPLIES.values(), ids=REPLIES)
async def test_final_completion_equals_the_plain_answer(
    world: World, endpoint: Emulator, reply: Reply, options: dict[str, Any]
) -> None:
    endpoint.reset()
    endpoint.reply(reply, times=2)
    dialect = DIALECTS[str(endpoint._settings.dialect)]
    client = world.chat(endpoint.url + ("" if dialect.unknown == "ask" else "/v1"), endpoint.key, model="m")
    plain = await client.complete(**options)
    asked = {"stream_options": {"include_usage": True}} if dialect.usage == "asked" else {}
    stream = await client.stream(**options, **asked)
    final = await settle(stream.get_final_completions())
    assert _shorn(final.as_dict()) == _shorn(plain.as_dict())
    assert [call.id for call in _calls(final)] == [call.id for call in _calls(plain)]
    assert stream.usage == plain.usage


def _calls(answer: ChatCompletions) -> list[ChatCompletionsToolCall]:
    messages = [choice.message for choice in answer.choices if "message" in choice]
    return [call for message in messages for call in message.tool_calls or ()]


def _shorn(value: Any) -> Any:
    """Drop members that services send in only one of the two forms.

    These are nulls, empty content and request ids; content filter results without findings; and the text of a withheld
    answer, part of which the stream had already sent.
    """
    if isinstance(value, list):
        return [_shorn(item) for item in value if item != {"type": "text", "text": ""}]
    if not isinstance(value, dict):
        return value
    shorn = {name: _shorn(member) for name, member in value.items() if not _says_nothing(name, member)}
    if "content_filter_results" in shorn:
        shorn.pop("message", None)
    return shorn


def _says_nothing(name: str, member: Any) -> bool:
    if name == "content_filter_results":
        return not any(finding["filtered"] for finding in member.values())
    unsaid = (("content", ""), ("prompt_filter_results", [{"prompt_index": 0}]))
    return member is None or (name, member) in unsaid or name in ("id", "content_filter_offsets")


def chunk(*choices: Any, **members: Any) -> dict[str, Any]:
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1736389076, "model": "m"}
    return {**head, "choices": list(choices), **members}


def part(delta: Any = None, finish_reason: Any = None, **members: Any) -> dict[str, Any]:
    return {"index": 0, "delta": delta or {}, "finish_reason": finish_reason, **members}


def tool(name: Any = None, arguments: Any = None, **members: Any) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {"tool_calls": [{**members, "function": function}]}


def thinking(text: str) -> dict[str, Any]:
    return {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]}


USAGE = {"completion_tokens": 23, "prompt_tokens": 100, "total_tokens": 123}
DONE = "[DONE]"
PROMPT_FILTER = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
}
WITHHELD = {"hate": {"filtered": True, "severity": "high"}}


class Told(NamedTuple):
    """The completion that a recorded stream adds up to."""

    text: str = ""
    finish_reason: str = "stop"
    usage: dict[str, Any] | None = None
    reasoning: str | None = None
    calls: tuple[tuple[str, str], ...] = ()


RECORDED: dict[str, tuple[list[Any], Told]] = {
    "serverless Mistral": (
        [
            chunk(part({"role": "assistant", "content": ""}, logprobs=None)),
            chunk(part({"content": "Hel"})),
            chunk(part({"content": "lo"})),
            chunk(part({"content": ""}, "stop"), usage=USAGE),
            DONE,
        ],
        Told("Hello", usage=USAGE),
    ),
    "serverless Mistral calling a tool": (
        [chunk(part(tool("get_weather", '{"city": "Seattle"}', id="a1"), "tool_calls"), usage=USAGE), DONE],
        Told("", "tool_calls", USAGE, calls=(("get_weather", '{"city": "Seattle"}'),)),
    ),
    "GitHub's gpt-4o calling a forced tool": (
        [
            PROMPT_FILTER,
            chunk(part({"content": None, "role": "assistant", **tool("get", "", id="c", index=0, type="function")})),
            chunk(part(tool(None, '{"', index=0))),
            chunk(part(tool(None, 'a":1}', index=0))),
            chunk(part({}, "stop")),
            DONE,
        ],
        Told("", "stop", calls=(("get", '{"a":1}'),)),
    ),
    "Azure's model router with usage": (
        [
            PROMPT_FILTER,
            chunk(part({"content": "", "refusal": None, "role": "assistant"}), obfuscation="D3W", usage=None),
            chunk(part({"content": "Hi"}), obfuscation="x", usage=None),
            chunk(part({}, "stop"), obfuscation="", usage=None),
            chunk(obfuscation="Dj", usage=USAGE),
            DONE,
        ],
        Told("Hi", usage=USAGE),
    ),
    "Foundry's DeepSeek": (
        [
            chunk(part({"role": None, "content": None, "reasoning_content": "We", "tool_calls": None}), usage=None),
            chunk(part({"role": None, "content": None, "reasoning_content": " know.", "tool_calls": None}), usage=None),
            chunk(part({"role": None, "content": "Yes", "reasoning_content": None, "tool_calls": None}), usage=None),
            chunk(part({"content": None}, "stop", matched_stop=1), usage=None),
            chunk(usage={**USAGE, "prompt_tokens_details": None, "reasoning_tokens": 0}),
            DONE,
        ],
        Told("Yes", usage={**USAGE, "prompt_tokens_details": None, "reasoning_tokens": 0}, reasoning="We know."),
    ),
    "Magistral": (
        [
            chunk(part({"role": "assistant", **thinking("The user ")})),
            chunk(part(thinking("is asking"))),
            chunk(part({"content": [{"type": "text", "text": "2 + 2"}]})),
            chunk(part({"content": " = 4"})),
            chunk(part({"content": ""}, "stop"), usage=USAGE),
            DONE,
        ],
        Told("2 + 2 = 4", usage=USAGE, reasoning="The user is asking"),
    ),
    "a vendor behind Mistral, calling a tool": (
        [
            chunk(part({**tool("search", "", id="c9", type="function", index=0), "index": 0, "content": ""})),
            chunk(part({**tool("", '{"q": 1}', type="function", index=0), "index": 0, "content": ""})),
            chunk(part({"content": ""}, "tool_calls"), usage=USAGE),
            DONE,
        ],
        Told("", "tool_calls", USAGE, calls=(("search", '{"q": 1}'),)),
    ),
    "DeepSeek-R1 on a serverless endpoint": (
        [
            chunk(part({"role": "assistant", "content": "<think>Okay,"})),
            chunk(part({"content": " so.</thi"})),
            chunk(part({"content": "nk>\n\nYes"})),
            chunk(part({"content": ""}, "stop")),
            DONE,
        ],
        Told("Yes", reasoning="Okay, so."),
    ),
    "Azure's asynchronous filter": (
        [
            PROMPT_FILTER,
            chunk(part({"role": "assistant", "content": "A"})),
            {**chunk({"index": 0, "finish_reason": "content_filter", "content_filter_results": WITHHELD}), "id": ""},
            DONE,
        ],
        Told("A", "content_filter"),
    ),
    "llama.cpp keeping alive": (
        [
            b":\n\n:\n\n:\n\n",
            chunk(part({"role": "assistant", "content": None})),
            b": ping\n",
            chunk(part({"content": "Hi"})),
            chunk(part({}, "stop")),
            b"data: [DONE]",
        ],
        Told("Hi"),
    ),
}


@pytest.mark.parametrize(("events", "told"), RECORDED.values(), ids=RECORDED)
async def test_recorded_streams(world: World, emulator: Emulator, events: list[Any], told: Told) -> None:
    emulator.reset()
    emulator.reply(Reply(events=events), times=2)
    client = world.chat(emulator.url, emulator.key)
    stream = await client.stream()
    [choice] = (await settle(stream.get_final_completions())).choices
    calls = tuple((call.function.name, call.function.arguments) for call in choice.message.tool_calls or ())
    usage = stream.usage and stream.usage.as_dict()
    assert Told(choice.message.text, choice.finish_reason, usage, choice.message.reasoning, calls) == told
    updates = await (await client.stream()).rest()
    deltas = [choice.delta for update in updates for choice in update.choices if choice.delta]
    assert "".join(delta.text for delta in deltas) == told.text
    assert "".join(delta.reasoning or "" for delta in deltas).strip() == (told.reasoning or "")
