"""The rating of outcomes detects everything that can be wrong, and has a text for it."""

from dataclasses import replace
from typing import Any

import pytest

from .case import Case, Refusing
from .outcome import GRADES, RIGHT, Outcome, grade
from .report import cell

VALUE = Case("g", "n", Refusing(), text="hello")
ERROR = replace(VALUE, error="InferenceError", says="the words")
RAISED = Outcome("hello", "APIError", told="all the words")

JUDGED: list[tuple[str, Case, Outcome, str]] = [
    (RIGHT, VALUE, Outcome("hello"), "✓"),
    (RIGHT, ERROR, replace(RAISED, attempts=3), "✓ `APIError` (3 requests)"),
    (RIGHT, ERROR, replace(RAISED, attempts=30), "✓ `APIError` (many requests)"),
    (RIGHT, replace(ERROR, text=None), replace(RAISED, text="hellohello"), "✓ `APIError`"),
    ("vague", ERROR, replace(RAISED, told="oops"), "○ `APIError` without the words"),
    ("fails", VALUE, RAISED, "✗ `APIError`"),
    ("untyped", VALUE, replace(RAISED, typed=False), "✗ bare `APIError`"),
    ("untyped", ERROR, replace(RAISED, typed=False), "✗ bare `APIError`"),
    ("loses", VALUE, Outcome("hel"), "✗ text lost, silently"),
    ("loses", ERROR, replace(RAISED, text=""), "✗ text lost, then `APIError`"),
    ("silent", ERROR, Outcome("hello"), "✗ ends silently"),
    ("hurries", replace(VALUE, least=1), Outcome("hello", seconds=0.5, attempts=2), "✗ does not wait (2 requests)"),
    ("leaks", replace(ERROR, secret=True), replace(RAISED, leaked=("key", "prompt")), "✗ sends key and prompt"),
    ("keeps", replace(VALUE, connection="closed"), Outcome("hello", connection="left open"), "✗ connection left open"),
    ("hangs", ERROR, replace(RAISED, hung=True), "✗ goes on past the time"),
]


@pytest.mark.parametrize(("expected", "case", "seen", "words"), JUDGED)
def test_wrong_outcomes_are_found(expected: str, case: Case, seen: Outcome, words: str) -> None:
    assert grade(case, seen) == expected
    assert cell(case, [seen, seen]) == words


def test_every_judgement_is_tested() -> None:
    assert {row[0] for row in JUDGED} == {*GRADES}


def test_sync_and_async_outcomes_differ() -> None:
    seen: list[Any] = [Outcome("hello"), Outcome("hel")]
    assert cell(VALUE, seen) == "sync ✓; async ✗ text lost, silently"
