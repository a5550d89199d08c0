"""Requests: byte for byte what 1.0.0b9 sent, for everything that it could express."""

import io
import json
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from azure.core.serialization import NULL

from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletions,
    ChatCompletionsNamedToolChoice,
    ChatCompletionsNamedToolChoiceFunction,
    ChatCompletionsResponseFormatJSON,
    ChatCompletionsResponseFormatText,
    ChatCompletionsToolCall,
    ChatCompletionsToolChoicePreset,
    ChatCompletionsToolDefinition,
    DeveloperMessage,
    FunctionCall,
    FunctionDefinition,
    ImageContentItem,
    ImageDetailLevel,
    ImageUrl,
    JsonSchemaFormat,
    SystemMessage,
    TextContentItem,
    ToolMessage,
    UserMessage,
)

from .conftest import MESSAGES, Serve, World
from .raw_server import STREAM, answer, completion, stream

GOOD = answer(200, completion())
HI = '{"messages": [{"role": "user", "content": "hi"}]'
TOOL = ChatCompletionsToolDefinition(
    function=FunctionDefinition(name="f", description="d", parameters={"type": "object"})
)
CALL = ChatCompletionsToolCall(id="i", function=FunctionCall(name="f", arguments="{}"))

BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, HI + "}"),
    ({"stream": False}, HI + ', "stream": false}'),
    ({"stream": None}, HI + "}"),
    (
        {"temperature": 0, "stop": [], "model": "", "top_p": 0.5},
        HI + ', "model": "", "temperature": 0, "top_p": 0.5}',
    ),
    (
        {
            "top_p": 1,
            "tools": [TOOL],
            "tool_choice": ChatCompletionsToolChoicePreset.AUTO,
            "temperature": 1,
            "stop": ["x"],
            "seed": 1,
            "response_format": "json_object",
            "presence_penalty": 1,
            "model": "m",
            "max_tokens": 1,
            "frequency_penalty": 1,
        },
        HI + ', "frequency_penalty": 1, "max_tokens": 1, "model": "m", "presence_penalty": 1, '
        '"response_format": {"type": "json_object"}, "seed": 1, "stop": ["x"], "temperature": 1, '
        '"tool_choice": "auto", "tools": [{"function": {"name": "f", "description": "d", '
        '"parameters": {"type": "object"}}, "type": "function"}], "top_p": 1}',
    ),
    ({"response_format": "text"}, HI + ', "response_format": {"type": "text"}}'),
    ({"response_format": ChatCompletionsResponseFormatText()}, HI + ', "response_format": {"type": "text"}}'),
    ({"response_format": ChatCompletionsResponseFormatJSON()}, HI + ', "response_format": {"type": "json_object"}}'),
    (
        {"response_format": JsonSchemaFormat(name="n", schema={"type": "object"}, strict=True)},
        HI + ', "response_format": {"type": "json_schema", "json_schema": '
        '{"name": "n", "schema": {"type": "object"}, "strict": true}}}',
    ),
    (
        {"response_format": {"type": "grammar", "grammar": "g"}},
        HI + ', "response_format": {"type": "grammar", "grammar": "g"}}',
    ),
    (
        {
            "tool_choice": ChatCompletionsNamedToolChoice(function=ChatCompletionsNamedToolChoiceFunction(name="f")),
            "tools": [{}],
        },
        HI + ', "tool_choice": {"function": {"name": "f"}, "type": "function"}, "tools": [{}]}',
    ),
    ({"temperature": NULL}, HI + ', "temperature": null}'),
    ({"model_extras": {"a": 1, "b": None, "messages": 3}}, '{"messages": 3, "a": 1}'),
    ({"max_completion_tokens": 5, "n": 2}, HI + ', "max_completion_tokens": 5, "n": 2}'),
    (
        {
            "messages": [
                SystemMessage("s"),
                DeveloperMessage(content="d"),
                UserMessage("ü"),
                AssistantMessage("a", tool_calls=[CALL]),
                ToolMessage("t", tool_call_id="i"),
            ]
        },
        '{"messages": [{"role": "system", "content": "s"}, {"role": "developer", "content": "d"}, '
        '{"role": "user", "content": "\\u00fc"}, {"role": "assistant", "tool_calls": [{"id": "i", "function": '
        '{"name": "f", "arguments": "{}"}, "type": "function"}], "content": "a"}, '
        '{"role": "tool", "tool_call_id": "i", "content": "t"}]}',
    ),
    (
        {
            "messages": [
                UserMessage(
                    [
                        TextContentItem(text="t"),
                        ImageContentItem(image_url=ImageUrl(url="u", detail=ImageDetailLevel.LOW)),
                    ]
                )
            ]
        },
        '{"messages": [{"role": "user", "content": [{"type": "text", "text": "t"}, '
        '{"type": "image_url", "image_url": {"url": "u", "detail": "low"}}]}]}',
    ),
    ({"messages": (message for message in MESSAGES)}, HI + "}"),
    ({"messages": [MappingProxyType(MESSAGES[0])]}, HI + "}"),
]


