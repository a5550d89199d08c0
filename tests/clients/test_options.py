"""Options: azure-core's keyword arguments, in the constructor and in calls."""

import asyncio
import inspect
import json
import logging
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.policies import SansIOHTTPPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest

from azure.ai.inference import __version__
from azure.ai.inference._operations.options import RequestOptions, names
from azure.ai.inference.emulator import Emulator

from .conftest import Serve, World, settle
from .raw_server import RawServer, answer, completion

GOOD = answer(200, completion())

SENT: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"headers": {"x-mine": "1"}}, {"x-mine": "1"}),
    ({"request_id": "mine"}, {"x-ms-client-request-id": "mine"}),
    ({"client_request_id": "mine"}, {"x-ms-client-request-id": "mine"}),
    ({"headers": {"x-ms-client-request-id": "mine"}}, {"x-ms-client-request-id": "mine"}),
]


@pytest.mark.parametrize(("options", "headers"), SENT)
@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_headers(
    world: World, serve: Serve, options: dict[str, Any], headers: dict[str, str], where: str
) -> None:
    server = serve(GOOD)
    client = world.chat(server.url, **(options if where == "constructor" else {}))
    await client.complete(**(options if where == "call" else {}))
    assert headers.items() <= server.requests[0].headers.items()


EACH: dict[str, Any] = {
    "headers": {"x-mine": "1"},
    "params": {"a": "b"},
    "content_type": "application/json",
    "api_version": "v1",
    "error_map": {},
    "cls": lambda response, result, headers: result,
    "raw_request_hook": lambda request: None,
    "raw_response_hook": lambda response: None,
    "timeout": 50,
    "connection_timeout": 50,
    "read_timeout": 50,
    "connection_verify": True,
    "connection_cert": None,
    "proxies": {},
    "request_id": "mine",
    "client_request_id": "mine",
    "user_agent": "mine",
    "user_agent_overwrite": True,
    "logging_enable": True,
    "enforce_https": True,
    "permit_redirects": True,
    "redirect_max": 3,
    "retry_total": 3,
    "retry_connect": 3,
    "retry_read": 3,
    "retry_status": 3,
    "retry_backoff_factor": 0.1,
    "retry_backoff_max": 1,
    "retry_backoff_exponent": 2,
    "retry_mode": "fixed",
    "retry_on_methods": ["POST"],
    "retry_on_status_codes": [418],
    "tracing_options": {},
    "http_logging_level": logging.DEBUG,
    "logger": logging.getLogger("mine"),
}


def test_every_option_has_a_test() -> None:
    assert [*EACH] == [*names(RequestOptions)]


@pytest.mark.parametrize("option", EACH)
@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_each_option_alone_is_accepted(world: World, serve: Serve, option: str, where: str) -> None:
    options = {option: EACH[option]}
    client = world.chat(serve(GOOD).url, **(options if where == "constructor" else {}))
    completions = await client.complete(**(options if where == "call" else {}))
    assert completions.choices


