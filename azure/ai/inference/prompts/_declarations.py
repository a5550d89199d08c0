"""Translate what a prompty file declares into the form of the service: options, tools and JSON schemas.

Both schemas are supported: the newest public one ("kind", camelCase options, lists of named properties) and the first
one ("type", the service's own option names, JSON schemas).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from .._json import is_list, is_object
from .._operations.options import ChatOptions
from ._frontmatter import FrontMatter, KeyPath

_JSON_TYPES = {
    **{kind: kind for kind in ("string", "number", "integer", "boolean", "array", "object", "null")},
    "float": "number",
    "list": "array",
    "dict": "object",
    "bool": "boolean",
    "int": "integer",
    "str": "string",
}

_OPTIONS = {
    "temperature": "temperature",
    "maxOutputTokens": "max_tokens",
    "topP": "top_p",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "seed": "seed",
    "stopSequences": "stop",
    "allowMultipleToolCalls": "parallel_tool_calls",
    "topK": "top_k",
}
_COMPLETE_OPTIONS = {*ChatOptions.__annotations__, "stream"}

_TOOL_KEYS = ("kind", "type", "name", "id", "description", "parameters", "strict", "bindings")


def parameters(matter: FrontMatter, options: Mapping[str, Any]) -> dict[str, Any]:
    """Translate ``model.options`` of the newest schema into option names of the service.

    :param matter: The file, for warnings.
    :param options: The options.
    :return: The options. An unknown option is left out; ``additionalProperties`` sends any option.
    """
    known = {**dict.fromkeys(_COMPLETE_OPTIONS), **_OPTIONS}
    matter.unknown(("model", "options"), options, [*known, "additionalProperties"])
    result = {known[name] or name: value for name, value in options.items() if name in known}
    return {**result, **(options.get("additionalProperties") or {})}


def usable(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Arrange options so that ``complete(**options)`` accepts all of them.

    :param declared: Options by the names of the service.
    :return: The same options, with those that ``complete()`` does not name under ``model_extras``.
    """
    options = {name: value for name, value in declared.items() if name in _COMPLETE_OPTIONS}
    extras = {name: value for name, value in declared.items() if name not in _COMPLETE_OPTIONS}
    return {**options, "model_extras": {**(options.get("model_extras") or {}), **extras}} if extras else options


def tools(matter: FrontMatter, key: KeyPath, declared: Any) -> list[dict[str, Any]]:
    """Return the ``tools`` option of ``complete()``.

    :param matter: The file, for errors.
    :param key: The key that declares the tools.
    :param declared: A list of tools, in the form of the service or of either schema; or a mapping from names to tools.
    :return: The functions among them, in the form of the service, without parameters that are bound to a value.
    :raises PromptError: A function has no name, or its parameters are invalid.
    """
    if not is_list(declared) and not is_object(declared):
        raise matter.error(key, "not a list; write '- name: ...' for each tool")
    places: Iterable[Any] = range(len(declared)) if is_list(declared) else declared
    made = (_tool(matter, (*key, str(at)), tool) for at, tool in zip(places, listed(declared), strict=True))
    return [tool for tool in made if tool is not None]


def listed(declared: Any) -> list[Any]:
    """Return the tools of a file as a list.

    :param declared: A list of tools, or a mapping from names to tools.
    :return: The tools, each with its name.
    """
    if not isinstance(declared, dict):
        return list(declared)
    by_name = cast("dict[str, Any]", declared).items()
    return [
        {"name": name, **cast("dict[str, Any]", tool)} if isinstance(tool, dict) else tool for name, tool in by_name
    ]


def _tool(matter: FrontMatter, key: KeyPath, tool: Any) -> dict[str, Any] | None:
    declared = cast("dict[str, Any]", tool) if isinstance(tool, dict) else {"kind": tool}
    if "function" in declared:
        return declared
    kind = declared.get("kind", declared.get("type", "function"))
    if kind != "function":
        matter.remark(key, f"chat completions can call functions only, so this tool of kind {kind!r} is not sent")
        return None
    matter.unknown(key, declared, _TOOL_KEYS)
    name = declared.get("name", declared.get("id"))
    if not isinstance(name, str):
        raise matter.error(key, "the tool has no name; add 'name: ...'")
    function: dict[str, Any] = {"name": name}
    if "description" in declared:
        function["description"] = declared["description"]
    if "parameters" in declared:
        schema = declared["parameters"]
        function["parameters"] = object_schema(matter, (*key, "parameters"), schema, bound=_bound(declared))
        if isinstance(schema, dict) and "strict" in schema:
            function["strict"] = schema["strict"]
    if "strict" in declared:
        function["strict"] = declared["strict"]
    return {"type": "function", "function": function}


def mapping_or_empty(value: Any) -> dict[str, Any]:
    """Return a mapping unchanged, and an empty one for any other value."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _bound(declared: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters that are bound to inputs: the keys of a mapping, or the names in a list."""
    bindings: Iterable[Any] = declared.get("bindings") or []
    return [str(mapping_or_empty(item).get("name", item)) for item in bindings]


