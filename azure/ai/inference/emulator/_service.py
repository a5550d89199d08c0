"""The whole service as a function from request to response, without a socket.

:func:`respond` finds the route, checks access and body, gets the model's reply, and formats the answer in the dialect.
A refusal at any step is a :class:`ServiceError`, rendered in one place.
"""

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ._access import check_access
from ._chat_choices import default_reply, finish
from ._completion import Answer, chunks, whole
from ._dialects import DIALECTS, MESSAGES_DIALECTS, Dialect, client_dialect
from ._hashed_embeddings import embed
from ._model_list import list_models, model_not_found
from ._moderation import moderate_chat
from ._native_apis import NATIVE_APIS, answer_natively, count_tokens
from ._openai_models import check_speaks_chat
from ._raw_replies import EVENT_STREAM, raw_response
from ._replies import Reply
from ._request import RecordedRequest
from ._response import Response, event, json_response
from ._responses_answers import azure_failure, openai_failure
from ._responses_store import answer_about_stored, count_input
from ._routes import STORED, Family, Route, check_version, find_family, find_route
from ._rules import check_chat, hides_reasoning, read_body
from ._service_error import ServiceError
from ._stored_answers import StoredAnswers
from ._values import as_object, as_text

DEFAULT_MODEL: Final = "emulator-1"
_MESSAGES_PATHS: Final = ("/messages", "/messages/count_tokens")
_THINKS_IN_A_MEMBER: Final = "2025-04-01"
Speak = Callable[[RecordedRequest], Reply | None]


@dataclass(frozen=True)
class Settings:
    """The settings of the service; :class:`Emulator` documents each."""

    key: str
    tokens: Collection[str] = ()
    dialect: str | None = None
    model: str = DEFAULT_MODEL
    model_type: str = "chat-completion"
    models: Collection[str] | None = None
    stored: StoredAnswers = field(default_factory=StoredAnswers)


def respond(request: RecordedRequest, settings: Settings, dialect: Dialect, speak: Speak) -> Response:
    """Return the service's response.

    :param speak: Returns the scripted reply for a request, or None.
    """
    try:
        return _answer(request, settings, dialect, speak)
    except ServiceError as problem:
        return refuse(problem, dialect)
    except RecursionError:
        message = "The JSON body of your request is nested too deeply."
        return refuse(ServiceError(400, "BadRequest", message), dialect)


def choose_dialect(request: RecordedRequest, settings: Settings) -> Dialect:
    """Return the dialect of a request: that of its route, unless one is set."""
    family = find_family(request.path)
    if request.path.endswith(_MESSAGES_PATHS) or _asks_as_anthropic(request):
        return MESSAGES_DIALECTS["foundry" if family.name == "anthropic" else "anthropic"]
    agent = request.headers.get("user-agent", "")
    dialect = DIALECTS[settings.dialect or client_dialect(agent, family.name) or family.dialect]
    if request.path.endswith("/responses"):
        return replace(dialect, stream_failure=azure_failure if dialect.filters else openai_failure)
    if dialect.unknown == "ask" and request.param("api-version") < _THINKS_IN_A_MEMBER:
        return replace(dialect, reasoning="tags")
    return dialect


def _asks_as_anthropic(request: RecordedRequest) -> bool:
    """Return whether Anthropic's client asks, where OpenAI's does too or where nothing is served, such as batches."""
    return request.path.startswith(("/v1/models", "/v1/messages/")) and "anthropic-version" in request.headers


def refuse(problem: ServiceError, dialect: Dialect) -> Response:
    """Return a problem as a response in the dialect."""
    body = dialect.render(problem)
    headers = dict(problem.headers)
    if dialect.versions:
        headers.setdefault("x-ms-error-code", problem.code or str(problem.status))
    if isinstance(as_object(body).get("request_id"), str):
        headers["request-id"] = body["request_id"]
    # LM Studio responds to an unknown path with status 200 and a text in "error".
    status = 200 if dialect.name == "lm-studio" and problem.kind == "route" else problem.status
    reason = "PermissionDenied" if problem.kind == "key" and dialect.filters else None
    return replace(json_response(body, status, headers), reason=reason)


def identify(request: RecordedRequest, dialect: Dialect) -> dict[str, str]:
    """Return the headers that identify a response, such as its request id."""
    headers = {"x-request-id": str(uuid.uuid4())}
    if dialect.name in MESSAGES_DIALECTS:
        headers["request-id"] = f"req_{uuid.uuid4().hex}"
    if dialect.versions:
        headers |= {"apim-request-id": str(uuid.uuid4()), "x-ms-region": "Local"}
        if "x-ms-client-request-id" in request.headers:
            headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
    return headers


