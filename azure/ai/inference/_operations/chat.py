"""Chat completions: requests and answers. Pure: values in, values out."""

from collections.abc import Mapping
from typing import Any

from .._json import is_object, to_json
from .call import Call, given_body, make_call, warn_of_ignored
from .options import ChatOptions, choose_extras, merge, names
from .response_format import response_format_of
from .settings import Settings

CHAT_SETTINGS = names(ChatOptions)

_IN_BODY = tuple(name for name in CHAT_SETTINGS if name != "model_extras")
_INFERENCE_SCHEMA = frozenset(
    (
        *("messages", "stream", "frequency_penalty", "max_tokens", "model", "presence_penalty", "response_format"),
        *("seed", "stop", "temperature", "tool_choice", "tools", "top_p", "modalities"),
    )
)
"""Members of the Azure model inference API's own request; others are for the model alone."""


def chat_call(settings: Settings, body: Any, options: Mapping[str, Any]) -> Call:
    """Build the request of a chat completion.

    :param settings: The client's.
    :param body: The whole body, in place of messages and settings: a mapping, bytes, or a binary file.
    :param options: The keyword arguments of `complete`.
    :raises TypeError: Neither messages nor a body, or they are nothing of the kind; or an unknown keyword.
    :raises ValueError: The messages cannot be a conversation.
    """
    own = ("messages", "stream", *CHAT_SETTINGS)
    others = {name: value for name, value in options.items() if name not in own}
    if body is not None:
        warn_of_ignored(settings, "complete", options, ("messages", *CHAT_SETTINGS))
        content, said = given_body(body)
        stream = bool(options.get("stream")) if said is None else said
        return make_call(settings, "complete", "chat/completions", others, content=content, stream=stream)
    if options.get("messages") is None:
        raise TypeError("missing required argument: messages")
    extras = choose_extras(settings.defaults.get("model_extras"), options.get("model_extras"))
    request: dict[str, Any] = {"messages": _conversation(options["messages"])}
    if options.get("stream") is not None:
        request["stream"] = options["stream"]
    request.update(merge(settings.defaults, options, _IN_BODY))
    if "response_format" in request:
        request["response_format"] = response_format_of(request["response_format"])
    request.update(extras)
    return make_call(
        settings,
        "complete",
        "chat/completions",
        others,
        content=to_json(request),
        pass_through=bool(extras) or not _INFERENCE_SCHEMA.issuperset(request),
        stream=request.get("stream") is True,
    )


def _conversation(messages: Any) -> list[dict[str, Any]]:
    """Check that messages can be a conversation; roles and contents are the service's to judge.

    :return: The messages as plain dicts, whose members `json` reads in C, while it calls a model's `items`.
    :raises TypeError: They are no list, or one of them is no mapping.
    :raises ValueError: There are none, or one has no role.
    """
    if isinstance(messages, (str, bytes)) or is_object(messages) or not hasattr(messages, "__iter__"):
        raise TypeError(
            f"messages must be a list of messages, such as [UserMessage('...')], not {type(messages).__name__}: "
            f"{messages!r:.200}"
        )
    conversation: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        if not is_object(message):
            raise TypeError(
                f"messages[{index}] must be a message or a mapping with a role, not {type(message).__name__}: "
                f"{message!r:.200}"
            )
        wire = dict(message)
        if not wire.get("role"):
            hint = " To put an answer back, use its choices[0].message." if "choices" in wire else ""
            raise ValueError(f"messages[{index}] has no role: {message!r:.200}.{hint}")
        conversation.append(wire)
    if not conversation:
        raise ValueError("messages must not be empty: give at least one, such as [UserMessage('...')].")
    return conversation
