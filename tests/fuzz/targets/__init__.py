"""The targets by name: for each its check, a function of bytes, its seeds, and the strategy for likely inputs."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import answers, endpoints, messages, models, other_apis, prompty, sse, stream, tool_calls, values, vectors


class Target(NamedTuple):
    """A kind of input."""

    check: Callable[[bytes], None]
    """Reads the bytes and asserts what has to hold."""
    seeds: Sequence[bytes]
    """Inputs to begin with, among them all that fuzzing has found."""
    likely: Any
    """A hypothesis strategy for bytes that get past the first glance."""


TARGETS = {
    module.__name__.rpartition(".")[2]: Target(module.check, module.SEEDS, module.LIKELY)
    for module in (answers, endpoints, messages, models, other_apis, prompty, sse, stream, tool_calls, values, vectors)
}
