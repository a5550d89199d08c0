"""The error bodies of each provider, made from a :class:`ServiceError`.

Each function returns an object for JSON. The formats are those seen on the wire; the gateway in front of a model and
the model itself often differ, so ``ServiceError.kind`` selects one.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from ._service_error import ServiceError

_PYDANTIC: Final[Mapping[str, str]] = {
    "required": "missing",
    "additionalProperties": "extra_forbidden",
    "enum": "literal_error",
    "minimum": "greater_than_equal",
    "maximum": "less_than_equal",
    "minItems": "too_short",
    "maxItems": "too_long",
    "minLength": "string_too_short",
    "maxLength": "string_too_long",
    "type": "type_error",
}


_ANTHROPIC: Final[Mapping[int, str]] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def serverless(problem: ServiceError) -> Any:
    """Return the error of a serverless endpoint, whose gateway has three formats of its own."""
    if problem.kind in ("key", "token"):
        return {"statusCode": problem.status, "message": problem.message}
    if problem.kind == "extra":
        return {"detail": problem.message}
    if problem.kind == "filter":
        return {
            "status": problem.status,
            "code": problem.code,
            "message": problem.message,
            "param": problem.param,
            "type": None,
        }
    message = problem.message.replace("Resource not found", "NOT FOUND")
    return {"error": {"code": problem.code, "message": message, "target": problem.param}}


def foundry(problem: ServiceError) -> Any:
    """Return the error of a Foundry resource's model inference route: ``details`` is a text, or null."""
    if problem.kind == "token":
        return {"statusCode": problem.status, "message": problem.message}
    if problem.kind == "extra":
        return {"detail": problem.message}
    if problem.kind in ("key", "filter", "route", "api"):
        return azure_openai(problem)
    details = problem.message if problem.kind == "limit" else None
    return {"error": {"code": problem.code, "message": problem.message, "details": details}}


def azure_openai(problem: ServiceError) -> Any:
    """Return the error of Azure OpenAI: OpenAI's, except for its gateway, and with the filter's verdict inside."""
    if problem.kind == "token":
        return {"statusCode": problem.status, "message": problem.message}
    error: dict[str, Any] = {"code": problem.code or None, "message": problem.message}
    if problem.kind == "filter":
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": dict(problem.filtered)}
        return {"error": {**error, "param": problem.param, "type": None, "status": problem.status, "innererror": inner}}
    if problem.kind == "api":
        error["details"] = problem.message
    if problem.kind == "request":
        error |= {"type": "invalid_request_error", "param": problem.param}
    return {"error": error}


def anthropic(problem: ServiceError) -> Any:
    """Return the error of Anthropic's API, whose type follows from the status."""
    usual = "invalid_request_error" if problem.status < 500 else "api_error"
    error = {"type": _ANTHROPIC.get(problem.status, usual), "message": problem.message, "details": problem.details}
    return {"type": "error", "error": error, "request_id": f"req_{uuid.uuid4().hex}"}


def foundry_messages(problem: ServiceError) -> Any:
    """Return the error of a Foundry resource in front of Anthropic's API; if its gateway refuses, it is Azure's."""
    return azure_openai(problem) if problem.kind in ("key", "token", "route", "api", "limit") else anthropic(problem)


def openai(problem: ServiceError) -> Any:
    """Return the error of OpenAI's own platform."""
    if problem.kind in ("key", "token"):
        return {"error": _openai_key_error(problem)}
    kind = {"limit": "requests", "server": "server_error"}.get(problem.kind, "invalid_request_error")
    message, code = problem.message, problem.code or None
    if problem.kind == "route":
        message, code = message.replace("Resource not found", f"Invalid URL ({problem.value})"), None
    return {"error": {"message": message, "type": kind, "param": problem.param, "code": code}}


def _openai_key_error(problem: ServiceError) -> dict[str, Any]:
    where = "https://platform.openai.com/account/api-keys"
    if problem.value is None and problem.kind == "key":
        words = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            f"auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from {where}."
        )
        return {"message": words, "type": "invalid_request_error", "param": None, "code": None}
    words = f"Incorrect API key provided: {problem.value or '***'}. You can find your API key at {where}."
    return {"message": words, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}


def fastapi_detail(problem: ServiceError) -> list[dict[str, Any]]:
    """Return the list of violations that FastAPI returns for an invalid body."""
    rule = _PYDANTIC.get(problem.rule, "value_error")
    words = {"missing": "Field required", "extra_forbidden": "Extra inputs are not permitted"}
    message = words.get(rule, problem.message)
    return [{"type": rule, "loc": ["body", *problem.path], "msg": message, "input": problem.value}]


def mistral(problem: ServiceError) -> Any:
    """Return the error of Mistral's platform: violations as a list like FastAPI's, all others flat."""
    if problem.status == 422:
        return {"detail": fastapi_detail(problem)}
    if problem.kind == "key":
        return {"message": "Unauthorized", "request_id": "emulator"}
    kinds = {"limit": "rate_limited", "route": "not_found"}
    kind = kinds.get(problem.kind, "invalid_request_error")
    return {
        "object": "error",
        "message": problem.message,
        "type": kind,
        "param": problem.param,
        "code": problem.code,
    }


def mistral_azure(problem: ServiceError) -> Any:
    """Return the error of a Mistral model behind Azure's gateway: violations are JSON inside the message."""
    if problem.status == 422:
        detail = json.dumps({"detail": fastapi_detail(problem)}, separators=(",", ":"))
        return {"error": {"code": "Invalid input", "message": detail, "status": 422}}
    return serverless(problem)


def llama_cpp(problem: ServiceError) -> Any:
    """Return the error of llama.cpp's server: the code is the status, as a number."""
    kinds = {401: "authentication_error", 404: "not_found_error", 501: "not_supported_error", 503: "unavailable_error"}
    usual = "invalid_request_error" if problem.status < 500 else "server_error"
    kind = kinds.get(problem.status, usual)
    return {"error": {"code": problem.status, "message": problem.message, "type": kind}}


def vllm(problem: ServiceError) -> Any:
    """Return the error of vLLM: OpenAI's, with a number as code."""
    kind = {401: "Unauthorized", 404: "NotFoundError"}.get(problem.status, "BadRequestError")
    if problem.status >= 500:
        kind = "InternalServerError"
    return {"error": {"message": problem.message, "type": kind, "param": problem.param, "code": problem.status}}


def ollama(problem: ServiceError) -> Any:
    """Return the error of Ollama, which has three types."""
    usual = "invalid_request_error" if problem.status < 500 else "api_error"
    kind = "not_found_error" if problem.status == 404 else usual
    return {"error": {"message": problem.message, "type": kind, "param": None, "code": None}}


def lm_studio(problem: ServiceError) -> Any:
    """Return the error of LM Studio: a bare text for an unknown route, for which `_service` sets status 200."""
    return {"error": problem.message if problem.kind == "route" else {"message": problem.message}}
