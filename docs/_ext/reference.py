"""What autodoc has to be told of this library, and the check that the reference is complete.

Fields of a model are annotations that become properties: here they are annotations again, and what is derived from
them is a property. A model's constructor takes its fields, and a method's options are those that its signature spells
out. Types are linked by the public names that private modules hand on. After reading, a warning tells of each public
name, member or option that the pages do not explain; warnings fail the build.
"""

import ast
import builtins
import importlib
import inspect
import pydoc
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import safe_getattr
from sphinx.util.typing import stringify_annotation

from azure.ai.inference._model import Model
from azure.ai.inference._model_fields import computed
from azure.ai.inference._operations import options as _options
from azure.ai.inference._operations.options import SpelledOutSignature
from azure.ai.inference.models import ChatCompletionRequest

PACKAGE = "azure.ai.inference"
PUBLIC = ("", ".aio", ".emulator", ".exceptions", ".models", ".prompts", ".tools", ".tracing")
OPTIONS = ("ChatOptions", "EmbeddingOptions", "RequestOptions", "ClientOptions")

_LOGGER = logging.getLogger(__name__)


def public_objects() -> Iterator[tuple[str, Any]]:
    """Give each public name, from its module on, and what it stands for."""
    for suffix in PUBLIC:
        module = importlib.import_module(PACKAGE + suffix)
        for name in module.__all__:
            yield f"{module.__name__}.{name}", getattr(module, name)


def restore_modules(app: Sphinx) -> None:
    """Set `__module__` of public classes and functions to the module that defines them, whose source Sphinx reads.

    The package itself sets it to the module that shows them.
    """
    for public, value in list(public_objects()):
        name = public.rpartition(".")[2]
        for module in [found for key, found in sys.modules.items() if key.startswith(f"{PACKAGE}.")]:
            if vars(module).get(name) is value and re.search(
                rf"^(?:async )?(?:class|def) {name}\b", inspect.getsource(module), re.M
            ):
                value.__module__ = module.__name__


@cache
def public_names() -> dict[str, str]:
    """Give public names by where the things are defined, and by their last part."""
    names = {}
    for public, value in public_objects():
        names[f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"] = public
        names.setdefault(public.rpartition(".")[2], public)
    return names


def read_member(owner: type, name: str, *default: Any) -> Any:
    """Read a class's attribute as autodoc shall see it."""
    if issubclass(owner, Model) and name in owner._member_names:
        if default:
            return default[0]
        raise AttributeError(name)
    value = safe_getattr(owner, name, *default)
    if isinstance(value, computed):
        return property(value._read)
    return value


def constructor(model: type[Model]) -> inspect.Signature:
    """Make the signature that a model's fields give its constructor: those without a default are required."""
    parameters: dict[str, inspect.Parameter] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, Model) and owner is not Model:
            for field in _fields(owner):
                name = ast.unparse(field.target)
                parameters.pop(name, None)
                if not _is_call(field.value, "constant"):
                    parameters[name] = inspect.Parameter(
                        name,
                        inspect.Parameter.KEYWORD_ONLY,
                        default=inspect.Parameter.empty if _is_required(field.value) else None,
                        annotation=owner.__annotations__[name],
                    )
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    return inspect.Signature([this, *parameters.values()])


def _fields(model: type[Model]) -> list[ast.AnnAssign]:
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    return [node for node in cast("ast.ClassDef", definition).body if isinstance(node, ast.AnnAssign)]


def _is_call(value: ast.expr | None, function: str) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func) == function


def _is_required(value: ast.expr | None) -> bool:
    return value is None or (_is_call(value, "field") and "default=" not in ast.unparse(value))


def dataclass_constructor(value: type) -> inspect.Signature:
    """Make a dataclass's signature, with what a factory makes as the default: Sphinx cannot read `<factory>`."""
    made = {field.name: field.default_factory for field in fields(value) if field.default_factory is not MISSING}
    initialize: Any = vars(value)["__init__"]
    signature = inspect.signature(initialize)
    parameters = signature.parameters.items()
    return signature.replace(
        parameters=[old.replace(default=made[name]()) if name in made else old for name, old in parameters]
    )


def adapt_signatures(app: Sphinx) -> None:
    """Show a model's fields as its constructor, and options spelled out where there are overloads too."""
    explain_request_members()
    for _, value in public_objects():
        if not inspect.isclass(value):
            continue
        analyzer = ModuleAnalyzer.for_module(value.__module__)
        analyzer.analyze()
        if issubclass(value, Model) and "__init__" not in vars(value):
            analyzer.overloads[f"{value.__qualname__}.__init__"] = [constructor(value)]
        elif is_dataclass(value):
            analyzer.overloads[f"{value.__qualname__}.__init__"] = [dataclass_constructor(value)]
        for name in dir(value):
            analyzer.tagorder.setdefault(f"{value.__qualname__}.{name}", sys.maxsize)  # what is inherited comes last
        for name, member in vars(value).items():
            if isinstance(getattr(member, "__signature__", None), SpelledOutSignature):
                analyzer.overloads.pop(f"{value.__qualname__}.{name}", None)


def explain_request_members() -> None:
    """Give those members of whole requests that are options too the text of the option."""
    texts = option_docs("ChatOptions")
    module = ChatCompletionRequest.__module__
    docs = ModuleAnalyzer.for_module(module).find_attr_docs()
    for member in ChatCompletionRequest._member_names:
        docs.setdefault((ChatCompletionRequest.__name__, member), [*texts.get(member, "").split("\n"), ""])


