"""The JSON schemas of requests: checked by `_validation`, served at ``/openapi.json``.

Members, types and ranges are those of the Azure AI model inference API (2024-05-01-preview to 2025-05-01), of chat
completions on Azure OpenAI, and of Mistral's chat API. Where a description is narrower than every known server
(temperature up to 1, ``stop`` only as a list), the servers' behaviour counts. An optional member may be null, meaning
not set.
"""

from collections.abc import Mapping
from typing import Final

from ._fragments import BOOLEAN, FLAG_MAP, OBJECT, STRING, Fragment, array, either, enum, integer, kinds, number, record

_IMAGE_URL = record({"url": STRING}, {"detail": enum("auto", "low", "high")})
_TEXT_PART = record({"text": STRING})
_CONTENT_PART = kinds(
    "type",
    {
        "text": _TEXT_PART,
        "image_url": record({"image_url": either(_IMAGE_URL, STRING)}),
        "audio_url": record({"audio_url": either(record({"url": STRING}), STRING)}),
        "input_audio": record({"input_audio": either(record({"data": STRING, "format": STRING}), STRING)}),
        "refusal": record({"refusal": STRING}),
        "file": record({}, {"file": OBJECT, "file_id": STRING}),
        "document_url": record({"document_url": STRING}, {"document_name": STRING}),
        "reference": record({"reference_ids": array({})}),
        "thinking": record({"thinking": array(OBJECT)}, {"signature": STRING, "closed": BOOLEAN}),
    },
)
_TEXT: Final[Fragment] = either(STRING, array(_CONTENT_PART, 1))
_TOOL_CALL = record(
    {"function": record({"name": STRING, "arguments": either(STRING, OBJECT)})},
    {"id": STRING, "type": STRING, "index": integer(0)},
)
_CUSTOM_CALL = record({"type": enum("custom"), "custom": record({"name": STRING, "input": STRING})}, {"id": STRING})
_FUNCTION_CALL = record({"name": STRING, "arguments": STRING})
_MESSAGE = kinds(
    "role",
    {
        "system": record({"content": _TEXT}, {"name": STRING}),
        "developer": record({"content": _TEXT}, {"name": STRING}),
        "user": record({"content": _TEXT}, {"name": STRING}),
        "assistant": record(
            {},
            {
                "content": either(STRING, array(_CONTENT_PART)),
                "tool_calls": array(either(_TOOL_CALL, _CUSTOM_CALL)),
                "function_call": _FUNCTION_CALL,
                "audio": OBJECT,
                "name": STRING,
                "prefix": BOOLEAN,
                "refusal": STRING,
                "reasoning_content": STRING,
                "reasoning": STRING,
            },
        ),
        "tool": record({"tool_call_id": STRING}, {"content": _TEXT, "name": STRING}),
        "function": record({"name": STRING}, {"content": STRING}),
    },
)
_FUNCTION = record(
    {"name": {"type": "string", "minLength": 1, "maxLength": 64}},
    {"description": STRING, "parameters": OBJECT, "strict": BOOLEAN},
)
_JSON_SCHEMA = record(
    {"name": {"type": "string", "minLength": 1, "maxLength": 64}, "schema": OBJECT},
    {"description": STRING, "strict": BOOLEAN},
)
_RESPONSE_FORMAT = kinds(
    "type",
    {
        "text": record({}),
        "json_object": record({}, {"schema": OBJECT}),
        "json_schema": record({"json_schema": _JSON_SCHEMA}),
    },
)
_SECURITY_CONTEXT = record(
    {},
    {
        "application_name": {"type": "string", "maxLength": 100},
        "end_user_id": {"type": "string", "minLength": 36, "maxLength": 36},
        "end_user_tenant_id": {"type": "string", "minLength": 36, "maxLength": 36},
        "source_ip": {"type": "string", "minLength": 2, "maxLength": 45},
    },
)

_GRAMMAR = record({"definition": STRING, "syntax": enum("lark", "regex")})
_CUSTOM_FORMAT = kinds("type", {"text": record({}), "grammar": record({"grammar": _GRAMMAR})})
_CUSTOM = record(
    {"name": {"type": "string", "minLength": 1, "maxLength": 64}}, {"description": STRING, "format": _CUSTOM_FORMAT}
)
_ALLOWED_TOOLS = record({"mode": enum("auto", "required"), "tools": array(OBJECT)})
_NAMED_TOOL = kinds("type", {"function": record({"function": record({"name": STRING})})})

