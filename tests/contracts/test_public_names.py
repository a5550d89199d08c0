"""The public names: what `__all__` says is what is public, it is sorted, and 1.0.0b9's names are all there."""

import importlib
import inspect
import types
from typing import Any

import pytest

import azure.ai.inference
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, aio
from azure.ai.inference._operations.options import ChatOptions, ClientOptions, EmbeddingOptions, RequestOptions, names

PUBLIC = (
    "azure.ai.inference",
    "azure.ai.inference.aio",
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
    "azure.ai.inference.prompts._utils": "remove_leading_empty_space",
    "azure.ai.inference._model_base": "Model SdkJSONEncoder rest_discriminator rest_field",
    "azure.ai.inference.models._models": """
        ChatCompletionsToolCall ChatRequestMessage CompletionsUsage FunctionCall JsonSchemaFormat ModelInfo
    """,
}
"""What code written for 1.0.0b9 imports: its public names, and the private ones that dependants use."""

CLIENTS = [
    (ChatCompletionsClient, "complete", ChatOptions),
    (EmbeddingsClient, "embed", EmbeddingOptions),
    (ImageEmbeddingsClient, "embed", EmbeddingOptions),
    (aio.ChatCompletionsClient, "complete", ChatOptions),
    (aio.EmbeddingsClient, "embed", EmbeddingOptions),
    (aio.ImageEmbeddingsClient, "embed", EmbeddingOptions),
]


def shown_by(module: types.ModuleType) -> set[str]:
    """Name the classes and functions that a module defines, and a package those that it hands on from within."""
    own = module.__name__ if hasattr(module, "__path__") else f"{module.__name__}$"
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and f"{getattr(value, '__module__', '')}$".startswith(own)
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_what_is_public(name: str) -> None:
    module = importlib.import_module(name)
    listed = set(module.__all__)
    assert shown_by(module) <= listed
    for entry in listed - shown_by(module):
        value = getattr(module, entry)  # a constant, what is loaded when it is asked for, or from next door
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


@pytest.mark.parametrize("name", OF_B9)
def test_the_names_of_the_beta_are_there(name: str) -> None:
    module = importlib.import_module(name)
    assert [entry for entry in OF_B9[name].split() if not hasattr(module, entry)] == []


def test_importing_the_package_brings_the_models() -> None:
    assert azure.ai.inference.models.UserMessage
    assert azure.ai.inference.__version__ == "1.0.0"


def test_an_older_release_is_not_pretended() -> None:
    """Mirascope takes this name for a sign of an older release."""
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
def test_options_stand_behind_what_the_method_names_itself(client: type, method: str, settings: Any) -> None:
    first, second, third = list(inspect.signature(getattr(client, method)).parameters)[:3]
    assert (first, second) == ("self", "body")
    assert third in ("messages", "input")


@pytest.mark.parametrize("options", [ChatOptions, EmbeddingOptions, RequestOptions])
def test_an_option_is_declared_once(options: Any) -> None:
    others = {ChatOptions, RequestOptions} - {options} if options is not EmbeddingOptions else {RequestOptions}
    for other in others:
        assert not set(names(options)) & set(names(other))


def test_help_shows_the_options() -> None:
    import pydoc

    text = pydoc.render_doc(ChatCompletionsClient, renderer=pydoc.plaintext)
    assert "reasoning_effort" in text
    assert "retry_total" in text
