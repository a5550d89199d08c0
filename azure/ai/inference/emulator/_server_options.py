"""Where and how to listen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerOptions:
    """Settings of the server; see :class:`Emulator`."""

    host: str
    port: int
    tls: bool
    max_request_size: int
