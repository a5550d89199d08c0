"""Each case with this library in both worlds; and the documented table is up to date."""

import re
from pathlib import Path

import pytest

from azure.ai.inference.emulator import _fault, _fault_injection

from .case import SILENT, Case, Emulated
from .cases import CASES
from .drivers import OURS, Driver, meet, peers
from .outcome import RIGHT, grade
from .report import HEAD, rows, start_of_row

DOC = Path(__file__).parents[2] / "docs" / "reliability.md"
PATIENCE = 20.0
"""Seconds until a call counts as hanging, on the slowest of machines."""


def takes_a_second(case: Case) -> bool:
    """Whether the caller waits: for an answer that never arrives, or because a 429 asks for it."""
    return (case.timeout or case.read_timeout or case.least) >= SILENT * 0.9


MEETINGS = [
    pytest.param(driver, case, id=f"{driver.world}-{case.id}", marks=[pytest.mark.slow] if takes_a_second(case) else [])
    for case in CASES
    for driver in OURS
    if case.action != "cancel" or driver.world == "aio"
]


@pytest.mark.parametrize(("driver", "case"), MEETINGS)
def test_outcome_matches_the_table(driver: Driver, case: Case) -> None:
    seen = meet(driver, case, PATIENCE)
    assert grade(case, seen) == RIGHT, seen
    assert (case.text in (None, seen.text), seen.error) == (True, case.error), seen
    assert {name: seen.facts.get(name) for name in case.kept} == dict(case.kept)
    assert [words for words in case.shows if words not in seen.told] == []
    assert seen.attempts == case.attempts * (2 if case.connection == "reused" else 1)


def test_every_fault_that_the_emulator_plays_has_a_case() -> None:
    played = [
        fault for case in CASES if isinstance(case.play, Emulated) for fault in _fault.parse_faults(case.play.faults)
    ]
    assert {fault.kind for fault in played} >= {*_fault._KINDS, *map(str, _fault_injection._MESSAGES), "429"}
    assert {fault.says or "retry-after" for fault in played if fault.kind == "429"} == {*_fault.WAITS}
    for kind, ways in _fault._WAYS.items():
        assert {fault.says or ways[0] for fault in played if fault.kind == kind} == {*ways}


def test_names_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


FAULTLESS = [case for case in CASES if case.id in ("Forms of events: LF", "Connections: a plain answer")]


@pytest.mark.slow
@pytest.mark.parametrize("case", FAULTLESS, ids=lambda case: case.id)
@pytest.mark.parametrize("driver", peers(), ids=lambda driver: f"{driver.library}-{driver.world}")
def test_drivers_of_other_libraries(driver: Driver, case: Case) -> None:
    seen = meet(driver, case, PATIENCE)
    assert (seen.text, seen.error, seen.hung) == (case.text, "", False)


def test_documentation_has_the_table() -> None:
    text = DOC.read_text("utf-8")
    head = re.sub(r"[0-9]+(\\\.[0-9]+)+", r"[0-9.]+", re.escape(HEAD))
    tables = re.findall(rf"^### (.+)\n\n{head}\n[|-]+\n((?:\|.*\n)+)", text, re.M)
    assert [group for group, _ in tables] == list(dict.fromkeys(case.group for case in CASES))
    written = [start_of_row(line) for _, table in tables for line in table.splitlines()]
    assert written == [start_of_row(row) for row in rows()], "run `python tests/reliability/report.py`"
    assert f"{len(CASES)} cases" in text
