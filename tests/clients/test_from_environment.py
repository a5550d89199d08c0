"""Clients from environment variables: variables that belong together are used together."""

import sys
from types import ModuleType
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

from azure.ai.inference._operations.environment import _AZURE_OPENAI, _OPENAI, VARIABLES

from .conftest import World, settle

CHAT, INFERENCE = VARIABLES["chat"]
URL = "https://one.services.ai.azure.com/openai/v1"
OTHER = "https://two.services.ai.azure.com/openai/v1"
CLIENTS = {
    "ChatCompletionsClient": "chat",
    "EmbeddingsClient": "embeddings",
    "ImageEmbeddingsClient": "image_embeddings",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in {*sum(VARIABLES.values(), ()), _AZURE_OPENAI, _OPENAI}:
        for name in row:
            monkeypatch.delenv(name, raising=False)


async def build(world: World, name: str, **options: Any) -> Any:
    return world.adopt(getattr(world.package, name).from_environment(**options)).real


@pytest.mark.parametrize("name", CLIENTS)
async def test_every_row_of_variables(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*VARIABLES[CLIENTS[name]], _AZURE_OPENAI, _OPENAI]  # type: ignore[index]
    for row in reversed(rows):
        key = f"key of {row.key}"
        monkeypatch.setenv(row.endpoint, f" {URL} ")
        monkeypatch.setenv(row.key, key.replace(" ", "-"))
        monkeypatch.setenv(row.model, row.model)
        client = await build(world, name)
        assert isinstance(client._config.credential, AzureKeyCredential)
        assert client._config.credential.key == key.replace(" ", "-")
        assert (client._config.endpoint, client._settings.defaults) == (URL, {"model": row.model})


async def test_caller_options_take_precedence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHAT.endpoint, URL)
    monkeypatch.setenv(CHAT.key, "k")
    monkeypatch.setenv(CHAT.model, "m")
    client = await build(world, "ChatCompletionsClient", model="other", temperature=0)
    assert client._settings.defaults == {"model": "other", "temperature": 0}
    with pytest.raises(TypeError, match="Did you mean 'temperature'"):
        await build(world, "ChatCompletionsClient", temprature=0)


async def test_key_never_goes_to_the_endpoint_of_another_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHAT.endpoint, URL)
    monkeypatch.setenv(INFERENCE.endpoint, OTHER)
    monkeypatch.setenv(INFERENCE.key, "secret")
    monkeypatch.setenv(CHAT.key, "  ")
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ValueError, match=f"found no key: set {CHAT.key}, or pip install azure-identity") as raised:
        await build(world, "ChatCompletionsClient")
    assert "secret" not in str(raised.value)


class Credential:
    def get_token(self, *scopes: str, **kwargs: Any) -> Any: ...


async def test_entra_id_without_a_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = ModuleType("azure.identity")
    vars(identity)["DefaultAzureCredential"] = Credential
    monkeypatch.setitem(sys.modules, "azure.identity", identity)
    monkeypatch.setenv(CHAT.endpoint, URL)
    client = await build(world, "ChatCompletionsClient")
    assert isinstance(client._config.credential, Credential)


@pytest.mark.parametrize("name", CLIENTS)
async def test_no_variable_is_set(world: World, name: str) -> None:
    first = VARIABLES[CLIENTS[name]][0].endpoint  # type: ignore[index]
    words = rf"^{name}\.from_environment\(\) found no endpoint: set one of {first}, AZURE_INFERENCE_ENDPOINT, "
    with pytest.raises(ValueError, match=words):
        await settle(getattr(world.package, name).from_environment())


async def test_documentation_lists_the_variables(world: World) -> None:
    for name, kind in CLIENTS.items():
        doc = getattr(world.package, name).from_environment.__doc__
        for row in (*VARIABLES[kind], _AZURE_OPENAI, _OPENAI):  # type: ignore[index]
            assert all(variable in doc for variable in row)
