"""Default tracing: the spans, attributes and events of azure-ai-inference 1.0.0b9, without its bugs."""

import json
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.emulator._dialects import DIALECTS
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsToolCall,
    DeveloperMessage,
    FunctionCall,
    ImageContentItem,
    ImageUrl,
    SystemMessage,
    TextContentItem,
    ToolMessage,
    UserMessage,
)

from .conftest import ASKED, Telemetry, World, attributes, events

ANSWER = {
    "id": "i",
    "model": "m2",
    "created": 1,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
}
CHUNKS = [
    {**ANSWER, "usage": None, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}}]},
    {**ANSWER, "usage": None, "choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"}]},
    {**ANSWER, "choices": []},
    "[DONE]",
]
TOOL_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


def scripted(choices: Any, **members: Any) -> Reply:
    return Reply(body={**ANSWER, "choices": choices, **members})


def said(message: Any, reason: Any = "stop", index: int = 0) -> dict[str, Any]:
    return {"index": index, "message": message, "finish_reason": reason}


async def complete(world: World, emulator: Emulator, **options: Any) -> Any:
    settings = options.pop("settings", {})
    client = world.client("chat", emulator.url, **settings)
    result = await world.call(client.complete, **{"messages": ASKED, **options})
    return await world.drain(result) if options.get("stream") else result


@pytest.mark.parametrize("stream", [False, True])
async def test_attributes(world: World, telemetry: Telemetry, emulator: Emulator, stream: bool) -> None:
    telemetry.instrument()
    emulator.reply(Reply(body=ANSWER) if not stream else Reply(events=CHUNKS))
    await complete(world, emulator, stream=stream, model="m", max_tokens=5, temperature=0.5, top_p=1.0, seed=7)
    span = telemetry.span
    assert (span.name, span.kind, span.status.status_code) == ("chat m", SpanKind.CLIENT, StatusCode.UNSET)
    assert list(attributes(span).items()) == [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.system", "az.ai.inference"),
        ("gen_ai.request.model", "m"),
        ("gen_ai.request.max_tokens", 5),
        ("gen_ai.request.temperature", 0.5),
        ("gen_ai.request.top_p", 1.0),
        ("server.address", "127.0.0.1"),
        ("server.port", int(emulator.url.rpartition(":")[2])),
        ("gen_ai.response.id", "i"),
        ("gen_ai.response.model", "m2"),
        ("gen_ai.usage.input_tokens", 3),
        ("gen_ai.usage.output_tokens", 4),
        ("gen_ai.response.finish_reasons", ("stop",)),
    ]
    (event,) = span.events
    assert event.name == "gen_ai.choice"
    assert dict(event.attributes or {}) == {
        "gen_ai.system": "az.ai.inference",
        "gen_ai.event.content": '{"finish_reason": "stop", "index": 0}',
    }


