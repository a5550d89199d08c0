"""Separating reasoning from answers: in whole messages, in deltas, and with tags cut anywhere in a stream."""

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azure.ai.inference._streaming.accumulator import Accumulator
from azure.ai.inference._streaming.think_tags import StreamedThoughts
from azure.ai.inference.models import (
    ChatCompletions,
    ChatResponseMessage,
    StreamingChatCompletionsUpdate,
    StreamingChatResponseMessageUpdate,
)
from azure.ai.inference.models._reasoning import ThinkTag

Json = dict[str, Any]
steady = settings(max_examples=200)

THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "m"}]}
REFERENCE = {"type": "reference", "reference_ids": [1]}

OWN_MEMBERS: dict[str, tuple[Json, str | None, str]] = {
    "nothing": ({}, None, ""),
    "null": ({"content": None, "reasoning_content": None}, None, ""),
    "text": ({"content": "42"}, None, "42"),
    "reasoning_content": ({"content": "42", "reasoning_content": "Hm"}, "Hm", "42"),
    "reasoning": ({"content": "42", "reasoning": "Hm"}, "Hm", "42"),
    "both, one empty": ({"content": "42", "reasoning_content": "", "reasoning": "Hm"}, "Hm", "42"),
    "reasoning of another shape": ({"content": "42", "reasoning": {"effort": "low"}}, None, "42"),
    "thinking items": ({"content": [THINKING, {"type": "text", "text": "42"}]}, "Hmm", "42"),
    "thinking item as text": ({"content": [{"type": "thinking", "thinking": "Hm"}]}, "Hm", ""),
    "items of several kinds": (
        {"content": [{"type": "text", "text": "4"}, REFERENCE, {"type": "text", "text": "2"}, "?", {}]},
        None,
        "42",
    ),
    "items without their member": ({"content": [{"type": "text"}, {"type": "thinking", "thinking": 5}]}, None, ""),
    "content of another shape": ({"content": 5}, None, ""),
}

TAGS: dict[str, tuple[str, str | None, str]] = {
    "tags": ("<think>Hm</think>42", "Hm", "42"),
    "tags and white space": ("\n<think>\nHm,\n hm.\n</think>\n\n42\n", "Hm,\n hm.", "42\n"),
    "no thoughts": ("<think>\n\n</think>\n\n42", None, "42"),
    "cut within thoughts": ("<think>Hm, hm", "Hm, hm", ""),
    "cut within the last tag": ("<think>Hm</thi", "Hm</thi", ""),
    "cut behind the last tag": ("<think>Hm</think>\n", "Hm", ""),
    "another tag within": ("<think>a </b> </think>42", "a </b>", "42"),
    "the first of two": ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
    "a tag in the text": ("The tag is <think>x</think>.", None, "The tag is <think>x</think>."),
    "a last tag only": ("a</think>b", None, "a</think>b"),
    "the start of a tag": ("<thin", None, "<thin"),
    "another tag": ("<html>", None, "<html>"),
    "white space": (" \n", None, " \n"),
}


@pytest.mark.parametrize(("members", "reasoning", "text"), OWN_MEMBERS.values(), ids=OWN_MEMBERS)
@pytest.mark.parametrize("kind", [ChatResponseMessage, StreamingChatResponseMessageUpdate])
def test_reasoning_members(kind: Any, members: Json, reasoning: str | None, text: str) -> None:
    message = kind(copy.deepcopy(members))
    assert (message.reasoning, message.text) == (reasoning, text)
    assert message.as_dict() == members


@pytest.mark.parametrize(("content", "reasoning", "text"), TAGS.values(), ids=TAGS)
def test_think_tags(content: str, reasoning: str | None, text: str) -> None:
    message = ChatResponseMessage({"role": "assistant", "content": content})
    assert (message.reasoning, message.text) == (reasoning, text)
    assert message == {"role": "assistant", "content": content}


def test_tags_are_text_if_the_service_separates_reasoning() -> None:
    message = ChatResponseMessage({"content": "<think>x</think>", "reasoning_content": "Hm"})
    assert (message.reasoning, message.text) == ("Hm", "<think>x</think>")


@pytest.mark.parametrize("kind", [ChatResponseMessage, StreamingChatResponseMessageUpdate])
def test_reasoning_can_be_assigned(kind: Any) -> None:
    message = kind({"content": "42", "reasoning": "Hm"})
    message.reasoning, message.text = "mine", "other"
    for same in (
        message,
        copy.copy(message),
        message.copy(),
        copy.deepcopy(message),
        pickle.loads(pickle.dumps(message)),
    ):
        assert (same.reasoning, same.text) == ("mine", "other")
        assert json.loads(json.dumps(same)) == same.as_dict() == {"content": "42", "reasoning": "Hm"}
    message.reasoning = None
    assert message.reasoning is None
    del message.reasoning, message.text
    assert (message.reasoning, message.text) == ("Hm", "42")
    assert not hasattr(kind({}), "no_such_field")
    assert "the model's reasoning" in kind.reasoning.__doc__


# Streams ------------------------------------------------------------------------------------------------------------


def updates_of(*deltas: Json, finish: bool = True, index: int = 0) -> list[Json]:
    choices: list[Json] = [{"index": index, "delta": delta, "finish_reason": None} for delta in deltas]
    if finish:
        choices.append({"index": index, "delta": {}, "finish_reason": "stop"})
    return [{"id": "c", "model": "m", "choices": [choice]} for choice in choices]


