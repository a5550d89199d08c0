"""The refusals of the Responses API, in OpenAI's words; `_input_items` checks the input."""

import re
from collections.abc import Mapping
from typing import Any, Final

from ._input_items import chat_messages, check_items, read_items
from ._openai_models import check_effort, check_speaks_responses, reasons
from ._request import RecordedRequest
from ._responses_contract import FUNCTION_TOOL, RESPONSES, responses_schema
from ._rules import check_body, read_body
from ._service_error import ServiceError
from ._stored_answers import StoredAnswers
from ._values import as_list, as_object, as_text

_HINTS: Final = {"stop": "store", "max_tokens": "max_output_tokens", "response_format": "text"}
_ENCRYPTED: Final = "reasoning.encrypted_content"
_LOGPROBS: Final = "message.output_text.logprobs"
_OLDEST_VERSION: Final = "2025-03-01-preview"


def check_responses(request: RecordedRequest, stored: StoredAnswers) -> dict[str, Any]:
    """Return the body of a request, checked and without nulls. Its input is the whole conversation.

    :param stored: The answers that the request may continue.
    :raises ServiceError: If the API would refuse.
    """
    _check_version(request)
    body = {name: value for name, value in read_body(request).items() if value is not None}
    _check_members(body)
    check_speaks_responses(as_text(body.get("model")))
    check_body(body, responses_schema())
    model = as_text(body.get("model"))
    earlier, items = _earlier(body, stored), read_items(body)
    check_items(items, model, earlier)
    _check_tools(body)
    _check_model(body, model)
    _check_format(body, items)
    return {**body, "input": [*earlier, *items]}


def _earlier(body: Mapping[str, Any], stored: StoredAnswers) -> list[Any]:
    """Return the conversation that a request continues."""
    previous = body.get("previous_response_id")
    if previous is None:
        return []
    found = stored.find(previous)
    if found is None:
        message = f"Previous response with id '{previous}' not found."
        raise ServiceError(400, "previous_response_not_found", message, param="previous_response_id")
    return found.conversation


def _check_version(request: RecordedRequest) -> None:
    version = request.param("api-version")
    if version and version[:10] < _OLDEST_VERSION[:10] and version[:1].isdigit():
        message = f"Azure OpenAI Responses API is enabled only for api-version {_OLDEST_VERSION} and later"
        raise ServiceError(400, "BadRequest", message)


def _check_members(body: Mapping[str, Any]) -> None:
    if "messages" in body:
        message = (
            "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again "
            "with the new parameter."
        )
        raise ServiceError(400, "unsupported_parameter", message, param="messages")
    nested = {
        "stream_options": ("include_obfuscation",),
        "text": ("format", "verbosity"),
        "reasoning": ("effort", "summary", "mode", "context"),
    }
    paths = [name for name in body if name not in RESPONSES]
    paths += [
        f"{name}.{inner}" for name, known in nested.items() for inner in as_object(body.get(name)) if inner not in known
    ]
    if paths:
        hint = f" Did you mean '{_HINTS[paths[0]]}'?" if paths[0] in _HINTS else ""
        message = f"Unknown parameter: '{paths[0]}'.{hint}"
        raise ServiceError(400, "unknown_parameter", message, param=paths[0])


def _check_tools(body: Mapping[str, Any]) -> None:
    tools = as_list(body.get("tools"))
    for index, tool in enumerate(tools):
        if tool.get("type") == "function":
            _check_function(tool, index)
    choice = as_object(body.get("tool_choice"))
    if "function" in choice:
        message = "Unknown parameter: 'tool_choice.function'."
        raise ServiceError(400, "unknown_parameter", message, param="tool_choice.function")
    names = [tool.get("name") for tool in tools]
    if choice.get("type") == "function" and choice.get("name") not in names:
        message = f"Tool choice 'function' not found in 'tools' parameter: {choice.get('name')}."
        raise ServiceError(400, "", message, param="tool_choice")
    if body.get("tool_choice") == "required" and not tools:
        message = "Tool choice 'required' must be specified with 'tools' parameter."
        raise ServiceError(400, "", message, param="tool_choice")


