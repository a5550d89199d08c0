"""``batch``: send the rows of a file to a model; run it again, and it continues where it stopped."""

import json
import os
import signal
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

from .. import BatchClient
from ..batch import BatchJob, BatchRow, BatchRun, Progress, Summary, collect, read_rows
from ..batch._collected import in_order_first
from ..batch._forecast import Forecast, forecast
from ..batch._rows import CHAT_URL, EMBEDDINGS_URL
from ..exceptions import BatchStoppedError
from ._arguments import Arguments
from ._console import Console
from ._model_client import build_row_client
from ._progress import Meter, time_left
from ._ray_rows import make_ray_run
from ._target import Found, Target, build_plain, usage_errors
from ._words import UsageError

_MOST_FAILURES = 10
_PAUSE = 60.0
"""Seconds between two lines of progress, if standard error is not a terminal."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what Kubernetes, Slurm and systemd send before they kill."""


def batch(arguments: Arguments, target: Target, console: Console) -> int:
    """Run the command.

    :param arguments: The command line.
    :param target: The endpoint.
    :param console: Receives the progress and, with `--json`, the summary.
    :return: The exit status: 0 if all rows have an answer, 1 if some failed, 130 after Ctrl-C, 143 after SIGTERM.
    :raises UsageError: The arguments or the rows are invalid.
    :raises ~azure.core.exceptions.AzureError: The run stopped early.
    """
    _check_way(arguments, target)
    if arguments.dry_run:
        return _dry_run(arguments, target, console)
    # Report invalid arguments before anything is read. With Ray, only the workers need the key.
    build_row_client(_keyless(target) if arguments.via == "ray" else target, arguments)
    output = Path(arguments.output)
    if arguments.sort and (arguments.output.endswith(("/", os.sep)) or (output.exists() and not output.is_file())):
        raise UsageError("--sort needs a file as output, not a folder or a device: it replaces the file")
    total = _count(arguments.input)
    meter = Meter(console, total, pause=_PAUSE, quiet=arguments.quiet)

    def show(progress: Progress) -> None:
        meter.show(progress.done, progress_line(progress, total))

    with usage_errors(), _files(arguments.output):
        settings: dict[str, Any] = {**_settings_of(arguments), "on_progress": show}
        run: Any
        if arguments.via == "ray":
            run = make_ray_run(arguments, settings)
        else:
            run = BatchRun(lambda: build_row_client(target, arguments), **settings)
        if arguments.via == "provider":
            return _by_provider(run, arguments, target, console)
        with _interruptions(run, console) as interrupted:
            try:
                summary = run.run(_rows(arguments))
            except BatchStoppedError:
                _report(run.summary, arguments, console)
                raise
            except OSError as error:
                if not run.summary.requests:
                    raise
                _report(run.summary, arguments, console)
                problem = _file_problem(error, arguments.output)
                left = "The results so far are in the output; the same command continues from there."
                console.note(f"{arguments.prog}: {problem}. {left}", "red")
                return 1
        if arguments.sort and not interrupted:
            _sort(arguments)
    meter.end()
    _report(summary, arguments, console)
    return 128 + interrupted[0] if interrupted else _status(summary)  # as shells report it


def _check_way(arguments: Arguments, target: Target) -> None:
    """Check that each option is used with the `--via` that it belongs to, and what a run would only check at its end.

    :raises UsageError: One is not, or there is a word too many.
    """
    if arguments.workers is not None and arguments.via != "ray":
        raise UsageError("--workers is for --via ray")
    given = [name for name in _OF_PROVIDERS if getattr(arguments, name) not in (None, False)]
    if given and arguments.via != "provider":
        raise UsageError(f"--{given[0].replace('_', '-')} is for --via provider")
    if arguments.live_model and not arguments.finish:
        raise UsageError("--live-model is for --finish live")
    if arguments.price is not None and len(arguments.price) == 1 and not arguments.for_embeddings:
        raise UsageError("--price needs two numbers, for request and answer tokens, such as 0.4,1.6")
    if target.words:
        raise UsageError("batch takes IN, OUT and one endpoint; keys are not accepted as arguments")


_OF_PROVIDERS = ("provider", "polling_interval", "detach", "status", "cancel", "finish", "live_model")
"""Options of `--via provider`."""

_SETTINGS = (
    "output",
    "max_concurrency",
    "requests_per_minute",
    "tokens_per_minute",
    "max_failures",
    "redo",
    "on_changed",
)
"""Options of the command line that are arguments of the run."""


