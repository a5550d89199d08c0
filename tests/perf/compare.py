"""Compare this package with others, in one run: `python tests/perf/compare.py`.

It only needs Python and a package index. Each contender runs in its own virtual environment, each measurement in a
fresh process, and the contenders take turns; the lowest of several rounds counts, because other work on the machine
only adds time. A full run takes more than half an hour, and writes `docs/performance.json`, `.md`, the pictures and the
README's table; with `--quick` or some of the workloads it only prints the tables. After a change that affects a few
workloads, `--update` measures these again for all contenders, and keeps the other published results.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import tables
from environments import ROOT, Environments
from workloads import CONTENDERS, SCALING, TRACED, WORKLOADS

HERE = Path(__file__).parent
ALL = (*WORKLOADS, "tracing", *SCALING)
LONGEST = 45.0
"""Seconds after which a measurement is abandoned and left out, along with larger sizes and memory."""

Results = dict[str, Any]


class Effort(NamedTuple):
    """How much to measure."""

    rounds: int
    seconds: float = 0.6
    """Processor time of a measurement, in many blocks of calls."""
    blocks: int = 100
    """Blocks that one pair of processes runs, with tracing and without."""
    traced_seconds: float = 0.006
    largest: int = 100_000
    """The largest size of a scaling workload."""


QUICK = Effort(rounds=1, seconds=0.001, blocks=4, traced_seconds=0.001, largest=1)


class Bench:
    """Runs measurements in their environments against one server.

    :param environments: The interpreters.
    :param url: The server.
    :param effort: How much to measure.
    """

    def __init__(self, environments: Environments, url: str, effort: Effort) -> None:
        self._environments = environments
        self._url = url
        self._effort = effort

    def operation(self, name: str, contenders: list[str]) -> dict[str, float]:
        """Measure a workload for all contenders, in the reported unit."""
        workload = WORKLOADS[name]
        least: dict[str, float] = {}
        for _ in range(self._effort.rounds * workload.times):
            for contender in contenders:
                if contender in workload.skipped:
                    continue
                value = self._start(contender) if name == "start" else self._worker("cpu", contender, name, 0)
                if value is not None:
                    value = value / 1e3 if workload.unit == "ms" and name != "start" else value
                    least[contender] = min(value, least.get(contender, value))
        return least

    def scaling(self, name: str, contenders: list[str]) -> Results:
        """Measure processor time and memory of a workload at all its sizes, for all contenders."""
        contenders = [contender for contender in contenders if contender != "speed"]
        rounds = {"cpu": max(1, self._effort.rounds // 2), "memory": 1}
        found: Results = {kind: {contender: {} for contender in contenders} for kind in rounds}
        too_slow: set[str] = set()
        for size in SCALING[name].sizes:
            if size > self._effort.largest:
                break
            for kind, times in rounds.items():
                for contender in contenders * times:
                    value = None if contender in too_slow else self._worker(kind, contender, name, size)
                    if value is None:
                        too_slow.add(contender)
                        continue
                    sizes = found[kind][contender]
                    sizes[str(size)] = min(value, sizes.get(str(size), value))
        return found

    def tracing(self, name: str) -> Results:
        """Compare calls with tracing off, with spans, on, and as the SDK alone, with calls of a process without
        tracing.

        :return: For each state, the median of the ratios of neighbouring blocks, and all pairs' lowest microseconds.
        """
        ratios: dict[str, list[float]] = {"off": [], "spans": [], "on": [], "sdk": []}
        least: dict[str, float] = {}
        for _ in range(self._effort.rounds):
            with self._traced("absent") as absent, self._traced("loaded") as loaded:
                for state, found in ratios.items():
                    for block in range(self._effort.blocks):
                        steps = [(absent, "absent"), (loaded, state)]
                        took = {said: _ask(process, name, said) for process, said in steps[:: 1 - 2 * (block % 2)]}
                        found.append(took[state] / took["absent"])
                        least |= {said: min(value, least.get(said, value)) for said, value in took.items()}
        return {"ratio": {state: statistics.median(found) for state, found in ratios.items()}, "least": least}

    def _start(self, contender: str) -> float | None:
        return self._run(contender, "start.py", contender, self._url)

    def _worker(self, kind: str, contender: str, name: str, size: int) -> float | None:
        seconds = self._effort.seconds
        return self._run(contender, "worker.py", kind, contender, name, size, self._url, seconds)

    def _run(self, environment: str, script: str, *arguments: object) -> float | None:
        command = [self._environments.python(environment), HERE / script, *arguments]
        try:
            done = subprocess.run(
                [str(part) for part in command], capture_output=True, text=True, timeout=LONGEST, env=_environ()
            )
        except subprocess.TimeoutExpired:
            print(f"Given up after {LONGEST:.0f} seconds: {script}", *arguments, file=sys.stderr)
            return None
        if done.returncode:
            raise SystemExit(f"{' '.join(str(part) for part in command)}\n{done.stderr}")
        return float(done.stdout)

    @contextmanager
    def _traced(self, kind: str) -> Iterator["subprocess.Popen[str]"]:
        python, seconds = self._environments.python("traced"), str(self._effort.traced_seconds)
        command = [python, str(HERE / "traced.py"), kind, self._url, seconds]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environ()
        ) as process:
            yield process


def _ask(process: "subprocess.Popen[str]", name: str, state: str) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{name} {state}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def _environ() -> dict[str, str]:
    """Return the workers' environment: no proxies, no coverage, and one hash seed."""
    said = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    for name in [name for name in said if name.startswith("COVERAGE_") or name == "PYTHONDONTWRITEBYTECODE"]:
        del said[name]
    return {**said, "PYTHONHASHSEED": "0"}


