"""The JSON schemas of requests to the Messages API; see `_contract`.

Members and types are those of Anthropic's API, version 2023-06-01, without those that Foundry lacks. Blocks made by
Anthropic's own tools are accepted with any members.
"""

from collections.abc import Mapping
from typing import Final

from ._fragments import BOOLEAN, OBJECT, STRING, Fragment, array, either, enum, integer, kinds, number, record

_MARK: Final = {"cache_control": record({"type": enum("ephemeral")}, {"ttl": enum("5m", "1h")})}
_TEXT: Final = record({"text": STRING}, {"citations": array(OBJECT), **_MARK})
_IMAGE_SOURCE: Final = kinds(
    "type",
    {
        "base64": record(
            {"media_type": enum("image/jpeg", "image/png", "image/gif", "image/webp"), "data": STRING},
        ),
        "url": record({"url": STRING}),
        "file": record({"file_id": STRING}),
    },
)
_IMAGE: Final = record({"source": _IMAGE_SOURCE}, _MARK)
_DOCUMENT_SOURCE: Final = kinds(
    "type",
    {
        "base64": record({"media_type": enum("application/pdf"), "data": STRING}),
        "text": record({"media_type": enum("text/plain"), "data": STRING}),
        "url": record({"url": STRING}),
        "file": record({"file_id": STRING}),
        "content": record({"content": either(STRING, array(OBJECT))}),
    },
)
_DOCUMENT: Final = record(
    {"source": _DOCUMENT_SOURCE}, {"title": STRING, "context": STRING, "citations": OBJECT, **_MARK}
)
_SEARCH_RESULT: Final = record(
    {"content": array(OBJECT), "source": STRING, "title": STRING}, {"citations": OBJECT, **_MARK}
)
_RESULT_CONTENT: Final = kinds(
    "type", {"text": _TEXT, "image": _IMAGE, "document": _DOCUMENT, "search_result": _SEARCH_RESULT}
)
SERVER_BLOCKS: Final = (
    *("server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result"),
    *("bash_code_execution_tool_result", "text_editor_code_execution_tool_result", "container_upload", "compaction"),
    *("mcp_tool_use", "mcp_tool_result", "tool_search_tool_result", "fallback"),
)
"""Types of blocks whose members are not checked."""

BLOCKS: Final[Mapping[str, Fragment]] = {
    "text": _TEXT,
    "image": _IMAGE,
    "document": _DOCUMENT,
    "search_result": _SEARCH_RESULT,
    "thinking": record({"thinking": STRING, "signature": STRING}),
    "redacted_thinking": record({"data": STRING}),
    "tool_use": record({"id": STRING, "name": STRING, "input": OBJECT}, {"caller": OBJECT, **_MARK}),
    "tool_result": record(
        {"tool_use_id": STRING}, {"content": either(STRING, array(_RESULT_CONTENT)), "is_error": BOOLEAN, **_MARK}
    ),
    **dict.fromkeys(SERVER_BLOCKS, record({})),
}
"""Blocks of a turn, by type."""

_THINKING: Final = kinds(
    "type",
    {
        "enabled": record({"budget_tokens": integer(1024)}, {"display": enum("summarized", "omitted")}),
        "adaptive": record(
            {}, {"display": enum("summarized", "omitted"), "block_binding": OBJECT, "budget_tokens": integer(1024)}
        ),
        "between_tools": record({}, {"display": enum("summarized", "omitted"), "block_binding": OBJECT}),
        "disabled": record({}),
    },
)
_TOOL_CHOICE: Final = kinds(
    "type",
    {
        "auto": record({}, {"disable_parallel_tool_use": BOOLEAN}),
        "any": record({}, {"disable_parallel_tool_use": BOOLEAN}),
        "tool": record({"name": STRING}, {"disable_parallel_tool_use": BOOLEAN}),
        "none": record({}),
    },
)

MESSAGES: Final[Mapping[str, Fragment]] = {
    "model": {"type": "string", "minLength": 1},
    "messages": array(
        record({"role": enum("user", "assistant"), "content": either(STRING, array(kinds("type", BLOCKS)))}), 1
    ),
    "max_tokens": integer(1),
    "system": either(STRING, array(kinds("type", {"text": _TEXT}))),
    "stream": BOOLEAN,
    "stop_sequences": array(STRING),
    "temperature": number(0, 1),
    "top_p": number(0, 1),
    "top_k": integer(0),
    "metadata": record({}, {"user_id": {"type": "string", "maxLength": 512}}),
    "service_tier": enum("auto", "standard_only"),
    "thinking": _THINKING,
    "tools": array(OBJECT),
    "tool_choice": _TOOL_CHOICE,
    "output_config": record(
        {},
        {
            "effort": enum("low", "medium", "high", "xhigh", "max"),
            "format": kinds("type", {"json_schema": record({"schema": OBJECT})}),
        },
    ),
    "cache_control": _MARK["cache_control"],
    "container": either(STRING, OBJECT),
    "context_management": OBJECT,
    "mcp_servers": array(OBJECT),
}
"""Members of a request."""

TOOL: Final[Fragment] = record(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 128},
        "input_schema": record({"type": enum("object")}),
    },
    {
        "type": enum("custom"),
        "description": STRING,
        "strict": BOOLEAN,
        "defer_loading": BOOLEAN,
        "allowed_callers": array(STRING),
        "input_examples": array(OBJECT),
        "eager_input_streaming": BOOLEAN,
        **_MARK,
    },
)
"""A tool of the caller's own."""


def messages_schema(required: tuple[str, ...] = ("model", "max_tokens", "messages")) -> Fragment:
    """Return the schema of a request body, apart from unknown members.

    :param required: The required members.
    """
    optional = {name: inner for name, inner in MESSAGES.items() if name not in required}
    return record({name: MESSAGES[name] for name in required}, optional)
