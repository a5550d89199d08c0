"""A prompty file as values: both schemas under one set of names, merged with the files that it is based on.

The names are those of the schema that the beta releases read, because existing code uses them
(``template.prompty.model.configuration["api_version"]``). The newest public schema is translated to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from .._json import is_object
from . import _declarations, _files
from ._frontmatter import FrontMatter, load_file, read
from ._inputs import KINDS, PropertySettings
from ._prompt_error import PromptError, nearest

MAX_PARENTS = 10

ENGINES = ("mustache", "jinja2")
APIS = ("chat", "completion", "embedding", "image", "responses", "agent")

_TOP_KEYS = (
    "$schema", "id", "kind", "name", "displayName", "description", "metadata", "authors", "tags", "version", "base",
    "model", "sample", "inputs", "inputSchema", "outputs", "outputSchema", "tools", "template",
)  # fmt: skip
_NEW_MODEL_KEYS = ("id", "provider", "apiType", "connection", "options")
_MODEL_KEYS = ("api", "configuration", "parameters", "response", *_NEW_MODEL_KEYS)
_PROPERTY_KEYS = (
    "name", "type", "kind", "description", "default", "sample", "example", "required", "is_required", "strict", "enum",
    "enumValues", "items", "properties", "json_schema",
)  # fmt: skip
_NAMING_KEYS = frozenset(["name", "description"])

_SECRET_WORDS = ("key", "secret", "token", "password", "credential")


@dataclass(frozen=True)
class ModelSettings:
    """Which model a prompt is for, and with which options."""

    api: str = "chat"
    configuration: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """How to reach the model; may contain secrets."""
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of ``complete()``."""
    response: Any = field(default_factory=dict[str, Any])
    """What other tools return of the answer, such as "all". It has no effect here."""
    id: str = ""
    """The model's name, in files of the newest schema."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Unknown keys of the file."""


