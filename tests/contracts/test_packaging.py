"""The package can be installed in every way, beside other azure packages, and then imported.

Builds are reproducible, and contain nothing private. Wheel and sdist are built once, from a copy, so that the checkout
stays clean. The virtual environments see the dependencies of the one that runs the tests, but not its installed
package.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BUILD = """
import os, sys
from setuptools import build_meta
os.umask(int(sys.argv[3], 8))
print(getattr(build_meta, sys.argv[1])(sys.argv[2]))
"""
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
    """Copy the files that a clone would have."""
    copy = tmp_path_factory.mktemp("checkout") / "source"
    names = (
        ".git",
        ".venv",
        ".*_cache",
        ".hypothesis",
        "__pycache__",
        "*.egg-info",
        "build",
        "dist",
        "corpus",
        "_build",
    )
    leftovers = shutil.ignore_patterns(*names)
    shutil.copytree(ROOT, copy, ignore=leftovers)
    return copy


def build(checkout: Path, what: str, umask: str = "022") -> Path:
    folder = checkout.parent / "dist"
    folder.mkdir(exist_ok=True)
    return folder / run(sys.executable, "-c", BUILD, what, folder, umask, cwd=checkout).splitlines()[-1]


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
    # After the environment's own site folder and outside of it, this path adds dependencies but no .pth files.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    options = ("--no-deps", "--no-build-isolation", "--ignore-installed", "-q")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-compile", *options, *what)
    return run(python, "-W", "error", "-c", IMPORTS, cwd=folder)


@pytest.fixture(scope="session")
def editable(checkout: Path) -> list[str]:
    return ["-e", str(checkout)]


@pytest.fixture(scope="session")
def from_git(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    repository = tmp_path_factory.mktemp("git") / "repository"
    shutil.copytree(checkout, repository)
    author = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "-A"), (*author, "commit", "-qm", "All"), ("tag", "v1.1.0")):
        run("git", *words, cwd=repository)
    return [f"azure-ai-inference[aio] @ git+file://localhost{repository.as_posix()}@v1.1.0"]


@pytest.fixture(scope="session")
def by_hash(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    requirements = tmp_path_factory.mktemp("hash") / "requirements.txt"
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    requirements.write_text(f"azure-ai-inference @ {wheel.as_uri()} --hash=sha256:{sha256}\n")
    return ["--require-hashes", "-r", str(requirements)]


@pytest.fixture(scope="session")
def own_index(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("index") / "azure-ai-inference"
    folder.mkdir()
    shutil.copy(wheel, folder)
    (folder / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return ["--index-url", folder.parent.as_uri(), "azure-ai-inference[aio]"]


@pytest.fixture(scope="session")
def constrained(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    constraints = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    constraints.write_text(f"azure-ai-inference @ {wheel.as_uri()}\n")
    return ["-c", str(constraints), "azure-ai-inference>=1.0.0b4,<2.0"]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["wheel", "sdist", "editable", "from_git", "by_hash", "own_index", "constrained"])
def test_installs_beside_azure_identity(
    form: str, checkout: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    what = request.getfixturevalue(form)
    said = install(tmp_path / "venv", *(what if isinstance(what, list) else [what]))
    home = checkout if form == "editable" else tmp_path
    assert f'"file": "{home.as_posix()}/' in said
    assert '"version": "1.0.0"' in said
    assert '"namespace": [null, null]' in said
    assert '"plugins": ["pytest_azure_ai_inference"]' in said


def test_wheel_holds_the_package_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "azure/ai/inference/py.typed" in names
    assert "azure/ai/inference/aio/_client.py" in names
    page = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("azure/ai/inference/emulator/page/*")}
    assert page
    assert page <= set(names)
    assert not {"azure/__init__.py", "azure/ai/__init__.py"} & set(names)
    plugin = "pytest_azure_ai_inference.py"
    assert {name.split("/")[0] for name in names} == {"azure", "azure_ai_inference-1.0.0.dist-info", plugin}
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("azure/**/*.py")}
    assert modules | {plugin} == {name for name in names if name.endswith(".py")}


def test_sdist_holds_all_that_its_tests_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("samples", "tests", "azure", "docs", ".ci")
    wanted = {path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.*")}
    wanted = {name for name in wanted if not re.search("__pycache__|tests/fuzz/corpus|docs/_build", name)}
    files = {
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "SECURITY.md",
        "dev_requirements.txt",
        "pyproject.toml",
    }
    assert (wanted | files | {path.relative_to(ROOT).as_posix() for path in (ROOT / ".ci").iterdir()}) - names == set()


def test_metadata(wheel: Path) -> None:
    metadata = Parser().parsestr(zipfile.ZipFile(wheel).read("azure_ai_inference-1.0.0.dist-info/METADATA").decode())
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "](https://learn.microsoft.com/azure/ai-foundry/)" in metadata.get_payload()
    assert not re.search(
        r"\]\((?!https:)", str(metadata.get_payload())
    )  # relative links lead nowhere on an index's page
    needed = [line.split(";")[0] for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(name.split(">")[0] for name in needed) == ["azure-core", "isodate", "typing-extensions"]
    extras = ["aio", "emulator", "opentelemetry", "prompts", "pydantic", "ray", "speed"]
    assert sorted(metadata.get_all("Provides-Extra", [])) == extras


@pytest.fixture(scope="session")
def contents(wheel: Path, sdist: Path) -> dict[str, dict[str, bytes]]:
    """The contents of wheel and sdist, by name."""
    with zipfile.ZipFile(wheel) as packed:
        in_wheel = {name: packed.read(name) for name in packed.namelist()}
    with tarfile.open(sdist) as archive:
        files = [(member.name, archive.extractfile(member)) for member in archive.getmembers() if member.isfile()]
        in_sdist = {name.partition("/")[2]: file.read() for name, file in files if file}
    return {"wheel": in_wheel, "sdist": in_sdist}


@pytest.mark.parametrize("what", ["build_wheel", "build_sdist"])
def test_same_files_make_the_same_bytes(what: str, checkout: Path, tmp_path: Path, request: Any) -> None:
    """Build in another folder, at another time, from files with other times and modes, with another umask."""
    other = tmp_path / "elsewhere" / "copy"
    leftovers = shutil.ignore_patterns("build", "*.egg-info")
    shutil.copytree(checkout, other, ignore=leftovers)
    for path in other.rglob("*"):
        os.utime(path, (1_234_567_890, 1_234_567_890))
        path.chmod(path.stat().st_mode | 0o060)
    first = request.getfixturevalue(what.removeprefix("build_"))
    second = build(other, what, umask="077")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_archives_do_not_reveal_their_builder(sdist: Path, wheel: Path) -> None:
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    told = {(member.mtime, member.uid, member.gid, member.uname, member.gname) for member in members}
    assert told == {(315532800, 0, 0, "", "")}
    assert {oct(member.mode) for member in members} <= {"0o644", "0o755"}
    infos = zipfile.ZipFile(wheel).infolist()
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    # RECORD, the last file, has the mode that wheels have always given it.
    assert {oct(info.external_attr >> 16 & 0o777) for info in infos[:-1]} == {"0o644"}


SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a certificate": rb"-----BEGIN (CERTIFICATE)-----",
    "an access key of AWS": rb"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of OpenAI": rb"\bsk-(proj-)?[A-Za-z0-9_-]{20,}",
    "a token of GitHub": rb"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,})",
    "a key of Azure": rb"\b[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{20,}|AccountKey=[A-Za-z0-9+/]{40,}",
    "a token of PyPI": rb"\bpypi-[A-Za-z0-9_-]{50,}",
    "a JSON web token": rb"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
}


@pytest.mark.parametrize("form", ["wheel", "sdist"])
def test_archives_contain_no_secrets(form: str, contents: dict[str, dict[str, bytes]]) -> None:
    assert len(contents[form]) > 50
    found = [
        (name, what)
        for name, text in contents[form].items()
        for what, pattern in SECRETS.items()
        if re.search(pattern, text)
    ]
    assert found == []
    kinds = {name.rpartition("/")[2].rpartition(".")[2] for name in contents[form]}
    assert not kinds & {"pem", "key", "pfx", "p12", "crt", "der", "env", "netrc", "pypirc", "pyc", "log", "db"}


@pytest.mark.parametrize("form", ["wheel", "sdist"])
def test_no_path_of_the_building_machine_is_in_it(
    form: str, checkout: Path, contents: dict[str, dict[str, bytes]]
) -> None:
    homes = [
        str(place).encode() for place in (checkout, ROOT, Path.home() / "x", Path(sys.prefix)) if len(place.parts) > 2
    ]
    found = [(name, home) for name, text in contents[form].items() for home in homes if home.removesuffix(b"x") in text]
    assert found == []


def test_wheel_has_neither_tests_nor_samples(contents: dict[str, dict[str, bytes]]) -> None:
    parts = {part for name in contents["wheel"] for part in name.split("/")}
    assert not parts & {"tests", "test", "samples", "docs", ".ci", "conftest.py"}
    kinds = {name.rpartition(".")[2] for name in contents["wheel"] if "dist-info" not in name}
    assert kinds == {"py", "typed", "html", "js", "css", "svg"}  # the emulator's page


@pytest.mark.slow
def test_console_script_is_the_command_line(wheel: Path, tmp_path: Path) -> None:
    entries = zipfile.ZipFile(wheel).read("azure_ai_inference-1.0.0.dist-info/entry_points.txt").decode()
    assert "[console_scripts]\nai-inference = azure.ai.inference.__main__:main\n" in entries
    install(tmp_path / "venv", wheel)
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    shown = run(tmp_path / "venv" / scripts / "ai-inference", "--help", cwd=tmp_path)
    assert shown.startswith("usage: ai-inference COMMAND ...\n")
    assert "\n  ai-inference emulator\n" in shown
