"""Choose the API for a chat completion, and learn about the model from refusals.

The name of a deployment says little, so "auto" tries chat completions first, and the Responses API if the service says
that the model is only served there. What was learned is kept by model, for the client and all clients that
`with_defaults` derives from it. Loaded for APIs other than chat completions, or after a refusal: imports are on a
budget.

The refusals were recorded from Azure and OpenAI; new models need no change here.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from .._errors.advice import points_to_responses
from .._errors.bodies import Fault, read_fault
from .._errors.error_origin import body_of
from .._http.deadline import Deadline, TimeLeft
from .._http.endpoint import Api
from .._json import is_list, is_object, to_json
from .._wires import WIRES, NoCounterpartError, Wire
from .call import Call, Operation, Payload, make_call, status_error
from .settings import logger

if TYPE_CHECKING:
    from .._wires.responses_input import Replay
    from .chat import ChatRequest

_MOST_SENT = 4
"""Maximum number of ways in which a call is sent; retries of each do not count."""


class Known(NamedTuple):
    """What is known of a model. The defaults are what is tried first."""

    responses: Literal["never", "tools", "always"] = "never"
    """Which requests it answers only through the Responses API: none, those with tools, or all."""
    include: bool = True
    """Whether encrypted reasoning may be requested."""
    replay: "Replay" = "turn"
    """Whose reasoning it accepts."""


class Lesson(NamedTuple):
    """What a refusal teaches."""

    known: Known
    is_kept: bool = True
    """Whether it applies to further calls, not only to this one and its history."""


class Sent(NamedTuple):
    """How a request is sent, and what was tried before."""

    wire: Wire | None
    """The API; `None` for chat completions."""
    known: Known
    has_reasoning: bool = False
    """Whether the request contains reasoning of earlier answers."""
    form: Mapping[str, Any] | None = None
    """The request in the form of chat completions; `None` if the body is sent unchanged."""
    attempts: int = 1
    first: "tuple[Call, Any] | None" = None
    """The call that chat completions refused before, and its response, with credentials: see `status_error`."""


def first_call(request: "ChatRequest") -> Call | None:
    """Build the call of a request that may be for an API other than chat completions.

    :param request: The request.
    :return: `None` if it is for chat completions after all.
    :raises NoCounterpartError: The API named by the caller or the URL has no counterpart for something in it.
    """
    form = _form(request)
    known = _known(request, form)
    if request.api is not None:
        return _call_by(request, request.api, form, known)
    endpoint = request.settings.endpoint
    if form is not None and endpoint.uses_messages_api(form.get("model")):
        return _call_by(request, "messages", form, known)
    if endpoint.may_serve_responses and _is_of_responses(form):
        return _call_by(request, "responses", form, known)
    if known.responses == "always" or (known.responses == "tools" and _has_tools(form)):
        try:
            return _call_by(request, "responses", form, known)
        except NoCounterpartError:
            pass  # the service's refusal says what to do, in the same words each time
    return None


def _forget(request: "ChatRequest", sent: Sent, status: int) -> None:
    """Forget what was learned of a model whose other route is missing too; raise the first error, if there was one."""
    request.settings.models.pop(_model(request, sent.form), None)
    if sent.first is not None:
        raise status_error(*sent.first, advice=f"The Responses API does not serve it either: status {status}.")


def call_after_refusal(call: Call, response: Any) -> Call | None:
    """Return the call to make instead of one that was refused; see `chat.next_call`.

    :param call: The call.
    :param response: The pipeline's response, with its body read.
    """
    request, http = cast("ChatRequest", call.chat), response.http_response
    sent = call.sent or Sent(None, Known(), form=_form(request))
    if sent.form is None or sent.attempts >= _MOST_SENT:
        return None
    if call.sent is None:
        sent = sent._replace(known=_known(request, sent.form))
    lesson = _learn(call, sent, http)
    if lesson is None:
        return None
    try:
        again = _call_by(request, "responses", sent.form, lesson.known)
    except NoCounterpartError as refusal:
        raise status_error(call, http, advice=f"{_SPEAKS_ALONE}, which has no {refusal.what}: leave it out.") from None
    first = sent.first or ((call, http) if sent.wire is None else None)
    again = again._replace(sent=cast("Sent", again.sent)._replace(attempts=sent.attempts + 1, first=first))
    return _within(again, response.context.get("deadline"))


def _learn(call: Call, sent: Sent, http: Any) -> Lesson | None:
    """Return what a refusal teaches, and keep it for further calls; forget what a missing route disproves."""
    request, fault = cast("ChatRequest", call.chat), read_fault(body_of(http))
    if sent.wire is not None and is_missing_route(http.status_code, fault):
        _forget(request, sent, http.status_code)
        return None
    lesson = lesson_of(call, sent, http.status_code, fault)
    if lesson is not None:
        _keep(request, sent.form, sent.known, lesson)
    return lesson


def _within(call: Call, deadline: Deadline | None) -> Call:
    """Return a call that ends by the deadline of the one before it."""
    return call if deadline is None else call._replace(options={**call.options, "timeout": TimeLeft.of(deadline)})


_SPEAKS_ALONE = "The deployment only serves the Responses API"


def lesson_of(call: Call, sent: Sent, status: int, fault: Fault) -> Lesson | None:
    """Return what a refusal teaches; `None` if it teaches nothing.

    :param call: The call that was refused.
    :param sent: How it was sent.
    :param status: The status of the response.
    :param fault: The contents of its body.
    """
    said = f"{fault.code or ''} {fault.message or ''}".lower()
    if sent.wire is None:
        request = cast("ChatRequest", call.chat)
        if request.api is not None or not request.settings.endpoint.may_serve_responses or "embed" in said:
            return None
        return _lesson_of_chat(sent, status, said)
    if sent.wire.api != "responses" or status not in (400, 404):
        return None
    return _lesson_of_responses(sent, fault, said)


_CHAT_REFUSALS = (
    *("operationnotsupported", "not a chat model", "requested operation is unsupported"),
    "moved to 'input'",
)

_REASONING_REFUSALS = (
    *("invalid_encrypted_content", "invalid_payload", "could not be verified", "could not be decrypted"),
    *("conflicting authenticated continuation", "required 'reasoning' item", "required following item"),
    "duplicate item",
)


def _lesson_of_chat(sent: Sent, status: int, said: str) -> Lesson | None:
    if status not in (400, 404):
        return None
    of_tools = "v1/responses" in said or ("function tools" in said and "not supported" in said)
    if _has_tools(sent.form) and "tools" in said and of_tools:
        return Lesson(sent.known._replace(responses="tools"))
    if points_to_responses(said) or any(words in said for words in _CHAT_REFUSALS):
        return Lesson(sent.known._replace(responses="always"))
    return None


def _lesson_of_responses(sent: Sent, fault: Fault, said: str) -> Lesson | None:
    known = sent.known
    if known.include and (fault.target == "include" or "encrypted content is not supported" in said):
        return Lesson(known._replace(include=False))
    if not sent.has_reasoning or not _refuses_reasoning(said):
        return None
    if "could not be verified" in said:  # the history is from another resource, key or model
        return Lesson(known._replace(replay="none"), is_kept=False)
    return Lesson(known._replace(replay="newest" if known.replay == "turn" else "none"))


def _refuses_reasoning(said: str) -> bool:
    is_lost = "not found" in said and "'rs_" in said
    return is_lost or any(words in said for words in _REASONING_REFUSALS)


def is_missing_route(status: int, fault: Fault) -> bool:
    """Return whether a response says that an API, or the model in it, does not exist."""
    said = f"{fault.code or ''} {fault.message or ''}".lower()
    if "'rs_" in said or "previous response" in said:  # an item of the request does not exist
        return False
    return status in (404, 405) or (status == 400 and any(words in said for words in _MISSING))


_MISSING = (
    *("not supported by the responses api", "responses api is enabled only", "api version not supported"),
    "operationnotsupported",
)


# ---------------------------------------------------------------- calls through another API


def _call_by(request: "ChatRequest", api: Api, form: Mapping[str, Any] | None, known: Known) -> Call:
    wire, endpoint = WIRES[api], request.settings.endpoint.for_api(api)
    is_native = form is None or (request.content is not None and wire.translator.is_native(form))
    if is_native:
        content, has_reasoning = request.content, False
    else:
        form = _with_model(request, cast("Mapping[str, Any]", form))
        native = _translated(wire, form, known)
        content, has_reasoning = to_json(native), _has_reasoning(native)
    operation = Operation("complete", wire.operation, endpoint, wire.headers)
    call = make_call(request.settings, operation, request.options, Payload(content, stream=request.stream))
    return call._replace(chat=request, sent=Sent(wire, known, has_reasoning, None if is_native else form))


def _translated(wire: Wire, form: Mapping[str, Any], known: Known) -> dict[str, Any]:
    if wire.api != "responses":
        return wire.translator.request(form)
    from .._wires import responses

    return responses.request(form, replay=known.replay, include=known.include)


def _with_model(request: "ChatRequest", form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name the deployment in the request, if it is part of the endpoint's path."""
    deployment = request.settings.endpoint.deployment
    return form if form.get("model") or deployment is None else {**form, "model": deployment}


