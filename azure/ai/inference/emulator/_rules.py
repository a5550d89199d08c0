"""What a model's server refuses in a chat request: first by the contract, then by rules that no schema can express.

The result is the request without nulls and dropped members.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from . import _contract as contract
from ._completion import verdict
from ._default_answers import read_talk
from ._dialects import Dialect
from ._fragments import Fragment
from ._request import RecordedRequest
from ._service_error import ServiceError, member
from ._tool_forms import plain_tools
from ._validation import Path, Schema, Violation, first_violation
from ._values import as_list, as_object, as_text

PROMPT_FILTER_PHRASE: Final = "trigger the content filter"
"""A user message that contains this is refused by the content filter, like a harmful prompt."""
ANSWER_FILTER_PHRASE: Final = "filter your answer"
"""A user message that contains this gets an answer that the content filter withholds."""

_REASONING_MODEL: Final = re.compile(r"(^|/)(o[134](-|$)|gpt-5)", re.IGNORECASE)
_FIXED: Final = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
_UNSUPPORTED: Final = ("max_tokens", "logprobs", "top_logprobs", "logit_bias")
_CODES: Final = {
    "required": "missing_required_parameter",
    "type": "invalid_type",
    "additionalProperties": "unknown_parameter",
    "minimum": "integer_below_min_value",
    "maximum": "integer_above_max_value",
    "minItems": "empty_array",
    "maxItems": "array_above_max_length",
    "minLength": "string_below_min_length",
    "maxLength": "string_above_max_length",
}


def hides_reasoning(model: str) -> bool:
    """Return whether a model, by its name, hides its reasoning (o1 to o4, GPT-5)."""
    return _REASONING_MODEL.search(model) is not None


def read_body(request: RecordedRequest) -> dict[str, Any]:
    """Return the JSON object in the body of a request.

    :raises ServiceError: 400 or 415.
    """
    content_type = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        message = f"Unsupported content type {content_type!r}; send application/json."
        raise ServiceError(415, "UnsupportedMediaType", message, kind="method")
    body = request.body
    if not isinstance(body, dict):
        message = "We could not parse the JSON body of your request: the API expects a JSON object."
        raise ServiceError(400, "BadRequest", message, rule="type")
    return as_object(body)


def check_body(body: Mapping[str, Any], schema: Schema, strict: bool = False, path: Path = ()) -> None:
    """Check a body, or an object in it, by a schema.

    :keyword strict: Refuse like FastAPI, with 422.
    :keyword path: Where in the body it is.
    :raises ServiceError: The body does not match. The message names the member at fault.
    """
    violation = first_violation(schema, body, path)
    if violation is not None:
        raise _violated(violation, strict)


def check_chat(request: RecordedRequest, dialect: Dialect, model: str | None) -> dict[str, Any]:
    """Return a chat request's body, checked and cleaned.

    :param model: The deployment in the path, if any.
    :raises ServiceError: If the provider would refuse.
    """
    strict = dialect.strict
    body = split_extras(read_body(request), request, dialect, dialect.members)
    check_body(body, contract.request_schema(dialect.members, "messages"), strict)
    body = {name: value for name, value in body.items() if value is not None}
    if dialect.ordered:
        _check_order(as_list(body["messages"]))
    body = plain_tools(body)
    _check_tools(body, strict)
    _check_combinations(body, model or as_text(body.get("model")))
    _check_filter(body)
    return body


def split_extras(
    body: dict[str, Any], request: RecordedRequest, dialect: Dialect, members: Mapping[str, Fragment]
) -> dict[str, Any]:
    """Return a body after the provider's policy on members outside of ``members``: kept, dropped, or refused.

    :raises ServiceError: 400 or 422.
    """
    if dialect.unknown == "ask":
        policy = request.headers.get("extra-parameters", "error").lower()
        members = contract.MODEL_INFERENCE if "messages" in members else members
    else:
        policy = {"refuse": "refuse", "ignore": "drop"}[dialect.unknown]
    extras = [name for name in body if name not in members]
    if not extras or policy == "pass-through":
        return body
    if policy == "drop":
        return {name: value for name, value in body.items() if name in members}
    if policy == "refuse":
        violation = Violation((extras[0],), "additionalProperties", "is not known", body[extras[0]])
        raise _violated(violation, dialect.strict)
    message = (
        f"Extra parameters {extras} are not allowed when extra-parameters is not set or set to be 'error'. "
        "Set extra-parameters to 'pass-through' to pass to the model."
    )
    raise ServiceError(400, "BadRequest", message, kind="extra", param=extras[0], path=(extras[0],))


def _violated(violation: Violation, strict: bool) -> ServiceError:
    name = member(violation.path)
    messages = {
        "required": f"Missing required parameter: '{name}'.",
        "type": f"Invalid type for '{name}': {violation.message} instead.",
        "enum": f"Invalid value for '{name}': {violation.message}.",
        "additionalProperties": f"Unknown parameter: '{name}'.",
    }
    message = messages.get(violation.rule, f"Invalid '{name}': {violation.message} instead.")
    return ServiceError(
        422 if strict else 400,
        _CODES.get(violation.rule, "invalid_value"),
        message,
        param=name,
        path=violation.path,
        rule=violation.rule,
        value=violation.value,
    )


def _invalid(message: str, *path: Any, code: str = "invalid_value", strict: bool = False) -> ServiceError:
    return ServiceError(422 if strict else 400, code, message, param=member(path), path=path)


def _check_order(messages: Sequence[Any]) -> None:
    """Check that each call is answered by tool messages right after it, and that these answer nothing else."""
    open_calls: list[str] = []
    for index, message in enumerate(map(as_object, messages)):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                text = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                raise _invalid(f"Invalid parameter: {text}", "messages", index, "role")
            open_calls.remove(message["tool_call_id"])
            continue
        _check_answered(open_calls, index)
        open_calls = [as_text(as_object(call).get("id")) for call in as_list(message.get("tool_calls"))]
    _check_answered(open_calls, len(messages))


def _check_answered(open_calls: Sequence[str], index: int) -> None:
    if open_calls:
        text = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. "
            "The following tool_call_ids did not have response messages: " + ", ".join(open_calls)
        )
        raise _invalid(text, "messages", index, "role")


def tool_functions(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the functions that a request offers."""
    return [as_object(as_object(tool).get("function")) for tool in as_list(body.get("tools"))]


