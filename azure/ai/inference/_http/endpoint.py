"""What is called, and how, decided from the endpoint as the user pasted it. Pure: no I/O, no state, no environment.

`resolve` works in three steps, each a function on values:

1. `endpoint_url.parse` normalises the text and splits it; `_without_operation` cuts a `/chat/completions` from its end.
2. `_service` tells from the host whose endpoint it is, and in which cloud; `_PLATFORMS` and `_SERVICES` are the rows.
3. `_route` tells from the path which API answers there; `_ROUTES` are the rows, read from the top.

The result is an `Endpoint`: a value that knows its URLs, api-version, scopes and key headers. Everything that no row
knows keeps the contract of azure-ai-inference 1.0.0b9, ``{endpoint}/chat/completions?api-version=2024-05-01-preview``,
unless its path ends in ``/v1``, which OpenAI-compatible servers answer without an api-version.

A secret inside an endpoint (user information, a query value, a key given in the wrong place) never appears in an
error's text, in a notice or in a repr.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

from .endpoint_url import parse, shown

Kind = Literal["chat", "embeddings", "image_embeddings"]
Service = Literal["resource", "serverless", "managed", "platform", "github", "other"]
Dialect = Literal["v1", "deployments", "inference", "messages"]
Api = Literal["chat", "responses", "messages"]
"""Chat completions, OpenAI's Responses API, or Anthropic's Messages API."""

INFERENCE_VERSION = "2024-05-01-preview"
"""The default of azure-ai-inference 1.0.0b9; the one version that every Model Inference host is known to accept."""

AZURE_OPENAI_VERSION = "2024-10-21"
"""The newest generally available version of Azure OpenAI deployments; ``/openai/v1`` ended that line of versions."""

_DEFAULT_VERSIONS: dict[Dialect, str | None] = {
    "v1": None,
    "deployments": AZURE_OPENAI_VERSION,
    "inference": INFERENCE_VERSION,
    "messages": None,
}

# ---------------------------------------------------------------- whose endpoint: exact hosts, then host endings

_PLATFORMS: dict[str, Service] = {
    "models.inference.ai.azure.com": "github",
    "models.github.ai": "github",
    "api.openai.com": "platform",
    "eu.api.openai.com": "platform",
    "us.api.openai.com": "platform",
    "api.mistral.ai": "platform",
    "codestral.mistral.ai": "platform",
}

# What a pasted path says of the API when it ends so; the path itself may be the base of a Messages API.
_NAMED_APIS: tuple[tuple[tuple[str, ...], Api], ...] = (
    (("responses",), "responses"),
    (("v1", "messages"), "messages"),
    (("v1", "messages", "count_tokens"), "messages"),
    (("anthropic",), "messages"),
    (("anthropic", "v1"), "messages"),
)
_DEPLOYMENTS = "/openai/deployments/"

# Without the top-level domain, which tells the cloud: .com public, .us Government, .cn China.
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


# ---------------------------------------------------------------- which API: host's service and path, first match wins


class _Route(NamedTuple):
    """What is called for a path that was pasted."""

    service: Service | None
    """Whose host; `None` for any."""
    pattern: str
    """Segments to match: ``{}`` is any one name, a final ``*`` any rest, a first ``*`` any beginning."""
    called: str | None
    """The path to call; `None` for the pasted one."""
    dialect: Dialect
    """The API that answers there."""
    audience: str | None
    """The first label of the audience; `None` for the service's own."""


_ROUTES: tuple[_Route, ...] = (
    _Route("resource", "openai/deployments/{}/*", "/openai/deployments/{}", "deployments", None),
    _Route("resource", "api/projects/{}/*", "/api/projects/{}/openai/v1", "v1", "ai"),
    _Route("resource", "anthropic/*", "/anthropic/v1", "messages", "ai"),
    _Route("resource", "models/*", "/openai/v1", "v1", None),
    _Route("resource", "api/models/*", "/openai/v1", "v1", None),
    _Route("resource", "openai/*", "/openai/v1", "v1", None),
    _Route("resource", "", "/openai/v1", "v1", None),
    _Route("platform", "", "/v1", "v1", None),
    _Route(None, "*/v1", None, "v1", None),
    _Route(None, "*", None, "inference", None),
)

