"""The environments of the clients: in ``.venv/official_clients``, kept, and recreated when a lock changes."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
_WAIT = 600.0


class NotInstallableError(Exception):
    """The clients are not available here; the text is the installer's last line."""


def python_environment() -> Path:
    """Return a Python that has the Python clients.

    :raises NotInstallableError: They cannot be installed here.
    """
    folder = _kept("python", [HERE / "python.txt"], _make_python)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def javascript_environment() -> Path:
    """Return a folder with the JavaScript clients in its ``node_modules``.

    :raises NotInstallableError: They cannot be installed here.
    """
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise NotInstallableError(f"{tool} is missing")
    return _kept("javascript", [HERE / "package.json", HERE / "package-lock.json"], _make_javascript)


def _kept(name: str, locks: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """Return a folder that is created once, even if several processes ask for it."""
    folder = ROOT / ".venv" / "official_clients" / name
    made_of = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + sys.version.encode()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock")):
        stamp = folder / "stamp"
        if not stamp.is_file() or stamp.read_text("utf-8") != made_of:
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            stamp.write_text(made_of, "utf-8")
    return folder


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes wait for, replacing an abandoned one."""
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _WAIT:
                    path.unlink()
            time.sleep(0.2)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _make_python(folder: Path) -> None:
    venv.create(folder, with_pip=False)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    uv = shutil.which("uv")
    installer = [uv, "pip", "install", "--python", python] if uv else _pip(python)
    _run([*installer, "--quiet", "--no-deps", "-r", str(HERE / "python.txt")], folder)


def _pip(python: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "--disable-pip-version-check",
        "--retries",
        "1",
        "install",
        "--no-compile",
    ]


def _make_javascript(folder: Path) -> None:
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    npm = shutil.which("npm") or "npm"
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--loglevel=error"]
    _run([npm, "ci", *options], folder)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_WAIT)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise NotInstallableError(lines[-1] if lines else f"the installer ended with status {done.returncode}")