MODEL_INFERENCE: Final[Mapping[str, Fragment]] = {
    "messages": array(_MESSAGE, 1),
    "model": STRING,
    "frequency_penalty": number(-2, 2),
    "presence_penalty": number(-2, 2),
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "max_tokens": integer(0),
    "stream": BOOLEAN,
    "stop": either(STRING, array(STRING, 0, 16)),
    "seed": integer(),
    "response_format": _RESPONSE_FORMAT,
    "tools": array(kinds("type", {"function": record({"function": _FUNCTION})})),
    "tool_choice": either(enum("auto", "none", "required", "any"), _NAMED_TOOL),
    "modalities": array(enum("text", "audio")),
    "user_security_context": _SECURITY_CONTEXT,
}
"""The schema of the Azure AI model inference API; anything else is an extra parameter there."""

_MODERATION_MODE: Final = record({"mode": enum("score", "block")})
MODERATION: Final = record(
    {"model": STRING}, {"policy": record({}, {"input": _MODERATION_MODE, "output": _MODERATION_MODE})}
)
"""A request for moderation results, in chat completions and the Responses API."""

OPENAI: Final[Mapping[str, Fragment]] = {
    "tools": array(kinds("type", {"function": record({"function": _FUNCTION}), "custom": record({"custom": _CUSTOM})})),
    "functions": array(_FUNCTION, 1, 128),
    "function_call": either(enum("auto", "none"), record({"name": STRING})),
    "max_completion_tokens": integer(1),
    "n": integer(1, 128),
    "logprobs": BOOLEAN,
    "top_logprobs": integer(0, 20),
    "logit_bias": {"type": "object", "additionalProperties": number(-100, 100)},
    "user": STRING,
    "safety_identifier": STRING,
    "prompt_cache_key": STRING,
    "prompt_cache_retention": enum("in_memory", "in-memory", "24h"),
    "prompt_cache_options": OBJECT,
    "moderation": MODERATION,
    "parallel_tool_calls": BOOLEAN,
    "reasoning_effort": enum("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "verbosity": enum("low", "medium", "high"),
    "prediction": kinds("type", {"content": record({"content": _TEXT})}),
    "audio": record({"voice": either(STRING, OBJECT), "format": STRING}),
    "store": BOOLEAN,
    "metadata": FLAG_MAP,
    "service_tier": STRING,
    "stream_options": record({}, {"include_usage": BOOLEAN, "include_obfuscation": BOOLEAN}),
    "web_search_options": OBJECT,
    "data_sources": array(OBJECT),
}
"""What OpenAI-style chat completions accept in addition."""

OPENAI_TOOL_CHOICE: Final[Fragment] = either(
    enum("auto", "none", "required"),
    kinds(
        "type",
        {
            "function": record({"function": record({"name": STRING})}),
            "custom": record({"custom": record({"name": STRING})}),
            "allowed_tools": record({"allowed_tools": _ALLOWED_TOOLS}),
        },
    ),
)
"""Which tool to call, for services without ``any``."""

MISTRAL: Final[Mapping[str, Fragment]] = {
    "temperature": number(0, 1.5),
    "min_tokens": integer(0),
    "random_seed": integer(0),
    "metadata": OBJECT,
    "repetition_penalty": {"type": "number"},
    "top_k": integer(),
    "logprobs": BOOLEAN,
    "top_logprobs": integer(0),
    "prompt_logprobs": BOOLEAN,
    "top_prompt_logprobs": integer(0),
    "n": integer(1),
    "prediction": kinds("type", {"content": record({}, {"content": STRING})}),
    "parallel_tool_calls": BOOLEAN,
    "reasoning_effort": STRING,
    "prompt_mode": STRING,
    "guardrails": array(OBJECT),
    "safe_prompt": BOOLEAN,
    "prompt_cache_key": STRING,
}
"""What Mistral's models accept in addition to the model inference schema; it has no ``seed``."""

EMBEDDINGS: Final[Mapping[str, Fragment]] = {
    "input": either(STRING, array(either(STRING, integer(0), array(integer(0), 1)), 1, 2048)),
    "model": STRING,
    "dimensions": integer(1, 4096),
    "encoding_format": enum("float", "base64", "int8", "uint8", "binary", "ubinary"),
    "input_type": enum("text", "query", "document"),
}
"""A request for text embeddings; integers are token ids."""

IMAGE_EMBEDDINGS: Final[Mapping[str, Fragment]] = {
    **EMBEDDINGS,
    "input": array(record({"image": STRING}, {"text": STRING}), 1, 2048),
}
"""A request for image embeddings."""


def request_schema(members: Mapping[str, Fragment], required: str) -> Fragment:
    """Return the schema of a request body. Whether unknown members are accepted is decided elsewhere."""
    optional = {name: inner for name, inner in members.items() if name != required}
    return record({required: members[required]}, optional)
