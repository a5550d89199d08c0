"""The synchronous shell is generated from the asynchronous one: whole files are compared, in both directions."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import azure.ai.inference

PACKAGE = Path(azure.ai.inference.__file__).parent
SCRIPT = PACKAGE.parents[2] / "scripts" / "generate_sync.py"

FILES = ("_client.py", "_base_client.py", "_stream.py", "_embedding_batches.py", "_batch_client.py")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in FILES:
        for path in (Path(name), Path("aio") / name):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            shutil.copy(PACKAGE / path, tmp_path / path)
    return tmp_path


def test_the_synchronous_shell_is_what_the_script_writes() -> None:
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
def test_a_difference_anywhere_in_either_file_is_found(
    package: Path, name: str, folder: str, pattern: str, change: str
) -> None:
    path = package / folder / name
    before = path.read_text("utf-8")
    path.write_text(re.sub(pattern, change, before, count=1), "utf-8")
    assert path.read_text("utf-8") != before
    checked = run("--check", "--package", str(package))
    assert checked.returncode == 1
    assert name in checked.stdout + checked.stderr


def test_the_script_mends_what_it_finds(package: Path) -> None:
    (package / "_client.py").unlink()
    assert run("--package", str(package)).returncode == 0
    assert (package / "_client.py").read_text("utf-8") == (PACKAGE / "_client.py").read_text("utf-8")


def test_a_comma_with_a_meaning_stays(package: Path) -> None:
    path = package / "aio" / "_client.py"
    path.write_text(path.read_text("utf-8") + '\nONE = (1,)\nTEXT = f"{1000:,}"\n', "utf-8")
    assert run("--package", str(package)).returncode == 0
    assert (package / "_client.py").read_text("utf-8").endswith('ONE = (1,)\nTEXT = f"{1000:,}"\n')


def test_every_word_of_the_table_is_needed() -> None:
    source = SCRIPT.read_text("utf-8")
    names: dict[str, dict[str, str]] = {}
    exec(source[source.index("WORDS = {") : source.index('"""What is said')], names)
    shell = "".join((PACKAGE / "aio" / name).read_text("utf-8") for name in FILES)
    assert [pattern for pattern in names["WORDS"] if not re.search(pattern, shell)] == []
