"""Chat completions: requests and answers. Pure: values in, values out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._json import is_list, is_object, to_json
from .call import Call, check_keywords, given_body, make_call, warn_of_ignored
from .options import ChatOptions, choose_extras, merge, names
from .response_format import response_format_of
from .settings import Settings, api_of

if TYPE_CHECKING:
    from .._http.endpoint import Api

CHAT_SETTINGS = names(ChatOptions)

_IN_BODY = tuple(name for name in CHAT_SETTINGS if name not in ("model_extras", "api"))
_INFERENCE_SCHEMA = frozenset(
    (
        *("messages", "stream", "frequency_penalty", "max_tokens", "model", "presence_penalty", "response_format"),
        *("seed", "stop", "temperature", "tool_choice", "tools", "top_p", "modalities"),
    )
)
"""Members of the Azure model inference API's own request; others are for the model alone."""


class ChatRequest(NamedTuple):
    """What a call asks for, whichever API it is asked of."""

    settings: Settings
    options: Mapping[str, Any]
    """The call's keyword arguments that are no settings of the model."""
    form: Mapping[str, Any] | None
    """The request in the form of chat completions; `None` if the caller gave a body."""
    content: str | bytes | None
    """The body that the caller gave."""
    pass_through: bool
    """Whether it has members that the service must pass on to the model."""
    stream: bool
    api: "Api | None"
    """The API that the caller or the endpoint's URL names, `None` for "auto"."""

    def in_chat(self) -> Call:
        """Return the call by chat completions."""
        form = self.form or {}
        content = to_json(_for_chat(form)) if self.content is None else self.content
        call = make_call(
            self.settings,
            "complete",
            "chat/completions",
            self.options,
            content=content,
            pass_through=self.pass_through,
            stream=self.stream,
            endpoint=self.settings.endpoint.speaking("chat"),
        )
        return call._replace(chat=self)

    def is_plainly_chat(self) -> bool:
        """Whether nothing speaks for another API: the caller, the URL, the model's name, or an earlier refusal."""
        if self.api is not None:
            return self.api == "chat"
        if self.settings.models:
            return False
        endpoint = self.settings.endpoint
        if self.form is not None:
            return not endpoint.serves_by_messages(self.form.get("model"))
        return not endpoint.may_serve_responses or (self._mentions("messages") and not self._mentions("laude"))

    def _mentions(self, word: str) -> bool:
        """Whether a word stands anywhere in the caller's body: a quick look, before that is parsed."""
        return word in self.content if isinstance(self.content, str) else word.encode() in (self.content or b"")


def chat_call(settings: Settings, body: Any, options: Mapping[str, Any]) -> Call:
    """Build the request of a chat completion.

    :param settings: The client's.
    :param body: The whole body, in place of messages and settings: a mapping, bytes, or a binary file.
    :param options: The keyword arguments of `complete`.
    :raises TypeError: Neither messages nor a body, or they have an unsupported type; or a keyword is unknown.
    :raises ValueError: The messages cannot be a conversation, or the API has no word for something in the request.
    """
    request = _request(settings, body, options)
    if request.is_plainly_chat():
        return request.in_chat()
    from .api_choice import first_call

    return first_call(request)


def next_call(call: Call, response: Any) -> Call | None:
    """Return the call to make in place of one that was refused, because another API serves the model.

    :param call: The call.
    :param response: The pipeline's response, its body read if its status is an error's.
    :return: `None` if the answer stands.
    :raises ~azure.core.exceptions.HttpResponseError: The other API does not serve it either, or cannot.
    """
    if call.chat is None or response.http_response.status_code not in (400, 404, 405):
        return None
    from .api_choice import call_after

    return call_after(call, response)


def check_defaults(options: Mapping[str, Any]) -> None:
    """Check those settings of a client whose values nobody else would check before a call.

    :param options: Settings by name.
    :raises ValueError: The response format or the API is unknown.
    :raises TypeError: The response format has no JSON form.
    """
    response_format_of(options.get("response_format"))
    api_of(options.get("api"))


def _form(settings: Settings, options: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body in chat form: messages, the merged settings, and what only the model knows."""
    form: dict[str, Any] = {"messages": _conversation(options["messages"])}
    if options.get("stream") is not None:
        form["stream"] = options["stream"]
    form.update(merge(settings.defaults, options, _IN_BODY))
    if "tools" in form:
        _check_tools(form["tools"])
    if "response_format" in form:
        form["response_format"] = response_format_of(form["response_format"])
    for name in _NOT_EMPTY:
        if isinstance(form.get(name), (list, tuple)) and not form[name]:
            del form[name]
    form.update(extras)
    if "tools" not in form:
        form.pop("tool_choice", None)  # services refuse it with 400 where there are no tools
    return form


_NOT_EMPTY = ("tools", "stop", "modalities")
"""Lists that services refuse with 400 if they are empty."""


def _request(settings: Settings, body: Any, options: Mapping[str, Any]) -> ChatRequest:
    own = ("messages", "stream", *CHAT_SETTINGS)
    others = {name: value for name, value in options.items() if name not in own}
    api = api_of(options.get("api") or settings.defaults.get("api")) or settings.endpoint.api
    if body is not None:
        warn_of_ignored(settings, "complete", options, ("messages", *_IN_BODY, "model_extras"))
        content, said = given_body(body, "A prompt goes into messages=[UserMessage('...')].")
        stream = bool(options.get("stream")) if said is None else said
        return ChatRequest(settings, others, None, content, False, stream, api)
    if options.get("messages") is None:
        check_keywords(settings, "complete", others)
        raise TypeError("missing required argument: messages, such as messages=[UserMessage('...')]")
    extras = choose_extras(settings.defaults.get("model_extras"), options.get("model_extras"))
    form = _form(settings, options, extras)
    pass_through = bool(extras) or not _INFERENCE_SCHEMA.issuperset(form)
    return ChatRequest(settings, others, form, None, pass_through, form.get("stream") is True, api)


def _for_chat(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out of messages what only another API takes back: `output` and `content_blocks`."""
    messages = form.get("messages")
    if not is_list(messages) or not any(map(_is_carrier, messages)):
        return form
    return {**form, "messages": [_without_carried(each) if _is_carrier(each) else each for each in messages]}


def _is_carrier(message: Any) -> bool:
    return message.__class__ is dict and ("output" in message or "content_blocks" in message)


def _without_carried(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in ("output", "content_blocks")}


def _check_tools(tools: Any) -> None:
    """Check that tools are definitions, not the functions themselves.

    :raises TypeError: They are functions, or something that holds functions.
    """
    if hasattr(tools, "definitions"):
        raise TypeError("tools must be a list of definitions: pass toolset.definitions, not the Toolset itself.")
    if callable(tools):
        raise TypeError(f"tools must be a list of definitions, not a function. {_defined(tools)}")
    for index, tool in enumerate(tools if is_list(tools) else ()):
        if callable(tool):
            raise TypeError(f"tools[{index}] is a function. {_defined(tool)}")


def _defined(function: Any) -> str:
    name = getattr(function, "__name__", "f")
    return f"Describe it with ChatCompletionsToolDefinition.from_function({name}), or Toolset([{name}]).definitions."


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
