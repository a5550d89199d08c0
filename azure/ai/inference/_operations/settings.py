"""What a client is made of: its endpoint, its default settings and its credential, checked once when it is built."""

import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from azure.core.credentials import AzureKeyCredential, TokenCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ServiceResponseTimeoutError

from .._http.credentials import given_headers
from .options import ClientOptions, names, unknown_keyword

if TYPE_CHECKING:
    from .._http.endpoint import Api, Endpoint, Kind

logger = logging.getLogger("azure.ai.inference")


Credential = Union[str, AzureKeyCredential, TokenCredential, Callable[[], str]]
AsyncCredential = Union[
    str, AzureKeyCredential, TokenCredential, AsyncTokenCredential, Callable[[], str | Awaitable[str]]
]

_CLIENT_OPTIONS = names(ClientOptions)
_CUSTOM_PIPELINE = ("transport", "policies", "per_call_policies", "per_retry_policies")


class Configuration:
    """What a client keeps of its constructor's arguments, under the names that dependants read.

    :param endpoint: The endpoint as it was given.
    :param credential: The credential.
    :param settings: The client's.
    """

    def __init__(self, endpoint: str, credential: Any, settings: "Settings") -> None:
        self.endpoint = endpoint
        self.credential = credential
        self.api_version = settings.endpoint.api_version
        self.credential_scopes = list(settings.endpoint.scopes)


class Settings(NamedTuple):
    """How a client sends: where to, with which defaults."""

    client: str
    """Name of the client's class, for messages."""
    endpoint: "Endpoint"
    known: tuple[str, ...]
    """Names of the model's settings, in the order in which a request has them."""
    defaults: Mapping[str, Any]
    """Default settings of the model."""
    custom_pipeline: bool
    """Whether policies or a transport of the user's may know keywords that nobody else does."""
    model_in_headers: bool
    """Whether the headers of every request name a model, or may do so."""
    models: dict[str, Any]
    """What is known of models, by name, as `_operations.api_choice.Known`: learned from refusals, and shared by all
    clients that `with_defaults` makes of one."""

    def with_defaults(self, changes: Mapping[str, Any]) -> "Settings":
        """Change defaults; `None` removes one.

        :param changes: Settings by name.
        :raises TypeError: There is no such setting.
        """
        for name in changes:
            if name not in self.known:
                raise unknown_keyword(f"{self.client}.with_defaults()", name, self.known)
        defaults = {name: value for name, value in {**self.defaults, **changes}.items() if value is not None}
        return self._replace(defaults=defaults)


def make_settings(
    client: str, endpoint: Any, kind: "Kind", known: tuple[str, ...], options: Mapping[str, Any]
) -> Settings:
    """Check a constructor's arguments, before anything is sent.

    :param client: Name of the client's class.
    :param endpoint: The endpoint as it was given.
    :param kind: What the client is for.
    :param known: The names of its settings.
    :param options: The constructor's keyword arguments.
    :raises ValueError: The endpoint is `None`, empty, or no text and no URL either. Any other text is let through, for
        tests build clients with dummies such as "endpoint"; `Endpoint.refusal` is raised when something is to be sent.
    :raises TypeError: A keyword is misspelt. One that resembles none is ignored with a warning, as it always was.
    """
    if endpoint is None:
        raise ValueError("Parameter 'endpoint' must not be None.")
    resolved = _resolve_endpoint(endpoint, kind, options)
    if resolved.notice:
        logger.info("%s", resolved.notice)
    _check_keywords(client, known, options)
    check_timeout(options.get("timeout"))
    defaults = {name: options[name] for name in known if options.get(name) is not None}
    custom = any(options.get(name) for name in _CUSTOM_PIPELINE)
    in_headers = options.get("headers_policy") is not None or names_model(given_headers(options.get("headers")))
    return Settings(client, resolved, known, defaults, custom, in_headers, {})


def api_of(option: Any) -> "Api | None":
    """Check the option `api`.

    :param option: Its value.
    :return: The API, `None` for "auto" and where nothing is said.
    :raises ValueError: The value is unknown.
    """
    if option is None or option == "auto":
        return None
    api = _APIS.get(str(option))
    if api is None:
        raise ValueError(f"api={option!r} is unknown. Choose 'auto', 'chat', 'responses' or 'messages'.")
    return api


