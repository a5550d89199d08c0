"""Messages of a conversation translated to the Messages API: each row of the tables, validated with Anthropic's
types."""

import base64
import json
import pickle
from typing import Any

import pytest

from azure.ai.inference._wires import NoCounterpartError, completion_of
from azure.ai.inference._wires.messages import Events, request
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletions,
    DocumentUrlContentItem,
    ImageContentItem,
    ImageUrl,
    SystemMessage,
    TextContentItem,
    ThinkingContentItem,
    ToolMessage,
    UserMessage,
)
from unit._wires.anthropic_judge import judge
from unit._wires.messages_sequences import SEQUENCES

Json = dict[str, Any]
PNG = base64.b64encode(b"\x89PNG").decode()
PDF = base64.b64encode(b"%PDF").decode()
MARK = {"cache_control": {"type": "ephemeral"}}


def block(text: str, **members: Any) -> Json:
    return {"type": "text", "text": text, **members}


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def model(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def call(id: str = "toolu_a", arguments: Any = '{"city": "Oslo"}', name: str = "weather") -> Json:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def use(id: str = "toolu_a", input: Any = None, name: str = "weather") -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": {"city": "Oslo"} if input is None else input}


def result(id: str = "toolu_a", *content: Json, **members: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id, **({"content": list(content)} if content else {}), **members}


def translated(*messages: Any) -> tuple[list[Json], list[Json]]:
    native = judge(request({"model": "claude-opus-5-5", "messages": [dict(message) for message in messages]}))
    return native.get("system", []), native["messages"]


HI = UserMessage("Hi")
YES = {"role": "assistant", "content": None, "tool_calls": [call()]}

CONVERSATIONS: dict[str, tuple[list[Any], list[Json], list[Json]]] = {
    "leading instructions become system": (
        [SystemMessage("Be brief."), {"role": "developer", "content": [block("a"), block("b")]}, HI],
        [block("Be brief."), block("a"), block("b")],
        [user(block("Hi"))],
    ),
    "empty instructions are left out": ([SystemMessage(" "), HI], [], [user(block("Hi"))]),
    # BerriAI/litellm #36559, maximhq/bifrost #4592
    "later instructions stay in place": (
        [SystemMessage("Be brief."), HI, AssistantMessage("Yes?"), SystemMessage("Be kind."), UserMessage("Go on.")],
        [block("Be brief.")],
        [user(block("Hi")), model(block("Yes?")), user(block("<system>\nBe kind.\n</system>"), block("Go on."))],
    ),
    "later instructions of several items": (
        [HI, {"role": "system", "content": [block("a", **MARK), block("b")]}, {"role": "system", "content": ""}],
        [],
        [user(block("Hi"), block("<system>\na\nb\n</system>", **MARK))],
    ),
    "messages of one side become one turn": (
        [HI, UserMessage("again"), AssistantMessage("a"), AssistantMessage("b")],
        [],
        [user(block("Hi"), block("again")), model(block("a"), block("b"))],
    ),
    "a message that says nothing is left out": (
        [HI, AssistantMessage(""), UserMessage("  \n"), {"role": "user", "content": None}, UserMessage("?")],
        [],
        [user(block("Hi"), block("?"))],
    ),
    "tools: results in the turn after the calls": (
        [
            HI,
            {**YES, "tool_calls": [call("a"), call("b")]},
            ToolMessage("Rain.", tool_call_id="a"),
            ToolMessage("Sun.", tool_call_id="b"),
        ],
        [],
        [user(block("Hi")), model(use("a"), use("b")), user(result("a", block("Rain.")), result("b", block("Sun.")))],
    ),
    # langchain-ai/langgraph #5109, Kilo-Org/kilocode #5163
    "tools: results stand before what the user says": (
        [HI, YES, UserMessage("Well?"), ToolMessage("Rain.", tool_call_id="toolu_a"), UserMessage("So?")],
        [],
        [user(block("Hi")), model(use()), user(result("toolu_a", block("Rain.")), block("Well?"), block("So?"))],
    ),
    "tools: a result without content, and an error": (
        [HI, YES, {"role": "tool", "tool_call_id": "toolu_a", "content": "", "is_error": True}],
        [],
        [user(block("Hi")), model(use()), user(result("toolu_a", is_error=True))],
    ),
    "tools: a result of several items": (
        [
            HI,
            YES,
            ToolMessage(
                [TextContentItem(text="Rain."), ImageContentItem(image_url=f"data:image/png;base64,{PNG}")],
                tool_call_id="toolu_a",
            ),
        ],
        [],
        [
            user(block("Hi")),
            model(use()),
            user(
                result(
                    "toolu_a",
                    block("Rain."),
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                )
            ),
        ],
    ),
    # lidge-jun/opencodex #1767
    "tools: ids of other providers": (
        [HI, {**YES, "tool_calls": [call("call:1/ä")]}, ToolMessage("Rain.", tool_call_id="call:1/ä")],
        [],
        [user(block("Hi")), model(use("call_1__")), user(result("call_1__", block("Rain.")))],
    ),
    # aliasrobotics/cai #182, BerriAI/litellm PR #29078
    "tools: empty content beside calls": (
        [HI, {**YES, "content": ""}, ToolMessage("Rain.", tool_call_id="toolu_a")],
        [],
        [user(block("Hi")), model(use()), user(result("toolu_a", block("Rain.")))],
    ),
    "tools: text before calls": (
        [HI, {**YES, "content": "Let me see."}, ToolMessage("Rain.", tool_call_id="toolu_a")],
        [],
        [user(block("Hi")), model(block("Let me see."), use()), user(result("toolu_a", block("Rain.")))],
    ),
    "tools: a call of a custom tool, made by another API": (
        [
            HI,
            {"role": "assistant", "tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "x", "input": "y"}}]},
        ],
        [],
        [user(block("Hi")), model(use("a", {"input": "y"}, "x"))],
    ),
    "marks: on the last block of a message, on the block of an item, on a call": (
        [
            {"role": "system", "content": "a", **MARK},
            {"role": "user", "content": [block("b", **MARK), block("c")], **MARK},
            {"role": "assistant", "tool_calls": [{**call(), **MARK}]},
            {"role": "tool", "tool_call_id": "toolu_a", "content": "d", **MARK},
        ],
        [block("a", **MARK)],
        [
            user(block("b", **MARK), block("c", **MARK)),
            model({**use(), **MARK}),
            user(result("toolu_a", block("d"), **MARK)),
        ],
    ),
    "marks: not on thinking, not on nothing": (
        [
            HI,
            {
                "role": "assistant",
                "content": [block("x"), {"type": "thinking", "thinking": "t", "signature": "s"}],
                **MARK,
            },
            {"role": "user", "content": "", **MARK},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"}], **MARK},
        ],
        [],
        [
            user(block("Hi")),
            model(
                block("x", **MARK),
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "thinking", "thinking": "t", "signature": "s"},
            ),
        ],
    ),
    # Kilo-Org/kilocode #8260: the service's own 400 tells it where it is not supported
    "a prefill loses the white space at its end": (
        [HI, AssistantMessage("Sure, \n")],
        [],
        [user(block("Hi")), model(block("Sure,"))],
    ),
    # anomalyco/opencode #8246
    "history of tools without tools": (
        [HI, YES, ToolMessage("Rain.", tool_call_id="toolu_a")],
        [],
        [user(block("Hi")), model(use()), user(result("toolu_a", block("Rain.")))],
    ),
    "an answer's other members stay here": (
        [
            HI,
            {
                "role": "assistant",
                "content": "a",
                "reasoning_content": "r",
                "annotations": [],
                "name": "n",
                "prefix": True,
            },
        ],
        [],
        [user(block("Hi")), model(block("a"))],
    ),
    "a refusal": (
        [HI, {"role": "assistant", "content": None, "refusal": "No."}],
        [],
        [user(block("Hi")), model(block("No."))],
    ),
    "texts as bare strings in a list": (
        [{"role": "user", "content": ["a", "", block("b")]}],
        [],
        [user(block("a"), block("b"))],
    ),
    "a tuple of items": ([{"role": "user", "content": (block("a"),)}], [], [user(block("a"))]),
    # WordPress/ai-provider-for-anthropic #30, can1357/oh-my-pi PR #4427: thoughts never go back as plain text
    "items of an answer": (
        [
            HI,
            AssistantMessage(
                [
                    ThinkingContentItem(thinking=[TextContentItem(text="a"), TextContentItem(text="b")], signature="s"),
                    ThinkingContentItem(thinking=[TextContentItem(text="unsigned")]),
                    {"type": "reference", "reference_ids": [1]},
                    {"type": "refusal", "refusal": "No."},
                    {"type": "redacted_thinking", "data": "x"},
                ]
            ),
        ],
        [],
        [
            user(block("Hi")),
            model(
                {"type": "thinking", "thinking": "ab", "signature": "s"},
                block("No."),
                {"type": "redacted_thinking", "data": "x"},
            ),
        ],
    ),
}


@pytest.mark.parametrize(("messages", "system", "turns"), CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_conversations_are_translated(messages: list[Any], system: list[Json], turns: list[Json]) -> None:
    assert translated(*messages) == (system, turns)


@pytest.mark.parametrize(("messages", "system", "turns"), CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_translation_of_a_prefix_is_a_prefix(messages: list[Any], system: list[Json], turns: list[Json]) -> None:
    """Signatures are bound to the prefix (NousResearch/hermes-agent PR #106426, anomalyco/opencode #48637)."""
    longer_system, longer = translated(
        *messages, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "x"}
    )
    assert longer_system == system
    blocks = [(turn["role"], json.dumps(block)) for turn in longer for block in turn["content"]]
    before = [(turn["role"], json.dumps(block)) for turn in turns for block in turn["content"]]
    if "Sure," not in str(turns):  # white space at the end is only removed from the last turn
        assert blocks[: len(before)] == before


def image(**source: Any) -> Json:
    return {"type": "image", "source": source}


def document(title: str | None = None, **source: Any) -> Json:
    return {"type": "document", "source": source, **({"title": title} if title else {})}


ITEMS: dict[str, tuple[Any, Json]] = {
    "text": (block("a"), block("a")),
    "text with a mark": (block("a", **MARK), block("a", **MARK)),
    "image by data URL": (
        ImageContentItem(image_url=ImageUrl(url=f"data:image/png;base64,{PNG}", detail="high")),
        image(type="base64", media_type="image/png", data=PNG),
    ),
    "image/jpg": (
        ImageContentItem(image_url=f"data:image/jpg;base64,{PNG}"),
        image(type="base64", media_type="image/jpeg", data=PNG),
    ),
    "image by https URL": (
        ImageContentItem(image_url=ImageUrl(url="https://example.com/a.png")),
        image(type="url", url="https://example.com/a.png"),
    ),
    "image with a mark": (
        {"type": "image_url", "image_url": "HTTPS://example.com/a.png", **MARK},
        {**image(type="url", url="HTTPS://example.com/a.png"), **MARK},
    ),
    "image that is not in base64": (
        ImageContentItem(image_url="data:image/gif,GIF%38"),
        image(type="base64", media_type="image/gif", data=base64.b64encode(b"GIF8").decode()),
    ),
    "PDF as a file": (
        {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{PDF}", "filename": "a.pdf"}},
        document("a.pdf", type="base64", media_type="application/pdf", data=PDF),
    ),
    "PDF by data URL": (
        DocumentUrlContentItem(document_url=f"data:application/pdf;base64,{PDF}", document_name="a.pdf"),
        document("a.pdf", type="base64", media_type="application/pdf", data=PDF),
    ),
    "document by URL": (
        DocumentUrlContentItem(document_url="http://example.com/a.pdf"),
        document(type="url", url="http://example.com/a.pdf"),
    ),
    "text as a file": (
        {"type": "file", "file": {"file_data": "data:text/plain;charset=utf-8;base64,w6Q=", "filename": "a.txt"}},
        document("a.txt", type="text", media_type="text/plain", data="ä"),
    ),
    "text that is not in base64": (
        DocumentUrlContentItem(document_url="data:,Hello%20you"),
        document(type="text", media_type="text/plain", data="Hello you"),
    ),
    "image as a file": (
        {"type": "file", "file": {"file_data": f"data:image/webp;base64,{PNG}"}},
        image(type="base64", media_type="image/webp", data=PNG),
    ),
    "native document": (
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}, "title": "t"},
        document("t", type="text", media_type="text/plain", data="a"),
    ),
    "native search result": (
        {"type": "search_result", "source": "s", "title": "t", "content": [block("a")]},
        {"type": "search_result", "source": "s", "title": "t", "content": [block("a")]},
    ),
}


@pytest.mark.parametrize(("item", "native"), ITEMS.values(), ids=ITEMS)
def test_items_are_translated(item: Any, native: Json) -> None:
    assert translated({"role": "user", "content": [item]})[1] == [user(native)]


def test_uploaded_file_is_named_by_its_id() -> None:
    items = [
        {"type": "file", "file": {"file_id": "file_1", "filename": "a.pdf"}},
        {"type": "file", "file_id": "file_2"},
    ]
    native = request({"messages": [{"role": "user", "content": items}]})
    expected = user(document("a.pdf", type="file", file_id="file_1"), document(type="file", file_id="file_2"))
    assert native["messages"] == [expected]


ARGUMENTS: list[tuple[Any, Json]] = [
    ('{"city": "Oslo"}', {"city": "Oslo"}),
    ({"city": "Oslo"}, {"city": "Oslo"}),
    ("", {}),  # yologdev/yoagent PR #153
    (" ", {}),
    (None, {}),
    ("null", {}),
    ('{"text": "Call me', {"INVALID_JSON": '{"text": "Call me'}),
    ("[1]", {"INVALID_JSON": "[1]"}),
    ([1], {"INVALID_JSON": "[1]"}),
    ('{"a": NaN}', {"INVALID_JSON": '{"a": NaN}'}),
    ("[" * 100_000, {"INVALID_JSON": "[" * 100_000}),
]


@pytest.mark.parametrize(("arguments", "input"), ARGUMENTS, ids=lambda value: str(value)[:30])
def test_any_arguments_are_read(arguments: Any, input: Json) -> None:
    [_, turn] = translated(HI, {"role": "assistant", "tool_calls": [call(arguments=arguments)]})[1]
    assert turn == model(use(input=input))


REFUSED: list[tuple[Any, str]] = [
    ({"role": "function", "name": "f", "content": "x"}, "The role 'function' of messages[1] has no counterpart"),
    ({"role": ["user"], "content": "x"}, "The role ['user'] of messages[1] has no counterpart"),
    (
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]},
        "The audio in messages[1].content[0] has no counterpart in the Messages API: send a transcript as text.",
    ),
    (
        {"role": "user", "content": [{"type": "audio_url", "audio_url": {"url": "x"}}]},
        "The audio in messages[1].content[0]",
    ),
    (
        {"role": "user", "content": [block("a"), {"type": "image_url", "image_url": "data:image/bmp;base64,AA=="}]},
        "The image of type 'image/bmp' in messages[1].content[1] has no counterpart in the Messages API: send it as",
    ),
    ({"role": "user", "content": [{"type": "image_url", "image_url": "ftp://a/b"}]}, "pass an https URL or a data URL"),
    (
        {"role": "user", "content": [{"type": "image_url", "image_url": "a.png"}]},
        "The image URL 'a.png' of messages[1]",
    ),
    (
        {"role": "user", "content": [{"type": "document_url", "document_url": "data:text/csv;base64,AA=="}]},
        "The document of type 'text/csv' in messages[1].content[0] has no counterpart",
    ),
    ({"role": "user", "content": [{"type": "document_url", "document_url": "ftp://a"}]}, "The document 'ftp://a'"),
    (
        {"role": "system", "content": [{"type": "image_url", "image_url": "https://a/b.png"}]},
        "An item of type 'image' in the instructions of messages[1] has no counterpart in the Messages API: put it",
    ),
]


