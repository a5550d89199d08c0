"""Pasted endpoints, end to end: a local server acts as the hosts' proxy and answers for them."""

import logging
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import DecodeError, HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest

from azure.ai.inference.emulator import Emulator

from .conftest import KEY, Serve, World
from .raw_server import STREAM, answer, completion, event, stream
from .test_embeddings import embeddings
from .test_secrets import Tokens

RESOURCE = "http://r.services.ai.azure.com"
OPENAI = "http://r.openai.azure.com"
MAAS = "http://m.eastus.models.ai.azure.com"
MANAGED = "http://e.eastus.inference.ml.azure.com"
V1 = f"{RESOURCE}/openai/v1"
PREVIEW = "?api-version=2024-05-01-preview"
GA = "?api-version=2024-10-21"
API_KEY, BEARER = ("api-key",), ("authorization",)

ROWS: list[tuple[str, str, str, tuple[str, ...]]] = [
    # pasted, client, URL called, headers with the key
    (RESOURCE, "chat", f"{V1}/chat/completions", API_KEY),
    (f"{RESOURCE}/models/", "chat", f"{V1}/chat/completions", API_KEY),
    (f"{RESOURCE}/models/chat/completions{PREVIEW}", "chat", f"{V1}/chat/completions", API_KEY),
    (f"{RESOURCE}//models", "embeddings", f"{V1}/embeddings", API_KEY),
    (f"{RESOURCE}/models", "image_embeddings", f"{RESOURCE}/models/images/embeddings{PREVIEW}", API_KEY),
    (f"{RESOURCE}/api/projects/P", "chat", f"{RESOURCE}/api/projects/P/openai/v1/chat/completions", API_KEY),
    (f" {OPENAI.upper()} ", "chat", f"{OPENAI}/openai/v1/chat/completions", API_KEY),
    (
        f"{OPENAI}/openai/deployments/D/chat/completions?api-version=2024-06-01",
        "chat",
        f"{OPENAI}/openai/deployments/D/chat/completions?api-version=2024-06-01",
        API_KEY,
    ),
    (f"{OPENAI}/openai/deployments/D", "embeddings", f"{OPENAI}/openai/deployments/D/embeddings{GA}", API_KEY),
    (MAAS, "embeddings", f"{MAAS}/embeddings{PREVIEW}", BEARER),
    (f"{MAAS}/v1/chat/completions", "chat", f"{MAAS}/v1/chat/completions", BEARER),
    (f"{MANAGED}/score", "chat", f"{MANAGED}/chat/completions{PREVIEW}", BEARER),
    ("http://api.mistral.ai", "chat", "http://api.mistral.ai/v1/chat/completions", BEARER),
    ("http://gw.example/ai", "chat", f"http://gw.example/ai/chat/completions{PREVIEW}", (*API_KEY, *BEARER)),
]


def through(url: str) -> dict[str, Any]:
    """Return options that send requests for any host to a local server, unencrypted."""
    return {"proxies": {"http": url}, "enforce_https": False, "retry_total": 0}


async def call(client: Any, kind: str, **options: Any) -> Any:
    if kind == "chat":
        return await client.complete(**options)
    return await client.embed(input=["x"] if kind == "embeddings" else [{"image": "data:,"}], **options)


@pytest.mark.parametrize(("pasted", "kind", "url", "headers"), ROWS)
async def test_url_and_key_headers(
    world: World, serve: Serve, pasted: str, kind: str, url: str, headers: tuple[str, ...]
) -> None:
    server = serve(answer(body={**completion(), **embeddings([0.5])}))
    client = getattr(world, kind)(pasted, model="m", model_extras={"k": 1}, **through(server.url))
    await call(client, kind)
    (request,) = server.requests
    assert request.target == url
    assert tuple(name for name in ("api-key", "authorization") if name in request.headers) == headers
    assert all(request.headers[name].removeprefix("Bearer ") == KEY for name in headers)
    v1 = "/v1/" in url
    assert request.headers.get("extra-parameters") == (None if v1 else "pass-through")
    assert request.headers["host"] == urlsplit(url).netloc


