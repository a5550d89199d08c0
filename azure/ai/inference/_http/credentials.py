"""Credentials: which headers carry one, how a key is sent, where it must not go, and how it is kept out of sight."""

import logging
import re
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, cast

from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import NetworkTraceLoggingPolicy, SansIOHTTPPolicy
from azure.core.rest import HttpRequest
from azure.core.utils import case_insensitive_dict

from .._credential_headers import is_credential_header, without_credentials
from ..exceptions import InsecureRequestError
from .origins import is_loopback, origin

Request = PipelineRequest[Any]


def remove_credentials(headers: MutableMapping[str, Any]) -> None:
    """Take every header out that carries a secret."""
    for name in [name for name in headers if is_credential_header(name)]:
        headers.pop(name, None)


def forget_credentials(response: Any) -> None:
    """Leave no credential on the request that a response refers to, nor on the one that its HTTP library made of it.

    Their headers are replaced, not changed: a `raw_request_hook` may have kept them. See `on_the_wire`.

    :param response: The transport's response, or anything that stands for one.
    """
    internal: Any = getattr(response, "internal_response", None)
    for request in (getattr(response, "request", None), getattr(internal, "request", None)):
        headers: Any = getattr(request, "headers", None)
        if isinstance(headers, Mapping):
            shown = cast("Mapping[str, Any]", headers)
            request.headers = case_insensitive_dict(without_credentials(shown))  # type: ignore[union-attr]
    for one, name in ((getattr(response, "request", None), "url"), (internal, "url"), (internal, "_url")):
        _hide_query(one, name)
    _hide_query(getattr(internal, "request", None), "url")
    _hide_query(internal, "_real_url")
    described = getattr(internal, "_request_info", None)  # aiohttp's, a tuple whose headers cannot be changed
    if described is not None:
        url, real = shown_url(described.url), shown_url(described.real_url)
        headers = without_credentials(described.headers)
        internal._request_info = described._replace(url=url, real_url=real, headers=headers)  # noqa: SLF001


def _hide_query(holder: Any, name: str) -> None:
    """Hide the values of a query in a URL that something refers to, if it does, and lets it be changed."""
    members: dict[str, Any] = getattr(holder, "__dict__", {})
    if members.get(name) is not None:
        members[name] = shown_url(members[name])


def shown_url(url: Any) -> Any:
    """Return a URL as it may be shown: without the values in its query, and without user information.

    :param url: A text, or a URL of yarl's, which stays one.
    """
    text = str(url)
    shown = _shown_text(text)
    return url if shown == text else type(url)(shown)


@lru_cache(64)  # a client calls few URLs, each of them often
def _shown_text(url: str) -> str:
    return _USER_INFORMATION.sub("//***@", without_query_values(url))


_USER_INFORMATION = re.compile("//[^/@]*@")


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


def given_headers(headers: Mapping[str, Any] | None) -> dict[str, str]:
    """Check headers that a caller gave; one that is `None` is not sent.

    :param headers: Headers of a client or of a call.
    :raises TypeError: One is no text.
    :raises ValueError: One has a character in it that no header can have; that of a credential is not shown.
    """
    if not headers:
        return {}
    given = {name: value for name, value in dict(headers).items() if value is not None}
    check_headers(given)
    return given


def check_headers(headers: Mapping[str, Any]) -> None:
    """Check headers, which HTTP libraries refuse too late, after retries, and with their values in the error.

    :param headers: All headers of a request, or some.
    :raises TypeError: One is no text.
    :raises ValueError: One has a character in it that no header can have; that of a credential is not shown.
    """
    for name, value in headers.items():
        if not isinstance(name, str):
            raise TypeError(f"headers must have names of type str, not {type(name).__name__}.")
        if not isinstance(value, str):
            raise TypeError(f"headers[{name!r}] must be a str, not {type(value).__name__}.")
        if not (value.isascii() and value.isprintable()):
            _check_value(name, value)
        if not _is_name(name):
            raise ValueError(f"headers has the name {name!r}; it may have letters, digits and !#$%&'*+-.^_`|~ in it.")


def _check_value(name: str, value: str) -> None:
    """Check a value with characters beyond ASCII, or with control characters (RFC 9110, section 5.5)."""
    if is_credential_header(name):
        raise ValueError(
            f"The credential for the header {name} has a line break or a control character in it, or one that is not "
            "ASCII, such as a typographic quote. It was read or pasted with more than the key."
        )
    wrong = next((letter for letter in value if letter != "\t" and (ord(letter) > 0xFF or ord(letter) < 0x20)), None)
    if wrong is not None:
        raise ValueError(f"headers[{name!r}] has a character in it that no header can have: {wrong!r}.")


@lru_cache(256)
def _is_name(name: str) -> bool:
    return re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) is not None


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

        :raises ~azure.ai.inference.exceptions.InsecureRequestError: It carries a credential over plain http to another
            machine.
        :raises TypeError: A header is no text.
        :raises ValueError: A header has a character in it that no header can have, such as the line break of the file
            that a key was read from.
        """
        headers, url = request.http_request.headers, request.http_request.url
        check_headers(headers)
        scheme, host, _ = target = origin(url)
        if target != self._origin and not self._lax:
            remove_credentials(headers)
            for name in self._blocked:
                headers.pop(name, None)
        if scheme == "http" and request.context.get("guard", True):
            self._check_way(url, host, headers, request.context.options.get("proxies"))

    def _check_way(self, url: str, host: str, headers: Mapping[str, Any], proxies: Mapping[str, str] | None) -> None:
        """Check that a request over plain http does not leave this machine: through a proxy, it goes to the proxy's."""
        proxy_host = _proxy_host(url, proxies) if proxies else None
        if is_loopback(host) and (proxy_host is None or is_loopback(proxy_host)):
            return
        carried = [name for name in headers if is_credential_header(name)]
        if not carried:
            return
        what = f"Refused to send a credential ({', '.join(carried)}) "
        if is_loopback(host):
            raise InsecureRequestError(
                f"{what}for {host} over plain http to the proxy {proxy_host}, which would look for {host} on its own "
                f"machine. Set NO_PROXY={host}, or pass proxies={{}} to the client. If the proxy is meant, pass "
                "enforce_https=False, to the client or the call."
            )
        raise InsecureRequestError(
            f"{what}to {host} over plain http, where anybody on the way can read it. Use an https endpoint; or pass "
            "enforce_https=False, to the client or the call, if the network is safe."
        )


def _proxy_host(url: str, proxies: Mapping[str, str]) -> str | None:
    from urllib.parse import urlsplit

    from .proxies import choose_proxy

    proxy = choose_proxy(url, proxies)
    return urlsplit(proxy).hostname if proxy else None


class TraceLogPolicy(NetworkTraceLoggingPolicy):
    """azure-core's full log of requests and answers (`logging_enable=True`, at DEBUG), without credentials."""

    _LOGGER = logging.getLogger(NetworkTraceLoggingPolicy.__module__)

    def on_request(self, request: Request) -> None:
        """Log the request with its credentials redacted."""
        if self._LOGGER.isEnabledFor(logging.DEBUG):
            sent = request.http_request
            url = without_query_values(sent.url)
            shown = HttpRequest(sent.method, url, headers=dict(sent.headers), content=getattr(sent, "content", None))
            shown.headers.update({name: "REDACTED" for name in shown.headers if is_credential_header(name)})
            request = PipelineRequest(shown, request.context)
        super().on_request(request)
