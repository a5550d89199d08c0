"""What requests may hold, as JSON schema: checked by `_validation`, served under ``/openapi.json``.

Members, types and ranges are those of the Azure AI model inference API (2024-05-01-preview to 2025-05-01), of chat
completions on Azure OpenAI, and of Mistral's chat API. Where a description is narrower than every known server
(temperature up to 1, ``stop`` as a list only) the servers' behaviour is what counts. An optional member may be null:
that says nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

Fragment = dict[str, Any]

STRING: Final[Fragment] = {"type": "string"}
BOOLEAN: Final[Fragment] = {"type": "boolean"}
OBJECT: Final[Fragment] = {"type": "object"}
FLAG_MAP: Final[Fragment] = {"type": "object", "additionalProperties": {"type": "string"}}


def _number(low: float, high: float) -> Fragment:
    return {"type": "number", "minimum": low, "maximum": high}


def _integer(low: int = -(2**63), high: int = 2**63 - 1) -> Fragment:
    return {"type": "integer", "minimum": low, "maximum": high}


def _array(items: Fragment, low: int = 0, high: int = 0) -> Fragment:
    return {"type": "array", "items": items, "minItems": low} | ({"maxItems": high} if high else {})


def _enum(*values: str) -> Fragment:
    return {"type": "string", "enum": list(values)}


def _record(required: Mapping[str, Fragment], optional: Mapping[str, Fragment] | None = None) -> Fragment:
    properties = dict(required) | {name: _nullable(inner) for name, inner in (optional or {}).items()}
    return {"type": "object", "properties": properties, "required": list(required)}


def _nullable(fragment: Fragment) -> Fragment:
    return {"anyOf": [*fragment.get("anyOf", [fragment]), {"type": "null"}]}


def _either(*fragments: Fragment) -> Fragment:
    return {"anyOf": list(fragments)}


def _kinds(name: str, kinds: Mapping[str, Fragment]) -> Fragment:
    """Objects told apart by the member ``name``."""
    branches: list[Fragment] = []
    for kind, record in kinds.items():
        tagged = {name: {"const": kind, "type": "string"}}
        branches.append(record | {"properties": tagged | record["properties"], "required": [name, *record["required"]]})
    return {"discriminator": {"propertyName": name}, "oneOf": branches, "type": "object"}


_IMAGE_URL = _record({"url": STRING}, {"detail": _enum("auto", "low", "high")})
_TEXT_PART = _record({"text": STRING})
_CONTENT_PART = _kinds(
    "type",
    {
        "text": _TEXT_PART,
        "image_url": _record({"image_url": _either(_IMAGE_URL, STRING)}),
        "audio_url": _record({"audio_url": _either(_record({"url": STRING}), STRING)}),
        "input_audio": _record({"input_audio": _either(_record({"data": STRING, "format": STRING}), STRING)}),
        "refusal": _record({"refusal": STRING}),
        "file": _record({}, {"file": OBJECT, "file_id": STRING}),
        "document_url": _record({"document_url": STRING}, {"document_name": STRING}),
        "reference": _record({"reference_ids": _array({})}),
        "thinking": _record({"thinking": _array(OBJECT)}, {"signature": STRING, "closed": BOOLEAN}),
    },
)
_TEXT: Final[Fragment] = _either(STRING, _array(_CONTENT_PART, 1))
_TOOL_CALL = _record(
    {"function": _record({"name": STRING, "arguments": _either(STRING, OBJECT)})},
    {"id": STRING, "type": STRING, "index": _integer(0)},
)
_MESSAGE = _kinds(
    "role",
    {
        "system": _record({"content": _TEXT}, {"name": STRING}),
        "developer": _record({"content": _TEXT}, {"name": STRING}),
        "user": _record({"content": _TEXT}, {"name": STRING}),
        "assistant": _record(
            {},
            {
                "content": _either(STRING, _array(_CONTENT_PART)),
                "tool_calls": _array(_TOOL_CALL),
                "audio": OBJECT,
                "name": STRING,
                "prefix": BOOLEAN,
                "refusal": STRING,
                "reasoning_content": STRING,
                "reasoning": STRING,
            },
        ),
        "tool": _record({"tool_call_id": STRING}, {"content": _TEXT, "name": STRING}),
    },
)
_FUNCTION = _record(
    {"name": {"type": "string", "minLength": 1, "maxLength": 64}},
    {"description": STRING, "parameters": OBJECT, "strict": BOOLEAN},
)
_JSON_SCHEMA = _record(
    {"name": {"type": "string", "minLength": 1, "maxLength": 64}, "schema": OBJECT},
    {"description": STRING, "strict": BOOLEAN},
)
_RESPONSE_FORMAT = _kinds(
    "type",
    {
        "text": _record({}),
        "json_object": _record({}, {"schema": OBJECT}),
        "json_schema": _record({"json_schema": _JSON_SCHEMA}),
    },
)
_SECURITY_CONTEXT = _record(
    {},
    {
        "application_name": {"type": "string", "maxLength": 100},
        "end_user_id": {"type": "string", "minLength": 36, "maxLength": 36},
        "end_user_tenant_id": {"type": "string", "minLength": 36, "maxLength": 36},
        "source_ip": {"type": "string", "minLength": 2, "maxLength": 45},
    },
)

_NAMED_TOOL = _kinds("type", {"function": _record({"function": _record({"name": STRING})})})

MODEL_INFERENCE: Final[Mapping[str, Fragment]] = {
    "messages": _array(_MESSAGE, 1),
    "model": STRING,
    "frequency_penalty": _number(-2, 2),
    "presence_penalty": _number(-2, 2),
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "max_tokens": _integer(0),
    "stream": BOOLEAN,
    "stop": _either(STRING, _array(STRING, 0, 16)),
    "seed": _integer(),
    "response_format": _RESPONSE_FORMAT,
    "tools": _array(_kinds("type", {"function": _record({"function": _FUNCTION})})),
    "tool_choice": _either(_enum("auto", "none", "required", "any"), _NAMED_TOOL),
    "modalities": _array(_enum("text", "audio")),
    "user_security_context": _SECURITY_CONTEXT,
}
"""The schema of the Azure AI model inference API; anything else is an extra parameter there."""

OPENAI: Final[Mapping[str, Fragment]] = {
    "max_completion_tokens": _integer(1),
    "n": _integer(1, 128),
    "logprobs": BOOLEAN,
    "top_logprobs": _integer(0, 20),
    "logit_bias": {"type": "object", "additionalProperties": _number(-100, 100)},
    "user": STRING,
    "safety_identifier": STRING,
    "prompt_cache_key": STRING,
    "parallel_tool_calls": BOOLEAN,
    "reasoning_effort": _enum("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "verbosity": _enum("low", "medium", "high"),
    "prediction": _kinds("type", {"content": _record({"content": _TEXT})}),
    "audio": _record({"voice": _either(STRING, OBJECT), "format": STRING}),
    "store": BOOLEAN,
    "metadata": FLAG_MAP,
    "service_tier": STRING,
    "stream_options": _record({}, {"include_usage": BOOLEAN, "include_obfuscation": BOOLEAN}),
    "web_search_options": OBJECT,
    "data_sources": _array(OBJECT),
}
"""What chat completions of the OpenAI kind take beside that."""

OPENAI_TOOL_CHOICE: Final[Fragment] = _either(_enum("auto", "none", "required"), _NAMED_TOOL)
"""Which tool to call, where ``any`` is not known."""

MISTRAL: Final[Mapping[str, Fragment]] = {
    "temperature": _number(0, 1.5),
    "min_tokens": _integer(0),
    "random_seed": _integer(0),
    "metadata": OBJECT,
    "repetition_penalty": {"type": "number"},
    "top_k": _integer(),
    "logprobs": BOOLEAN,
    "top_logprobs": _integer(0),
    "prompt_logprobs": BOOLEAN,
    "top_prompt_logprobs": _integer(0),
    "n": _integer(1),
    "prediction": _kinds("type", {"content": _record({}, {"content": STRING})}),
    "parallel_tool_calls": BOOLEAN,
    "reasoning_effort": STRING,
    "prompt_mode": STRING,
    "guardrails": _array(OBJECT),
    "safe_prompt": BOOLEAN,
    "prompt_cache_key": STRING,
}
"""What Mistral's models take beside the model inference schema; it has no ``seed``."""

EMBEDDINGS: Final[Mapping[str, Fragment]] = {
    "input": _either(STRING, _array(_either(STRING, _integer(0), _array(_integer(0), 1)), 1, 2048)),
    "model": STRING,
    "dimensions": _integer(1, 4096),
    "encoding_format": _enum("float", "base64", "int8", "uint8", "binary", "ubinary"),
    "input_type": _enum("text", "query", "document"),
}
"""A request for text embeddings; integers are token ids."""

IMAGE_EMBEDDINGS: Final[Mapping[str, Fragment]] = {
    **EMBEDDINGS,
    "input": _array(_record({"image": STRING}, {"text": STRING}), 1, 2048),
}
"""A request for image embeddings."""


def request_schema(members: Mapping[str, Fragment], required: str) -> Fragment:
    """Return the schema of a request body. Whether unknown members are let in is judged elsewhere."""
    optional = {name: inner for name, inner in members.items() if name != required}
    return _record({required: members[required]}, optional)