def object_schema(matter: FrontMatter, key: KeyPath, declared: Any, *, bound: Iterable[str] = ()) -> dict[str, Any]:
    """Return the JSON schema of an object.

    :param matter: The file, for errors.
    :param key: The key that declares it.
    :param declared: A list or mapping of properties, a mapping that has them under "properties", or a JSON schema.
    :keyword bound: The names of properties to leave out.
    :return: The JSON schema.
    :raises PromptError: The declaration has another form.
    """
    if isinstance(declared, dict) and "properties" in declared:
        mapping = cast("dict[str, Any]", declared)
        if mapping.get("type") == "object" and isinstance(mapping["properties"], dict):
            return _without(mapping, set(bound))
        key, declared = (*key, "properties"), mapping["properties"]
    properties = named(matter, key, declared)
    left_out = set(bound)
    kept = {name: value for name, value in properties.items() if name not in left_out}
    schemas = {name: _property_schema(matter, (*key, name), value) for name, value in kept.items()}
    required = list(filter(lambda name: _required(kept[name]), kept))
    return {"type": "object", "properties": schemas, **({"required": required} if required else {})}


def _required(declared: Any) -> bool:
    return isinstance(declared, dict) and cast("dict[str, Any]", declared).get("required") is True


def _without(schema: Mapping[str, Any], bound: set[str]) -> dict[str, Any]:
    if not bound:
        return dict(schema)
    result = {**schema, "properties": {name: item for name, item in schema["properties"].items() if name not in bound}}
    if "required" in schema:
        result["required"] = [name for name in schema["required"] if name not in bound]
    return result


def named(matter: FrontMatter, key: KeyPath, declared: Any) -> dict[str, Any]:
    """Return properties by name.

    :param matter: The file, for errors.
    :param key: The key that declares them.
    :param declared: A mapping, a list of mappings that have a name, or a schema that has either under "properties".
    :return: The properties by name.
    :raises PromptError: The declaration has another form, or a property has no name.
    """
    if isinstance(declared, dict):
        mapping = cast("dict[str, Any]", declared)
        return _of_schema(matter, key, mapping) if _is_schema(mapping) else mapping
    if not isinstance(declared, list):
        raise matter.error(key, "neither a mapping of properties nor a list of them")
    result: dict[str, Any] = {}
    for index, item in enumerate(cast("Sequence[Any]", declared)):
        entry = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
        if not isinstance(entry.get("name"), str):
            raise matter.error([*key, str(index)], "the property has no name; write '- name: ...'")
        matter.name_item((*key, str(index)), entry["name"])
        result[entry["name"]] = entry
    return result


def _is_schema(declared: Mapping[str, Any]) -> bool:
    """Return whether a mapping has properties under "properties", rather than being a mapping of properties itself."""
    properties = declared.get("properties")
    held = cast("dict[str, Any]", properties).values() if isinstance(properties, dict) else ()
    return isinstance(properties, list) or (
        isinstance(properties, dict) and all(isinstance(each, dict) for each in held)
    )


def _of_schema(matter: FrontMatter, key: KeyPath, schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = named(matter, (*key, "properties"), schema["properties"])
    required = schema.get("required")
    names = required if is_list(required) else []
    return {
        name: {**item, "required": True} if name in names and isinstance(item, dict) else item
        for name, item in properties.items()
    }


def _property_schema(matter: FrontMatter, key: KeyPath, declared: Any) -> dict[str, Any]:
    if not isinstance(declared, dict):
        return {"type": json_type(declared), "default": declared}
    value = cast("dict[str, Any]", declared)
    kind = str(value.get("kind", value.get("type", "string")))
    schema: dict[str, Any] = {"type": _JSON_TYPES[kind]} if kind in _JSON_TYPES else {}
    choices = value.get("enumValues", value.get("enum"))
    if choices is not None:
        schema["enum"] = choices
    for name in ("description", "default"):
        if name in value:
            schema[name] = value[name]
    if schema.get("type") == "object" and "properties" in value:
        schema.update(object_schema(matter, key, {"properties": value["properties"]}))
    if "items" in value:
        schema["items"] = _property_schema(matter, (*key, "items"), value["items"])
    return schema


def json_type(value: Any) -> str:
    """Return the JSON type of a value.

    :param value: A value from YAML or from a caller.
    :return: "string", "boolean", "integer", "number", "array" or "object".
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return "array"
    return "string"


def response_format(matter: FrontMatter, name: str, outputs: Any) -> dict[str, Any]:
    """Return the ``response_format`` option of ``complete()`` for declared outputs.

    :param matter: The file, for errors.
    :param name: The prompt's name.
    :param outputs: The declared properties of the answer.
    :return: A ``json_schema`` response format.
    :raises PromptError: The outputs are not declared as properties.
    """
    schema = object_schema(matter, ("outputs",), outputs)
    identifier = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)[:64]
    return {"type": "json_schema", "json_schema": {"name": identifier or "outputs", "schema": schema}}