def plain_builtins(app: Sphinx, doctree: nodes.document) -> None:
    """Unlink the types `bytes`, `type` and their like, which Sphinx would take for fields of models."""
    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") == "py" and node["reftype"] == "class" and hasattr(builtins, node["reftarget"]):
            node.replace_self(node.children)


def option_docs(name: str) -> dict[str, str]:
    """Give the documentation of the options that a TypedDict declares itself, each with its text."""
    docs = ModuleAnalyzer.for_module(_options.__name__).find_attr_docs()
    inherited = _options.RequestOptions.__annotations__ if name != "RequestOptions" else {}
    options = getattr(_options, name).__annotations__
    return {option: "\n".join(docs.get((name, option), ())).strip() for option in options if option not in inherited}


class Options(SphinxDirective):
    """`.. options:: NAME`: the options that a TypedDict of `_options` declares, each with its anchor, type and text."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Describe each option as an attribute, which search and links find."""
        [name] = self.arguments
        annotations = getattr(_options, name).__annotations__
        lines: list[str] = []
        for option, text in option_docs(name).items():
            if not text:
                _LOGGER.warning("the option %s of %s is not explained", option, name, location=self.get_location())
            kind = _last_parts(stringify_annotation(annotations[option], "fully-qualified"))
            lines += [f".. py:attribute:: {name}.{option}", f"   :type: {kind}", ""]
            lines += [*textwrap.indent(text or "Not explained.", "   ").split("\n"), ""]
        return self.parse_text_to_nodes("\n".join(lines))


def _last_parts(kind: str) -> str:
    """Leave of each dotted name its last part."""
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", kind)


class Samples(SphinxDirective):
    """`.. samples:: FOLDER`: each program of a folder of the repository, folded up below its first line."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Show the programs by name."""
        folder = Path(__file__).parents[2] / self.arguments[0]
        found: list[nodes.Node] = []
        for path in sorted(folder.glob("*.py")):
            self.env.note_dependency(str(path))
            source = path.read_text("utf-8")
            about = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
            section = nodes.section("", ids=[nodes.make_id(path.stem)])
            section += nodes.title("", path.name)
            section += nodes.paragraph("", about)
            code = nodes.literal_block(source, source, language="python", classes=["sample"])
            found.append(section)
            section += code
        return found


class CommandLine(SphinxDirective):
    """`.. command-line:: MODULE FUNCTION`: the help of a command line, by the function that makes its parser."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Make the text."""
        module, function = self.arguments
        text = getattr(importlib.import_module(module), function)().format_help()
        return [nodes.literal_block(text, text, language="text")]


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element) -> nodes.Node | None:
    """Link private and short names to public ones; names of others, and text that is no name, stay unlinked."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    public = public_names().get(target) or public_names().get(target.rpartition(".")[2] if PACKAGE in target else "")
    if public and public != target:
        domain = env.domains["py"]
        found = domain.resolve_xref(env, node["refdoc"], app.builder, "obj", public, node, content)
        if found is not None:
            return found
    is_text = node["reftype"] == "obj"  # between plain backticks stands a name, or any code
    return content if is_text or _exists(target) else None


@cache
def _exists(name: str) -> bool:
    """Tell whether a full name is that of something that can be imported: another library's, or private here."""
    return pydoc.locate(name) is not None and name not in public_names().values()


def complete_docstring(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Say which members a model's constructor writes by itself, and where the options of a function are explained."""
    told: list[str] = []
    if inspect.isclass(value) and issubclass(value, Model):
        written = {**value._leading, **value._trailing}
        constants = " and ".join(f'``"{member}": "{constant}"``' for member, constant in written.items())
        told = [f"The constructor writes {constants}.", ""] if constants else []
    signature = getattr(value.__init__ if inspect.isclass(value) else value, "__signature__", None)
    if isinstance(signature, SpelledOutSignature):
        tables = " and ".join(f":ref:`{_label(option.__name__)}`" for option in signature._options)
        told = [f"Options: {tables}.", ""]
    at = next((number for number, line in enumerate(lines) if line.startswith(":")), len(lines))
    lines[at:at] = told


def _label(options: str) -> str:
    return f"options-{options.lower()}"


def check_completeness(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of what is public and not in the reference."""
    documented: Mapping[str, Any] = env.domains["py"].objects
    for public, value in public_objects():
        if public not in documented:
            _LOGGER.warning("%s is not in the reference", public)
        if inspect.isclass(value):
            for member in own_members(value):
                if f"{public}.{member}" not in documented:
                    _LOGGER.warning("%s.%s is not in the reference", public, member)


def own_members(value: type) -> Iterator[str]:
    """Name the public members that a class declares: methods, properties, fields."""
    # Not from `__annotations__`, to which autodoc of Sphinx 8 adds what is inherited.
    annotations = ModuleAnalyzer.for_module(value.__module__).annotations
    names = {**vars(value), **{name: None for owner, name in annotations if owner == value.__qualname__}}
    parameters = getattr(value, "__dataclass_fields__", {})
    constants = {*value._leading, *value._trailing} if issubclass(value, Model) else {}
    explained_by_the_class = {*parameters, *constants}
    yield from (name for name in names if not name.startswith("_") and name not in explained_by_the_class)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_autodoc_attrgetter(type, read_member)
    app.add_directive("options", Options)
    app.add_directive("command-line", CommandLine)
    app.add_directive("samples", Samples)
    app.connect("builder-inited", restore_modules, priority=400)
    app.connect("builder-inited", adapt_signatures)
    app.connect("autodoc-process-docstring", complete_docstring)
    app.connect("doctree-read", plain_builtins)
    app.connect("missing-reference", resolve)
    app.connect("env-check-consistency", check_completeness)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
