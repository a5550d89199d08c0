"""The input of the Responses API: which items it refuses, and what the model reads from them.

Reasoning is accepted as on Azure: with its id, its summary and its encrypted content, before the item that followed it.
A stateless service does not find items that it would have to look up.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ._encrypted_reasoning import is_of_item, is_of_model
from ._service_error import ServiceError, member
from ._values import as_list, as_object, as_text

_MESSAGE_PARTS: Final = {
    "user": ("input_text", "input_image", "input_file"),
    "assistant": ("output_text", "refusal"),
}
_CALLS: Final = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
_MEMBERS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "message": (("role", "content"), ("id", "phase", "status")),
    "function_call": (("call_id", "name", "arguments"), ("id", "status", "namespace", "caller")),
    "function_call_output": (("call_id", "output"), ("id", "status")),
    "custom_tool_call": (("call_id", "name", "input"), ("id", "status", "namespace")),
    "custom_tool_call_output": (("call_id", "output"), ("id", "status")),
    "reasoning": (("id", "summary"), ("encrypted_content", "content")),
    "item_reference": (("id",), ()),
}
_HOSTED: Final = (
    *("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call"),
    *("mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "computer_call", "computer_call_output"),
    *("shell_call", "shell_call_output", "local_shell_call", "local_shell_call_output", "compaction"),
    *("apply_patch_call", "apply_patch_call_output"),
)
_MOST_OF_ID: Final = 64


def refuse_item(message: str, *path: Any, code: str = "invalid_value") -> ServiceError:
    """Return the refusal of an item."""
    return ServiceError(400, code, message, param=member(("input", *path)), path=("input", *path))


def read_items(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the items of a request's input. A plain text is a message, and so is an item that only has a role."""
    given = body.get("input", [])
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    items = map(as_object, as_list(given))
    return [{"type": "message", **item} if "role" in item else item for item in items]


def check_items(items: list[dict[str, Any]], model: str, earlier: list[Any]) -> None:
    """Check the items of a request.

    :param model: The model being called.
    :param earlier: The items before them, which the service has stored.
    :raises ServiceError: If the API would refuse.
    """
    for index, item in enumerate(items):
        _check_members(item, index)
        if item["type"] == "message":
            _check_message(item, index)
        elif item["type"] in _CALLS:
            _check_call(item, index)
        elif item["type"] == "reasoning":
            _check_reasoning(item, index, model)
        elif item["type"] == "item_reference":
            raise _not_found(item["id"])
    _check_companions([*earlier, *items])
    _check_pairs([*earlier, *items])
    _check_answers(items, model)


def _check_members(item: Mapping[str, Any], index: int) -> None:
    kind = item.get("type", "")
    if kind in _HOSTED:
        return
    if not isinstance(kind, str) or kind not in _MEMBERS:
        known = ", ".join(map(repr, (*_MEMBERS, *_HOSTED)))
        raise refuse_item(f"Invalid value: '{kind}'. Supported values are: {known}.", index)
    required, optional = _MEMBERS[kind]
    missing = next((name for name in required if item.get(name) is None), None)
    if missing is not None and kind == "reasoning":
        raise refuse_item(
            "The provided data does not match the expected schema", index, missing, code="invalid_payload"
        )
    if missing is not None:
        place = member(("input", index, missing))
        raise refuse_item(f"Missing required parameter: '{place}'.", index, missing, code="missing_required_parameter")
    unknown = next(
        (name for name in item if name not in ("type", *required, *optional) and item[name] is not None), None
    )
    if unknown is not None:
        place = member(("input", index, unknown))
        raise refuse_item(f"Unknown parameter: '{place}'.", index, unknown, code="unknown_parameter")
    for name in ("call_id", "name", "arguments", "id"):
        _check_text(item, index, name)


def _check_text(item: Mapping[str, Any], index: int, name: str) -> None:
    value, place = item.get(name), member(("input", index, name))
    if value is not None and not isinstance(value, str):
        message = f"Invalid type for '{place}': expected a string, but got {type(value).__name__} instead."
        raise refuse_item(message, index, name, code="invalid_type")
    if name == "call_id" and value is not None and len(value) > _MOST_OF_ID:
        message = (
            f"Invalid '{place}': string too long. Expected a string with maximum length {_MOST_OF_ID}, but got a "
            f"string with length {len(value)} instead."
        )
        raise refuse_item(message, index, name, code="string_above_max_length")


def _check_message(item: Mapping[str, Any], index: int) -> None:
    role, content = item["role"], item["content"]
    if role not in ("user", "assistant", "system", "developer"):
        supported = "'assistant', 'system', 'developer', and 'user'"
        raise refuse_item(f"Invalid value: '{role}'. Supported values are: {supported}.", index, "role")
    known = _MESSAGE_PARTS.get(role, _MESSAGE_PARTS["user"])
    if not isinstance(content, (str, list)):
        message = f"Invalid type for 'input[{index}].content': expected one of an array of objects or string."
        raise refuse_item(message, index, "content", code="invalid_type")
    for number, part in enumerate(as_list(content)):
        kind = as_object(part).get("type", "")
        if kind not in known:
            supported = " and ".join(map(repr, known)) if len(known) == 2 else ", ".join(map(repr, known))
            raise refuse_item(f"Invalid value: '{kind}'. Supported values are: {supported}.", index, "content", number)


