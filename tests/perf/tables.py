"""Format results: the page `docs/performance.md` and the README's table. Functions on values."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from workloads import CONTENDERS, SCALING, STREAM_EVENTS, TRACED, WORKLOADS

COMMAND = "python3 tests/perf/compare.py"
NAMES = {
    "ours": "this package",
    "speed": "with `speed`",
    "core": "bare azure-core",
    "b9": "azure-ai-inference 1.0.0b9",
    "openai": "openai",
    "mistralai": "mistralai",
}
SHOWN = ("start", "plain", "history", "stream", "short-async", "embed")
"""The workloads in the README."""
_SECTION = re.compile(r"(<!-- performance -->\n).*?(<!-- /performance -->\n)", re.DOTALL)
_ABSENT = "-"

_INTRODUCTION = """\
# Performance

What a call costs in the client, compared with other clients. It is measured as processor time, because waiting for a
model costs none, against a local server that sends canned bytes from a process of its own. "Bare azure-core" is its
pipeline with `json` but without models, retries that suit a model, or helpful errors: the minimum for an Azure library.
Each measurement runs in a fresh process, and the contenders take turns; the lowest of {rounds} counts, because other
work on the machine can only add time. (The import, which a process can measure only once, has {times} times as many
rounds, and the scaling tables have half as many.) Ratios near 1 are within the noise.

{measured}, {python}, {system} {architecture} and {processors} processors.
To run it yourself takes more than half an hour, and needs Python and a package index:

```bash
{command}
```

<picture>
  <source media="(prefers-color-scheme: dark)" srcset="performance-dark.svg">
  <img src="performance-light.svg" alt="Processor time and memory beside other clients">
</picture>
"""

_OPERATIONS = """
## Calls

Processor time of one call; in brackets, the ratio to this package. Messages are read as models where a library has
them, and vectors as numbers. The openai library requests vectors in base64 by default; mistralai does not support that.
"""

_WITH_SPEED = """\
"With `speed`" is this package with that extra, for calls where it matters: orjson parses what is received.
"""

_TRACING = """
## Tracing

Two processes run blocks of calls in turn; one never loaded `azure.ai.inference.tracing`. The ratio is the median over
neighbouring blocks. "On" records spans and metrics with OpenTelemetry's SDK, in memory.
"""
_SPANS_ALONE = """\
"Spans" is the same without a meter provider: no metrics.
"""

_SDK_ALONE = """\
"SDK alone" makes the same calls of the SDK with constants: the minimum for any instrumentation that records as much.
"""
_STATES = {"off": "loaded, off", "spans": "spans", "on": "on", "sdk": "SDK alone"}

_SCALING = """
## Scaling

The figures include the requests, so those for the smallest sizes are mostly the cost of one. Memory is the peak that
Python holds beyond an idle client, according to `tracemalloc`; asyncio allocates 256 KiB once, for reading. Each of the
concurrent streams receives {events} events, one by one. A stream of this package keeps its text, for
`get_final_completions()`. A dash means more than 45 seconds.
"""


def page(results: Mapping[str, Any]) -> str:
    """Format the page, with the measured parts.

    :param results: The results of `compare.py`.
    """
    said = {**results["machine"], "measured": _measured(results), "rounds": _rounds(results), "command": COMMAND}
    said["times"] = WORKLOADS["start"].times
    parts = [_INTRODUCTION.format(**said)]
    if results["operations"]:
        explained = _WITH_SPEED if "speed" in _present(results["operations"]) else ""
        parts += [_OPERATIONS, explained, "\n", *_operations(results["operations"])]
    if results["tracing"]:
        states = _states(results["tracing"])
        explained = [text for state, text in (("spans", _SPANS_ALONE), ("sdk", _SDK_ALONE)) if state in states]
        parts += [_TRACING, *explained, "\n", *_tracing(results["tracing"])]
    if results["scaling"]:
        parts.append(_SCALING.format(events=STREAM_EVENTS))
        for name, found in results["scaling"].items():
            parts += _scaling(name, found)
    parts += ["\n## Versions\n\n", *_versions(results["versions"])]
    return "".join(parts)


def in_readme(text: str, results: Mapping[str, Any]) -> str:
    """Put the main ratios, and the measured versions, between the README's marks.

    :param text: The README.
    :param results: The results of `compare.py`.
    """
    operations = results["operations"]
    present = _present(operations)
    rows = []
    for name in SHOWN:
        found = operations.get(name, {})
        if "ours" in found:
            cells = [_ratio(found, contender) for contender in present[1:]]
            rows.append([WORKLOADS[name].title, f"{number(found['ours'])} {WORKLOADS[name].unit}", *cells])
    table = "".join(_table(["", *(NAMES[name] for name in present)], rows))
    return _SECTION.sub(lambda found: f"{found[1]}{table}\n{_measured(results)}.\n{found[2]}", text)


def number(value: float) -> str:
    """Format a number with three significant digits."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _measured(results: Mapping[str, Any]) -> str:
    """Return the date, and the version of this package; the page has those of the others."""
    version = results["versions"].get("ours", {}).get("azure-ai-inference")
    return f"Measured on {results['date']}" + (f" with version {version} of this package" if version else "")


