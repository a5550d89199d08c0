"""The README is true: its commands exist, its table matches the code, and its snippets run."""

import importlib.util
import inspect
import logging
import re
import shlex
from code import InteractiveConsole
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib.metadata import metadata
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from azure.ai.inference._http.endpoint_routes import resolve
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator.__main__ import _parser

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TEXT = README.read_text("utf-8")


def blocks(language: str, text: str = TEXT) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def table() -> list[list[str]]:
    rows = [line for line in TEXT.splitlines() if line.startswith(("| `http",))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("index", "needed"), [(0, "samples/sample_conversation.py"), (1, "dev_requirements.txt")], ids=["talk", "test"]
)
def test_commands_do_all_set_up(index: int, needed: str) -> None:
    command = blocks("sh")[index]
    assert command.startswith("python3 -m venv .venv && ")
    assert command.count("\n") == 1
    assert needed in command
    assert (ROOT / needed).is_file()


def test_ci_finds_the_commands_and_no_more() -> None:
    assert len(blocks("sh")) == 2


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert set(re.findall(r"^```(\S+)$", TEXT, re.M)) == {"sh", "bash", "python"}


COMMANDS = [line for block in blocks("bash") for line in block.splitlines()]
SAID = re.findall(r"`((?:pip install|python -m) [^`]+)`", TEXT)


