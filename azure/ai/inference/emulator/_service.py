"""A request in, an answer out: the whole service as a function, without a socket.

:func:`respond` finds the route, lets the caller in, checks the body, asks the model what it says, and shapes the
    answer as the
dialect does. A refusal anywhere on the way is a :class:`ServiceError`, rendered in one place.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Optional

from ._access import check_access
from ._chat import default_reply, finish
from ._completion import Answer, chunks, whole
from ._dialects import DIALECTS, Dialect
from ._embeddings import embed
from ._problems import ServiceError
from ._replies import Reply
from ._request import RecordedRequest
from ._routes import Route, check_version, find_family, find_route
from ._rules import check_chat, read_body
from ._values import as_object, as_text, compact

_THINKS_IN_A_MEMBER: Final = "2025-04-01"
Speak = Callable[[RecordedRequest, Mapping[str, Any]], Optional[Reply]]


@dataclass(frozen=True)
class Settings:
    """How an emulator was set up; see :class:`Emulator` for what each says."""

    keys: Collection[str]
    dialect: Optional[str] = None
    model: str = "emulator-1"
    model_type: str = "chat-completion"
    models: Optional[Collection[str]] = None


@dataclass(frozen=True)
class Response:
    """An answer: a body, or the events of a stream."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    events: Optional[Iterable[bytes]] = None
    reason: Optional[str] = None
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])


def respond(request: RecordedRequest, settings: Settings, speak: Speak) -> Response:
    """Return the service's answer.

    :param speak: gives the reply that was scripted for a chat request, or None.
    """
    dialect = _dialect(request, settings)
    try:
        response = _answer(request, settings, dialect, speak)
    except ServiceError as problem:
        response = refuse(problem, dialect)
    return replace(response, headers={**_identity(request, dialect), **response.headers})


def refuse(problem: ServiceError, dialect: Dialect) -> Response:
    """Return a problem as the dialect's answer."""
    body = dialect.render(problem)
    headers = dict(problem.headers)
    if isinstance(body, str):
        return Response(problem.status, headers | {"Content-Type": "text/plain; charset=utf-8"}, body.encode())
    if dialect.versions:
        headers.setdefault("x-ms-error-code", problem.code)
    status = 200 if dialect.name == "lm-studio" and problem.kind == "route" else problem.status
    reason = "PermissionDenied" if problem.kind == "key" and "azure" in dialect.name else None
    return replace(_json(body, status), headers=headers | {"Content-Type": "application/json"}, reason=reason)


def _json(body: Any, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json"}, compact(body).encode())


def _identity(request: RecordedRequest, dialect: Dialect) -> dict[str, str]:
    """Return the headers by which a service's answer is told from any other."""
    headers = {"x-request-id": str(uuid.uuid4())}
    if dialect.versions:
        headers |= {"apim-request-id": str(uuid.uuid4()), "x-ms-region": "Local"}
        if "x-ms-client-request-id" in request.headers:
            headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
    return headers


def _dialect(request: RecordedRequest, settings: Settings) -> Dialect:
    """Say what is spoken to this request: the dialect of its route, unless one was set."""
    family = find_family(request.path)
    dialect = DIALECTS[settings.dialect or family.dialect]
    if dialect.unknown == "ask" and request.param("api-version") < _THINKS_IN_A_MEMBER:
        return replace(dialect, reasoning="tags")
    return dialect


def _answer(request: RecordedRequest, settings: Settings, dialect: Dialect, speak: Speak) -> Response:
    route = find_route(request)
    check_access(
        request,
        keys=settings.keys,
        audiences=route.family.audiences,
        demand=dialect.key,
        serverless=route.family.name == "serverless",
    )
    if dialect.versions:
        check_version(request, route.family)
    if route.operation == "info":
        return _json(_info(request, settings))
    if route.operation == "models":
        return _json(_models(settings))
    model = _model(request, route, settings)
    if route.operation == "chat/completions":
        return _chat(request, route, dialect, model, speak)
    return _json(embed(request, dialect, model=model, images=route.operation == "images/embeddings"))


def _model(request: RecordedRequest, route: Route, settings: Settings) -> str:
    """Return the model that is asked for: by deployment, header or body.

    :raises ServiceError: 400 where none is named and one has to be, 400 or 404 for one that is not there.
    """
    header = request.headers.get("x-ms-model-mesh-model-name")
    named = route.deployment or header or as_text(as_object(request.body).get("model"))
    if not named and route.family.model_required:
        read_body(request)
        message = "Please provide a model name in the request body or as a x-ms-model-mesh-model-name header."
        raise ServiceError(400, "no_model_name", message, param="model")
    if settings.models is not None and named and named not in settings.models:
        if route.family.name in ("deployments", "v1", "project"):
            message = (
                "The API deployment for this resource does not exist. If you created the deployment within the last "
                "5 minutes, please wait a moment and try again."
            )
            raise ServiceError(404, "DeploymentNotFound", message)
        raise ServiceError(400, "unknown_model", f"Unknown model: {named}", param="model")
    return named or settings.model


def _info(request: RecordedRequest, settings: Settings) -> dict[str, Any]:
    asked = request.param("model")
    kind = "embeddings" if "embed" in asked.lower() else settings.model_type
    return {"model_name": asked or settings.model, "model_type": kind, "model_provider_name": "azure-ai-inference"}


def _models(settings: Settings) -> dict[str, Any]:
    names = settings.models or [settings.model]
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "azure-ai-inference"} for name in names]
    return {"object": "list", "data": data}


def _chat(request: RecordedRequest, route: Route, dialect: Dialect, model: str, speak: Speak) -> Response:
    body = check_chat(request, dialect, model)
    reply = speak(request, body) or default_reply(body, model=model)
    answer = finish(body, reply, dialect, model)
    if body.get("stream") is not True:
        return replace(_json(whole(answer, dialect)), usage=answer.usage)
    include = as_object(body.get("stream_options")).get("include_usage") is True
    headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    return Response(200, headers, events=_events(answer, dialect, include), usage=answer.usage)


def _events(answer: Answer, dialect: Dialect, include_usage: bool) -> Iterator[bytes]:
    for chunk in chunks(answer, dialect, include_usage=include_usage):
        yield b"data: " + compact(chunk).encode() + b"\n\n"
    yield dialect.done
