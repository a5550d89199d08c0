"""The benchmarks run, and what is published is what they found."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def compare(*arguments: object) -> str:
    command = [sys.executable, "tests/perf/compare.py", "--here", *arguments]
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(name="folder")
def copy_readme(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path / "docs"


def test_a_quick_run_fills_all_rows(folder: Path) -> None:
    page = compare("--quick", "--contenders", "ours", "core", "--output", folder)
    assert page.strip() == (folder / "performance.md").read_text("utf-8").strip()
    results = json.loads((folder / "performance.json").read_text("utf-8"))
    assert len(results["operations"]) == 11
    for name, found in results["operations"].items():
        assert set(found) == ({"ours"} if name in ("stream-responses", "stream-messages") else {"ours", "core"})
        assert min(found.values()) > 0
    for found in results["tracing"].values():
        assert set(found["ratio"]) == {"off", "on"}
        assert min(found["least"].values()) > 0
    assert set(results["scaling"]) == {"streams", "messages", "events"}
    for found in results["scaling"].values():
        for values in (*found["cpu"].values(), *found["memory"].values()):
            assert set(values) == {"1"}
            assert min(values.values()) > 0
    assert page.count("| - |") == 2  # the rows that only this package has
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == (2 + 11) + (2 + 2) + 6 * (2 + 2) + (2 + 3)


def test_a_part_can_be_chosen(folder: Path) -> None:
    compare("--quick", "plain", "messages", "--contenders", "ours", "--output", folder)
    results = json.loads((folder / "performance.json").read_text("utf-8"))
    assert list(results["operations"]) == ["plain"]
    assert list(results["scaling"]) == ["messages"]
    assert results["tracing"] == {}


def test_some_rows_can_be_measured_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests/perf"))
    updated: Any = importlib.import_module("compare").updated
    published = json.loads((DOCS / "performance.json").read_text("utf-8"))
    row = {"ours": 1.0, "core": 2.0}
    found = {**published, "operations": {"plain": row}, "tracing": {}, "scaling": {}}
    assert updated(published, found) == {**published, "operations": {**published["operations"], "plain": row}}
    for other in ({"rounds": 1}, {"machine": {"processors": 1}}, {"versions": {"openai": {"openai": "1.0"}}}):
        with pytest.raises(SystemExit, match="measure all anew"):
            updated(published, {**found, **other})


def test_what_is_published_is_what_was_found(folder: Path) -> None:
    compare("--from-json", DOCS / "performance.json", "--output", folder)
    for published in ("docs/performance.md", "docs/performance.json", "README.md"):
        assert (folder.parent / published).read_text("utf-8") == (ROOT / published).read_text("utf-8"), published
