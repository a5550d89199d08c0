"""Where and how to listen."""

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from ._web_access import WebAccess

_ANY: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 not listened on, but recognised
_PORTS_TRIED: Final = 100


@dataclass(frozen=True)
class ServerOptions:
    """Settings of the server; see :class:`Emulator`."""

    host: str
    port: int
    tls: bool
    max_request_size: int
    access: WebAccess = field(default_factory=WebAccess)

    @property
    def reachable_host(self) -> str:
        """The host to call. A server can listen on every address, but a client calls a single one."""
        return _ANY.get(self.host, self.host)

    def url(self, port: int) -> str:
        """Return the address to call."""
        host = self.reachable_host
        return f"http{'s' if self.tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"


def free_port(host: str, taken: int) -> int:
    """Return the first free port above a taken one; 0, which means any, if there is none nearby."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(taken + 1, min(taken + _PORTS_TRIED, 65535) + 1):
        with suppress(OSError), socket.socket(family) as listener:
            listener.bind((host, port))
            return port
    return 0
