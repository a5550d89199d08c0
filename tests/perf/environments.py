"""A virtual environment for each contender, with pinned versions, and one for the picture.

They are created on first use and kept until a pin changes. Ours gets a wheel of this checkout in each run. pip compiles
what it installs, so that no measurement includes that.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]

_CORE = ("azure-core==1.41.0", "requests==2.34.2", "aiohttp==3.14.5")
_OURS = (*_CORE, "isodate==0.7.2", "typing-extensions>=4.12")
_REQUIREMENTS = {
    "ours": _OURS,
    "speed": (*_OURS, "orjson==3.13.0"),
    "core": _CORE,
    "b9": ("azure-ai-inference==1.0.0b9", *_CORE),
    "openai": ("openai==3.52.0",),
    "mistralai": ("mistralai==3.7.0",),
    "traced": (*_OURS, "opentelemetry-sdk==1.45.2", "azure-core-tracing-opentelemetry==1.0.0b13"),
    "report": ("matplotlib~=3.10.0",),
}
_REPORTED = (
    *("azure-ai-inference", "openai", "mistralai", "azure-core", "aiohttp", "requests", "httpx2", "pydantic"),
    *("opentelemetry-sdk", "orjson"),
)
_VERSIONS = """
import importlib.metadata, json, sys
found = {name: [*importlib.metadata.distributions(name=name)] for name in sys.argv[1:]}
print(json.dumps({name: installed[0].version for name, installed in found.items() if installed}))
"""


class Environments:
    """Interpreters by name: a contender's, `traced` or `report`.

    :param folder: Where the virtual environments are kept; `None` runs everything in this Python.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._made: dict[str, str] = {}
        self._wheel: Path | None = None

    def python(self, name: str) -> str:
        """Return an interpreter, after installing its packages."""
        if self._folder is None:
            return sys.executable
        if name not in self._made:
            self._made[name] = self._make(name, self._folder / name)
        return self._made[name]

    def versions(self, name: str) -> dict[str, str]:
        """Return the installed versions that matter."""
        output = subprocess.run(
            [self.python(name), "-I", "-c", _VERSIONS, *_REPORTED], check=True, capture_output=True, text=True
        ).stdout
        installed: dict[str, str] = json.loads(output)
        return installed

    def _make(self, name: str, folder: Path) -> str:
        python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        wanted = "\n".join([sys.version, *_REQUIREMENTS[name]])
        stamp = folder / "installed.txt"
        if not stamp.exists() or stamp.read_text("utf-8") != wanted:
            print(f"Installing {', '.join(_REQUIREMENTS[name])}", file=sys.stderr)
            _run(sys.executable, "-m", "venv", "--clear", folder)
            _run(*_pip(python), "install", *_REQUIREMENTS[name])
            stamp.write_text(wanted, "utf-8")
        if name in ("ours", "speed", "traced"):
            self._wheel = self._wheel or _build_checkout(python, folder.parent / "wheel")
            _run(*_pip(python), "install", "--force-reinstall", "--no-deps", self._wheel)
        return python


def _build_checkout(python: str, folder: Path) -> Path:
    """Build a wheel of this checkout from a copy, so that the checkout stays clean."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "checkout")
        copy.mkdir()
        shutil.copytree(ROOT / "azure", copy / "azure", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
            shutil.copy(ROOT / name, copy)
        _run(*_pip(python), "wheel", "--no-deps", "--wheel-dir", folder, copy)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _pip(python: str) -> tuple[str, ...]:
    return (python, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check")


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True)
