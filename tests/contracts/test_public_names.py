"""The public names: `__all__` is complete and sorted, and contains all names of 1.0.0b9."""

import ast
import copy
import importlib
import inspect
import pickle
import re
import subprocess
import sys
import types
import typing
from pathlib import Path
from typing import Any

import pytest

import azure.ai.inference
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, aio, exceptions
from azure.ai.inference._operations.options import ChatOptions, ClientOptions, EmbeddingOptions, RequestOptions, names

PUBLIC = (
    "azure.ai.inference",
    "azure.ai.inference.aio",
    "azure.ai.inference.batch",
    "azure.ai.inference.emulator",
    "azure.ai.inference.exceptions",
    "azure.ai.inference.models",
    "azure.ai.inference.prompts",
    "azure.ai.inference.tools",
)

OF_B9 = {
    "azure.ai.inference": "ChatCompletionsClient EmbeddingsClient ImageEmbeddingsClient load_client __version__",
    "azure.ai.inference.aio": "ChatCompletionsClient EmbeddingsClient ImageEmbeddingsClient load_client",
    "azure.ai.inference.models": """
        AssistantMessage AsyncStreamingChatCompletions AudioContentFormat AudioContentItem ChatChoice ChatCompletions
        ChatCompletionsNamedToolChoice ChatCompletionsNamedToolChoiceFunction ChatCompletionsToolCall
        ChatCompletionsToolChoicePreset ChatCompletionsToolDefinition ChatRequestMessage ChatResponseMessage ChatRole
        CompletionsFinishReason CompletionsUsage ContentItem DeveloperMessage EmbeddingEncodingFormat EmbeddingInputType
        EmbeddingItem EmbeddingsResult EmbeddingsUsage FunctionCall FunctionDefinition ImageContentItem ImageDetailLevel
        ImageEmbeddingInput ImageUrl InputAudio JsonSchemaFormat ModelInfo ModelType StreamingChatChoiceUpdate
        StreamingChatCompletions StreamingChatCompletionsUpdate StreamingChatResponseMessageUpdate
        StreamingChatResponseToolCallUpdate SystemMessage TextContentItem ToolMessage UserMessage
    """,
    "azure.ai.inference.prompts": "PromptTemplate",
}
"""The public names of 1.0.0b9. Private ones that dependants use are in `test_kept_paths.py`."""

CLIENTS = [
    (ChatCompletionsClient, "complete", ChatOptions),
    (EmbeddingsClient, "embed", EmbeddingOptions),
    (ImageEmbeddingsClient, "embed", EmbeddingOptions),
    (aio.ChatCompletionsClient, "complete", ChatOptions),
    (aio.EmbeddingsClient, "embed", EmbeddingOptions),
    (aio.ImageEmbeddingsClient, "embed", EmbeddingOptions),
]


def shown_by(module: types.ModuleType) -> set[str]:
    """Return the classes and functions that a module defines, or that a package re-exports from its own modules."""
    own = module.__name__ if hasattr(module, "__path__") else f"{module.__name__}$"
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and f"{getattr(value, '__module__', '')}$".startswith(own)
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_all_lists_the_public_names(name: str) -> None:
    module = importlib.import_module(name)
    listed = set(module.__all__)
    assert shown_by(module) <= listed
    for entry in listed - shown_by(module):
        value = getattr(module, entry)  # a constant, a lazily loaded name, or a re-export
        assert str(getattr(value, "__module__", name)).startswith("azure.ai.inference")


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_sorted(name: str) -> None:
    listed = importlib.import_module(name).__all__
    assert listed == sorted(listed)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    for entry in module.__all__:
        value = getattr(module, entry)
        assert not callable(value) or inspect.getdoc(value), entry


