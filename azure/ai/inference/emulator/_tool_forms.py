"""Convert the forms in which OpenAI's clients offer tools to a single one: functions, and a choice among them.

Current requests also have custom tools, whose input is text, and ``allowed_tools``, a choice among some; requests of
2023 have ``functions`` and ``function_call``. The original form is recorded, to answer in it.
"""

from collections.abc import Mapping
from typing import Any

from ._values import as_list, as_object, as_text

CUSTOM = "custom"
"""The member that marks a function as a custom tool."""


def plain_tools(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked request that only offers functions."""
    found = dict(body)
    if "functions" in found:
        offered = [{"type": "function", "function": function} for function in as_list(found["functions"])]
        found["tools"] = [*offered, *as_list(found.get("tools"))]
    if "function_call" in found:
        found["tool_choice"] = _choice_of_name(found["function_call"])
    if "tools" in found:
        found["tools"] = [_as_function(as_object(tool)) for tool in as_list(found["tools"])]
    choice = as_object(found.get("tool_choice"))
    if choice.get("type") == CUSTOM:
        found["tool_choice"] = _choice_of_name(choice[CUSTOM])
    if choice.get("type") == "allowed_tools":
        allowed = as_object(choice["allowed_tools"])
        names = {tool_name(tool) for tool in as_list(allowed["tools"])}
        found["tools"] = [tool for tool in as_list(found.get("tools")) if tool_name(tool) in names]
        found["tool_choice"] = allowed["mode"]
    return found


def tool_name(tool: Any) -> str:
    """Return the name of a tool of any form."""
    found = as_object(tool)
    inner = as_object(found.get("function")) or as_object(found.get(CUSTOM)) or found
    return as_text(inner.get("name"))


def custom_names(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the functions in a plain request that represent custom tools."""
    functions = (as_object(as_object(tool).get("function")) for tool in as_list(body.get("tools")))
    return frozenset(function["name"] for function in functions if function.get(CUSTOM) is True)


def _choice_of_name(choice: Any) -> Any:
    return choice if isinstance(choice, str) else {"type": "function", "function": {"name": as_object(choice)["name"]}}


def _as_function(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a custom tool as a function of one text, which must match its grammar if that is a regular expression."""
    if tool.get("type") != CUSTOM:
        return tool
    custom = as_object(tool[CUSTOM])
    grammar = as_object(as_object(custom.get("format")).get("grammar"))
    text = {"type": "string"} | ({"pattern": grammar["definition"]} if grammar.get("syntax") == "regex" else {})
    parameters = {"type": "object", "properties": {"input": text}, "required": ["input"]}
    function = {"name": custom["name"], "description": as_text(custom.get("description")), "parameters": parameters}
    return {"type": "function", "function": {**function, CUSTOM: True}}
