"""The Messages API, used by Claude on Microsoft Foundry and at Anthropic.

This module translates the options of a request. `messages_conversation` translates its messages, and `messages_events`
reads answers. Every option falls into one of four classes: it is translated; it has the same name on both sides; it is
only a hint, and dropped; or it requests something that the API does not have, and is refused before anything is sent.
A member that chat completions do not have is passed on unchanged: that is how `model_extras` reaches `thinking`,
`cache_control` or `mcp_servers`.

A translation is a pure function of the request's prefix: turn N's `system`, `tools` and `messages` begin turn N + 1
unchanged. Prompt caching and the signatures of thinking blocks depend on it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from azure.core.serialization import NULL

from .._json import is_list, is_object
from . import NoCounterpartError, Object, log_dropped
from .messages_conversation import translate_messages
from .messages_events import MessagesEvents as Events
from .messages_events import answer

__all__ = ["Events", "answer", "is_native", "request"]

_API = "the Messages API"

_MAX_TOKENS = 64_000
"""The `max_tokens` to send if the caller passed none, since the API requires it. Every model on Foundry accepts it. It
limits thinking and text together; lower defaults of other libraries cut off tool calls in the middle."""

_SAME = ("model", "stream", "temperature", "top_p", "top_k")
_HINTS = frozenset(
    (
        *("seed", "random_seed", "frequency_penalty", "presence_penalty", "store", "stream_options", "verbosity"),
        *("prompt_cache_key", "prediction", "n", "logprobs", "top_logprobs", "modalities", "logit_bias"),
    )
)
"""Options that may be dropped: they request nothing that the answer must have, or, for those in `_REFUSED`, they
request what is the case anyway."""

_REFUSED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "n": (lambda n: n == 1, "leave it out, and call complete() once for each answer"),
    "logprobs": (lambda wanted: not wanted, "leave it out"),
    "logit_bias": (lambda biases: not biases, "leave it out"),
    "audio": (lambda _: False, "leave it out; Claude writes text"),
    "modalities": (lambda kinds: kinds in (["text"], ("text",)), "leave it out; Claude writes text"),
}
"""Options that request something that the API does not have, unless the function accepts their value; and what to do
instead."""

_TRANSLATED = frozenset(
    (
        *("messages", "max_completion_tokens", "max_tokens", "stop", "tools", "tool_choice", "parallel_tool_calls"),
        *("response_format", "reasoning_effort", "metadata", "safety_identifier", "user", "service_tier"),
        "output_config",
    )
)
_CHAT_ONLY = (_HINTS | _REFUSED.keys() | _TRANSLATED) - {
    *("messages", "max_tokens", "tools", "tool_choice", "metadata", "service_tier", "output_config"),
}

_NO_PARAMETERS: Object = {"type": "object", "properties": {}}


def request(chat: Mapping[str, Any]) -> Object:
    """Translate a request from chat form.

    :param chat: The request in chat form.
    :return: The request in the Messages API's form.
    :raises NoCounterpartError: It requests something that the API does not have.
    :raises ValueError: A message is invalid.
    """
    said = {name: value for name, value in chat.items() if value is not None and value is not NULL}
    _check(said)
    system, messages = translate_messages(said.get("messages", ()))
    native: Object = {name: said[name] for name in _SAME if name in said}
    native["max_tokens"] = said.get("max_completion_tokens", said.get("max_tokens", _MAX_TOKENS))
    if system:
        native["system"] = system
    native["messages"] = messages
    for translate in (_stop, _tools, _reasoning, _output_config, _metadata, _service_tier):
        native.update(translate(said))
    handled = _HINTS | _REFUSED.keys() | _TRANSLATED
    native.update({name: value for name, value in said.items() if name not in handled})
    log_dropped(_dropped(said), _API)
    return native


def is_native(body: Mapping[str, Any]) -> bool:
    """Return whether a request body is in the API's own form.

    Much of a body reads the same in both forms. It is native if it has the `max_tokens` that the API requires, and
    nothing that only chat completions know.

    :param body: The body.
    """
    if "max_tokens" not in body or not _CHAT_ONLY.isdisjoint(body) or isinstance(body.get("tool_choice"), str):
        return False
    messages, tools = body.get("messages"), body.get("tools")
    return not (
        any(map(_is_chat_message, messages if is_list(messages) else ()))
        or any(is_object(tool) and "function" in tool for tool in (tools if is_list(tools) else ()))
    )


def _is_chat_message(message: Any) -> bool:
    if not is_object(message):
        return False
    content = message.get("content")
    kinds = [item.get("type") for item in content if is_object(item)] if is_list(content) else []
    return (
        message.get("role") not in ("user", "assistant")
        or "tool_calls" in message
        or not _CHAT_ITEMS.isdisjoint(kind for kind in kinds if isinstance(kind, str))
    )


_CHAT_ITEMS = frozenset(("image_url", "file", "document_url", "input_audio", "audio_url", "refusal"))


def _check(said: Object) -> None:
    for name, (accepts, way_out) in _REFUSED.items():
        if name in said and not accepts(said[name]):
            raise NoCounterpartError(f"{name}={said[name]!r:.80}", _API, way_out)


def _dropped(said: Object) -> list[str]:
    dropped = [name for name in said if name in _HINTS]
    if not said.get("tools"):
        dropped += [name for name in ("tool_choice", "parallel_tool_calls") if name in said]
    metadata = said.get("metadata")
    return dropped + [f"metadata.{name}" for name in (metadata if is_object(metadata) else ()) if name != "user_id"]


def _stop(said: Object) -> Object:
    stop = said.get("stop")
    return {"stop_sequences": [stop] if isinstance(stop, str) else list(stop)} if stop else {}


def _tools(said: Object) -> Object:
    tools = said.get("tools")
    if not tools:
        return {}
    native: Object = {"tools": [_tool(tool, f"tools[{index}]") for index, tool in enumerate(tools)]}
    choice = _tool_choice(said["tool_choice"]) if "tool_choice" in said else None
    if said.get("parallel_tool_calls") is False:
        choice = choice or {"type": "auto"}
        if choice.get("type") != "none":
            choice["disable_parallel_tool_use"] = True
    return {**native, "tool_choice": choice} if choice else native


def _tool(tool: Any, place: str) -> Object:
    if not is_object(tool):
        raise ValueError(f"{place} must be a tool, a mapping, not {type(tool).__name__}: {tool!r:.80}.")
    kind = tool.get("type", "function")
    if "input_schema" in tool or kind not in ("custom", "function"):
        return dict(tool)  # a tool of the API itself
    if kind == "custom":
        raise NoCounterpartError(f"The custom tool in {place}", _API, "pass a function with parameters")
    return _function_tool(tool)


def _function_tool(tool: Mapping[str, Any]) -> Object:
    function = _inner(tool, "function")
    members = {**_without(tool, "type", "function"), **_without(function, "type")}
    native = {name: members[name] for name in ("name", "description") if members.get(name) is not None}
    schema = members.get("parameters") or _NO_PARAMETERS
    native["input_schema"] = {"type": "object", **schema} if is_object(schema) and "type" not in schema else schema
    if members.get("strict") is True:
        native["strict"] = True
    return {**native, **_without(members, "name", "description", "parameters", "strict")}


def _inner(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object in which chat completions nest the members, or the members if they are not nested."""
    inner = members.get(name)
    return inner if is_object(inner) else members


