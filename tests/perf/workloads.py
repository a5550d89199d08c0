"""What is measured: the tables that the commands, the workers and the report share."""

from typing import NamedTuple

CONTENDERS = ("ours", "core", "b9", "openai", "mistralai")
EVENTS = 2000
"""Events of the long stream of the workloads `stream`, `stream-async`, `stream-responses` and `stream-messages`."""
STREAM_EVENTS = 20
"""Events of each stream that is open at the same time as others."""
FEW_EVENTS = 3
"""Their number where memory is measured, which is slow, and which depends on how many are open."""


class Workload(NamedTuple):
    """An operation that is repeated."""

    title: str
    unit: str = "µs"
    skipped: tuple[str, ...] = ()
    times: int = 1
    """Rounds for each of the usual."""


WORKLOADS = {
    "start": Workload("import and build a client", "ms", times=5),
    "plain": Workload("`complete`"),
    "plain-async": Workload("`complete`, asynchronous, 50 at a time"),
    "history": Workload("`complete` with 100 messages"),
    "stream": Workload("an event of a stream of 2,000"),
    "stream-async": Workload("the same, asynchronous"),
    "stream-responses": Workload("the same by the Responses API", skipped=CONTENDERS[1:]),
    "stream-messages": Workload("the same by the Messages API", skipped=CONTENDERS[1:]),
    "short-async": Workload("a stream of 10 events, asynchronous, 100 at a time"),
    "embed": Workload("64 embeddings of 1,536 numbers", "ms"),
    "embed-base64": Workload("the same, in base64 on the wire", "ms", skipped=("mistralai",)),
}


class Scaling(NamedTuple):
    """An operation that grows."""

    title: str
    axis: str
    sizes: tuple[int, ...]
    cpu_unit: str
    memory_unit: str


SCALING = {
    "streams": Scaling(
        f"streams of {STREAM_EVENTS} events at a time, asynchronous",
        "streams at a time",
        (1, 10, 100, 1000),
        "µs an event",
        "KiB a stream",
    ),
    "messages": Scaling(
        "messages of a conversation",
        "messages",
        (1, 10, 100, 1000, 10_000),
        "µs a call",
        "KiB a call",
    ),
    "events": Scaling(
        "events of one stream",
        "events",
        (1, 10, 100, 1000, 10_000, 100_000),
        "µs an event",
        "KiB a stream",
    ),
}

TRACED = {"plain": "`complete`", "stream": f"a stream of {EVENTS:,} events"}