def _settings_of(arguments: Arguments) -> dict[str, Any]:
    settings: dict[str, Any] = {name: getattr(arguments, name) for name in _SETTINGS}
    if arguments.live_model and arguments.on_changed == "raise":
        settings["on_changed"] = "keep"  # the output mixes answers of two deployments
    return settings


def _by_provider(run: BatchRun, arguments: Arguments, target: Target, console: Console) -> int:
    """Submit the rows to the service's own Batch API, and wait for the results unless `--detach` is given."""
    kind: Any = partial(BatchClient, provider=arguments.provider)
    interval = {} if arguments.polling_interval is None else {"polling_interval": arguments.polling_interval}
    with build_plain(kind, target, arguments) as client:
        if arguments.status or arguments.cancel:
            return _show_jobs(run.cancel(client) if arguments.cancel else run.jobs(client), arguments, console)
        jobs = run.submit(_rows(arguments), client)
        status, submitted = _show_jobs(jobs, arguments, console), run.summary
        if arguments.detach:
            return status
        summary = run.fetch(client, **interval)
        summary.rows, summary.skipped_failed = submitted.rows, submitted.skipped_failed
        summary.skipped = max(0, summary.rows - summary.answered - summary.failed)
    if arguments.finish == "live" and summary.failed:
        summary = _finish_live(summary, arguments, target, console)
    if arguments.sort:
        _sort(arguments)
    _report(summary, arguments, console)
    return _status(summary)


def _status(summary: Summary) -> int:
    return int(summary.failed + summary.skipped_failed > 0)


def _show_jobs(jobs: Iterable[BatchJob], arguments: Arguments, console: Console) -> int:
    for job in jobs:
        if arguments.json and (arguments.status or arguments.cancel or arguments.detach):
            console.line(json.dumps(job))
            continue
        counts = job.counts
        done = f", {counts.completed or 0} answered, {counts.failed or 0} failed" if job.status != "validating" else ""
        console.note(f"{job.id} {job.status}: {counts.total or 0} rows{done}")
        for error in job.errors:
            console.note(f"  {error.code}: {error.message}", "red")
    return 0


def _finish_live(before: Summary, arguments: Arguments, target: Target, console: Console) -> Summary:
    """Send the rows that have no answer, one request each."""
    console.note(f"{before.failed} rows have no answer: sending them as live requests")
    model = target.model if arguments.live_model is None else Found(arguments.live_model, "--live-model")
    live = target._replace(model=model)
    summary = BatchRun(lambda: build_row_client(live, arguments), **_settings_of(arguments)).run(_rows(arguments))
    summary.add(before)
    summary.skipped -= before.answered + summary.skipped_failed
    summary.skipped_failed = 0  # they are counted below
    left = [result for result in collect(arguments.output) if not result.ok]
    summary.failed, summary.errors = len(left), Counter(str(result.error and result.error.code) for result in left)
    return summary


def _rows(arguments: Arguments) -> Iterator[BatchRow]:
    url = EMBEDDINGS_URL if arguments.for_embeddings else CHAT_URL
    return read_rows(arguments.input, template=arguments.template, id=arguments.id, url=url)


@contextmanager
def _files(path: str) -> Generator[None, None, None]:
    """Turn errors of files that cannot be read or written into usage errors.

    :param path: The file to name if an error names none.
    """
    try:
        yield
    except OSError as error:
        raise UsageError(_file_problem(error, path)) from None
    except ImportError as error:
        raise UsageError(str(error)) from None


def _file_problem(error: OSError, path: str) -> str:
    return f"{error.filename or path}: {error.strerror}" if error.strerror else str(error)


@contextmanager
def _interruptions(run: Any, console: Console) -> Generator[list[int], None, None]:
    """Make the first Ctrl-C or SIGTERM complete the requests in flight, and the second end the program.

    :return: The number of the first signal; empty until there is one.
    """
    interrupted: list[int] = []

    def finish(number: int, frame: Any) -> None:
        interrupted.append(number)
        run.close()  # first, so that a second signal at any moment finds the run closed, and ends it
        for each in _SIGNALS:
            signal.signal(each, signal.default_int_handler)
        console.note("\nNo more requests are started; waiting for those in flight. Press Ctrl-C again to stop at once.")

    before = {each: signal.signal(each, finish) for each in _SIGNALS}
    try:
        yield interrupted
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _sort(arguments: Arguments) -> None:
    """Rewrite the output in the order of the rows, with one result for each. Results of other rows stay, at the end."""
    output = Path(arguments.output).resolve()  # a link stays one
    aside = output.with_name(output.name + ".sorting")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        for result in in_order_first(output, _rows(arguments)):
            file.write(json.dumps(result) + "\n")
    aside.replace(output)


