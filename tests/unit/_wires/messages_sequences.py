"""Recorded sequences of the Messages API's events, with our own values, and their expected results."""

import json
from typing import Any, NamedTuple

Json = dict[str, Any]


class Sequence(NamedTuple):
    events: list[Json]
    chunks: list[Json]
    """Deltas; the last one has its choice's other members as `choice`, and `usage`."""
    completion: Json
    """Members of the message and `finish_reason`, `usage`, and others of the completion."""


_MESSAGE: Json = {
    "id": "msg_s1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {
        "input_tokens": 12,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 100,
        "output_tokens": 1,
        "service_tier": "standard",
    },
}
PING: Json = {"type": "ping"}
STOP: Json = {"type": "message_stop"}


def opened(**members: Any) -> Json:
    return {"type": "message_start", "message": {**_MESSAGE, **members}}


def starts(index: int, **block: Any) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **members: Any) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def stops(index: int) -> Json:
    return {"type": "content_block_stop", "index": index}


def ends(stop_reason: str | None, usage: Json | None = None, **members: Any) -> Json:
    ending = {"stop_reason": stop_reason, "stop_sequence": None, **members}
    return {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 0, **(usage or {})}}


def text(index: int, *pieces: str) -> list[Json]:
    deltas = [delta(index, "text_delta", text=piece) for piece in pieces]
    return [starts(index, type="text", text=""), *deltas, stops(index)]


def thought(index: int, signature: str, *pieces: str) -> list[Json]:
    deltas = [delta(index, "thinking_delta", thinking=piece) for piece in pieces]
    signed = delta(index, "signature_delta", signature=signature)
    return [starts(index, type="thinking", thinking="", signature=""), *deltas, signed, stops(index)]


def use(index: int, id: str, name: str, *pieces: str, kind: str = "tool_use", **members: Any) -> list[Json]:
    deltas = [delta(index, "input_json_delta", partial_json=piece) for piece in ("", *pieces)]
    return [starts(index, type=kind, id=id, name=name, input={}, **members), *deltas, stops(index)]


def call_piece(index: int, arguments: str) -> Json:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def call_start(index: int, id: str, name: str) -> Json:
    function = {"name": name, "arguments": ""}
    return {"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}


def call(id: str, name: str, arguments: str) -> Json:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tokens(prompt: int, completion: int, **details: Any) -> Json:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        **details,
    }


ROLE: Json = {"role": "assistant"}
_CACHED = {"prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 0}}
_THOUGHT = {"type": "thinking", "thinking": "Divide twice.", "signature": "c2lnLW9uZQ=="}
_UNREADABLE = {"type": "redacted_thinking", "data": "ZW5jcnlwdGVk"}
_OSLO = {"type": "tool_use", "id": "toolu_a", "name": "weather", "input": {"city": "Oslo"}}
_SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Oslo weather"}}
_RESULT = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {
            "type": "web_search_result",
            "title": "Oslo",
            "url": "https://weather.example",
            "encrypted_content": "eHl6",
            "page_age": None,
        }
    ],
}
_CITATION = {
    "type": "web_search_result_location",
    "url": "https://weather.example",
    "title": "Oslo",
    "encrypted_index": "aWR4",
    "cited_text": "Rain.",
}
_BLOCKED = {"type": "refusal", "category": "cyber", "explanation": "Blocked under the usage policy."}

