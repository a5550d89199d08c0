"""Types of tools, as mypy and pyright see them."""

from functools import partial

from typing_extensions import assert_type

from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletions,
    ChatCompletionsToolDefinition,
    ChatRequestMessage,
    ToolMessage,
)
from azure.ai.inference.tools import Toolset


def add(a: int, b: int = 0) -> int:
    return a + b


async def fetch(url: str) -> str:
    return url


class MyDefinition(ChatCompletionsToolDefinition):
    """A subclass is also built from a function."""


def definitions() -> None:
    assert_type(ChatCompletionsToolDefinition.from_function(add), ChatCompletionsToolDefinition)
    assert_type(MyDefinition.from_function(fetch, name="get", description="Get it", strict=True), MyDefinition)
    ChatCompletionsToolDefinition.from_function("add")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def toolsets() -> list[Toolset]:
    return [
        Toolset([add, fetch, partial(add, b=1)]),
        Toolset({"plus": add, "get": fetch}, strict=True, raise_on_error=True),
        Toolset(tool for tool in (add,)),
    ]


def run(toolset: Toolset, answer: ChatCompletions, said: AssistantMessage) -> list[ChatRequestMessage]:
    assert_type(toolset.definitions, list[ChatCompletionsToolDefinition])
    assert_type(toolset.run(answer), list[ToolMessage])
    assert_type(toolset.run(answer.choices[0]), list[ToolMessage])
    return [said, *toolset.run(answer.choices[0].message), *toolset.run(said)]


async def arun(toolset: Toolset, answer: ChatCompletions) -> None:
    assert_type(await toolset.arun(answer), list[ToolMessage])
