"""The page on security names existing tests, and the tools of CI and releases are pinned by hash."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text("utf-8")
NAMED = re.findall(r"\[([\w/.]+)::(\w+)\]\(([\w/.]+)\)", PAGE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| Threat")]
TOOLS = (ROOT / ".ci/tools.txt").read_text("utf-8")


@cache
def names_in(file: str) -> set[str]:
    return {*re.findall(r"^(?:async )?def (test_\w+)", (ROOT / "tests" / file).read_text("utf-8"), re.M)}


@pytest.mark.parametrize(("file", "name", "link"), sorted(set(NAMED)))
def test_every_test_that_is_named_exists(file: str, name: str, link: str) -> None:
    assert link == f"../tests/{file}"
    assert name in names_in(file)


def test_every_claim_names_its_test() -> None:
    assert len(ROWS) > 30
    assert [row for row in ROWS if not re.search(r"::test_\w+\]\(\.\./tests/", row)] == []
    assert sum(row.count("::test_") for row in ROWS) == len(NAMED)


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/security.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text("utf-8"))
    assert links
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_every_tool_is_pinned_by_hash() -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", TOOLS, flags=re.MULTILINE).strip())
    pinned = re.compile(r"[\w.-]+==[\w.]+( ; [^\\]+)? ?\\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n?)+")
    assert [entry for entry in entries if not pinned.fullmatch(entry)] == []
    names = {entry.partition("==")[0] for entry in entries}
    asked = re.findall(r"^([\w-]+)", (ROOT / ".ci/tools.in").read_text("utf-8"), flags=re.MULTILINE)
    assert {"ruff", "mypy", "build", "setuptools"} <= set(asked) <= names


def test_npm_packages_are_pinned_by_hash() -> None:
    asked = json.loads((ROOT / ".ci/package.json").read_text("utf-8"))
    locked = json.loads((ROOT / ".ci/package-lock.json").read_text("utf-8"))["packages"]
    assert locked[""]["devDependencies"] == asked["devDependencies"]
    packages = {name: package for name, package in locked.items() if name}
    assert all(re.fullmatch(r"sha512-[\w+/]{86}==", package["integrity"]) for package in packages.values())
    assert packages["node_modules/pyright"]["version"] == asked["devDependencies"]["pyright"]


@pytest.mark.parametrize("file", ["tools.in", "tools.txt", "package.json", "package-lock.json"])
def test_no_registry_is_named(file: str) -> None:
    assert "://" not in (ROOT / ".ci" / file).read_text("utf-8")


def test_releases_are_built_by_the_pinned_tools_alone() -> None:
    installing = [line.strip() for line in (ROOT / ".ci/tools").read_text("utf-8").splitlines() if " install " in line]
    assert installing
    assert all("--require-hashes --only-binary :all: -r .ci/tools.txt" in line for line in installing)
    release = (ROOT / ".ci/release").read_text("utf-8")
    assert ".venv/ci/bin/python -m build --no-isolation " in release
    assert " install " not in release
