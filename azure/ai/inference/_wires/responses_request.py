"""Translate requests from chat form to the Responses API.

A member in no table has the same name there, or is the API's own from `model_extras`, and is passed on unchanged.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from azure.core.serialization import NULL

from .._json import is_list, is_object
from . import NoCounterpartError, Object, log_dropped
from .responses_input import NAME, Replay, input_items

_FEWEST_TOKENS = 16
"""The minimum of `max_output_tokens`."""

_HINTS = frozenset(("seed", "random_seed", "prediction"))
"""Requests that the service may ignore anyway, so they are dropped."""

_OF_CHAT_ALONE: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "stop": ([], ""),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "audio": (),
    "modalities": (["text"], []),
    "functions": ([],),
    "function_call": (),
    "background": (False,),
    # Mistral's options, whose models support chat
    "min_tokens": (),
    "top_k": (),
    "repetition_penalty": (1,),
    "prompt_logprobs": (False,),
    "top_prompt_logprobs": (),
    "prompt_mode": (),
    "guardrails": ([],),
    "safe_prompt": (False,),
}
"""Members without a counterpart, and their values without effect: with these they are dropped, otherwise refused."""

_WAYS_OUT = {
    "functions": "pass tools instead",
    "function_call": "pass tools and tool_choice instead",
    "background": "stream the answer, which keeps the connection open, or use send_request",
}

_STORES = ("store", "background", "conversation", "previous_response_id")
"""Members that make the service store the answer, or require it."""


def request(chat: Mapping[str, Any], *, replay: Replay = "turn", include: bool = True) -> Object:
    """Translate a request; see `Translator.request`.

    :keyword replay: Which reasoning to send back to the model.
    :keyword include: Whether to request encrypted reasoning, which some models refuse; without it none is sent back.
    """
    _refuse(chat)
    replay = replay if include else "none"
    body: Object = {}
    for name, value in chat.items():
        if name == "messages":
            body["input"] = input_items(value, "none" if _is_said(chat.get("previous_response_id")) else replay)
        else:
            _merge(body, _translated(chat, name))
    if not any(map(_is_said, map(body.get, _STORES))):
        body["store"] = False  # by default this API stores answers for 30 days, chat does not
    if replay != "none":
        _merge(body, {"include": ["reasoning.encrypted_content"]})
    log_dropped(filter(_HINTS.__contains__, chat), NAME)
    return body


def _translated(chat: Mapping[str, Any], name: str) -> Object:
    """Return a setting in this API's form: nothing for hints and for settings that only chat has."""
    if name in _TRANSLATED:
        return _TRANSLATED[name](chat[name]) if _counts(chat, name) else {}
    return {} if name in _HINTS or name in _OF_CHAT_ALONE else {name: chat[name]}


def _counts(chat: Mapping[str, Any], name: str) -> bool:
    """Return whether a setting is translated: `max_tokens` is not if `max_completion_tokens` is given too."""
    return _is_said(chat[name]) and not (name == "max_tokens" and _is_said(chat.get("max_completion_tokens")))


def is_native(body: Mapping[str, Any]) -> bool:
    """Return whether a body is a request of the Responses API; see `Translator.is_native`."""
    return "messages" not in body


def _is_said(value: Any) -> bool:
    return value is not None and value is not NULL


def _refuse(chat: Mapping[str, Any]) -> None:
    for name, value in chat.items():
        if name in _OF_CHAT_ALONE and _is_said(value) and value not in _OF_CHAT_ALONE[name]:
            if name in _WAYS_OUT:
                raise NoCounterpartError(name, NAME, _WAYS_OUT[name])
            raise NoCounterpartError(name, NAME)


def _merge(body: Object, members: Object) -> None:
    """Add members. Objects and `include` are merged: several members of chat, and `model_extras`, fill them."""
    for name, value in members.items():
        known = body.get(name)
        if name in ("reasoning", "text") and is_object(known) and is_object(value):
            value = {**known, **value}
        elif name == "include" and _is_said(known):
            value = [*known, *(each for each in value if each not in known)] if is_list(known) else known
        body[name] = value


# ---------------------------------------------------------------- members


def _token_limit(limit: Any) -> Object:
    return {"max_output_tokens": max(_FEWEST_TOKENS, limit) if isinstance(limit, int) else limit}


def _format(response_format: Any) -> Object:
    """Move the members of `json_schema` up."""
    if not is_object(response_format) or not is_object(response_format.get("json_schema")):
        return {"text": {"format": response_format}}
    lifted = {name: value for name, value in response_format["json_schema"].items() if value is not None}
    return {"text": {"format": {"type": response_format.get("type"), **lifted}}}


def _logprobs(wanted: Any) -> Object:
    return {"include": ["message.output_text.logprobs"]} if wanted else {}


def _stream_options(options: Any) -> Object:
    """Leave out `include_usage`: usage is always sent."""
    if not is_object(options):
        return {"stream_options": options}
    others = {name: value for name, value in options.items() if name != "include_usage"}
    return {"stream_options": others} if others else {}


def _tools(tools: Any) -> Object:
    return {"tools": [_tool(tool) for tool in cast("list[Any]", tools)] if isinstance(tools, (list, tuple)) else tools}


def _tool(tool: Any) -> Any:
    """Flatten a function or a custom tool; hosted tools are the API's own."""
    if not is_object(tool):
        return tool
    function, custom = tool.get("function"), tool.get("custom")
    if is_object(function):
        described = {name: value for name, value in function.items() if value is not None}
        described.setdefault("parameters", {"type": "object", "properties": {}})
        described.setdefault("strict", False)  # True by default here, which would make optional arguments required
        return {"type": "function", **described}
    if is_object(custom):
        format_ = custom.get("format")
        if is_object(format_) and is_object(format_.get("grammar")):
            custom = {**custom, "format": {"type": format_.get("type"), **format_["grammar"]}}
        return {"type": "custom", **custom}
    return tool


def _tool_choice(choice: Any) -> Object:
    if choice == "any":
        return {"tool_choice": "required"}
    if not is_object(choice):
        return {"tool_choice": choice}
    kind = choice.get("type")
    inner = choice.get(kind) if isinstance(kind, str) else None
    if not is_object(inner):
        return {"tool_choice": choice}
    if kind == "allowed_tools":
        inner = {**inner, **_tool_names(inner.get("tools"))}
    return {"tool_choice": {"type": kind, **inner}}


def _tool_names(tools: Any) -> Object:
    return {"tools": [_tool_choice(tool)["tool_choice"] for tool in tools]} if is_list(tools) else {}


_TRANSLATED: Mapping[str, Callable[[Any], Object]] = {
    "max_tokens": _token_limit,
    "max_completion_tokens": _token_limit,
    "reasoning_effort": lambda effort: {"reasoning": {"effort": effort}},
    "verbosity": lambda verbosity: {"text": {"verbosity": verbosity}},
    "response_format": _format,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "logprobs": _logprobs,
    "stream_options": _stream_options,
}
"""Members with another name or form."""