@pytest.mark.parametrize(("message", "text"), REFUSED, ids=lambda value: str(value)[:60])
def test_unsupported_parts_are_refused_with_their_place(message: Any, text: str) -> None:
    with pytest.raises(NoCounterpartError) as refusal:
        request({"messages": [{"role": "user", "content": "Hi"}, message]})
    assert text in str(refusal.value)


UNREADABLE: list[tuple[Any, str]] = [
    ("x", "messages[0] must be a message, a mapping, not str: 'x'."),
    ({"role": "user", "content": 5}, "messages[0].content must be a text or a list of items, not int: 5."),
    ({"role": "user", "content": [5]}, "messages[0].content[0] must be a content item, a mapping, not int: 5."),
    ({"role": "tool", "content": "x"}, "messages[0].tool_call_id is missing"),
    ({"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}, "messages[0].tool_calls[0].id is missing"),
    (
        {"role": "assistant", "tool_calls": ["f"]},
        "messages[0].tool_calls[0] must be a tool call, a mapping, not str: 'f'.",
    ),
    ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "messages[0].content[0] has no image"),
    (
        {"role": "user", "content": [{"type": "image_url", "image_url": "data:x"}]},
        "has a data URL without data: 'data:x'.",
    ),
    ({"role": "user", "content": [{"type": "file", "file": {}}]}, "messages[0].content[0] has no file"),
    ({"role": "user", "content": [{"type": "document_url"}]}, "messages[0].content[0] has no document"),
    (
        {"role": "user", "content": [{"type": "document_url", "document_url": "data:text/plain;base64,/w=="}]},
        "The document in messages[0].content[0] is not the base64 of a UTF-8 text.",
    ),
]


@pytest.mark.parametrize(("message", "text"), UNREADABLE, ids=lambda value: str(value)[:60])
def test_invalid_parts_are_refused_with_their_place(message: Any, text: str) -> None:
    with pytest.raises(ValueError) as refusal:
        request({"messages": [message]})
    assert text in str(refusal.value)


def test_messages_must_be_a_list() -> None:
    with pytest.raises(ValueError, match="messages must be a list of messages, not str: 'Hi'"):
        request({"messages": "Hi"})


def test_call_without_a_function_is_left_to_the_service() -> None:
    native = request({"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]})
    assert native["messages"] == [model({"type": "tool_use", "id": "a", "name": None, "input": {}})]


def answered(name: str) -> Json:
    reader = Events(1700)
    chunks = [chunk for event in SEQUENCES[name].events for chunk in reader.feed(event["type"], event)]
    message: Json = completion_of(chunks)["choices"][0]["message"]
    return message


REPLAYED = [name for name, sequence in SEQUENCES.items() if "content_blocks" in sequence.completion]


@pytest.mark.parametrize("name", REPLAYED)
def test_answer_is_sent_back_block_by_block(name: str) -> None:
    """router-for-me/CLIProxyAPI #3624, alibaba/open-code-review #811, langgenius/dify #41092."""
    message = answered(name)
    assert translated(HI, message)[1][1] == model(*message["content_blocks"])


@pytest.mark.parametrize("name", REPLAYED)
def test_answer_is_sent_back_after_json_pickle_and_copies(name: str) -> None:
    message = answered(name)
    expected = translated(HI, message)
    completions = ChatCompletions({"choices": [{"index": 0, "message": message}]})
    typed = completions.choices[0].message
    for copied in (typed, pickle.loads(pickle.dumps(typed)), json.loads(json.dumps(typed)), typed.copy()):
        assert translated(HI, copied) == expected


THINKS = "S3b thinking that is not displayed, redacted thinking, a tool call"
EDITS: dict[str, Json] = {
    "content": {"content": "I will look."},
    "an argument": {"tool_calls": [call(arguments='{"city": "Bergen"}')]},
    "a name": {"tool_calls": [call(name="clock")]},
    "an id": {"tool_calls": [call("toolu_b")]},
    "a call more": {"tool_calls": [call(), call("toolu_b")]},
    "no calls": {"tool_calls": None, "content": "x"},
    "calls that are none": {"tool_calls": [call(), {"id": "x", "custom": {"name": "f", "input": "i"}}]},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_edited_answer_is_sent_back_without_thinking(edit: Json) -> None:
    [_, turn] = translated(HI, {**answered(THINKS), **edit})[1]
    assert {block["type"] for block in turn["content"]} <= {"text", "tool_use"}


@pytest.mark.parametrize("arguments", ['{"city":"Oslo"}', '{ "city" : "\\u004fslo" }', {"city": "Oslo"}])
def test_equivalent_arguments_are_not_an_edit(arguments: Any) -> None:
    message = answered(THINKS)
    [_, turn] = translated(HI, {**message, "tool_calls": [call(arguments=arguments)]})[1]
    assert turn == model(*message["content_blocks"])


@pytest.mark.parametrize("blocks", [["x"], [None], "x", [{"type": "text", "text": 5}], [{}]])
def test_malformed_blocks_are_left_out(blocks: Any) -> None:
    assert translated(HI, {"role": "assistant", "content": "a", "content_blocks": blocks})[1][1] == model(block("a"))


def test_list_of_text_agrees_with_its_blocks() -> None:
    thought = {"type": "thinking", "thinking": "t", "signature": "s"}
    message = {"role": "assistant", "content": [block("a"), "b"], "content_blocks": [thought, block("ab")]}
    assert translated(HI, message)[1][1] == model(thought, block("ab"))


def test_empty_texts_are_not_sent_back() -> None:
    """The API returns empty texts that it does not accept (anthropics/anthropic-sdk-python #461)."""
    thought = {"type": "thinking", "thinking": "t", "signature": "s"}
    blocks = [thought, block("", citations=None), use()]
    message = {"role": "assistant", "content": "", "tool_calls": [call()], "content_blocks": blocks}
    assert translated(HI, message)[1][1] == model(thought, use())


def test_cache_control_of_a_replayed_answer_is_unchanged() -> None:
    message = {**answered(THINKS), **MARK}
    assert translated(HI, message)[1][1] == model(*message["content_blocks"])
