"""Make the environment for the tests of clusters, keep it, and run them there.

Ray and Dask are large, so they are no requirement of development. The environment is kept in ``.venv/scale``, or where
``SCALE_CACHE`` says; this package is installed in it as it stands.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("ray[data]==2.60.0", "distributed==2026.8.0", "dask[dataframe]==2026.8.0", "pytest", "pytest-asyncio")


def main(arguments: list[str]) -> int:
    """Make the environment if need be, and run pytest with these arguments."""
    folder = Path(os.environ.get("SCALE_CACHE") or ROOT / ".venv" / "scale")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = folder / "stamp", "\n".join((*REQUIREMENTS, sys.version))
    if not python.exists():
        venv.create(folder, with_pip=True)
    if not stamp.is_file() or stamp.read_text() != wanted:
        install = [str(python), "-m", "pip", "install", "-q", *REQUIREMENTS, "-e", f"{ROOT}[aio,emulator]"]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return subprocess.run([str(python), "-m", "pytest", "tests/scale", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
