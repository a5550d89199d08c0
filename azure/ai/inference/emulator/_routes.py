"""The routes: which service a path belongs to, and which query parameters it requires.

The prefix decides: a serverless endpoint serves the root, a Foundry resource ``/models``, Azure OpenAI its
deployments and ``/openai/v1``, a project ``/api/projects/P/openai/v1``, and any OpenAI-compatible server ``/v1``.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from ._request import RecordedRequest
from ._service_error import ServiceError

_VERSIONS: Final = frozenset(
    {
        "2024-04-01-preview",
        "2024-05-01-preview",
        "2025-02-01-preview",
        "2025-04-01",
        "2025-05-01-preview",
        "2025-05-01",
        "2025-05-15-preview",
    }
)
"""The api-versions of the model inference API."""
_DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?$")
_OPERATION: Final = (
    r"(?:(?P<operation>chat/completions|images/embeddings|embeddings|info|models|messages|messages/count_tokens|"
    r"responses|responses/input_tokens)|responses/(?P<answer>(?!compact$)[^/]+)(?P<about>/input_items|/cancel)?|models/(?P<name>.+))"
)


@dataclass(frozen=True)
class Family:
    """The routes under one prefix.

    :param name: For messages.
    :param template: The prefix, with names in braces.
    :param dialect: The dialect used there by default.
    :keyword version: ``known`` (one of the model inference API's), ``dated`` (any well-formed one), ``refused`` (no
        dated one), or ``any``.
    :keyword operations: The operations served there.
    :keyword model_required: Whether the body must name a model.
    :keyword audiences: The audiences of accepted Entra tokens.
    """

    name: str
    template: str
    dialect: str
    version: Literal["known", "dated", "refused", "any"]
    operations: tuple[str, ...]
    model_required: bool = False
    audiences: tuple[str, ...] = ()


_NOT_FOUND: Final = "Resource not found"
_ML: Final = "https://ml.azure.com"
_COGNITIVE: Final = "https://cognitiveservices.azure.com"
_FOUNDRY: Final = "https://ai.azure.com"
_ALL_AUDIENCES: Final = (_COGNITIVE, _FOUNDRY, _ML)

_CHAT: Final = ("chat/completions", "embeddings")
_ALL: Final = (*_CHAT, "images/embeddings", "info")
STORED: Final = ("responses/{response_id}", "responses/{response_id}/input_items", "responses/{response_id}/cancel")
"""The operations on a stored response."""
_RESPONSES: Final = ("responses", "responses/input_tokens", *STORED)
_OPENAI: Final = (*_CHAT, *_RESPONSES, "models")
_MESSAGES: Final = ("messages", "messages/count_tokens")

FAMILIES: Final = (
    Family("project", "/api/projects/{project}/openai/v1", "azure-openai", "refused", _OPENAI, True, (_FOUNDRY,)),
    Family(
        "deployments", "/openai/deployments/{deployment}", "azure-openai", "dated", _CHAT, False, (_COGNITIVE, _FOUNDRY)
    ),
    Family("v1", "/openai/v1", "azure-openai", "refused", _OPENAI, True, (_FOUNDRY, _COGNITIVE)),
    Family("openai", "/openai", "azure-openai", "dated", (*_RESPONSES, "models"), True, (_COGNITIVE, _FOUNDRY)),
    Family("anthropic", "/anthropic/v1", "azure-openai", "any", _MESSAGES, True, (_FOUNDRY, _COGNITIVE)),
    Family("models", "/models", "model-inference", "known", _ALL, True, (_COGNITIVE, _FOUNDRY)),
    Family("github", "/inference", "model-inference", "any", _CHAT, True, _ALL_AUDIENCES),
    # Where Mistral's npm client expects a model on Azure.
    Family("v1-models", "/v1/models", "openai", "any", ("chat/completions",), False, _ALL_AUDIENCES),
    Family("local", "/v1", "openai", "any", (*_OPENAI, *_MESSAGES, "images/embeddings"), False, _ALL_AUDIENCES),
    Family("serverless", "", "serverless", "dated", _ALL, False, (_ML, _COGNITIVE)),
)
"""Every family; the root's comes last, since it is a prefix of all."""


