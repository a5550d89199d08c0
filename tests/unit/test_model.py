"""Model: a dict that holds wire values and reads them through typed attributes."""

import copy
import json
import pickle
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from azure.core.serialization import NULL

from azure.ai.inference._model import Model, field
from azure.ai.inference.models import (
    AssistantMessage,
    ChatChoice,
    ChatCompletions,
    ChatCompletionsToolCall,
    ChatRequestMessage,
    CompletionsFinishReason,
    ContentItem,
    FunctionCall,
    ImageContentItem,
    ImageDetailLevel,
    ImageUrl,
    SystemMessage,
    TextContentItem,
    UserMessage,
)

WIRE = {
    "id": "c",
    "created": 1700000000,
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": "x", "vendor": {"a": 1}},
        },
        {"index": 1, "finish_reason": "vendor", "message": {"tool_calls": [{"id": "t", "function": {"name": "f"}}]}},
    ],
    "usage": {"total_tokens": 3},
    "vendor": [1],
}


def answer() -> ChatCompletions:
    return ChatCompletions(copy.deepcopy(WIRE))


def test_nested_objects_are_models_however_they_are_reached_and_stay_the_same() -> None:
    got = answer()
    assert got.choices is got.choices is got["choices"] is got.get("choices")
    assert got["choices"][0].message is got.choices[0].message
    assert isinstance(got.choices[1].message.tool_calls[0], ChatCompletionsToolCall)  # type: ignore[index]
    for reach in (
        lambda m: m["usage"],
        lambda m: m.get("usage"),
        lambda m: dict(m.items())["usage"],
        lambda m: list(m.values())[3],
        lambda m: m.setdefault("usage", {}),
        lambda m: m.pop("usage"),
        lambda m: m.usage,
    ):
        assert reach(answer()).total_tokens == 3
    last = ChatCompletions({"usage": {"total_tokens": 3}}).popitem()
    assert last[1].total_tokens == 3


def test_values_are_converted_by_attribute_and_wire_values_by_item() -> None:
    got = answer()
    assert got.created == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert got["created"] == 1700000000
    assert got.choices[0].finish_reason is CompletionsFinishReason.TOOL_CALLS
    assert got.choices[0]["finish_reason"] == "tool_calls"
    assert got.choices[1].finish_reason == "vendor"
    assert got.service_tier is None
    assert got["vendor"] == [1]
    assert got.choices[0].message["vendor"] == {"a": 1}
    assert not hasattr(got, "vendor")


@pytest.mark.parametrize("raw", ["text", True, 1e300, float("nan"), -1e20, None, [1]])
def test_a_moment_that_is_none_comes_as_it_came(raw: Any) -> None:
    read: Any = ChatCompletions({"created": raw}).created
    assert read is raw


@pytest.mark.parametrize(
    ("moment", "wire"),
    [
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc), 1700000000),
        (datetime(2023, 11, 14, 22, 13, 20, 500000, tzinfo=timezone.utc), 1700000000.5),
    ],
)
def test_a_moment_is_written_as_seconds(moment: datetime, wire: float) -> None:
    got = ChatCompletions(created=moment)  # type: ignore[call-arg]
    assert got["created"] == wire
    assert json.loads(json.dumps(got)) == {"created": wire}
    assert got.created == moment


def test_assigning() -> None:
    got = answer()
    got.model = "m"
    assert got["model"] == "m"
    got.model = None  # type: ignore[assignment]
    assert "model" not in got
    got.choices[0].finish_reason = CompletionsFinishReason.STOPPED
    assert got.choices[0]["finish_reason"] == "stop"
    call = ChatCompletionsToolCall(id="i", function=FunctionCall(name="f", arguments="{"))
    call.function.arguments += "}"
    assert call["function"]["arguments"] == "{}"
    call.note = "mine"  # type: ignore[attr-defined]
    assert "note" not in call
    got.choices.append(ChatChoice(index=2))  # type: ignore[call-arg]
    assert len(got["choices"]) == 3
    got["usage"] = {"total_tokens": 4}
    assert got.usage.total_tokens == 4
    with pytest.raises(KeyError):
        del got["no"]


def test_what_is_not_of_its_type_stays_as_it_came() -> None:
    got = ChatCompletions({"choices": {"a": 1}, "usage": [1]})
    assert got["choices"] == got.choices == {"a": 1}
    assert got["usage"] == [1]


def test_plain_copies_are_deep() -> None:
    got = answer()
    assert got.as_dict() == got.as_dict(exclude_readonly=True) == WIRE
    assert type(got.as_dict()["choices"][0]) is dict
    got.as_dict()["choices"].clear()
    assert got == WIRE
    assert json.loads(json.dumps(got)) == WIRE
    odd = ChatCompletions({"a": NULL, "b": (1, ImageDetailLevel.LOW), "c": MappingProxyType({"d": 1})})
    assert odd.as_dict() == {"a": None, "b": [1, "low"], "c": {"d": 1}}


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), lambda m: m.copy()]
)
def test_copies_are_models(make: Any) -> None:
    got = answer()
    got.note = "mine"  # type: ignore[attr-defined]
    made = make(got)
    assert type(made) is ChatCompletions
    assert made == got
    assert made.note == "mine"
    assert made.choices[0].message.content == "x"


