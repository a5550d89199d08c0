"""Turn exceptions of HTTP libraries into this package's errors, without secrets in them or in what they refer to.

An error is kept, shown, logged and recorded on spans, and so is everything it refers to. aiohttp's and requests' errors
have the whole URL in their text, the request with its headers in their attributes, and proxy errors the password.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, cast
from urllib.parse import unquote, unquote_plus, urlsplit

from azure.core.exceptions import (
    AzureError,
    DecodeError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpRequest
from azure.core.utils import case_insensitive_dict

from .._credential_headers import SHORTEST_SECRET, is_credential_header, without_credentials
from ..exceptions import (
    NoResponseError,
    ProxyError,
    RequestError,
    RequestTimeoutError,
    ResponseDecodeError,
    ResponseTimeoutError,
)
from .credentials import shown_url, without_query_values
from .deadline import Deadline
from .proxies import why_unusable
from .retries import causes

_OWN: Mapping[type[AzureError], type[AzureError]] = {
    ServiceRequestError: RequestError,
    ServiceRequestTimeoutError: RequestTimeoutError,
    ServiceResponseError: NoResponseError,
    ServiceResponseTimeoutError: ResponseTimeoutError,
}
"""Our class for each of azure-core's; a transport's own subclasses are kept."""

_TIMEOUTS = (ServiceRequestTimeoutError, ServiceResponseTimeoutError)
_LIBRARIES = {"requests": False, "urllib3": False, "aiohttp": True}
"""The HTTP libraries of azure-core's transports, and whether they are asynchronous."""
_TUNNEL_STATUS = re.compile(r"^Tunnel connection failed: (\d{3})")


def failure_of(error: AzureError, request: Any, deadline: Deadline | None) -> AzureError:
    """Return the error to raise for an attempt without a response.

    Raise it outside the `except` block, so that the original exception does not become its context.

    :param error: The transport's exception.
    :param request: The pipeline's request.
    :param deadline: The deadline of the call, if any.
    """
    inner = error.inner_exception
    is_text_of_inner = inner is not None and error.message == str(inner)
    scrub(error, hidden_texts(request))
    unusable = _why_unusable(request, inner)
    if unusable is not None:
        return ProxyError(unusable)
    status = _tunnel_status(error)
    if status is not None:
        return ProxyError(f"The proxy refused to connect to the endpoint: it responded with status {status}.", status)
    kind = _kind_of(error)
    if deadline is not None and issubclass(kind, _TIMEOUTS) and deadline.remaining <= 0:
        return deadline.error()  # a timeout that was shortened to the remaining time is the deadline's
    own = _OWN.get(kind)
    if own is None:
        return error
    message = str(inner) if is_text_of_inner else error.message
    made = own(message + _advice(message), error=inner)
    made.__cause__ = inner
    return made


def reading_failure(error: Exception, deadline: Deadline | None, *, timed_out: bool) -> AzureError:
    """Return the error to raise for a body that was not read to its end.

    :param error: The HTTP library's exception; one of azure-core is returned unchanged.
    :param deadline: The deadline of the call, if any.
    :keyword timed_out: Whether it is a timeout.
    """
    if isinstance(error, AzureError):
        return error
    if not timed_out:
        return IncompleteReadError(f"The connection broke before the end of the response: {error!r}", error=error)
    if deadline is not None and deadline.remaining <= 0:
        return deadline.error()
    return ResponseTimeoutError(f"No bytes arrived within the read timeout: {error}", error=error)


def forked_failure() -> AzureError:
    """Return the error to raise for reading on in a process that was forked while the body was being read."""
    return NoResponseError(
        "A response can only be read in the process that sent the request; this process was forked from it."
    )


def _kind_of(error: AzureError) -> type[AzureError]:
    """Return azure-core's class for an error; urllib3 reports a timeout while sending as a broken connection."""
    if type(error) is ServiceResponseError and any(isinstance(cause, TimeoutError) for cause in causes(error)):
        return ServiceRequestTimeoutError
    return type(error)


def _advice(message: str) -> str:
    """Return advice for a certificate from an unknown authority, such as a company's own."""
    if "unable to get local issuer certificate" not in message and "self-signed certificate" not in message:
        return ""
    return (
        ". This program does not trust the authority that signed the server's certificate. Behind a company proxy or "
        "firewall, pass the company's certificates with connection_verify='/path/to/ca.pem', or set REQUESTS_CA_BUNDLE."
    )


def body_failure(error: AzureError, answer: Any) -> AzureError:
    """Return the error to raise for a successful response whose body cannot be decompressed.

    :param error: The exception from reading it.
    :param answer: azure-core's response.
    """
    if type(error) is not DecodeError or not hasattr(answer, "status_code"):
        return error
    made = ResponseDecodeError(error.message, answer)
    made.inner_exception = made.__cause__ = error.inner_exception
    return made