def _pattern(family: Family, ending: str) -> re.Pattern[str]:
    prefix = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", family.template)
    return re.compile(prefix + ending)


_PATHS: Final = tuple((family, _pattern(family, f"/{_OPERATION}$")) for family in FAMILIES)
_PREFIXES: Final = tuple((family, _pattern(family, "(/|$)")) for family in FAMILIES)


@dataclass(frozen=True)
class Route:
    """The operation of a path."""

    family: Family
    operation: str
    deployment: str | None = None
    model: str | None = None
    """The model in ``GET models/NAME``."""
    answer: str | None = None
    """The id in a path below ``responses/``."""


def find_family(path: str) -> Family:
    """Return the family whose prefix begins ``path``, else the root's."""
    return next((family for family, pattern in _PREFIXES if pattern.match(path)), FAMILIES[-1])


def find_route(request: RecordedRequest) -> Route:
    """Return the route of a request.

    :raises ServiceError: 404 for a path that the service lacks, 405 for a method that the path does not support.
    """
    for family, pattern in _PATHS:
        match = pattern.match(request.path)
        operation = _operation(match)
        if match and operation in family.operations:
            wanted = methods(operation)
            if request.method not in wanted:
                message = f"{request.method} is not allowed on {request.path}; use {wanted[0]}."
                raise ServiceError(
                    405, "MethodNotAllowed", message, kind="method", headers={"Allow": ", ".join(wanted)}
                )
            return Route(family, operation, match.groupdict().get("deployment"), match["name"], match["answer"])
    family = find_family(request.path)
    raise api_not_supported() if family.name == "anthropic" else _unknown_route(request, family)


def methods(operation: str) -> tuple[str, ...]:
    """Return the methods that an operation supports."""
    if operation == STORED[0]:
        return ("GET", "HEAD", "DELETE")
    return ("GET", "HEAD") if operation in ("info", "models", STORED[1]) else ("POST",)


def _operation(match: re.Match[str] | None) -> str:
    """Return the operation of a path, as families list it; empty if there is none."""
    if match is None:
        return ""
    if match["answer"]:
        return STORED[0] + (match["about"] or "")
    return match["operation"] or "models"


def _unknown_route(request: RecordedRequest, family: Family) -> ServiceError:
    """Return the refusal of a path that no service has, listing those that exist."""
    routes = ", ".join(f"{family.template}/{operation}" for operation in family.operations)
    message = (
        f"{_NOT_FOUND}. The emulator has {routes}, the rest of /openapi.json, and any path with a scripted reply: "
        f"reply(..., path={request.path!r})."
    )
    return ServiceError(404, "404", message, kind="route", value=f"{request.method} {request.path}")


def not_found() -> ServiceError:
    """Return a gateway's error for an unknown route."""
    return ServiceError(404, "404", _NOT_FOUND, kind="route")


def api_not_supported() -> ServiceError:
    """Return a Foundry resource's error for an API that it, or the model, does not support."""
    return ServiceError(404, "api_not_supported", "Requested API is currently not supported", kind="api")


def check_version(request: RecordedRequest, family: Family) -> None:
    """Check a query's ``api-version`` by the rules of the family.

    :raises ServiceError: 400 or 404, like the services.
    """
    version = request.param("api-version")
    if family.version == "refused" and _DATED.match(version):
        raise ServiceError(400, "BadRequest", "api-version query parameter is not allowed when using /v1 path")
    if family.version not in ("known", "dated"):
        return
    if not version:
        if family.name == "deployments":
            raise not_found()
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ServiceError(400, "MissingApiVersionParameter", message, param="api-version")
    if not _DATED.match(version) or (family.version == "known" and version not in _VERSIONS):
        raise not_found()
