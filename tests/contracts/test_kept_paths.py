"""Private import paths and attributes that existing code relies on: they stay, even if their files move."""

import importlib

import pytest

from azure.ai.inference import ChatCompletionsClient, aio

KEPT = [
    ("azure.ai.inference._client", "ChatCompletionsClient", "code that patches the clients where 1.0.0b9 defined them"),
    ("azure.ai.inference._client", "EmbeddingsClient", "code that patches the clients where 1.0.0b9 defined them"),
    ("azure.ai.inference._client", "ImageEmbeddingsClient", "code that patches the clients where 1.0.0b9 defined them"),
    (
        "azure.ai.inference.aio._client",
        "ChatCompletionsClient",
        "code that patches the clients where 1.0.0b9 defined them",
    ),
    ("azure.ai.inference.aio._client", "EmbeddingsClient", "code that patches the clients where 1.0.0b9 defined them"),
    (
        "azure.ai.inference.aio._client",
        "ImageEmbeddingsClient",
        "code that patches the clients where 1.0.0b9 defined them",
    ),
    ("azure.ai.inference._version", "VERSION", "code that reads the version of 1.0.0b9"),
    ("azure.ai.inference._model_base", "Model", "models that users derived from 1.0.0b9's"),
    ("azure.ai.inference._model_base", "SdkJSONEncoder", "code that writes models with json.dumps(cls=...)"),
    ("azure.ai.inference._model_base", "rest_discriminator", "classes derived from ChatRequestMessage"),
    ("azure.ai.inference._model_base", "rest_field", "classes derived from ChatRequestMessage"),
    ("azure.ai.inference._error_state", "revive", "pickles of errors"),
    ("azure.ai.inference._error_state", "revive_with_cause", "pickles of errors"),
    ("azure.ai.inference.exceptions", "_revive", "pickles of errors that 1.0.0 wrote"),
    ("azure.ai.inference.exceptions", "_revive_with_cause", "pickles of errors that 1.0.0 wrote"),
    ("azure.ai.inference.models._models", "ChatCompletionsToolCall", "type annotations of code written for 1.0.0b9"),
    ("azure.ai.inference.models._models", "ChatRequestMessage", "classes derived from ChatRequestMessage"),
    ("azure.ai.inference.models._models", "ChatRequestAssistantMessage", "code written for 1.0.0b9 and before"),
    ("azure.ai.inference.models._models", "ChatRequestDeveloperMessage", "code written for 1.0.0b9 and before"),
    ("azure.ai.inference.models._models", "ChatRequestSystemMessage", "code written for 1.0.0b9 and before"),
    ("azure.ai.inference.models._models", "ChatRequestToolMessage", "code written for 1.0.0b9 and before"),
    ("azure.ai.inference.models._models", "ChatRequestUserMessage", "code written for 1.0.0b9 and before"),
    ("azure.ai.inference.models._models", "CompletionsUsage", "type annotations of code written for 1.0.0b9"),
    ("azure.ai.inference.models._models", "EmbeddingInput", "code written for 1.0.0b6"),
    ("azure.ai.inference.models._models", "FunctionCall", "type annotations of code written for 1.0.0b9"),
    ("azure.ai.inference.models._models", "JsonSchemaFormat", "mirascope 1.25.7"),
    ("azure.ai.inference.models._models", "ModelInfo", "type annotations of code written for 1.0.0b9"),
    ("azure.ai.inference.prompts._patch", "PromptTemplate", "code whose editor imported it from its file in 1.0.0b9"),
    ("azure.ai.inference.prompts._utils", "remove_leading_empty_space", "tests of prompts written for 1.0.0b9"),
]
"""Path, name, and who relies on it."""


@pytest.mark.parametrize(("path", "name", "dependant"), KEPT)
def test_kept_path(path: str, name: str, dependant: str) -> None:
    assert callable(getattr(importlib.import_module(path), name)) or name == "VERSION", dependant


@pytest.mark.parametrize("client", [ChatCompletionsClient, aio.ChatCompletionsClient])
def test_kept_attributes(client: type[ChatCompletionsClient]) -> None:
    made = client("https://resource.services.ai.azure.com/openai/v1", "key")
    # llama-index-llms-azure-inference, openlit and azure-ai-projects read these
    assert made._config.endpoint == "https://resource.services.ai.azure.com/openai/v1"
    assert made._client._base_url.startswith("https://resource.services.ai.azure.com")
    assert made._model_info is None
