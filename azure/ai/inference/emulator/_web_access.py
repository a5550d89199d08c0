"""Decide which web pages may call, and under which host names: a browser lets any page send requests to this machine.

A page of another origin may post a form or plain text without asking (CSRF), so requests whose ``Origin`` was not
allowed are refused. And a page may point a name of its own at 127.0.0.1 to become the same origin (DNS rebinding), so
the ``Host`` has to be an address, this machine, or a name that was allowed. Programs send no ``Origin``, so they are
not affected. Allowed pages get CORS headers, as in the Fetch standard, to read the responses.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ._response import Response, json_response

_UNREGISTRABLE: Final = (".home.arpa", ".internal", ".lan", ".local", ".test")
"""Names that nobody can register in the public DNS (RFC 6761, 6762, 8375), so no page can be served from them."""
_PREFLIGHT_SECONDS: Final = "600"


@dataclass(frozen=True)
class WebAccess:
    """The rules for which pages may call, and under which host names.

    :param hosts: Host names to accept besides addresses and ``localhost``, in lower case.
    :param origins: Origins of pages that may call, such as ``http://localhost:3000``; ``*`` for all.
    :keyword local: Whether only this machine is served. Elsewhere names that nobody can register, and names without a
        dot, as containers have them, are let in too.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    local: bool = True

    def answer(self, method: str, headers: Mapping[str, str]) -> Response | None:
        """Return a refusal, or the response to a preflight request; None for a request to be served.

        :param headers: The request's headers, names in lower case.
        """
        host = headers.get("host", "")
        if host and not self._knows(host_name(host)):
            return _refusal("HostNotAllowed", _UNKNOWN_HOST.format(host=host, name=host_name(host)))
        origin = headers.get("origin")
        if origin is None:
            return _refusal("OriginNotAllowed", _CROSS_SITE) if _comes_from_a_page(headers) else None
        if not self._allows(origin, host):
            return _refusal("OriginNotAllowed", _UNKNOWN_ORIGIN.format(origin=origin))
        if method == "OPTIONS" and "access-control-request-method" in headers:
            return Response(204, _preflight(headers))
        return None

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that let the calling page read a response."""
        origin = headers.get("origin")
        if origin is None:
            return {"Vary": "Origin"} if self.origins else {}
        if not self._allows(origin, headers.get("host", "")):
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "*", "Vary": "Origin"}

    def _knows(self, name: str) -> bool:
        if name in self.hosts or name == "localhost" or name.endswith(".localhost") or _is_address(name):
            return True
        return not self.local and ("." not in name or name.endswith(_UNREGISTRABLE))

    def _allows(self, origin: str, host: str) -> bool:
        if "*" in self.origins or origin.lower() in self.origins:
            return True
        return origin.lower().partition("://")[2] == host.lower() != ""


def check_host(name: str) -> str:
    """Return a host name as it is compared: without a port or brackets.

    :raises ValueError: If it is not a host name.
    """
    if not name or re.search(r"[/\s@]", name):
        raise ValueError(f"allow_hosts has {name!r}; write a host name, such as 'my-machine'")
    is_bare_address = name.count(":") > 1 and not name.startswith("[")
    return name.lower() if is_bare_address else host_name(name)


def check_origin(origin: str) -> str:
    """Return an origin as browsers send it.

    :raises ValueError: If it is not an origin.
    """
    if origin in ("*", "null"):
        return origin
    parts = urlsplit(origin.lower())
    if not parts.scheme or not parts.netloc or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise ValueError(
            f"allow_origins has {origin!r}; write scheme and host, such as 'http://localhost:3000', or '*'"
        )
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens on ``host``."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_name(host: str) -> str:
    """Return a ``Host`` header without its port."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].removesuffix(".")


def _comes_from_a_page(headers: Mapping[str, str]) -> bool:
    """Return whether a page of another site loads this as an image, script or the like. Following a link is allowed."""
    return headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate"


def _preflight(headers: Mapping[str, str]) -> dict[str, str]:
    found = {
        "Access-Control-Allow-Methods": headers["access-control-request-method"],
        "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
    }
    if headers.get("access-control-request-private-network") == "true":
        found["Access-Control-Allow-Private-Network"] = "true"
    return found


_UNKNOWN_HOST: Final = (
    "The request is for the host {host!r}, which the emulator does not know as this machine. If you call it by that "
    "name, start it with --allow-host {name}, or allow_hosts=[{name!r}]."
)
_UNKNOWN_ORIGIN: Final = (
    "A web page of {origin!r} sent the request, which the emulator was not told to allow. If the page is yours, start "
    "it with --allow-origin {origin}, or allow_origins=[{origin!r}]."
)
_CROSS_SITE: Final = (
    "A web page of another site sent the request. The emulator answers pages that --allow-origin names."
)


def _refusal(code: str, message: str) -> Response:
    return json_response({"error": {"code": code, "message": message}}, 403)
