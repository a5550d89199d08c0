"""Result columns, and the Arrow types of parsed answers."""

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Optional, Union
from uuid import UUID

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from azure.ai.inference.batch._arrow_types import arrow_shape_of
from azure.ai.inference.batch._columns import COLUMNS, Columns
from azure.ai.inference.batch._results import BatchResult, answered, failed
from azure.ai.inference.models import ChatCompletions

arrow: Any = pytest.importorskip("pyarrow", reason="columns are Arrow's")


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class Place(TypedDict, total=False):
    city: str
    floor: int


@dataclass
class Node:
    name: str
    children: "list[Node]" = field(default_factory=list)


class Item(BaseModel):
    label: str
    score: float = 0.0


@dataclass
class Review:
    praise: bool
    stars: int
    colour: Colour
    place: Place
    items: list[Item]
    when: Optional[date] = None
    tags: set[str] = field(default_factory=set)
    price: Decimal = Decimal(0)
    either: Union[int, str] = 0
    more: dict[str, int] = field(default_factory=dict)
    pair: Optional[tuple[int, str]] = None
    mark: Optional[Literal["a", "b"]] = None
    id: Optional[UUID] = None


REVIEW = (
    "struct<praise: bool, stars: int64, colour: string, place: struct<city: string, floor: int64>, items: list<item: "
    "struct<label: string, score: double>>, when: string, tags: list<item: string>, price: string, either: string, "
    "more: string, pair: string, mark: string, id: string>"
)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        (Review, REVIEW),
        (Item, "struct<label: string, score: double>"),
        (Place, "struct<city: string, floor: int64>"),
        (list[str], "list<item: string>"),
        (bool, "bool"),
        (Optional[int], "int64"),
        (Literal["a", "b"], "string"),
        (Literal["a", 1], "string"),
        (Any, "string"),
        (dict[str, Any], "string"),
        (Union[Item, Place], "string"),
        (Node, "struct<name: string, children: list<item: struct<name: string, children: list<item: string>>>>"),
        (list[Any], "list<item: string>"),
        (dataclass(type("Empty", (), {})), "string"),
    ],
)
def test_arrow_types(kind: Any, type_: str) -> None:
    assert str(arrow_shape_of(kind).type) == type_


def test_type_without_a_json_form() -> None:
    with pytest.raises(TypeError, match="JSON"):
        Columns(parse_as="Review")


def result_of(text: str, custom_id: str = "a") -> BatchResult:
    body = {"model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}
    return answered(custom_id, "0" * 64, ChatCompletions({**body, "usage": {"prompt_tokens": 3}}), 1, 0.1)


def table_of(columns: Columns, *results: BatchResult) -> Any:
    return columns.add_to(
        arrow.table({"id": arrow.array([str(number) for number in range(len(results))], arrow.string())}), results
    )


def test_answered_and_failed_rows_in_one_table() -> None:
    review = {
        "praise": True,
        "stars": "5",
        "colour": "red",
        "place": {"city": "Ulm"},
        "items": [{"label": "x", "score": 1}],
        "when": "2026-11-29",
        "tags": ["b"],
        "price": "1.50",
        "either": "x",
        "more": {"ü": 1},
        "pair": [1, "z"],
        "id": "00000000-0000-0000-0000-000000000001",
    }
    columns = Columns(parse_as=Review, prefix="a_")
    good, huge, bad = (result_of(json.dumps({**review, **change})) for change in ({}, {"stars": 2**63}, {"stars": []}))
    table = table_of(columns, good, failed("b", "", KeyError("text"), 0, 0.0), result_of("no JSON"), huge, bad)
    assert table.column_names == ["id", *columns.names] == ["id", *(f"a_{name}" for name in COLUMNS), "a_parsed"]
    parsed, errors = table["a_parsed"].to_pylist(), table["a_error"].to_pylist()
    assert parsed[0] == {
        "praise": True,
        "stars": 5,
        "colour": "red",
        "place": {"city": "Ulm", "floor": None},
        "items": [{"label": "x", "score": 1.0}],
        "when": "2026-11-29",
        "tags": ["b"],
        "price": "1.50",
        "either": "x",
        "more": '{"ü": 1}',
        "pair": '[1, "z"]',
        "mark": None,
        "id": "00000000-0000-0000-0000-000000000001",
    }
    assert parsed[1:] == [None] * 4
    assert errors[0] is None
    assert errors[1] == "KeyError: 'text'"
    assert errors[2].startswith("InvalidAnswerError: the answer is not JSON")
    assert errors[3].startswith(f"ValueError: {2**63} does not fit into a column of 64-bit integers")
    assert errors[4].startswith("MismatchedAnswerError: the answer is not of type Review: stars")
    assert table["a_status_code"].to_pylist() == [200, None, 200, 200, 200]


def test_column_types_do_not_depend_on_results() -> None:
    columns = Columns(parse_as=Review)
    one, other = table_of(columns, result_of("{}")), table_of(columns, failed("a", "", ValueError("x"), 0, 0.0))
    assert one.schema == other.schema == table_of(columns).schema
    assert str(one.schema.field("status_code").type) == "int32"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"choices": []}, (None, 0)),
        ({"choices": [{"index": 0}], "usage": {"prompt_tokens": "3"}}, (None, 0)),
        ({"choices": [{"index": 0, "message": {"content": "cut \ud83d"}}], "usage": None}, ("cut ?", 0)),
    ],
)
def test_unexpected_answers_fit_into_the_columns(body: Any, told: tuple[Any, int]) -> None:
    table = table_of(Columns(), answered("a", "", ChatCompletions(body), 1, 0.0))
    assert (table["text"].to_pylist(), table["prompt_tokens"].to_pylist()) == ([told[0]], [told[1]])


def test_column_names_already_in_use() -> None:
    Columns().check(["id", "parsed"])
    with pytest.raises(ValueError, match="already have a column 'parsed'"):
        Columns(parse_as=Item).check(["id", "parsed"])