def _answer(request: RecordedRequest, settings: Settings, dialect: Dialect, speak: Speak) -> Response:
    try:
        route = find_route(request)
    except ServiceError:
        reply = speak(request)
        if reply is None:
            raise
        _check_access(request, find_family(request.path), settings, dialect)
        return raw_response(reply)
    _check_access(request, route.family, settings, dialect)
    if dialect.versions:
        check_version(request, route.family)
    if route.operation == "chat/completions":
        _check_speaks_chat(request, route, dialect, settings)
        return _chat(request, dialect, _model(request, route, settings), speak)
    if route.operation in NATIVE_APIS:
        model, api = _model(request, route, settings), NATIVE_APIS[route.operation]
        return answer_natively(request, api, dialect, model, speak, settings.stored)
    reply = speak(request)
    return _answer_about(request, route, settings, dialect) if reply is None else raw_response(reply)


def _answer_about(request: RecordedRequest, route: Route, settings: Settings, dialect: Dialect) -> Response:
    """Return the response of a route that does not involve a model."""
    if route.operation in STORED:
        return answer_about_stored(request, route, settings.stored, dialect)
    if route.operation == "responses/input_tokens":
        return count_input(request, settings.stored)
    if route.operation == "messages/count_tokens":
        return count_tokens(request)
    if route.operation == "info":
        return json_response(_info(request, settings))
    if route.operation == "models":
        # Where every name is a model, the requested one is, too.
        return json_response(list_models(settings.models or [route.model or settings.model], dialect, route.model))
    images = route.operation == "images/embeddings"
    body = embed(request, dialect, model=_model(request, route, settings), images=images)
    return replace(json_response(body), usage=body["usage"])


def _check_access(request: RecordedRequest, family: Family, settings: Settings, dialect: Dialect) -> None:
    keys, serverless = (settings.key, *settings.tokens), family.name == "serverless"
    check_access(request, keys=keys, audiences=family.audiences, demand=dialect.key, serverless=serverless)


def _model(request: RecordedRequest, route: Route, settings: Settings) -> str:
    """Return the requested model: by deployment, header or body.

    :raises ServiceError: 400 if none is named but one is required, 400 or 404 for one that does not exist.
    """
    header = request.headers.get("x-ms-model-mesh-model-name")
    named = route.deployment or header or as_text(as_object(request.body).get("model"))
    if not named and route.family.model_required:
        read_body(request)
        message = "Please provide a model name in the request body or as a x-ms-model-mesh-model-name header."
        raise ServiceError(400, "no_model_name", message, param="model")
    if settings.models is not None and named and named not in settings.models:
        if route.family.dialect == "azure-openai":
            message = (
                "The API deployment for this resource does not exist. If you created the deployment within the last "
                "5 minutes, please wait a moment and try again."
            )
            raise ServiceError(404, "DeploymentNotFound", message)
        if route.family.dialect == "openai":
            raise model_not_found(named)
        raise ServiceError(400, "unknown_model", f"Unknown model: {named}", param="model")
    return named or settings.model


def _check_speaks_chat(request: RecordedRequest, route: Route, dialect: Dialect, settings: Settings) -> None:
    """Refuse what a model does not accept in chat completions, if a service of OpenAI's models is emulated."""
    if dialect.name.startswith(("azure-openai", "openai", "model-inference")):
        body, azure = as_object(request.body), dialect.name != "openai"
        check_speaks_chat(body, _model(request, route, settings), azure=azure, family=route.family.name)


def _info(request: RecordedRequest, settings: Settings) -> dict[str, Any]:
    asked = request.param("model")
    kind = "embeddings" if "embed" in asked.lower() else settings.model_type
    return {"model_name": asked or settings.model, "model_type": kind, "model_provider_name": "azure-ai-inference"}


def _chat(request: RecordedRequest, dialect: Dialect, model: str, speak: Speak) -> Response:
    body = check_chat(request, dialect, model)
    reply = speak(request) or default_reply(body, model=model)
    if reply.is_raw:
        return raw_response(reply)
    if hides_reasoning(model):
        dialect = replace(dialect, reasoning="hidden")
    answer = finish(body, reply, dialect, model)
    answer = replace(answer, moderation=moderate_chat(body, answer.choices))
    if body.get("stream") is not True:
        return replace(json_response(whole(answer, dialect), 200, reply.headers), usage=answer.usage)
    include = as_object(body.get("stream_options")).get("include_usage") is True
    steps = _events(answer, dialect, include)
    return Response(200, {**reply.headers, **EVENT_STREAM}, steps=steps, usage=answer.usage)


def _events(answer: Answer, dialect: Dialect, include_usage: bool) -> Iterator[bytes]:
    for chunk in chunks(answer, dialect, include_usage=include_usage):
        yield event(chunk)
    yield dialect.done