async def test_span_without_a_model(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument()
    await complete(world, emulator)
    assert telemetry.span.name == "chat"
    assert attributes(telemetry.span)["gen_ai.request.model"] == "chat"


@pytest.mark.parametrize("form", ["defaults", "mapping", "bytes"])
async def test_attributes_come_from_the_sent_request(
    world: World, telemetry: Telemetry, emulator: Emulator, form: str
) -> None:
    telemetry.instrument()
    if form == "defaults":
        await complete(world, emulator, settings={"model": "m", "temperature": 0.25})
    else:
        body: Any = {"messages": ASKED, "model": "m", "temperature": 0.25}
        await complete(world, emulator, body=body if form == "mapping" else json.dumps(body).encode(), messages=None)
    assert telemetry.span.name == "chat m"
    assert attributes(telemetry.span)["gen_ai.request.temperature"] == 0.25


MESSAGES: list[Any] = [
    SystemMessage("S"),
    UserMessage([TextContentItem(text="x"), ImageContentItem(image_url=ImageUrl(url="data:abc"))]),
    AssistantMessage(tool_calls=[ChatCompletionsToolCall(id="c1", function=FunctionCall(name="f", arguments="{}"))]),
    ToolMessage("é", tool_call_id="c1"),
    DeveloperMessage("D"),
    {"role": "user", "content": "Hi"},
]
RECORDED = [
    ("gen_ai.system.message", '{"role": "system", "content": "S"}'),
    (
        "gen_ai.user.message",
        '{"role": "user", "content": [{"type": "text", "text": "x"}, '
        '{"type": "image_url", "image_url": {"url": "data:abc"}}]}',
    ),
    (
        "gen_ai.assistant.message",
        '{"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}, '
        '"type": "function"}]}',
    ),
    ("gen_ai.tool.message", '{"role": "tool", "tool_call_id": "c1", "content": "\\u00e9"}'),
    ("gen_ai.developer.message", '{"role": "developer", "content": "D"}'),
    ("gen_ai.user.message", '{"role": "user", "content": "Hi"}'),
    ("gen_ai.choice", '{"message": {"content": "Hello"}, "finish_reason": "stop", "index": 0}'),
]


@pytest.mark.parametrize("stream", [False, True])
async def test_content_is_recorded_byte_for_byte(
    world: World, telemetry: Telemetry, emulator: Emulator, stream: bool
) -> None:
    telemetry.instrument(True)
    emulator.reply(Reply(body=ANSWER) if not stream else Reply(events=CHUNKS))
    await complete(world, emulator, messages=MESSAGES, stream=stream)
    span = telemetry.span
    found = [(event.name, (event.attributes or {})["gen_ai.event.content"]) for event in span.events]
    assert found == RECORDED
    times = [event.timestamp for event in span.events]
    assert all(later - earlier >= 1000 for earlier, later in pairwise(times))


CHOICES: dict[str, tuple[Any, list[str], list[Any], list[Any]]] = {
    "unknown finish reason": (
        [said({"content": "A"}, "model_length")],
        ["model_length"],
        [{"finish_reason": "model_length", "index": 0}],
        [{"message": {"content": "A"}, "finish_reason": "model_length", "index": 0}],
    ),
    "no finish reason": (
        [said({"content": "A"}, None)],
        ["none"],
        [{"finish_reason": "none", "index": 0}],
        [{"message": {"content": "A"}, "finish_reason": "none", "index": 0}],
    ),
    "no message": (
        [{"index": 0, "finish_reason": "content_filter"}],
        ["content_filter"],
        [{"finish_reason": "content_filter", "index": 0}],
        [{"finish_reason": "content_filter", "index": 0}],
    ),
    "no choices": ([], [], [], []),
    "several": (
        [said({"content": "A"}), said({"content": None}, "length", 1)],
        ["stop", "length"],
        [{"finish_reason": "stop", "index": 0}, {"finish_reason": "length", "index": 1}],
        [
            {"message": {"content": "A"}, "finish_reason": "stop", "index": 0},
            {"message": {"content": None}, "finish_reason": "length", "index": 1},
        ],
    ),
    "tool calls": (
        [said({"content": "", "tool_calls": [TOOL_CALL, {"id": "c2", "x": 1, "function": {"name": "g", "y": 2}}]})],
        ["stop"],
        [
            {
                "finish_reason": "stop",
                "index": 0,
                "message": {
                    "tool_calls": [{"id": "c1", "type": "function"}, {"id": "c2", "x": 1, "function": {"y": 2}}]
                },
            }
        ],
        [
            {
                "message": {
                    "content": "",
                    "tool_calls": [TOOL_CALL, {"id": "c2", "x": 1, "function": {"name": "g", "y": 2}}],
                },
                "finish_reason": "stop",
                "index": 0,
            }
        ],
    ),
    "no index, odd calls": (
        [{"message": {"content": "A", "tool_calls": ["odd", {"id": "c"}]}, "finish_reason": "stop"}],
        ["stop"],
        [{"finish_reason": "stop", "index": 0, "message": {"tool_calls": [{"id": "c"}]}}],
        [
            {
                "message": {"content": "A", "tool_calls": ["odd", {"id": "c"}]},
                "finish_reason": "stop",
                "index": 0,
            }
        ],
    ),
}


@pytest.mark.parametrize("recording", [False, True])
@pytest.mark.parametrize("name", CHOICES)
async def test_choices(world: World, telemetry: Telemetry, emulator: Emulator, name: str, recording: bool) -> None:
    choices, reasons, without, with_content = CHOICES[name]
    telemetry.instrument(recording)
    emulator.reply(scripted(choices))
    await complete(world, emulator)
    span = telemetry.span
    assert list(attributes(span).get("gen_ai.response.finish_reasons", [])) == reasons
    assert [content for kind, content in events(span) if kind == "gen_ai.choice"] == (
        with_content if recording else without
    )
    assert span.status.status_code is StatusCode.UNSET


async def test_streamed_tool_calls_are_joined(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(True)
    emulator.reply(Reply("Let me see.", tool_calls=[ToolCall("f", {"a": 1}, id="c1"), ToolCall("g", "{}", id="c2")]))
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    other = {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}}
    await complete(world, emulator, stream=True, tools=[tool, other])
    message = events(telemetry.span)[-1][1]["message"]
    assert message["content"] == "Let me see."
    assert [(call["id"], call["function"]["name"]) for call in message["tool_calls"]] == [("c1", "f"), ("c2", "g")]
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"a": 1}


