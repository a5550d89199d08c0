"""Policies of the pipeline: azure-core's own, and ours where a POST to a model wants another answer.

What only touches a request or a response is a sans-IO policy and serves both worlds. Retries and redirects are decided
in one base class each, over which `_transport` and `aio._transport` put the classes that sleep and send.

Order, from the caller to the wire: call, per-call policies, request id, headers, user agent, proxy, redirects, retries,
per-retry policies, credential, hooks, logs, tracing, credential guard, transport.
"""

import logging
import random
import socket
import ssl
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineContext, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    CustomHookPolicy,
    DistributedTracingPolicy,
    HeadersPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    RetryMode,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.policies._redirect import RedirectPolicyBase  # the decisions that both worlds share
from azure.core.pipeline.policies._retry import RetryPolicyBase
from azure.core.rest import HttpRequest

from .._version import VERSION
from .deadline import Deadline, TimeLeft

CREDENTIAL_HEADERS = (
    "Authorization",
    "api-key",
    "x-api-key",
    "Ocp-Apim-Subscription-Key",
    "x-ms-authorization-auxiliary",
    "Proxy-Authorization",
    "Cookie",
)
"""Headers whose values are secrets."""

RETRIED_STATUSES = frozenset((408, 429, 500, 502, 503, 504))

Request = PipelineRequest[Any]
Response = PipelineResponse[Any, Any]


def origin(url: str) -> tuple[str, str, int | None]:
    """Tell scheme, host and port of a URL: what must agree for a credential to go along."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def redirect_target(url: str, location: str) -> str | None:
    """Tell where a redirect leads, as an absolute URL; `None` if its location is no URL."""
    try:
        target = urljoin(url, location)
        origin(target)
    except ValueError:
        return None
    return target


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def remove_credentials(headers: MutableMapping[str, Any]) -> None:
    """Take every header out that carries a secret."""
    for name in CREDENTIAL_HEADERS:
        headers.pop(name, None)


def forget_credentials(response: Any) -> None:
    """Leave no credential on the request that a response refers to, nor on the one that requests made of it.

    :param response: The transport's response, or anything that stands for one.
    """
    internal = getattr(response, "internal_response", None)
    for request in (getattr(response, "request", None), getattr(internal, "request", None)):
        headers = getattr(request, "headers", None)
        if headers is not None:
            remove_credentials(headers)


def without_query_values(url: str) -> str:
    """Hide the values in a URL's query, which gateways take keys in; all but the api-version."""
    path, mark, query = url.partition("?")
    if not mark:
        return url
    names = ((pair, pair.partition("=")[0]) for pair in query.split("&"))
    return path + mark + "&".join(pair if name == "api-version" else f"{name}=REDACTED" for pair, name in names)


class InsecureRequestError(ServiceRequestError):
    """A credential would have gone over the network in clear; nothing was sent."""


class CallPolicy(SansIOHTTPPolicy[Any, Any]):
    """The outermost policy: starts the deadline, and takes the credential off a request that failed."""

    def __init__(self, *, timeout: float | None = None, enforce_https: bool = True) -> None:
        self._timeout = timeout
        self._enforce_https = enforce_https

    def on_request(self, request: Request) -> None:
        """Read the call's own options."""
        context, options = request.context, request.context.options
        timeout = options.get("timeout", self._timeout)
        if timeout is not None:
            context["deadline"] = timeout.deadline if isinstance(timeout, TimeLeft) else Deadline(timeout)
        context["guard"] = options.pop("enforce_https", self._enforce_https)
        context["enforce_https"] = (
            False  # azure-core's own check would refuse a token on loopback; CredentialGuard decides
        )

    def on_exception(self, request: Request) -> None:
        """Leave no credential on what the error that is being raised refers to."""
        error = sys.exc_info()[1]
        remove_credentials(request.http_request.headers)
        forget_credentials(getattr(error, "inner_exception", None))
        for step in getattr(error, "history", None) or ():  # of azure-core's TooManyRedirectsError
            remove_credentials(step.http_request.headers)
            forget_credentials(step.http_response)


class RandomRequestIdPolicy(RequestIdPolicy):
    """azure-core's policy, with random UUIDs: its time-based ones tell the machine's network address."""

    _NAME = "x-ms-client-request-id"

    def __init__(self, *, auto_request_id: bool = True, **kwargs: Any) -> None:
        super().__init__(auto_request_id=auto_request_id, **kwargs)
        self._random = auto_request_id and "request_id" not in kwargs

    def on_request(self, request: Request) -> None:
        """Name the request."""
        headers = request.http_request.headers
        if self._random and "request_id" not in request.context.options and self._NAME not in headers:
            headers[self._NAME] = str(uuid4())
        super().on_request(request)