# Image embeddings of an Azure resource, and chat for who asks for it with route="models".
_MODELS_ROUTE = _Route("resource", "*", "/models", "inference", None)

# Where an Azure resource serves the Messages API, whatever path was pasted.
_MESSAGES_ROUTE = _Route("resource", "*", "/anthropic/v1", "messages", "ai")

_AUDIENCES: dict[Service, str] = {"resource": "cognitiveservices"}
_DEFAULT_AUDIENCE = "ml"

_KEY_HEADERS: dict[Service, tuple[str, ...]] = {
    "resource": ("api-key",),
    "serverless": ("Authorization",),
    "managed": ("Authorization",),
    "platform": ("Authorization",),
}
_BOTH_KEY_HEADERS = ("api-key", "Authorization")
_MESSAGES_KEY_HEADERS: dict[Service, tuple[str, ...]] = {"resource": ("x-api-key", "api-key")}

# Operations that end a pasted URL: anywhere, only below /v1, and only on a service's own hosts.
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


class Endpoint(NamedTuple):
    """An endpoint that is understood: where requests go, and what they must and must not carry."""

    base_url: str
    """Scheme, host and path, normalised and percent-encoded, without query and final slash."""
    query: str
    """The pasted URL's own query, percent-encoded, without its api-version; empty if there was none."""
    api_version: str | None
    """Sent as ``api-version``; `None` sends none. A pasted one, else the default of the route."""
    scopes: tuple[str, ...]
    """What an Entra ID token is asked for."""
    key_headers: tuple[str, ...]
    """The headers that carry an API key: ``Authorization`` as ``Bearer <key>``, others as it is."""
    dialect: Dialect
    """What answers: OpenAI's ``v1``, Azure OpenAI ``deployments``, Azure AI Model ``inference``, or Messages."""
    service: Service
    """Whose host it is; ``other`` for a local server, a gateway, a domain of one's own."""
    rewritten_from: str | None
    """The pasted URL (without operation and query) if another path is called than that, else `None`."""
    refusal: str | None = None
    """Why nothing can be sent, if the text is no endpoint; its other members are then those of the beta."""
    api: Api | None = None
    """The API that the pasted URL names, such as by its end ``/responses``, else `None`."""

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r}, api_version={self.api_version!r}, scopes={self.scopes!r})"

    @property
    def extra_parameters(self) -> bool:
        """Whether the header ``extra-parameters`` is sent: Model Inference reads it, deployments ignore it."""
        return self.dialect in ("deployments", "inference")

    @property
    def model_required(self) -> bool:
        """Whether a request without `model` is sure to be refused: on v1 of Azure, OpenAI and Mistral, by Messages."""
        return self.dialect == "messages" or (self.dialect == "v1" and self.service in ("resource", "platform"))

    @property
    def root(self) -> str:
        """Scheme and host alone, such as ``https://contoso.openai.azure.com``."""
        return "/".join(self.base_url.split("/", 3)[:3])

    @property
    def deployment(self) -> str | None:
        """The deployment that the path names, else `None`."""
        _, found, name = self.base_url.partition(_DEPLOYMENTS)
        return unquote(name) if found else None

    def serves_by_messages(self, model: object) -> bool:
        """Whether a model is one of Anthropic's on an Azure resource, which serves them by the Messages API alone.

        :param model: the model's name, or the deployment's, which has that name unless it was given another.
        """
        on_resource = self.service == "resource" and self.dialect == "v1"
        return on_resource and isinstance(model, str) and model[:6].casefold() == "claude"

    @property
    def may_serve_responses(self) -> bool:
        """Whether a deployment that refuses chat completions may answer at a known route of the Responses API."""
        return self.dialect == "v1" or self.deployment is not None

    def speaking(self, api: Api) -> "Endpoint":
        """Return where an API is called, on the same host and with the same scopes.

        :param api: the API.
        :raises ValueError: if it is another than that of the pasted URL, and nobody knows where it would be.
        """
        if api == "messages":
            return self if self.dialect == "messages" else self._speaking_messages()
        if self.dialect == "messages":
            return self._not_speaking_messages(api)
        if api == "chat":
            return self
        base = self.base_url
        if self.deployment is not None:
            base = f"{base.partition(_DEPLOYMENTS)[0]}/openai/v1"
        elif self.service == "resource" and self.dialect == "inference":
            base = f"{self.root}/openai/v1"
        if base == self.base_url:
            return self
        return self._replace(base_url=base, dialect="v1", api_version=None, rewritten_from=self.base_url)

    def _speaking_messages(self) -> "Endpoint":
        base = f"{self.root}{_MESSAGES_ROUTE.called}" if self.service == "resource" else _with_v1(self.base_url)
        keys = _MESSAGES_KEY_HEADERS.get(self.service, ("x-api-key",))
        return self._replace(base_url=base, dialect="messages", api_version=None, key_headers=keys)

    def _not_speaking_messages(self, api: Api) -> "Endpoint":
        base = f"{self.root}/openai/v1" if self.service == "resource" else self.base_url
        if base.casefold().endswith("/anthropic/v1"):
            raise ValueError(
                f"{base} is Anthropic's Messages API, so api={api!r} has no route there: leave api out, or give the "
                "URL of the other API as the endpoint."
            )
        return self._replace(base_url=base, dialect="v1", key_headers=_KEY_HEADERS.get(self.service, _BOTH_KEY_HEADERS))

    @property
    def notice(self) -> str | None:
        """One line for the log if another path is called than the pasted one, else `None`."""
        if self.rewritten_from is None:
            return None
        said = f"The endpoint {self.rewritten_from} is called as {self.base_url}"
        if self.dialect == "v1" and "/models/" in f"{self.rewritten_from}/".casefold():
            return f'{said}: /models was retired on 2026-08-26. To keep it, build the client with route="models".'
        return f"{said}."

    def url(self, operation: str) -> str:
        """Return the full URL of an operation.

        :param operation: a path below `base_url`, such as ``chat/completions``; it may have a query (``info?model=m``).
        """
        path, _, own = operation.partition("?")
        version = f"api-version={quote(self.api_version, safe='')}" if self.api_version else ""
        query = "&".join(filter(None, (self.query, own, version)))
        return f"{self.base_url}/{path.lstrip('/')}" + (f"?{query}" if query else "")

    def absolute(self, url: str) -> str:
        """Return a URL as it is, or below this endpoint if it is relative; ``{endpoint}`` in it stands for `base_url`.

        :param url: such as ``responses`` or ``{endpoint}/responses``.
        """
        url = url.replace("{endpoint}", self.base_url)
        return url if "://" in url.partition("?")[0] else f"{self.base_url}/{url.lstrip('/')}"

    def with_api_version(self, api_version: str | None) -> "Endpoint":
        """Return this endpoint with the caller's api-version in place of the default.

        A dated version is left out where the pasted route was rewritten to v1: it was meant for the route that is
        called no more, and v1 refuses it.

        :param api_version: the version; `None` or an empty text sends none.
        """
        if self.dialect == "messages":
            return self
        if api_version and _is_dated(api_version) and self.rewritten_from is not None and self.dialect == "v1":
            return self
        return self._replace(api_version=api_version or None)

    def with_scopes(
        self, credential_scopes: str | Sequence[str] | None = None, audience: str | None = None
    ) -> "Endpoint":
        """Return this endpoint with the caller's scopes in place of the default.

        :param credential_scopes: one scope, or several; it wins over `audience`.
        :param audience: see `scopes_from_audience`.
        :raises ValueError: if one of them is given but empty; an empty list of scopes counts as not given.
        """
        scopes = (credential_scopes,) if isinstance(credential_scopes, str) else tuple(credential_scopes or ())
        if not scopes:
            return self if audience is None else self._replace(scopes=scopes_from_audience(audience))
        if not all(scopes):
            raise ValueError(
                f"credential_scopes={credential_scopes!r} names no scope. Give one or more, such as "
                "'https://cognitiveservices.azure.com/.default', or leave it out for the endpoint's own."
            )
        return self._replace(scopes=scopes)


