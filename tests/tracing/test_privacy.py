"""With content recording off, no text of a prompt or an answer is exported."""

from typing import Any

import pytest
from azure.core.exceptions import AzureError, DecodeError

from azure.ai.inference._telemetry.content import WITHHELD, exception_attributes, is_quoting
from azure.ai.inference.emulator import Emulator, Reply, ToolCall

from .conftest import Telemetry, World

SECRETS = ("the launch code is 0000", "a pelican on a bicycle", "fly_to", "Zanzibar", "never sing in the rain")
MESSAGES = [
    {"role": "system", "content": SECRETS[4]},
    {"role": "user", "content": [{"type": "text", "text": SECRETS[0]}]},
]
TOOL = {"type": "function", "function": {"name": "fly_to", "parameters": {"type": "object", "properties": {}}}}


def echo(text: str) -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "messages", 0], "msg": f"cannot be: {text}", "type": "value_error"}]}


REPLIES: dict[str, Reply] = {
    "text": Reply(SECRETS[1], reasoning=SECRETS[1]),
    "calls": Reply(SECRETS[1], tool_calls=[ToolCall("fly_to", {"place": "Zanzibar"})]),
    "refusal": Reply(refusal=SECRETS[1]),
    "echoed prompt": Reply(status=422, body=echo(SECRETS[0])),
    "echoed part": Reply(status=400, body={"error": {"message": f"near '{SECRETS[4][3:]}'", "code": "x"}}),
    "no JSON": Reply(body=SECRETS[1]),
    "html": Reply(status=502, body=f"<html>{SECRETS[0]}</html>"),
}


@pytest.mark.parametrize("conventions", ["default", "gen_ai_latest_experimental"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", REPLIES)
async def test_content_is_not_exported(
    world: World, telemetry: Telemetry, emulator: Emulator, name: str, stream: bool, conventions: Any
) -> None:
    telemetry.instrument(False, semantic_conventions=conventions)
    emulator.reply(REPLIES[name])
    await attempt(world, emulator, stream)
    assert telemetry.span
    exported = telemetry.everything()
    assert "gen_ai.operation.name" in exported
    assert [secret for secret in SECRETS if secret in exported] == []


@pytest.mark.parametrize(
    "events", [["{broken " + SECRETS[1]], ["[1]"], [{"choices": [{"delta": {"content": SECRETS[1]}}]}]]
)
async def test_content_of_a_broken_stream_is_not_exported(
    world: World, telemetry: Telemetry, emulator: Emulator, events: Any
) -> None:
    telemetry.instrument()
    emulator.reply(Reply(events=events))
    await attempt(world, emulator, stream=True)
    assert [secret for secret in SECRETS if secret in telemetry.everything()] == []
    assert "exception.stacktrace" in telemetry.everything()


async def attempt(world: World, emulator: Emulator, stream: bool) -> None:
    client = world.client("chat", emulator.url)
    try:
        result = await world.call(client.complete, messages=MESSAGES, tools=[TOOL], stream=stream)
        if stream:
            await world.drain(result)
    except AzureError:
        pass


@pytest.mark.parametrize(
    ("text", "content", "quotes"),
    [
        ("Say no more", [{"role": "user", "content": "Say no more"}], True),
        ("Cannot read 'Hi'.", [{"role": "user", "content": "Hi"}], True),
        ("user is no role", [{"role": "user", "content": "Hello"}], False),
        ("x is wrong", [{"role": "user", "content": "x"}], False),
        ("... brown fox jumps over the lazy dog", ["The quick brown fox jumps over the lazy dog. " * 3], True),
        ("Too many requests", ["The quick brown fox jumps over the lazy dog. " * 3], False),
        ("The place Zanzibar", [{"tool_calls": [{"function": {"arguments": {"a": 1, "b": "Zanzibar"}}}]}], True),
        ("", ["x" * 100], False),
        ("anything", None, False),
    ],
)
def test_is_quoting(text: str, content: Any, quotes: bool) -> None:
    assert is_quoting(ValueError(text), None, content) is quotes


def test_non_json_body_counts_as_quoting() -> None:
    assert is_quoting(DecodeError("Data: something"))


def test_withheld_error_keeps_its_stack_trace() -> None:
    try:
        raise ValueError("secret")
    except ValueError as error:
        told = exception_attributes(error, kind="ValueError", withheld=True)
    assert told["exception.type"] == "ValueError"
    assert told["exception.message"] == WITHHELD
    assert "test_withheld_error_keeps_its_stack_trace" in told["exception.stacktrace"]
    assert "ValueError: secret" not in told["exception.stacktrace"]
