"""What a caller saw, as a value, and its rating: pure functions, the same for every library."""

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
"""Values that this library's exceptions can hold, and their attributes."""


@dataclass(frozen=True)
class Outcome:
    """What a caller saw."""

    text: str = ""
    error: str = ""
    typed: bool = True
    """Whether the library documents the error."""
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
    except (AttributeError, IndexError, TypeError):  # an exception without such an attribute
        return None


RIGHT: Final = "right"
GRADES: Final[Mapping[str, str]] = {
    RIGHT: "right value, or typed error after everything that arrived",
    "vague": "typed error whose text lacks the service's message",
    "fails": "error although the answer was complete, or a retry would have worked",
    "untyped": "error of another library or of Python (`ValueError`, ...)",
    "loses": "text that arrived is not delivered, or is wrong",
    "silent": "ends as if all were well",
    "hurries": "retries before the service allows",
    "leaks": "key or prompt sent where they must not go",
    "keeps": "connection left open, or not reused",
    "hangs": "not finished within 6 s, where the caller allowed 1",
}


def _has_all(case: Case, seen: Outcome) -> bool:
    """Return whether all text was delivered; of an update with an error, a caller may get the text too."""
    text = case.text or ""
    return seen.text.startswith(text) if case.error else seen.text == text


def grade(case: Case, seen: Outcome) -> str:
    """Rate what a caller saw by the worst thing that is wrong with it."""
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