def resolve(
    endpoint: str,
    kind: Kind = "chat",
    *,
    route: str | None = None,
    cloud: str | None = None,
    api: Api | None = None,
) -> Endpoint:
    """Decide from an endpoint as pasted what is called, and how.

    :param endpoint: a URL with or without scheme, operation and query; also any object whose `str()` is one.
    :param kind: what the client does; image embeddings are served by ``/models`` alone on an Azure resource.
    :keyword route: ``"models"`` calls an Azure resource by the retired Model Inference route; no effect on other hosts.
    :keyword cloud: the value of ``AZURE_CLOUD``, such as ``AzureUSGovernment``; decides the scope where the host does
        not tell the cloud. A name that is neither China's nor the Government's stands for the public cloud.
    :keyword api: the API that the client shall speak, where the caller says so; else the URL may.
    :raises ValueError: if the endpoint cannot be one, or `route` is unknown. Secrets in it are masked.
    """
    _check_route(route)
    root, host, names, query, version = parse(endpoint)
    service, domain = _service(host)
    segments = _without_operation(names, service)
    pasted = _named_api(names)
    if kind != "chat":
        _check_has_embeddings(pasted, f"{root}{_path(names)}")
    wants_models = "models" if kind == "image_embeddings" else route
    stays = _has_only_messages(service, pasted)
    path, dialect, audience = _route(service, segments, wants_models == "models", pasted if stays else api or pasted)
    rewritten = path.casefold() != _path(segments).casefold()
    result = Endpoint(
        base_url=root + path,
        query=query,
        api_version=_DEFAULT_VERSIONS[dialect],
        scopes=(f"https://{audience or _audience(service)}.{domain or _cloud_domain(cloud)}/.default",),
        key_headers=_key_headers(service, dialect),
        dialect=dialect,
        service=service,
        rewritten_from=root + _path(segments) if rewritten else None,
        api=pasted,
    )
    if stays and api is not None:
        result = result.speaking(api)
    return result.with_api_version(version) if version else result


