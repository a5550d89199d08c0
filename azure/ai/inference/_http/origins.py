"""Where a URL leads: its origin, which decides whether a credential goes along, and whether it is this machine."""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL: what must agree for a credential to go along.

    :param url: An absolute URL.
    :raises ValueError: It is not valid.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


@lru_cache(64)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine.

    ``0.0.0.0`` and ``::`` are too: servers print them as the address that they listen on, and whoever connects to them
    reaches this machine.

    :param host: As it stands in a URL, with or without brackets.
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
