"""What a run came to, in numbers. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ._results import BatchResult


@dataclass
class RunUsage:
    """Tokens of all answers of a run."""

    prompt_tokens: int = 0
    """Tokens in the requests."""
    completion_tokens: int = 0
    """Tokens in the answers."""
    cached_tokens: int = 0
    """Those of the requests that the service had in its prompt cache."""

    @property
    def total_tokens(self) -> int:
        """Tokens in requests and answers."""
        return self.prompt_tokens + self.completion_tokens

    def add(self, usage: Any) -> None:
        """Add the usage of an answer.

        :param usage: A `CompletionsUsage` or `EmbeddingsUsage`, or the same as a dict, or `None`.
        """
        if not usage:
            return
        self.prompt_tokens += usage.get("prompt_tokens") or 0
        self.completion_tokens += usage.get("completion_tokens") or 0
        details = usage.get("prompt_tokens_details")
        self.cached_tokens += (details.get("cached_tokens") or 0) if details else 0


class Progress(NamedTuple):
    """How far a run is."""

    rows: int
    """Rows read so far."""
    done: int
    """Rows that have an answer, those of earlier runs included."""
    failed: int
    """Rows that failed in this run."""
    tokens: int
    """Tokens spent in this run."""
    refused: int
    """Requests that were refused for the quota, status 429."""
    requests_per_minute: float | None
    """The rate that the pacer keeps at present, `None` if no limit is known."""
    seconds: float
    """Seconds since the run began."""


@dataclass
class Summary:
    """What a run came to."""

    rows: int = 0
    """Rows read from the input."""
    answered: int = 0
    """Rows that this run got an answer for."""
    failed: int = 0
    """Rows that failed; each has a result with its error."""
    skipped: int = 0
    """Rows that had a result from an earlier run."""
    kept: int = 0
    """Of those, rows whose request has changed since (`on_changed="keep"`)."""
    in_doubt: list[str] = field(default_factory=list[str])
    """Ids of rows that were under way when an earlier run died. They are asked again and may be paid for twice."""
    torn_lines: int = 0
    """Lines of the output that a crash cut off. Their rows are asked again."""
    requests: int = 0
    """Requests sent, retries included."""
    refused: int = 0
    """Of those, requests that were refused for the quota, status 429."""
    retries: int = 0
    """Requests sent again after a status or a lost connection."""
    maybe_paid: int = 0
    """Of those, requests sent again although the service may have answered the first, and charged for it."""
    usage: RunUsage = field(default_factory=RunUsage)
    """Tokens of this run's answers."""
    models: Counter[str] = field(default_factory=Counter[str])
    """How many of this run's answers each model gave. Two mean that the deployment changed meanwhile."""
    errors: Counter[str] = field(default_factory=Counter[str])
    """How many rows failed with each error code."""
    seconds: float = 0.0
    """How long the run took."""

    @property
    def rows_per_second(self) -> float:
        """Rows answered or failed in a second."""
        return (self.answered + self.failed) / self.seconds if self.seconds else 0.0

    def cost(self, *, prompt: float, completion: float = 0.0, cached: float | None = None) -> float:
        """Return the price of this run's answers.

        :keyword prompt: Price of a million tokens of requests, in any currency.
        :keyword completion: Price of a million tokens of answers.
        :keyword cached: Price of a million cached tokens of requests; that of `prompt` by default.
        :return: The price in the same currency.
        """
        usage = self.usage
        fresh = usage.prompt_tokens - usage.cached_tokens
        cached = prompt if cached is None else cached
        return (fresh * prompt + usage.cached_tokens * cached + usage.completion_tokens * completion) / 1e6

    def count(self, result: BatchResult) -> None:
        """Count a result of this run."""
        if result.ok:
            self.answered += 1
            answer = result._reply  # noqa: SLF001 - it is ours
            told: dict[str, Any] = dict(answer)  # plain: what nobody reads need not become models
            self.usage.add(told.get("usage"))
            self.models[str(told.get("model") or "")] += 1
        else:
            self.failed += 1
            self.errors[result.error.code if result.error else "unknown"] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        members = {name: value for name, value in vars(self).items() if name != "usage"}
        usage = {**vars(self.usage), "total_tokens": self.usage.total_tokens}
        counters = {"models": dict(self.models), "errors": dict(self.errors)}
        rate = {"rows_per_second": round(self.rows_per_second, 2), "seconds": round(self.seconds, 2)}
        return {**members, **counters, "usage": usage, **rate}

    def __str__(self) -> str:
        parts = [f"{self.rows} rows", f"{self.answered} answered", f"{self.failed} failed", f"{self.skipped} skipped"]
        if self.in_doubt:
            parts.append(f"{len(self.in_doubt)} in doubt")
        parts += [f"{self.usage.total_tokens} tokens", f"{self.refused} refused", f"{self.rows_per_second:.1f} rows/s"]
        return ", ".join(parts)
