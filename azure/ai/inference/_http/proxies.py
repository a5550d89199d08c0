"""Choose the proxy for a request: the caller's, or the one from the environment.

The environment is read once per client, not for each request.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")


def proxies_for(url: str) -> dict[str, str] | None:
    """Return the proxies of HTTP_PROXY, HTTPS_PROXY or ALL_PROXY for an endpoint, unless NO_PROXY excludes it.

    :param url: The endpoint.
    :return: Proxy URLs by scheme; `None` if there are none.
    """
    if not _may_name_proxies():
        return None
    from urllib.request import getproxies, proxy_bypass  # imported late: it loads fifteen other modules

    found = getproxies()
    host = urlsplit(url).hostname
    if not found or not host or proxy_bypass(host):
        return None
    proxies = {scheme: found.get(scheme) or found.get("all", "") for scheme in ("http", "https")}
    return {scheme: proxy for scheme, proxy in proxies.items() if proxy} or None


def _may_name_proxies() -> bool:
    """Return whether a lookup is worthwhile. Windows and macOS have settings besides environment variables."""
    return sys.platform in ("win32", "darwin") or any(name.lower().endswith("_proxy") for name in os.environ)


def choose_proxy(url: str, proxies: Mapping[str, str] | None) -> str | None:
    """Return the proxy for a URL by the rules of requests, which the asynchronous transport must follow too.

    :param url: The URL of the request.
    :param proxies: Proxy URLs by scheme and host (``https://host``), by scheme, or for ``all``. One without a scheme is
        an http proxy: ``HTTP_PROXY=host:port`` is common.
    :return: The proxy's URL, with a scheme; `None` for none.
    """
    if not proxies:
        return None
    parts = urlsplit(url)
    keys = (f"{parts.scheme}://{parts.hostname}", parts.scheme, f"all://{parts.hostname}", "all")
    proxy = next((proxies[key] for key in keys if key in proxies), None)
    return (proxy if "://" in proxy else f"http://{proxy}") if proxy else None


def why_unusable(url: str, proxies: Mapping[str, str] | None, *, asynchronous: bool) -> str | None:
    """Explain why the proxy for a URL cannot be used by our transports: its scheme, or a missing package.

    :param url: The URL of the request.
    :param proxies: As for `choose_proxy`.
    :keyword asynchronous: Whether the transport is aiohttp, not requests.
    :return: `None` if it can be used, or if there is none.
    """
    proxy = choose_proxy(url, proxies)
    scheme, _, rest = (proxy or "http://").partition("://")
    shown = f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}"
    if scheme.lower() in ("http", "https"):
        return None
    if scheme.lower() not in _SOCKS:
        return f"The proxy {shown} has an unsupported scheme. Use a proxy whose URL begins with http:// or https://."
    if asynchronous:
        return (
            f"Asynchronous clients cannot use the SOCKS proxy {shown}, because aiohttp cannot. Use an http proxy, or "
            "the package aiohttp-socks: pass proxies={} and session=aiohttp.ClientSession(connector="
            "ProxyConnector.from_url(...))."
        )
    from importlib.util import find_spec

    if find_spec("socks") is None:
        return f"The SOCKS proxy {shown} needs the package PySocks: pip install PySocks, or use an http proxy."
    return None


def with_environment(url: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Add the environment's settings to a transport's options, unless the caller has set them.

    :param url: The endpoint.
    :param options: The constructor's keyword arguments; `use_env_settings=False` ignores the environment.
    :return: The options, with `use_env_settings` off, since transports would read the environment for each request.
    """
    settled = {**options, "use_env_settings": False}
    if not options.get("use_env_settings", True):
        return settled
    if options.get("proxies") is None:
        settled["proxies"] = proxies_for(url)
    if options.get("connection_verify", True) is True:
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        if bundle and not os.path.exists(bundle):
            raise ValueError(
                f"The variable REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE is {bundle!r}, which is not the path of a file "
                "or folder of certificates."
            )
        settled["connection_verify"] = bundle or True
    return settled