def unusable(endpoint: str, refusal: str) -> Endpoint:
    """Return an endpoint from a text that cannot be one. A client may be built with it, as tests do, and send nothing.

    :param endpoint: The text, such as ``"endpoint"``.
    :param refusal: What is wrong with it.
    """
    return Endpoint(
        base_url=shown(endpoint),
        query="",
        api_version=INFERENCE_VERSION,
        scopes=(f"https://{_DEFAULT_AUDIENCE}.{_cloud_domain(None)}/.default",),
        key_headers=_BOTH_KEY_HEADERS,
        dialect="inference",
        service="other",
        rewritten_from=None,
        refusal=refusal,
    )


def scopes_from_audience(audience: str) -> tuple[str, ...]:
    """Return the scopes that ask for a token of an audience.

    :param audience: such as ``https://ai.azure.com``, ``ai.azure.com``, ``api://<id>``, or already a scope.
    :raises ValueError: if it is empty.
    """
    resource = audience.strip().removesuffix("/.default").rstrip("/")
    if not resource:
        raise ValueError(f"audience={audience!r} is empty. Give one such as 'https://cognitiveservices.azure.com'.")
    if "://" not in resource and "." in resource:
        resource = f"https://{resource}"
    return (f"{resource}/.default",)


# ---------------------------------------------------------------- whose endpoint, which API


def _service(host: str) -> tuple[Service, str | None]:
    """Return whose host it is, and its cloud's domain where the host tells it."""
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


def _is_dated(api_version: str) -> bool:
    return api_version[:1].isdigit()


def _cloud_domain(cloud: str | None) -> str:
    name = (cloud or "").lower()
    return _CLOUDS["cn" if "china" in name else "us" if "gov" in name else "com"]