def test_as_a_dict() -> None:
    got = answer()
    assert got | {"id": "d"} == {**WIRE, "id": "d"}
    assert {**got} == WIRE
    assert not ChatCompletions()
    assert got.get("no") is None
    assert got.get("no", 3) == 3
    assert got.pop("no", 3) == 3
    with pytest.raises(KeyError):
        got.pop("no")
    with pytest.raises(TypeError):
        hash(got)
    assert isinstance(got, dict)


def test_what_is_shown() -> None:
    got = answer()
    assert repr(got).startswith("ChatCompletions({'id': 'c', 'created': 1700000000")
    assert str(got) == json.dumps(got, indent=2)
    long = ChatCompletions({"id": "x" * 5000, "choices": [{}] * 99, **{str(number): 0 for number in range(99)}})
    assert len(repr(long)) == 1024
    assert repr(long).endswith("...)")
    assert repr(ChatChoice({"a": [0] * 17})) == f"ChatChoice({{'a': [{', '.join(['0'] * 16)}, ...]}})"


MADE: list[tuple[Any, dict[str, Any]]] = [
    (SystemMessage("s"), {"role": "system", "content": "s"}),
    (UserMessage([TextContentItem(text="t")]), {"role": "user", "content": [{"type": "text", "text": "t"}]}),
    (UserMessage({"role": "other", "x": 1}), {"role": "other", "x": 1}),
    (AssistantMessage(content=None, tool_calls=[]), {"role": "assistant", "tool_calls": []}),
    (ImageUrl(url="u", detail=ImageDetailLevel.HIGH), {"url": "u", "detail": "high"}),
]


@pytest.mark.parametrize(("made", "wire"), MADE)
def test_making(made: Model, wire: dict[str, Any]) -> None:
    assert json.dumps(made) == json.dumps(wire)


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (
        lambda: SystemMessage(contents="s"),
        TypeError,
        "SystemMessage has no field 'contents'; its fields are: role, content",
    ),
    (
        lambda: SystemMessage("a", content="b"),
        ValueError,
        "content cannot be provided as positional and keyword arguments",
    ),
    (
        lambda: UserMessage(3),
        TypeError,
        r"takes its content as a str or a list, or one mapping in wire form; got \(int\)",
    ),
    (lambda: UserMessage("a", "b"), TypeError, r"got \(str, str\)"),
    (lambda: ImageUrl("u"), TypeError, "ImageUrl takes keywords"),
]


@pytest.mark.parametrize(("make", "error", "words"), REFUSED)
def test_refusals(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_families() -> None:
    message = UserMessage(
        {"content": [{"type": "text", "text": "t"}, {"type": "image_url"}, {"type": "new"}, {"type": 3}, "s"]}
    )
    kinds = [type(item) for item in message.content]
    assert kinds == [TextContentItem, ImageContentItem, ContentItem, ContentItem, str]
    assert type(ChatRequestMessage({"role": "user"})) is ChatRequestMessage


def test_a_class_of_ones_own() -> None:
    class Own(Model):
        first_name: str | None = field(name="firstName", default=None)
        count: int
        kinds: ClassVar[int] = 3

    own = Own(first_name="a", count=1)
    assert own == {"firstName": "a", "count": 1}
    assert own.first_name == "a"


def test_as_pydantic_types() -> None:
    from pydantic import BaseModel, ValidationError

    class Kept(BaseModel):
        message: UserMessage

    message = UserMessage("x")
    assert Kept(message=message).message is message
    assert Kept.model_validate({"message": {"role": "user"}}).message == {"role": "user"}
    assert Kept(message=message).model_dump() == {"message": {"role": "user", "content": "x"}}
    assert Kept.model_json_schema()["properties"]["message"]["type"] == "object"
    with pytest.raises(ValidationError, match="instance of UserMessage"):
        Kept.model_validate({"message": 3})


def test_as_a_member_of_a_pydantic_union() -> None:
    from pydantic import BaseModel

    class Own(BaseModel):
        text: str

    class Kept(BaseModel):
        messages: list[Own | UserMessage | int]

    own, message = Own(text="x"), UserMessage("x")
    kept = Kept(messages=[own, message, 3]).messages
    assert kept[0] is own
    assert kept[1] is message
    assert kept[2] == 3


def test_what_is_in_a_module_and_what_is_not() -> None:
    from azure.ai.inference import models

    assert set(dir(models)) == set(models.__all__)
    with pytest.raises(AttributeError, match="no attribute 'NoSuchModel'"):
        models.NoSuchModel  # noqa: B018