@contextmanager
def serving() -> Iterator[str]:
    """Run the server in its own process.

    :return: Its URL.
    """
    with subprocess.Popen([sys.executable, str(HERE / "server.py")], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def measure(environments: Environments, effort: Effort, names: list[str], contenders: list[str]) -> Results:
    """Measure.

    :param environments: The interpreters.
    :param effort: How much to measure.
    :param names: The workloads, of `ALL`.
    :param contenders: The contenders, of `CONTENDERS`.
    """
    with_tracing = ["traced"] if "tracing" in names else []
    results: Results = {
        "date": date.today().isoformat(),
        "rounds": effort.rounds,
        "machine": {
            "processors": os.cpu_count(),
            "architecture": platform.machine(),
            "system": platform.system(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
        },
        "versions": {name: environments.versions(name) for name in [*contenders, *with_tracing]},
        "operations": {},
        "tracing": {},
        "scaling": {},
    }
    with serving() as url:
        bench = Bench(environments, url, effort)
        for name in names:
            print(name, file=sys.stderr)
            if name == "tracing":
                results["tracing"] = {workload: bench.tracing(workload) for workload in TRACED}
            elif name in WORKLOADS:
                results["operations"][name] = bench.operation(name, contenders)
            else:
                results["scaling"][name] = bench.scaling(name, contenders)
    return results


def updated(published: Results, found: Results) -> Results:
    """Merge new results of some workloads into earlier ones.

    :raises SystemExit: They are from another machine, other versions or another number of rounds.
    """
    known = {**published, **published["versions"]}
    for what, now in {"machine": found["machine"], "rounds": found["rounds"], **found["versions"]}.items():
        if known.get(what) != now:
            raise SystemExit(f"{what} was {known.get(what)} and is {now}: measure all anew")
    kinds = ("operations", "tracing", "scaling")
    return {**published, **{kind: {**published[kind], **found[kind]} for kind in kinds}}


def write(results: Results, environments: Environments, folder: Path, *, picture: bool) -> None:
    """Write results, tables and picture, and the README's table if there is a README next to that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "performance.json"
    data.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    (folder / "performance.md").write_text(tables.page(results), "utf-8")
    readme = folder.parent / "README.md"
    if readme.exists():
        readme.write_text(tables.in_readme(readme.read_text("utf-8"), results), "utf-8")
    if picture:
        figure = [environments.python("report"), HERE / "figure.py", data, folder]
        subprocess.run([str(part) for part in figure], check=True)


def read_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(ALL)}; all by default")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=5, help="of fresh processes; what grows takes half as many")
    parser.add_argument("--largest", type=int, default=100_000, metavar="SIZE", help="of what grows")
    parser.add_argument("--quick", action="store_true", help="one round, few repetitions, small sizes: does it run?")
    parser.add_argument(
        "--environments", type=Path, default=ROOT / ".venv/perf", metavar="FOLDER", help="of virtual environments"
    )
    parser.add_argument(
        "--here", action="store_true", help="run all in this Python, with what it has; no picture is drawn"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="docs, if all is measured; else nothing is written"
    )
    parser.add_argument("--update", action="store_true", help="put what is found among what docs/performance.json has")
    parser.add_argument(
        "--from-json", type=Path, metavar="FILE", help="measure nothing, write an earlier run's results"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.workloads) - set(ALL):
        parser.error(f"unknown workloads: {', '.join(sorted(unknown))}. There are {', '.join(ALL)}")
    if arguments.update and (arguments.quick or arguments.here or len(arguments.contenders) < len(CONTENDERS)):
        parser.error("--update is for whole measurements of all contenders")
    return arguments


def main() -> None:
    """Measure or read results, and write them."""
    said = read_arguments()
    environments = Environments(None if said.here else said.environments)
    if said.from_json:
        results: Results = json.loads(said.from_json.read_text("utf-8"))
        in_full = True
    else:
        names = [name for name in ALL if name in said.workloads or not said.workloads]
        effort = QUICK if said.quick else Effort(rounds=said.rounds, largest=said.largest)
        results = measure(environments, effort, names, said.contenders)
        if said.update:
            results = updated(json.loads((ROOT / "docs/performance.json").read_text("utf-8")), results)
        is_all = len(names) == len(ALL) and len(said.contenders) == len(CONTENDERS)
        in_full = said.update or (is_all and not (said.quick or said.here))
        print(tables.page(results))
    output = said.output or (ROOT / "docs" if in_full else None)
    if output is not None:
        is_whole = bool(results["operations"]) and set(results["scaling"]) == set(SCALING)
        write(results, environments, output, picture=is_whole and not said.here)


if __name__ == "__main__":
    main()
