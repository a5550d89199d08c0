"""Unmodified frameworks work on this package: each check of each program in ``programs/`` is a test.

The frameworks are installed at exact versions in environments of their own (see `environments`), are used through their
public interfaces, and talk to the emulator. Optional: ``python -m pytest tests/downstream`` runs what `.ci/run` runs,
``--all`` the rest. A framework that cannot be installed is skipped with the installer's reason.
"""

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from azure.ai.inference import __version__

from .conftest import Run
from .frameworks import Framework

pytestmark = pytest.mark.xdist_group("downstream")


def test_check(framework: Framework, check: str, ran: Run) -> None:
    assert ran.checks is not None, ran.output
    line = ran.checks.get(check)
    whole = ran.checks.get(None)
    assert line is not None, f"{check} was not run\n{whole['problem'] if whole else ''}\n{ran.output}"
    assert line["passed"], f"{line['problem']}\n{line['output']}"


def test_framework_uses_this_package(framework: Framework, ran: Run) -> None:
    assert ran.package is not None, ran.output
    assert ran.package["version"] == __version__
    assert framework.name in Path(ran.package["file"]).parts, "it was imported from another environment"


def test_framework_accepts_this_version(framework: Framework, ran: Run) -> None:
    assert ran.package is not None, ran.output
    asked = [(name, Requirement(text)) for name, text in ran.package["asked"]]
    asked = [(name, requirement) for name, requirement in asked if requirement.name == "azure-ai-inference"]
    assert bool(asked) == framework.asks
    unmet = [f"{name} wants {wanted}" for name, wanted in asked if not wanted.specifier.contains(__version__)]
    assert bool(unmet) == framework.pins_the_beta, unmet
