"""The workloads: tables that the commands, the workers and the report share."""

from typing import NamedTuple

CONTENDERS = ("ours", "speed", "core", "b9", "openai", "mistralai")
"""This package, the same with the extra `speed`, and the others."""
EVENTS = 2000
"""Events of the long stream of the workloads `stream`, `stream-async`, `stream-azure` and the like."""
STREAM_EVENTS = 20
"""Events of each stream that is open at the same time as others."""
FEW_EVENTS = 3
"""The same for memory, which is slow to measure and depends on how many streams are open."""


class Workload(NamedTuple):
    """A repeated operation."""

    title: str
    unit: str = "µs"
    skipped: tuple[str, ...] = ()
    times: int = 1
    """Number of rounds, relative to the usual one."""


_ASIDE = ("speed",)
"""Contenders left out where nothing large or frequent is read."""

WORKLOADS = {
    "start": Workload("import and build a client", "ms", times=5),
    "plain": Workload("`complete`", skipped=_ASIDE),
    "plain-async": Workload("`complete`, asynchronous, 50 at a time", skipped=_ASIDE),
    "history": Workload("`complete` with 100 messages", skipped=_ASIDE),
    "stream": Workload("an event of a stream of 2,000"),
    "stream-async": Workload("the same, asynchronous"),
    "stream-responses": Workload("the same through the Responses API", skipped=CONTENDERS[2:]),
    "stream-messages": Workload("the same through the Messages API", skipped=CONTENDERS[2:]),
    "stream-azure": Workload("an event as Azure OpenAI sends it"),
    "short-async": Workload("a stream of 10 events, asynchronous, 100 at a time", skipped=_ASIDE),
    "embed": Workload("64 embeddings of 1,536 numbers", "ms"),
    "embed-base64": Workload("the same, in base64 on the wire", "ms", skipped=(*_ASIDE, "mistralai")),
}


class Scaling(NamedTuple):
    """A scaling operation."""

    title: str
    axis: str
    sizes: tuple[int, ...]
    cpu_unit: str
    memory_unit: str


SCALING = {
    "streams": Scaling(
        f"concurrent asynchronous streams of {STREAM_EVENTS} events",
        "streams at a time",
        (1, 10, 100, 1000),
        "µs per event",
        "KiB per stream",
    ),
    "messages": Scaling(
        "messages in a conversation",
        "messages",
        (1, 10, 100, 1000, 10_000),
        "µs per call",
        "KiB per call",
    ),
    "events": Scaling(
        "events in one stream",
        "events",
        (1, 10, 100, 1000, 10_000, 100_000),
        "µs per event",
        "KiB per stream",
    ),
}

TRACED = {"plain": "`complete`", "stream": f"a stream of {EVENTS:,} events"}
