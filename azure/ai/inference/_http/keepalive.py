"""TCP keepalive: probes on a connection on which nothing is said.

A model may think for minutes before its first word. Load balancers and routers forget a connection that is silent for
so long, Azure's after 4 minutes (https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset), and tell
neither side. Probes remind them, and find out where the other side is gone.
"""

import socket
from collections.abc import Sequence
from typing import Final

_SECONDS: Final = 60
"""Of silence before the first probe, and between two that get no answer."""
_PROBES: Final = 5
"""Without an answer, after which a connection counts as broken."""

_NAMES: Final = {"TCP_KEEPIDLE": _SECONDS, "TCP_KEEPALIVE": _SECONDS, "TCP_KEEPINTVL": _SECONDS, "TCP_KEEPCNT": _PROBES}
"""By the names of Linux and Windows, and of macOS for the first."""

SOCKET_OPTIONS: Final[Sequence[tuple[int, int, int]]] = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _NAMES.items() if hasattr(socket, name)),
)
"""What `setsockopt` takes, of those that this system has."""