def _present(operations: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [name for name in CONTENDERS if any(name in found for found in operations.values())]


def _states(tracing: Mapping[str, Any]) -> list[str]:
    return [state for state in _STATES if all(state in found["ratio"] for found in tracing.values())]


def _rounds(results: Mapping[str, Any]) -> str:
    return f"{results['rounds']} rounds" if results["rounds"] > 1 else "one round"


def _ratio(found: Mapping[str, float], contender: str) -> str:
    return f"{number(found[contender] / found['ours'])} x" if contender in found else _ABSENT


def _operations(operations: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
    present = _present(operations)
    rows = []
    for name, found in operations.items():
        cells = [number(found[contender]) if contender in found else _ABSENT for contender in present]
        if "ours" in found:
            compared = zip(present[1:], cells[1:], strict=True)
            cells[1:] = [
                f"{cell} ({number(found[contender] / found['ours'])})" if contender in found else cell
                for contender, cell in compared
            ]
        rows.append([WORKLOADS[name].title, WORKLOADS[name].unit, *cells])
    return _table(["", "unit", *(NAMES[name] for name in present)], rows)


def _tracing(tracing: Mapping[str, Any]) -> Iterable[str]:
    states = _states(tracing)
    rows = [
        [TRACED[name], f"{number(found['least']['absent'])} µs"]
        + [f"{number(found['least'][state])} µs ({found['ratio'][state]:.3f})" for state in states]
        for name, found in tracing.items()
    ]
    return _table(["", "never loaded", *(_STATES[state] for state in states)], rows)


def _scaling(name: str, found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterable[str]:
    scaling = SCALING[name]
    for kind, unit in (("cpu", scaling.cpu_unit), ("memory", scaling.memory_unit)):
        measured = {size for values in found[kind].values() for size in values}
        sizes = [size for size in scaling.sizes if str(size) in measured]
        rows = [
            [NAMES[contender], *(number(values[str(size)]) if str(size) in values else _ABSENT for size in sizes)]
            for contender, values in found[kind].items()
        ]
        title = "Processor time" if kind == "cpu" else "Memory"
        yield f"\n{title}, {unit}, by number of {scaling.title}:\n\n"
        yield from _table(["", *(f"{size:,}" for size in sizes)], rows)


def _versions(versions: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    names = {**NAMES, "traced": "this package, traced"}
    rows = [
        [names[name], ", ".join(f"{what} {version}" for what, version in all_.items())]
        for name, all_ in versions.items()
    ]
    return _table(["", "installed"], rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterable[str]:
    """Format a table, with its first column left-aligned and the others right-aligned."""
    yield f"| {' | '.join(head)} |\n".replace("|  |", "| |")
    yield "|---|" + "---:|" * (len(head) - 1) + "\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"
