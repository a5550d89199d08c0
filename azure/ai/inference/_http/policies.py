"""Policies of the pipeline: azure-core's own, and replacements where a POST to a model needs different behaviour.

A policy that only touches requests or responses is a sans-IO policy and serves both worlds. Credentials, redirects and
retries have modules of their own.

Order, from the caller to the wire: call, per-call policies, request id, headers, user agent, proxy, redirects, retries,
per-retry policies, credential, hooks, logs, tracing, credential guard, transport.
"""

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    CustomHookPolicy,
    DistributedTracingPolicy,
    HeadersPolicy,
    HttpLoggingPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)

from .._version import VERSION
from .certificates import check_certificates
from .credentials import (
    CredentialGuard,
    TraceLogPolicy,
    forget_credentials,
    given_headers,
    remove_credentials,
    shown_url,
)
from .deadline import Deadline, TimeLeft

Request = PipelineRequest[Any]

Response = PipelineResponse[Any, Any]


class CallPolicy(SansIOHTTPPolicy[Any, Any]):
    """The outermost policy: starts the deadline, and removes the credential from a request that failed."""

    def __init__(self, *, timeout: float | None = None, enforce_https: bool = True) -> None:
        self._timeout = timeout
        self._enforce_https = enforce_https

    def on_request(self, request: Request) -> None:
        """Read the options of the call."""
        context, options = request.context, request.context.options
        timeout = options.get("timeout", self._timeout)
        if timeout is not None:
            context["deadline"] = timeout.deadline if isinstance(timeout, TimeLeft) else Deadline(timeout)
        context["guard"] = options.pop("enforce_https", self._enforce_https)
        context["enforce_https"] = (
            False  # azure-core's own check would refuse a token on loopback; CredentialGuard decides
        )

    def on_exception(self, request: Request) -> None:
        """Remove secrets from the error that is being raised, and from what it refers to."""
        error = sys.exc_info()[1]
        if isinstance(error, AzureError):
            from .failures import hidden_texts, scrub

            scrub(error, hidden_texts(request))
        forget_credentials(getattr(error, "response", None))
        for step in getattr(error, "history", None) or ():  # of azure-core's TooManyRedirectsError
            remove_credentials(step.http_request.headers)
            step.http_request.url = shown_url(step.http_request.url)
            forget_credentials(step.http_response)


class RefusedEndpointPolicy(SansIOHTTPPolicy[Any, Any]):
    """The first of all policies if the endpoint is invalid: nothing is sent, not even for a token.

    :param refusal: The reason.
    """

    def __init__(self, refusal: str) -> None:
        self._refusal = refusal

    def on_request(self, request: Request) -> None:
        """Refuse the request.

        :raises ValueError: Always.
        """
        raise ValueError(self._refusal)


class RandomRequestIdPolicy(RequestIdPolicy):
    """azure-core's policy, with random UUIDs: its time-based ones reveal the machine's network address."""

    _NAME = "x-ms-client-request-id"

    def __init__(self, *, auto_request_id: bool = True, **kwargs: Any) -> None:
        super().__init__(auto_request_id=auto_request_id, **kwargs)
        self._random = auto_request_id and "request_id" not in kwargs

    def on_request(self, request: Request) -> None:
        """Add a request id."""
        headers = request.http_request.headers
        if self._random and "request_id" not in request.context.options and self._NAME not in headers:
            headers[self._NAME] = str(uuid4())
        super().on_request(request)


class LateUserAgentPolicy(SansIOHTTPPolicy[Any, Any]):
    """azure-core's policy, built with the first request, because it starts a process to find the platform's name."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._policy: UserAgentPolicy | None = None

    def on_request(self, request: Request) -> None:
        """Set the header."""
        if self._policy is None:
            self._policy = UserAgentPolicy(**self._options)
        self._policy.on_request(request)
        request.context.options.pop("user_agent_overwrite", None)  # it stays if there is nothing to overwrite


def attempt_options(request: Request, deadline: Deadline | None) -> dict[str, Any]:
    """Return the options of one attempt, in the form that both transports understand.

    Timeouts are shortened to the remaining time. Of the proxies, only the one that applies is passed on.

    :param request: The pipeline's request.
    :param deadline: The deadline of the call, if any.
    :return: Options that override those of the call.
    :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline has passed.
    :raises ValueError: A path of certificates does not exist, or a proxy is invalid.
    """
    options, configured = request.context.options, getattr(request.context.transport, "connection_config", None)
    own: dict[str, Any] = {}
    if deadline is not None:
        usual = {"connection_timeout": "timeout", "read_timeout": "read_timeout"}
        for name, attribute in usual.items():
            own[name] = deadline.limit(options.get(name, getattr(configured, attribute, None)))
    if options.get("proxies"):
        from urllib.parse import urlsplit

        from .proxies import choose_proxy

        url: str = request.http_request.url
        proxy = choose_proxy(url, options["proxies"])
        own["proxies"] = {urlsplit(url).scheme: proxy} if proxy else {}
    if "connection_verify" in options or "connection_cert" in options:
        check_certificates(options)
        trusted = getattr(configured, "verify", True)
        if options.get("connection_verify") is True and isinstance(trusted, str):
            own["connection_verify"] = trusted  # True means "as the client", which may have certificates of its own
    return own


class WirePolicies(NamedTuple):
    """The policies of one world that perform I/O."""

    redirect: Any
    retry: Any
    token: Any
    transport: Any


def _own_policies(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policies that the caller passed instead of ours, by option name."""
    return {name: value for name, value in options.items() if name.endswith("_policy") and value is not None}


def build_policies(
    url: str, authentication: Any, wire: WirePolicies, options: Mapping[str, Any]
) -> list[SansIOHTTPPolicy[Any, Any] | Any]:
    """List the policies of a client in order.

    :param url: The endpoint's URL.
    :param authentication: The policy that adds the credential.
    :param wire: The policies of the world.
    :param options: The constructor's keyword arguments.
    :raises TypeError: A header is not text.
    :raises ValueError: A header, or a path of certificates, is invalid.
    """
    check_certificates(options)
    own = _own_policies(options)
    moniker = {"sdk_moniker": f"ai-inference/{VERSION}", **options}
    guard = _some(options, *_GUARD_OPTIONS)
    return [
        CallPolicy(timeout=options.get("timeout"), enforce_https=options.get("enforce_https", True)),
        *_listed(options.get("per_call_policies")),
        RandomRequestIdPolicy(**_some(options, "request_id", "auto_request_id")),
        own.get("headers_policy") or HeadersPolicy(given_headers(options.get("headers"))),
        own.get("user_agent_policy") or LateUserAgentPolicy(**moniker),
        own.get("proxy_policy") or ProxyPolicy(**_some(options, "proxies")),
        own.get("redirect_policy") or wire.redirect(**options),
        own.get("retry_policy") or wire.retry(**options),
        *_listed(options.get("per_retry_policies")),
        own.get("authentication_policy") or authentication,
        own.get("custom_hook_policy") or CustomHookPolicy(**options),
        own.get("logging_policy") or TraceLogPolicy(**_some(options, "logging_enable")),
        DistributedTracingPolicy(**options),
        CredentialGuard(url, **guard),
        own.get("http_logging_policy") or HttpLoggingPolicy(**options),
        wire.transport(),
    ]


_GUARD_OPTIONS = ("disable_redirect_cleanup", "blocked_redirect_headers")


def _some(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names if name in options}


def _listed(policies: Any) -> list[Any]:
    if policies is None:
        return []
    return list(policies) if hasattr(policies, "__iter__") else [policies]
