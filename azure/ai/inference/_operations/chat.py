"""Chat completions: requests and answers. Pure: values in, values out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._json import is_list, is_object, to_json
from ..models._chat import ChatCompletions, read_completions
from .call import Call, Operation, Payload, check_keywords, given_body, make_call, read_answer, warn_of_ignored
from .option_kinds import check_kinds, check_tools
from .options import CHAT_SETTINGS, choose_extras, merge
from .response_format import response_format_of
from .settings import Settings, api_of

if TYPE_CHECKING:
    from .._http.endpoint import Api

_IN_BODY = tuple(name for name in CHAT_SETTINGS if name not in ("model_extras", "api"))
_OWN = frozenset(("messages", "stream", *CHAT_SETTINGS))
_INFERENCE_SCHEMA = frozenset(
    (
        *("messages", "stream", "frequency_penalty", "max_tokens", "model", "presence_penalty", "response_format"),
        *("seed", "stop", "temperature", "tool_choice", "tools", "top_p", "modalities"),
    )
)
"""Members of the Azure model inference API's own request; all others are for the model."""


class ChatRequest(NamedTuple):
    """The request of a call, whichever API it is sent to."""

    settings: Settings
    options: Mapping[str, Any]
    """The call's keyword arguments that are not settings of the model."""
    form: Mapping[str, Any] | None
    """The request in the form of chat completions; `None` if the caller passed a body."""
    content: str | bytes | None
    """The body passed by the caller."""
    pass_through: bool
    """Whether it has members that the service must pass on to the model."""
    stream: bool
    api: "Api | None"
    """The API that the caller or the endpoint's URL names; `None` for "auto"."""

    def in_chat(self) -> Call:
        """Return the call of chat completions."""
        form = self.form or {}
        content = to_json(_for_chat(form)) if self.content is None else self.content
        operation = Operation("complete", "chat/completions", self.settings.endpoint.for_api("chat"))
        payload = Payload(content, self.pass_through, self.stream)
        return make_call(self.settings, operation, self.options, payload, chat=self)

    def is_plain_chat(self) -> bool:
        """Whether nothing suggests another API: not the caller, the URL, the model's name, or an earlier refusal."""
        if self.api is not None:
            return self.api == "chat"
        if self.settings.models:
            return False
        endpoint = self.settings.endpoint
        if self.form is not None:
            return not endpoint.uses_messages_api(self.form.get("model"))
        return not endpoint.may_serve_responses or (self._mentions("messages") and not self._mentions("laude"))

    def _mentions(self, word: str) -> bool:
        """Return whether a word occurs anywhere in the caller's body: a quick check before parsing it."""
        return word in self.content if isinstance(self.content, str) else word.encode() in (self.content or b"")


def chat_call(settings: Settings, body: Any, options: Mapping[str, Any]) -> Call:
    """Build the request of a chat completion.

    :param settings: The client's settings.
    :param body: The whole body, instead of messages and settings: a mapping, bytes, or a binary file.
    :param options: The keyword arguments of `complete`.
    :raises TypeError: Neither messages nor a body were passed, or they have an unsupported type; or a keyword is
        unknown.
    :raises ValueError: The messages are not a conversation, or the API has no counterpart for something in the request.
    """
    check_kinds(options)
    request = _request(settings, body, options)
    if not request.is_plain_chat():
        from .api_choice import first_call

        call = first_call(request)
        if call is not None:
            return call
    return request.in_chat()


def next_call(call: Call, response: Any) -> Call | None:
    """Return the call to make instead of one that was refused because another API serves the model.

    :param call: The call.
    :param response: The pipeline's response, with its body read if its status is an error.
    :return: `None` if the response stands.
    :raises ~azure.core.exceptions.HttpResponseError: The other API does not serve the model either, or cannot.
    """
    if call.chat is None or response.http_response.status_code not in (400, 404, 405):
        return None
    from .api_choice import call_after_refusal

    return call_after_refusal(call, response)


def read_completion(call: Call, response: Any) -> ChatCompletions:
    """Read the response of a call that is not a stream.

    :param call: The call.
    :param response: The transport's response, with its body read.
    :raises ~azure.core.exceptions.HttpResponseError: As `read_object`.
    """
    return read_answer(call, response, read_completions)


def _form(settings: Settings, options: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body in chat form: messages, the merged settings, and the model extras."""
    form: dict[str, Any] = {"messages": _conversation(options["messages"])}
    if options.get("stream") is not None:
        form["stream"] = options["stream"]
    form.update(merge(settings.defaults, options, _IN_BODY))
    if "tools" in form:
        check_tools(form["tools"])
    if "response_format" in form:
        form["response_format"] = response_format_of(form["response_format"])
    for name in _NOT_EMPTY:
        if isinstance(form.get(name), (list, tuple)) and not form[name]:
            del form[name]
    form.update(extras)
    if "tools" not in form:
        form.pop("tool_choice", None)  # services refuse it with 400 if there are no tools
    return form


_NOT_EMPTY = ("tools", "stop", "modalities")
"""Lists that services refuse with 400 if they are empty."""


def _request(settings: Settings, body: Any, options: Mapping[str, Any]) -> ChatRequest:
    others = {name: value for name, value in options.items() if name not in _OWN}
    api = api_of(options.get("api") or settings.defaults.get("api")) or settings.endpoint.api
    if body is not None:
        warn_of_ignored(settings, "complete", options, ("messages", *_IN_BODY, "model_extras"))
        content, said = given_body(
            body, "A prompt goes into messages=[UserMessage('...')].", "Messages go into messages=."
        )
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
    """Remove from messages what only another API takes back: `output` and `content_blocks`."""
    messages = form.get("messages")
    if not is_list(messages) or not any(map(_is_carrier, messages)):
        return form
    return {**form, "messages": [_without_carried(each) if _is_carrier(each) else each for each in messages]}


def _is_carrier(message: Any) -> bool:
    return message.__class__ is dict and ("output" in message or "content_blocks" in message)


def _without_carried(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in ("output", "content_blocks")}


def _counterpart(message: Any) -> str:
    """Return how to send a message of another library."""
    if hasattr(message, "model_dump"):  # a model of pydantic, such as openai's
        return " Pass its model_dump(), or a dict with role and content."
    return ""


def _conversation(messages: Any) -> list[dict[str, Any]]:
    """Check that messages are a conversation; roles and contents are for the service to check.

    :return: The messages as plain dicts, whose members `json` reads in C; for a model it would call `items`.
    :raises TypeError: They are not a list, or one of them is not a mapping.
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
                f"{message!r:.200}.{_counterpart(message)}"
            )
        wire = dict(message)
        if wire.get("content").__class__ is bytes:
            raise TypeError(f"messages[{index}] has content of type bytes: decode it to a str.")
        if not wire.get("role"):
            hint = " To send an answer back, use its choices[0].message." if "choices" in wire else ""
            raise ValueError(f"messages[{index}] has no role: {message!r:.200}.{hint}")
        conversation.append(wire)
    if not conversation:
        raise ValueError("messages must not be empty: pass at least one, such as [UserMessage('...')].")
    return conversation
