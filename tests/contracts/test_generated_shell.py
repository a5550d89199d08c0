"""The synchronous shell is generated from the asynchronous one: whole files are compared, in both directions."""

import functools
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import azure.ai.inference

PACKAGE = Path(azure.ai.inference.__file__).parent
SCRIPT = PACKAGE.parents[2] / "scripts" / "generate_sync.py"

FILES = ("_client.py", "_base_client.py", "_stream.py", "_embedding_batches.py", "_batch_client.py")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def script() -> Any:
    """Import the script with a cached formatter: a process for each of the many changes would take a minute."""
    spec = importlib.util.spec_from_file_location("generate_sync", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["translate"] = functools.cache(module.translate)
    return module


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in FILES:
        for path in (Path(name), Path("aio") / name):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            shutil.copy(PACKAGE / path, tmp_path / path)
    return tmp_path


def test_synchronous_shell_is_up_to_date() -> None:
    checked = run("--check")
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout + checked.stderr


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("folder", ["", "aio"])
@pytest.mark.parametrize(
    ("pattern", "change"),
    [
        (r"\Z", "\n\nEXTRA = 1\n"),
        (r"\n[^\n]+\n\Z", "\n"),
        (r"\n\n\nclass ", "\n\n\nEXTRA = 1\n\n\nclass "),
        (r"(?s)\A(.*)\bself\b", r"\1self.extra"),
        (r"(?s)\A(.*)    :param ", r"\1    :param extra: Another.\n    :param "),
    ],
    ids=["appended", "last line lost", "amid", "code", "docstring"],
)
def test_any_difference_in_either_file_is_found(
    script: Any,
    package: Path,
    name: str,
    folder: str,
    pattern: str,
    change: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = package / folder / name
    before = path.read_text("utf-8")
    path.write_text(re.sub(pattern, change, before, count=1), "utf-8")
    assert path.read_text("utf-8") != before
    monkeypatch.setattr(sys, "argv", ["generate_sync.py", "--check", "--package", str(package)])
    try:
        found = script.main()
    except SystemExit as stopped:  # no longer valid Python
        found, said = 1, str(stopped.code)
    else:
        said = capsys.readouterr().out
    assert (found, name in said) == (1, True)


def test_script_rewrites_outdated_files(package: Path) -> None:
    (package / "_client.py").unlink()
    assert run("--package", str(package)).returncode == 0
    assert (package / "_client.py").read_text("utf-8") == (PACKAGE / "_client.py").read_text("utf-8")


def test_meaningful_commas_are_kept(package: Path) -> None:
    path = package / "aio" / "_client.py"
    path.write_text(path.read_text("utf-8") + '\nONE = (1,)\nTEXT = f"{1000:,}"\n', "utf-8")
    assert run("--package", str(package)).returncode == 0
    assert (package / "_client.py").read_text("utf-8").endswith('ONE = (1,)\nTEXT = f"{1000:,}"\n')


def test_every_replacement_is_used() -> None:
    source = SCRIPT.read_text("utf-8")
    names: dict[str, dict[str, str]] = {}
    exec(source[source.index("WORDS = {") : source.index('"""The differences')], names)
    shell = "".join((PACKAGE / "aio" / name).read_text("utf-8") for name in FILES)
    assert [pattern for pattern in names["WORDS"] if not re.search(pattern, shell)] == []
