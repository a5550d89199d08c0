"""An endpoint: where requests go, and what they must and must not carry. `endpoint_routes` decides it.

A value: no I/O, no state, no environment.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

Kind = Literal["chat", "embeddings", "image_embeddings"]
Service = Literal["resource", "serverless", "managed", "platform", "github", "other"]
Dialect = Literal["v1", "deployments", "inference", "messages"]
Api = Literal["chat", "responses", "messages"]
"""Chat completions, OpenAI's Responses API, or Anthropic's Messages API."""

_DEPLOYMENTS = "/openai/deployments/"

MESSAGES_PATH = "/anthropic/v1"
"""Where an Azure resource serves the Messages API, whichever path was pasted."""

_KEY_HEADERS: dict[Service, tuple[str, ...]] = {
    "resource": ("api-key",),
    "serverless": ("Authorization",),
    "managed": ("Authorization",),
    "platform": ("Authorization",),
}
_BOTH_KEY_HEADERS = ("api-key", "Authorization")
_MESSAGES_KEY_HEADERS: dict[Service, tuple[str, ...]] = {"resource": ("x-api-key", "api-key")}


class Endpoint(NamedTuple):
    """A resolved endpoint: where requests go, and what they must and must not carry."""

    base_url: str
    """Scheme, host and path, normalised and percent-encoded, without query and trailing slash."""
    query: str
    """The query of the pasted URL, percent-encoded, without its api-version; empty if it had none."""
    api_version: str | None
    """Sent as ``api-version``; `None` sends none. The pasted one, or the default of the route."""
    scopes: tuple[str, ...]
    """The scopes of Entra ID tokens."""
    key_headers: tuple[str, ...]
    """The headers that carry an API key: ``Authorization`` as ``Bearer <key>``, others as the bare key."""
    dialect: Dialect
    """The API: OpenAI's ``v1``, Azure OpenAI ``deployments``, Azure AI Model ``inference``, or Messages."""
    service: Service
    """The service of the host; ``other`` for a local server, a gateway or a custom domain."""
    rewritten_from: str | None
    """The pasted URL (without operation and query) if a different path is called, else `None`."""
    refusal: str | None = None
    """Why nothing can be sent, if the text is not an endpoint; the other members are then those of the beta."""
    api: Api | None = None
    """The API that the pasted URL names, for example by ending in ``/responses``, else `None`."""

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r}, api_version={self.api_version!r}, scopes={self.scopes!r})"

    @property
    def extra_parameters(self) -> bool:
        """Whether the header ``extra-parameters`` is sent: Model Inference reads it, deployments ignore it."""
        return self.dialect in ("deployments", "inference")

    @property
    def model_required(self) -> bool:
        """Whether requests without `model` are refused: on v1 of Azure, OpenAI and Mistral, and by the Messages API."""
        return self.dialect == "messages" or (self.dialect == "v1" and self.service in ("resource", "platform"))

    @property
    def root(self) -> str:
        """Scheme and host, such as ``https://contoso.openai.azure.com``."""
        return "/".join(self.base_url.split("/", 3)[:3])

    @property
    def deployment(self) -> str | None:
        """The deployment named in the path, else `None`."""
        _, found, name = self.base_url.partition(_DEPLOYMENTS)
        return unquote(name) if found else None

    def uses_messages_api(self, model: object) -> bool:
        """Whether a model is one of Anthropic's on an Azure resource, which serves them only through the Messages API.

        :param model: The name of the model or of its deployment, which are the same unless the deployment was renamed.
        """
        on_resource = self.service == "resource" and self.dialect == "v1"
        return on_resource and isinstance(model, str) and model[:6].casefold() == "claude"

    @property
    def may_serve_responses(self) -> bool:
        """Whether a deployment that refuses chat completions may be reached by a known route of the Responses API."""
        return self.dialect == "v1" or self.deployment is not None

    def for_api(self, api: Api) -> "Endpoint":
        """Return the endpoint of another API, on the same host and with the same scopes.

        :param api: The API.
        :raises ValueError: If the pasted URL names a different API and the route of this one is unknown.
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
        base = f"{self.root}{MESSAGES_PATH}" if self.service == "resource" else with_v1(self.base_url)
        keys = key_headers(self.service, "messages")
        return self._replace(base_url=base, dialect="messages", api_version=None, key_headers=keys)

    def _not_speaking_messages(self, api: Api) -> "Endpoint":
        base = f"{self.root}/openai/v1" if self.service == "resource" else self.base_url
        if base.casefold().endswith(MESSAGES_PATH):
            raise ValueError(
                f"{base} is Anthropic's Messages API and has no route for api={api!r}. Leave api out, or pass the URL "
                "of the other API as the endpoint."
            )
        return self._replace(base_url=base, dialect="v1", key_headers=key_headers(self.service, "v1"))

    @property
    def notice(self) -> str | None:
        """One line for the log if the path that is called differs from the pasted one, else `None`."""
        if self.rewritten_from is None:
            return None
        said = f"The endpoint {self.rewritten_from} is called as {self.base_url}"
        if self.dialect == "v1" and "/models/" in f"{self.rewritten_from}/".casefold():
            return f'{said}: /models was retired on 2026-08-26. To keep it, build the client with route="models".'
        return f"{said}."

    def url(self, operation: str) -> str:
        """Return the full URL of an operation.

        :param operation: A path below `base_url`, such as ``chat/completions``; it may have a query (``info?model=m``).
        """
        path, _, own = operation.partition("?")
        version = f"api-version={quote(self.api_version, safe='')}" if self.api_version else ""
        query = "&".join(filter(None, (self.query, own, version)))
        return f"{self.base_url}/{path.lstrip('/')}" + (f"?{query}" if query else "")

    def absolute(self, url: str) -> str:
        """Return a URL unchanged, or joined to this endpoint if it is relative; ``{endpoint}`` in it means `base_url`.

        :param url: Such as ``responses`` or ``{endpoint}/responses``.
        """
        url = url.replace("{endpoint}", self.base_url)
        return url if "://" in url.partition("?")[0] else f"{self.base_url}/{url.lstrip('/')}"

    def with_api_version(self, api_version: str | None) -> "Endpoint":
        """Return this endpoint with the caller's api-version instead of the default.

        A dated version is dropped where the pasted route was rewritten to v1: it was meant for the old route, and v1
        refuses it.

        :param api_version: The version; `None` or an empty string sends none.
        """
        if self.dialect == "messages":
            return self
        if api_version and _is_dated(api_version) and self.rewritten_from is not None and self.dialect == "v1":
            return self
        return self._replace(api_version=api_version or None)

    def with_scopes(
        self, credential_scopes: str | Sequence[str] | None = None, audience: str | None = None
    ) -> "Endpoint":
        """Return this endpoint with the caller's scopes instead of the default.

        :param credential_scopes: One scope, or several; takes precedence over `audience`.
        :param audience: See `scopes_from_audience`.
        :raises ValueError: If a scope or the audience is empty; an empty list of scopes counts as not given.
        """
        scopes = (credential_scopes,) if isinstance(credential_scopes, str) else tuple(credential_scopes or ())
        if not scopes:
            return self if audience is None else self._replace(scopes=scopes_from_audience(audience))
        if not all(scopes):
            raise ValueError(
                f"credential_scopes={credential_scopes!r} names no scope. Pass one or more, such as "
                "'https://cognitiveservices.azure.com/.default', or leave it out for the endpoint's own."
            )
        return self._replace(scopes=scopes)


def scopes_from_audience(audience: str) -> tuple[str, ...]:
    """Return the scopes for tokens of an audience.

    :param audience: An audience such as ``https://ai.azure.com``, ``ai.azure.com`` or ``api://<id>``, or a scope.
    :raises ValueError: If it is empty.
    """
    resource = audience.strip().removesuffix("/.default").rstrip("/")
    if not resource:
        raise ValueError(f"audience={audience!r} is empty. Pass one such as 'https://cognitiveservices.azure.com'.")
    if "://" not in resource and "." in resource:
        resource = f"https://{resource}"
    return (f"{resource}/.default",)


def key_headers(service: Service, dialect: Dialect) -> tuple[str, ...]:
    """Return the headers in which a service reads a key.

    :param service: The service.
    :param dialect: The API.
    """
    if dialect == "messages":
        return _MESSAGES_KEY_HEADERS.get(service, ("x-api-key",))
    return _KEY_HEADERS.get(service, _BOTH_KEY_HEADERS)


def with_v1(path: str) -> str:
    """Return a path that ends in ``/v1``.

    :param path: A path, or a URL without query.
    """
    return path if path.casefold().endswith("/v1") else f"{path}/v1"


def _is_dated(api_version: str) -> bool:
    return api_version[:1].isdigit()
