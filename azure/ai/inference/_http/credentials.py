"""Credentials: which headers carry one, how a key is sent, where it must not go, and how it is masked."""

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
from .origins import is_loopback, origin

Request = PipelineRequest[Any]
NO_KEY_CHECKED = "A server that checks no key accepts any text, such as 'unused'."


def remove_credentials(headers: MutableMapping[str, Any]) -> None:
    """Remove every header that carries a secret."""
    for name in [name for name in headers if is_credential_header(name)]:
        headers.pop(name, None)


def forget_credentials(response: Any) -> None:
    """Remove the credentials from the request that a response refers to, and from the HTTP library's own copy of it.

    Call this for a response that leaves the package, in an error, a stream or an argument of the caller's function, but
    only once it has been read as an error: those texts are masked with the credentials of the request. Others need not
    be cleaned, since nothing refers to them after the call, and cleaning costs a call 4 %.

    Their headers are replaced, not changed: a `raw_request_hook` may have kept them. See `copy_for_transport`.

    :param response: The transport's response, or a test double.
    """
    internal: Any = getattr(response, "internal_response", None)
    for request in (getattr(response, "request", None), getattr(internal, "request", None)):
        headers: Any = getattr(request, "headers", None)
        if isinstance(headers, Mapping):
            shown = cast("Mapping[str, Any]", headers)
            request.headers = case_insensitive_dict(without_credentials(shown))  # type: ignore[union-attr]
    # aiohttp's response has the URL as `_url` and `_real_url`; its public properties cannot be assigned.
    for one, name in ((getattr(response, "request", None), "url"), (internal, "url"), (internal, "_url")):
        _hide_query(one, name)
    _hide_query(getattr(internal, "request", None), "url")
    _hide_query(internal, "_real_url")
    described = getattr(internal, "_request_info", None)  # aiohttp's, a tuple with immutable headers
    if described is not None:
        url, real = shown_url(described.url), shown_url(described.real_url)
        headers = without_credentials(described.headers)
        internal._request_info = described._replace(url=url, real_url=real, headers=headers)  # noqa: SLF001


def _hide_query(holder: Any, name: str) -> None:
    """Mask the query values in a URL attribute, if there is one and it can be changed."""
    members: dict[str, Any] = getattr(holder, "__dict__", {})
    if members.get(name) is not None:
        members[name] = shown_url(members[name])


def shown_url(url: Any) -> Any:
    """Return a URL without user information and without the values in its query, so that it may be shown.

    :param url: A text, or a yarl URL, which is returned as one.
    """
    text = str(url)
    shown = _shown_text(text)
    return url if shown == text else type(url)(shown)


@lru_cache(64)  # a client calls few URLs, but each of them often
def _shown_text(url: str) -> str:
    return re.sub("//[^/@]*@", "//***@", without_query_values(url))


def copy_for_transport(request: Request) -> Request:
    """Return a copy of a request for the transport to send, and for the response and its errors to refer to.

    Credentials are later removed from that copy. The request that hooks and policies saw stays as it was sent, because
    tests look at it after the call.

    :param request: The pipeline's request.
    """
    seen = cast("HttpRequest", request.http_request)
    sent = HttpRequest.__new__(type(seen))
    vars(sent).update(vars(seen))
    return PipelineRequest(sent, request.context)


def without_query_values(url: str) -> str:
    """Mask the values in a URL's query, in which gateways accept keys; the api-version stays."""
    path, mark, query = url.partition("?")
    if not mark:
        return url
    names = ((pair, pair.partition("=")[0]) for pair in query.split("&"))
    return path + mark + "&".join(pair if name == "api-version" else f"{name}=REDACTED" for pair, name in names)


_AROUND = ('"', "'", "<")
"""First characters that no key has: a quote, a placeholder's bracket. An empty key is accepted, as in the beta."""


_LABEL = re.compile(r"(?:authorization: *bearer|bearer|(?:x-)?api-key:?|authorization:|key ?\d?:) ", re.IGNORECASE)
"""What is pasted along with a key: the name of its header, or its label in the portal."""


def _check_key(key: str) -> None:
    """Check that a key was pasted alone. A blank inside is allowed: keys of local servers are any text.

    :raises ValueError: It was not; the key is not shown.
    """
    label = _LABEL.match(key)
    if label:
        wrong = f"begins with {label[0].strip()!r}"
    elif key.startswith(_AROUND) or key != key.strip():
        wrong = "is blank, or has blanks, quotes or a placeholder's brackets around it"
    else:
        return
    raise ValueError(f"The credential {wrong}. Pass the key alone, as the portal shows it.")