async def test_retired_route_on_request(world: World, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(answer(body=completion()))
    with caplog.at_level(logging.INFO, "azure.ai.inference"):
        client = world.chat(f"{RESOURCE}/models", route="models", **through(server.url))
        assert caplog.text == ""
        world.chat(f"{RESOURCE}/models")
    assert 'build the client with route="models"' in caplog.text
    await client.complete()
    assert server.requests[0].target == f"{RESOURCE}/models/chat/completions{PREVIEW}"


@pytest.mark.parametrize(
    ("options", "query"),
    [({}, PREVIEW), ({"api_version": "2025-04-01"}, "?api-version=2025-04-01"), ({"api_version": None}, "")],
)
async def test_api_version_of_a_call(world: World, serve: Serve, options: dict[str, Any], query: str) -> None:
    server = serve(answer(body=completion()))
    await world.chat(server.url).complete(**options)
    await world.chat(server.url, **options).complete()
    assert [request.target for request in server.requests] == [f"/chat/completions{query}"] * 2


# ---------------------------------------------------------------- missing model

BODY = b'{"messages": [], "input": []}'


@pytest.mark.parametrize(
    "endpoint", [RESOURCE, f"{RESOURCE}/models", "http://api.openai.com", "https://api.mistral.ai"]
)
@pytest.mark.parametrize("kind", ["chat", "embeddings"])
@pytest.mark.parametrize("given", [(), (BODY,), ({"messages": [], "input": []},)])
async def test_missing_model(world: World, endpoint: str, kind: str, given: tuple[Any, ...]) -> None:
    """Nothing is sent: no server exists that could answer."""
    client = getattr(world, kind)(endpoint, **through("http://127.0.0.1:1"))
    with pytest.raises(ValueError, match="serves several models: pass model= to the client or to the call") as caught:
        await (client.complete(*given) if kind == "chat" else client.embed(*given or (), **_input(given)))
    if "azure" in endpoint:
        assert f"{RESOURCE}/openai/deployments/DEPLOYMENT" in str(caught.value)


def _input(given: tuple[Any, ...]) -> dict[str, Any]:
    return {} if given else {"input": ["x"]}


@pytest.mark.parametrize(
    ("of_client", "of_call"),
    [
        ({"model": "m"}, {}),
        ({}, {"model": "m"}),
        ({"model_extras": {"model": "m"}}, {}),
        ({"headers": {"X-MS-Model-Mesh-Model-Name": "m"}}, {}),
        ({}, {"headers": {"x-ms-model-mesh-model-name": "m"}}),
        ({"per_call_policies": []}, {"model": "m"}),
    ],
)
async def test_model_in_settings_extras_or_headers(
    world: World, serve: Serve, of_client: dict[str, Any], of_call: dict[str, Any]
) -> None:
    server = serve(answer(body=completion()))
    await world.chat(RESOURCE, **of_client, **through(server.url)).complete(**of_call)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [{"messages": [], "model": "m"}, b'{"messages": [], "model": "m"}'])
async def test_model_in_the_body(world: World, serve: Serve, body: Any) -> None:
    server = serve(answer(body=completion()))
    await world.chat(RESOURCE, **through(server.url)).complete(body)
    assert len(server.requests) == 1


async def test_policy_may_name_the_model(world: World, serve: Serve) -> None:
    from azure.core.pipeline.policies import HeadersPolicy

    server = serve(answer(body=completion()))
    policy = HeadersPolicy({"x-ms-model-mesh-model-name": "m"})
    await world.chat(RESOURCE, headers_policy=policy, **through(server.url)).complete()
    await world.chat(RESOURCE, per_call_policies=[policy], **through(server.url)).complete()
    assert len(server.requests) == 2


# ---------------------------------------------------------------- advice


