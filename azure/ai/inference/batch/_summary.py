"""The counts of a run. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._json import is_object
from .._nested_models import raw_member
from ._results import BatchResult


def tokens_of(counts: Any, name: str) -> int:
    """Return a number of tokens, 0 if there is none: servers send many things as usage.

    :param counts: The usage of an answer, or its details.
    :param name: The member with the number.
    """
    count = counts.get(name) if is_object(counts) else None
    if isinstance(count, float) and count.is_integer():
        return int(count)
    return count if isinstance(count, int) else 0


@dataclass
class RunUsage:
    """Tokens of all answers of a run."""

    prompt_tokens: int = 0
    """Tokens in the requests."""
    completion_tokens: int = 0
    """Tokens in the answers."""
    cached_tokens: int = 0
    """Tokens of the requests that came from the service's prompt cache."""

    @property
    def total_tokens(self) -> int:
        """Tokens in requests and answers together."""
        return self.prompt_tokens + self.completion_tokens

    def add(self, usage: Any) -> None:
        """Add the usage of an answer.

        :param usage: A `CompletionsUsage` or `EmbeddingsUsage`, an equivalent dict, or `None`.
        """
        if not usage:
            return
        self.prompt_tokens += tokens_of(usage, "prompt_tokens")
        self.completion_tokens += tokens_of(usage, "completion_tokens")
        details = usage.get("prompt_tokens_details") if is_object(usage) else None
        self.cached_tokens += tokens_of(details, "cached_tokens")

    def add_tokens(self, other: "RunUsage") -> None:
        """Add the tokens of other answers."""
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens
        self.cached_tokens += other.cached_tokens


class Progress(NamedTuple):
    """How far a run has got."""

    rows: int
    """Rows read so far."""
    done: int
    """Rows that have an answer, including those of earlier runs."""
    failed: int
    """Rows that failed in this run."""
    tokens: int
    """Tokens used in this run."""
    refused: int
    """Requests refused for the quota, status 429."""
    requests_per_minute: float | None
    """The pacer's current rate; `None` if no limit is known."""
    seconds: float
    """Seconds since the run started."""
    waiting: float = 0.0
    """Seconds until the next request starts, if the service asked for a wait (429). Not known for workers elsewhere."""


@dataclass
class Summary:
    """The counts of a run."""

    rows: int = 0
    """Rows read from the input."""
    answered: int = 0
    """Rows answered in this run."""
    failed: int = 0
    """Rows that failed; each has a result with its error."""
    skipped: int = 0
    """Rows with a result from an earlier run."""
    skipped_failed: int = 0
    """Skipped rows whose result is an error: `redo` leaves them alone."""
    kept: int = 0
    """Skipped rows whose request has changed since (`on_changed="keep"`)."""
    in_doubt: list[str] = field(default_factory=list[str])
    """Ids of rows that were in flight when an earlier run died. They are sent again and may be paid for twice."""
    torn_lines: int = 0
    """Lines of the output that a crash cut off. Their rows are sent again."""
    requests: int = 0
    """Requests sent, including retries."""
    refused: int = 0
    """Requests refused for the quota, status 429."""
    retries: int = 0
    """Requests sent again after a status or a lost connection."""
    maybe_paid: int = 0
    """Requests sent again although the service may have answered, and charged for, the first one."""
    usage: RunUsage = field(default_factory=RunUsage)
    """Tokens of this run's answers."""
    models: Counter[str] = field(default_factory=Counter[str])
    """How many answers of this run came from each model. Two models mean that the deployment changed meanwhile."""
    errors: Counter[str] = field(default_factory=Counter[str])
    """How many rows failed with each error code."""
    seconds: float = 0.0
    """Duration of the run in seconds."""

    @property
    def rows_per_second(self) -> float:
        """Rows answered or failed per second."""
        return (self.answered + self.failed) / self.seconds if self.seconds else 0.0

    def cost(self, *, prompt: float, completion: float = 0.0, cached: float | None = None) -> float:
        """Return the price of this run's answers.

        :keyword prompt: Price per million tokens in requests, in any currency.
        :keyword completion: Price per million tokens in answers.
        :keyword cached: Price per million cached tokens in requests; by default that of `prompt`.
        :return: The price in the same currency.
        """
        usage = self.usage
        fresh = usage.prompt_tokens - usage.cached_tokens
        cached = prompt if cached is None else cached
        return (fresh * prompt + usage.cached_tokens * cached + usage.completion_tokens * completion) / 1e6

    def count(self, result: BatchResult) -> None:
        """Count a result of this run."""
        if result.ok:
            self.count_answer(result._reply)  # noqa: SLF001 - it is ours
        else:
            self.failed += 1
            self.errors[result.error.code if result.error else "unknown"] += 1

    def count_answer(self, answer: Any) -> None:
        """Count an answer, without building models that nobody reads."""
        self.answered += 1
        self.usage.add(raw_member(answer, "usage"))
        self.models[str(raw_member(answer, "model") or "")] += 1

    def count_requests(self, outcome: Any) -> None:
        """Count the requests of an `Outcome`."""
        self.requests += outcome.attempts
        self.refused += outcome.refused
        self.retries += outcome.attempts - 1
        self.maybe_paid += outcome.maybe_paid

    def add(self, other: "Summary") -> None:
        """Add the counts of rows that were run elsewhere: their results, requests and tokens."""
        for name in ("answered", "failed", "requests", "refused", "retries", "maybe_paid"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.usage.add_tokens(other.usage)
        self.models.update(other.models)
        self.errors.update(other.errors)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as a JSON object."""
        members = {name: value for name, value in vars(self).items() if name != "usage"}
        usage = {**vars(self.usage), "total_tokens": self.usage.total_tokens}
        counters = {"models": dict(self.models), "errors": dict(self.errors)}
        rate = {"rows_per_second": round(self.rows_per_second, 2), "seconds": round(self.seconds, 2)}
        return {**members, **counters, "usage": usage, **rate}

    def __str__(self) -> str:
        parts = [f"{self.rows} rows", f"{self.answered} answered", f"{self.failed} failed", f"{self.skipped} skipped"]
        if self.skipped_failed:
            parts[-1] += f" ({self.skipped_failed} failed)"
        if self.in_doubt:
            parts.append(f"{len(self.in_doubt)} in doubt")
        parts += [f"{self.usage.total_tokens} tokens", f"{self.refused} refused", f"{self.rows_per_second:.1f} rows/s"]
        return ", ".join(parts)


def progress_of(summary: Summary, requests_per_minute: float | None, waiting: float = 0.0) -> Progress:
    """Return how far a run has got.

    :param summary: Its counts so far.
    :param requests_per_minute: The pacer's current rate; `None` if no limit is known.
    :param waiting: The seconds until the next request starts, if the service asked for a wait.
    """
    return Progress(
        rows=summary.rows,
        done=summary.answered + summary.skipped - summary.skipped_failed,
        failed=summary.failed,
        tokens=summary.usage.total_tokens,
        refused=summary.refused,
        requests_per_minute=requests_per_minute,
        seconds=summary.seconds,
        waiting=waiting,
    )
