"""Decide what to call, and how, from the endpoint as the user pasted it. Pure: no I/O, no state, no environment.

`resolve` works in three steps, each a function on values:

1. `endpoint_url.parse` normalises the text and splits it; `_without_operation` removes a trailing `/chat/completions`.
2. `_service` finds the service and its cloud from the host, in the tables `_PLATFORMS` and `_SERVICES`.
3. `_route` finds the API from the path: the first matching row of `_ROUTES`.

The result is an `Endpoint`: a value that knows its URLs, api-version, scopes and key headers. An endpoint that matches
no row keeps the contract of azure-ai-inference 1.0.0b9, ``{endpoint}/chat/completions?api-version=2024-05-01-preview``,
unless its path ends in ``/v1``, which OpenAI-compatible servers answer without an api-version.

A secret inside an endpoint (user information, a query value, a key in the wrong place) never appears in an error
text, a notice or a repr.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .endpoint import MESSAGES_PATH, Api, Dialect, Endpoint, Kind, Service, key_headers, with_v1
from .endpoint_url import parse, shown

INFERENCE_VERSION = "2024-05-01-preview"
"""The default of azure-ai-inference 1.0.0b9, the only version that every Model Inference host is known to accept."""

AZURE_OPENAI_VERSION = "2024-10-21"
"""The newest generally available version for Azure OpenAI deployments; ``/openai/v1`` replaced dated versions."""

_DEFAULT_VERSIONS: dict[Dialect, str | None] = {
    "v1": None,
    "deployments": AZURE_OPENAI_VERSION,
    "inference": INFERENCE_VERSION,
    "messages": None,
}

# ---------------------------------------------------------------- the service: exact hosts, then host endings

_PLATFORMS: dict[str, Service] = {
    "models.inference.ai.azure.com": "github",
    "models.github.ai": "github",
    "api.openai.com": "platform",
    "eu.api.openai.com": "platform",
    "us.api.openai.com": "platform",
    "api.mistral.ai": "platform",
    "codestral.mistral.ai": "platform",
}

# APIs named by the end of a pasted path. The path itself may be the base of a Messages API.
_NAMED_APIS: tuple[tuple[tuple[str, ...], Api], ...] = (
    (("responses",), "responses"),
    (("v1", "messages"), "messages"),
    (("v1", "messages", "count_tokens"), "messages"),
    (("anthropic",), "messages"),
    (("anthropic", "v1"), "messages"),
)

# Without the top-level domain, which identifies the cloud: .com public, .us Government, .cn China.
_SERVICES: tuple[tuple[str, Service], ...] = (
    (".services.ai.azure", "resource"),
    (".openai.azure", "resource"),
    (".cognitiveservices.azure", "resource"),
    (".api.cognitive.microsoft", "resource"),
    (".models.ai.azure", "serverless"),
    (".inference.ai.azure", "serverless"),
    (".inference.ml.azure", "managed"),
)

_CLOUDS = {"com": "azure.com", "us": "azure.us", "cn": "azure.cn"}


# ---------------------------------------------------------------- the API, by service and path: the first match wins


class _Route(NamedTuple):
    """What to call for a pasted path."""

    service: Service | None
    """The service of the host; `None` matches any."""
    pattern: str
    """Segments to match: ``{}`` matches one name, a final ``*`` any rest, a leading ``*`` any beginning."""
    called: str | None
    """The path to call; `None` keeps the pasted one."""
    dialect: Dialect
    """The API at that path."""
    audience: str | None
    """The first label of the audience; `None` uses the service's own."""


_ROUTES: tuple[_Route, ...] = (
    _Route("resource", "openai/deployments/{}/*", "/openai/deployments/{}", "deployments", None),
    _Route("resource", "api/projects/{}/*", "/api/projects/{}/openai/v1", "v1", "ai"),
    _Route("resource", "anthropic/*", MESSAGES_PATH, "messages", "ai"),
    _Route("resource", "models/*", "/openai/v1", "v1", None),
    _Route("resource", "api/models/*", "/openai/v1", "v1", None),
    _Route("resource", "openai/*", "/openai/v1", "v1", None),
    _Route("resource", "", "/openai/v1", "v1", None),
    _Route("platform", "", "/v1", "v1", None),
    _Route(None, "*/v1", None, "v1", None),
    _Route(None, "*", None, "inference", None),
)