def _check_has_embeddings(api: Api | None, url: str) -> None:
    if api == "messages":
        raise ValueError(f"{url} is Anthropic's Messages API, which has no embeddings.")


def _has_only_messages(service: Service, pasted: Api | None) -> bool:
    """Return whether a host is known by a URL of the Messages API alone, so that no other can be called there."""
    return pasted == "messages" and service != "resource"


def _audience(service: Service) -> str:
    return _AUDIENCES.get(service, _DEFAULT_AUDIENCE)


def _check_route(route: str | None) -> None:
    if route not in (None, "models"):
        raise ValueError(
            f'route={route!r} is unknown. Leave it out, or give route="models" for an Azure resource\'s retired '
            "Model Inference route."
        )


def _key_headers(service: Service, dialect: Dialect) -> tuple[str, ...]:
    if dialect == "messages":
        return _MESSAGES_KEY_HEADERS.get(service, ("x-api-key",))
    return _KEY_HEADERS.get(service, _BOTH_KEY_HEADERS)


def _route(
    service: Service, segments: Sequence[str], wants_models: bool, api: Api | None
) -> tuple[str, Dialect, str | None]:
    """Return the path to call, the API that answers there, and the audience if the route has its own."""
    if api == "messages" and service != "resource":
        return _with_v1(_path(segments)), "messages", None
    rows = (row for row in _ROUTES if row.service in (None, service))
    row, name = next((row, name) for row in rows if (name := _match(row.pattern, segments)) is not None)
    _, _, called, dialect, audience = _redirected(row, wants_models, api)
    return _path(segments) if called is None else called.replace("{}", name), dialect, audience


def _redirected(row: _Route, wants_models: bool, api: Api | None) -> _Route:
    """Return the row to use in place of the one that the path names, where the caller wants another API."""
    of_resource, dialect = row.service == "resource", row.dialect
    if api == "messages" and of_resource:
        return _MESSAGES_ROUTE
    if dialect == "messages" and api in ("chat", "responses"):
        return next(row for row in _ROUTES if (row.service, row.pattern) == ("resource", ""))
    return _MODELS_ROUTE if wants_models and of_resource and dialect == "v1" else row


def _with_v1(path: str) -> str:
    return path if path.casefold().endswith("/v1") else f"{path}/v1"


def _path(segments: Sequence[str]) -> str:
    return "".join(f"/{segment}" for segment in segments)


def _match(pattern: str, segments: Sequence[str]) -> str | None:
    """Return the name that stands at ``{}`` (or an empty text if there is none), or `None` if the path does not fit."""
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
    """Cut what is not the base: `/chat/completions` and its like, as often as they were pasted."""
    first, lowered = _after_names(segments)
    end = len(lowered)
    while cut := _operation_length(lowered[first:end], service):
        end -= cut
    return segments[:end]


def _after_names(segments: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """Return where words begin that may mean something, and the path in lower case.

    A deployment or a project may well be called "embeddings": what follows these two words is a name.
    """
    lowered = tuple(segment.casefold() for segment in segments)
    return max(
        (i + 2 for i, segment in enumerate(lowered) if segment in ("deployments", "projects")), default=0
    ), lowered


def _named_api(segments: Sequence[str]) -> Api | None:
    """Return the API that a pasted path names."""
    first, lowered = _after_names(segments)
    path = lowered[first:]
    return next((api for ending, api in _NAMED_APIS if path[-len(ending) :] == ending), None)


def _operation_length(lowered: tuple[str, ...], service: Service) -> int:
    """Return how many segments at the end are an operation."""
    operations = _OPERATIONS + _SERVICE_OPERATIONS.get(service, ())
    found = (len(operation) for operation in operations if lowered[-len(operation) :] == operation)
    below_v1 = (len(rest) for rest in _V1_OPERATIONS if lowered[-len(rest) - 1 :] == ("v1", *rest))
    return next(found, 0) or next(below_v1, 0)
