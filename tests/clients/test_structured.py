"""Answers as values of types, plain and streamed, over sockets."""

from dataclasses import dataclass
from typing import Any, TypedDict

import pydantic
import pytest

from azure.ai.inference.emulator import Emulator, Reply
from azure.ai.inference.exceptions import (
    AnswerError,
    FilteredAnswerError,
    IncompleteStreamError,
    InvalidAnswerError,
    MismatchedAnswerError,
    RefusedAnswerError,
    TruncatedAnswerError,
)

from .conftest import World, settle


@dataclass
class City:
    """A city."""

    name: str
    people: int


class Trip(TypedDict):
    stops: list[City]


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=1)


OSLO = '{"name": "Oslo", "people": 700000}'
KINDS: dict[str, tuple[Any, str, Any]] = {
    "dataclass": (City, OSLO, City("Oslo", 700000)),
    "TypedDict": (Trip, '{"stops": [' + OSLO + "]}", {"stops": [City("Oslo", 700000)]}),
    "pydantic": (Person, '{"name": "Ada"}', Person(name="Ada")),
    "list": (list[City], '{"value": [' + OSLO + "]}", [City("Oslo", 700000)]),
    "number": (int, '{"value": 5}', 5),
}


@pytest.mark.parametrize(("kind", "text", "value"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_values(world: World, emulator: Emulator, kind: Any, text: str, value: Any, streamed: bool) -> None:
    emulator.reset()
    emulator.reply(text)
    client = world.chat(f"{emulator.url}/openai/v1", emulator.key, model="m", response_format=kind)
    answer = await client.complete(stream=streamed)
    assert await settle(answer.parse_as(kind)) == value
    sent = emulator.requests[-1].body["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"]["type"] == "object"


@pytest.mark.parametrize("streamed", [False, True])
async def test_emulator_fills_the_schema(world: World, emulator: Emulator, streamed: bool) -> None:
    emulator.reset()
    client = world.chat(f"{emulator.url}/openai/v1", emulator.key, model="m")
    answer = await client.complete(response_format=City, stream=streamed)
    assert isinstance(await settle(answer.parse_as(City)), City)


FAULTS: dict[str, tuple[Reply, type[AnswerError], str]] = {
    "refusal": (Reply(refusal="I will not."), RefusedAnswerError, "I will not"),
    "filter": (Reply("{", filtered="hate", finish_reason="content_filter"), FilteredAnswerError, "hate"),
    "length": (Reply('{"name"', finish_reason="length"), TruncatedAnswerError, "max_tokens"),
    "Mistral's length": (Reply('{"name"', finish_reason="model_length"), TruncatedAnswerError, "model_length"),
    "no JSON": (Reply("Oslo"), InvalidAnswerError, "not JSON"),
    "another type": (Reply('{"name": "Oslo", "people": "many"}'), MismatchedAnswerError, "people"),
}


@pytest.mark.parametrize(("reply", "error", "text"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_each_failure_has_its_own_error(
    world: World, emulator: Emulator, reply: Reply, error: type[AnswerError], text: str, streamed: bool
) -> None:
    emulator.reset()
    emulator.reply(reply)
    client = world.chat(f"{emulator.url}/openai/deployments/m", emulator.key)
    answer = await client.complete(response_format=City, stream=streamed)
    with pytest.raises(error, match=text) as caught:
        await settle(answer.parse_as(City))
    assert type(caught.value) is error
    assert caught.value.completion.choices


async def test_second_choice_of_a_partly_read_stream(world: World, emulator: Emulator) -> None:
    emulator.reset()
    emulator.reply(Reply(choices=[Reply("none"), Reply(OSLO)]))
    stream = await world.chat(f"{emulator.url}/openai/v1", emulator.key, model="m").stream(n=2)
    await anext(stream)
    assert await settle(stream.parse_as(City, index=1)) == City("Oslo", 700000)


async def test_incomplete_stream_raises(world: World, emulator: Emulator) -> None:
    emulator.reset()
    emulator.reply(OSLO)
    emulator.fault("cut:events=3")
    stream = await world.chat(emulator.url, emulator.key).stream()
    with pytest.raises(IncompleteStreamError) as caught:
        await settle(stream.parse_as(City))
    assert caught.value.partial.choices[0].message.content