def streamed(updates: list[Json]) -> tuple[list[StreamingChatCompletionsUpdate], int]:
    """Return what a stream delivers for these updates, and how many of them were inspected."""
    thoughts, looked_at, seen = StreamedThoughts(), 0, []
    for raw in copy.deepcopy(updates):
        update = StreamingChatCompletionsUpdate(raw)
        if not thoughts.idle:
            looked_at += 1
            thoughts.mark(update)
        seen.append(update)
    assert [update.as_dict() for update in seen] == updates
    return seen, looked_at


def told(updates: list[StreamingChatCompletionsUpdate], index: int = 0) -> tuple[str, str]:
    deltas = [choice.delta for update in updates for choice in update.choices if choice.index == index]
    return "".join(delta.reasoning or "" for delta in deltas), "".join(delta.text for delta in deltas)


def final(updates: list[Json]) -> ChatCompletions:
    accumulator = Accumulator()
    for update in updates:
        accumulator.add(update)
    return ChatCompletions(accumulator.completion())


@pytest.mark.parametrize(("content", "reasoning", "text"), TAGS.values(), ids=TAGS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_tags_split_over_deltas(content: str, reasoning: str | None, text: str, size: int) -> None:
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    updates = updates_of({"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces))
    seen, _ = streamed(updates)
    assert told(seen) == (reasoning or "", text)
    message = final(updates).choices[0].message
    assert (message.reasoning, message.text, message.content) == (reasoning, text, content)


@pytest.mark.parametrize(
    ("deltas", "looked_at"),
    [
        pytest.param([{"role": "assistant"}, {"content": "Hello"}], 2, id="text"),
        pytest.param([{"role": "assistant", "content": None}, {"reasoning_content": "a"}], 2, id="a member of its own"),
        pytest.param([{"role": "assistant", "content": [THINKING]}], 1, id="thinking items"),
        pytest.param(
            [{"content": "<think>"}, {"content": "a"}, {"content": "</think>"}, {"content": "b"}], 4, id="tags"
        ),
    ],
)
def test_streams_are_inspected_until_the_format_is_known(deltas: list[Json], looked_at: int) -> None:
    updates = updates_of(*deltas, *({"content": "x"} for _ in range(50)))
    assert streamed(updates)[1] == looked_at


def test_choices_are_tracked_separately() -> None:
    def take(index: int, *pieces: str) -> list[Json]:
        return updates_of(*({"content": piece} for piece in pieces), index=index)

    pairs = zip(take(0, "<thi", "nk>a</", "think>b"), take(1, "x", "<think>", "y"), strict=True)
    seen, looked_at = streamed([update for pair in pairs for update in pair])
    assert (told(seen, 0), told(seen, 1)) == (("a", "b"), ("", "x<think>y"))
    assert looked_at == 5


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": []},
        {"choices": None},
        {"choices": [{"index": 0, "content_filter_results": {}}]},
        {"choices": [{"delta": 5}]},
    ],
)
def test_malformed_updates_are_ignored(odd: Json) -> None:
    updates = updates_of({"content": "<think>a"}, {"content": "</think>b"})
    seen, _ = streamed([odd, updates[0], odd, *updates[1:]])
    assert told([update for update in seen if update.as_dict() != odd]) == ("a", "b")


def test_text_held_back_is_not_lost() -> None:
    seen, _ = streamed(updates_of({"content": "\n<th"}, {"reasoning_content": "a"}, {"content": "b"}))
    assert told(seen) == ("a", "\n<thb")


def test_choices_without_index_are_matched_by_position() -> None:
    update = StreamingChatCompletionsUpdate(
        {"choices": [{"delta": {"content": "<think>a"}}, {"delta": {"content": "b"}}]}
    )
    StreamedThoughts().mark(update)
    assert [(choice.delta.reasoning, choice.delta.text) for choice in update.choices] == [("a", ""), (None, "b")]


PARTS = st.lists(st.sampled_from(["<think>", "</think>", "<", "</", "think>", " ", "\n", "a", "é", "b c"]), max_size=9)


@steady
@given(PARTS, st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_any_cut_gives_the_same_result(parts: list[str], cuts: list[int], last_alone: bool) -> None:
    text = "".join(parts)
    ends = sorted({min(cut, len(text)) for cut in cuts} | {len(text)})
    pieces = [text[start:end] for start, end in zip([0, *ends], ends)]  # noqa: B905 - the last end begins nothing
    *pieces, rest = [*pieces, ""] if last_alone else pieces
    tag = ThinkTag()
    told = [*(tag.feed(piece) for piece in pieces), tag.feed(rest, last=True)]
    whole = ThinkTag().feed(text, last=True)
    assert ("".join(thoughts for thoughts, _ in told), "".join(answer for _, answer in told)) == whole
    if not text.lstrip().startswith("<think>"):
        assert whole == ("", text)


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ([{"message": {"content": "hi"}}, {"message": {"content": "ho"}}], "hi"),
        ([{"message": {"content": "<think>hm</think>hi"}}], "hi"),
        ([{"message": {"content": [{"type": "text", "text": "hi"}]}}], "hi"),
        ([{"message": {"content": None, "tool_calls": []}}], ""),
        ([{"finish_reason": "content_filter"}], ""),
        ([], ""),
        (None, ""),
    ],
)
def test_text_of_a_completion(choices: Any, text: str) -> None:
    answer: Any = ChatCompletions
    assert answer({"choices": choices}).text == text