@dataclass(frozen=True)
class TemplateSettings:
    """The template language of a prompt's body."""

    type: str = "mustache"
    parser: str = "prompty"
    extra: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Unknown keys of the file."""


@dataclass(frozen=True, repr=False)
class Prompty:
    """A prompty file. Its `repr` and :meth:`to_safe_dict` show no secret."""

    name: str = ""
    description: str = ""
    authors: list[str] = field(default_factory=list[str])
    tags: list[str] = field(default_factory=list[str])
    version: str = ""
    base: str = ""
    basePrompty: Prompty | None = None  # noqa: N815 (the name that beta releases gave it)
    model: ModelSettings = field(default_factory=ModelSettings)
    sample: dict[str, Any] = field(default_factory=dict[str, Any])
    inputs: dict[str, PropertySettings] = field(default_factory=dict[str, PropertySettings])
    outputs: dict[str, PropertySettings] = field(default_factory=dict[str, PropertySettings])
    template: TemplateSettings = field(default_factory=TemplateSettings)
    tools: list[Any] = field(default_factory=list[Any])
    """Every tool that the file declares, as written. The functions among them are in `model.parameters` as well."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    """Unknown keys of the file."""
    file: Path = Path()
    content: str = ""
    content_line: int = 1
    """The line of the file at which `content` starts."""
    remarks: list[str] = field(default_factory=list[str])
    """Warnings for the author of the file."""

    def to_safe_dict(self) -> dict[str, Any]:
        """Return a description of the prompt for a log or a trace.

        :return: Model, template, inputs and outputs, and the file. In the configuration, values whose key contains
            "key", "secret", "token", "password" or "credential" are replaced by asterisks, one for each character.
        """
        result: dict[str, Any] = {
            "model": {
                "api": self.model.api,
                "configuration": _masked(self.model.configuration),
                "parameters": self.model.parameters,
                "response": self.model.response,
            },
            "template": {"type": self.template.type, "parser": self.template.parser},
            "file": str(self.file),
        }
        for name, properties in (("inputs", self.inputs), ("outputs", self.outputs)):
            if properties:
                result[name] = {
                    key: {"type": item.type, "description": item.description} for key, item in properties.items()
                }
        return result

    def __repr__(self) -> str:
        return f"Prompty(name={self.name!r}, {self.to_safe_dict()!r})"[:1024]


def _masked(value: Any, *, secret: bool = False) -> Any:
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {
            name: _masked(item, secret=secret or any(word in str(name).lower() for word in _SECRET_WORDS))
            for name, item in items
        }
    if isinstance(value, list):
        return [_masked(item, secret=secret) for item in cast("Sequence[Any]", value)]
    return ("*" * len(value) if isinstance(value, str) else "***") if secret else value


def load(path: Path, *, root: Path | None) -> Prompty:
    """Read a prompty file, and the files that it is based on.

    :param path: The file.
    :keyword root: The folder that no reference may leave. None: any folder.
    :return: The prompt.
    :raises PromptError: A file is invalid.
    :raises FileNotFoundError: A file that the prompt refers to does not exist.
    :raises ImportError: PyYAML is not installed.
    """
    return _load(path, root, ())


def _load(path: Path, root: Path | None, children: tuple[Path, ...]) -> Prompty:
    if path in children or len(children) > MAX_PARENTS:
        chain = " -> ".join(str(child) for child in (*children, path))
        raise PromptError(f"{path}: the chain of bases does not end: {chain}; remove one 'base:'")
    matter = read(path, root)
    values = matter.values
    extra = matter.unknown((), values, _TOP_KEYS)
    parent: Prompty | None = None
    base = _of_type(matter, "base", str, "")
    if base:
        parent = _load(_base_path(matter, base, root), root, (*children, path))
    metadata = _of_type(matter, "metadata", dict, {})
    inherited = parent or Prompty()
    inputs = {**_properties(matter, "inputSchema"), **_properties(matter, "inputs")}
    outputs = {**_properties(matter, "outputSchema"), **_properties(matter, "outputs")}
    samples = {name: item.sample for name, item in inputs.items() if item.sample is not None}
    return Prompty(
        name=str(values.get("name", inherited.name)),
        description=str(values.get("description", inherited.description)),
        authors=values.get("authors", metadata.get("authors", inherited.authors)),
        tags=values.get("tags", metadata.get("tags", inherited.tags)),
        version=str(values.get("version", metadata.get("version", inherited.version))),
        base=base,
        basePrompty=parent,
        model=_model(matter, inherited.model),
        sample={**inherited.sample, **samples, **_sample(matter, root)},
        inputs={**inherited.inputs, **inputs},
        outputs={**inherited.outputs, **outputs},
        template=_template(matter, parent),
        tools=_declared_tools(matter) or inherited.tools,
        extra={**inherited.extra, **extra},
        file=path,
        content=matter.body,
        content_line=matter.body_line,
        remarks=[*inherited.remarks, *matter.remarks],
    )


def _of_type(matter: FrontMatter, key: str, kind: type[Any], default: Any) -> Any:
    value = matter.values.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise matter.error([key], f"{value!r:.60} is not a {'mapping' if kind is dict else 'text'}")
    return value


def _sample(matter: FrontMatter, root: Path | None) -> dict[str, Any]:
    sample = matter.values.get("sample")
    if isinstance(sample, str):
        sample = load_file(matter, ("sample",), sample, root)
    if sample is not None and not isinstance(sample, dict):
        raise matter.error(["sample"], f"{sample!r:.60} is neither a mapping nor a JSON or YAML file that has one")
    return cast("dict[str, Any]", sample or {})


def _declared_tools(matter: FrontMatter) -> list[Any]:
    model = _declarations.mapping_or_empty(matter.values.get("model"))
    parameters = _declarations.mapping_or_empty(model.get("parameters"))
    return _declarations.listed(matter.values.get("tools") or parameters.get("tools") or [])


def _base_path(matter: FrontMatter, base: str, root: Path | None) -> Path:
    try:
        return _files.resolve(base, matter.path.parent, root)
    except FileNotFoundError as error:
        raise FileNotFoundError(str(matter.error(["base"], str(error)))) from error
    except PromptError as error:
        raise matter.error(["base"], str(error)) from error


def _model(matter: FrontMatter, inherited: ModelSettings) -> ModelSettings:
    declared = matter.values.get("model")
    if isinstance(declared, str):
        declared = {"id": declared}
    elif declared is None:
        declared = {}
    if not isinstance(declared, dict):
        raise matter.error(["model"], "neither a model's name nor a mapping with 'configuration' and 'parameters'")
    model = cast("dict[str, Any]", declared)
    extra = matter.unknown(("model",), model, _MODEL_KEYS)
    for key in ("parameters", "options"):
        if not isinstance(model.get(key) or {}, dict):
            raise matter.error(["model", key], "not a mapping; write 'name: value' lines under it")
    own = {**_connection(matter, model, "configuration"), **_connection(matter, model, "connection")}
    response = model.get("response") or inherited.response
    if is_object(response) and is_object(inherited.response):
        response = {**inherited.response, **response}
    return ModelSettings(
        api=_api(matter, model, inherited.api),
        configuration={**_shared_configuration(matter), **inherited.configuration, **own},
        parameters=_declarations.usable({**inherited.parameters, **_parameters(matter, model)}),
        response=response,
        id=str(model.get("id", inherited.id)),
        extra={**inherited.extra, **extra},
    )


def _connection(matter: FrontMatter, model: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return how to reach the model: settings, or the name of a connection that another tool manages."""
    value: Any = model.get(key) or {}
    if isinstance(value, str):
        return {"connection": value}
    if not isinstance(value, dict):
        raise matter.error(["model", key], "neither a mapping nor the name of a connection")
    return cast("dict[str, Any]", value)


def _api(matter: FrontMatter, model: Mapping[str, Any], inherited: str) -> str:
    key = "apiType" if "apiType" in model else "api"
    api = str(model.get(key, inherited))
    if api not in APIS:
        matter.remark(["model", key], f"{api!r} is unknown, so it is treated as 'chat'; {nearest(api, APIS)}")
        return "chat"
    return api