def _check_tools(body: Mapping[str, Any], strict: bool) -> None:
    choice = body.get("tool_choice")
    names = [function["name"] for function in tool_functions(body)]
    if choice not in (None, "none", "auto") and not names:
        raise _invalid("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice", strict=strict)
    wanted = as_object(as_object(choice).get("function")).get("name")
    if wanted is not None and wanted not in names:
        message = f"Tool choice '{wanted}' not found in 'tools' parameter: {', '.join(names)}."
        raise _invalid(message, "tool_choice", "function", "name", strict=strict)
    for index, name in enumerate(names):
        if not re.match(r"[\w.-]+$", name, re.ASCII):
            message = f"Invalid 'tools[{index}].function.name': {name!r} does not match '^[a-zA-Z0-9_.-]+$'."
            raise _invalid(message, "tools", index, "function", "name", strict=strict)


def _check_combinations(body: Mapping[str, Any], model: str) -> None:
    if body.get("stream_options") is not None and body.get("stream") is not True:
        raise _invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    if body.get("top_logprobs") and body.get("logprobs") is not True:
        raise _invalid("The 'top_logprobs' parameter is only allowed when 'logprobs' is true.", "top_logprobs")
    if not hides_reasoning(model):
        return
    for name in _UNSUPPORTED:
        if name in body:
            advice = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
            message = f"Unsupported parameter: '{name}' is not supported with this model.{advice}"
            raise _invalid(message, name, code="unsupported_parameter")
    for name, only in _FIXED.items():
        if body.get(name, only) != only:
            message = (
                f"Unsupported value: '{name}' does not support {body[name]} with this model. "
                f"Only the default ({only}) value is supported."
            )
            raise _invalid(message, name, code="unsupported_value")


def _check_filter(body: Mapping[str, Any]) -> None:
    if is_harmful(body):
        raise filtered_prompt()


def is_harmful(chat: Mapping[str, Any]) -> bool:
    """Return whether the content filter refuses a request in chat form."""
    return PROMPT_FILTER_PHRASE in read_talk(as_list(chat["messages"])).last.lower()


def filtered_prompt() -> ServiceError:
    """Return the error for a prompt that the content filter refuses."""
    message = (
        "The response was filtered due to the prompt triggering the content management policy. "
        "Please modify your prompt and retry."
    )
    return ServiceError(400, "content_filter", message, kind="filter", param="prompt", filtered=verdict("violence"))