@pytest.mark.parametrize(
    ("endpoint", "status", "code", "message", "advice"),
    [
        (OPENAI, 404, "404", "Resource not found", f"The URL called was {OPENAI}/openai/v1/chat/completions."),
        (f"{OPENAI}/openai/deployments/D", 404, "DeploymentNotFound", "No.", "pass the name of the deployment"),
        (MAAS, 405, "405", "Method Not Allowed", f"Use {MAAS}, or {MAAS}/v1."),
        (
            RESOURCE,
            400,
            "OperationNotSupported",
            "The chatCompletion operation does not work",
            "does not serve it either",
        ),
        (RESOURCE, 400, "unsupported_parameter", "'max_tokens' is not supported", "max_completion_tokens"),
        (f"{RESOURCE}/models", 400, "no_model_name", "No model.", "/openai/deployments/DEPLOYMENT"),
        ("http://models.github.ai/inference", 404, "x", "Gone.", "GitHub Models was retired on 2026-07-30"),
        (
            MAAS,
            401,
            "401",
            "audience is incorrect (https://ml.azure.us)",
            "credential_scopes='https://ml.azure.us/.def",
        ),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_advice_follows_the_service_message(
    world: World, serve: Serve, endpoint: str, status: int, code: str, message: str, advice: str, streamed: bool
) -> None:
    server = serve(answer(status, {"error": {"code": code, "message": message}}))
    client = world.chat(endpoint, model="m", **through(server.url))
    with pytest.raises(HttpResponseError) as caught:
        await client.complete(stream=streamed)
    text = str(caught.value)
    assert caught.value.message == text
    assert isinstance(caught.value, ResourceNotFoundError) == (status == 404)
    assert 0 <= text.index(message) < text.index(advice)
    assert KEY not in text


async def test_advice_within_a_stream(world: World, serve: Serve) -> None:
    fault = event({"error": {"code": "unsupported_parameter", "message": "max_tokens is not for this model"}})
    client = world.chat(RESOURCE, model="m", **through(serve(stream(fault)).url))
    updates, error = await (await client.stream()).until_fault()
    assert updates == []
    assert isinstance(error, HttpResponseError)
    assert "max_tokens is not for this model" in str(error)


@pytest.mark.parametrize("body", [b"<!doctype html><title>Welcome</title>", b""])
@pytest.mark.parametrize("streamed", [False, True])
async def test_html_or_empty_body_instead_of_json(world: World, serve: Serve, body: bytes, streamed: bool) -> None:
    client = world.chat(MAAS, **through(serve(answer(body=body, content_type="text/html")).url))

    async def read() -> None:
        await (await client.complete(stream=streamed)).rest()

    with pytest.raises(DecodeError) as caught:
        await read()
    assert f"The URL called was {MAAS}/chat/completions{PREVIEW}. Use {MAAS}, or {MAAS}/v1." in str(caught.value)


async def test_successful_stream_has_no_advice(world: World, serve: Serve) -> None:
    client = world.chat(RESOURCE, model="m", **through(serve(stream(STREAM)).url))
    assert await (await client.stream()).texts() == ["hello", None]


# ---------------------------------------------------------------- the emulator's routes


@pytest.mark.parametrize(
    ("path", "kinds", "model"),
    [
        ("", ("chat", "embeddings", "image_embeddings"), None),
        ("/v1", ("chat", "embeddings"), None),
        ("/models", ("chat", "embeddings", "image_embeddings"), "m"),
        ("/openai/v1", ("chat", "embeddings"), "m"),
        ("/openai/deployments/D?api-version=2024-10-21", ("chat", "embeddings"), None),
        ("/api/projects/P/openai/v1", ("chat", "embeddings"), "m"),
    ],
)
async def test_emulators_routes(
    world: World, emulator: Emulator, path: str, kinds: tuple[str, ...], model: str | None
) -> None:
    image = "data:image/png;base64,iVBORw0KGgo="
    for kind in kinds:
        client = getattr(world, kind)(emulator.url + path, emulator.key, model=model)
        if kind == "chat":
            assert (await client.complete()).choices
        else:
            got = await client.embed(input=["x"] if kind == "embeddings" else [{"image": image}])
            assert len(got.data[0].vector) == 1024


# ---------------------------------------------------------------- invalid endpoints

DUMMIES = (
    "endpoint",
    "https://",
    "<your-endpoint>",
    "my endpoint",
    "ftp://example.com",
    "https://ai.azure.com/build",
    "https://user:secret-word@example.com",
    "endpoint=https://r.services.ai.azure.com;key=secret-word",
    "https://[::1",
    "http://host:port",
    "http://[not-an-address]/x",
    "bad\nline",
)


@pytest.mark.parametrize("kind", ["chat", "embeddings", "image_embeddings"])
@pytest.mark.parametrize("dummy", DUMMIES)
async def test_placeholder_endpoint_is_refused_by_the_first_request(world: World, kind: str, dummy: str) -> None:
    """Unit tests build clients with placeholders and send nothing. Not even a token is requested."""
    tokens = Tokens()
    client = getattr(world, kind)(dummy, tokens)
    assert client.real._config.endpoint == dummy
    assert "secret-word" not in f"{client.real!r} {client.real}"
    for send in (
        lambda: call(client, kind),
        client.get_model_info,
        lambda: client.send_request(HttpRequest("GET", "x")),
    ):
        with pytest.raises(ValueError, match=r"^endpoint='.*Pass the URL as the portal shows it") as caught:
            await send()
        assert "secret-word" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^endpoint="):
        await call(client.with_defaults(), kind)
    assert tokens.scopes == []


async def test_placeholder_endpoint_is_refused_with_any_transport(world: World, serve: Serve) -> None:
    server = serve(answer(200, completion()))
    for options in ({"transport": world.transport()}, {"policies": []}):
        with pytest.raises(ValueError, match=r"'endpoint' is a name, not a URL"):
            await world.chat("endpoint", **options).complete()
    assert server.requests == []


@pytest.mark.parametrize("endpoint", [None, "", "  ", '""', 5, b"https://example.com"], ids=repr)
async def test_empty_or_non_text_endpoint_is_refused(world: World, endpoint: Any) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        world.chat(endpoint)


async def test_placeholder_endpoint_with_a_patched_pipeline(world: World) -> None:
    client = world.chat("endpoint")
    response = MagicMock(http_response=MagicMock(status_code=200, headers={}, json=lambda: completion()))
    run = MagicMock(return_value=response) if world.name == "sync" else AsyncMock(return_value=response)
    with patch.object(client.real._client._pipeline, "run", run):
        assert (await client.complete()).choices[0].message.content == "hello"
    assert run.call_args.args[0].url == f"endpoint/chat/completions{PREVIEW}"