def test_no_docstring_has_a_word_that_the_reference_takes_for_a_link() -> None:
    links: list[tuple[str, str]] = []
    for path in Path(azure.ai.inference.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = re.sub(r"(`+).+?\1", "", ast.get_docstring(node) or "", flags=re.DOTALL)
                links += [(path.name, word) for word in re.findall(r"\b\w*[a-zA-Z0-9]__?(?!\w)", text)]
    assert links == []  # In reStructuredText, `answer_` outside backticks is a link.


@pytest.mark.parametrize("name", OF_B9)
def test_names_of_the_beta_are_there(name: str) -> None:
    module = importlib.import_module(name)
    assert [entry for entry in OF_B9[name].split() if not hasattr(module, entry)] == []


def test_importing_the_package_brings_the_models() -> None:
    assert azure.ai.inference.models.UserMessage
    assert azure.ai.inference.__version__ == "1.0.0"


def test_older_release_is_not_pretended() -> None:
    """Mirascope detects older releases by this name."""
    module = importlib.import_module("azure.ai.inference.models._models")
    assert not hasattr(module, "ChatCompletionsResponseFormatJSON")


@pytest.mark.parametrize(("client", "method", "settings"), CLIENTS)
def test_signatures_show_every_option(client: type, method: str, settings: Any) -> None:
    for function, options in ((client.__init__, ClientOptions), (getattr(client, method), RequestOptions)):  # type: ignore[misc]
        expected = {*names(settings), *names(options)}
        parameters = inspect.signature(function).parameters
        keywords = {name for name, value in parameters.items() if value.kind is inspect.Parameter.KEYWORD_ONLY}
        assert expected <= keywords
        assert parameters["kwargs"].kind is inspect.Parameter.VAR_KEYWORD
        assert set(inspect.getfullargspec(function).kwonlyargs) == keywords


@pytest.mark.parametrize(("client", "method", "settings"), CLIENTS)
def test_options_follow_the_named_parameters(client: type, method: str, settings: Any) -> None:
    first, second, third = list(inspect.signature(getattr(client, method)).parameters)[:3]
    assert (first, second) == ("self", "body")
    assert third in ("messages", "input")


@pytest.mark.parametrize("options", [ChatOptions, EmbeddingOptions, RequestOptions])
def test_option_is_declared_once(options: Any) -> None:
    others = {ChatOptions, RequestOptions} - {options} if options is not EmbeddingOptions else {RequestOptions}
    for other in others:
        assert not set(names(options)) & set(names(other))


def test_help_shows_the_options() -> None:
    import pydoc

    text = pydoc.render_doc(ChatCompletionsClient, renderer=pydoc.plaintext)
    assert "reasoning_effort" in text
    assert "retry_total" in text


SHOWN_TWICE = {"ContentFilterResult": "azure.ai.inference.models"}
"""Classes that two public modules export, and the module that they name."""


@pytest.mark.parametrize("name", [*PUBLIC, "azure.ai.inference.tracing"])
def test_public_objects_have_a_public_module(name: str) -> None:
    """Pickles and `repr` must survive moves of files."""
    module = importlib.import_module(name)
    for entry in module.__all__:
        value = getattr(module, entry)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__module__ == SHOWN_TWICE.get(entry, name)
            assert pickle.loads(pickle.dumps(value)) is value


def test_class_says_so_before_anybody_asked_its_module() -> None:
    code = """
from importlib import import_module
from azure.ai.inference.models import _FILES
kinds = [getattr(import_module(file), name) for file, names in _FILES.items() for name in names.split()]
print(len(kinds), {kind.__module__ for kind in kinds})
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == f"{len(azure.ai.inference.models.__all__)} {{'azure.ai.inference.models'}}\n"


def test_finding_of_a_content_filter_is_one_class() -> None:
    assert exceptions.ContentFilterResult is azure.ai.inference.models.ContentFilterResult


METHODS = [
    (client, name)
    for client in (*dict.fromkeys(client for client, _, _ in CLIENTS), azure.ai.inference.BatchClient, aio.BatchClient)
    for name, _ in inspect.getmembers(client, lambda member: inspect.isfunction(member) or inspect.ismethod(member))
    if not name.startswith("_") or name == "__init__"
]


@pytest.mark.parametrize(("client", "method"), METHODS)
def test_type_hints_resolve(client: type, method: str) -> None:
    assert typing.get_type_hints(client)
    assert typing.get_type_hints(getattr(client, method)) or method == "close"


@pytest.mark.parametrize("name", [*PUBLIC, "azure.ai.inference.tracing"])
def test_type_hints_of_classes_resolve_in_the_module_that_shows_them(name: str) -> None:
    """Pydantic reads the fields of dataclasses so. Errors below the models name those as text."""
    module = importlib.import_module(name)
    shown = {entry: getattr(module, entry) for entry in module.__all__ if name != "azure.ai.inference.exceptions"}
    assert [entry for entry, value in shown.items() if inspect.isclass(value) and not _hints(value)] == []


def _hints(value: Any) -> bool:
    try:
        return typing.get_type_hints(value, include_extras=True) is not None
    except NameError:
        return False


@pytest.mark.parametrize(("client", "method"), METHODS)
def test_signatures_are_values(client: type, method: str) -> None:
    signature = inspect.signature(getattr(client, method))
    assert copy.copy(signature) == signature
    assert copy.deepcopy(signature) == signature
    assert pickle.loads(pickle.dumps(signature)) == signature
