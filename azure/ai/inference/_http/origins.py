"""Where a URL leads: its origin, which decides whether a credential goes along, and whether it is this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def origin(url: str) -> tuple[str, str, int | None]:
    """Tell scheme, host and port of a URL: what must agree for a credential to go along."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
