"""The refusals of the Messages API, in Anthropic's words.

The contract says what a request may contain (`_messages_contract`), and the model's family what it supports
(`_claude_models`). `check_messages` checks a request against both; `_messages_history` checks its turns.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from ._claude_models import Claude, find_claude
from ._messages_contract import BLOCKS, MESSAGES, SERVER_BLOCKS, TOOL, messages_schema
from ._messages_history import blocks_of, check_history, invalid
from ._request import RecordedRequest
from ._rules import read_body
from ._service_error import ServiceError
from ._stored_answers import StoredAnswers
from ._validation import Path, Violation, first_violation
from ._values import as_list, as_object, as_text

_WITHOUT_SAMPLING: Final = "2026-10-21"
_SAMPLING: Final = ("temperature", "top_p", "top_k")
_TOOL_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}$")
_UNSUPPORTED_IN_SCHEMAS: Final = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("pattern", "maxItems", "uniqueItems", "oneOf"),
)
_ARTICLES: Final = {"a string": "string", "an object": "dictionary", "an array": "list", "a boolean": "boolean"}


def check_messages(request: RecordedRequest, _: StoredAnswers) -> dict[str, Any]:
    """Return a request's body, checked and without nulls.

    :raises ServiceError: If the API would refuse.
    """
    version = request.headers.get("anthropic-version")
    if not version:
        raise invalid("anthropic-version: header is required")
    body = check_count(request)
    if "max_tokens" not in body:
        raise invalid("max_tokens: Field required")
    claude = find_claude(body["model"])
    if body["max_tokens"] > claude.max_tokens:
        raise invalid(
            f"max_tokens: {body['max_tokens']} > {claude.max_tokens}, which is the maximum allowed number of output "
            f"tokens for {body['model']}"
        )
    _check_sampling(body, claude, version)
    _check_thinking(body, claude)
    _check_beta(body, request.headers.get("anthropic-beta", ""))
    _check_history(body, claude)
    return body


def check_count(request: RecordedRequest) -> dict[str, Any]:
    """Return the body of a request to count tokens, which is like one for an answer, but without a limit.

    :raises ServiceError: If the API would refuse.
    """
    body = {name: value for name, value in read_body(request).items() if value is not None}
    if "thread" in body and "message-threads" in request.headers.get("anthropic-beta", ""):
        raise _no_threads()
    unknown = next((name for name in body if name not in MESSAGES), None)
    if unknown is not None:
        raise invalid(f"{unknown}: Extra inputs are not permitted")
    violation = first_violation(messages_schema(("model", "messages")), body)
    if violation is not None:
        raise invalid(f"{_place(violation.path)}: {_words(violation)}")
    _check_extras(body)
    _check_tools(body)
    _check_output(body)
    return body


def _no_threads() -> ServiceError:
    """Return the refusal of a conversation that the server would keep; clients then send it whole each time."""
    details = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
    return replace(invalid("thread: this request is not supported in a thread"), details=details)


def _check_history(body: Mapping[str, Any], claude: Claude) -> None:
    check_history(body, claude)
    if as_list(body["messages"])[-1]["role"] == "assistant" and not claude.prefill:
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )


def _place(path: Path) -> str:
    return ".".join(map(str, path))


def _words(violation: Violation) -> str:
    """Describe how a value breaks a rule, in the words of the validation library that Anthropic's API uses."""
    if violation.rule == "required":
        return "Field required"
    if violation.rule == "type":
        wanted = violation.message.removeprefix("expected ").partition(",")[0]
        return f"Input should be a valid {_ARTICLES.get(wanted, wanted.partition(' ')[2])}"
    if violation.rule == "enum":
        allowed = violation.message.partition(" is not one of ")[2]
        return f"Input should be {' or '.join(allowed.rsplit(', ', 1))}"
    return f"Input should be valid: {violation.message}"


def _check_extras(body: Mapping[str, Any]) -> None:
    for place, block in _all_blocks(body):
        kind = block["type"]
        if kind not in SERVER_BLOCKS:
            unknown = next((name for name in block if name != "type" and name not in BLOCKS[kind]["properties"]), None)
            if unknown is not None:
                raise invalid(f"{place}.{kind}.{unknown}: Extra inputs are not permitted")


