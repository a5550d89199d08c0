"""The settings of a run, checked before anything is sent. Pure."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ._summary import Progress

Redo = Literal["transient", "failed", "none"]
OnChanged = Literal["raise", "redo", "keep"]


class RunOptions(NamedTuple):
    """The arguments of `BatchRun`, which explains them."""

    max_concurrency: int = 64
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_attempts: int = 10
    max_wait: float = 600.0
    max_failures: float = 0.1
    redo: Redo = "transient"
    on_changed: OnChanged = "raise"
    ordered: bool = False
    sync_every: float = 1.0
    on_progress: Callable[[Progress], object] | None = None
    output: Path | None = None
    folder: bool = False
    """Whether the output is a folder, where each process has a part."""


def output_of(output: "str | os.PathLike[str] | None") -> dict[str, Any]:
    """Return what the argument `output` says: the path, and whether it is a folder's."""
    if output is None:
        return {"output": None, "folder": False}
    path = Path(output)
    return {"output": path, "folder": os.fspath(output).endswith(("/", os.sep)) or path.is_dir()}


def check_run_options(options: RunOptions) -> None:
    """Check the settings of a run.

    :raises TypeError: One has the wrong type.
    :raises ValueError: One is out of its range.
    """
    _check_limits(options)
    _check_choice("redo", options.redo, ("transient", "failed", "none"))
    _check_choice("on_changed", options.on_changed, ("raise", "redo", "keep"))


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}: {value!r:.200}")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, not {value}.")


def _check_rate(name: str, value: Any) -> None:
    if value is not None and not (_is_number(name, value) and value > 0):
        raise ValueError(f"{name} must be more than 0, or None for what the service's headers say; not {value}.")


def _check_limits(options: RunOptions) -> None:
    for name in ("max_concurrency", "max_attempts"):
        _check_count(name, getattr(options, name))
    for name in ("requests_per_minute", "tokens_per_minute"):
        _check_rate(name, getattr(options, name))
    for name in ("max_wait", "max_failures", "sync_every"):
        value = getattr(options, name)
        if not (_is_number(name, value) and value >= 0):
            raise ValueError(f"{name} must be 0 or more, not {value}.")
    if isinstance(options.max_failures, float) and options.max_failures > 1:
        raise ValueError(
            f"max_failures is a share from 0 to 1 (a float) or a number of rows (an int), not {options.max_failures}."
        )


def _is_number(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}: {value!r:.200}")
    return True


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r:.100}; choose one of {', '.join(map(repr, choices))}.")
