"""Structured output: any text that a model writes is a value of the type, or an AnswerError."""

import dataclasses
import datetime
import decimal
import enum
import json
import uuid
from typing import Any, Literal, Optional, Union

from hypothesis import strategies as st
from typing_extensions import NotRequired, TypedDict

from azure.ai.inference.exceptions import AnswerError
from azure.ai.inference.models import ChatCompletions

from ._inputs import json_texts, text_of


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Place(TypedDict):
    name: str
    size: NotRequired[float]


@dataclasses.dataclass
class Tree:
    value: Union[int, str, None]
    children: "list[Tree]" = dataclasses.field(default_factory=list["Tree"])
    colour: Optional[Colour] = None


@dataclasses.dataclass
class Everything:
    day: datetime.date
    moment: datetime.datetime
    span: datetime.timedelta
    cost: decimal.Decimal
    key: uuid.UUID
    places: dict[str, Place]
    pair: tuple[int, bool]
    kinds: set[Literal["a", 1, None]]


TYPES: list[Any] = [Tree, Everything, Place, Colour, list[int], dict[str, Any], float, str, datetime.datetime, Any]
FITTING: list[Any] = [
    {"value": 1, "children": [{"value": "x", "colour": "red"}]},
    {
        "day": "2026-11-21", "moment": "2026-11-21T10:00:00Z", "span": "P1DT2H", "cost": "1.50",
        "key": "12345678-1234-5678-1234-567812345678", "places": {"a": {"name": "x", "size": 1}}, "pair": [1, True],
        "kinds": ["a", 1, None],
    },
    {"name": "x", "size": 2.5},
    {"value": 1},
    {"value": [1, 2]},
    {"a": None},
    {"value": 1e300},
    {"value": "x"},
    {"value": "2026-11-21"},
    [],
]  # fmt: skip
SEEDS = [b"%d" % index + json.dumps(value).encode() for index, value in enumerate(FITTING)] + [
    b"2```json\n{}\n```",
    b"0" + b'{"value":' * 500,
    b'1{"span": "P1Y2M99999999999999D", "cost": "NaN", "moment": "0001-01-01T00:00:00+23:59"}',
]
_MEMBERS = [
    *("value", "children", "colour", "name", "size", "a"),
    *(field.name for field in dataclasses.fields(Everything)),
]
_TEXTS = st.sampled_from(["2026-11-21", "2026-02-30T10:00", "P1D", "-P1Y", "1e9", "NaN", "red", "[1,", "\ud800"]).map(
    json.dumps
)
_OBJECTS = st.dictionaries(st.sampled_from(_MEMBERS), json_texts(*_MEMBERS).map(bytes.decode) | _TEXTS, max_size=9)
LIKELY = st.tuples(
    st.integers(0, len(TYPES) - 1).map(b"%d".__mod__),
    json_texts(*_MEMBERS)
    | _OBJECTS.map(lambda made: ("{" + ",".join(f'"{name}":{text}' for name, text in made.items()) + "}").encode()),
).map(b"".join)


def check(data: bytes) -> None:
    kind = TYPES[(data or b"0")[0] % len(TYPES)]
    answer = ChatCompletions({"choices": [{"message": {"content": text_of(data[1:])}}]})
    try:
        value = answer.parse_as(kind)
    except AnswerError as error:
        assert error.completion is answer
        assert str(error)
        return
    if isinstance(kind, type) and kind is not Any:  # from Python 3.11 on, Any is a class
        assert isinstance(value, dict if kind is Place else kind)