def _without(members: Mapping[str, Any], *names: str) -> Object:
    return {name: value for name, value in members.items() if name not in names}


def _tool_choice(choice: Any) -> Object:
    if not is_object(choice):
        return {"type": "any" if choice == "required" else choice}
    kind = choice.get("type")
    if kind == "function":
        return {"type": "tool", "name": _inner(choice, "function").get("name")}
    if kind in ("custom", "allowed_tools"):
        raise NoCounterpartError(f"tool_choice={dict(choice)!r:.80}", _API, "name a function, or pass only these tools")
    return dict(choice)


def _reasoning(said: Object) -> Object:
    effort = said.get("reasoning_effort")
    if effort is None:
        return {}
    # Without "summarized", models from Claude 4.7 on return thinking blocks without text.
    return {"thinking": {"type": "disabled"} if effort == "none" else {"type": "adaptive", "display": "summarized"}}


def _output_config(said: Object) -> Object:
    config: Object = {}
    effort = said.get("reasoning_effort")
    if effort is not None and effort != "none":
        config["effort"] = "low" if effort == "minimal" else effort
    config.update(_format(said.get("response_format")))
    own = said.get("output_config")
    if own is not None:
        config = {**config, **own} if is_object(own) else own
    return {"output_config": config} if config else {}


def _format(response_format: Any) -> Object:
    kind = response_format.get("type") if is_object(response_format) else response_format
    if kind is None or kind == "text":
        return {}
    if kind == "json_schema" and is_object(response_format):
        return {"format": {"type": kind, "schema": _inner(response_format, "json_schema").get("schema")}}
    way_out = "Claude has no JSON mode, so pass a schema: a JsonSchemaFormat or a type"
    raise NoCounterpartError(f"response_format={kind!r:.80}", _API, way_out)


def _metadata(said: Object) -> Object:
    metadata = said.get("metadata")
    user = metadata.get("user_id") if is_object(metadata) else None
    user = user or said.get("safety_identifier") or said.get("user")
    return {"metadata": {"user_id": user}} if user else {}


def _service_tier(said: Object) -> Object:
    tier = said.get("service_tier")
    return {} if tier is None else {"service_tier": "standard_only" if tier == "default" else tier}
