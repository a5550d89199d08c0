"""A fault that users request: what goes wrong, how often, and for whom, checked when it is passed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from ._argument_checks import Kinds, check_headers, check_status, check_types

WAITS: Final = (
    "retry-after",
    "date",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "x-ratelimit-timeremaining",
    "message",
    "nothing",
)
"""The ways in which a 429 can ask for a wait."""
_WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "error": ("data", "event", "flat", "line", "finish"),
    "malformed": ("json", "utf-8", "list"),
}
_KINDS: Final = (
    "reset",
    "cut",
    "stall",
    "slow",
    "keep-alive",
    "malformed",
    "error",
    "html",
    "empty",
    "expired-token",
    "redirect",
)


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    :param kind: A status from 400 to 599 (``429``), or one of: ``reset`` (the connection, before the answer or after
        ``events``), ``cut`` (the body, at ``byte`` or after ``events``), ``stall`` (silence for ``seconds``),
        ``slow`` (``seconds`` before each event), ``keep-alive`` (comments between events), ``malformed`` (an invalid
        event), ``error`` (in a stream), ``html`` and ``empty`` (a page, or nothing, with ``status``),
        ``expired-token`` (401), ``redirect`` (to ``location``).
    :keyword times: How often it strikes. Default: once, or without end if ``every`` or ``probability`` is given.
    :keyword every: Strike every k-th request.
    :keyword probability: Strike with this probability, 0 to 1, using a generator seeded with ``seed``.
    :keyword seed: The seed of that generator. Default: 0.
    :keyword path: Strike only requests whose path contains this.
    :keyword events: How many events of a stream are sent first. Default: 0 for ``stall`` and ``malformed``, 1 for
        ``cut`` and ``error``.
    :keyword byte: How many bytes of the body are sent first. Default for a plain answer: half of it.
    :keyword seconds: How long. Default: 3600 for ``stall``, 0.05 for ``slow``, 0 for ``keep-alive``.
    :keyword wait: The seconds that a status asks the caller to wait. Default: 1 for 429, none for others.
    :keyword says: How the wait is expressed: ``retry-after`` (the default), ``date``, ``retry-after-ms``,
        ``x-ms-retry-after-ms``, ``x-ratelimit-timeremaining``, ``message``, ``nothing``. For ``error``: ``data`` (the
        default), ``event`` (with a name), ``flat``, ``line`` (an ``error:`` line), ``finish`` (a finish reason); the
        Responses and the Messages API have one way each. For ``malformed``: ``json`` (the default), ``utf-8``,
        ``list``.
    :keyword status: Of ``html`` and ``empty``. Default: 200. Of ``redirect``: 307.
    :keyword location: The target of a redirect. Default: this server under another name.
    :keyword message: The message of a status or an error.
    :raises ValueError: For an invalid setting, naming the choices.
    """

    kind: str
    times: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    path: str = ""
    events: int | None = None
    byte: int | None = None
    seconds: float | None = None
    wait: float | None = None
    says: str | None = None
    status: int | None = None
    location: str | None = None
    message: str | None = None

    def __post_init__(self) -> None:
        check_types(self, _TYPES)
        if not self.is_status and self.kind not in _KINDS:
            raise ValueError(f"kind is {self.kind!r}; choose a status from 400 to 599, or one of {', '.join(_KINDS)}")
        choices = WAITS if self.is_status else _WAYS.get(self.kind, ())
        if self.says is not None and self.says not in choices:
            raise ValueError(f"says is {self.says!r}; {self.kind} can say {', '.join(choices) or 'nothing'}")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError(f"probability is {self.probability}; choose one from 0 to 1")
        if self.status is not None:
            check_status(self.status)
        check_headers({} if self.location is None else {"Location": self.location})
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} is {value}; choose {least} or more")

    @property
    def is_status(self) -> bool:
        """Whether the answer is an error of the service."""
        return self.kind.isascii() and self.kind.isdigit() and 400 <= int(self.kind) <= 599


_NONE: Final = type(None)
_TYPES: Final[Mapping[str, Kinds]] = {
    **dict.fromkeys(("kind", "path"), (str,)),
    **dict.fromkeys(("says", "location", "message"), (str, _NONE)),
    **dict.fromkeys(("times", "every", "events", "byte", "status"), (int, _NONE)),
    **dict.fromkeys(("probability", "seconds", "wait"), (float, _NONE)),
    "seed": (int,),
}
_LEAST: Final = {"times": 1, "every": 1, "events": 0, "byte": 0, "seconds": 0, "wait": 0}


def read_fault(members: Mapping[str, Any]) -> Fault:
    """Return a fault from its members.

    :raises TypeError: For a member of another type.
    :raises ValueError: For an invalid or unknown member, or without ``kind``.
    """
    names = [field.name for field in fields(Fault)]
    unknown = [name for name in members if name not in names]
    if unknown:
        raise ValueError(f"a fault has no member {unknown[0]!r}; it has {', '.join(names)}")
    if "kind" not in members:
        raise ValueError("a fault needs its kind, such as '429' or 'cut'")
    return Fault(**members)


def parse_faults(text: str) -> list[Fault]:
    """Return the faults in a text such as ``429:times=2,wait=1;cut:every=3,events=5``.

    :raises ValueError: For a text of another form.
    """
    return [_parse_fault(part.strip()) for part in text.split(";") if part.strip()]


def _parse_fault(text: str) -> Fault:
    kind, _, settings = text.partition(":")
    readers = {field.name: _reader(str(field.type)) for field in fields(Fault)[1:]}
    values: dict[str, Any] = {}
    for setting in filter(None, settings.split(",")):
        name, equals, value = setting.strip().partition("=")
        if not equals or name not in readers:
            raise ValueError(
                f"{setting!r} in the fault {text!r} is not of the form name=value, with a name of {', '.join(readers)}"
            )
        try:
            values[name] = readers[name](value)
        except ValueError as error:
            raise ValueError(f"{name} in the fault {text!r} is {value!r}, which is not a number") from error
    return Fault(kind.strip(), **values)


def _reader(annotation: str) -> Callable[[str], Any]:
    return int if "int" in annotation else float if "float" in annotation else str