@pytest.mark.parametrize("command", [*COMMANDS, *SAID])
def test_documented_commands_exist(command: str) -> None:
    words = shlex.split(command, comments=True)
    if words[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(words[2]), words[2]
        words = words[2:]
    if words[:2] == ["pip", "install"]:
        files = [word for option, word in pairwise(words) if option == "-r"]
        wanted = [word for word in words[2:] if word not in ("-r", *files)]
        assert wanted or files
        assert all(requirement_is_known(word) for word in wanted)
    else:
        files = words[-2:-1] if words[0] == "sphinx-build" else []
    assert [name for name in files if not (ROOT / name).exists()] == []


TOLD = [
    path
    for folder in ("azure", "docs", "samples", ".")
    for path in (ROOT.glob("*.md") if folder == "." else (ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".md", ".rst", ".html", ".js") and "_build" not in path.parts
]


@pytest.mark.parametrize("path", TOLD, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_tells_to_install_somebody_elses_package(path: Path) -> None:
    """By name alone, an installer takes Microsoft's package from the public index."""
    for command in re.findall(
        r"(?:pip3?|uv|poetry) (?:install|add) [^`\n]*azure-ai-inference[^`\n]*", path.read_text("utf-8")
    ):
        elsewhere = (" @ ", "--index-url", "-c constraints.txt", "==1.0.0b9")
        assert any(word in command for word in elsewhere), command


def requirement_is_known(text: str) -> bool:
    requirement = Requirement(re.sub(r"^\.", "azure-ai-inference", text))
    extras = set(metadata("azure-ai-inference").get_all("Provides-Extra", []))
    return requirement.name == "azure-ai-inference" and requirement.extras <= extras


@pytest.mark.parametrize(
    ("path", "pattern"),
    [(README, r"^The extras: (.*?)\n\n"), (ROOT / "docs/install.md", r"^## Extras\n(.*?)^## ")],
    ids=["README", "install"],
)
def test_every_extra_is_listed(path: Path, pattern: str) -> None:
    section = re.findall(pattern, path.read_text("utf-8"), re.M | re.S)[0]
    listed = re.findall(r"(?:^|[ |])`([a-z]+)`", section)
    assert sorted(listed) == sorted(metadata("azure-ai-inference").get_all("Provides-Extra", []))


def test_options_of_the_emulators_command_line_are_there() -> None:
    section = TEXT.partition("### Test without a model\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    told = set(re.findall(r"--[a-z][a-z-]+", section))
    assert told
    assert told <= set(re.findall(r"--[a-z][a-z-]+", _parser("x").format_help()))


@pytest.mark.parametrize("row", table(), ids=lambda row: str(row[0]))
def test_endpoint_table_matches_the_code(row: list[str]) -> None:
    pasted, called, version, scope, header, model = row
    url = re.findall(r"`(.+?)`", pasted)[0]
    endpoint = resolve(url, "chat")
    path = url.removesuffix("/score").partition("://")[2].partition("/")[2] if called.startswith("as pasted") else None
    assert endpoint.base_url.removeprefix(endpoint.root) == (
        f"/{path}".rstrip("/") if path is not None else called[1:-1]
    )
    assert endpoint.api_version == (None if version == "none" else version[1:-1])
    if scope != "keys only":
        assert endpoint.scopes == (scope[1:-1],)
    assert endpoint.key_headers == (("api-key", "Authorization") if header == "both" else (header[1:-1],))
    assert endpoint.model_required == (model == "required")


def test_endpoint_table_was_found() -> None:
    assert len(table()) >= 13


def test_image_embeddings_are_called_where_it_says() -> None:
    assert resolve("https://RES.services.ai.azure.com", "image_embeddings").base_url.endswith("/models")


def run_blocks(path: Path, names: dict[str, Any]) -> None:
    """Run a page's Python snippets one after the other, as a reader would."""
    for block in blocks("python", path.read_text("utf-8")):
        # Without "dont_inherit", this file's own future imports would apply to the page.
        exec(compile(block, str(path), "exec", dont_inherit=True), names)


@pytest.fixture(name="snippets", scope="module")
def run_snippets() -> Iterator[dict[str, Any]]:
    """Run the README's snippets, and undo their effects on the process."""
    names: dict[str, Any] = {}
    azure_logger = logging.getLogger("azure")
    level = azure_logger.level
    with Emulator() as local, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_AI_CHAT_ENDPOINT", f"{local.url}/openai/v1")  # like a Foundry resource, it requires a model
        patch.setenv("AZURE_AI_CHAT_KEY", local.key)
        patch.setenv("AZURE_AI_CHAT_MODEL", "gpt-4.1-mini")
        patch.setattr(azure_logger, "handlers", [])
        with redirect_stdout(StringIO()) as printed:
            run_blocks(README, names)
        azure_logger.setLevel(level)
        yield {**names, "printed": printed.getvalue()}
        names["client"].close()


def test_snippets_run(snippets: dict[str, Any]) -> None:
    assert snippets["answer"].choices[0].message
    assert isinstance(snippets["city"], snippets["City"])
    assert [message["role"] for message in snippets["prompt"]] == ["system", "user"]


class Paste(InteractiveConsole):
    """An interactive interpreter, which runs nothing: it only reads, where a blank line ends a function."""

    def runcode(self, code: Any) -> None:
        pass

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        raise


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.splitlines()[0])
def test_snippets_can_be_pasted_line_by_line(block: str) -> None:
    console = Paste()
    for line in (*block.splitlines(), ""):
        wants_more = console.push(line)
    assert not wants_more


def test_snippets_print_the_documented_output(snippets: dict[str, Any]) -> None:
    printed = snippets["printed"]
    assert "The prompt was filtered:" in printed
    assert "Request method: 'POST'" in printed
    assert '"content": "How many feet are in a mile?"' in printed
    assert snippets["key"] not in printed


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: str(page.name))
def test_snippets_of_other_pages_run(page: Path, snippets: dict[str, Any]) -> None:
    """Run them with the README's names in scope. Guides that consist of tables are run by `test_migration`."""
    text = page.read_text("utf-8")
    assert text.count("```python\n") == len(blocks("python", text))
    resource = snippets["endpoint"].removesuffix("/openai/v1")  # pages add the routes of a resource themselves
    run_blocks(page, {**snippets, "endpoint": resource})


def test_test_that_is_shown_passes(snippets: dict[str, Any]) -> None:
    shown = [value for name, value in snippets.items() if name.startswith("test_") and inspect.isfunction(value)]
    assert len(shown) == 1
    with Emulator() as local:
        shown[0](local)


def test_links_inside_the_repository_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert len(targets) > 10
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in anchors(TEXT), target
        elif not target.startswith("https://"):
            assert (ROOT / target).exists(), target


def test_links_to_elsewhere_have_no_locale() -> None:
    assert not re.search(r"https://[^\s)]*/[a-z]{2}-[a-z]{2}/", TEXT)
