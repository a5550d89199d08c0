"""Moderation results along with an answer, read by OpenAI's own client."""

from collections.abc import Iterator
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply, ToolCall

from .test_official_responses import make

openai = pytest.importorskip("openai")
ASKED: dict[str, Any] = {"model": "gpt-4o", "moderation": {"model": "omni-moderation-latest"}}
HARM = "Please trigger the moderation."


@pytest.fixture
def client(endpoint: Emulator) -> Iterator[Any]:
    endpoint.reset()
    with make(endpoint, "OpenAI", "/v1") as made:
        yield made


def say(text: Any) -> list[Any]:
    return [{"role": "user", "content": text}]


def test_completion(client: Any, endpoint: Emulator) -> None:
    endpoint.reply(Reply(choices=[Reply("Fine."), Reply(HARM), Reply("No.", filtered="self_harm")]))
    got = client.chat.completions.create(**ASKED, messages=say("Hello"), n=3).moderation
    assert [result.flagged for result in got.input.results] == [False]
    assert [result.flagged for result in got.output.results] == [False, True, True]  # one for each choice
    assert got.output.results[1].categories["violence"]
    assert got.output.results[2].categories["self-harm"]
    assert got.input.results[0].categories.keys() == got.input.results[0].category_scores.keys()
    assert {len(result.categories) for result in got.output.results} == {13}
    assert (got.input.model, got.input.type) == ("omni-moderation-latest", "moderation_results")


@pytest.mark.parametrize("usage", [True, False])
def test_streamed_completion(client: Any, usage: bool) -> None:
    options = {"include_usage": usage}
    chunks = list(client.chat.completions.create(**ASKED, messages=say(HARM), stream=True, stream_options=options))
    moderated = [chunk for chunk in chunks if chunk.moderation is not None]
    assert moderated == [chunks[-2 if usage else -1]]  # after all text, before the usage
    assert moderated[0].choices == []
    assert moderated[0].moderation.input.results[0].flagged
    plain = client.chat.completions.create(**ASKED, messages=say(HARM))
    assert moderated[0].moderation.to_dict() == plain.moderation.to_dict()


def test_arguments_of_a_call(client: Any, endpoint: Emulator) -> None:
    endpoint.reply(Reply(tool_calls=[ToolCall("f", {"text": HARM})]))
    got = client.chat.completions.create(**ASKED, messages=say("Hello")).moderation
    assert (got.input.results[0].flagged, got.output.results[0].flagged) == (False, True)


def test_image(client: Any) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    got = client.chat.completions.create(**ASKED, messages=say([{"type": "text", "text": "x"}, image])).moderation
    applied = got.input.results[0].category_applied_input_types
    assert (applied["violence"], applied["hate"]) == (["text", "image"], ["text"])


def test_response(client: Any) -> None:
    got = client.responses.create(**ASKED, input=HARM).moderation
    assert (got.input.type, got.input.flagged) == ("moderation_result", True)
    events = list(client.responses.create(**ASKED, input="Hello", stream=True))
    assert events[0].response.moderation is None
    assert events[-1].response.moderation.output.flagged is False


def test_no_moderation_by_default(client: Any) -> None:
    assert client.chat.completions.create(model="gpt-4o", messages=say(HARM)).moderation is None
    assert client.responses.create(model="gpt-4o", input=HARM).moderation is None


@pytest.mark.parametrize("mode", ["score", "block", "other"])
def test_policies(client: Any, mode: str) -> None:
    asked = {**ASKED, "moderation": {"model": "m", "policy": {"input": {"mode": mode}}}}
    if mode == "other":
        with pytest.raises(openai.BadRequestError, match="Invalid value for 'moderation"):
            client.chat.completions.create(**asked, messages=say("Hello"))
        with pytest.raises(openai.BadRequestError, match="Invalid value for 'moderation"):
            client.responses.create(**asked, input="Hello")
    else:
        assert client.chat.completions.create(**asked, messages=say("Hello")).moderation is not None
