"""`help()` shows each option of a method once, with its type and text."""

import inspect
import pydoc
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import azure.ai.inference
from azure.ai.inference import aio
from azure.ai.inference._http.retries import RETRIED_STATUSES
from azure.ai.inference._operations.option_help import option_texts, option_types, type_name
from azure.ai.inference._operations.options import RequestOptions
from azure.ai.inference._operations.signatures import OptionsDocstring
from azure.ai.inference.tools import Toolset

CLASSES: list[Any] = [
    *(getattr(package, name) for package in (azure.ai.inference, aio) for name in package.__all__ if "Client" in name),
    Toolset,
]


def methods() -> Iterator[Any]:
    for kind in CLASSES:
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if isinstance(method.__doc__, OptionsDocstring):
                yield pytest.param(method, id=f"{kind.__module__}.{kind.__name__}.{name}")


def rendered(thing: Any) -> str:
    return pydoc.render_doc(thing, renderer=pydoc.plaintext)


def test_methods_with_options_are_found() -> None:
    names = {str(case.id).removeprefix("azure.ai.inference.") for case in methods()}
    assert len(names) >= 30
    assert names >= {
        "ChatCompletionsClient.__init__",
        "ChatCompletionsClient.complete",
        "ChatCompletionsClient.with_defaults",
        "EmbeddingsClient.embed",
        "aio.ChatCompletionsClient.complete",
        "aio.ImageEmbeddingsClient.embed",
        "tools.Toolset.converse",
    }


@pytest.mark.parametrize("method", [*methods()])
def test_each_option_is_listed_once_with_type_and_text(method: Any) -> None:
    lines = [line.strip() for line in rendered(method).splitlines()]
    for declared in method.__doc__.options:
        texts = option_texts(declared)
        assert [*texts] == [*declared.__annotations__]
        for name, annotation in option_types(declared).items():
            header = f"{name}: {type_name(annotation)}"
            assert lines.count(header) == 1, header
            assert lines[lines.index(header) + 1]
            assert texts[name].startswith(lines[lines.index(header) + 1])


@pytest.mark.parametrize("method", [*methods()])
def test_signature_is_short_but_has_all_parameters(method: Any) -> None:
    signature = inspect.signature(method)
    written = str(signature).splitlines()
    assert (written[0], written[1]) == ("(", "    self,")
    assert written[-2] == "    **options"
    assert len(written) < 15
    assert len(signature.parameters) > len(written)
    assert "None)" not in written[-1]


def test_signature_format() -> None:
    client = azure.ai.inference.ChatCompletionsClient("http://localhost:1", "a key")
    written = str(inspect.signature(client.complete))
    assert written == (
        "(\n    body: Any = None,\n    *,\n    messages: Iterable[Mapping[str, Any]] = None,\n"
        "    stream: bool = None,\n    **options\n) -> ChatCompletions | StreamingChatCompletions"
    )
    assert str(inspect.signature(azure.ai.inference.ChatCompletionsClient)).startswith("(\n    endpoint: str,\n")
    assert str(inspect.signature(client.complete_many)).count("*,\n") == 1

    def untyped(a, b=1, *, c=2):  # type: ignore[no-untyped-def]
        ...

    bare = inspect.signature(client.complete).replace(
        parameters=[*inspect.signature(untyped).parameters.values()], return_annotation=inspect.Signature.empty
    )
    assert str(bare) == "(\n    a,\n    b=1,\n    *,\n    c=2\n)"


def test_doc_attribute_is_unchanged() -> None:
    complete = azure.ai.inference.ChatCompletionsClient.complete
    doc = complete.__doc__
    assert doc is not None
    assert doc.startswith("Continue a conversation.")
    assert "frequency_penalty" not in "".join(doc)
    for read in (print_doc, inspect.getdoc):
        assert "\nstore: bool\n    Whether the service " in str(read(complete))


def print_doc(function: Callable[..., Any]) -> str:
    return f"{function.__doc__!s}"


def test_page_of_a_class_has_the_options_of_its_constructor() -> None:
    page = rendered(azure.ai.inference.ImageEmbeddingsClient)
    for text in ("encoding_format: str | EmbeddingEncodingFormat\n", "retry_total: int\n", "audience: str | Sequence"):
        assert text.partition(" | Sequence")[0] in page


def test_help_without_source_has_names_and_types(tmp_path: Path) -> None:
    """Applications shipped as `.pyc` files have no source."""
    code = """
import inspect, linecache, sys
from azure.ai.inference import ChatCompletionsClient
linecache.getlines = lambda *_: []
text = inspect.getdoc(ChatCompletionsClient.complete)
assert "Continue a conversation." in text
assert "frequency_penalty: float\\nmax_tokens: int" in text, text
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_retried_statuses_are_documented() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    [row] = re.findall(r"^\| Attempts \|(.*)$", readme, re.M)
    for text in (option_texts(RequestOptions)["retry_on_status_codes"], row):
        assert {int(status) for status in re.findall(r"\b\d{3}\b", text)} == RETRIED_STATUSES


def test_class_without_source_has_no_option_texts() -> None:
    assert option_texts(type("Stray", (), {"__module__": "azure.ai.inference._operations.options"})) == {}
