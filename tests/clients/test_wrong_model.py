"""A model that the endpoint does not have: the error lists those that it has."""

import pickle
import time
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy

from azure.ai.inference._operations import served_models
from azure.ai.inference._operations.chat import chat_call
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.exceptions import InferenceError, NotFoundError

from .conftest import Serve, World
from .raw_server import RawServer, answer

MODELS = ["mistral-small", "gpt-4.1", "gpt-4.1-mini", "text-embedding-3-small"]
REFUSED = answer(404, {"error": {"code": "model_not_found", "message": "The model `x` does not exist"}})


def listed(*names: Any) -> Any:
    return answer(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


def paths(server: RawServer) -> list[str]:
    return [request.target.partition("?")[0] for request in server.requests]


@pytest.mark.parametrize("route", ["/v1", "/openai/v1"])
async def test_error_lists_similar_models_first(world: World, route: str) -> None:
    with Emulator(models=MODELS) as endpoint:
        client = world.chat(endpoint.url + route, endpoint.key, model="gpt-41-mini")
        with pytest.raises(NotFoundError) as raised:
            await client.complete()
        assert (
            f"{endpoint.url}{route} has no model of that name; it has 'gpt-4.1-mini', 'gpt-4.1', 'mistral-small', "
            "'text-embedding-3-small'." in str(raised.value)
        )
        assert raised.value.served_models == ("gpt-4.1-mini", "gpt-4.1", "mistral-small", "text-embedding-3-small")
        with pytest.raises(ResourceNotFoundError, match="it has 'text-embedding-3-small', "):
            await world.embeddings(endpoint.url + route, endpoint.key).embed(input=["x"], model="text-embedding-small")
        assert [request.path.rpartition("/")[2] for request in endpoint.requests] == [
            *("completions", "models"),
            *("embeddings", "models"),
        ]


async def test_list_is_requested_once_for_derived_clients(world: World) -> None:
    with Emulator(models=MODELS) as endpoint:
        client = world.chat(f"{endpoint.url}/v1", endpoint.key, model="gpt")
        for each in (client, client.with_defaults(temperature=0)):
            with pytest.raises(ResourceNotFoundError, match="it has 'gpt-4"):
                await each.complete()
        with pytest.raises(ResourceNotFoundError, match="it has 'mistral-small'"):
            await client.stream(model="mistral-smal")
        assert [request.path.rpartition("/")[2] for request in endpoint.requests].count("models") == 1


async def test_other_errors_have_no_models(world: World, serve: Serve) -> None:
    server = serve(REFUSED, listed("a"), answer(400, {"error": {"code": "bad", "message": "Too hot."}}))
    client = world.chat(f"{server.url}/v1")
    for models in (("a",), ()):
        with pytest.raises(InferenceError) as raised:
            await client.complete()
        assert pickle.loads(pickle.dumps(raised.value)).served_models == models


async def test_other_calls_do_not_request_the_list(world: World, serve: Serve) -> None:
    server = serve(answer(400, {"error": {"code": "bad", "message": "temperature must be less than 2"}}))
    with pytest.raises(HttpResponseError, match="temperature must be"):
        await world.chat(f"{server.url}/v1").complete()
    assert paths(server) == ["/v1/chat/completions"]


@pytest.mark.parametrize(
    "second",
    [answer(500, {}), answer(404, {}), answer(200, b"<html>"), answer(200, {"data": {"id": "x"}}), answer(200, [])],
    ids=["500", "404", "html", "no list", "no object"],
)
async def test_original_error_is_raised_without_a_list(world: World, serve: Serve, second: Any) -> None:
    server = serve(REFUSED, second)
    with pytest.raises(ResourceNotFoundError, match=f"GET {server.url}/v1/models lists the models it has") as raised:
        await world.chat(f"{server.url}/v1").complete()
    assert "does not exist" in str(raised.value)
    assert paths(server) == ["/v1/chat/completions", "/v1/models"]


async def test_list_request_respects_the_deadline(world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_models, "_PATIENCE", 60.0)
    server = serve(REFUSED, [])
    began = time.monotonic()
    with pytest.raises(ResourceNotFoundError, match="lists the models it has"):
        await world.chat(f"{server.url}/v1", timeout=1.5).complete()
    assert time.monotonic() - began < 20
    assert paths(server) == ["/v1/chat/completions", "/v1/models"]


async def test_list_request_uses_the_call_options(world: World, serve: Serve) -> None:
    server = serve(REFUSED, answer(302, {}, location="/elsewhere"), listed("a"))
    hooks: list[Any] = []
    with pytest.raises(ResourceNotFoundError):
        await world.chat(f"{server.url}/v1", "my-secret-key-01", headers={"x-tenant": "1"}).complete(
            headers={"x-mine": "2"}, raw_response_hook=hooks.append, model_extras={"a": 1}
        )
    call, question = server.requests
    assert (question.method, question.target) == ("GET", "/v1/models")
    for name in ("authorization", "api-key", "x-tenant", "x-mine"):
        assert question.headers[name] == call.headers[name]
    assert not {"content-type", "content-length", "extra-parameters"} & {*question.headers}
    assert len(hooks) == 1, "the caller's hook is for the caller's request"


async def test_long_list_is_truncated_without_secrets(world: World, serve: Serve) -> None:
    server = serve(
        REFUSED, listed("m05" + "x" * 500, "my-secret-key-01", 7, *(f"m{number:02}\n" for number in range(9)))
    )
    with pytest.raises(ResourceNotFoundError) as raised:
        await world.chat(f"{server.url}/v1", "my-secret-key-01").complete(model="m05")
    text = str(raised.value)
    assert f"and 1 more; GET {server.url}/v1/models lists them." in text
    assert "; it has 'm05" in text
    assert "my-secret-key-01" not in text
    assert "x" * 101 not in text


@pytest.mark.parametrize("body", [b"[1]", b"no JSON", b'{"model": 3}'])
async def test_any_caller_body(world: World, serve: Serve, body: bytes) -> None:
    server = serve(REFUSED, listed("a", "b"))
    with pytest.raises(ResourceNotFoundError, match="it has 'a', 'b'"):
        await world.chat(f"{server.url}/v1").complete(body)


async def test_list_is_not_requested_with_caller_policies(world: World, serve: Serve) -> None:
    server = serve(REFUSED, listed("a"))
    with pytest.raises(ResourceNotFoundError, match="lists the models it has"):
        await world.chat(f"{server.url}/v1", per_call_policies=[SansIOHTTPPolicy()]).complete()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://contoso.services.ai.azure.com",  # lists models that could be deployed, not deployments
        "https://contoso.openai.azure.com/openai/deployments/d",
        "http://localhost:8000/gateway",
        "http://localhost:8000/v1/messages",
    ],
)
def test_endpoints_whose_list_is_not_requested(world: World, url: str) -> None:
    settings = world.chat(url, model="m").real._settings
    call = chat_call(settings, None, {"messages": [{"role": "user", "content": "x"}]})
    refusal: Any = SimpleNamespace(context={})
    assert served_models.question(call, refusal, settings) is None
