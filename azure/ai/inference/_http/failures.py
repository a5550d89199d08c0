"""What an HTTP library raised, as this package's own errors, with no secret in them nor in what they lead to.

An error is kept, shown, logged and put on spans, and so is all that it refers to: the text of aiohttp's and requests'
errors has the whole URL, their attributes the request with its headers, those of a proxy its password.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, cast
from urllib.parse import unquote, unquote_plus, urlsplit

from azure.core.exceptions import (
    AzureError,
    DecodeError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpRequest
from azure.core.utils import case_insensitive_dict

from .._credential_headers import is_credential_header, without_credentials
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
from .retries import causes

_OWN: Mapping[type[AzureError], type[AzureError]] = {
    ServiceRequestError: RequestError,
    ServiceRequestTimeoutError: RequestTimeoutError,
    ServiceResponseError: NoResponseError,
    ServiceResponseTimeoutError: ResponseTimeoutError,
}
"""Our class for each of azure-core's; a transport's own subclasses stay what they are."""

_TIMEOUTS = (ServiceRequestTimeoutError, ServiceResponseTimeoutError)
_TUNNEL_STATUS = re.compile(r"^Tunnel connection failed: (\d{3})")
_SHORTEST_SECRET = 8
"""Replacing what is shorter ("key", "EMPTY") would hide words, not keys."""


def failure_of(error: AzureError, request: Any, deadline: Deadline | None) -> AzureError:
    """Return the error to raise for an attempt that got no answer.

    To be raised outside of the `except` block, so that what was caught does not become its context.

    :param error: What the transport raised.
    :param request: The pipeline's request.
    :param deadline: The call's, if it has one.
    """
    inner = error.inner_exception
    is_text_of_inner = inner is not None and error.message == str(inner)
    scrub(error, hidden_texts(request))
    status = _tunnel_status(error)
    if status is not None:
        return ProxyError(f"The proxy refused to connect to the endpoint: it answered with status {status}.", status)
    kind = type(error)
    if kind is ServiceResponseError and any(isinstance(cause, TimeoutError) for cause in causes(error)):
        kind = ServiceRequestTimeoutError  # so urllib3 reports a time-out while it sends
    if deadline is not None and issubclass(kind, _TIMEOUTS) and deadline.remaining <= 0:
        return deadline.error()  # a timeout that was shortened to what was left is the deadline's
    own = _OWN.get(kind)
    if own is None:
        return error
    message = str(inner) if is_text_of_inner else error.message
    made = own(message + _certificate_advice(message), error=inner)
    made.__cause__ = inner
    return made


def _certificate_advice(message: str) -> str:
    """Return what to do about a certificate whose authority is unknown, as those of a company's own are."""
    if "unable to get local issuer certificate" not in message and "self-signed certificate" not in message:
        return ""
    return (
        ". This program does not trust the authority that signed the server's certificate. Behind a company's proxy or "
        "firewall, pass the company's certificates with connection_verify='/path/to/ca.pem', or set REQUESTS_CA_BUNDLE."
    )


def body_failure(error: AzureError, answer: Any) -> AzureError:
    """Return the error to raise for the body of a good answer that does not decompress.

    :param error: What reading it raised.
    :param answer: azure-core's response.
    """
    if type(error) is not DecodeError or not hasattr(answer, "status_code"):
        return error
    made = ResponseDecodeError(error.message, answer)
    made.inner_exception = made.__cause__ = error.inner_exception
    return made


def _tunnel_status(error: AzureError) -> int | None:
    """Return the status with which a proxy refused to open a tunnel, which both libraries tell in their own way."""
    for cause in causes(error):
        if type(cause).__name__ == "ClientHttpProxyError":  # aiohttp's, which nothing here may load
            return int(getattr(cause, "status", 0))
        found = _TUNNEL_STATUS.match(str(cause.args[0])) if isinstance(cause, OSError) and cause.args else None
        if found:  # of the standard library: an OSError that has it in its text alone
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
    """Return what must not be shown of a request, and what stands in its place, longest first.

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
    hidden.update({text: "***" for text in texts if len(text) >= _SHORTEST_SECRET and text not in hidden})


def scrub(error: BaseException, hidden: Mapping[str, str]) -> None:
    """Take secrets out of an error and of all errors that it leads to: texts, arguments, attributes, requests.

    :param error: The error; it is changed.
    :param hidden: What must not be shown, and what stands in its place.
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
    """Return a value without secrets; the value itself if it has none."""
    if value is None or isinstance(value, (int, float, BaseException, type, HttpRequest)):
        return value
    kept: Any = value
    if isinstance(value, tuple):
        return _scrubbed_tuple(kept, hidden)
    if type(value).__name__ == "URL":  # yarl's, which encodes a query anew, so that its text is none of ours
        return shown_url(kept)
    if hasattr(value, "proxy"):  # one of urllib3's pools or connections, which know the password of the proxy
        return repr(kept)
    if hasattr(value, "headers") and hasattr(value, "method"):  # the request that requests made of ours
        value.headers = case_insensitive_dict(without_credentials(value.headers))
        value.url = _replaced(str(value.url), hidden)
        return value
    if isinstance(value, Mapping) and not isinstance(value, MutableMapping):  # headers, as aiohttp describes a request
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
    # A named tuple stays what it is.
    made: Any = tuple.__new__(kind, changed)  # pyright: ignore[reportUnknownMemberType] - of no certain members
    return made


def _replaced(text: str, hidden: Mapping[str, str]) -> str:
    for secret, shown in hidden.items():
        text = text.replace(secret, shown)
    return text
