"""Telemetry of calls through each API: in the form of chat completions, one span however often it is sent, the API's
name."""

import json
from typing import Any

import pytest

from clients.raw_server import RawServer, answer
from clients.test_apis import ANSWERED, IN_CHAT, NO_CHAT, message

from .conftest import ASKED, Telemetry, World, attributes

LATEST = "gen_ai_latest_experimental"
ROWS: dict[str, tuple[list[bytes], str, dict[str, Any], str | None]] = {
    "chat": ([IN_CHAT], "/v1", {}, "chat_completions"),
    "chat of another provider": ([IN_CHAT], "", {}, None),
    "responses": ([ANSWERED], "/v1", {"api": "responses"}, "responses"),
    "responses after a refusal": ([NO_CHAT, ANSWERED], "/v1", {}, "responses"),
    "responses after a refusal at a deployment": ([NO_CHAT, ANSWERED], "/openai/deployments/m", {}, "responses"),
    "messages": ([answer(200, message())], "/v1", {"api": "messages"}, None),
}


@pytest.mark.parametrize("row", ROWS)
async def test_api_and_the_chat_form_of_a_call(world: World, telemetry: Telemetry, row: str) -> None:
    answers, path, options, name = ROWS[row]
    telemetry.instrument(True, semantic_conventions=LATEST)
    with RawServer(*answers) as server:
        client = world.client("chat", server.url + path)
        await world.call(client.complete, messages=ASKED, model="m", max_tokens=50, **options)
        assert len(server.requests) == len(answers)
    span = telemetry.span
    found = attributes(span)
    assert found.get("openai.api.type") == name
    assert found["gen_ai.request.max_tokens"] == 50
    assert found["gen_ai.request.model"] == "m"
    assert found["gen_ai.response.finish_reasons"] == ("stop",)
    assert "Be brief." in found["gen_ai.system_instructions"]
    [told] = json.loads(found["gen_ai.input.messages"])
    assert told["role"] == "user"
    assert "hello" in found["gen_ai.output.messages"]


@pytest.mark.parametrize("row", ["responses", "responses after a refusal", "messages"])
async def test_old_conventions_have_no_api_attribute(world: World, telemetry: Telemetry, row: str) -> None:
    answers, path, options, _ = ROWS[row]
    telemetry.instrument(True)
    with RawServer(*answers) as server:
        client = world.client("chat", server.url + path)
        await world.call(client.complete, messages=ASKED, model="m", **options)
    assert "openai.api.type" not in attributes(telemetry.span)
    assert [event.name for event in telemetry.span.events] == [
        "gen_ai.system.message",
        "gen_ai.user.message",
        "gen_ai.choice",
    ]
