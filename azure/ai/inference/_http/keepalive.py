"""TCP keepalive: probes on an idle connection.

A model may think for minutes before its first word. Load balancers and routers forget a connection that is silent for
so long, Azure's after 4 minutes (https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset), and tell
neither side. Probes keep the connection known, and detect that the other side is gone.
"""

import socket
from collections.abc import Sequence
from typing import Final

_SECONDS: Final = 60
"""Seconds of silence before the first probe, and between two probes without a response."""
_PROBES: Final = 5
"""Number of probes without a response after which a connection counts as broken."""

_NAMES: Final = {"TCP_KEEPIDLE": _SECONDS, "TCP_KEEPALIVE": _SECONDS, "TCP_KEEPINTVL": _SECONDS, "TCP_KEEPCNT": _PROBES}
"""By the names of Linux and Windows, and for the first also of macOS."""

SOCKET_OPTIONS: Final[Sequence[tuple[int, int, int]]] = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _NAMES.items() if hasattr(socket, name)),
)
"""Arguments for `setsockopt`, as far as this system supports them."""