def _parameters(matter: FrontMatter, model: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {**(model.get("parameters") or {})}
    result.update(_declarations.parameters(matter, model.get("options") or {}))
    declared_tools: Any = result.pop("tools", None)
    tools = _declarations.tools(matter, ("model", "parameters", "tools"), declared_tools or [])
    tools = _declarations.tools(matter, ("tools",), matter.values.get("tools") or []) or tools
    if tools:
        result["tools"] = tools
    # In files of the first schema, outputs are documentation and do not change the request.
    outputs = matter.values.get("outputs") or matter.values.get("outputSchema")
    if outputs and _is_new(matter):
        result["response_format"] = _declarations.response_format(matter, str(matter.values.get("name", "")), outputs)
    return result


def _shared_configuration(matter: FrontMatter) -> dict[str, Any]:
    """Return the "default" configuration of a `prompty.json` next to the file."""
    path = matter.path.with_name("prompty.json")
    if not path.is_file():
        return {}
    try:
        shared = json.loads(_files.read_text(path))
    except (ValueError, RecursionError) as error:
        raise PromptError(f"{path}: invalid JSON: {error}") from error
    default = cast("dict[str, Any]", shared).get("default", {}) if isinstance(shared, dict) else None
    if not isinstance(default, dict):
        raise PromptError(
            f'{path}: write {{"default": {{"azure_deployment": "..."}}}}, the configuration under "default"'
        )
    return cast("dict[str, Any]", default)


def _properties(matter: FrontMatter, key: str) -> dict[str, PropertySettings]:
    declared = matter.values.get(key)
    if not declared:
        return {}
    properties = _declarations.named(matter, (key,), declared)
    return {name: _property(matter, key, name, value) for name, value in properties.items()}


def _property(matter: FrontMatter, key: str, name: str, declared: Any) -> PropertySettings:
    if declared is None:
        return PropertySettings()
    if not isinstance(declared, dict):
        return PropertySettings(type=_declarations.json_type(declared), default=declared)
    value = cast("dict[str, Any]", declared)
    extra = matter.unknown((key, name), value, _PROPERTY_KEYS)
    if extra and _NAMING_KEYS.issuperset(value.keys() - extra.keys()):  # It declares nothing, so it is a value.
        return PropertySettings(type="object", default=value)
    kind = str(value.get("kind", value.get("type", "")))
    # The first schema allowed any text as a type, and existing files use "str" or "any".
    if key.startswith("input") and "kind" in value and kind not in KINDS:
        matter.remark(
            [key, name, "kind"], f"{kind!r} is unknown, so its values are not checked; {nearest(kind, KINDS)}"
        )
    return PropertySettings(
        type=kind,
        default=value.get("default"),
        description=str(value.get("description", "")),
        sample=value.get("sample", value.get("example")),
        required=value.get("required") is True,
        enum=value.get("enumValues", value.get("enum")),
        extra=extra,
    )


def _template(matter: FrontMatter, parent: Prompty | None) -> TemplateSettings:
    declared = matter.values.get("template")
    if declared is None:
        if parent is not None and not _is_new(matter):
            return parent.template
        return TemplateSettings("jinja2" if _is_new(matter) else "mustache")
    settings: Mapping[str, Any] = {"type": declared}
    extra: dict[str, Any] = {}
    if isinstance(declared, dict):
        settings = cast("dict[str, Any]", declared)
        extra = matter.unknown(("template",), settings, ("type", "format", "parser", "strict", "content"))
    engine = _kind(settings.get("format", settings.get("type", "mustache")))
    if engine not in ENGINES:
        raise matter.error(["template"], f"{engine!r} is not a known template engine; {nearest(engine, ENGINES)}")
    parser = _kind(settings.get("parser", "prompty"))
    if parser not in ("prompty", "prompty.chat"):
        matter.remark(["template", "parser"], f"{parser!r} is unknown, so it is treated as 'prompty'")
    return TemplateSettings(engine, parser, extra)


def _kind(value: Any) -> str:
    return str(cast("dict[str, Any]", value).get("kind", "") if isinstance(value, dict) else value)


def _is_new(matter: FrontMatter) -> bool:
    """Return whether a file uses the newest schema, whose default engine is jinja2. Files do not say; their keys do."""
    model, template = matter.values.get("model"), matter.values.get("template")
    return (
        isinstance(model, str)
        or (isinstance(model, dict) and not model.keys().isdisjoint(_NEW_MODEL_KEYS))
        or (isinstance(template, dict) and "format" in template)
        or _has_new_inputs(matter.values.get("inputs"))
        or not _NEW_KEYS.isdisjoint(matter.values)
    )


def _has_new_inputs(inputs: Any) -> bool:
    if not isinstance(inputs, dict):
        return isinstance(inputs, list)
    return any("kind" in item for item in cast("dict[str, Any]", inputs).values() if isinstance(item, dict))


_NEW_KEYS = frozenset(("displayName", "metadata", "inputSchema", "outputSchema"))
