"""Types of structured output, as mypy and pyright see them."""

from dataclasses import dataclass
from typing import Any, Optional, TypedDict, Union

from pydantic import BaseModel
from typing_extensions import assert_type

from azure.ai.inference._operations.options import ChatOptions
from azure.ai.inference.models import ChatCompletions


@dataclass
class Item:
    name: str


class Basket(TypedDict):
    items: list[Item]


class Person(BaseModel):
    name: str


def parsed(answer: ChatCompletions) -> None:
    assert_type(answer.parse_as(Item), Item)
    assert_type(answer.parse_as(Basket), Basket)
    assert_type(answer.parse_as(Person), Person)
    assert_type(answer.parse_as(list[Item]), list[Item])
    assert_type(answer.parse_as(dict[str, Item], index=1), dict[str, Item])
    assert_type(answer.parse_as(int), int)


def of_no_class(answer: ChatCompletions) -> None:
    union: Any = Union[Item, Person]
    assert_type(answer.parse_as(union), Any)
    item: Item | None = answer.parse_as(Optional[Item])
    print(item)


def formats() -> list[ChatOptions]:
    return [
        {"response_format": Item},
        {"response_format": Basket},
        {"response_format": Person},
        {"response_format": list[Item]},
        {"response_format": "json_object"},
        {"response_format": {"type": "json_object"}},
    ]