def _why_unusable(request: Any, inner: BaseException | None) -> str | None:
    """Explain why an attempt could not reach its proxy, if the HTTP library that failed cannot use one of its kind."""
    asynchronous = _LIBRARIES.get(type(inner).__module__.partition(".")[0])
    if asynchronous is None:
        return None
    return why_unusable(request.http_request.url, request.context.options.get("proxies"), asynchronous=asynchronous)


def _tunnel_status(error: AzureError) -> int | None:
    """Return the status with which a proxy refused to open a tunnel, which each library reports in its own way."""
    for cause in causes(error):
        if type(cause).__name__ == "ClientHttpProxyError":  # aiohttp's class, which must not be imported here
            return int(getattr(cause, "status", 0))
        found = _TUNNEL_STATUS.match(str(cause.args[0])) if isinstance(cause, OSError) and cause.args else None
        if found:  # an OSError of the standard library, which has the status only in its text
            return int(found[1])
    return None


def _hide_query(hidden: dict[str, str], url: str) -> None:
    query = url.partition("?")[2].partition("#")[0]
    shown = without_query_values(url).partition("?")[2]
    if query == shown.partition("#")[0]:
        return
    hidden[query] = shown
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name != "api-version":
            _hide(hidden, value, unquote(value), unquote_plus(value))


def _hide_login(hidden: dict[str, str], proxy: str) -> None:
    parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
    login = parts.netloc.rpartition("@")[0]
    password = parts.password or parts.username or login
    basic = b64encode(unquote(login).encode()).decode()
    hidden.update(dict.fromkeys(filter(None, (login, password, unquote(password), basic)), "***"))


def hidden_texts(request: Any) -> dict[str, str]:
    """Return the texts of a request that must not be shown, with their replacements, longest first.

    :param request: The pipeline's request.
    """
    sent, hidden = request.http_request, dict[str, str]()
    _hide_query(hidden, sent.url)
    for name, value in sent.headers.items():
        if isinstance(value, str) and is_credential_header(name):
            _hide(hidden, value, value.rpartition(" ")[2])
    proxies: Mapping[str, str] = request.context.options.get("proxies") or {}
    for proxy in proxies.values():
        if proxy and "@" in proxy:
            _hide_login(hidden, proxy)
    return dict(sorted(hidden.items(), key=lambda item: len(item[0]), reverse=True))


def _hide(hidden: dict[str, str], *texts: str) -> None:
    hidden.update({text: "***" for text in texts if len(text) >= SHORTEST_SECRET and text not in hidden})


def scrub(error: BaseException, hidden: Mapping[str, str]) -> None:
    """Remove secrets from an error and from all errors it leads to: texts, arguments, attributes, requests.

    :param error: The error; modified in place.
    :param hidden: The texts that must not be shown, and their replacements.
    """
    for one in _reachable(error):
        one.args = tuple(_scrubbed(value, hidden) for value in one.args)
        for name, value in list(vars(one).items()):
            if name != "exc_traceback":
                changed = _scrubbed(value, hidden)
                if changed is not value:
                    setattr(one, name, changed)


def _reachable(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    pending: list[Any] = [error]
    while pending:
        one = pending.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            pending += [one.__cause__, one.__context__, *one.args, *vars(one).values()]


def _scrubbed(value: Any, hidden: Mapping[str, str]) -> Any:
    """Return a value without secrets, or the value itself if it has none."""
    if value is None or isinstance(value, (int, float, BaseException, type, HttpRequest)):
        return value
    kept: Any = value
    if isinstance(value, tuple):
        return _scrubbed_tuple(kept, hidden)
    if type(value).__name__ == "URL":  # a yarl URL, which re-encodes the query, so its text differs from ours
        return shown_url(kept)
    if hasattr(value, "proxy"):  # a pool or connection of urllib3, which knows the proxy's password
        return repr(kept)
    if hasattr(value, "headers") and hasattr(value, "method"):  # the request that requests built from ours
        value.headers = case_insensitive_dict(without_credentials(value.headers))
        value.url = _replaced(str(value.url), hidden)
        return value
    if isinstance(value, Mapping) and not isinstance(value, MutableMapping):  # headers in aiohttp's request info
        return without_credentials(cast("Mapping[str, Any]", value))
    return _scrubbed_text(kept, hidden)


def _scrubbed_text(value: Any, hidden: Mapping[str, str]) -> Any:
    text = value if isinstance(value, str) else repr(value)
    replaced = _replaced(text, hidden)
    return value if replaced == text else replaced


def _scrubbed_tuple(value: "tuple[Any, ...]", hidden: Mapping[str, str]) -> Any:
    changed = [_scrubbed(member, hidden) for member in value]
    if all(one is other for one, other in zip(changed, value, strict=True)):
        return value
    kind: Any = type(value)
    # A named tuple keeps its type.
    made: Any = tuple.__new__(kind, changed)  # pyright: ignore[reportUnknownMemberType] - members of unknown type
    return made


def _replaced(text: str, hidden: Mapping[str, str]) -> str:
    for secret, shown in hidden.items():
        text = text.replace(secret, shown)
    return text
