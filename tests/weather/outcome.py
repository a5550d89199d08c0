"""What a caller saw, as a value, and how good that is: pure functions, the same for every library."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .case import Case

FACTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "status": lambda error: error.status_code,
    "code": lambda error: error.error.code,
    "target": lambda error: error.error.target,
    "request id": lambda error: error.request_id,
    "seconds to wait": lambda error: error.retry_after,
    "partial answer": lambda error: error.partial.choices[0].message.content,
    "filters": lambda error: error.filtered_categories,
}
"""What this library's exceptions can hold, and where."""


@dataclass(frozen=True)
class Outcome:
    """What a caller saw."""

    text: str = ""
    error: str = ""
    typed: bool = True
    """Whether the error is one that the library documents."""
    told: str = ""
    """The error's text."""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    attempts: int = 0
    seconds: float = 0.0
    hung: bool = False
    connection: str = ""
    leaked: tuple[str, ...] = ()


def facts_of(error: BaseException) -> dict[str, Any]:
    """Read what an exception holds."""
    found = {name: _fact(read, error) for name, read in FACTS.items()}
    return {name: value for name, value in found.items() if value is not None}


def _fact(read: Callable[[Any], Any], error: BaseException) -> Any:
    try:
        return read(error)
    except (AttributeError, IndexError, TypeError):  # an exception that holds no such thing
        return None


RIGHT: Final = "right"
GRADES: Final[Mapping[str, str]] = {
    RIGHT: "right value, or typed error behind all that arrived",
    "vague": "typed error, in whose text the service's words are missing",
    "fails": "error where the answer was whole, or could be had by asking again",
    "untyped": "error of another library or of Python (`ValueError`, ...)",
    "loses": "text that had arrived is not handed over, or is wrong",
    "silent": "ends as if all were well",
    "hurries": "asks again before the service said",
    "leaks": "key or prompt go where they must not",
    "keeps": "connection left open, or not used again",
    "hangs": "not over within 6 s, where the caller gave 1",
}


def _has_all(case: Case, seen: Outcome) -> bool:
    """Tell whether all text was handed over; of an update with an error, a caller may get the text too."""
    text = case.text or ""
    return seen.text.startswith(text) if case.error else seen.text == text


def grade(case: Case, seen: Outcome) -> str:
    """Judge what a caller saw, by the worst that is wrong with it."""
    wrong = (
        ("hangs", seen.hung),
        ("leaks", case.secret and bool(seen.leaked)),
        ("untyped", not case.error and not seen.typed),
        ("fails", not case.error and bool(seen.error)),
        ("loses", case.text is not None and not _has_all(case, seen)),
        ("silent", bool(case.error) and not seen.error),
        ("untyped", not seen.typed),
        ("vague", case.says not in seen.told),
        ("hurries", seen.seconds < case.least),
        ("keeps", bool(case.connection) and seen.connection != case.connection),
    )
    return next((name for name, is_so in wrong if is_so), RIGHT)