class KeyPolicy(SansIOHTTPPolicy[Any, Any]):
    """Sends a key in the headers that the endpoint reads. Read for each request, so a rotated key applies at once."""

    def __init__(self, credential: AzureKeyCredential, headers: Iterable[str]) -> None:
        self._credential = credential
        self._headers = tuple(headers)

    def on_request(self, request: Request) -> None:
        """Set the headers; an `api-key` header from the caller is kept.

        The Messages API reads a header of its own, even if only the call or the model selected that API.

        :raises ValueError: The key is blank, or was pasted with more around it.
        """
        headers, key = request.http_request.headers, self._credential.key
        if (" " in key or key.startswith(_AROUND)) and key.isprintable():  # others are refused with other headers
            _check_key(key)
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
    """Check a caller's headers; drop those that are `None`.

    :param headers: Headers of a client or of a call.
    :raises TypeError: A header is not text.
    :raises ValueError: A header contains an invalid character; the value of a credential is not shown.
    """
    if not headers:
        return {}
    given = {name: value for name, value in dict(headers).items() if value is not None}
    check_headers(given)
    return given


def check_headers(headers: Mapping[str, Any]) -> None:
    """Check headers, since HTTP libraries refuse them too late, after retries, and with their values in the error.

    :param headers: All headers of a request, or some of them.
    :raises TypeError: A header is not text.
    :raises ValueError: A header contains an invalid character; the value of a credential is not shown.
    """
    for name, value in headers.items():
        if not isinstance(name, str):
            raise TypeError(f"headers must have names of type str, not {type(name).__name__}.")
        if not isinstance(value, str):
            raise TypeError(f"headers[{name!r}] must be a str, not {type(value).__name__}.")
        if not (value.isascii() and value.isprintable()):
            _check_value(name, value)
        if not _is_name(name):
            raise ValueError(
                f"headers has the name {name!r}; names may only contain letters, digits and !#$%&'*+-.^_`|~."
            )


def _check_value(name: str, value: str) -> None:
    """Check a value with characters beyond ASCII, or with control characters (RFC 9110, section 5.5)."""
    if is_credential_header(name):
        raise ValueError(
            f"The credential for the header {name} contains a line break, a control character or one that is not "
            "ASCII, such as a typographic quote. More than the key was read or pasted."
        )
    wrong = next((letter for letter in value if letter != "\t" and (ord(letter) > 0xFF or ord(letter) < 0x20)), None)
    if wrong is not None:
        raise ValueError(f"headers[{name!r}] contains a character that headers cannot have: {wrong!r}.")


@lru_cache(256)
def _is_name(name: str) -> bool:
    return re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) is not None


class CredentialGuard(SansIOHTTPPolicy[Any, Any]):
    """The last check before sending: no credential to another origin, and none unencrypted to another machine."""

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
        :raises TypeError: A header is not text.
        :raises ValueError: A header contains an invalid character, such as the line break of the file that a key was
            read from.
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
        """Check that a request over plain http stays on this machine. With a proxy, it goes to the proxy's machine."""
        proxy_host = _proxy_host(url, proxies) if proxies else None
        if is_loopback(host) and (proxy_host is None or is_loopback(proxy_host)):
            return
        carried = [name for name in headers if is_credential_header(name)]
        if not carried:
            return
        from ..exceptions import InsecureRequestError

        what = f"Refused to send a credential ({', '.join(carried)}) "
        if is_loopback(host):
            raise InsecureRequestError(
                f"{what}for {host} over plain http to the proxy {proxy_host}, which would look for {host} on its own "
                f"machine. Set NO_PROXY={host}, or pass proxies={{}} to the client. If you want to use the proxy, pass "
                "enforce_https=False to the client or the call."
            )
        raise InsecureRequestError(
            f"{what}to {host} over plain http, where anyone on the network can read it. Use an https endpoint; or pass "
            "enforce_https=False to the client or the call, if the network is safe."
        )


def _proxy_host(url: str, proxies: Mapping[str, str]) -> str | None:
    from urllib.parse import urlsplit

    from .proxies import choose_proxy

    proxy = choose_proxy(url, proxies)
    return urlsplit(proxy).hostname if proxy else None


class TraceLogPolicy(NetworkTraceLoggingPolicy):
    """azure-core's full log of requests and responses (`logging_enable=True`, at DEBUG), without credentials."""

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
