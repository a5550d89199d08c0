"""Check that a cluster is there before its engine, which tries for most of a minute, connects to it."""

import socket
from urllib.parse import urlsplit

_TIMEOUT = 5.0
"""Seconds for a connection."""


def host_and_port(address: str) -> tuple[str, int] | None:
    """Return the host and port in an address; `None` if it has none, or the engine finds the cluster in its own way.

    :param address: As in RAY_ADDRESS: "host:port", "ray://host:port", or a word such as "auto" or "local".
    """
    scheme, _, rest = address.rpartition("://")
    if scheme not in ("", "ray"):
        return None
    try:
        parts = urlsplit(f"//{rest}")
        return (parts.hostname, parts.port) if parts.hostname and parts.port else None
    except ValueError:  # the engine says what is wrong with it
        return None


def check_reachable(address: str) -> None:
    """Check that something listens at an address.

    :param address: The address, as in RAY_ADDRESS.
    :raises OSError: Nothing does, or it did not answer within 5 seconds.
    """
    found = host_and_port(address)
    if found is not None:
        socket.create_connection(found, timeout=_TIMEOUT).close()
