"""The calls of a soak, and their expected results: a function of the seed alone, whatever the timing.

The deployment's name selects a fault: every call of ``cut`` is cut off. Only where the client should retry does a fault
occur at random; there, the final result is certain.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FAULTS: Final[Mapping[str, str]] = {
    "fine": "",
    "slow": "slow:seconds=0.004,every=1",
    "chatty": "keep-alive:every=1",
    "flaky": "503:probability=0.3,seed={seed},wait=0.005,says=retry-after-ms",
    "dropping": "reset:probability=0.3,seed={seed}",
    "full": "429:every=1,wait=0.005,says=retry-after-ms",
    "locked": "expired-token:every=1",
    "cut": "cut:every=1,events=6",
    "broken": "reset:every=1,events=6",
    "failing": "error:every=1,events=6,message=overloaded",
    "garbled": "malformed:every=1,events=6",
    "stalled": "stall:every=1,events=6,seconds=60",
    "page": "html:every=1",
}
"""Deployments, and their faults."""

BEFORE_FAULT: Final = "1 2 3 4"
"""The text in the six events before a fault: two events have none."""

PATIENT: Final = {"retry_total": 60, "retry_status": 60, "retry_read": 60, "retry_connect": 60}
"""High enough that 0.3 of all attempts may fail, and no call does in a million years."""


@dataclass(frozen=True)
class Scenario:
    """One kind of call.

    :param kind: `plain`, `stream`, `embed`, `batches` or `tools`.
    :param action: What the caller does with a stream: `read` it to its end, or after the first text `close`, `leave`,
        `forget`, or `cancel` it (in a thread: `close`).
    """

    name: str
    kind: str
    deployment: str = "fine"
    weight: int = 1
    action: str = "read"
    error: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


SCENARIOS: Final = (
    Scenario("answer", "plain", weight=8),
    Scenario("stream", "stream", weight=10),
    Scenario("slow stream", "stream", "slow", weight=3),
    Scenario("stream with comments", "stream", "chatty", weight=3),
    Scenario("embeddings", "embed", weight=4),
    Scenario("batches", "batches", weight=2),
    Scenario("tool calls", "tools", weight=3),
    Scenario("answer, asked again", "plain", "flaky", weight=3),
    Scenario("stream, asked again", "stream", "flaky", weight=3),
    Scenario("answer, connection dropped", "plain", "dropping", weight=2),
    Scenario("stream, connection dropped", "stream", "dropping", weight=2),
    Scenario("batches, asked again", "batches", "flaky"),
    Scenario("429 in the end", "plain", "full", error="RateLimitError", options={"retry_total": 1}),
    Scenario("401", "stream", "locked", error="AuthenticationError"),
    Scenario("page, answer", "plain", "page", error="ResponseDecodeError"),
    Scenario("page, stream", "stream", "page", error="ResponseDecodeError"),
    Scenario("page, batches", "batches", "page", error="BatchError"),
    Scenario("cut stream", "stream", "cut", weight=2, error="IncompleteStreamError"),
    Scenario("cut answer", "plain", "cut", weight=2, error="IncompleteResponseError"),
    Scenario("broken stream", "stream", "broken", weight=2, error="IncompleteStreamError"),
    Scenario("error in a stream", "stream", "failing", weight=2, error="InferenceError"),
    Scenario("garbled stream", "stream", "garbled", weight=2, error="ResponseDecodeError"),
    Scenario("timeout in a stream", "stream", "stalled", error="ResponseTimeoutError", options={"timeout": 1.0}),
    Scenario("timeout of an answer", "plain", "stalled", error="ResponseTimeoutError", options={"timeout": 0.3}),
    Scenario("closed", "stream", "slow", weight=2, action="close"),
    Scenario("left", "stream", "stalled", weight=2, action="leave"),
    Scenario("forgotten", "stream", "stalled", weight=2, action="forget"),
    Scenario("cancelled", "stream", "stalled", weight=2, action="cancel"),
)
EMBEDDING: Final = tuple(dict.fromkeys(one.deployment for one in SCENARIOS if one.kind in ("embed", "batches")))
STREAMED_UNTIL_FAULT: Final = frozenset({"cut", "broken", "failing", "garbled", "stalled"})


@dataclass(frozen=True)
class Job:
    """One call to make."""

    scenario: Scenario
    number: int
    """Determines content and size of the request: 20 to 80."""

    @property
    def expected(self) -> str:
        """The text that must be delivered; for an abandoned stream, the first piece."""
        scenario = self.scenario
        if scenario.action != "read":
            return "1"
        if scenario.kind == "stream" and scenario.deployment in STREAMED_UNTIL_FAULT:
            return BEFORE_FAULT
        if scenario.error:
            return ""
        if scenario.kind == "tools":
            return f"get_weather says: It is mild in {self.city}."
        if scenario.kind in ("embed", "batches"):
            return f"{len(self.texts)} vectors"
        return " ".join(map(str, range(1, self.number + 1)))

    @property
    def city(self) -> str:
        """The place that the tool is asked about."""
        return ("Oslo", "Paris", "Rome", "Lima")[self.number % 4]

    @property
    def texts(self) -> list[str]:
        """The texts to embed."""
        return [f"text number {number}" for number in range(self.number // 5)]


def jobs(seed: int, worker: str) -> Iterator[Job]:
    """Yield a worker's calls without end.

    It begins with each kind once, which all workers do at the same time, to fill the connection pools.
    """
    chance = random.Random(f"{seed} {worker}")
    weights = [scenario.weight for scenario in SCENARIOS]
    for scenario in SCENARIOS:
        yield Job(scenario, chance.randint(20, 80))
    while True:
        yield Job(chance.choices(SCENARIOS, weights)[0], chance.randint(20, 80))


def faults(seed: int) -> str:
    """Format the emulator's faults for its command line."""
    struck = [f"{fault.format(seed=seed)},path=/deployments/{name}/" for name, fault in FAULTS.items() if fault]
    return ";".join(struck)


@dataclass(frozen=True)
class Seen:
    """The outcome of a call."""

    text: str = ""
    error: str = ""
    partial: str | None = None
    told: str = ""


def judge(job: Job, seen: Seen) -> str:
    """Describe what is wrong with the outcome of a call; empty if it is as planned."""
    wanted = Seen(job.expected, job.scenario.error)
    if seen.error == "ResponseTimeoutError" and wanted.text.startswith(seen.text):
        wanted = Seen(seen.text, wanted.error)  # how much arrived in time depends on the machine
    if (seen.text, seen.error) != (wanted.text, wanted.error):
        return f"{job.scenario.name} {job.number}: {seen}, not {wanted}"
    if seen.error == "IncompleteStreamError" and seen.partial != seen.text:
        return f"{job.scenario.name} {job.number}: the error holds {seen.partial!r}, not {seen.text!r}"
    return ""