_APIS: "Mapping[str, Api]" = {"chat": "chat", "responses": "responses", "messages": "messages"}


def _resolve_endpoint(endpoint: Any, kind: "Kind", options: Mapping[str, Any]) -> "Endpoint":
    from .._http.endpoint import resolve, unusable  # only now: importing the package parses no URL
    from .._http.endpoint_url import EndpointError

    api = api_of(options.get("api")) if kind == "chat" else None
    try:
        resolved = resolve(endpoint, kind, route=options.get("route"), cloud=os.environ.get("AZURE_CLOUD"), api=api)
    except EndpointError as error:
        if not isinstance(endpoint, str):
            raise
        resolved = unusable(endpoint, str(error))
    if "api_version" in options:
        resolved = resolved.with_api_version(options["api_version"])
    return resolved.with_scopes(options.get("credential_scopes"), options.get("audience"))


def names_model(headers: Mapping[str, str] | None) -> bool:
    """Whether headers name the model, for gateways that choose it before they read the body.

    :param headers: Headers of a client or of a call.
    """
    return any(name.lower() == "x-ms-model-mesh-model-name" for name in headers or ())


class NoTimeError(ServiceResponseTimeoutError, ValueError):
    """A timeout of 0: a mistake, or what is left to a program that counts down; so it is an error of both kinds."""


def check_timeout(timeout: Any) -> None:
    """Check the timeout of a client or of a call.

    :param timeout: Seconds, or `None`.
    :raises TypeError: It is not a number.
    :raises NoTimeError: It is not above 0.
    """
    if timeout is None or hasattr(timeout, "deadline"):  # The second is what a call that goes on has left.
        return
    if not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {timeout!r}.")
    if not timeout > 0:
        raise NoTimeError(
            f"timeout must be above 0 seconds, not {timeout!r}; nothing was sent. Leave it out to set no limit."
        )


def _check_keywords(client: str, known: tuple[str, ...], options: Mapping[str, Any]) -> None:
    strays = [name for name in options if name not in known and name not in _CLIENT_OPTIONS]
    for name in strays:
        from .other_libraries import keyword_hint

        error = unknown_keyword(f"{client}()", name, (*known, *_CLIENT_OPTIONS))
        if "Did you mean" in str(error) or keyword_hint(f"{client}()", name):
            raise error
    if strays:
        logger.warning("%s() ignored keyword arguments that it does not know: %s", client, ", ".join(strays))


def make_credential(credential: Any) -> Any:
    """Check a credential; a plain key becomes an `AzureKeyCredential`.

    :param credential: A key, an object with a `key`, one that gets tokens, or a function that gives one.
    :raises ValueError: It is `None` or empty.
    :raises TypeError: It has an unsupported type.
    """
    if credential is None or credential == "":
        raise ValueError(f"Parameter 'credential' must not be {credential!r}. {_CREDENTIAL_FORMS}")
    if isinstance(credential, str):
        return AzureKeyCredential(credential)
    if is_key(credential) or hasattr(credential, "get_token") or hasattr(credential, "get_token_info"):
        return credential
    if callable(credential):
        from .._http.access_tokens import ProvidedToken

        return ProvidedToken(credential)
    raise TypeError(f"Unsupported credential of type {type(credential).__name__}. {_CREDENTIAL_FORMS}")


_CREDENTIAL_FORMS = (
    "Give an AzureKeyCredential, a key as str, or a token credential such as DefaultAzureCredential(). "
    "A server that checks no key takes any text, such as 'unused'."
)


def is_key(credential: Any) -> bool:
    """Whether a credential is an API key, not a source of tokens."""
    return isinstance(getattr(credential, "key", None), str)


def pipeline_options(options: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """Take from a constructor's keyword arguments those that build the pipeline.

    :param options: The constructor's keyword arguments.
    :param known: The names of the client's settings.
    :return: Without settings, and without those that are `None` and so not said.
    """
    kept = {
        name: value
        for name, value in options.items()
        if name not in known and (value is not None or name in NONE_IS_SAID)
    }
    for other, name in _OTHER_NAMES.items():
        if other in kept:
            kept.setdefault(name, kept.pop(other))
    return kept


_OTHER_NAMES = {"application_id": "user_agent", "client_request_id": "request_id"}
NONE_IS_SAID = ("request_id", "read_timeout", "connection_timeout")
