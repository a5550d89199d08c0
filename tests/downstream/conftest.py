"""Create the environments and run the programs once, two at a time, for the frameworks whose tests are collected."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .environments import NotInstallableError, build_wheel, clean_environment, make_environment
from .frameworks import FRAMEWORKS, HERE, Framework

# Frameworks send telemetry in the background and with retries; nothing leaves this machine here.
SILENCE = {
    "AGNO_TELEMETRY": "false",
    "ANONYMIZED_TELEMETRY": "false",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "NO_PROXY": "*",
}


@dataclass(frozen=True)
class Run:
    """The outcome of a framework's program.

    :param problem: Why no program ran.
    :param package: What the program reports about the package it found.
    :param checks: Its lines, by check.
    :param output: Its other output, and how it ended.
    """

    problem: str = ""
    package: Mapping[str, Any] | None = None
    checks: Mapping[str, Any] | None = None
    output: str = ""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="test all frameworks, not only those that .ci/run tests")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out unless they are named: they install hundreds of packages."""
    named = [Path(config.invocation_params.dir, argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path == HERE or HERE in path.parents for path in named) else True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = [one for one in FRAMEWORKS if one.in_ci or metafunc.config.getoption("--all")]
    if "check" in metafunc.fixturenames:
        cases = [pytest.param(one, check, id=f"{one.name}-{check[5:]}") for one in chosen for check in one.checks]
        metafunc.parametrize(("framework", "check"), cases)
    elif "framework" in metafunc.fixturenames:
        metafunc.parametrize("framework", chosen, ids=lambda one: one.name)


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Run]]]:
    wheel = build_wheel(tmp_path_factory.mktemp("wheel"))
    needing = (item for item in request.session.items if "ran" in getattr(item, "fixturenames", ()))
    collected = {item.callspec.params["framework"].name for item in needing}
    with ThreadPoolExecutor(2) as workers:
        chosen = [one for one in FRAMEWORKS if one.name in collected]
        yield {one.name: workers.submit(run, one, wheel, tmp_path_factory.mktemp(one.name)) for one in chosen}


@pytest.fixture
def ran(framework: Framework, runs: dict[str, Future[Run]]) -> Run:
    """Return the outcome of the framework's program; skip if it cannot be installed."""
    outcome = runs[framework.name].result()
    if outcome.problem:
        pytest.skip(f"{framework.requirements[0]} cannot be installed: {outcome.problem}")
    return outcome


def run(framework: Framework, wheel: Path, home: Path) -> Run:
    """Create the framework's environment, and run its program there in its own folder."""
    try:
        python = make_environment(framework, wheel)
    except NotInstallableError as problem:
        return Run(problem=str(problem))
    try:
        done = subprocess.run(
            [str(python), str(HERE / "run.py"), str(framework.program)],
            cwd=home,
            env=clean_environment(HOME=str(home), PYTHONDONTWRITEBYTECODE="1", **SILENCE),
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
    except subprocess.TimeoutExpired as problem:
        return Run(output=str(problem))
    return _read(done.stdout, f"{done.stderr}\n{framework.name} ended with status {done.returncode}")


def _read(stdout: str, output: str) -> Run:
    lines = [json.loads(line) for line in stdout.splitlines()]
    packages = [line for line in lines if "file" in line]
    checks = {line["check"]: line for line in lines if "check" in line}
    return Run(package=packages[0] if packages else None, checks=checks, output=output)
