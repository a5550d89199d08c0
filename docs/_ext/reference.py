"""Adapt autodoc to this library, and check that the reference is complete.

Fields of a model are annotations that become properties: here they are shown as fields again, and computed attributes
as properties. A model's constructor takes its fields, and a method's options are spelled out in its signature. Types
from private modules are linked by their public names. After reading, there is a warning for each public name, member or
option that the pages do not explain; warnings fail the build.
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
from azure.ai.inference._operations.option_help import option_types
from azure.ai.inference._operations.signatures import OptionsDocstring, SpelledOutSignature
from azure.ai.inference.batch import _run_options
from azure.ai.inference.models import ChatCompletionRequest

PACKAGE = "azure.ai.inference"
PUBLIC = ("", ".aio", ".emulator", ".exceptions", ".models", ".prompts", ".tools", ".tracing")

_LOGGER = logging.getLogger(__name__)


def public_objects() -> Iterator[tuple[str, Any]]:
    """Yield each public name, qualified by its module, with its object."""
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
    """Return public names by the place of their definition, and by their last part."""
    names = {}
    for public, value in public_objects():
        names[f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"] = public
        names.setdefault(public.rpartition(".")[2], public)
    return names


def read_member(owner: type, name: str, *default: Any) -> Any:
    """Read a class's attribute for autodoc."""
    if issubclass(owner, Model) and name in owner._member_names:
        if default:
            return default[0]
        raise AttributeError(name)
    value = safe_getattr(owner, name, *default)
    if isinstance(value, computed):
        return property(value._read)
    return value


def constructor(model: type[Model]) -> inspect.Signature:
    """Return the signature of a model's constructor from its fields: those without a default are required."""
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
    """Return a dataclass's signature, with factories called for defaults: Sphinx cannot read `<factory>`."""
    made = {field.name: field.default_factory for field in fields(value) if field.default_factory is not MISSING}
    initialize: Any = vars(value)["__init__"]
    signature = inspect.signature(initialize)
    parameters = signature.parameters.items()
    return signature.replace(
        parameters=[old.replace(default=made[name]()) if name in made else old for name, old in parameters]
    )


def adapt_signatures(app: Sphinx) -> None:
    """Replace signatures: a model's by its fields, and a function's by its options, even with overloads."""
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
        for member in [member for base in value.__mro__ for member in vars(base).values()]:
            if isinstance(member.__doc__, OptionsDocstring):  # here the options have a page of their own
                member.__doc__ = str.__str__(member.__doc__) or None


def explain_request_members() -> None:
    """Document members of whole requests that are also options with the text of the option."""
    texts = option_docs("ChatOptions")
    module = ChatCompletionRequest.__module__
    docs = ModuleAnalyzer.for_module(module).find_attr_docs()
    for member in ChatCompletionRequest._member_names:
        docs.setdefault((ChatCompletionRequest.__name__, member), [*texts.get(member, "").split("\n"), ""])


def plain_builtins(app: Sphinx, doctree: nodes.document) -> None:
    """Unlink the types `bytes`, `type` and the like, which Sphinx would mistake for fields of models."""
    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") == "py" and node["reftype"] == "class" and hasattr(builtins, node["reftarget"]):
            node.replace_self(node.children)


def options_called(name: str) -> type:
    """Return a TypedDict of options."""
    return cast("type", getattr(_options, name, None) or getattr(_run_options, name))


def option_docs(name: str) -> dict[str, str]:
    """Return the options that a TypedDict declares itself, each with its text."""
    declared = options_called(name)
    docs = ModuleAnalyzer.for_module(declared.__module__).find_attr_docs()
    inherited = _options.RequestOptions.__annotations__ if name != "RequestOptions" else {}
    options = declared.__annotations__
    return {option: "\n".join(docs.get((name, option), ())).strip() for option in options if option not in inherited}


class Options(SphinxDirective):
    """`.. options:: NAME`: the options that a TypedDict declares, each with its anchor, type and text."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Describe each option as an attribute, which search and links find."""
        [name] = self.arguments
        annotations = option_types(options_called(name))
        lines: list[str] = []
        for option, text in option_docs(name).items():
            if not text:
                _LOGGER.warning("the option %s of %s is not explained", option, name, location=self.get_location())
            kind = _last_parts(stringify_annotation(annotations[option], "fully-qualified"))
            lines += [f".. py:attribute:: {name}.{option}", f"   :type: {kind}", ""]
            lines += [*textwrap.indent(text or "Not explained.", "   ").split("\n"), ""]
        return self.parse_text_to_nodes("\n".join(lines))


def _last_parts(kind: str) -> str:
    """Reduce each dotted name to its last part."""
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", kind)


class Samples(SphinxDirective):
    """`.. samples:: FOLDER`: each program in a folder of the repository, folded up below its first line."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the programs, sorted by name."""
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
    """`.. command-line:: MODULE FUNCTION PROGRAM`: the help of a command line.

    The function gets the program's name, and returns the text or the parser that writes it.
    """

    required_arguments = 3
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the text."""
        module, function, program = self.arguments
        made = getattr(importlib.import_module(module), function)(program)
        text = made if isinstance(made, str) else made.format_help()
        return [nodes.literal_block(text, text, language="text")]


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element) -> nodes.Node | None:
    """Link private and short names to public ones; names of other libraries, and other text, stay unlinked."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    public = public_names().get(target) or public_names().get(target.rpartition(".")[2] if PACKAGE in target else "")
    if public and public != target:
        domain = env.domains["py"]
        found = domain.resolve_xref(env, node["refdoc"], app.builder, "obj", public, node, content)
        if found is not None:
            return found
    is_text = node["reftype"] == "obj"  # plain backticks contain a name, or any code
    return content if is_text or _exists(target) else None


@cache
def _exists(name: str) -> bool:
    """Return whether a full name can be imported: another library's, or a private one of this package."""
    return pydoc.locate(name) is not None and name not in public_names().values()


def complete_docstring(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Add which members a model's constructor writes itself, and where the options of a function are explained."""
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
    """Warn about public names that are not in the reference."""
    documented: Mapping[str, Any] = env.domains["py"].objects
    places = {id(value): public for public, value in public_objects() if public in documented}
    for shown, value in public_objects():
        public = places.get(id(value), shown)  # a name that two modules export is explained once
        if public not in documented:
            _LOGGER.warning("%s is not in the reference", public)
        if inspect.isclass(value):
            for member in own_members(value):
                if f"{public}.{member}" not in documented:
                    _LOGGER.warning("%s.%s is not in the reference", public, member)


def own_members(value: type) -> Iterator[str]:
    """Return the names of the public members that a class declares: methods, properties, fields."""
    # Not from `__annotations__`, to which autodoc of Sphinx 8 adds inherited members.
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
