"""OpenTelemetry's conventions v1.41: attributes, content, events and metrics."""

import json
from decimal import Decimal
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.emulator._dialects import DIALECTS
from azure.ai.inference.models import UserMessage

from .conftest import ASKED, Telemetry, World, attributes

LATEST = "gen_ai_latest_experimental"
TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
TELL_USAGE = ("serverless", "mistral", "mistral-azure")
USAGE = {
    "prompt_tokens": 30,
    "completion_tokens": 20,
    "total_tokens": 50,
    "prompt_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 8},
}


async def complete(world: World, emulator: Emulator, *, path: str = "", **options: Any) -> Any:
    client = world.client("chat", emulator.url + path)
    result = await world.call(client.complete, **{"messages": ASKED, **options})
    return await world.drain(result) if options.get("stream") else result


@pytest.mark.parametrize("by", ["argument", "environment"])
async def test_request_and_response(
    world: World, telemetry: Telemetry, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "environment":
        monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", f"http, {LATEST}")
    telemetry.instrument(semantic_conventions=LATEST if by == "argument" else None)
    emulator.reply(Reply("Hello", usage=USAGE))
    await complete(
        world,
        emulator,
        model="m",
        max_tokens=5,
        temperature=0.5,
        top_p=0.25,
        frequency_penalty=0.125,
        presence_penalty=-0.5,
        seed=7,
        stop=["END"],
        n=1,
        reasoning_effort="low",
        response_format="json_object",
        model_extras={"top_k": 3},
    )
    span = telemetry.span
    found = attributes(span)
    assert found.pop("gen_ai.response.id")
    assert span.name == "chat m"
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.schema_url == "https://opentelemetry.io/schemas/1.41.0"
    assert found == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "azure.ai.inference",
        "gen_ai.request.model": "m",
        "gen_ai.request.max_tokens": 5,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.25,
        "gen_ai.request.top_k": 3,
        "gen_ai.request.frequency_penalty": 0.125,
        "gen_ai.request.presence_penalty": -0.5,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.output.type": "json",
        "server.address": "127.0.0.1",
        "server.port": int(emulator.url.rpartition(":")[2]),
        "gen_ai.response.model": "m",
        "gen_ai.usage.input_tokens": 30,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 10,
        "gen_ai.usage.cache_creation.input_tokens": 5,
        "gen_ai.usage.reasoning.output_tokens": 8,
        "gen_ai.response.finish_reasons": ("stop",),
    }
    assert not span.events


async def test_deployment_is_the_model(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(semantic_conventions=LATEST)
    await complete(world, emulator, path="/openai/deployments/my%20gpt")
    assert telemetry.span.name == "chat my gpt"
    assert attributes(telemetry.span)["gen_ai.provider.name"] == "azure.ai.openai"


async def test_absent_values_are_not_recorded(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(semantic_conventions=LATEST)
    emulator.reply(Reply(body={"choices": [{"index": 0}], "usage": {"prompt_tokens": None}, "model": None}))
    await complete(world, emulator)
    assert telemetry.span.name == "chat"
    assert not [name for name in attributes(telemetry.span) if "response" in name or "usage" in name]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True])
async def test_each_dialect(world: World, telemetry: Telemetry, dialect: str, stream: bool) -> None:
    telemetry.instrument(True, semantic_conventions=LATEST)
    with Emulator(dialect=dialect) as emulator:
        emulator.reply(Reply("Hello there, you!", reasoning="Two and two."))
        options: Any = {"stream_options": {"include_usage": True}} if stream and dialect not in TELL_USAGE else {}
        path = "/models" if dialect == "model-inference" else "/v1"
        await complete(world, emulator, path=path, stream=stream, model="m", **options)
    found = attributes(telemetry.span)
    assert found["gen_ai.response.finish_reasons"] == ("stop",)
    assert found["gen_ai.usage.input_tokens"] > 0
    assert found["gen_ai.usage.output_tokens"] > 0
    assert found.get("gen_ai.request.stream", False) == stream
    assert ("gen_ai.response.time_to_first_chunk" in found) == stream
    assert json.loads(found["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be brief."}]
    assert json.loads(found["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "Who painted the water lilies?"}]}
    ]
    (answer,) = json.loads(found["gen_ai.output.messages"])
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "stop")
    assert answer["parts"][-1] == {"type": "text", "content": "Hello there, you!"}
    assert [part["content"] for part in answer["parts"][:-1]] in (["Two and two."], [])


