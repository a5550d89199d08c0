"""The targets by name: each has a check (a function of bytes), seeds, and a strategy for likely inputs."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import answers, endpoints, messages, models, other_apis, prompty, sse, stream, tool_calls, values, vectors


class Target(NamedTuple):
    """A kind of input."""

    check: Callable[[bytes], None]
    """Reads the bytes and asserts the properties."""
    seeds: Sequence[bytes]
    """Initial inputs, including all that fuzzing has found."""
    likely: Any
    """A hypothesis strategy for bytes that pass the first checks."""


TARGETS = {
    module.__name__.rpartition(".")[2]: Target(module.check, module.SEEDS, module.LIKELY)
    for module in (answers, endpoints, messages, models, other_apis, prompty, sse, stream, tool_calls, values, vectors)
}
