"""The JSON schemas of requests to the Responses API; see `_contract`. `_input_items` checks the input.

Members and types are those of OpenAI's description of August 2026, without those that Azure lacks.
"""

from collections.abc import Mapping
from typing import Final

from ._contract import MODERATION
from ._fragments import BOOLEAN, FLAG_MAP, OBJECT, STRING, Fragment, array, either, enum, integer, kinds, number, record

_TEXT_FORMAT: Final = kinds(
    "type",
    {
        "text": record({}),
        "json_object": record({}),
        "json_schema": record(
            {"name": {"type": "string", "minLength": 1, "maxLength": 64}, "schema": OBJECT},
            {"description": STRING, "strict": BOOLEAN},
        ),
    },
)

RESPONSES: Final[Mapping[str, Fragment]] = {
    "model": {"type": "string", "minLength": 1},
    "input": either(STRING, array(OBJECT, 1)),
    "instructions": STRING,
    "stream": BOOLEAN,
    "stream_options": record({}, {"include_obfuscation": BOOLEAN}),
    "store": BOOLEAN,
    "include": array(STRING),
    "previous_response_id": STRING,
    "max_output_tokens": integer(16),
    "max_tool_calls": integer(1),
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "top_logprobs": integer(0, 20),
    "reasoning": record(
        {},
        {
            "effort": enum("none", "minimal", "low", "medium", "high", "xhigh", "max"),
            "summary": enum("auto", "concise", "detailed"),
            "mode": STRING,
            "context": STRING,
        },
    ),
    "text": record({}, {"format": _TEXT_FORMAT, "verbosity": enum("low", "medium", "high")}),
    "tools": array(OBJECT),
    "tool_choice": either(enum("auto", "none", "required"), OBJECT),
    "parallel_tool_calls": BOOLEAN,
    "truncation": enum("auto", "disabled"),
    "metadata": FLAG_MAP,
    "user": STRING,
    "safety_identifier": {"type": "string", "maxLength": 64},
    "prompt_cache_key": STRING,
    "prompt_cache_retention": enum("in_memory", "24h"),
    "service_tier": STRING,
    "background": {"type": "boolean", "enum": [False]},
    "prompt": OBJECT,
    "moderation": MODERATION,
    "context_management": array(OBJECT),
    "conversation": either(STRING, OBJECT),
}
"""Members of a request."""

FUNCTION_TOOL: Final[Fragment] = record(
    {"type": enum("function"), "name": {"type": "string", "minLength": 1, "maxLength": 64}},
    {"description": STRING, "parameters": OBJECT, "strict": BOOLEAN},
)
"""A function defined by the caller."""


def responses_schema() -> Fragment:
    """Return the schema of a request body, apart from unknown members."""
    return record({"input": RESPONSES["input"]}, {name: RESPONSES[name] for name in RESPONSES if name != "input"})