@pytest.mark.parametrize("capture", ["NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT"])
@pytest.mark.parametrize("by", ["argument", "environment"])
@pytest.mark.parametrize("stream", [False, True])
async def test_capture_content(
    world: World,
    telemetry: Telemetry,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capture: Any,
    by: str,
    stream: bool,
) -> None:
    if by == "environment":
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", capture.lower())
    telemetry.instrument(semantic_conventions=LATEST, capture_content=capture if by == "argument" else None)
    emulator.reply(Reply("The answer", tool_calls=[ToolCall("f", {"a": 1}, id="c1")]))
    await complete(world, emulator, stream=stream, tools=[TOOL])
    names = ["gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions"]
    found = attributes(telemetry.span)
    assert [name in found for name in names] == [capture.startswith("SPAN")] * 4
    logs = telemetry.logs.get_finished_logs()
    assert len(logs) == ("EVENT" in capture)
    parts = [
        {"type": "text", "content": "The answer"},
        {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}},
    ]
    if logs:
        record = logs[0].log_record
        told = dict(record.attributes or {})
        context = telemetry.span.context
        assert record.event_name == "gen_ai.client.inference.operation.details"
        assert context is not None
        assert (record.trace_id, record.span_id) == (context.trace_id, context.span_id)
        assert told["gen_ai.provider.name"] == "azure.ai.inference"
        assert json.loads(json.dumps(told["gen_ai.output.messages"], default=_plain))[0]["parts"] == parts
    if capture.startswith("SPAN"):
        assert json.loads(found["gen_ai.output.messages"]) == [
            {"role": "assistant", "parts": parts, "finish_reason": "tool_call"}
        ]
        assert json.loads(found["gen_ai.tool.definitions"]) == [{"type": "function", **TOOL["function"]}]  # type: ignore[dict-item]
    if capture == "NO_CONTENT":
        assert "The answer" not in telemetry.everything()
        assert "water lilies" not in telemetry.everything()


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "items") else list(value)


