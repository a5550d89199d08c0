"""Resources of a process, and whether they stay level. Reads ``/proc``, so Linux only; the checks are pure."""

import asyncio
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Final, NamedTuple

PROC: Final = Path("/proc/self")
MIB: Final = 1 << 20
MEMORY_SLACK: Final = 6.0
"""MiB by which the second half may exceed the first, for the allocator's sake."""
COUNT_SLACK: Final = 6.0
"""By how many the sockets, threads or tasks, several dozen at a time, may differ."""


class Sample(NamedTuple):
    """Resources of the process at one moment."""

    seconds: float
    calls: int
    memory: float
    """MiB of resident memory."""
    files: int
    sockets: int
    threads: int
    tasks: int
    emulator: float = 0.0
    """MiB of resident memory of the emulator's process."""


def sample(seconds: float = 0.0, calls: int = 0, emulator: int | None = None) -> Sample:
    """Measure this process. Call it in its event loop.

    :param emulator: The id of the emulator's process.
    """
    links = [_link(path) for path in (PROC / "fd").iterdir()]
    return Sample(
        round(seconds, 1),
        calls,
        _resident(PROC),
        len(links),
        sum(link.startswith("socket:") for link in links),
        threading.active_count(),
        len(asyncio.all_tasks()),
        0.0 if emulator is None else _resident(Path(f"/proc/{emulator}")),
    )


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:  # closed since it was listed
        return ""


def _resident(process: Path) -> float:
    pages = int((process / "statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / MIB, 1)


def growth(samples: Sequence[Sample]) -> list[str]:
    """Describe what grew from the first half of the samples to the second."""
    first, second = samples[: len(samples) // 2], samples[len(samples) // 2 :]
    grown: list[str] = []
    before, after = (median(one.memory for one in half) for half in (first, second))
    if after > before + MEMORY_SLACK:
        grown.append(f"memory grew from {before:.1f} to {after:.1f} MiB")
    for name in ("files", "sockets", "threads", "tasks"):
        before, after = (fmean(getattr(one, name) for one in half) for half in (first, second))
        if after > 1.1 * before + COUNT_SLACK:
            grown.append(f"{name} grew from {before:.1f} to {after:.1f}")
    return grown


def left_over(before: Sample, after: Sample) -> list[str]:
    """Describe what is left after everything was closed."""
    return [
        f"{getattr(after, name) - getattr(before, name)} {name} left over"
        for name in ("files", "sockets", "threads", "tasks")
        if getattr(after, name) > getattr(before, name)
    ]
