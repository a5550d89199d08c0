"""Write the tables of ``docs/reliability.md``: ``python tests/reliability/report.py``, a few minutes.

This library's columns are the expected outcomes of the cases, which `test_reliability` enforces. The other columns are
what callers of the other libraries see with the same servers.
"""

import logging
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from reliability.case import Case
from reliability.cases import CASES
from reliability.drivers import OURS, Driver, meet, peers
from reliability.outcome import GRADES, RIGHT, Outcome, grade

DOC: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN: Final = "<!-- written by tests/reliability/report.py -->"
END: Final = "<!-- end of what is written -->"
PATIENCE: Final = 6.0
HEAD: Final = (
    "| Case | What the caller sees | What is kept | "
    + " | ".join(f"{library} {version(library)}" for library in ("openai", "mistralai"))
    + " |"
)
MARK: Final = "°"
MANY: Final = 5
"""How many requests are worth counting, where a library limits time instead."""
SIGNS: Final = {RIGHT: "✓", "vague": "○"}
LENIENT: Final = frozenset(
    ("Forms of events", name)
    for name in (
        "no last blank line",
        "no last line end",
        "[DONE] without line end",
        "text after [DONE]",
        "finish reason and no [DONE]",
        "JSON lines",
        "a whole completion",
    )
) | {("A 200 without an event stream", "a whole completion"), ("Framing", "break behind [DONE]")}
"""Cases in which the answer arrived, but the standard allows a reader to give up."""

Seen = Mapping[tuple[str, str], Sequence[Outcome]]
"""By library and case: the outcome in each world."""


# ---------------------------------------------------------------- this library's columns


def rows() -> list[str]:
    """Return the first three cells of each case's row."""
    return ["| " + " | ".join((_name(case), _sees(case), _keeps(case))) + " |" for case in CASES]


def start_of_row(line: str) -> str:
    """Return the first three cells of a row."""
    return "|".join(line.split("|")[:4])


def _name(case: Case) -> str:
    return case.name + (f" {MARK}" if (case.group, case.name) in LENIENT else "")


def _sees(case: Case) -> str:
    what = f"`{case.error}`" if case.error else "the text" if case.stream else "the answer"
    return what + _requests(case.attempts)


def _requests(count: int) -> str:
    if count > MANY:
        return " (many requests)"
    return "" if count == 1 else " (nothing sent)" if count == 0 else f" ({count} requests)"


def _keeps(case: Case) -> str:
    kept = ["text before it"] if case.stream and case.error and case.text != "" else []
    kept += [f"status {value}" if name == "status" else name for name, value in case.kept.items()]
    if case.says:
        kept.append("the service's message")
    elif case.error == "ResponseDecodeError":
        kept.append("the text received instead")
    if case.connection:
        kept.append(f"connection {case.connection}")
    return ", ".join(kept) or ("nothing" if case.error else "all of it")


# ---------------------------------------------------------------- the others' columns


def observe(drivers: Iterable[Driver]) -> Seen:
    """Run every case with the libraries."""
    jobs = [(driver, case) for case in CASES for driver in drivers if case.action != "cancel" or driver.world == "aio"]
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda job: meet(*job, PATIENCE), jobs))
    seen: dict[tuple[str, str], list[Outcome]] = {}
    for (driver, case), outcome in zip(jobs, outcomes, strict=True):
        seen.setdefault((driver.library, case.id), []).append(outcome)
    return seen


def cell(case: Case, outcomes: Sequence[Outcome]) -> str:
    """Describe what a library's caller sees, in both worlds."""
    said = [_words(case, outcome) for outcome in outcomes]
    return said[0] if len(set(said)) == 1 else f"sync {said[0]}; async {said[1]}"


def _words(case: Case, seen: Outcome) -> str:
    error = f"`{seen.error}`"
    requests = _requests(seen.attempts) if seen.attempts > 1 and case.connection != "reused" else ""
    wrong = {
        RIGHT: error if seen.error else "",
        "vague": f"{error} without the words",
        "fails": error,
        "untyped": f"bare {error}",
        "loses": f"text lost, {f'then {error}' if seen.error else 'silently'}",
        "silent": "ends silently",
        "hurries": "does not wait",
        "leaks": f"sends {' and '.join(seen.leaked)}",
        "keeps": f"connection {seen.connection}",
        "hangs": "goes on past the time",
    }
    found = grade(case, seen)
    return " ".join(f"{SIGNS.get(found, '✗')} {wrong[found]}{requests}".split())


# ---------------------------------------------------------------- the page


def _worst(case: Case, outcomes: Sequence[Outcome]) -> str:
    found = [grade(case, outcome) for outcome in outcomes]
    return next((one for one in found if one != RIGHT), RIGHT)


def _summary(seen: Seen) -> Iterator[str]:
    libraries = list(dict.fromkeys(library for library, _ in seen))
    counts = {library: Counter(_worst(case, seen[library, case.id]) for case in CASES) for library in libraries}
    lenient = {
        library: sum(
            _worst(case, seen[library, case.id]) != RIGHT for case in CASES if (case.group, case.name) in LENIENT
        )
        for library in libraries
    }
    yield f"{len(CASES)} cases; of the synchronous and the asynchronous result, the worse counts:"
    yield ""
    yield "| | " + " | ".join(f"{library} {version(library)}" for library in libraries) + " |"
    yield "|---" * (len(libraries) + 1) + "|"
    for name, meaning in GRADES.items():
        yield f"| {meaning} | " + " | ".join(str(counts[library][name]) for library in libraries) + " |"
    yield (
        f"| not right, but the standards do not require it ({MARK}) | "
        + " | ".join(str(lenient[library]) for library in libraries)
        + " |"
    )
    yield ""


def page(seen: Seen) -> str:
    """Replace the text between the marks."""
    lines = [BEGIN, "", *_summary(seen)]
    starts = dict(zip((case.id for case in CASES), rows(), strict=True))
    for group in dict.fromkeys(case.group for case in CASES):
        lines += [f"### {group}", "", HEAD, "|---|---|---|---|---|"]
        for case in CASES:
            if case.group == group:
                others = " | ".join(cell(case, seen[library, case.id]) for library in ("openai", "mistralai"))
                lines.append(f"{starts[case.id]} {others} |")
        lines.append("")
    return "\n".join([*lines, END])


def main() -> int:
    """Run all cases, and write the tables."""
    logging.disable(logging.CRITICAL)  # failures here are intended
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    seen = observe([*OURS, *peers()])
    before, _, rest = DOC.read_text("utf-8").partition(BEGIN)
    DOC.write_text(before + page(seen) + rest.partition(END)[2], "utf-8")
    wrong = [case.id for case in CASES if _worst(case, seen["azure-ai-inference", case.id]) != RIGHT]
    sys.stdout.write("".join(f"azure-ai-inference is not right: {name}\n" for name in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