def _count(path: str) -> int | None:
    """Count the lines of a file, to estimate the remaining time."""
    if path.endswith(".parquet"):
        return None
    with suppress(OSError), Path(path).open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return None


def progress_line(progress: Progress, total: int | None) -> str:
    """Describe the progress of a run.

    :param progress: The progress.
    :param total: The approximate number of rows.
    """
    rate = progress.done / progress.seconds if progress.seconds else 0.0
    of = f" of {total:,}" if total else ""
    parts = [f"{progress.done:,}{of} done, {progress.failed:,} failed", f"{rate:.1f} rows/s"]
    if total and rate:
        parts[-1] += f", {time_left(progress.done, total - progress.failed, progress.seconds)}"
    parts += [f"{progress.tokens:,} tokens", f"{progress.refused:,} refused"]
    if progress.requests_per_minute:
        parts[-1] += f", {progress.requests_per_minute:,.0f} requests/min"
    if progress.waiting:
        parts.append(f"waiting {ceil(progress.waiting)} s (429)")
    return " | ".join(parts)


def _report(summary: Summary, arguments: Arguments, console: Console) -> None:
    report = summary.as_dict()
    if arguments.price:
        prompt, completion = _prices(arguments.price)
        report["cost"] = round(summary.cost(prompt=prompt, completion=completion), 6)
    if arguments.json:
        console.line(json.dumps(report))
        return
    cost = f", cost {report['cost']:g}" if arguments.price else ""
    console.note(f"{summary}{cost}", None)
    if summary.in_doubt:
        console.note(f"in doubt, perhaps paid for twice: {', '.join(summary.in_doubt)}", "red")
    if _status(summary):
        failures = (result for result in collect(arguments.output) if not result.ok)
        for result in islice(failures, _MOST_FAILURES):
            message = result.error.message.splitlines()[0] if result.error and result.error.message else ""
            console.note(f"{result.custom_id}: {message}", "red")


def _prices(given: Sequence[float]) -> tuple[float, float]:
    """Return the prices of request and answer tokens. Embeddings have no answer tokens."""
    return given[0], given[1] if len(given) > 1 else 0.0


def _dry_run(arguments: Arguments, target: Target, console: Console) -> int:
    """Forecast a run without sending anything."""
    client = build_row_client(_keyless(target), arguments)
    with usage_errors(), _files(arguments.input):
        found = forecast(client, _rows(arguments))
    for line in (
        [json.dumps(_forecast_report(found, arguments))] if arguments.json else _forecast_lines(found, arguments)
    ):
        console.line(line)
    return int(bool(found.refused or found.duplicates))


def _keyless(target: Target) -> Target:
    """Return a target for a client that sends nothing."""
    return target._replace(key=Found("unused", "nowhere"), entra_id=False)


def _forecast_report(found: Forecast, arguments: Arguments) -> dict[str, Any]:
    report: dict[str, Any] = {
        **found._asdict(),
        "minutes": found.minutes(arguments.requests_per_minute, arguments.tokens_per_minute),
    }
    if arguments.price:
        prompt, completion = _prices(arguments.price)
        cost = (found.prompt_tokens * prompt + found.answer_tokens * completion) / 1e6
        # Answers without a limit may cost anything: then only the rest is known.
        report["cost_without_unlimited" if found.unlimited else "cost_at_most"] = round(cost, 6)
    return report


def _forecast_lines(found: Forecast, arguments: Arguments) -> Iterable[str]:
    report = _forecast_report(found, arguments)
    yield f"{found.rows:,} rows, {found.duplicates:,} with an id seen before, {found.refused:,} that cannot be sent"
    yield from (f"  {problem}" for problem in found.problems)
    limited = f", and at most {found.answer_tokens:,.0f} in answers" if found.unlimited < found.rows else ""
    yield f"about {found.prompt_tokens:,.0f} tokens in requests{limited}"
    rest = ""
    if found.unlimited:
        rest = f", and the answers of {found.unlimited:,} rows"
        yield f"{found.unlimited:,} rows do not limit their answers, which are not counted: -o max_tokens=N limits them"
    if report["minutes"] is not None:
        yield f"{report['minutes']:,.1f} minutes within that quota{rest}"
    if "cost_at_most" in report:
        yield f"cost {report['cost_at_most']:g} at most"
    if "cost_without_unlimited" in report:
        yield f"cost {report['cost_without_unlimited']:g}{rest}"
