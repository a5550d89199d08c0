"""The benchmarks run, and the published figures match the measurements."""

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


@pytest.mark.slow
def test_quick_run_fills_all_rows(folder: Path) -> None:
    page = compare("--quick", "--contenders", "ours", "core", "--output", folder)
    assert page.strip() == (folder / "performance.md").read_text("utf-8").strip()
    results = json.loads((folder / "performance.json").read_text("utf-8"))
    assert len(results["operations"]) == 12
    for name, found in results["operations"].items():
        assert set(found) == ({"ours"} if name in ("stream-responses", "stream-messages") else {"ours", "core"})
        assert min(found.values()) > 0
    for found in results["tracing"].values():
        assert set(found["ratio"]) == {"off", "spans", "on", "sdk"}
        assert min(found["least"].values()) > 0
    assert set(results["scaling"]) == {"streams", "messages", "events"}
    for found in results["scaling"].values():
        for values in (*found["cpu"].values(), *found["memory"].values()):
            assert set(values) == {"1"}
            assert min(values.values()) > 0
    assert page.count("| - |") == 2  # rows that only this package has
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == (2 + 12) + (2 + 2) + 6 * (2 + 2) + (2 + 3)


@pytest.mark.slow
def test_select_workloads_and_contenders(folder: Path) -> None:
    compare("--quick", "plain", "messages", "--contenders", "ours", "--output", folder)
    results = json.loads((folder / "performance.json").read_text("utf-8"))
    assert list(results["operations"]) == ["plain"]
    assert list(results["scaling"]) == ["messages"]
    assert results["tracing"] == {}


def test_update_single_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests/perf"))
    updated: Any = importlib.import_module("compare").updated
    published = json.loads((DOCS / "performance.json").read_text("utf-8"))
    row = {"ours": 1.0, "core": 2.0}
    found = {**published, "operations": {"plain": row}, "tracing": {}, "scaling": {}}
    assert updated(published, found) == {**published, "operations": {**published["operations"], "plain": row}}
    for other in ({"rounds": 1}, {"machine": {"processors": 1}}, {"versions": {"openai": {"openai": "1.0"}}}):
        with pytest.raises(SystemExit, match="measure all anew"):
            updated(published, {**found, **other})


def test_only_measured_columns_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests/perf"))
    page: Any = importlib.import_module("tables").page
    published = json.loads((DOCS / "performance.json").read_text("utf-8"))
    version = published["versions"]["ours"]["azure-ai-inference"]
    assert f"Measured on {published['date']} with version {version} of this package" in page(published)
    for kind, column, text in (
        ("operations", "speed", '"With `speed`" is'),
        ("tracing", "spans", '"Spans" is'),
        ("tracing", "sdk", '"SDK alone" makes'),
    ):
        for measured in (True, False):
            results = json.loads(json.dumps(published))
            for found in results[kind].values():
                for values in (found,) if kind == "operations" else found.values():
                    values.pop(column, None)
                    values |= {column: 1.0} if measured else {}
            assert (text in page(results)) is measured


def test_published_tables_match_the_measurements(folder: Path) -> None:
    compare("--from-json", DOCS / "performance.json", "--output", folder)
    for published in ("docs/performance.md", "docs/performance.json", "README.md"):
        assert (folder.parent / published).read_text("utf-8") == (ROOT / published).read_text("utf-8"), published