def _check_call(item: Mapping[str, Any], index: int) -> None:
    prefix = "fc" if item["type"] == "function_call" else "ctc"
    given = as_text(item.get("id"))
    if given and not given.startswith(prefix):
        message = f"Invalid 'input[{index}].id': '{given}'. Expected an ID that begins with '{prefix}'."
        raise refuse_item(message, index, "id")


def _check_reasoning(item: Mapping[str, Any], index: int, model: str) -> None:
    thoughts = as_list(item.get("content"))
    if thoughts:
        message = (
            f"Invalid 'input[{index}].content': array too long. Expected an array with maximum length 0, but got an "
            f"array with length {len(thoughts)} instead."
        )
        raise refuse_item(message, index, "content", code="array_above_max_length")
    content = item.get("encrypted_content")
    if not isinstance(content, str) or not content:
        raise _not_found(item["id"])
    if not is_of_model(content, model):
        reason = f"The encrypted content {content[:4]}... could not be verified."
        raise refuse_item(f"{reason} Reason: Encrypted content could not be decrypted or parsed.", index,
                          code="invalid_encrypted_content")  # fmt: skip
    if not is_of_item(content, item["id"]):
        message = "The encrypted content could not be verified: item_id mismatch."
        raise refuse_item(message, index, code="invalid_encrypted_content")


def _not_found(id_: str) -> ServiceError:
    message = (
        f"Item with id '{id_}' not found. Items are not persisted when `store` is set to false. Try again with `store` "
        "set to true, or remove this item from your input."
    )
    return ServiceError(404, "", message, param="input")


def _check_companions(items: list[dict[str, Any]]) -> None:
    """Check that no item occurs twice, and that reasoning and its successor come together if either has its id."""
    ids: list[str] = []
    for index, item in enumerate(items):
        given = as_text(item.get("id"))
        if given and given in ids:
            message = f"Duplicate item found with id {given}. Remove duplicate items from your input and try again."
            raise ServiceError(400, "", message, param="input")
        ids.append(given)
        reasoning = _reasoning_of(given)
        if reasoning and reasoning not in ids:
            raise _alone(item, f"provided without its required 'reasoning' item: '{reasoning}'")
        if item["type"] == "reasoning" and (index + 1 == len(items) or not _is_models_own(items[index + 1])):
            raise _alone(item, "provided without its required following item")


def _alone(item: Mapping[str, Any], what: str) -> ServiceError:
    message = f"Item '{item['id']}' of type '{item['type']}' was {what}."
    return ServiceError(400, "", message, param="input")


def _reasoning_of(item_id: str) -> str:
    """Return the id of the reasoning that preceded an item, which follows from the item's own id."""
    kind, _, rest = item_id.partition("_r")
    return f"rs_{rest[:24]}" if kind in ("fc", "msg") else ""


def _is_models_own(item: Mapping[str, Any]) -> bool:
    return item.get("role") == "assistant" or item["type"] in (*_CALLS, "reasoning", *_HOSTED)


def _check_pairs(items: list[dict[str, Any]]) -> None:
    calls = {item["call_id"] for item in items if item["type"] in _CALLS}
    outputs = {item["call_id"] for item in items if item["type"] in _CALLS.values()}
    for call in sorted(outputs - calls):
        message = f"No tool call found for function call output with call_id {call}."
        raise ServiceError(400, "", message, param="input")
    for call in sorted(calls - outputs):
        raise ServiceError(400, "", f"No tool output found for function call {call}.", param="input")


def _check_answers(items: list[dict[str, Any]], model: str) -> None:
    """Check that one of the newest models is sent the reasoning of only one answer."""
    answers = {item["id"][:27] for item in items if item["type"] == "reasoning"}
    if "gpt-6-astra" in model.lower() and len(answers) > 1:
        raise ServiceError(400, "invalid_value", "Conflicting authenticated continuation identities.", param="input")


def chat_messages(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the messages of a chat completion equivalent to the items, as the model understands them."""
    for item in items:
        if item["type"] == "message":
            yield {"role": item["role"], "content": _chat_content(item["content"])}
        elif item["type"] in _CALLS:
            arguments = item.get("arguments", item.get("input"))
            function = {"name": item["name"], "arguments": arguments}
            yield {"role": "assistant", "tool_calls": [{"id": item["call_id"], "function": function}]}
        elif item["type"] in _CALLS.values():
            yield {"role": "tool", "tool_call_id": item["call_id"], "content": _chat_content(item["output"])}


def _chat_content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    parts = map(as_object, as_list(content))
    return [
        {"type": "text", "text": as_text(part.get("text", part.get("refusal")))}
        if part.get("type") in ("input_text", "output_text", "refusal")
        else {"type": f"{as_text(part.get('type')).removeprefix('input_')}_url"}
        for part in parts
    ]
