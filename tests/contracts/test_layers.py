"""Imports go down only, the two shells do not know each other, and importing the package loads what it needs."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import azure.ai.inference

PACKAGE = Path(azure.ai.inference.__file__).parent
NAME = "azure.ai.inference"

FLOORS = {
    0: "_version _json _model _model_base _sse _url _headers _docstring _reading _records _shapes _strict _functions "
    "_reasoning _environment _deadline _keepalive _vectors _telemetry_switch",
    1: "models exceptions",
    2: "_options _settings _endpoint _advice _faults _errors _call _load _info _chat _chat_stream "
    "_accumulate _thinking _structured _embeddings _batching _policies tools prompts "
    "_telemetry _telemetry_content _wires",
    3: "__init__ _base_client _client _stream _body _batches _transport _connections aio emulator _observer tracing "
    "_cli __main__",
}
"""What stands on which floor: modules, and packages with all that is in them."""

UPWARD = {
    ("models", "_stream"),  # 1.0.0b9 published the streams among the models
    ("models", "aio._stream"),
    ("models", "_batches"),  # and so are the batches, which belong beside the result that they give
    ("models", "aio._batches"),
    ("models._chat", "_structured"),  # `parse_as` and `from_function` hand over to what knows types
    ("models._format", "_structured"),  # so does a response format that is a type
}
"""The imports that go up, each on its first use and not when the module is loaded."""

SYNC_SHELL = {"_base_client", "_client", "_stream", "_body", "_batches", "_transport", "_connections"}

WIRE = ("asyncio", "socket", "threading", "requests", "aiohttp", "urllib3", "http", "azure.core.pipeline")
MAY_NAME = {
    "_policies": {"azure.core.pipeline", "socket"},  # the base classes of policies; the name of an error
    "_keepalive": {"socket"},  # the numbers of a socket's options
    "tools": {"asyncio"},  # a `Toolset` runs what a model calls
}


def modules() -> list[str]:
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def tree(module: str) -> ast.Module:
    path = PACKAGE / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(source.read_text("utf-8"))


def absolute(module: str, node: ast.ImportFrom) -> str:
    """Name what a relative import is from, below the package."""
    is_package = (PACKAGE / module.replace(".", "/")).is_dir()
    parents = [] if module == "__init__" else module.split(".")
    parents = parents[: len(parents) - node.level + (1 if is_package else 0)] if node.level else []
    return ".".join([*parents, *([node.module] if node.module else [])])


@cache
def own_imports(module: str) -> frozenset[str]:
    """Name the package's modules that a module imports, whenever it does so."""
    known = set(modules())
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.level:
            origin = absolute(module, node)
            parts = {f"{origin}.{alias.name}".lstrip(".") for alias in node.names} & known
            found |= parts or {origin}
    return frozenset(found - {""})


def outside_imports(module: str) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)


def floor(module: str) -> int:
    [found] = [number for number, names in FLOORS.items() if module.split(".")[0] in names.split()]
    return found


@pytest.mark.parametrize("module", modules())
def test_imports_go_down_only(module: str) -> None:
    upward = {(module, other) for other in own_imports(module) if floor(other) > floor(module)}
    assert upward <= UPWARD


def test_every_upward_import_is_there_and_lazy() -> None:
    for module, other in UPWARD:
        assert other in own_imports(module)
        runs_at_once = [node for node in tree(module).body if isinstance(node, ast.ImportFrom)]
        assert other not in {absolute(module, node) for node in runs_at_once}


def test_there_are_no_circles() -> None:
    graph = {name: {other for other in own_imports(name) if (name, other) not in UPWARD} for name in modules()}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", [name for name in modules() if floor(name) < 3])
def test_the_core_does_no_io(module: str) -> None:
    wire = {name for used in outside_imports(module) for name in WIRE if f"{used}.".startswith(f"{name}.")}
    assert wire <= MAY_NAME.get(module, set())


def test_the_shells_do_not_know_each_other() -> None:
    for module in modules():
        if module.split(".")[0] == "aio":
            assert not own_imports(module) & SYNC_SHELL, module
        elif module in SYNC_SHELL:
            assert not {name for name in own_imports(module) if name.startswith("aio")}, module


def test_nothing_but_the_command_line_knows_the_emulator() -> None:
    for module in modules():
        if module.split(".")[0] not in ("emulator", "_cli"):
            assert not {name for name in own_imports(module) if name.startswith("emulator")}, module


def test_nothing_knows_the_command_line() -> None:
    for module in modules():
        if module.split(".")[0] not in ("_cli", "__main__"):
            assert not {name for name in own_imports(module) if name.split(".")[0] == "_cli"}, module


def test_contributors_are_shown_the_floors() -> None:
    text = (PACKAGE.parents[2] / "CONTRIBUTING.md").read_text("utf-8")
    boxes = re.findall(r"^┌─ (\d) .*?┐$(.*?)^└", text, re.M | re.S)
    shown = {int(number): re.findall(r"\w+", re.sub(r"\(.*?\)", "", inside)) for number, inside in boxes}
    assert {number: sorted(names.split()) for number, names in FLOORS.items()} == {
        number: sorted(names) for number, names in shown.items()
    }
    assert len({len(line) for line in text.splitlines() if line.startswith(("┌", "│", "└"))}) == 1


def test_the_private_names_of_others_are_listed_with_their_reason() -> None:
    listed = (PACKAGE.parents[2] / "CONTRIBUTING.md").read_text("utf-8")
    private = re.compile(r"(?:^|\.)_[a-z]\w*")
    for module in modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
                for alias in node.names:
                    if private.search(str(node.module)) or (alias.name.startswith("_") and alias.name != "__version__"):
                        assert alias.name in listed, f"{module} uses {node.module}.{alias.name}"


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return set(run.stdout.split())


def test_importing_the_package_loads_no_more_than_it_needs() -> None:
    loaded = loaded_by(f"import {NAME}")
    heavy = {"requests", "aiohttp", "pydantic", "opentelemetry", "yaml", "jinja2", "urllib3", "asyncio", "difflib"}
    heavy |= {"argparse", "getpass"}
    assert not loaded & heavy
    ours = {"aio", "emulator", "prompts", "tracing", "tools", "_stream", "_errors", "_structured", "_shapes", "_cli"}
    assert not loaded & {f"{NAME}.{name}" for name in ours}


def test_importing_the_asynchronous_clients_loads_no_http_library() -> None:
    assert not loaded_by(f"import {NAME}.aio") & {"requests", "aiohttp"}
