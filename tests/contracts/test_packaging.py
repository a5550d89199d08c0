"""The package installs in every way there is, beside other azure packages, and each way imports.

Wheel and sdist are built once, from a copy, so that nothing is left in the checkout. The virtual environments see the
dependencies of the one that runs the tests, but not the package that is installed there.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"
IMPORTS = """
import importlib.metadata, json
import azure.core, azure.identity
import azure.ai.inference, azure.ai.inference.aio, azure.ai.inference.emulator, azure.ai.inference.prompts
from azure.ai.inference import models, tools
entries = importlib.metadata.distribution("azure-ai-inference").entry_points
print(json.dumps({
    "file": azure.ai.inference.__file__,
    "version": importlib.metadata.version("azure-ai-inference"),
    "namespace": [getattr(package, "__file__", None) for package in (azure, azure.ai)],
    "plugins": [entry.load().__name__ for entry in entries if entry.group == "pytest11"],
}))
"""

pytestmark = pytest.mark.xdist_group("packaging")


def run(*command: object, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what git would give somebody who clones."""
    copy = tmp_path_factory.mktemp("checkout") / "source"
    leftovers = shutil.ignore_patterns(
        ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "_build"
    )
    shutil.copytree(ROOT, copy, ignore=leftovers)
    return copy


def build(checkout: Path, what: str) -> Path:
    folder = checkout.parent / "dist"
    folder.mkdir(exist_ok=True)
    return folder / run(sys.executable, "-c", BUILD, what, folder, cwd=checkout).splitlines()[-1]


@pytest.fixture(scope="session")
def wheel(checkout: Path) -> Path:
    return build(checkout, "build_wheel")


@pytest.fixture(scope="session")
def sdist(checkout: Path) -> Path:
    return build(checkout, "build_sdist")


def install(folder: Path, *what: object) -> str:
    """Install into a new virtual environment, and import there."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    python = folder / scripts / "python"
    [site] = [path for path in folder.rglob("site-packages") if path.is_dir()]
    # Being behind the environment's own folder and no site folder itself, it brings dependencies, but no .pth files.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    options = ("--no-deps", "--no-build-isolation", "--ignore-installed", "-q")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, *what)
    return run(python, "-W", "error", "-c", IMPORTS, cwd=folder)


@pytest.mark.parametrize("form", ["wheel", "sdist", "editable"])
def test_it_installs_beside_azure_identity(
    form: str, checkout: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    what = ["-e", checkout] if form == "editable" else [request.getfixturevalue(form)]
    said = install(tmp_path / "venv", *what)
    home = checkout if form == "editable" else tmp_path
    assert f'"file": "{home.as_posix()}/' in said
    assert '"version": "1.0.0"' in said
    assert '"namespace": [null, null]' in said
    assert '"plugins": ["azure.ai.inference.emulator.pytest_plugin"]' in said


def test_the_wheel_holds_the_package_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "azure/ai/inference/py.typed" in names
    assert "azure/ai/inference/aio/_client.py" in names
    assert not {"azure/__init__.py", "azure/ai/__init__.py"} & set(names)
    assert {name.split("/")[0] for name in names} == {"azure", "azure_ai_inference-1.0.0.dist-info"}
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("azure/**/*.py")}
    assert modules == {name for name in names if name.endswith(".py")}


def test_the_sdist_holds_all_that_its_tests_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("samples", "tests", "azure", "docs")
    wanted = {path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.*")}
    wanted = {name for name in wanted if not {"__pycache__", "_build"} & set(name.split("/"))}
    files = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "dev_requirements.txt", "pyproject.toml"}
    assert (wanted | files | {".ci/run"}) - names == set()


def test_the_metadata_says_what_is_needed(wheel: Path) -> None:
    metadata = Parser().parsestr(zipfile.ZipFile(wheel).read("azure_ai_inference-1.0.0.dist-info/METADATA").decode())
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "](https://learn.microsoft.com/azure/ai-foundry/)" in metadata.get_payload()
    assert not re.search(r"\]\((?!https:)", str(metadata.get_payload()))  # nothing to lead to on an index's page
    needed = [line.split(";")[0] for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(name.split(">")[0] for name in needed) == ["azure-core", "isodate", "typing-extensions"]
    extras = ["aio", "emulator", "opentelemetry", "prompts", "pydantic"]
    assert sorted(metadata.get_all("Provides-Extra", [])) == extras
