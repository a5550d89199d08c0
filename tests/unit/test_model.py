"""Model: a dict that holds wire values and reads them through typed attributes."""

import copy
import json
import pickle
from collections import OrderedDict
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from azure.core.serialization import NULL

from azure.ai.inference._model import Model
from azure.ai.inference._model_fields import field
from azure.ai.inference.models import (
    AssistantMessage,
    ChatChoice,
    ChatCompletions,
    ChatCompletionsToolCall,
    ChatRequestMessage,
    CompletionsFinishReason,
    FunctionCall,
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
def test_invalid_timestamps_are_unchanged(raw: Any) -> None:
    read: Any = ChatCompletions({"created": raw}).created
    assert read is raw


@pytest.mark.parametrize(
    ("moment", "wire"),
    [
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc), 1700000000),
        (datetime(2023, 11, 14, 22, 13, 20, 500000, tzinfo=timezone.utc), 1700000000.5),
    ],
)
def test_datetime_is_written_as_unix_seconds(moment: datetime, wire: float) -> None:
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
    assert got.get(key="no", default=3) == got.pop(key="no", default=3) == 3  # as in 1.0.0b9, unlike a dict
    assert got.copy().setdefault(key="no", default=3) == 3
    with pytest.raises(KeyError):
        got.pop("no")
    with pytest.raises(TypeError):
        hash(got)
    assert isinstance(got, dict)


def test_repr_and_str() -> None:
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
def test_constructor(made: Model, wire: dict[str, Any]) -> None:
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
def test_constructor_errors(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_user_defined_model() -> None:
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


def test_dir_and_unknown_names_of_the_module() -> None:
    from azure.ai.inference import models

    assert set(dir(models)) == set(models.__all__)
    with pytest.raises(AttributeError, match="no attribute 'NoSuchModel'"):
        models.NoSuchModel  # noqa: B018


def test_defaults_are_filled_in_and_not_shared() -> None:
    class Default(Model):
        name: str = "bob"
        tags: list[Any] = field(default=[1])
        more: dict[str, Any] = {}  # noqa: RUF012
        moment: datetime = datetime(1970, 1, 2, tzinfo=timezone.utc)
        reason: CompletionsFinishReason = CompletionsFinishReason.STOPPED
        none: str | None = None
        text: str

        def method(self) -> str:
            return self.name

    class Holder(Model):
        held: Default
        all_held: list[Default]

    wire = {"name": "bob", "tags": [1], "more": {}, "moment": 86400, "reason": "stop"}
    made = [
        Default(),
        Default({}),
        Holder({"held": {}}).held,
        Holder({"all_held": [{}]}).all_held[0],
    ]
    for default in made:
        assert default == wire
        assert (default.name, default.method(), default.none) == ("bob", "bob", None)
        assert default.moment == datetime(1970, 1, 2, tzinfo=timezone.utc)
        default.tags.append(2)
        default.more["x"] = 1
    assert Default() == wire
    assert Default(name="eve", text="t") == {**wire, "name": "eve", "text": "t"}
    assert Default({"name": "eve"}).name == "eve"
    assert Default(name=None).name is None  # type: ignore[arg-type]
    assert Holder().held is None


def test_default_of_a_family() -> None:
    class Base(Model, discriminator_field="kind"):
        kind: str

    class One(Base, discriminator="one"):
        size: int = 3

    class Holder(Model):
        bases: list[Base]

    bases: Any = Holder({"bases": [{"kind": "one"}, {"kind": "two"}]}).bases
    assert bases == [{"kind": "one", "size": 3}, {"kind": "two"}]
    assert [type(base) for base in bases] == [One, Base]


def test_method_with_a_field_name_is_not_a_default() -> None:
    class Odd(Model):
        size: int

        @property
        def size(self) -> int:  # type: ignore[no-redef]
            return 3

    assert Odd() == {}
    assert Odd({"size": 2}).size == 2


def test_pickles_of_the_first_release_still_load() -> None:
    pickled = (
        b"\x80\x02cazure.ai.inference.models._chat\nChatCompletions\nq\x00)\x81q\x01X\x07\x00\x00\x00choicesq\x02"
        b"cazure.ai.inference._model\nModels\nq\x03)\x81q\x04cazure.ai.inference.models._chat\nChatChoice\nq\x05)\x81"
        b"q\x06X\x05\x00\x00\x00indexq\x07K\x07sas}q\x08b."
    )
    assert type(pickle.loads(pickled).choices) is list
    assert pickle.loads(pickled).choices[0].index == 7


UNION: list[tuple[Any, type[Any]]] = [
    ({"role": "system", "content": "x"}, SystemMessage),
    ({"role": "user", "content": "x"}, UserMessage),
    (MappingProxyType({"role": "assistant"}), AssistantMessage),
    (OrderedDict(role="assistant", content="x"), AssistantMessage),
    (SystemMessage("x"), SystemMessage),
    ({"content": "x"}, UserMessage),
    ({"role": None}, UserMessage),
    ({"role": "robot"}, UserMessage),
]


@pytest.mark.parametrize(("given", "cls"), UNION)
def test_pydantic_picks_a_message_by_its_role(given: Any, cls: type[Any]) -> None:
    from pydantic import BaseModel, TypeAdapter

    class Kept(BaseModel):
        message: UserMessage | SystemMessage | AssistantMessage

    kept = Kept.model_validate({"message": given}).message
    assert type(kept) is cls
    assert kept == dict(given)
    assert kept is given or not isinstance(given, ChatRequestMessage)
    many = TypeAdapter(list[SystemMessage | AssistantMessage | UserMessage])
    if "role" in given and given["role"] in ("system", "user", "assistant"):
        assert [type(message) for message in many.validate_python([given, given])] == [cls, cls]
        assert [type(message) for message in many.validate_json(json.dumps([dict(given)]))] == [cls]


def test_pydantic_takes_the_base_of_a_family_for_all_of_them() -> None:
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(ChatRequestMessage)
    assert type(adapter.validate_python({"role": "user", "content": "x"})) is UserMessage
    assert type(adapter.validate_python({"role": "robot"})) is ChatRequestMessage
    with pytest.raises(ValidationError, match="instance of SystemMessage"):
        TypeAdapter(SystemMessage).validate_python({"role": "user"})
