"""Folders import one way, without a circle, and importing the package loads only what it needs.

Imports are read from the syntax tree, including those inside functions. Only `TYPE_CHECKING` blocks are exempt.
"""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import azure.ai.inference

PACKAGE = Path(azure.ai.inference.__file__).parent
NAME = "azure.ai.inference"
MECHANISMS = (
    "_version _annotations _json _model _model_fields _nested_models _watch _credential_headers _error_state "
    "_content_filter _attribute_hints"
)

MAY_IMPORT = {
    "_version": "",
    "_json": "_fast_json",
    "_fast_json": "",
    "_watch": "",
    "_credential_headers": "",
    "_error_state": "",
    "_annotations": "",
    "_model_fields": "_json",
    "_attribute_hints": "",
    "_nested_models": "_annotations _model_fields",
    "_model": "_annotations _attribute_hints _model_fields _nested_models",
    "_content_filter": "_model _nested_models",
    "_model_base": "_json _model _model_fields",
    "exceptions": "_attribute_hints _credential_headers _error_state _content_filter",
    "_http": f"{MECHANISMS} exceptions",
    "_schemas": f"{MECHANISMS} exceptions",
    "models": f"{MECHANISMS} _http _schemas",
    "_errors": f"{MECHANISMS} exceptions _http",
    "_streaming": f"{MECHANISMS} exceptions models _http _errors",
    "_wires": f"{MECHANISMS} _streaming",
    "_operations": f"{MECHANISMS} exceptions models _http _schemas _errors _wires",
    "_telemetry": f"{MECHANISMS} models _http _operations _wires",
    "prompts": f"{MECHANISMS} _operations",
    "tools": f"{MECHANISMS} exceptions models _schemas _operations",
    "tracing": f"{MECHANISMS} _operations _telemetry",
    "sync": f"{MECHANISMS} exceptions models facade _http _operations _streaming batch",
    "aio": f"{MECHANISMS} exceptions models facade _http _operations _streaming batch",
    "facade": "_content_filter models _http _operations sync aio batch",
    "__init__": "_version facade sync _operations",
    "batch": f"{MECHANISMS} exceptions models _http _schemas _errors _operations",
    "emulator": "",
    "_cli": f"{MECHANISMS} __init__ aio batch exceptions facade _http _errors _operations _wires emulator",
    "__main__": "_cli",
}
"""What each folder, or top-level file, may import besides itself. `sync` is the synchronous shell, `facade` is
`models/__init__`, which users import."""

SYNC = {
    "_transport",
    "_connections",
    "_request_lock",
    "_request_pool",
    "_base_client",
    "_client",
    "_stream",
    "_body",
    "_embedding_batches",
    "_batch_client",
}

CORE = (
    "_json",
    "_fast_json",
    "_annotations",
    "_model",
    "_nested_models",
    "_model_fields",
    "_watch",
    "_error_state",
    "_content_filter",
    "exceptions",
    "models",
    "_http",
    "_schemas",
    "_errors",
    "_wires",
    "_operations",
)
CORE = (*CORE, "_streaming", "_telemetry", "prompts", "tools")
WIRE = ("asyncio", "socket", "threading", "requests", "aiohttp", "urllib3", "http", "azure.core.pipeline")
MAY_NAME = {
    "_http.policies": {"azure.core.pipeline"},  # base classes of policies
    "_http.credentials": {"azure.core.pipeline"},
    "_http.redirects": {"azure.core.pipeline"},
    "_http.retries": {"azure.core.pipeline", "socket"},  # and the class of an error
    "_http.keepalive": {"socket"},  # socket option constants
    "_telemetry.observer": {"threading"},  # an abandoned stream is ended in a thread
    "_nested_models": {"threading"},  # a lock, so that threads reading a member at the same time get the same object
    "tools": {"asyncio"},  # a `Toolset` runs async functions
}


@cache
def modules() -> dict[str, Path]:
    """Return the package's modules by their names relative to it."""
    names = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" and parts[1:] else parts)] = path
    return names


def folder(module: str) -> str:
    """Return the row of `MAY_IMPORT` that a module belongs to."""
    top = module.split(".")[0]
    if module == "models":
        return "facade"
    return "sync" if top in SYNC else top


class _Imports(ast.NodeVisitor):
    """Collects import statements, including those in functions, except in `TYPE_CHECKING` blocks."""

    def __init__(self) -> None:
        self.found: list[ast.Import | ast.ImportFrom] = []

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)
        for statement in node.orelse:
            self.visit(statement)

    def visit_Import(self, node: ast.Import) -> None:
        self.found.append(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.found.append(node)


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text("utf-8"))


@cache
def imports(module: str) -> tuple[ast.Import | ast.ImportFrom, ...]:
    visitor = _Imports()
    visitor.visit(tree(module))
    return tuple(visitor.found)