SEQUENCES: dict[str, Sequence] = {
    "S1 text": Sequence(
        [
            opened(),
            starts(0, type="text", text=""),
            PING,
            delta(0, "text_delta", text="Good "),
            delta(0, "text_delta", text="morning."),
            stops(0),
            ends("end_turn", {"output_tokens": 6}),
            STOP,
        ],
        [ROLE, {"content": "Good "}, {"content": "morning."}, {}],
        {
            "content": "Good morning.",
            "finish_reason": "stop",
            "native_finish_reason": "end_turn",
            "usage": tokens(112, 6, **_CACHED),
            "service_tier": "standard",
        },
    ),
    "S2 parallel tool calls, the second without arguments": Sequence(
        [
            opened(id="msg_s2", usage={"input_tokens": 410, "output_tokens": 4}),
            *text(0, "Both, then."),
            *use(1, "toolu_a", "weather", '{"city": "Os', 'lo"}'),
            *use(2, "toolu_b", "clock", caller={"type": "direct"}),
            ends("tool_use", {"input_tokens": 410, "output_tokens": 71}),
            STOP,
        ],
        [
            ROLE,
            {"content": "Both, then."},
            call_start(0, "toolu_a", "weather"),
            call_piece(0, '{"city": "Os'),
            call_piece(0, 'lo"}'),
            call_start(1, "toolu_b", "clock"),
            call_piece(1, "{}"),
        ],
        {
            "content": "Both, then.",
            "tool_calls": [call("toolu_a", "weather", '{"city": "Oslo"}'), call("toolu_b", "clock", "{}")],
            "finish_reason": "tool_calls",
            "native_finish_reason": "tool_use",
            "usage": tokens(410, 71),
        },
    ),
    "S3 thinking, then text": Sequence(
        [
            opened(id="msg_s3", model="claude-sonnet-5", usage={"input_tokens": 47, "output_tokens": 2}),
            *thought(0, "c2lnLW9uZQ==", "Divide ", "twice."),
            *text(1, "21"),
            ends(
                "end_turn",
                {"input_tokens": 47, "output_tokens": 90, "output_tokens_details": {"thinking_tokens": 62}},
                stop_details=None,
            ),
            STOP,
        ],
        [
            ROLE,
            {"reasoning_content": "Divide "},
            {"reasoning_content": "twice."},
            {"content": "21"},
            {"content_blocks": [_THOUGHT, {"type": "text", "text": "21"}]},
        ],
        {
            "content": "21",
            "reasoning_content": "Divide twice.",
            "content_blocks": [_THOUGHT, {"type": "text", "text": "21"}],
            "finish_reason": "stop",
            "native_finish_reason": "end_turn",
            "usage": tokens(47, 90, completion_tokens_details={"reasoning_tokens": 62}),
        },
    ),
    "S3b thinking that is not displayed, redacted thinking, a tool call": Sequence(
        [
            opened(id="msg_s3", usage={"input_tokens": 47, "output_tokens": 2}),
            *thought(0, "c2lnLW9uZQ=="),
            starts(1, **_UNREADABLE),
            stops(1),
            *use(2, "toolu_a", "weather", '{"city": "Os', 'lo"}'),
            ends("tool_use", {"output_tokens": 90}),
            STOP,
        ],
        [
            ROLE,
            call_start(0, "toolu_a", "weather"),
            call_piece(0, '{"city": "Os'),
            call_piece(0, 'lo"}'),
            {"content_blocks": [{**_THOUGHT, "thinking": ""}, _UNREADABLE, _OSLO]},
        ],
        {
            "content": None,
            "tool_calls": [call("toolu_a", "weather", '{"city": "Oslo"}')],
            "content_blocks": [{**_THOUGHT, "thinking": ""}, _UNREADABLE, _OSLO],
            "finish_reason": "tool_calls",
            "native_finish_reason": "tool_use",
            "usage": tokens(47, 90),
        },
    ),
    "S4 refusal": Sequence(
        [
            opened(id="msg_s4", model="claude-fable-5", usage={"input_tokens": 18, "output_tokens": 1}),
            PING,
            ends("refusal", {"input_tokens": 18, "output_tokens": 5}, stop_details=_BLOCKED),
            STOP,
        ],
        [ROLE, {"refusal": "Blocked under the usage policy."}],
        {
            "content": None,
            "refusal": "Blocked under the usage policy.",
            "finish_reason": "content_filter",
            "native_finish_reason": "refusal",
            "stop_details": _BLOCKED,
            "usage": tokens(18, 5),
        },
    ),
    "S6 max_tokens inside a tool call": Sequence(
        [
            opened(usage={"input_tokens": 50, "output_tokens": 2}),
            *use(0, "toolu_c", "write", '{"text": "Call me'),
            ends("max_tokens", {"output_tokens": 16}),
            STOP,
        ],
        [ROLE, call_start(0, "toolu_c", "write"), call_piece(0, '{"text": "Call me'), {}],
        {
            "content": None,
            "tool_calls": [call("toolu_c", "write", '{"text": "Call me')],
            "finish_reason": "length",
            "native_finish_reason": "max_tokens",
            "usage": tokens(50, 16),
        },
    ),
    "max_tokens before the arguments of the last call": Sequence(
        [
            opened(usage={"input_tokens": 50, "output_tokens": 2}),
            *use(0, "toolu_b", "clock"),
            *use(1, "toolu_c", "write"),
            ends("max_tokens", {"output_tokens": 16}),
            STOP,
        ],
        [ROLE, call_start(0, "toolu_b", "clock"), call_start(1, "toolu_c", "write"), call_piece(0, "{}")],
        {
            "content": None,
            "tool_calls": [call("toolu_b", "clock", "{}"), call("toolu_c", "write", "")],
            "finish_reason": "length",
            "native_finish_reason": "max_tokens",
            "usage": tokens(50, 16),
        },
    ),
    "web search with a citation": Sequence(
        [
            opened(usage={"input_tokens": 9, "output_tokens": 1}),
            *use(0, "srvtoolu_1", "web_search", '{"query": "Oslo ', 'weather"}', kind="server_tool_use"),
            starts(1, **_RESULT),
            stops(1),
            *text(2, "It says: "),
            starts(3, type="text", text="", citations=[]),
            delta(3, "citations_delta", citation=_CITATION),
            delta(3, "text_delta", text="rain."),
            stops(3),
            ends("end_turn", {"output_tokens": 30, "server_tool_use": {"web_search_requests": 1}}),
            STOP,
        ],
        [
            ROLE,
            {"content": "It says: "},
            {"content": "rain."},
            {
                "annotations": [
                    {
                        "type": "url_citation",
                        "url_citation": {
                            "url": "https://weather.example",
                            "title": "Oslo",
                            "start_index": 9,
                            "end_index": 14,
                        },
                    }
                ]
            },
            {
                "content_blocks": [
                    _SEARCH,
                    _RESULT,
                    {"type": "text", "text": "It says: "},
                    {"type": "text", "text": "rain.", "citations": [_CITATION]},
                ]
            },
        ],
        {
            "content": "It says: rain.",
            "annotations": [
                {
                    "type": "url_citation",
                    "url_citation": {
                        "url": "https://weather.example",
                        "title": "Oslo",
                        "start_index": 9,
                        "end_index": 14,
                    },
                }
            ],
            "content_blocks": [
                _SEARCH,
                _RESULT,
                {"type": "text", "text": "It says: "},
                {"type": "text", "text": "rain.", "citations": [_CITATION]},
            ],
            "finish_reason": "stop",
            "native_finish_reason": "end_turn",
            "usage": tokens(9, 30, server_tool_use={"web_search_requests": 1}),
        },
    ),
    "stop sequence, and text in its block's start": Sequence(
        [
            opened(usage={"input_tokens": 9, "output_tokens": 1}),
            starts(0, type="text", text="One"),
            stops(0),
            ends("stop_sequence", {"output_tokens": 3}, stop_sequence="Two"),
            STOP,
        ],
        [ROLE, {"content": "One"}, {}],
        {
            "content": "One",
            "finish_reason": "stop",
            "native_finish_reason": "stop_sequence",
            "stop_sequence": "Two",
            "usage": tokens(9, 3),
        },
    ),
    # vercel/ai packages/anthropic/src/__fixtures__/anthropic-message-start-prepopulated-content.chunks.txt
    "an answer that message_start has whole": Sequence(
        [
            opened(
                content=[{**_OSLO, "caller": {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}}],
                container={"id": "container_1", "expires_at": "2026-04-24T00:40:16Z"},
                stop_reason="tool_use",
                usage={"input_tokens": 0, "output_tokens": 0},
            ),
            STOP,
        ],
        [
            ROLE,
            call_start(0, "toolu_a", "weather"),
            call_piece(0, '{"city": "Oslo"}'),
            {"content_blocks": [{**_OSLO, "caller": {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}}]},
        ],
        {
            "content": None,
            "tool_calls": [call("toolu_a", "weather", '{"city": "Oslo"}')],
            "content_blocks": [{**_OSLO, "caller": {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}}],
            "finish_reason": "tool_calls",
            "native_finish_reason": "tool_use",
            "usage": tokens(0, 0),
            "container": {"id": "container_1", "expires_at": "2026-04-24T00:40:16Z"},
        },
    ),
}
"""Sequences that end; each is also a whole message."""

OVERLOADED: list[Json] = [
    opened(id="msg_s5", usage={"input_tokens": 9, "output_tokens": 1}),
    starts(0, type="text", text=""),
    delta(0, "text_delta", text="Once"),
    {
        "type": "error",
        "error": {"details": None, "type": "overloaded_error", "message": "Overloaded"},
        "request_id": "req_s5",
    },
]
"""S5: the service fails in the middle."""


def as_sse(events: list[Json]) -> bytes:
    """Format events as sent; the JSON of text deltas is padded with spaces, as recorded."""
    lines = (f"event: {event['type']}\ndata: {json.dumps(event)}  \n\n" for event in events)
    return "".join(lines).encode()
