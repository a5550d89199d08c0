"""``batch``: the rows of a file through a model; run again, it goes on where it ended."""

import json
import os
import signal
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from .. import BatchClient
from ..aio import ChatCompletionsClient, EmbeddingsClient
from ..batch import BatchRow, BatchRun, Progress, Summary, collect, read_rows
from ..batch._forecast import Forecast, forecast
from ..exceptions import BatchStoppedError
from ._arguments import Arguments, UsageError
from ._console import Console
from ._target import Found, Target, build_client, build_plain, usage_errors

_INTERRUPTED = 130
_MOST_FAILURES = 10
_ON_A_TERMINAL, _ELSEWHERE = 0.2, 60.0
"""Seconds between two reports of progress."""


def batch(arguments: Arguments, target: Target, console: Console) -> int:
    """Carry out the command.

    :param arguments: The command line.
    :param target: The endpoint.
    :param console: Takes the progress and, as JSON, the summary.
    :return: The exit status: 0 if all rows have an answer, 1 if some failed, 130 after Ctrl-C.
    :raises UsageError: The arguments or the rows are invalid.
    :raises ~azure.core.exceptions.AzureError: The run stopped early.
    """
    kind: Any = EmbeddingsClient if arguments.for_embeddings else ChatCompletionsClient
    if arguments.dry_run:
        return _dry_run(kind, arguments, target, console)
    build_client(kind, target, arguments)  # what is wrong with the arguments is told before anything is read
    if arguments.sort and arguments.output.endswith(("/", os.sep)):
        raise UsageError("--sort needs a file as output, not a folder")
    meter = _Meter(console, _count(arguments.input))
    with usage_errors(), _files():
        run = BatchRun(
            lambda: build_client(kind, target, arguments),
            output=arguments.output,
            max_concurrency=arguments.max_concurrency,
            requests_per_minute=arguments.requests_per_minute,
            tokens_per_minute=arguments.tokens_per_minute,
            max_failures=arguments.max_failures,
            redo=arguments.redo,
            on_changed=arguments.on_changed,
            on_progress=meter.show,
        )
        if arguments.via == "provider":
            return _by_provider(run, arguments, target, console)
        with _interruptions(run, console) as interrupted:
            try:
                summary = run.run(_rows(arguments))
            except BatchStoppedError:
                _report(run.summary, arguments, console)
                raise
        if arguments.sort and not interrupted:
            _sort(arguments)
    meter.end()
    _report(summary, arguments, console)
    return _INTERRUPTED if interrupted else int(summary.failed > 0)


def _by_provider(run: BatchRun, arguments: Arguments, target: Target, console: Console) -> int:
    """Submit the rows to the service's own Batch API, and wait for the results unless told not to."""
    kind: Any = partial(BatchClient, provider=arguments.provider)
    with build_plain(kind, target, arguments) as client:
        jobs = run.submit(_rows(arguments), client)
        for job in jobs:
            console.note(f"{job.id} {job.status}: {job.counts.total or 0} rows")
        if arguments.detach:
            return 0
        summary = run.fetch(client, polling_interval=arguments.polling_interval)
    if arguments.sort:
        _sort(arguments)
    _report(summary, arguments, console)
    return int(summary.failed > 0)


def _rows(arguments: Arguments) -> Iterator[BatchRow]:
    url = "/v1/embeddings" if arguments.for_embeddings else "/v1/chat/completions"
    return read_rows(arguments.input, template=arguments.template, id=arguments.id, url=url)


@contextmanager
def _files() -> Generator[None, None, None]:
    """Turn files that cannot be read or written into usage errors."""
    try:
        yield
    except (OSError, ImportError) as error:
        raise UsageError(str(error)) from None


@contextmanager
def _interruptions(run: BatchRun, console: Console) -> Generator[list[int], None, None]:
    """Have the first Ctrl-C finish what is under way, and the second end the program.

    :return: Empty until the first.
    """
    interrupted: list[int] = []

    def finish(number: int, frame: Any) -> None:
        interrupted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        console.note("\nNo more requests begin; waiting for those under way. Press Ctrl-C again to end at once.")
        run.close()

    before = signal.signal(signal.SIGINT, finish)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _sort(arguments: Arguments) -> None:
    """Write the output anew, in the order of the rows, one result for each."""
    output = Path(arguments.output)
    aside = output.with_name(output.name + ".sorting")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        for result in collect(output, order=_rows(arguments)):
            file.write(json.dumps(result) + "\n")
    aside.replace(output)


