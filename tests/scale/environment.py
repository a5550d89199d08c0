"""Create and keep the environment for the cluster tests, and run them there.

Ray and Dask are large, so development does not require them. The environment is kept in ``.venv/scale``, or in
``SCALE_CACHE``; this package is installed in it from the checkout.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (
    "ray[data]==2.60.0",
    "pydantic",  # ray.data.llm, for comparison
    "distributed==2026.8.0",
    "dask[dataframe]==2026.8.0",
    "pytest",
    "pytest-asyncio",
)


def make() -> Path:
    """Create the environment if necessary, and return its interpreter."""
    folder = Path(os.environ.get("SCALE_CACHE") or ROOT / ".venv" / "scale")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = folder / "stamp", "\n".join((*REQUIREMENTS, sys.version))
    if not python.exists():
        venv.create(folder, with_pip=True)
    if not stamp.is_file() or stamp.read_text() != wanted:
        install = [str(python), "-m", "pip", "install", "-q", *REQUIREMENTS, "-e", f"{ROOT}[aio,emulator]"]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return python


def main(arguments: list[str]) -> int:
    """Run pytest in the environment with these arguments."""
    return subprocess.run([str(make()), "-m", "pytest", "tests/scale", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
