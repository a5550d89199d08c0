"""A virtual environment for each framework: its lock, then this package's wheel, without resolving anything again.

Environments are kept in ``.venv/downstream``, or in ``DOWNSTREAM_CACHE``, and recreated when the lock or the Python
changes. The wheel is installed each time, by uv if it is on the PATH, which takes a tenth of pip's time.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from .frameworks import Framework

ROOT = Path(__file__).parents[2]
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
OUTSIDE = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_REQUIRE_VIRTUALENV")


class NotInstallableError(Exception):
    """A package of a lock is not available here; the text is the installer's last line."""


def clean_environment(**added: str) -> dict[str, str]:
    """Return the environment variables, without those that lead to another Python's packages or measure coverage."""
    kept = {name: value for name, value in os.environ.items() if name not in OUTSIDE and "COV" not in name}
    return kept | added


def build_wheel(folder: Path) -> Path:
    """Build this package's wheel from a copy of the checkout, so that the checkout stays clean."""
    leftovers = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build")
    shutil.copytree(ROOT, folder / "source", ignore=leftovers)
    (folder / "dist").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder / "dist")],
        cwd=folder / "source",
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=clean_environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist" / done.stdout.splitlines()[-1]


def make_environment(framework: Framework, wheel: Path) -> Path:
    """Return the Python of the framework's environment, with the wheel installed.

    :raises NotInstallableError: if the lock's packages cannot be installed here.
    """
    folder = Path(os.environ.get("DOWNSTREAM_CACHE") or ROOT / ".venv" / "downstream").resolve() / framework.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "stamp"
    made_of = hashlib.sha256(framework.lock.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != made_of:
        venv.create(folder, clear=True, with_pip=False)
        _install(python, "--no-deps", "-r", str(framework.lock))
        stamp.write_text(made_of)
    _install(python, "--no-deps", "--force-reinstall", str(wheel))
    return python


def _install(python: Path, *what: str) -> None:
    done = subprocess.run(
        [*_installer(python), *what],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env=clean_environment(),
    )
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise NotInstallableError(lines[-1] if lines else f"the installer ended with status {done.returncode}")


def _installer(python: Path) -> Sequence[str]:
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", str(python)]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    return [*pip, "install", "--quiet", "--no-compile"]