def origin(module: str, node: ast.ImportFrom) -> str:
    """Return the module that a relative import names, relative to the package."""
    parents = [] if module == "__init__" else module.split(".")
    if modules()[module].name != "__init__.py":
        parents = parents[:-1]
    parents = parents[: len(parents) - node.level + 1]
    return ".".join([*parents, *([node.module] if node.module else [])])


@cache
def own_imports(module: str) -> frozenset[str]:
    """Return the modules of the package that a module imports at any time."""
    found = set()
    for node in imports(module):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = origin(module, node)
            parts = {f"{start}.{alias.name}".lstrip(".") for alias in node.names} & modules().keys()
            found |= parts or {start or "__init__"}
    lazy = re.findall(rf'"{re.escape(NAME)}\.([\w.]+)"', modules()[module].read_text("utf-8"))
    if module == "models":  # the facade names what it loads lazily as text
        found |= set(lazy)
    return frozenset(found)


def outside_imports(module: str) -> Iterator[str]:
    for node in imports(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif not node.level:
            yield str(node.module)


@pytest.mark.parametrize("module", sorted(modules()))
def test_folder_imports_only_allowed_folders(module: str) -> None:
    allowed = {folder(module), *MAY_IMPORT[folder(module)].split()}
    assert {other for other in own_imports(module) if folder(other) not in allowed} == set()


def test_allowed_imports_are_all_used() -> None:
    used: dict[str, set[str]] = {row: set() for row in MAY_IMPORT}
    for module in modules():
        used[folder(module)] |= {folder(other) for other in own_imports(module)}
    assert set(MAY_IMPORT) == {folder(module) for module in modules()}
    surplus = {row: set(names.split()) - used[row] - set(MECHANISMS.split()) for row, names in MAY_IMPORT.items()}
    assert {row: names for row, names in surplus.items() if names} == {}


def test_folder_imports_have_no_circle() -> None:
    """The facade is exempt: users and clients import it, and it loads the streams lazily."""
    rows = {row: set(names.split()) - {"facade"} for row, names in MAY_IMPORT.items() if row != "facade"}
    assert list(TopologicalSorter(rows).static_order())


def test_module_imports_have_no_circle() -> None:
    graph = {module: own_imports(module) for module in modules()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
    assert len(order) == len(graph)


def test_file_names_are_unique() -> None:
    """`aio`, which mirrors the top, and `models`, whose modules share their names with the operations, are exempt."""
    stems = Counter(
        path.stem
        for name, path in modules().items()
        if name.split(".")[0] not in ("aio", "models") and "__" not in path.stem
    )
    assert [stem for stem, count in stems.items() if count > 1] == []


@pytest.mark.parametrize("module", sorted(name for name in modules() if name.split(".")[0] in CORE))
def test_core_does_no_io(module: str) -> None:
    wire = {name for used in outside_imports(module) for name in WIRE if f"{used}.".startswith(f"{name}.")}
    assert wire <= MAY_NAME.get(module, set())


def test_contributing_lists_the_folders() -> None:
    text = (PACKAGE.parents[2] / "CONTRIBUTING.md").read_text("utf-8")
    [shown] = re.findall(r"^```text\nazure/ai/inference/\n(.*?)^```", text, re.M | re.S)
    listed = re.findall(r"^  ((?:\w+(?:\.py|/) +)+)", shown, re.M)
    names = [name.rstrip("/").removesuffix(".py") for line in listed for name in line.split()]
    assert sorted(names) == sorted({module.split(".")[0] for module in modules()})


def test_private_names_of_dependencies_are_documented() -> None:
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


def test_import_budget_of_the_package() -> None:
    loaded = loaded_by(f"import {NAME}")
    heavy = {"requests", "aiohttp", "pydantic", "opentelemetry", "yaml", "jinja2", "urllib3", "asyncio", "difflib"}
    heavy |= {"argparse", "getpass"}
    assert not loaded & heavy
    ours = {"aio", "emulator", "prompts", "tracing", "tools", "_stream", "_streaming", "_errors", "_schemas", "_wires"}
    ours |= {"_telemetry", "_cli", "batch", "_embedding_batches", "exceptions"}
    assert not loaded & {f"{NAME}.{name}" for name in ours}


@pytest.mark.parametrize("world", ["", ".aio"])
def test_import_budget_of_building_clients(world: str) -> None:
    clients = "ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient"
    build = f"[client('http://localhost:1', 'k') for client in ({clients})]"
    loaded = loaded_by(f"from {NAME}{world} import {clients}; {build}")
    assert f"{NAME}._http.endpoint_routes" in loaded
    ours = {"_model", "_operations.call", "_operations.chat", "_operations.embeddings", "_http.content_encoding"}
    ours |= {"_nested_models", "_http.failures", "_http.response_headers", "_connections", "exceptions"}
    assert not loaded & {f"{NAME}.{name}" for name in ours}
    assert {name for name in loaded if name.startswith(f"{NAME}.models")} == {f"{NAME}.models"}


def test_import_budget_of_the_asynchronous_clients() -> None:
    assert not loaded_by(f"import {NAME}.aio") & {"requests", "aiohttp"}