class LateUserAgentPolicy(SansIOHTTPPolicy[Any, Any]):
    """azure-core's policy, built for the first request: to find out the platform's name, it starts a process."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._policy: UserAgentPolicy | None = None

    def on_request(self, request: Request) -> None:
        """Set the header."""
        if self._policy is None:
            self._policy = UserAgentPolicy(**self._options)
        self._policy.on_request(request)
        request.context.options.pop("user_agent_overwrite", None)  # which it leaves where there is nothing to overwrite


class KeyPolicy(SansIOHTTPPolicy[Any, Any]):
    """Sends a key in the headers that the endpoint reads; looked up each time, so that a rotated key counts at once."""

    def __init__(self, credential: AzureKeyCredential, headers: Iterable[str]) -> None:
        self._credential = credential
        self._headers = tuple(headers)

    def on_request(self, request: Request) -> None:
        """Set the headers; an `api-key` that the caller gave stays.

        The Messages API reads a header of its own, also where only the call or the model led there.
        """
        headers, key = request.http_request.headers, self._credential.key
        of_messages = "anthropic-version" in headers
        if of_messages or "x-api-key" in self._headers:
            headers["x-api-key"] = key
        if "Authorization" in self._headers:
            if of_messages:
                return
            headers["Authorization"] = f"Bearer {key}"
        if "api-key" in self._headers and not request.context.setdefault("own_api_key", "api-key" in headers):
            headers["api-key"] = key


class CredentialGuard(SansIOHTTPPolicy[Any, Any]):
    """The last look before the wire: no credential to another origin, none in clear to another machine."""

    def __init__(
        self, url: str, *, disable_redirect_cleanup: bool = False, blocked_redirect_headers: Iterable[str] = ()
    ) -> None:
        self._origin = origin(url)
        self._lax = disable_redirect_cleanup
        self._blocked = tuple(blocked_redirect_headers)

    def on_request(self, request: Request) -> None:
        """Check where the request goes.

        :raises InsecureRequestError: It carries a credential over plain http to another machine.
        :raises ValueError: A credential has a line break in it, mostly that of the file which it was read from.
        """
        headers, url = request.http_request.headers, request.http_request.url
        for name in ("Authorization", "api-key", "x-api-key"):
            if not headers.get(name, "").isprintable():  # what refuses it below shows it
                raise ValueError(f"The credential for the header {name} has a line break or a control character in it.")
        scheme, host, _ = target = origin(url)
        if target != self._origin and not self._lax:
            remove_credentials(headers)
            for name in self._blocked:
                headers.pop(name, None)
        if scheme == "http" and request.context.get("guard", True) and not is_loopback(host):
            carried = [name for name in CREDENTIAL_HEADERS if name in headers]
            if carried:
                raise InsecureRequestError(
                    f"Refused to send a credential ({', '.join(carried)}) to {host} over plain http, where anybody on "
                    "the way can read it. Use an https endpoint; or pass enforce_https=False, to the client or the "
                    "call, if the network is safe."
                )


class TraceLogPolicy(NetworkTraceLoggingPolicy):
    """azure-core's full log of requests and answers (`logging_enable=True`, at DEBUG), without credentials."""

    _LOGGER = logging.getLogger(NetworkTraceLoggingPolicy.__module__)

    def on_request(self, request: Request) -> None:
        """Log the request with its credentials redacted."""
        if self._LOGGER.isEnabledFor(logging.DEBUG):
            sent = request.http_request
            url = without_query_values(sent.url)
            shown = HttpRequest(sent.method, url, headers=dict(sent.headers), content=getattr(sent, "content", None))
            shown.headers.update({name: "REDACTED" for name in CREDENTIAL_HEADERS if name in shown.headers})
            request = PipelineRequest(shown, request.context)
        super().on_request(request)


class RedirectDecisions(RedirectPolicyBase):
    """Which redirects are followed: not those that would carry a request's body to another origin."""

    def __init__(self, *, disable_redirect_cleanup: bool = False, **kwargs: Any) -> None:
        self._lax = disable_redirect_cleanup
        super().__init__(**kwargs)

    def get_redirect_location(self, response: Any) -> Any:
        """Tell where to go.

        :param response: The pipeline's response.
        :return: An absolute URL, or something false for nowhere.
        """
        location = super().get_redirect_location(response)
        if not location:
            return location
        request = response.http_request
        target = redirect_target(request.url, location)
        if target and getattr(request, "content", None) and not self._lax and origin(target) != origin(request.url):
            return False
        return target


