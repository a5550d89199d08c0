"""What type checkers see: the files of tests/typing, checked strictly by mypy and by pyright.

Each mistake in those files is marked as one; a marker that hides nothing is an error for both checkers.
"""

import os
import subprocess
import sys
from pathlib import Path

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


def test_mypy() -> None:
    files = [str(path.relative_to(ROOT)) for path in sorted(TYPING.glob("*.py"))]
    said = run("mypy", "--strict", "--no-error-summary", *files, MYPYPATH=str(ROOT))
    assert said == ""


def test_pyright() -> None:
    said = run("pyright", "--project", str(TYPING), "--pythonpath", sys.executable)
    assert said.splitlines()[-1].startswith("0 errors, 0 warnings"), said