def _count(path: str) -> int | None:
    """Count the lines of a file, for an estimate of the time that is left."""
    if path.endswith(".parquet"):
        return None
    with suppress(OSError), Path(path).open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return None


class _Meter:
    """Shows how far a run is: a line that is written over at a terminal, elsewhere a line a minute.

    :param console: Takes it.
    :param total: How many rows there are, about; `None` if unknown.
    """

    def __init__(self, console: Console, total: int | None) -> None:
        self._console, self._total = console, total
        self._pause = _ON_A_TERMINAL if console.err.isatty() else _ELSEWHERE
        self._shown_at = time.monotonic()
        self._shown = False

    def show(self, progress: Progress) -> None:
        """Show it, if it is time."""
        now = time.monotonic()
        if now - self._shown_at >= self._pause:
            self._shown_at, self._shown = now, True
            self._console.status(progress_line(progress, self._total))

    def end(self) -> None:
        """Begin a new line behind what is written over."""
        if self._shown and self._console.err.isatty():
            self._console.note("")


def progress_line(progress: Progress, total: int | None) -> str:
    """Describe how far a run is.

    :param progress: What is known.
    :param total: How many rows there are, about.
    """
    rate = progress.done / progress.seconds if progress.seconds else 0.0
    of = f" of {total:,}" if total else ""
    parts = [f"{progress.done:,}{of} done, {progress.failed:,} failed", f"{rate:.1f} rows/s"]
    if total and rate:
        left = max(0, round((total - progress.done - progress.failed) / rate))
        parts[-1] += f", {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
    parts += [f"{progress.tokens:,} tokens", f"{progress.refused:,} refused"]
    if progress.requests_per_minute:
        parts[-1] += f", {progress.requests_per_minute:,.0f} requests/min"
    return " | ".join(parts)


def _report(summary: Summary, arguments: Arguments, console: Console) -> None:
    told = summary.as_dict()
    if arguments.price:
        prompt, completion = arguments.price
        told["cost"] = round(summary.cost(prompt=prompt, completion=completion), 4)
    if arguments.json:
        console.line(json.dumps(told))
        return
    cost = f", cost {told['cost']:g}" if arguments.price else ""
    console.note(f"{summary}{cost}", None)
    if summary.in_doubt:
        console.note(f"in doubt, perhaps paid for twice: {', '.join(summary.in_doubt)}", "red")
    if summary.failed:
        failures = (result for result in collect(arguments.output) if not result.ok)
        for result in islice(failures, _MOST_FAILURES):
            message = result.error.message.splitlines()[0] if result.error and result.error.message else ""
            console.note(f"{result.custom_id}: {message}", "red")


def _dry_run(kind: Any, arguments: Arguments, target: Target, console: Console) -> int:
    """Forecast a run, and send nothing."""
    keyless = target._replace(key=Found("unused", "nowhere"), entra_id=False)
    client = build_client(kind, keyless, arguments)
    with usage_errors(), _files():
        found = forecast(client, _rows(arguments))
    for line in [json.dumps(_told(found, arguments))] if arguments.json else _forecast_lines(found, arguments):
        console.line(line)
    return int(bool(found.refused or found.duplicates))


def _told(found: Forecast, arguments: Arguments) -> dict[str, Any]:
    told: dict[str, Any] = {
        **found._asdict(),
        "minutes": found.minutes(arguments.requests_per_minute, arguments.tokens_per_minute),
    }
    if arguments.price:
        prompt, completion = arguments.price
        told["cost_at_most"] = round((found.prompt_tokens * prompt + found.answer_tokens * completion) / 1e6, 4)
    return told


def _forecast_lines(found: Forecast, arguments: Arguments) -> Iterable[str]:
    told = _told(found, arguments)
    yield f"{found.rows:,} rows, {found.duplicates:,} with an id seen before, {found.refused:,} that cannot be sent"
    yield from (f"  {problem}" for problem in found.problems)
    yield f"about {found.prompt_tokens:,.0f} tokens of requests, and at most {found.answer_tokens:,.0f} of answers"
    if told["minutes"] is not None:
        yield f"{told['minutes']:,.1f} minutes at that quota"
    if "cost_at_most" in told:
        yield f"cost {told['cost_at_most']:g} at most"
