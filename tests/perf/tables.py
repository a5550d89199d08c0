"""Results as text: the page `docs/performance.md` and the README's table. Functions on values."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from workloads import CONTENDERS, SCALING, STREAM_EVENTS, TRACED, WORKLOADS

COMMAND = "python3 tests/perf/compare.py"
NAMES = {
    "ours": "this package",
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

What a call costs on this side of the wire, beside other clients: processor time, for waiting for a model costs none. It
is measured against a local server of canned bytes in a process of its own. "Bare azure-core" is its pipeline with
`json`, without models, retries that suit a model, or errors that say what was wrong: what no Azure library can do
without. Each measurement is a fresh process; the contenders take turns; the least of {rounds} counts, for other work on
the machine only adds. (The import, which a process measures once, has {times} times as many, what grows half as many.)
Ratios near 1 are within what other work still adds. It was run on {date} with {python} on {system} {architecture},
{processors} processors. Run it yourself, which takes forty minutes and needs Python and a package index:

```bash
{command}
```

![Processor time and memory beside other clients](performance.svg)
"""

_OPERATIONS = """
## Calls

Processor time of one; in brackets, how many times that of this package. Messages are models where a library has some,
vectors are in hand as numbers. The openai library gets vectors in base64 if nothing else is asked for; mistralai takes
none.
"""

_TRACING = """
## Tracing

Blocks of calls in two processes in turn, of which one never loaded `azure.ai.inference.tracing`: the median of the
ratios of neighbouring blocks. On means spans and metrics of OpenTelemetry's SDK, kept in memory. In a stream, most of
its cost is the metric of the time between two updates, recorded for each.
"""

_SCALING = """
## Scaling

Requests included, so that what is small is mostly one. Memory is the most that Python holds beyond what an idle client
does, as `tracemalloc` sees it; asyncio takes 256 KiB to read, once. {events} events come to each of the streams that
are open at a time, one by one. A stream of this package keeps its text, for `get_final_completions()`. A dash is what
took more than a minute and a half.
"""


def page(results: Mapping[str, Any]) -> str:
    """Write the page, with those parts that were measured.

    :param results: What `compare.py` found.
    """
    said = {**results["machine"], "date": results["date"], "rounds": _rounds(results), "command": COMMAND}
    said["times"] = WORKLOADS["start"].times
    parts = [_INTRODUCTION.format(**said)]
    if results["operations"]:
        parts += [_OPERATIONS, "\n", *_operations(results["operations"])]
    if results["tracing"]:
        parts += [_TRACING, "\n", *_tracing(results["tracing"])]
    if results["scaling"]:
        parts.append(_SCALING.format(events=STREAM_EVENTS))
        for name, found in results["scaling"].items():
            parts += _scaling(name, found)
    parts += ["\n## Versions\n\n", *_versions(results["versions"])]
    return "".join(parts)


def in_readme(text: str, results: Mapping[str, Any]) -> str:
    """Put the main ratios where the README has marked the place.

    :param text: The README.
    :param results: What `compare.py` found.
    """
    operations = results["operations"]
    present = [name for name in CONTENDERS if any(name in row for row in operations.values())]
    rows = []
    for name in SHOWN:
        found = operations.get(name, {})
        if "ours" in found:
            cells = [_ratio(found, contender) for contender in present[1:]]
            rows.append([WORKLOADS[name].title, f"{number(found['ours'])} {WORKLOADS[name].unit}", *cells])
    table = "".join(_table(["", *(NAMES[name] for name in present)], rows))
    return _SECTION.sub(lambda found: f"{found[1]}{table}{found[2]}", text)


def number(value: float) -> str:
    """Write a number with three digits that count."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _rounds(results: Mapping[str, Any]) -> str:
    return f"{results['rounds']} rounds" if results["rounds"] > 1 else "one round"


def _ratio(found: Mapping[str, float], contender: str) -> str:
    return f"{number(found[contender] / found['ours'])} x" if contender in found else _ABSENT


def _operations(operations: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
    present = [name for name in CONTENDERS if any(name in row for row in operations.values())]
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
    rows = [
        [TRACED[name], f"{number(found['least']['absent'])} µs"]
        + [f"{number(found['least'][state])} µs ({found['ratio'][state]:.3f})" for state in ("off", "on")]
        for name, found in tracing.items()
    ]
    return _table(["", "never loaded", "loaded, off", "on"], rows)


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
        yield f"\n{title}, {unit}, by {scaling.title}:\n\n"
        yield from _table(["", *(f"{size:,}" for size in sizes)], rows)


def _versions(versions: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    names = {**NAMES, "traced": "this package, traced"}
    rows = [
        [names[name], ", ".join(f"{what} {version}" for what, version in all_.items())]
        for name, all_ in versions.items()
    ]
    return _table(["", "installed"], rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterable[str]:
    """Write a table, its first column to the left and the others to the right."""
    yield f"| {' | '.join(head)} |\n".replace("|  |", "| |")
    yield "|---|" + "---:|" * (len(head) - 1) + "\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"