@pytest.mark.parametrize(("options", "expected"), BODIES)
async def test_exact_request_body(world: World, serve: Serve, options: dict[str, Any], expected: str) -> None:
    server = serve(GOOD)
    if "messages" in options and not isinstance(options["messages"], list):
        options = {**options, "messages": list(MESSAGES)}  # a generator runs once, and there are two worlds
    await world.chat(server.url).complete(**options)
    (request,) = server.requests
    assert request.body.decode() == expected
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "application/json"
    passed = "model_extras" in options or "n" in options
    assert request.headers.get("extra-parameters") == ("pass-through" if passed else None)


async def test_messages_may_be_a_generator(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    await world.chat(server.url).complete(messages=(message for message in MESSAGES))
    assert server.requests[0].json == {"messages": MESSAGES}


async def test_answer_is_sent_back_unchanged(world: World, serve: Serve) -> None:
    raw = {"role": "assistant", "content": None, "call_id": None, "vendor": {"x": 1}}
    told = completion()
    told["choices"][0]["message"] = raw
    server = serve(answer(200, told))
    client = world.chat(server.url)
    got = await client.complete()
    await client.complete(messages=[*MESSAGES, got.choices[0].message])
    assert server.requests[1].json["messages"][1] == raw


REFUSED: list[tuple[Any, type[Exception], str]] = [
    ("hello", TypeError, "messages must be a list"),
    (b"hello", TypeError, "messages must be a list"),
    ({"role": "user"}, TypeError, "messages must be a list"),
    (3, TypeError, "messages must be a list"),
    ([], ValueError, "must not be empty"),
    (["hello"], TypeError, r"messages\[0\] must be"),
    ([MESSAGES[0], None], TypeError, r"messages\[1\] must be"),
    ([{"content": "x"}], ValueError, r"messages\[0\] has no role"),
    ([MESSAGES[0], {"role": ""}], ValueError, r"messages\[1\] has no role"),
    ([ChatCompletions(completion())], ValueError, r"choices\[0\]\.message"),
    (None, TypeError, "missing required argument: messages"),
]


@pytest.mark.parametrize(("messages", "error", "words"), REFUSED)
async def test_invalid_messages(world: World, serve: Serve, messages: Any, error: type[Exception], words: str) -> None:
    server = serve(GOOD)
    with pytest.raises(error, match=words):
        await world.chat(server.url).complete(messages=messages)
    assert server.requests == []


@pytest.mark.parametrize("value", [("json", "text"), 3, "jason"])
async def test_invalid_response_format(world: World, serve: Serve, value: Any) -> None:
    server = serve(GOOD)
    with pytest.raises(ValueError, match="Unsupported `response_format`"):
        await world.chat(server.url).complete(response_format=value)
    with pytest.raises(ValueError, match="Unsupported `response_format`"):
        world.chat(server.url, response_format=value)


RAW = b'{"messages": [], "stream": true, "x": null}'
PLAIN = RAW.replace(b"true", b"false")


class Duck:
    """A file that only has `read`."""

    def __init__(self, content: Any) -> None:
        self._content = content

    def read(self) -> Any:
        return self._content


def named_file(content: bytes) -> Any:
    file = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed by the test
    file.write(content)
    file.seek(0)
    return file


def real_file(content: bytes) -> Any:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(content)
    return Path(file.name).open("rb")


FORMS: dict[str, Any] = {
    "dict": json.loads,
    "mapping": lambda content: MappingProxyType(json.loads(content)),
    "model": lambda content: ChatCompletions(json.loads(content)),
    "bytes": bytes,
    "bytearray": bytearray,
    "BytesIO": io.BytesIO,
    "StringIO": lambda content: io.StringIO(content.decode()),
    "NamedTemporaryFile": named_file,
    "file": real_file,
    "duck": Duck,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("raw", [RAW, PLAIN], ids=["stream", "plain"])
async def test_body_types(world: World, serve: Serve, form: str, raw: bytes) -> None:
    server = serve(stream(STREAM) if raw is RAW else GOOD)
    body = FORMS[form](raw)
    client = world.chat(server.url, temperature=1, model_extras={"a": 1})
    result = await client.complete(body)
    assert server.requests[0].body == raw
    assert "extra-parameters" not in server.requests[0].headers
    if raw is RAW:
        assert len(await result.rest()) == 2
    else:
        assert result.choices[0].message.content == "hello"
    if hasattr(body, "close"):
        body.close()


@pytest.mark.parametrize("body", [3, [MESSAGES[0]], "text", 1.5])
async def test_invalid_body(world: World, serve: Serve, body: Any) -> None:
    with pytest.raises(TypeError, match="body must be a mapping, bytes or a binary file"):
        await world.chat(serve(GOOD).url).complete(body)


async def test_arguments_ignored_with_a_body_are_logged(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    await world.chat(serve(GOOD).url).complete({"messages": MESSAGES}, temperature=1, model="m")
    assert "given a body, so it ignored: " in caplog.text
    assert "temperature" in caplog.text


async def test_stream_argument_with_a_body(world: World, serve: Serve) -> None:
    server = serve(stream(STREAM))
    opened = await world.chat(server.url).complete({"messages": MESSAGES}, stream=True)
    assert len(await opened.rest()) == 2


async def test_caller_extra_parameters_header_takes_precedence(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    await world.chat(server.url).complete(model_extras={"a": 1}, headers={"extra-parameters": "drop"})
    assert server.requests[0].headers["extra-parameters"] == "drop"


async def test_call_settings_override_client_settings(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    extras = {"a": 1, "b": 1}
    client = world.chat(server.url, temperature=1, max_tokens=5, stop=["a"], model_extras=extras)
    await client.complete(temperature=0, stop=["b"], max_tokens=None, model_extras={"b": 2, "c": 3})
    for given in ({"a": None}, {}, None):
        await client.complete(model_extras=given)
    assert server.requests[0].json == {
        "messages": MESSAGES,
        "max_tokens": 5,
        "stop": ["b"],
        "temperature": 0,
        "b": 2,
        "c": 3,
    }, "a call's extras are sent in place of the client's, as a set"
    clients = {"messages": MESSAGES, "max_tokens": 5, "stop": ["a"], "temperature": 1}
    assert [one.json for one in server.requests[1:]] == [clients, {**clients, **extras}, {**clients, **extras}]
    assert extras == {"a": 1, "b": 1}


async def test_with_defaults(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    client = world.chat(server.url, temperature=1, max_tokens=5)
    other = client.with_defaults(temperature=None, model="m")
    await other.complete()
    await client.complete()
    assert server.requests[0].json == {"messages": MESSAGES, "max_tokens": 5, "model": "m"}
    assert server.requests[1].json == {"messages": MESSAGES, "max_tokens": 5, "temperature": 1}
    assert len(server.connections) == 1, "connections are shared"
    assert type(other.real) is type(client.real)
    with pytest.raises(TypeError, match="Did you mean 'temperature'"):
        client.with_defaults(temprature=1)


async def test_embeddings(world: World, serve: Serve) -> None:
    told = answer(200, {"data": [{"index": 0, "embedding": [1.0, 2.0]}], "model": "m", "usage": {"prompt_tokens": 1}})
    server = serve(told)
    texts = world.embeddings(server.url, dimensions=2)
    assert (await texts.embed(input=["a"], input_type="query")).data[0].embedding == [1.0, 2.0]
    assert (await texts.embed({"input": ["b"]})).model == "m"
    await texts.with_defaults(model="e").embed(input=["c"])
    images = world.image_embeddings(server.url)
    await images.embed(input=[{"image": "data:"}])
    await images.with_defaults(model="i").embed(input=[{"image": "data:"}])
    assert [request.body.decode() for request in server.requests] == [
        '{"input": ["a"], "dimensions": 2, "input_type": "query"}',
        '{"input": ["b"]}',
        '{"input": ["c"], "dimensions": 2, "model": "e"}',
        '{"input": [{"image": "data:"}]}',
        '{"input": [{"image": "data:"}], "model": "i"}',
    ]
    assert [request.target.partition("?")[0] for request in server.requests] == ["/embeddings"] * 3 + [
        "/images/embeddings"
    ] * 2
    with pytest.raises(TypeError, match="missing required argument: input"):
        await texts.embed()
    with pytest.raises(ValueError, match="input"):
        await texts.embed(input=[])


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"tools": []}, {}),
        ({"tools": (), "tool_choice": "auto"}, {}),
        ({"stop": [], "modalities": []}, {}),
        ({"tool_choice": "none"}, {}),
        ({"stop": ["a"], "modalities": ("text",)}, {"stop": ["a"], "modalities": ["text"]}),
        ({"model_extras": {"tools": [{}]}, "tool_choice": "auto"}, {"tool_choice": "auto", "tools": [{}]}),
    ],
)
async def test_empty_lists_are_not_sent(world: World, serve: Serve, settings: Any, sent: Any) -> None:
    server = serve(GOOD)
    await world.chat(server.url).complete(**settings)
    await world.chat(server.url, **settings).complete()
    assert [one.json for one in server.requests] == [{"messages": MESSAGES, **sent}] * 2