async def test_error(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(capture_content="SPAN_AND_EVENT", semantic_conventions=LATEST)
    emulator.reply(Reply(status=429, body={"error": {"code": "insufficient_quota", "message": "Too much."}}))
    with pytest.raises(Exception, match="Too much"):
        await complete(world, emulator)
    assert telemetry.span.status.status_code is StatusCode.ERROR
    assert attributes(telemetry.span)["error.type"] == "insufficient_quota"
    (event,) = telemetry.span.events
    assert str((event.attributes or {})["exception.type"]).startswith("azure.ai.inference.exceptions.")
    (log,) = telemetry.logs.get_finished_logs()
    assert (log.log_record.attributes or {})["error.type"] == "insufficient_quota"
    assert "gen_ai.output.messages" not in attributes(telemetry.span)


@pytest.mark.parametrize("kind", ["embed", "images"])
async def test_embeddings(world: World, telemetry: Telemetry, emulator: Emulator, kind: str) -> None:
    telemetry.instrument(capture_content="SPAN_AND_EVENT", semantic_conventions=LATEST)
    client = world.client(kind, emulator.url, model="e")
    texts: Any = ["a text"] if kind == "embed" else [{"image": "data:image/png;base64,aaaa"}]
    await world.call(client.embed, input=texts, dimensions=4, encoding_format="float")
    found = attributes(telemetry.span)
    assert telemetry.span.name == "embeddings e"
    assert found["gen_ai.embeddings.dimension.count"] == 4
    assert found["gen_ai.request.encoding_formats"] == ("float",)
    assert found["gen_ai.usage.input_tokens"] > 0
    assert "gen_ai.usage.output_tokens" not in found
    assert not telemetry.logs.get_finished_logs()


@pytest.mark.parametrize("conventions", ["default", LATEST])
@pytest.mark.parametrize(("stream", "each"), [(False, True), (True, False), (True, True)])
async def test_metrics(
    world: World, telemetry: Telemetry, emulator: Emulator, stream: bool, each: bool, conventions: Any
) -> None:
    telemetry.instrument(semantic_conventions=conventions, time_per_output_chunk=each)
    emulator.reply(Reply("one two three", usage={"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50}))
    options: Any = {"stream_options": {"include_usage": True}} if stream else {}
    updates = await complete(world, emulator, stream=stream, model="m", **options)
    metrics = telemetry.metrics
    provider = "gen_ai.system" if conventions == "default" else "gen_ai.provider.name"
    common = {
        "gen_ai.operation.name": "chat",
        provider: "az.ai.inference" if conventions == "default" else "azure.ai.inference",
        "gen_ai.request.model": "m",
        "gen_ai.response.model": "m",
        "server.address": "127.0.0.1",
        "server.port": int(emulator.url.rpartition(":")[2]),
    }
    (duration,) = metrics["gen_ai.client.operation.duration"]
    assert dict(duration.attributes) == common
    assert (duration.count, duration.sum > 0) == (1, True)
    assert duration.explicit_bounds[0] == 0.01
    assert duration.explicit_bounds[-1] == 81.92
    assert len(duration.explicit_bounds) == 14
    tokens = {point.attributes["gen_ai.token.type"]: point for point in metrics["gen_ai.client.token.usage"]}
    assert {name: point.sum for name, point in tokens.items()} == {"input": 30, "output": 20}
    assert dict(tokens["input"].attributes) == {**common, "gen_ai.token.type": "input"}
    assert tokens["input"].explicit_bounds[:3] == (1, 4, 16)
    assert tokens["input"].explicit_bounds[-1] == 67108864
    first = metrics.get("gen_ai.client.operation.time_to_first_chunk", [])
    rest = metrics.get("gen_ai.client.operation.time_per_output_chunk", [])
    assert [point.count for point in first] == [1] * stream
    assert sum(point.count for point in rest) == (len(updates) - 1 if stream and each else 0)
    if stream:
        assert [dict(point.attributes) for point in (*first, *rest)] == [common] * (1 + each)
        assert 0 < sum(point.sum for point in (*first, *rest)) <= duration.sum


async def test_metrics_of_slow_streams(world: World, telemetry: Telemetry, emulator: Emulator) -> None:
    telemetry.instrument(time_per_output_chunk=True)
    telemetry.instrument(tracer_provider=None)  # it leaves settings alone that are not passed
    emulator.reply("one two three")
    emulator.fault("slow:seconds=0.05")
    updates = await complete(world, emulator, stream=True)
    (rest,) = telemetry.metrics["gen_ai.client.operation.time_per_output_chunk"]
    assert rest.count == len(updates) - 1
    assert rest.sum >= 0.05 * (rest.count - 1)


@pytest.mark.parametrize("text", [None, ""])
async def test_metrics_of_an_empty_stream(
    world: World, telemetry: Telemetry, emulator: Emulator, text: str | None
) -> None:
    telemetry.instrument()
    emulator.reply(Reply(events=[*([] if text is None else [b": nothing\n\n"]), "[DONE]"]))
    assert await complete(world, emulator, stream=True) == []
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}


@pytest.mark.parametrize("capture", ["NO_CONTENT", "SPAN_ONLY"])
@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_large_and_small_bodies_are_recorded_alike(
    world: World, telemetry: Telemetry, emulator: Emulator, api: str, capture: Any
) -> None:
    telemetry.instrument(semantic_conventions=LATEST, capture_content=capture)
    settings: Any = {"model": "m", "temperature": Decimal("0.5"), "max_tokens": 9, "response_format": "json_object"}
    client = world.client("chat", f"{emulator.url}/v1", api=api, **settings)
    texts = ["JSON", "JSON " * 5000]
    for text in texts:
        await world.call(client.complete, messages=[UserMessage(text)], top_p=1)
    small, large = map(attributes, telemetry.spans)
    told = [json.loads(str(span.pop("gen_ai.input.messages", '""'))) for span in (small, large)]
    assert told == [
        [{"role": "user", "parts": [{"type": "text", "content": text}]}] if capture == "SPAN_ONLY" else ""
        for text in texts
    ]
    assert small["gen_ai.request.temperature"] == 0.5
    varying = ("gen_ai.response.id", "gen_ai.output.messages", "gen_ai.usage.input_tokens")
    kept = [
        {name: value for name, value in span.items() if name not in varying and "usage" not in name}
        for span in (small, large)
    ]
    assert kept[0] == kept[1]
    assert {"gen_ai.request.max_tokens", "gen_ai.request.top_p", "gen_ai.output.type"} <= kept[1].keys()