def _form(request: "ChatRequest") -> Mapping[str, Any] | None:
    """Return a request as a JSON object; `None` if the caller's body is not one."""
    if request.form is not None:
        return request.form
    try:
        body: Any = json.loads(request.content or "")
    except (ValueError, RecursionError):
        return None
    return body if is_object(body) else None


def _is_of_responses(form: Mapping[str, Any] | None) -> bool:
    return form is not None and "input" in form and "messages" not in form


def _has_tools(form: Mapping[str, Any] | None) -> bool:
    return bool(form and form.get("tools"))


def _has_reasoning(native: Mapping[str, Any]) -> bool:
    items = native.get("input")
    return is_list(items) and any(is_object(item) and item.get("type") == "reasoning" for item in items)


# ---------------------------------------------------------------- what is known


def _model(request: "ChatRequest", form: Mapping[str, Any] | None) -> str:
    return str((form or {}).get("model") or request.settings.endpoint.deployment or "")


def _known(request: "ChatRequest", form: Mapping[str, Any] | None) -> Known:
    known: Known = request.settings.models.get(_model(request, form), Known())
    return known


def _keep(request: "ChatRequest", form: Mapping[str, Any] | None, before: Known, lesson: Lesson) -> None:
    model, known = _model(request, form), lesson.known
    if not lesson.is_kept:
        return
    news = request.settings.models.get(model) != known and before.responses != known.responses
    request.settings.models[model] = known
    if news:
        what = (
            "takes tools only through"
            if known.responses == "tools"
            else "does not support chat completions, so it is called through"
        )
        logger.info("%s %s the Responses API; pass api='responses' to begin there.", model or "The model", what)
