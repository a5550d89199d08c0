"""The endpoint, default settings and credential of a client, checked once when it is built."""

import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from azure.core.credentials import AzureKeyCredential, TokenCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ServiceResponseTimeoutError

from .._http.credentials import NO_KEY_CHECKED, given_headers
from .._json import is_object
from .option_kinds import check_kinds, check_tools
from .options import ClientOptions, names, unknown_keyword
from .response_format import response_format_of

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
    """The constructor arguments that a client keeps, under the names that dependants read.

    :param endpoint: The endpoint as passed by the caller.
    :param credential: The credential.
    :param settings: The client's settings.
    """

    def __init__(self, endpoint: str, credential: Any, settings: "Settings") -> None:
        self.endpoint = endpoint
        self.credential = credential
        self.api_version = settings.endpoint.api_version
        self.credential_scopes = list(settings.endpoint.scopes)


class ServedModels:
    """The models that the endpoint lists, as far as it was asked; see `_operations.served_models`."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        """When it was asked last, by `time.monotonic`."""
        self.names: tuple[str, ...] = ()


class Settings(NamedTuple):
    """Where a client sends its requests, and with which defaults."""

    client: str
    """Name of the client's class, for messages."""
    endpoint: "Endpoint"
    known: tuple[str, ...]
    """Names of the model's settings, in the order of the request body."""
    defaults: Mapping[str, Any]
    """Default settings of the model."""
    custom_pipeline: bool
    """Whether custom policies or a custom transport may accept keywords that are unknown here."""
    model_in_headers: bool
    """Whether the headers of every request name a model, or may do so."""
    models: dict[str, Any]
    """What is known about models, by name, as `_operations.api_choice.Known`: learned from refusals, and shared by all
    clients that `with_defaults` derives from one."""
    served: ServedModels
    """The models that the endpoint lists; shared likewise."""

    def with_defaults(self, changes: Mapping[str, Any]) -> "Settings":
        """Change defaults; `None` removes one.

        :param changes: Settings by name.
        :raises TypeError: A setting is unknown, or its value is of another kind.
        """
        check_kinds(changes)
        for name in changes:
            if name not in self.known:
                raise unknown_keyword(f"{self.client}.with_defaults()", name, self.known)
        defaults = {name: value for name, value in {**self.defaults, **changes}.items() if value is not None}
        return self._replace(defaults=defaults)


def make_settings(
    client: str, endpoint: Any, kind: "Kind", known: tuple[str, ...], options: Mapping[str, Any]
) -> Settings:
    """Check the arguments of a constructor, before anything is sent.

    :param client: Name of the client's class.
    :param endpoint: The endpoint as passed by the caller.
    :param kind: What the client does.
    :param known: The names of its settings.
    :param options: The constructor's keyword arguments.
    :raises ValueError: The endpoint is `None`, empty, or neither a string nor a URL object. Any other text is accepted,
        because tests build clients with dummies such as "endpoint"; `Endpoint.refusal` is raised when a request is
        sent.
    :raises TypeError: A keyword is misspelled. One that resembles no known keyword is ignored with a warning, as in the
        beta.
    """
    if endpoint is None:
        raise ValueError("Parameter 'endpoint' must not be None. Pass the URL as the portal shows it.")
    check_kinds(options)
    resolved = _resolve_endpoint(endpoint, kind, options)
    if resolved.notice:
        logger.info("%s", resolved.notice)
    _check_keywords(client, known, options)
    check_timeout(options.get("timeout"))
    check_proxies(options.get("proxies"))
    defaults = {name: options[name] for name in known if options.get(name) is not None}
    custom = any(options.get(name) for name in _CUSTOM_PIPELINE)
    in_headers = options.get("headers_policy") is not None or names_model(given_headers(options.get("headers")))
    return Settings(client, resolved, known, defaults, custom, in_headers, {}, ServedModels())


def api_of(option: Any) -> "Api | None":
    """Check the option `api`.

    :param option: Its value.
    :return: The API; `None` for "auto" and if not given.
    :raises ValueError: The value is unknown.
    """
    if option is None or option == "auto":
        return None
    api = _APIS.get(str(option))
    if api is None:
        raise ValueError(f"api={option!r} is unknown. Choose 'auto', 'chat', 'responses' or 'messages'.")
    return api