async def test_streamed_choices_are_separate(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(True)
    emulator.reply(Reply(choices=[Reply("one"), Reply("two", finish_reason="length")]))
    await complete(world, emulator, stream=True, n=2)
    assert [event for name, event in events(telemetry.span) if name == "gen_ai.choice"] == [
        {"message": {"content": "one"}, "finish_reason": "stop", "index": 0},
        {"message": {"content": "two"}, "finish_reason": "length", "index": 1},
    ]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_each_dialect(world: World, telemetry: Telemetry, dialect: str, stream: bool) -> None:
    telemetry.instrument(True)
    asked = [{"role": "user", "content": "Say it."}]
    with Emulator(dialect=dialect) as emulator:
        emulator.reply(Reply("Hello there, you!", reasoning="Two and two."))
        client = world.client("chat", f"{emulator.url}/v1")
        result = await world.call(client.complete, messages=asked, model="m", stream=stream)
        if stream:
            await world.drain(result)
    span = telemetry.span
    assert span.status.status_code is StatusCode.UNSET
    assert attributes(span)["gen_ai.response.finish_reasons"] == ("stop",)
    assert "gen_ai.response.id" in attributes(span)
    ((_, asked_event), (_, choice)) = events(span)
    assert asked_event == asked[0]
    assert "Hello there, you!" in json.dumps(choice["message"]["content"])


async def test_refusal(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument()
    emulator.fault("400:message=no way")
    with pytest.raises(Exception, match="no way") as caught:
        await complete(world, emulator)
    span = telemetry.span
    assert attributes(span)["error.type"] == "azure.core.exceptions.HttpResponseError"
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, str(caught.value))
    (event,) = span.events
    told = dict(event.attributes or {})
    assert event.name == "exception"
    assert told["exception.type"] == "azure.core.exceptions.HttpResponseError"
    assert told["exception.message"] == str(caught.value)
    assert "no way" in str(told["exception.stacktrace"])
    assert "gen_ai.response.id" not in attributes(span)


@pytest.mark.parametrize("kind", ["embed", "images"])
async def test_embeddings(world: World, telemetry: Telemetry, emulator: Emulator, kind: str) -> None:
    telemetry.instrument(True)
    texts: Any = ["a text"] if kind == "embed" else [{"image": "data:image/png;base64,aaaa"}]
    client = world.client(kind, emulator.url, model="e", dimensions=4)
    await world.call(client.embed, input=texts)
    span = telemetry.span
    found = attributes(span)
    assert (span.name, span.kind) == ("embeddings e", SpanKind.CLIENT)
    assert found["gen_ai.operation.name"] == "embeddings"
    assert found["gen_ai.usage.input_tokens"] > 0
    assert not span.events
    assert "a text" not in telemetry.everything()
