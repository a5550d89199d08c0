"""Credentials: which headers carry one, how a key is sent, where it must not go, and how it is kept out of sight."""

import logging
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, cast

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ServiceRequestError,
)
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import (
    NetworkTraceLoggingPolicy,
    SansIOHTTPPolicy,
)
from azure.core.rest import HttpRequest
from azure.core.utils import case_insensitive_dict

from .origins import is_loopback, origin

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

_SECRET_NAMES = frozenset(name.lower() for name in CREDENTIAL_HEADERS)

Request = PipelineRequest[Any]


def remove_credentials(headers: MutableMapping[str, Any]) -> None:
    """Take every header out that carries a secret."""
    for name in CREDENTIAL_HEADERS:
        headers.pop(name, None)


def forget_credentials(response: Any) -> None:
    """Leave no credential on the request that a response refers to, nor on the one that requests made of it.

    Their headers are replaced, not changed: a `raw_request_hook` may have kept them. See `on_the_wire`.

    :param response: The transport's response, or anything that stands for one.
    """
    internal = getattr(response, "internal_response", None)
    requests: tuple[Any, Any] = (getattr(response, "request", None), getattr(internal, "request", None))
    for request in requests:
        headers: Any = getattr(request, "headers", None)
        if isinstance(headers, Mapping):
            shown = cast("Mapping[str, Any]", headers).items()
            kept = {name: value for name, value in shown if name.lower() not in _SECRET_NAMES}
            request.headers = case_insensitive_dict(kept)


def on_the_wire(request: Request) -> Request:
    """Return a copy of a request for the transport to send, and for the response and so for errors to refer to.

    Credentials are taken off that copy. The request that hooks and policies saw stays as it was sent, for tests look at
    it when the call is over.

    :param request: The pipeline's request.
    """
    seen = cast("HttpRequest", request.http_request)
    sent = HttpRequest.__new__(type(seen))
    vars(sent).update(vars(seen))
    return PipelineRequest(sent, request.context)


def without_query_values(url: str) -> str:
    """Hide the values in a URL's query, which gateways take keys in; all but the api-version."""
    path, mark, query = url.partition("?")
    if not mark:
        return url
    names = ((pair, pair.partition("=")[0]) for pair in query.split("&"))
    return path + mark + "&".join(pair if name == "api-version" else f"{name}=REDACTED" for pair, name in names)


class InsecureRequestError(ServiceRequestError):
    """A credential would have gone over the network in clear; nothing was sent."""


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
        to_messages = "anthropic-version" in headers
        if to_messages or "x-api-key" in self._headers:
            headers["x-api-key"] = key
        if "Authorization" in self._headers:
            if to_messages:
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