class PacedCall:
    """A call whose caller retries 429 by itself, and what the pipeline's own retries came to.

    Who sends thousands of requests has to slow all of them down at a 429, not the one that met it.
    """

    def __init__(self) -> None:
        self.retries = 0
        """How often the pipeline sent the request again."""
        self.maybe_paid = 0
        """How often it did so although the model may have been at work: no answer came, or status 408 did."""

    def count(self, status: int | None) -> None:
        """Count a retry.

        :param status: What the answer before it was, `None` if there was none.
        """
        self.retries += 1
        self.maybe_paid += status in (None, 408)


PACED: ContextVar[PacedCall | None] = ContextVar("paced", default=None)
"""The call of a caller who paces, which no keyword argument could tell a pipeline that has policies of the user's."""


class RetryDecisions(RetryPolicyBase):
    """When a request to a model is sent again, and after how long.

    azure-core's settings, all of which stay, with other answers: a POST to a model may be repeated; a status is retried
    for what it says and not for the headers that it carries; waits have jitter, and none outlasts the deadline.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._methods = frozenset(kwargs.pop("retry_on_methods", None) or {*self._DEFAULT_METHODS, "POST"})
        self._statuses = RETRIED_STATUSES | frozenset(kwargs.get("retry_on_status_codes") or ())
        self._read_timeouts = "retry_read" in kwargs
        self._exponent = _checked_exponent(kwargs.pop("retry_backoff_exponent", None))
        super().__init__(**kwargs)
        self.retry_mode = _checked_mode(self.retry_mode)

    _DEFAULT_METHODS = ("HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE")

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read a call's own settings.

        :param options: The call's options; those of retries are taken out.
        """
        read_timeouts = self._read_timeouts or "retry_read" in options
        options["retry_on_methods"] = options.pop("retry_on_methods", None) or self._methods
        statuses = self._statuses | frozenset(options.pop("retry_on_status_codes", None) or ())
        exponent = _checked_exponent(options.pop("retry_backoff_exponent", self._exponent))
        mode = _checked_mode(options.pop("retry_mode", self.retry_mode))
        paced = PACED.get()
        if paced is not None:
            statuses -= {429}
        settings = super().configure_retries(options)
        own = {"read_timeouts": read_timeouts, "statuses": statuses, "exponent": exponent, "mode": mode}
        return {**settings, **own}

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Decide how long to wait where the service does not say.

        :param settings: The call's settings.
        :return: Seconds, before jitter.
        """
        exponent: float | None = settings["exponent"]
        retries = len(settings["history"]) - 1
        if exponent is None:
            if retries < 1:
                return 0.0
            exponent = 1 if settings["mode"] == RetryMode.Fixed else 2
        growth = exponent ** min(retries, _MOST_GROWTH)
        return min(float(settings["max_backoff"]), float(settings["backoff"]) * growth)

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Whether an answer's status asks for another attempt.

        :param settings: The call's settings.
        :param response: The pipeline's response.
        """
        status: int = response.http_response.status_code
        method: str = response.http_request.method
        return bool(settings["total"]) and status in settings["statuses"] and method.upper() in settings["methods"]

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        """Count an attempt, and decide how long to wait for the next.

        :param settings: The call's settings; `delay` is set.
        :param response: The pipeline's response; its request if there was none.
        :param error: What was raised instead.
        :return: Whether there is a next attempt.
        """
        if error is not None and not is_transient(error, read_timeouts=settings["read_timeouts"]):
            return False
        if not super().increment(settings, response=response, error=error):
            return False
        settings["delay"] = self._delay(settings, None if error else response.http_response.headers)
        deadline = response.context.get("deadline")
        if deadline is not None and settings["delay"] >= deadline.remaining:
            return False
        paced = PACED.get()
        if paced is not None:
            paced.count(None if error else response.http_response.status_code)
        return True

    def _delay(self, settings: dict[str, Any], headers: Mapping[str, str] | None) -> float:
        from .response_headers import retry_after

        asked = retry_after(headers) if headers is not None else None
        if asked is not None:
            return _spread(asked, longest=float(settings["max_backoff"]))
        backoff: float = self.get_backoff_time(settings)
        return backoff * random.uniform(0.5, 1)  # noqa: S311 - jitter is no secret


def _spread(asked: float, *, longest: float) -> float:
    """Add jitter to a wait that the service asks for, so that callers it sent away together do not return together.

    Never less than was asked for, unless that is more than the longest wait.
    """
    if asked >= longest:
        return longest * random.uniform(0.9, 1)  # noqa: S311 - jitter is no secret
    return min(longest, asked + random.uniform(0, max(0.05, asked / 10)))  # noqa: S311 - jitter is no secret


