"""What type checkers see: tests/typing and the pages' Python blocks, checked strictly by mypy and pyright.

Each deliberate mistake in those files is marked; a marker that hides nothing is an error for both checkers.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPING = ROOT / "tests/typing"


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return done.stdout + done.stderr


@pytest.mark.slow
def test_mypy() -> None:
    files = [str(path.relative_to(ROOT)) for path in sorted(TYPING.glob("*.py"))]
    said = run("mypy", "--strict", "--no-error-summary", *files, MYPYPATH=str(ROOT))
    assert said == ""


@pytest.mark.slow
def test_pyright() -> None:
    said = run("pyright", "--project", str(TYPING), "--pythonpath", sys.executable)
    assert said.splitlines()[-1].startswith("0 errors, 0 warnings"), said


def python_of(page: Path) -> str:
    """Return a page's Python blocks as one program, after those of the README, whose names they may use."""
    pages = dict.fromkeys((ROOT / "README.md", page))
    blocks = [re.findall(r"^```python\n(.*?)^```$", each.read_text("utf-8"), re.M | re.S) for each in pages]
    return "\n\n".join(block for found in blocks for block in found) if blocks[-1] else ""


@pytest.fixture(name="programs")
def write_programs(tmp_path: Path) -> list[str]:
    written = {page: python_of(page) for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
    for page, program in written.items():
        if program:
            (tmp_path / f"{page.stem}.py").write_text(program, "utf-8")
    return [str(path) for path in tmp_path.glob("*.py")]


@pytest.mark.slow
def test_pages_by_mypy(programs: list[str]) -> None:
    assert len(programs) >= 4
    assert run("mypy", "--strict", "--no-error-summary", *programs, MYPYPATH=str(ROOT)) == ""


@pytest.mark.slow
def test_pages_by_pyright(programs: list[str], tmp_path: Path) -> None:
    settings = {"include": ["."], "extraPaths": [str(ROOT)], "pythonVersion": "3.10", "typeCheckingMode": "strict"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    said = run("pyright", "--project", str(tmp_path), "--pythonpath", sys.executable)
    assert said.splitlines()[-1].startswith("0 errors, 0 warnings"), said
