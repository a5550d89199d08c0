"""A stream put together again is the plain answer, in every provider's ways, over sockets."""

from collections.abc import Iterator
from typing import Any

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
async def test_the_final_completion_is_the_plain_answer(
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
    """Leave out what services say in one of the two ways only.

    That is nulls, empty content, and ids of requests; findings of a content filter that found nothing; and the text of
    an answer that it withheld, which a stream had partly sent before.
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