# Image embeddings of an Azure resource, and chat for callers who pass route="models".
_MODELS_ROUTE = _Route("resource", "*", "/models", "inference", None)

# Where an Azure resource serves the Messages API, whichever path was pasted.
_MESSAGES_ROUTE = _Route("resource", "*", MESSAGES_PATH, "messages", "ai")

_AUDIENCES: dict[Service, str] = {"resource": "cognitiveservices"}
_DEFAULT_AUDIENCE = "ml"

# Operations at the end of a pasted URL: anywhere, only below /v1, and only on the services' own hosts.
_OPERATIONS = (("chat", "completions"), ("images", "embeddings"), ("embeddings",), ("responses",))
_V1_OPERATIONS = (
    *(("images", "generations"), ("completions",), ("models",)),
    *(("messages", "count_tokens"), ("messages",)),
)
_SERVICE_OPERATIONS: dict[Service, tuple[tuple[str, ...], ...]] = {
    "resource": (("info",),),
    "serverless": (("info",),),
    "managed": (("info",), ("score",)),
}


def resolve(
    endpoint: str,
    kind: Kind = "chat",
    *,
    route: str | None = None,
    cloud: str | None = None,
    api: Api | None = None,
) -> Endpoint:
    """Decide what to call, and how, from an endpoint as it was pasted.

    :param endpoint: A URL with or without scheme, operation and query; also any object whose `str()` is one.
    :param kind: What the client does; an Azure resource serves image embeddings only at ``/models``.
    :keyword route: ``"models"`` calls an Azure resource by the retired Model Inference route; other hosts ignore it.
    :keyword cloud: The value of ``AZURE_CLOUD``, such as ``AzureUSGovernment``; determines the scope where the host
        does not identify the cloud. Any name other than China's or the Government's means the public cloud.
    :keyword api: The API that the client should use; without it, the one that the URL names, if any.
    :raises ValueError: If the text is not an endpoint, or `route` is unknown. Secrets in it are masked.
    """
    _check_route(route)
    root, host, names, query, version = parse(endpoint)
    service, domain = _service(host)
    segments = _without_operation(names, service)
    pasted = _named_api(names)
    _check_kind(kind, pasted, f"{root}{_path(names)}")
    wants_models = "models" if kind == "image_embeddings" else route
    stays = _has_only_messages(service, pasted)
    path, dialect, audience = _route(service, segments, wants_models == "models", pasted if stays else api or pasted)
    rewritten = path.casefold() != _path(segments).casefold()
    result = Endpoint(
        base_url=root + path,
        query=query,
        api_version=_DEFAULT_VERSIONS[dialect],
        scopes=(f"https://{audience or _audience(service)}.{domain or _cloud_domain(cloud)}/.default",),
        key_headers=key_headers(service, dialect),
        dialect=dialect,
        service=service,
        rewritten_from=root + _path(segments) if rewritten else None,
        api=pasted,
    )
    if stays and api is not None:
        result = result.for_api(api)
    return result.with_api_version(version) if version else result


def unusable(endpoint: str, refusal: str) -> Endpoint:
    """Return an endpoint that refuses to send. Tests build clients with such texts and send nothing.

    :param endpoint: The invalid text, such as ``"endpoint"``.
    :param refusal: What is wrong with it.
    """
    return Endpoint(
        base_url=shown(endpoint),
        query="",
        api_version=INFERENCE_VERSION,
        scopes=(f"https://{_DEFAULT_AUDIENCE}.{_cloud_domain(None)}/.default",),
        key_headers=key_headers("other", "inference"),
        dialect="inference",
        service="other",
        rewritten_from=None,
        refusal=refusal,
    )


# ---------------------------------------------------------------- which service, which API


def _service(host: str) -> tuple[Service, str | None]:
    """Return the service of a host, and the domain of its cloud if the host identifies it."""
    stem, _, top = host.rpartition(".")
    if host in _PLATFORMS:
        return _PLATFORMS[host], None
    if top in _CLOUDS:
        for ending, service in _SERVICES:
            if stem.endswith(ending):
                return service, _CLOUDS[top]
        if stem.endswith(".azure"):
            return "other", _CLOUDS[top]
    return "other", None


def _cloud_domain(cloud: str | None) -> str:
    name = (cloud or "").lower()
    return _CLOUDS["cn" if "china" in name else "us" if "gov" in name else "com"]


