"""A test case: what the server does, and what the caller must see.

A case is a value. `stage` plays it, `drivers` runs each library on it, and `outcome` judges what their callers saw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Union

from clients.raw_server import Answer, answer, completion

PROMPT: Final = "my-secret-prompt: count to 4"
KEY: Final = "my-secret-key-0123456789"
OTHER_ORIGIN: Final = b"http://other-origin.invalid"
"""In a raw answer: the address of a second server, which must get no secret."""


NO: Final = {"error": {"code": "c0de", "message": "the words"}}
"""The message of a refusing service."""
GOOD: Final = answer(200, completion())
SILENT: Final = 1.0
"""Seconds that callers wait in cases about time."""


class _Gate:
    """In a raw answer: continue when the caller has received another text."""

    def __repr__(self) -> str:
        return "GATE"


GATE: Final = _Gate()


@dataclass(frozen=True)
class Raw:
    """A server that sends these answers, in the order of the requests; the last one is repeated.

    :param answers: Bytes and steps, as `clients.raw_server` takes them, or `GATE`.
    :param host: The name by which the caller calls it.
    """

    answers: Sequence[Any]
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Emulated:
    """The emulator, with faults as on its command line."""

    faults: str


@dataclass(frozen=True)
class Refusing:
    """A port on which nothing listens."""


Play = Union[Raw, Emulated, Refusing]
Action = Literal["read", "close", "leave", "forget", "cancel"]
"""What the caller does with a stream: read it to its end, or after the first text close it, leave its `with` block,
drop it, or be cancelled while it waits for the next one."""


@dataclass(frozen=True)
class Case:
    """One fault, and its expected outcome."""

    group: str
    name: str
    play: Play
    stream: bool = True
    text: str | None = "hello"
    """The text that arrives, and must be delivered before any error; None if it depends on the clock."""
    error: str = ""
    """The exception that this library raises after it; empty if none."""
    says: str = ""
    """What the exception must contain of the service's message."""
    shows: Sequence[str] = ()
    """What else this library's exception must contain."""
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the exception must hold, by the names in `outcome.FACTS`."""
    attempts: int = 1
    """How many requests this library sends."""
    least: float = 0.0
    """Minimum seconds of the call, because the service asked for a wait."""
    timeout: float | None = None
    """The caller's time limit for the whole call, in seconds."""
    read_timeout: float | None = None
    """The caller's time limit for the next bytes, in seconds."""
    action: Action = "read"
    connection: Literal["", "reused", "closed"] = ""
    """The expected state of the connection afterwards."""
    key_header: bool = False
    """Whether the key goes into the header `api-key`, as Azure OpenAI's clients send it."""
    secret: bool = False
    """Whether key and prompt must not arrive."""

    @property
    def id(self) -> str:
        """Group and name."""
        return f"{self.group}: {self.name}"


def raw(*answers: Answer | Sequence[Any], host: str = "127.0.0.1") -> Raw:
    """Return what a server sends."""
    return Raw(answers, host)


def answered(group: str, name: str, play: Play, **more: Any) -> Case:
    """Return a case of a call without a stream that gets its answer."""
    return Case(group, name, play, stream=False, **more)


def refused(group: str, name: str, play: Play, error: str, **more: Any) -> Case:
    """Return a case of a call without a stream that ends with an error."""
    return Case(group, name, play, stream=False, text="", error=error, **more)