def _all_blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, block in enumerate(blocks_of(body.get("system"))):
        yield f"system.{number}", block
    for index, turn in enumerate(as_list(body["messages"])):
        for number, block in enumerate(blocks_of(turn["content"])):
            yield f"messages.{index}.content.{number}", block
            for inner, part in enumerate(blocks_of(block.get("content")) if block["type"] == "tool_result" else ()):
                yield f"messages.{index}.content.{number}.content.{inner}", part


def _check_tools(body: Mapping[str, Any]) -> None:
    tools = as_list(body.get("tools"))
    for index, tool in enumerate(tools):
        if tool.get("type", "custom") == "custom":
            _check_tool(tool, f"tools.{index}.custom")
    choice = as_object(body.get("tool_choice"))
    if choice and not tools:
        raise invalid("tool_choice: may only be specified while providing tools")
    names = [tool.get("name") for tool in tools]
    if choice.get("type") == "tool" and choice["name"] not in names:
        raise invalid(f"Tool '{choice['name']}' not found in provided tools")


def _check_tool(tool: dict[str, Any], place: str) -> None:
    name = as_text(tool.get("name"))
    if name and not _TOOL_NAME.match(name):
        raise invalid(f"{place}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    unknown = next((member for member in tool if member not in TOOL["properties"]), None)
    if unknown is not None:
        raise invalid(f"{place}.{unknown}: Extra inputs are not permitted")
    violation = first_violation(TOOL, tool)
    if violation is not None:
        raise invalid(f"{place}.{_place(violation.path)}: {_words(violation)}")


def _check_output(body: Mapping[str, Any]) -> None:
    schema = as_object(as_object(body.get("output_config")).get("format")).get("schema")
    for place in _schemas(schema):
        kind, unsupported = place.get("type"), next((name for name in _UNSUPPORTED_IN_SCHEMAS if name in place), None)
        if unsupported is not None:
            raise invalid(f"output_config.format.schema: For '{kind}' type, property '{unsupported}' is not supported")
        if kind == "object" and place.get("additionalProperties") is not False:
            raise invalid(
                "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
            )


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Return a schema and the schemas nested in it."""
    waiting = [as_object(schema)]
    while waiting:
        found = waiting.pop()
        if found:
            yield found
            by_name = (as_object(found.get(name)).values() for name in ("properties", "$defs", "definitions"))
            branches = (as_list(found.get(name)) for name in ("anyOf", "allOf"))
            waiting += map(as_object, chain([found.get("items")], *by_name, *branches))


def _check_sampling(body: Mapping[str, Any], claude: Claude, version: str) -> None:
    given = [name for name in _SAMPLING if name in body]
    if given and (claude.sampling == "none" or version == _WITHOUT_SAMPLING):
        raise invalid(f"`{given[0]}` is deprecated for this model.")
    if claude.sampling == "one" and given[:2] == ["temperature", "top_p"]:
        raise invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")


def _check_thinking(body: Mapping[str, Any], claude: Claude) -> None:
    thinking = as_object(body.get("thinking"))
    kind, effort = thinking.get("type"), as_object(body.get("output_config")).get("effort")
    if kind is not None and kind not in claude.thinking:
        raise invalid(_unsupported_thinking(kind))
    if effort is not None and effort not in claude.efforts:
        raise invalid(f"output_config.effort: '{effort}' is not supported on this model")
    if kind == "enabled" and thinking["budget_tokens"] >= body["max_tokens"]:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if as_object(body.get("tool_choice")).get("type") not in ("any", "tool"):
        return
    if not claude.forced_tools:
        raise invalid('tool_choice: type "tool" and "any" are not supported for this model.')
    if kind == "enabled":
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


def _check_beta(body: Mapping[str, Any], beta: str) -> None:
    thinking = as_object(body.get("thinking"))
    if "block_binding" in thinking and "thinking-binding-controls" not in beta:
        raise invalid(f"thinking.{thinking['type']}.block_binding: Extra inputs are not permitted")


def _unsupported_thinking(kind: str) -> str:
    if kind == "adaptive":
        return "adaptive thinking is not supported on this model"
    advice = ' Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
    return f'"thinking.type.{kind}" is not supported for this model.{advice if kind == "enabled" else ""}'