def _check_kind(kind: Kind, api: Api | None, url: str) -> None:
    if kind != "chat" and api == "messages":
        raise ValueError(f"{url} is Anthropic's Messages API, which does not serve embeddings.")


def _has_only_messages(service: Service, pasted: Api | None) -> bool:
    """Return whether a host is known only by the URL of its Messages API, so that no other API can be called there."""
    return pasted == "messages" and service != "resource"


def _audience(service: Service) -> str:
    return _AUDIENCES.get(service, _DEFAULT_AUDIENCE)


def _check_route(route: str | None) -> None:
    if route not in (None, "models"):
        raise ValueError(
            f'route={route!r} is unknown. Leave it out, or pass route="models" for an Azure resource\'s retired '
            "Model Inference route."
        )


def _route(
    service: Service, segments: Sequence[str], wants_models: bool, api: Api | None
) -> tuple[str, Dialect, str | None]:
    """Return the path to call, the API there, and the audience if the route has its own."""
    if api == "messages" and service != "resource":
        return with_v1(_path(segments)), "messages", None
    rows = (row for row in _ROUTES if row.service in (None, service))
    row, name = next((row, name) for row in rows if (name := _match(row.pattern, segments)) is not None)
    _, _, called, dialect, audience = _redirected(row, wants_models, api)
    return _path(segments) if called is None else called.replace("{}", name), dialect, audience


def _redirected(row: _Route, wants_models: bool, api: Api | None) -> _Route:
    """Return the row to use instead of the matched one when the caller asks for another API."""
    of_resource, dialect = row.service == "resource", row.dialect
    if api == "messages" and of_resource:
        return _MESSAGES_ROUTE
    if dialect == "messages" and api in ("chat", "responses"):
        return next(row for row in _ROUTES if (row.service, row.pattern) == ("resource", ""))
    return _MODELS_ROUTE if wants_models and of_resource and dialect == "v1" else row


def _path(segments: Sequence[str]) -> str:
    return "".join(f"/{segment}" for segment in segments)


def _match(pattern: str, segments: Sequence[str]) -> str | None:
    """Return the name at ``{}`` (an empty string if the pattern has none), or `None` if the path does not match."""
    if pattern.startswith("*"):
        ending = pattern[2:]
        return "" if not ending or (segments and segments[-1].casefold() == ending) else None
    wanted = pattern.split("/") if pattern else []
    if wanted[-1:] == ["*"]:
        wanted.pop()
        segments = segments[: len(wanted)]
    if len(wanted) != len(segments):
        return None
    names = dict(zip(wanted, segments, strict=True))
    if any(want not in ("{}", found.casefold()) for want, found in names.items()):
        return None
    return names.get("{}", "")


def _without_operation(segments: Sequence[str], service: Service) -> Sequence[str]:
    """Remove operations such as `/chat/completions` from the end, however often they were pasted."""
    first, lowered = _after_names(segments)
    end = len(lowered)
    while cut := _operation_length(lowered[first:end], service):
        end -= cut
    while end and not segments[end - 1]:  # what is left of two slashes in front of an operation
        end -= 1
    return segments[:end]


def _after_names(segments: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """Return where the meaningful words of a path begin, and the path in lower case.

    A deployment or a project may well be called "embeddings", so the segment after either word is a name.
    """
    lowered = tuple(segment.casefold() for segment in segments)
    return max(
        (i + 2 for i, segment in enumerate(lowered) if segment in ("deployments", "projects")), default=0
    ), lowered


def _named_api(segments: Sequence[str]) -> Api | None:
    """Return the API that a pasted path names, if any."""
    first, lowered = _after_names(segments)
    path = lowered[first:]
    return next((api for ending, api in _NAMED_APIS if path[-len(ending) :] == ending), None)


def _operation_length(lowered: tuple[str, ...], service: Service) -> int:
    """Return how many segments at the end form an operation."""
    operations = _OPERATIONS + _SERVICE_OPERATIONS.get(service, ())
    found = (len(operation) for operation in operations if lowered[-len(operation) :] == operation)
    below_v1 = (len(rest) for rest in _V1_OPERATIONS if lowered[-len(rest) - 1 :] == ("v1", *rest))
    return next(found, 0) or next(below_v1, 0)
