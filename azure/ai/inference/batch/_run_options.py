"""The settings of a run, checked before anything is sent. Pure."""

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict, cast

from .._operations.options import ChatOptions
from .._operations.settings import check_count
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
    """Whether the output is a folder, where each process writes its own file."""


class WorkerSettings(TypedDict, total=False):
    """Settings of a run in several processes."""

    max_concurrency: int
    """Maximum number of requests in flight per process, 32 by default."""
    requests_per_minute: float | None
    """A limit for all processes together; by default that of the service's headers."""
    tokens_per_minute: float | None
    """The same for tokens."""
    max_failures: int | float
    """How many rows may fail before the run stops: a number (int), or a share (float from 0 to 1) that applies after
    100 rows. 0.1 by default. `RayRun` counts those of all workers, others those of each process."""
    redo: Redo
    """Which failed rows of earlier runs are sent again, as in `BatchRun`."""
    on_changed: OnChanged
    """What happens to an answered row whose request has changed, as in `BatchRun`."""


class CompletionsOptions(ChatOptions, WorkerSettings, total=False):
    """Settings of a run in several processes, and of the model."""


WORKER_CONCURRENCY = 32


def take_settings(options: Any) -> WorkerSettings:
    """Remove the settings of a run from keyword arguments, and return them; the rest are settings of the model.

    :param options: The keyword arguments, a dict.
    """
    taken = {name: options.pop(name) for name in WorkerSettings.__annotations__ if name in options}
    return cast("WorkerSettings", taken)


def output_of(output: "str | os.PathLike[str] | None") -> dict[str, Any]:
    """Return the values of the argument `output`: the path, and whether it is a folder.

    :raises ValueError: It is not a path.
    """
    if output is None:
        return {"output": None, "folder": False}
    text = os.fsdecode(output)
    if not text:
        raise ValueError("output must be a path, not an empty text. Leave it out to store nothing.")
    if "://" in text:
        raise ValueError(
            f"output must be a path, not {text!r:.200}: results are appended line by line, which object stores cannot "
            "do. Pass a path on a disk or a mounted share, and copy it when the run has ended."
        )
    return {"output": Path(text), "folder": text.endswith(("/", os.sep)) or Path(text).is_dir()}


def worker_options(output: "str | os.PathLike[str] | None", settings: Mapping[str, Any], **more: Any) -> RunOptions:
    """Return the settings of a run in several processes, checked. Its output is a folder.

    :param output: The argument `output`.
    :param settings: A `WorkerSettings`.
    :param more: Other settings.
    :raises TypeError: One has the wrong type, or is unknown.
    :raises ValueError: One is out of its range, or the output is not a path, or is a file.
    """
    for name in settings:
        if name not in WorkerSettings.__annotations__:
            raise TypeError(f"unexpected keyword argument {name!r}")
    found = output_of(output)
    if output is not None and found["output"].is_file():
        raise ValueError(f"output must be a folder, with a file for each worker: {os.fspath(output)} is a file.")
    given: dict[str, Any] = {"max_concurrency": WORKER_CONCURRENCY, **settings, **more}
    options = RunOptions(**given)._replace(output=found["output"], folder=output is not None)
    check_run_options(options)
    return options


def check_run_options(options: RunOptions) -> None:
    """Check the settings of a run.

    :raises TypeError: One has the wrong type.
    :raises ValueError: One is out of its range.
    """
    _check_limits(options)
    _check_choice("redo", options.redo, ("transient", "failed", "none"))
    _check_choice("on_changed", options.on_changed, ("raise", "redo", "keep"))
    if options.on_progress is not None and not callable(options.on_progress):
        raise TypeError(f"on_progress must be a function, not {type(options.on_progress).__name__}.")


def check_polling_interval(value: Any) -> None:
    """Check the seconds between two requests for the status of a job.

    :raises TypeError: It is not a number.
    :raises ValueError: It is negative, or has no end.
    """
    if not (_is_number("polling_interval", value) and 0 <= value < math.inf):
        raise ValueError(f"polling_interval must be a number of seconds, 0 or more, not {value}.")


def _check_rate(name: str, value: Any) -> None:
    if value is not None and not (_is_number(name, value) and 0 < value < math.inf):
        raise ValueError(
            f"{name} must be a number above 0, not {value}. Leave it out to keep to the limit in the service's headers."
        )


def _check_limits(options: RunOptions) -> None:
    for name in ("max_concurrency", "max_attempts"):
        check_count(name, getattr(options, name))
    for name in ("requests_per_minute", "tokens_per_minute"):
        _check_rate(name, getattr(options, name))
    for name in ("max_wait", "max_failures", "sync_every"):
        value = getattr(options, name)
        if not (_is_number(name, value) and value >= 0):
            raise ValueError(f"{name} must be 0 or more, not {value}.")
    if isinstance(options.max_failures, float) and options.max_failures > 1:
        raise ValueError(
            f"max_failures must be a share from 0.0 to 1.0 or a whole number of rows, not {options.max_failures}."
        )


def _is_number(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}: {value!r:.200}")
    return True


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r:.100}; choose one of {', '.join(map(repr, choices))}.")