_APIS: "Mapping[str, Api]" = {"chat": "chat", "responses": "responses", "messages": "messages"}


def check_defaults(options: Mapping[str, Any]) -> None:
    """Check the settings of a chat client whose values would otherwise only be checked in a call.

    :param options: Settings by name.
    :raises ValueError: The response format or the API is unknown.
    :raises TypeError: The response format has no JSON form, or the tools are not definitions.
    """
    response_format_of(options.get("response_format"))
    check_tools(options.get("tools"))
    api_of(options.get("api"))


def _resolve_endpoint(endpoint: Any, kind: "Kind", options: Mapping[str, Any]) -> "Endpoint":
    # Imported late: importing the package must not load URL parsing.
    from .._http.endpoint_routes import resolve, unusable
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
    """Return whether headers name the model, for gateways that route by header without reading the body.

    :param headers: The headers of a client or of a call.
    """
    return any(name.lower() == "x-ms-model-mesh-model-name" for name in headers or ())


class NoTimeError(ServiceResponseTimeoutError, ValueError):
    """The timeout is 0: a mistake, or what remains in a program that counts down, so this is an error of both kinds."""


def check_proxies(proxies: Any) -> None:
    """Check the option `proxies`.

    :param proxies: Its value.
    :raises TypeError: It is not a mapping of texts.
    """
    if proxies is None:
        return
    wrong = (
        [each for each in proxies.values() if not isinstance(each, (str, type(None)))]
        if is_object(proxies)
        else [proxies]
    )
    if wrong:
        example = "{'https': 'http://proxy:8080'}"
        raise TypeError(f"proxies must map schemes to URLs, such as {example}, not {type(wrong[0]).__name__}.")


def check_timeout(timeout: Any) -> None:
    """Check the timeout of a client or of a call.

    :param timeout: Seconds, or `None`.
    :raises TypeError: It is not a number.
    :raises NoTimeError: It is 0 or less.
    """
    if timeout is None or hasattr(timeout, "deadline"):  # the latter is the remaining time of a call in progress
        return
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {timeout!r}.")
    if not timeout > 0:
        raise NoTimeError(
            f"timeout must be above 0 seconds, not {timeout!r}; nothing was sent. Leave it out for no limit."
        )


def check_count(name: str, value: Any) -> None:
    """Check that an argument is an int of 1 or more.

    :param name: Its name.
    :param value: Its value.
    :raises TypeError: It is not an int.
    :raises ValueError: It is less than 1.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}: {value!r:.200}")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, not {value}.")


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

    :param credential: A key, an object with a `key`, a token credential, or a function that returns a token.
    :raises ValueError: It is `None` or empty.
    :raises TypeError: It has an unsupported type.
    """
    if credential is None or credential == "":
        raise ValueError(f"Parameter 'credential' must not be {credential!r}. {_CREDENTIAL_FORMS}")
    if isinstance(credential, str):
        if "://" in credential:
            raise ValueError(
                f"Parameter 'credential' must not be a URL, which is the first argument. {_CREDENTIAL_FORMS}"
            )
        return AzureKeyCredential(credential)
    if is_key(credential) or hasattr(credential, "get_token") or hasattr(credential, "get_token_info"):
        return credential
    if callable(credential):
        from .._http.access_tokens import ProvidedToken

        return ProvidedToken(credential)
    raise TypeError(f"Unsupported credential of type {type(credential).__name__}. {_CREDENTIAL_FORMS}")


_CREDENTIAL_FORMS = (
    "Pass an AzureKeyCredential, a key as str, or a token credential such as DefaultAzureCredential(). "
    f"{NO_KEY_CHECKED}"
)


def is_key(credential: Any) -> bool:
    """Return whether a credential is an API key rather than a source of tokens."""
    return isinstance(getattr(credential, "key", None), str)


def pipeline_options(options: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """Select the keyword arguments of a constructor that build the pipeline.

    :param options: The constructor's keyword arguments.
    :param known: The names of the client's settings.
    :return: The arguments without settings and without `None`, which means "not given".
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
