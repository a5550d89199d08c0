"""What a case of weather is: what the server does, and what the caller must see.

A case is a value. `stage` plays it, `drivers` meet it with each library, `outcome` judges what they saw.
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
"""What a service says that refuses."""
GOOD: Final = answer(200, completion())
SILENT: Final = 1.0
"""Seconds that callers wait in cases about time."""


class _Gate:
    """In a raw answer: go on when the caller has been handed one more text."""

    def __repr__(self) -> str:
        return "GATE"


GATE: Final = _Gate()


@dataclass(frozen=True)
class Raw:
    """A server that sends these answers, in the order of the requests; the last is repeated.

    :param answers: Bytes and steps, as `clients.raw_server` takes them, or `GATE`.
    :param host: By which name the caller calls it.
    """

    answers: Sequence[Any]
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Emulated:
    """The emulator, with faults as its command line has them."""

    faults: str


@dataclass(frozen=True)
class Refusing:
    """A port on which nobody listens."""


Play = Union[Raw, Emulated, Refusing]
Action = Literal["read", "close", "leave", "forget", "cancel"]
"""What the caller does with a stream: read it to its end, or after the first text close it, leave its `with` block,
drop it, or be cancelled while it waits for the next."""


@dataclass(frozen=True)
class Case:
    """One fault, and what must come of it."""

    group: str
    name: str
    play: Play
    stream: bool = True
    text: str | None = "hello"
    """The text that arrives, and is to be handed over before any error; None if it depends on the clock."""
    error: str = ""
    """The exception that this library raises behind it; empty if there is none to raise."""
    says: str = ""
    """What the exception must tell, in the words that the service sent."""
    shows: Sequence[str] = ()
    """What else this library's exception must tell."""
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the exception must hold, by the names in `outcome.FACTS`."""
    attempts: int = 1
    """How many requests this library sends."""
    least: float = 0.0
    """Seconds that the call must take, because the service asked to wait."""
    timeout: float | None = None
    """Seconds that the caller gives the whole call."""
    read_timeout: float | None = None
    """Seconds that the caller waits for the next bytes."""
    action: Action = "read"
    connection: Literal["", "reused", "closed"] = ""
    """What must become of the connection."""
    key_header: bool = False
    """Whether the key goes into the header `api-key`, as Azure OpenAI's clients have it."""
    secret: bool = False
    """Whether key and prompt must not arrive."""

    @property
    def id(self) -> str:
        """Group and name."""
        return f"{self.group}: {self.name}"


def raw(*answers: Answer | Sequence[Any], host: str = "127.0.0.1") -> Raw:
    """Say what a server sends."""
    return Raw(answers, host)


def answered(group: str, name: str, play: Play, **more: Any) -> Case:
    """Make a case of a call without a stream that gets its answer."""
    return Case(group, name, play, stream=False, **more)


def refused(group: str, name: str, play: Play, error: str, **more: Any) -> Case:
    """Make a case of a call without a stream that ends with an error."""
    return Case(group, name, play, stream=False, text="", error=error, **more)