_MOST_GROWTH = 64
"""Waits grow no more after as many retries; whatever they grew from, the longest wait is reached, and no float ends."""


def _checked_exponent(exponent: float | None) -> float | None:
    if exponent is None or 1 <= exponent <= 100:
        return exponent
    raise ValueError(f"retry_backoff_exponent is {exponent!r}; choose a number from 1 (waits stay) to 100")


def _checked_mode(mode: str) -> RetryMode:
    try:
        return RetryMode(mode)
    except ValueError:
        raise ValueError(f"retry_mode is {mode!r}; choose 'exponential' or 'fixed'") from None


def is_transient(error: Exception, *, read_timeouts: bool) -> bool:
    """Whether a request that failed without an answer may do better at once.

    :param error: What azure-core raised.
    :keyword read_timeouts: Whether an answer that did not come in time counts: the model may still be at work.
    """
    if isinstance(error, ServiceResponseTimeoutError):
        return read_timeouts
    if isinstance(error, InsecureRequestError) or not isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return False
    return not any(isinstance(cause, (socket.gaierror, ssl.SSLError)) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk through what an error came from: causes, and what HTTP libraries keep in arguments and attributes."""
    seen: set[int] = set()
    pending: list[Any] = [error]
    while pending:
        cause = pending.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            reason, inner = getattr(cause, "reason", None), getattr(cause, "inner_exception", None)
            pending += [cause.__cause__, cause.__context__, reason, inner, *cause.args]


def attempt_timeouts(context: PipelineContext, deadline: Deadline | None) -> dict[str, float]:
    """Shorten an attempt's timeouts to what the deadline leaves.

    :param context: The call's context.
    :param deadline: The call's deadline, if it has one.
    :return: Options that go over the call's.
    :raises ~azure.core.exceptions.ServiceResponseTimeoutError: Nothing is left.
    """
    if deadline is None:
        return {}
    configured: Any = getattr(context.transport, "connection_config", None)
    usual = {
        "connection_timeout": getattr(configured, "timeout", None),
        "read_timeout": getattr(configured, "read_timeout", None),
    }
    return {name: deadline.limit(context.options.get(name, seconds)) for name, seconds in usual.items()}


class WirePolicies:
    """The policies that perform I/O, of one of the two worlds."""

    def __init__(self, *, redirect: Any, retry: Any, token: Any, transport: Any) -> None:
        self.redirect = redirect
        self.retry = retry
        self.token = token
        self.transport = transport


def build_policies(
    url: str, authentication: Any, shells: WirePolicies, options: Mapping[str, Any]
) -> list[SansIOHTTPPolicy[Any, Any] | Any]:
    """List a client's policies in their order.

    :param url: The endpoint's URL.
    :param authentication: The policy that adds the credential.
    :param shells: The world's own policies.
    :param options: The constructor's keyword arguments.
    """
    own = {name: value for name, value in options.items() if name.endswith("_policy") and value is not None}
    moniker = {"sdk_moniker": f"ai-inference/{VERSION}", **options}
    guard = {name: options[name] for name in _GUARD_OPTIONS if options.get(name) is not None}
    return [
        CallPolicy(timeout=options.get("timeout"), enforce_https=options.get("enforce_https", True)),
        *_listed(options.get("per_call_policies")),
        RandomRequestIdPolicy(**_some(options, "request_id", "auto_request_id")),
        own.get("headers_policy") or HeadersPolicy(dict(options.get("headers") or {})),
        own.get("user_agent_policy") or LateUserAgentPolicy(**moniker),
        own.get("proxy_policy") or ProxyPolicy(**_some(options, "proxies")),
        own.get("redirect_policy") or shells.redirect(**options),
        own.get("retry_policy") or shells.retry(**options),
        *_listed(options.get("per_retry_policies")),
        own.get("authentication_policy") or authentication,
        own.get("custom_hook_policy") or CustomHookPolicy(**options),
        own.get("logging_policy") or TraceLogPolicy(**_some(options, "logging_enable")),
        DistributedTracingPolicy(**options),
        CredentialGuard(url, **guard),
        own.get("http_logging_policy") or HttpLoggingPolicy(**options),
        shells.transport(),
    ]


_GUARD_OPTIONS = ("disable_redirect_cleanup", "blocked_redirect_headers")


def _some(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names if name in options}


def _listed(policies: Any) -> list[Any]:
    if policies is None:
        return []
    return list(policies) if hasattr(policies, "__iter__") else [policies]
