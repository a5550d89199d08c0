"""Nested objects become models when they are read, whoever reads them first."""

import os
import subprocess
import sys
from collections import OrderedDict, defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from types import MappingProxyType
from typing import Any

import pytest

from azure.ai.inference._nested_models import WrappingDict, _renew_lock, wrap_and_keep
from azure.ai.inference.models import (
    ChatChoice,
    ChatCompletions,
    ChatCompletionsToolCall,
    ChatRequestMessage,
    ContentItem,
    ImageContentItem,
    TextContentItem,
    UserMessage,
)


def answer() -> ChatCompletions:
    message = {"tool_calls": [{"id": "t", "function": {"name": "f"}}]}
    choices = [{"index": 0, "message": {"content": "x"}}, {"index": 1, "message": message}]
    return ChatCompletions({"id": "c", "choices": choices, "usage": {"total_tokens": 3}})


class CallersList(list[Any]):
    """A list of a caller's own class."""


def test_nested_objects_are_models_however_they_are_reached_and_stay_the_same() -> None:
    got = answer()
    assert got.choices is got.choices is got["choices"] is got.get("choices")
    assert got["choices"][0].message is got.choices[0].message
    assert isinstance(got.choices[1].message.tool_calls[0], ChatCompletionsToolCall)  # type: ignore[index]
    for reach in (
        lambda m: m["usage"],
        lambda m: m.get("usage"),
        lambda m: dict(m.items())["usage"],
        lambda m: list(m.values())[2],
        lambda m: m.setdefault("usage", {}),
        lambda m: m.pop("usage"),
        lambda m: m.usage,
    ):
        assert reach(answer()).total_tokens == 3
    last = ChatCompletions({"usage": {"total_tokens": 3}}).popitem()
    assert last[1].total_tokens == 3


def test_values_of_the_wrong_type_are_unchanged() -> None:
    got = ChatCompletions({"choices": {"a": 1}, "usage": [1]})
    assert got["choices"] == got.choices == {"a": 1}
    assert got["usage"] == [1]


def test_discriminated_families() -> None:
    message = UserMessage(
        {"content": [{"type": "text", "text": "t"}, {"type": "image_url"}, {"type": "new"}, {"type": 3}, "s"]}
    )
    kinds = [type(item) for item in message.content]
    assert kinds == [TextContentItem, ImageContentItem, ContentItem, ContentItem, str]
    assert type(ChatRequestMessage({"role": "user"})) is ChatRequestMessage


@pytest.mark.parametrize(
    "make",
    [
        OrderedDict,
        partial(defaultdict, dict),
        MappingProxyType,
        dict,
        ChatCompletions,
    ],
)
@pytest.mark.parametrize("gather", [list, tuple, CallersList])
def test_objects_and_arrays_of_every_class_become_models(make: Any, gather: Any) -> None:
    items = [make({"type": "text", "text": "a"}), "b", make({"type": "image_url", "image_url": make({"url": "u"})})]
    message = UserMessage({"content": gather(items)})
    assert message.content is message["content"] is dict(message.items())["content"]
    assert type(message.content) is list
    assert message.content == items
    if make is ChatCompletions:  # a model already, of the caller's choice
        return
    assert [type(item) for item in message.content] == [TextContentItem, str, ImageContentItem]
    assert message.content[2].image_url.url == "u"
    whole: Any = ChatCompletions({"usage": make({"total_tokens": 3}), "choices": gather([make({"index": 0})])})
    assert whole["usage"].total_tokens == whole.usage.total_tokens == 3
    assert whole.choices[0].index == 0


def test_nested_lists_wrap_inserted_items() -> None:
    got = answer()
    assert type(got.choices) is type(got["choices"]) is list
    plain: Any = {"index": 2}
    for place in (0, 1, 3):
        got.choices.insert(place, plain)
        assert [type(choice) for choice in got.choices] == [ChatChoice] * len(got.choices)
        assert got.choices[place].index == 2
    many = ChatCompletions({"choices": [{"index": index} for index in range(100)]})
    assert many.choices is many.choices
    assert many.choices[50].index == 50
    many.choices.append(plain)
    assert many.choices[100].index == 2
    assert many.choices is many.choices


def test_lists_without_objects_are_unchanged() -> None:
    for held in ([], ["a"], [1, None], ["a"] * 50):
        message = UserMessage({"content": held})
        assert message.content is held


def test_threads_that_read_first_get_one_object() -> None:
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(200):
                got = answer()
                barrier = Barrier(8)

                def read(_: int, got: ChatCompletions = got, barrier: Barrier = barrier) -> tuple[Any, Any]:
                    barrier.wait()
                    return got.choices, got.choices[0].message

                reads = list(pool.map(read, range(8)))
                assert all(choices is got.choices and message is got.choices[0].message for choices, message in reads)
    finally:
        sys.setswitchinterval(switch)


def test_member_wrapped_by_another_thread_is_returned() -> None:
    got = ChatCompletions({"usage": (usage := {"total_tokens": 3})})

    def wrap(value: Any) -> Any:
        """Wrap the member meanwhile, as another thread would."""
        return type(got.usage)(value)

    assert wrap_and_keep(got, "usage", usage, wrap) is got.usage


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_child_process_is_not_blocked_by_a_held_lock() -> None:
    program = """
import os, sys
from azure.ai.inference._nested_models import WrappingDict
from azure.ai.inference.models import ChatCompletions
WrappingDict._wrap_lock.acquire()
child = os.fork()
if not child:
    os._exit(0 if ChatCompletions({"choices": [{"index": 7}]}).choices[0].index == 7 else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0


def test_lock_is_renewed_in_a_child_process() -> None:
    WrappingDict._wrap_lock.acquire()
    _renew_lock()
    assert answer().choices[0].index == 0
