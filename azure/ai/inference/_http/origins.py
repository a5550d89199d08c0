"""The origin of a URL, which decides whether a credential may be sent, and whether it is this machine."""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit


@lru_cache(64)  # a client calls few URLs, each of them often
def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL: all must match for a credential to be sent.

    :param url: An absolute URL.
    :raises ValueError: It is not valid.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


@lru_cache(64)
def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine.

    ``0.0.0.0`` and ``::`` are included: servers print them as the address they listen on, and connecting to them
    reaches this machine.

    :param host: The host as written in a URL, with or without brackets.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