async def test_user_agents(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    await world.chat(server.url).complete()
    await world.chat(server.url, user_agent="mine").complete()
    await world.chat(server.url, application_id="app").complete()
    await world.chat(server.url).complete(user_agent="mine")
    await world.chat(server.url).complete(user_agent="mine", user_agent_overwrite=True)
    agents = [request.headers["user-agent"] for request in server.requests]
    assert agents[0].startswith(f"azsdk-python-ai-inference/{__version__} Python/")
    assert agents[1].startswith("mine azsdk-python-ai-inference/")
    assert agents[2].startswith("app azsdk-python-ai-inference/")
    assert "mine" in agents[3]
    assert "azsdk" in agents[3]
    assert agents[4] == "mine"


async def test_request_ids_are_random_and_optional(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    client = world.chat(server.url)
    for options in ({}, {}, {"request_id": None}):
        await client.complete(**options)
    await world.chat(server.url, request_id=None).complete()
    await world.chat(server.url, auto_request_id=False).complete()
    ids = [request.headers.get("x-ms-client-request-id") for request in server.requests]
    assert ids[0] != ids[1]
    assert ids[0] is not None
    assert ids[0][14] == "4", "a random UUID"
    assert ids[2:] == [None] * 3


async def test_queries(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    await world.chat(f"{server.url}/?own=1").complete(params={"a": "ü &"})
    await world.chat(server.url, api_version="v1").complete()
    await world.chat(server.url, api_version=None).complete()
    await world.chat(server.url, api_version="v1").complete(api_version="v2")
    await world.chat(server.url, api_version="v1").complete(api_version=None)
    await world.chat(server.url).complete(params={"api-version": "v3"})
    assert [request.target.partition("?")[2] for request in server.requests] == [
        "own=1&a=%C3%BC+%26&api-version=2024-05-01-preview",
        "api-version=v1",
        "",
        "api-version=v2",
        "",
        "api-version=v3",
    ]


async def test_content_type_and_accept(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    client = world.chat(server.url)
    await client.complete(content_type="text/json")
    await client.complete(headers={"content-type": "a/b", "ACCEPT": "c/d"})
    assert server.requests[0].headers["content-type"] == "text/json"
    assert server.requests[1].headers["content-type"] == "a/b"
    assert server.requests[1].headers["accept"] == "c/d"


class Counting(SansIOHTTPPolicy[Any, Any]):
    """Counts the requests that pass through it."""

    def __init__(self) -> None:
        self.count = 0

    def on_request(self, request: Any) -> None:
        self.count += 1
        request.context.options.pop("my_option", None)


@pytest.mark.parametrize("listed", [False, True])
async def test_caller_policies(world: World, serve: Serve, listed: bool) -> None:
    server = serve(answer(500, {}), GOOD)
    call, retry = Counting(), Counting()
    client = world.chat(
        server.url,
        per_call_policies=[call] if listed else call,
        per_retry_policies=[retry] if listed else retry,
        retry_backoff_factor=0,
    )
    await client.complete(my_option=1)
    assert (call.count, retry.count) == (1, 2)


async def test_policies_option_replaces_all_policies(world: World, serve: Serve) -> None:
    server, counting = serve(GOOD), Counting()
    await world.chat(server.url, policies=[counting]).complete()
    assert counting.count == 1
    assert "authorization" not in server.requests[0].headers


async def test_policy_option_replaces_one_policy(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    await world.chat(server.url, user_agent_policy=UserAgentPolicy(base_user_agent="own")).complete()
    assert server.requests[0].headers["user-agent"].startswith("own")


@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_hooks(world: World, serve: Serve, where: str) -> None:
    seen: list[Any] = []
    hooks = {
        "raw_request_hook": lambda request: seen.append(request.http_request),
        "raw_response_hook": lambda response: seen.append(response.http_response),
    }
    client = world.chat(serve(GOOD).url, **(hooks if where == "constructor" else {}))
    await client.complete(**(hooks if where == "call" else {}))
    request, response = seen
    assert request.data.startswith('{"messages": ')
    assert "Content-Length" in request.headers
    assert response.status_code == 200


async def test_cls(world: World, serve: Serve) -> None:
    from .raw_server import STREAM, stream

    told = answer(200, {"data": [], "model": "m"})
    server = serve(GOOD, stream(STREAM), answer(200, {"model_name": "m"}), told)

    def cls(response: Any, value: Any, headers: Any) -> Any:
        return response.http_response.status_code, type(value).__name__, headers

    client = world.chat(server.url)
    assert await client.complete(cls=cls) == (200, "ChatCompletions", {})
    assert (await client.complete(stream=True, cls=cls))[1].endswith("StreamingChatCompletions")
    assert await client.get_model_info(cls=cls) == (200, "ModelInfo", {})
    assert await world.embeddings(server.url).embed(input=["a"], cls=cls) == (200, "EmbeddingsResult", {})


async def test_caller_transport(world: World, serve: Serve) -> None:
    from azure.core.pipeline.transport import (
        AioHttpTransport,
        RequestsTransport,
    )  # exported lazily, so it is imported here

    base: Any = RequestsTransport if world.name == "sync" else AioHttpTransport
    sent: list[str] = []

    if world.name == "sync":

        class Own(base):  # type: ignore[misc, valid-type]
            def send(self, request: Any, **options: Any) -> Any:
                sent.append(request.url)
                return super().send(request, **options)
    else:

        class Own(base):  # type: ignore[no-redef, misc, valid-type]
            async def send(self, request: Any, **options: Any) -> Any:
                sent.append(request.url)
                return await super().send(request, **options)

    from .raw_server import STREAM, stream

    client = world.chat(serve(GOOD, stream(STREAM)).url, transport=Own())
    await client.complete()
    assert await (await client.stream()).texts() == ["hello", None]
    assert len(sent) == 2


@pytest.mark.parametrize("where", ["constructor", "call", "environment"])
async def test_proxies(world: World, serve: Serve, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(GOOD)
    proxies = {"http": proxy.url}
    if where == "environment":
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
    client = world.chat(
        "http://model.invalid", enforce_https=False, **({"proxies": proxies} if where == "constructor" else {})
    )
    await client.complete(**({"proxies": proxies} if where == "call" else {}))
    assert proxy.requests[0].target.startswith("http://model.invalid/")


@pytest.mark.parametrize("way", ["NO_PROXY", "use_env_settings"])
async def test_no_proxies(world: World, serve: Serve, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = serve(GOOD), serve(GOOD)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    if way == "NO_PROXY":
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    await world.chat(server.url, **({"use_env_settings": False} if way != "NO_PROXY" else {})).complete()
    assert proxy.requests == []
    assert len(server.requests) == 1


@pytest.fixture(scope="module")
def secure() -> Iterator[Emulator]:
    with Emulator(tls=True) as running:
        yield running


@pytest.mark.parametrize("where", ["constructor", "call", "environment"])
async def test_certificates(world: World, secure: Emulator, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"connection_verify": secure.ca_file}
    if where == "environment":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure.ca_file)
    client = world.chat(secure.url, secure.key, **(said if where == "constructor" else {}))
    assert (await client.complete(**(said if where == "call" else {}))).choices


async def test_untrusted_certificate_is_refused_without_retry(world: World, secure: Emulator) -> None:
    transport = world.transport()
    with pytest.raises(ServiceRequestError, match=r"(?i)certificate"):
        await world.chat(secure.url, secure.key, transport=transport).complete()
    assert transport.waits == []


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
async def test_verification_can_be_disabled(world: World, secure: Emulator) -> None:
    assert (await world.chat(secure.url, secure.key, connection_verify=False).complete()).choices


@pytest.mark.parametrize("pair", [False, True])
async def test_client_certificate(world: World, pair: bool, tmp_path: Any) -> None:
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    own = authority.issue_cert("me@example.com")
    files = {
        "ca": authority.cert_pem,
        "both": own.private_key_and_cert_chain_pem,
        "cert": own.cert_chain_pems[0],
        "key": own.private_key_pem,
    }
    paths = {name: str(tmp_path / name) for name in files}
    for name, blob in files.items():
        blob.write_to_path(paths[name])
    cert = (paths["cert"], paths["key"]) if pair else paths["both"]
    with RawServer(GOOD, tls=context) as server:
        client = world.chat(server.url, connection_verify=paths["ca"], connection_cert=cert)
        assert (await client.complete()).choices
        await client.close()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
async def test_client_certificate_without_verification(world: World, secure: Emulator, tmp_path: Any) -> None:
    import trustme

    path = str(tmp_path / "me.pem")
    trustme.CA().issue_cert("me@example.com").private_key_and_cert_chain_pem.write_to_path(path)
    client = world.chat(secure.url, secure.key, connection_verify=False, connection_cert=path)
    assert (await client.complete()).choices


class Canned:
    """A response of a transport based on neither requests nor aiohttp."""

    status_code, reason, headers, encoding = 200, "OK", {"x-request-id": "r"}, None
    content = json.dumps(completion()).encode()

    def __init__(self, request: Any, world: World) -> None:
        self.request = request
        self._world = world

    def read(self) -> Any:
        return asyncio.sleep(0, self.content) if self._world.name == "aio" else self.content


async def test_foreign_transport(world: World) -> None:
    base: Any = type(world.transport())

    class Sync(base):  # type: ignore[misc, valid-type]
        def send(self, request: Any, **options: Any) -> Any:
            return Canned(request, world)

    class Aio(base):  # type: ignore[misc, valid-type]
        async def send(self, request: Any, **options: Any) -> Any:
            return Canned(request, world)

    client = world.chat("https://model.invalid", transport=Sync() if world.name == "sync" else Aio())
    got = await client.complete(logging_enable=False, api_version=None)
    assert got.choices[0].message.content == "hello"
    assert got.request_id == "r"


def test_signature_can_be_replaced(world: World) -> None:
    signature = inspect.signature(world.package.ChatCompletionsClient.complete)
    assert not signature.replace(parameters=[]).parameters


async def test_unknown_constructor_keywords_are_logged(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    client = world.chat(serve(GOOD).url, azure_ai_chat_endpoint="x", Sync=False, polling_interval=3)
    await client.complete()
    assert "azure_ai_chat_endpoint, Sync" in caplog.text
    assert "polling_interval" not in caplog.text


@pytest.mark.parametrize("keyword", ["temprature", "max_token", "retry_totl", "api_versions", "user_agnt"])
async def test_misspelled_keywords_are_refused(world: World, serve: Serve, keyword: str) -> None:
    server = serve(GOOD)
    with pytest.raises(TypeError, match="Did you mean"):
        world.chat(server.url, **{keyword: 1})
    with pytest.raises(TypeError, match=keyword):
        await world.chat(server.url).complete(**{keyword: 1})
    assert server.requests == []


@pytest.mark.parametrize("credential", [None, "", 3, object()])
@pytest.mark.parametrize("endpoint", ["http://localhost", None, ""])
def test_invalid_endpoint_or_credential(world: World, endpoint: Any, credential: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"credential|endpoint"):
        world.chat(endpoint, credential)


def test_response_format_is_checked_everywhere(world: World) -> None:
    with pytest.raises(ValueError, match="Unsupported `response_format` 'odd'"):
        world.chat("http://localhost", response_format="odd")
    client = world.chat("http://localhost", response_format="json_object")
    with pytest.raises(ValueError, match="Unsupported `response_format` 'odd'"):
        client.with_defaults(response_format="odd")
    assert client.with_defaults(response_format=None)


async def test_send_request(world: World, serve: Serve) -> None:
    server = serve(answer(418, {"tea": 1}))
    request = HttpRequest("GET", "models?a=1", headers={"x-mine": "1"})
    client = world.chat(f"{server.url}/v1")
    response = await client.send_request(request)
    assert (response.status_code, response.json()) == (418, {"tea": 1})
    assert request.url == "models?a=1"
    assert server.requests[0].target.startswith("/v1/models?a=1")
    assert "authorization" in server.requests[0].headers
    assert "authorization" not in {name.lower() for name in response.request.headers}


async def test_send_request_streams(world: World, serve: Serve) -> None:
    from .raw_server import STREAM, stream

    response = await world.chat(serve(stream(STREAM)).url).send_request(HttpRequest("GET", "x"), stream=True)
    if world.name == "sync":
        body = b"".join(response.iter_bytes())
    else:
        body = b"".join([piece async for piece in response.iter_bytes()])
    assert body == STREAM
    await settle(response.close())