def _check_function(tool: dict[str, Any], index: int) -> None:
    check_body(tool, FUNCTION_TOOL, path=("tools", index))
    unknown = next((name for name in tool if name not in FUNCTION_TOOL["properties"]), None)
    if unknown is not None:
        place = f"tools[{index}].{unknown}"
        raise ServiceError(400, "unknown_parameter", f"Unknown parameter: '{place}'.", param=place)
    parameters = as_object(tool.get("parameters"))
    if tool.get("strict") is True and parameters.get("additionalProperties") is not False:
        message = (
            f"Invalid schema for function '{tool['name']}': In context=(), 'additionalProperties' is required to be "
            "supplied and to be false."
        )
        raise ServiceError(400, "invalid_function_parameters", message, param=f"tools[{index}].parameters")
    if not re.match(r"[\w-]+$", tool["name"], re.ASCII):
        message = (
            f"Invalid 'tools[{index}].name': string does not match pattern. Expected a string that matches the pattern "
            "'^[a-zA-Z0-9_-]+$'."
        )
        raise ServiceError(400, "invalid_value", message, param=f"tools[{index}].name")


def _check_model(body: Mapping[str, Any], model: str) -> None:
    include = as_list(body.get("include"))
    if not reasons(model):
        if _ENCRYPTED in include:
            raise ServiceError(400, "", "Encrypted content is not supported with this model.", param="include")
        return
    check_effort(model, as_object(body.get("reasoning")))
    unsupported = [name for name in ("temperature", "top_p", "top_logprobs") if body.get(name) not in (None, 1, 0)]
    if _LOGPROBS in include:
        unsupported.append("top_logprobs")
    if unsupported:
        message = f"Unsupported parameter: '{unsupported[0]}' is not supported with this model."
        raise ServiceError(400, "unsupported_parameter", message, param=unsupported[0])


def _check_format(body: Mapping[str, Any], items: list[dict[str, Any]]) -> None:
    wanted = as_object(as_object(body.get("text")).get("format")).get("type")
    texts = " ".join(str(item.get("content")) for item in items if item["type"] == "message")
    if wanted == "json_object" and "json" not in texts.lower():
        message = (
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
            "'json_object'."
        )
        raise ServiceError(400, "", message, param="input")


def chat_request(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked request as a chat completion request, as the model understands it."""
    model = as_text(body.get("model"))
    instructions = [{"role": "system", "content": body["instructions"]}] if body.get("instructions") else []
    effort = as_object(body.get("reasoning")).get("effort") or ("medium" if reasons(model) else "none")
    chat: dict[str, Any] = {
        "messages": [*instructions, *chat_messages(read_items(body))],
        "reasoning_effort": effort,
        "max_tokens": body.get("max_output_tokens"),
        "parallel_tool_calls": body.get("parallel_tool_calls"),
    }
    tools = [_chat_tool(tool) for tool in as_list(body.get("tools")) if tool.get("type") == "function"]
    choice, allowed = body.get("tool_choice"), as_object(body.get("tool_choice"))
    if allowed.get("type") == "allowed_tools":
        names = [as_object(tool).get("name") for tool in as_list(allowed.get("tools"))]
        tools = [tool for tool in tools if tool["function"]["name"] in names]
        choice = allowed.get("mode")
    if tools:
        named = as_object(choice).get("name")
        chat["tools"] = tools
        chat["tool_choice"] = {"type": "function", "function": {"name": named}} if named else choice
    wanted = as_object(as_object(body.get("text")).get("format"))
    if wanted:
        inner = {name: value for name, value in wanted.items() if name != "type"}
        chat["response_format"] = {"type": wanted["type"], **({"json_schema": inner} if inner else {})}
    if _LOGPROBS in as_list(body.get("include")):
        chat |= {"logprobs": True, "top_logprobs": body.get("top_logprobs", 0)}
    return {name: value for name, value in chat.items() if value is not None}


def _chat_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    members = {name: strict_tool(tool).get(name) for name in ("name", "description", "parameters")}
    return {"type": "function", "function": members}


def strict_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool as the service stores it: strict, with all arguments required, unless it says otherwise."""
    if tool.get("type") != "function" or tool.get("strict") is False:
        return dict(tool)
    parameters = as_object(tool.get("parameters")) or {"type": "object", "properties": {}}
    required = list(as_object(parameters.get("properties")))
    return {**tool, "strict": True, "parameters": {**parameters, "required": required, "additionalProperties": False}}
