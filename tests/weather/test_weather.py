"""Each case of weather, met by this library in both worlds; and the table in the documentation says the same."""

import re
from pathlib import Path

import pytest

from azure.ai.inference.emulator import _weather

from .case import Case, Emulated
from .cases import CASES
from .drivers import OURS, Driver, meet, peers
from .outcome import RIGHT, grade
from .report import HEAD, rows, start_of_row

DOC = Path(__file__).parents[2] / "docs" / "reliability.md"
PATIENCE = 20.0
"""Seconds until a call counts as one that hangs, on the slowest of machines."""

MEETINGS = [
    pytest.param(driver, case, id=f"{driver.world}-{case.id}")
    for case in CASES
    for driver in OURS
    if case.action != "cancel" or driver.world == "aio"
]


@pytest.mark.parametrize(("driver", "case"), MEETINGS)
def test_the_caller_sees_what_the_table_says(driver: Driver, case: Case) -> None:
    seen = meet(driver, case, PATIENCE)
    assert grade(case, seen) == RIGHT, seen
    assert (case.text in (None, seen.text), seen.error) == (True, case.error), seen
    assert {name: seen.facts.get(name) for name in case.kept} == dict(case.kept)
    assert [words for words in case.shows if words not in seen.told] == []
    assert seen.attempts == case.attempts * (2 if case.connection == "reused" else 1)


def test_every_fault_that_the_emulator_plays_has_a_case() -> None:
    played = [
        fault for case in CASES if isinstance(case.play, Emulated) for fault in _weather.parse_faults(case.play.faults)
    ]
    assert {fault.kind for fault in played} >= {*_weather._KINDS, *map(str, _weather._MESSAGES), "429"}
    assert {fault.says or "retry-after" for fault in played if fault.kind == "429"} == {*_weather.WAITS}
    for kind, ways in _weather._WAYS.items():
        assert {fault.says or ways[0] for fault in played if fault.kind == kind} == {*ways}


def test_names_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


GOOD_WEATHER = [case for case in CASES if case.id in ("Forms of events: LF", "Connections: a plain answer")]


@pytest.mark.parametrize("case", GOOD_WEATHER, ids=lambda case: case.id)
@pytest.mark.parametrize("driver", peers(), ids=lambda driver: f"{driver.library}-{driver.world}")
def test_other_libraries_are_driven_rightly(driver: Driver, case: Case) -> None:
    seen = meet(driver, case, PATIENCE)
    assert (seen.text, seen.error, seen.hung) == (case.text, "", False)


def test_the_documentation_has_this_table() -> None:
    text = DOC.read_text("utf-8")
    head = re.sub(r"[0-9]+(\\\.[0-9]+)+", r"[0-9.]+", re.escape(HEAD))
    tables = re.findall(rf"^### (.+)\n\n{head}\n[|-]+\n((?:\|.*\n)+)", text, re.M)
    assert [group for group, _ in tables] == list(dict.fromkeys(case.group for case in CASES))
    written = [start_of_row(line) for _, table in tables for line in table.splitlines()]
    assert written == [start_of_row(row) for row in rows()], "run `python tests/weather/report.py`"
    assert f"{len(CASES)} cases" in text
