"""``python -m tests.downstream.lock [NAME ...]``: update the locks of frameworks. Needs uv on the PATH.

Locks are for Linux on x86-64 and Python 3.11. This package is resolved as the wheel of the checkout, whichever release
of the beta a framework requires, and left out of the lock.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from azure.ai.inference import __version__

from .environments import build_wheel
from .frameworks import FRAMEWORKS, Framework

HEADER = "# Made by `python -m tests.downstream.lock {}`.\n"
EXTRAS = "azure-ai-inference[aio]"
PLATFORM = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28")
OUTPUT = ("--no-header", "--no-annotate", "--no-emit-package", "azure-ai-inference")


def lock(framework: Framework, wheel: Path, folder: Path) -> None:
    """Resolve a framework's requirements, and write the lock."""
    wanted, overrides, made = folder / "wanted.in", folder / "overrides.txt", folder / f"{framework.name}.txt"
    wanted.write_text("\n".join([*framework.requirements, EXTRAS]))
    overrides.write_text(f"{EXTRAS}=={__version__}\nazure-core>=1.35\n")
    files = [str(wanted), "--override", str(overrides), "--find-links", str(wheel.parent), "--output-file", str(made)]
    allowed = ["--prerelease", "if-necessary-or-explicit"]
    subprocess.run(["uv", "pip", "compile", "--quiet", *PLATFORM, *OUTPUT, *allowed, *files], check=True)
    framework.lock.write_text(HEADER.format(framework.name) + made.read_text())


def main(names: list[str]) -> int:
    """Lock the named frameworks, or all of them."""
    if shutil.which("uv") is None:
        print("uv is not on the PATH: pip install uv", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        for framework in FRAMEWORKS:
            if not names or framework.name in names:
                lock(framework, wheel, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
