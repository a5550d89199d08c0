"""What the callers of a soak do, and what must come of it: a function of the seed alone, whatever the timing.

A fault strikes by the name of a deployment: whoever asks ``cut`` is cut off, each time. Only where the client is to ask
again does a fault strike by chance; there it is the end that is sure.
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
"""Deployments, and what goes wrong with them."""

BEFORE_FAULT: Final = "1 2 3 4"
"""The text in the six events before a fault: two have none."""

PATIENT: Final = {"retry_total": 60, "retry_status": 60, "retry_read": 60, "retry_connect": 60}
"""So that 0.3 of all attempts may fail, and no call does in a million years."""


@dataclass(frozen=True)
class Scenario:
    """One thing that callers do.

    :param kind: `plain`, `stream`, `embed`, `batches` or `tools`.
    :param action: What becomes of a stream: `read` to its end, or after the first text `close`, `leave`, `forget`, or
        `cancel` (in a thread: `close`).
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
    """What is asked for, and how much of it: 20 to 80."""

    @property
    def expected(self) -> str:
        """The text that must be handed over; of a stream that is given up, the first piece."""
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
        """Where the tool is asked about."""
        return ("Oslo", "Paris", "Rome", "Lima")[self.number % 4]

    @property
    def texts(self) -> list[str]:
        """What is to be embedded."""
        return [f"text number {number}" for number in range(self.number // 5)]


def jobs(seed: int, worker: str) -> Iterator[Job]:
    """Say what a worker does, one call after the other, without end.

    First each thing once, which all do at a time, and so fill the pools of connections.
    """
    chance = random.Random(f"{seed} {worker}")
    weights = [scenario.weight for scenario in SCENARIOS]
    for scenario in SCENARIOS:
        yield Job(scenario, chance.randint(20, 80))
    while True:
        yield Job(chance.choices(SCENARIOS, weights)[0], chance.randint(20, 80))


def faults(seed: int) -> str:
    """Write the emulator's faults as its command line takes them."""
    struck = [f"{fault.format(seed=seed)},path=/deployments/{name}/" for name, fault in FAULTS.items() if fault]
    return ";".join(struck)


@dataclass(frozen=True)
class Seen:
    """What came of a call."""

    text: str = ""
    error: str = ""
    partial: str | None = None
    told: str = ""


def judge(job: Job, seen: Seen) -> str:
    """Say what is wrong with what came of a call; nothing, if it is as planned."""
    wanted = Seen(job.expected, job.scenario.error)
    if seen.error == "ResponseTimeoutError" and wanted.text.startswith(seen.text):
        wanted = Seen(seen.text, wanted.error)  # how much came in time is for the machine to say
    if (seen.text, seen.error) != (wanted.text, wanted.error):
        return f"{job.scenario.name} {job.number}: {seen}, not {wanted}"
    if seen.error == "IncompleteStreamError" and seen.partial != seen.text:
        return f"{job.scenario.name} {job.number}: the error holds {seen.partial!r}, not {seen.text!r}"
    return ""
