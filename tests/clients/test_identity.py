"""azure-identity's credentials with a local authority: scopes, tokens and refusals."""

import importlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from azure.ai.inference.emulator import Emulator

from .authority import TENANT, Authority
from .conftest import Serve, World, settle
from .raw_server import answer, completion
from .test_endpoints import through

COGNITIVE = "https://cognitiveservices.azure.com/.default"
AI = "https://ai.azure.com/.default"
ML = "https://ml.azure.com/.default"


@pytest.fixture
def authority(tmp_path: Path, emulator: Emulator) -> Iterator[Authority]:
    with Authority(tmp_path, emulator.token) as running:
        yield running


@pytest.fixture(params=["ClientSecretCredential", "DefaultAzureCredential"])
async def credential(
    request: pytest.FixtureRequest, world: World, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    options = {
        "authority": authority.url,
        "disable_instance_discovery": True,
        "connection_verify": authority.ca_file,
    }
    if request.param == "ClientSecretCredential":
        made = identity(world).ClientSecretCredential(TENANT, "client", "secret", **options)
    else:
        for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "client", "CLIENT_SECRET": "secret"}.items():
            monkeypatch.setenv(f"AZURE_{name}", value)
        made = identity(world).DefaultAzureCredential(**options)
    yield made
    await settle(made.close())


def identity(world: World) -> Any:
    return importlib.import_module("azure.identity" if world.name == "sync" else "azure.identity.aio")


async def test_token_for_the_endpoint_scope(
    world: World, authority: Authority, emulator: Emulator, credential: Any
) -> None:
    """The emulator's root accepts tokens for serverless endpoints, and requires one."""
    client = world.embeddings(emulator.url, credential, dimensions=2)
    for _ in range(2):
        assert len((await client.embed(input="x")).data) == 1
    assert authority.scopes == [ML], "asked once, then kept"
    assert "authorization" in {name.lower() for name in emulator.requests[-1].headers}


async def test_refused_audience(world: World, authority: Authority, emulator: Emulator, credential: Any) -> None:
    client = world.chat(f"{emulator.url}/openai/v1", credential, model="m")
    with pytest.raises(ClientAuthenticationError) as caught:
        await client.complete()
    text = str(caught.value)
    assert f"Tokens are requested for the scope '{ML}'. Try credential_scopes=" in text
    assert text.index("audience is incorrect") < text.index("Tokens are requested for")
    for scopes in (COGNITIVE, [AI]):
        told = world.chat(f"{emulator.url}/openai/v1", credential, model="m", credential_scopes=scopes)
        assert (await told.complete()).choices
    told = world.chat(f"{emulator.url}/openai/v1", credential, model="m", audience="https://ai.azure.com")
    assert (await told.complete()).choices
    assert set(authority.scopes) == {ML, COGNITIVE, AI}


async def test_token_provider(world: World, authority: Authority, emulator: Emulator, credential: Any) -> None:
    provider = identity(world).get_bearer_token_provider(credential, AI)
    client = world.chat(f"{emulator.url}/openai/v1", provider, model="m")
    for _ in range(2):
        assert (await client.complete()).choices
    assert authority.scopes == [AI]


async def test_function_as_token_credential(world: World, emulator: Emulator) -> None:
    given: list[str] = []

    def provide() -> str:
        given.append(emulator.token(AI))
        return given[-1]

    client = world.chat(f"{emulator.url}/openai/v1", provide, model="m")
    await client.complete()
    await client.complete()
    assert len(given) == 2, "asked each time: nobody else knows how long a token is good"


class Recording:
    """A token credential that records the requested scopes."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.scopes.extend(scopes)
        return AccessToken("a-token-of-some-length", 2**33)


@pytest.mark.parametrize(
    ("endpoint", "cloud", "scope"),
    [
        ("http://r.services.ai.azure.com/models", None, COGNITIVE),
        ("http://r.openai.azure.com", None, COGNITIVE),
        ("http://r.openai.azure.us", None, "https://cognitiveservices.azure.us/.default"),
        ("http://r.services.ai.azure.com/api/projects/P", None, AI),
        ("http://m.eastus.models.ai.azure.com", None, ML),
        ("http://gw.example", None, ML),
        ("http://gw.example", "AzureUSGovernment", "https://ml.azure.us/.default"),
        ("http://gw.example", "AzureChinaCloud", "https://ml.azure.cn/.default"),
    ],
)
async def test_scopes_by_endpoint(
    world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch, endpoint: str, cloud: str | None, scope: str
) -> None:
    if cloud:
        monkeypatch.setenv("AZURE_CLOUD", cloud)
    server, credential = serve(answer(body=completion())), Recording()
    client = world.chat(endpoint, credential, model="m", **through(server.url))
    await client.complete()
    assert credential.scopes == [scope]
    assert client._config.credential_scopes == [scope]
    assert server.requests[0].headers["authorization"] == "Bearer a-token-of-some-length"
    assert "api-key" not in server.requests[0].headers
