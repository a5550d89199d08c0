"""The routes as OpenAPI 3.1, generated from the tables that requests are checked against."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from . import _contract as contract
from ._control_operations import CONTROL_SECURITY, describe_control
from ._dialects import DIALECTS
from ._fragments import OBJECT, STRING
from ._hashed_embeddings import embedding_members
from ._messages_contract import messages_schema
from ._responses_contract import responses_schema
from ._routes import FAMILIES, STORED, Family, methods

_SECURITY: Final[list[dict[str, list[str]]]] = [{"key": []}, {"bearer": []}]
_ERROR: Final[Mapping[str, Any]] = {
    "description": "A refusal, in the provider's own format.",
    "content": {"application/json": {}},
}
_STATUSES: Final = ("400", "401", "404", "405", "413", "415", "422", "429")
_NUMBERS: Final = {"type": "array", "items": {"type": "number"}}
_RESPONSE: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["id", "object", "created_at", "status", "model", "output", "usage"],
    "properties": {
        "id": STRING,
        "object": {"const": "response"},
        "status": {"type": "string", "enum": ["completed", "incomplete"]},
        "output": {"type": "array", "items": OBJECT},
        "usage": OBJECT,
    },
}
_DELETED: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["id", "object", "deleted"],
    "properties": {"id": STRING, "object": {"const": "response"}, "deleted": {"const": True}},
}
_ANSWERS: Final[Mapping[str, Any]] = {
    "chat/completions": {
        "type": "object",
        "required": ["id", "object", "created", "model", "choices", "usage"],
        "properties": {
            "id": STRING,
            "object": {"const": "chat.completion"},
            "created": {"type": "integer"},
            "model": STRING,
            "choices": {"type": "array", "minItems": 1, "items": OBJECT},
            "usage": OBJECT,
        },
    },
    "embeddings": {
        "type": "object",
        "required": ["object", "model", "data", "usage"],
        "properties": {
            "object": {"const": "list"},
            "model": STRING,
            "data": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["index", "object", "embedding"],
                    "properties": {"embedding": {"anyOf": [_NUMBERS, STRING]}},
                },
            },
            "usage": OBJECT,
        },
    },
    "responses": _RESPONSE,
    "responses/input_tokens": {
        "type": "object",
        "required": ["object", "input_tokens"],
        "properties": {"object": {"const": "response.input_tokens"}, "input_tokens": {"type": "integer"}},
    },
    STORED[0]: _RESPONSE,
    STORED[1]: {
        "type": "object",
        "required": ["object", "data", "first_id", "last_id", "has_more"],
        "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": OBJECT}},
    },
    STORED[2]: _RESPONSE,
    "messages": {
        "type": "object",
        "required": ["id", "type", "role", "model", "content", "stop_reason", "usage"],
        "properties": {
            "id": STRING,
            "type": {"const": "message"},
            "role": {"const": "assistant"},
            "model": STRING,
            "content": {"type": "array", "items": OBJECT},
            "stop_reason": STRING,
            "usage": OBJECT,
        },
    },
    "messages/count_tokens": {
        "type": "object",
        "required": ["input_tokens"],
        "properties": {"input_tokens": {"type": "integer"}},
    },
    "info": {"type": "object", "required": ["model_name", "model_type", "model_provider_name"]},
    "models": {"type": "object", "required": ["object", "data"]},
}


@cache
def describe(*, control: bool = False) -> dict[str, Any]:
    """Return the OpenAPI document of every route in its own dialect.

    :keyword control: Whether the control API is enabled.
    """
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Model inference, emulated", "version": "1.0.0"},
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            }
        },
        "security": _SECURITY,
        "paths": {path: item for family in FAMILIES for path, item in _paths(family)},
    }
    if control:
        found["paths"] |= describe_control()
        found["components"]["securitySchemes"]["control"] = CONTROL_SECURITY
    return found


def _paths(family: Family) -> Iterator[tuple[str, dict[str, Any]]]:
    names = [name for name in ("project", "deployment") if "{" + name + "}" in family.template]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _NAME} for name in names
    ]
    if family.version in ("known", "dated"):
        version = {"type": "string", "enum": ["2024-05-01-preview", "2025-04-01"]}
        parameters.append({"name": "api-version", "in": "query", "required": True, "schema": version})
    for operation in family.operations:
        headers = [_VERSION_HEADER] if operation == "messages" else []
        asked = [_RESPONSE_ID] if operation in STORED else []
        described: dict[str, Any] = {"parameters": [*parameters, *headers, *asked]}
        for method in methods(operation):
            if method != "HEAD":
                described[method.lower()] = _operation(family, operation, method)
        yield f"{family.template}/{operation}", described


_VERSION_HEADER: Final = {
    "name": "anthropic-version",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "enum": ["2023-06-01"]},
}
_NAME: Final = {"type": "string", "minLength": 1}
_RESPONSE_ID: Final = {"name": "response_id", "in": "path", "required": True, "schema": _NAME}


def _operation(family: Family, operation: str, method: str) -> dict[str, Any]:
    answer = _ANSWERS["embeddings" if operation.endswith("embeddings") else operation]
    if method == "DELETE":
        answer = _DELETED
    contents: dict[str, Any] = {"application/json": {"schema": answer}}
    if operation in ("chat/completions", "messages", "responses", STORED[0]):
        contents["text/event-stream"] = {}
    responses = {"200": {"description": "The answer.", "content": contents}}
    found: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "-", f"{family.name}-{operation}{'-delete' if method == 'DELETE' else ''}"),
        "responses": {**responses, **dict.fromkeys(_STATUSES, _ERROR)},
    }
    if method == "POST" and operation not in STORED:
        body = {"application/json": {"schema": _request(family, operation)}}
        found["requestBody"] = {"required": True, "content": body}
    return found


def _request(family: Family, operation: str) -> dict[str, Any]:
    dialect = DIALECTS[family.dialect]
    if operation.startswith("messages"):
        limit = ("max_tokens",) if operation == "messages" else ()
        return {**messages_schema(("model", "messages", *limit)), "additionalProperties": False}
    if operation.startswith("responses"):
        schema = responses_schema()
    elif operation == "chat/completions":
        members = contract.MODEL_INFERENCE if dialect.unknown == "ask" else dialect.members
        schema = contract.request_schema(members, "messages")
    else:
        images = operation == "images/embeddings"
        schema = contract.request_schema(embedding_members(dialect, images=images), "input")
    required = [*schema["required"], *(["model"] if family.model_required else [])]
    model = {"model": {"type": "string", "minLength": 1}} if family.model_required else {}
    return {
        **schema,
        "properties": {**schema["properties"], **model},
        "required": required,
        "additionalProperties": False,
    }
