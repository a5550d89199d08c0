"""Secrets: no credential or prompt goes to another origin or unencrypted, and none is shown, logged or pickled."""

import io
import logging
import pickle
import re
import socket
import time
import traceback
from collections import deque
from collections.abc import Mapping
from typing import Any

import pytest
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError
from azure.core.rest import HttpRequest

from azure.ai.inference.exceptions import InferenceClientError, RequestError

from .conftest import KEY, MESSAGES, Serve, World
from .raw_server import CUT, RESET, STREAM, answer, completion, stream

GOOD = answer(200, completion())
TOKEN = "very-secret-token-0123456789"
CALLERS = {"API-KEY": "callers-own-key-1", "Ocp-Apim-Subscription-Key": "callers-own-key-2"}


class Tokens:
    """A synchronous token credential, which both worlds accept."""

    def __init__(self) -> None:
        self.scopes: list[tuple[str, ...]] = []

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        self.scopes.append(scopes)
        return AccessToken(TOKEN, int(time.time()) + 3600)


class AsyncTokens(Tokens):
    """An asynchronous token credential."""

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:  # type: ignore[override]
        return Tokens.get_token(self, *scopes)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "AsyncTokens":
        return self

    async def __aexit__(self, *exc_details: object) -> None: ...


def secrets_in(server: Any) -> list[str]:
    """Return the secrets that arrived at a server."""
    arrived = "".join(f"{request.headers}{request.body!r}" for request in server.requests)
    return [secret for secret in (KEY, TOKEN, *CALLERS.values(), "my prompt") if secret in arrived]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("credential", [KEY, Tokens()], ids=["key", "token"])
async def test_prompt_does_not_follow_a_redirect_to_another_origin(
    world: World, serve: Serve, status: int, credential: Any
) -> None:
    other = serve(GOOD)
    server = serve(answer(status, b"", location=f"{other.url}/chat/completions"))
    client = world.chat(server.url, credential)
    for streamed in (False, True):
        with pytest.raises(HttpResponseError, match=rf"\({status}\)"):
            await client.complete(messages=[{"role": "user", "content": "my prompt"}], headers=CALLERS, stream=streamed)
    assert other.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("credential", [KEY, Tokens()], ids=["key", "token"])
async def test_no_credential_follows_a_redirect_to_another_origin(
    world: World, serve: Serve, status: int, credential: Any
) -> None:
    other = serve(answer(200, {"model_name": "m"}))
    server = serve(answer(status, b"", location=f"{other.url}/info"))
    info = await world.chat(server.url, credential, headers={"Cookie": "c"}).get_model_info(headers=CALLERS)
    assert info.model_name == "m"
    assert secrets_in(other) == []
    assert not {"api-key", "authorization", "ocp-apim-subscription-key", "cookie"} & other.requests[0].headers.keys()
    assert secrets_in(server) != []


async def test_redirect_within_the_origin_is_followed(world: World, serve: Serve) -> None:
    server = serve(answer(307, b"", location="/elsewhere"), GOOD)
    await world.chat(server.url).complete()
    first, second = server.requests
    assert second.target == "/elsewhere"
    assert second.body == first.body
    assert second.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("host", "name"), [("localhost", "host"), ("127.0.0.1", "port")])
async def test_origin_includes_host_and_port(world: World, serve: Serve, host: str, name: str) -> None:
    other = serve(answer(200, {}))
    server = serve(answer(302, b"", location=f"http://{host}:{other.port}/info"))
    await world.chat(server.url).get_model_info()
    assert secrets_in(other) == []


async def test_redirects_can_be_disabled(world: World, serve: Serve) -> None:
    server = serve(answer(307, b"", location="/elsewhere"), GOOD)
    with pytest.raises(HttpResponseError, match=r"\(307\)"):
        await world.chat(server.url, permit_redirects=False).complete()
    server = serve(answer(307, b"", location="/elsewhere"), GOOD)
    with pytest.raises(HttpResponseError, match=r"\(307\)"):
        await world.chat(server.url).complete(permit_redirects=False)


async def test_other_origins_can_be_trusted(world: World, serve: Serve) -> None:
    other = serve(GOOD)
    server = serve(answer(307, b"", location=f"{other.url}/chat"))
    await world.chat(server.url, disable_redirect_cleanup=True).complete()
    assert other.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_additional_headers_can_be_withheld(world: World, serve: Serve) -> None:
    other = serve(answer(200, {}))
    server = serve(answer(302, b"", location=f"{other.url}/info"))
    client = world.chat(server.url, blocked_redirect_headers=["x-tenant"], headers={"x-tenant": "t"})
    await client.get_model_info()
    assert "x-tenant" in server.requests[0].headers
    assert "x-tenant" not in other.requests[0].headers


async def test_send_request_to_another_origin_carries_no_credential(world: World, serve: Serve) -> None:
    other = serve(GOOD)
    client = world.chat(serve(GOOD).url)
    request = HttpRequest("POST", f"{other.url}/x", json={})
    response = await client.send_request(request)
    assert response.status_code == 200
    assert secrets_in(other) == []
    assert not request.headers.get("api-key")


# ---------------------------------------------------------------- plain http


def capturing(world: World) -> Any:
    """Return a transport that records requests instead of sending them."""
    transport = world.transport()
    transport.sent = []
    base = type(transport)

    class Nowhere(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.sent: list[Any] = []

        def _note(self, request: Any) -> None:
            self.sent.append(dict(request.headers))
            raise ServiceRequestError("nowhere")

    if world.name == "sync":

        class Sync(Nowhere):
            def send(self, request: Any, **options: Any) -> Any:
                self._note(request)

        return Sync()

    class Aio(Nowhere):
        async def send(self, request: Any, **options: Any) -> Any:
            self._note(request)

    return Aio()


@pytest.mark.parametrize("credential", [KEY, Tokens()], ids=["key", "token"])
@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "[2001:db8::1]", "localhost.example.com"])
async def test_credential_over_plain_http_is_refused(world: World, credential: Any, host: str) -> None:
    transport, hooked = capturing(world), []
    client = world.chat(f"http://{host}", credential, transport=transport)
    with pytest.raises(ServiceRequestError, match=r"enforce_https=False") as caught:
        await client.complete(raw_request_hook=lambda request: hooked.append(dict(request.http_request.headers)))
    assert transport.sent == []
    assert transport.waits == [], "not retried"
    assert "Authorization" in hooked[0], "hooks still run"
    assert KEY not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("credential", [KEY, Tokens()], ids=["key", "token"])
@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_plain_http_can_be_allowed(world: World, credential: Any, where: str) -> None:
    transport, said = capturing(world), {"enforce_https": False}
    constructor, call = (said, {}) if where == "constructor" else ({}, said)
    client = world.chat("http://example.com", credential, transport=transport, retry_total=0, **constructor)
    with pytest.raises(ServiceRequestError, match="nowhere"):
        await client.complete(**call)
    assert len(transport.sent) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "LOCALHOST", "api.localhost"])
async def test_loopback_needs_no_tls(world: World, host: str) -> None:
    transport = capturing(world)
    with pytest.raises(ServiceRequestError, match="nowhere"):
        await world.chat(f"http://{host}:9", transport=transport, retry_total=0).complete()
    assert len(transport.sent) == 1


async def test_redirect_to_plain_http_carries_no_credential(world: World, serve: Serve) -> None:
    server = serve(answer(302, b"", location="http://example.invalid/info"))
    with pytest.raises(ServiceRequestError) as caught:
        await world.chat(server.url).get_model_info()
    assert "Refused" not in str(caught.value)


# ---------------------------------------------------------------- credentials


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("", {"api-key": KEY, "authorization": f"Bearer {KEY}"}),
        ("/openai/v1", {"authorization": f"Bearer {KEY}"}),
    ],
)
async def test_key_headers_by_route(world: World, serve: Serve, path: str, headers: dict[str, str]) -> None:
    server = serve(GOOD)
    await world.chat(server.url + path, AzureKeyCredential(KEY)).complete()
    sent = server.requests[0].headers
    assert headers.items() <= sent.items()


async def test_rotated_key_applies_at_once(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    credential = AzureKeyCredential(KEY)
    client = world.chat(server.url, credential)
    await client.complete()
    credential.update("another-key")
    await client.complete()
    sent = server.requests[1].headers
    assert (sent["api-key"], sent["authorization"]) == ("another-key", "Bearer another-key")
    assert KEY not in str(sent)


async def test_sync_and_async_token_credentials(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    kinds: list[Any] = [Tokens()] if world.name == "sync" else [Tokens(), AsyncTokens()]
    for credential in kinds:
        client = world.chat(server.url, credential, credential_scopes=["https://mine/.default"])
        await client.complete()
        await client.complete()
        assert server.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"
        assert "api-key" not in server.requests[-1].headers
        assert credential.scopes == [("https://mine/.default",)]


async def test_caller_api_key_header_is_kept(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    await world.chat(server.url, headers={"API-KEY": "mine"}).complete()
    await world.chat(server.url).complete(headers={"Api-Key": "mine"})
    for request in server.requests:
        assert request.headers["api-key"] == "mine"
        assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_caller_header_dicts_are_not_modified(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    constructor, call = {"x-a": "1"}, {"x-b": "2"}
    client = world.chat(server.url, headers=constructor)
    await client.complete(headers=call)
    other = world.chat(server.url, "another-key", headers=constructor)
    await other.complete(headers=call)
    assert (constructor, call) == ({"x-a": "1"}, {"x-b": "2"})
    assert KEY not in str(server.requests[1].headers)
    assert server.requests[1].headers["x-a"] == "1"
    assert server.requests[1].headers["x-b"] == "2"


# ---------------------------------------------------------------- repr, pickles and errors


async def test_repr_and_pickle_contain_no_secret(world: World, serve: Serve) -> None:
    client = world.chat(serve(GOOD, stream(STREAM)).url, AzureKeyCredential(KEY))
    got = await client.complete()
    streamed = await client.stream()
    updates = await streamed.rest()
    for value in (client.real, got, streamed.real, *updates):
        assert KEY not in f"{value!r}{value}"
    assert KEY.encode() not in pickle.dumps([got, updates])
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(client.real)


FAILURES: dict[str, list[Any]] = {
    "status": [answer(400, {"error": {"message": f"your key {KEY} is bad"}})],
    "echoed in a 200": [answer(200, {"error": {"message": f"your key {KEY} is bad"}})],
    "no JSON": [answer(200, f"<html>{KEY}".encode())],
    "no answer": [[CUT]],
    "in a stream": [stream(b'data: {"error": {"message": "key %s"}}\n\n' % KEY.encode())],
    "endless redirects": [answer(307, b"", location="/on")],
}


def history_of(error: BaseException) -> list[Any]:
    """What azure-core's TooManyRedirectsError keeps."""
    return getattr(error, "history", None) or []


_WALKED = ("azure", "requests", "urllib3", "aiohttp", "multidict", "yarl", "http", "builtins", "collections")
_NOT_WALKED = ("ClientSession", "Connector", "PoolManager", "HTTPAdapter", "DeadlineAdapter", "NoRedirectSession")
"""Objects that hold a client's connections, which no error is about."""


def everything_of(error: BaseException) -> str:
    """Return everything that can be reached from an error: causes, contexts, arguments, attributes, requests.

    Of the local variables in its traceback, only those that are errors.
    """
    shown: list[str] = []
    seen: dict[int, Any] = {}
    pending: list[Any] = [error]
    while pending:
        one = pending.pop()
        if id(one) in seen or one is None or isinstance(one, (type, int, float)):
            continue
        seen[id(one)] = one
        if isinstance(one, str):
            shown.append(one)
        elif isinstance(one, BaseException):
            shown.append(f"{one}{one!r}")
            pending += [one.args, vars(one), one.__cause__, one.__context__, *_errors_among_locals(one)]
        elif isinstance(one, Mapping):
            pending += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, deque)):
            pending += one
        elif type(one).__module__.split(".")[0] in _WALKED and type(one).__name__ not in _NOT_WALKED:
            shown.append(f"{one}{one!r}")
            pending += [getattr(one, "request_info", None), *_members(one)]
    return "".join(shown)


def _members(one: Any) -> list[Any]:
    """Return what an object refers to, except for what the service itself wrote into headers and body."""
    members: dict[str, Any] = getattr(one, "__dict__", {})
    if not (hasattr(one, "status_code") or hasattr(one, "status")):
        return [*members.values(), getattr(one, "headers", None)]
    return [value for name, value in members.items() if not re.search("headers|content|body|json|raw|connection", name)]


def _errors_among_locals(error: BaseException) -> list[BaseException]:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [value for frame in frames for value in frame.f_locals.values() if isinstance(value, BaseException)]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("credential", [KEY, AzureKeyCredential(KEY)], ids=["str", "credential"])
async def test_no_error_refers_to_the_key(world: World, serve: Serve, failure: str, credential: Any) -> None:
    client = world.chat(serve(*FAILURES[failure]).url, credential, retry_total=0)
    with pytest.raises(Exception) as caught:  # noqa: PT012 - in the call or in the reading
        opened = await client.complete(stream=failure == "in a stream")
        await opened.rest()
    assert KEY not in everything_of(caught.value)
    assert bool(history_of(caught.value)) is (failure == "endless redirects")


NO_ANSWERS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "dropped": ([CUT], {}),
    "reset": ([RESET], {}),
    "no HTTP": ([b"SSH-2.0-OpenSSH_9.6\r\n", CUT], {}),
    "an unreadable head": ([b"HTTP/1.1 200 OK\r\n\xff\x00 : x\r\n: y\r\n\r\n{", CUT], {}),
    "a head without end": ([b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", CUT], {}),
    "silence": ([], {"read_timeout": 0.05}),
    "the deadline": ([], {"timeout": 0.1}),
    "a head that drips": ([b"HTTP/1.1 200 OK\r\nx: ", *[b" ", 0.05] * 50], {"timeout": 0.15}),
    "a body cut short": ([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", CUT], {}),
    "silence in a body": ([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"], {"read_timeout": 0.05}),
    "bad gzip": ([answer(200, b"no gzip", content_encoding="gzip")], {}),
    "a status": ([answer(400, {"error": {"message": "no"}})], {}),
    "endless redirects": ([answer(307, b"", location="/on")], {}),
    "refused": ([], {"closed": True}),
    "unknown host": ([], {"host": "no-such-host.invalid"}),
}
SECRET = "SECRETSECRET/%2B"
SECRETS = (KEY, "SECRETSECRET", "very-secret-functions-key", "SECRETPASSWORD", "c29tZWJvZHk6U0VDUkVUUEFTU1dPUkQ=")


@pytest.mark.parametrize("case", NO_ANSWERS)
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("proxied", [False, True])
async def test_no_connection_failure_refers_to_a_secret(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture, case: str, streamed: bool, proxied: bool
) -> None:
    """Failures refer neither to the key, nor to the query, nor to a proxy's password, and can be pickled."""
    steps, options = NO_ANSWERS[case]
    options = {"retry_total": 0, "enforce_https": False, **options}
    server = serve(steps)
    url = f"http://{options.pop('host', '127.0.0.1')}:{closed_port() if options.pop('closed', False) else server.port}"
    if proxied:
        options["proxies"] = {"http": url.replace("//", "//somebody:SECRETPASSWORD@")}
        url = "http://model.invalid"
    client = world.chat(f"{url}/v1?code={SECRET}", headers={"x-functions-key": "very-secret-functions-key"}, **options)
    with caplog.at_level(logging.DEBUG), pytest.raises(AzureError) as caught:  # noqa: PT012 - or in the reading
        opened = await client.complete(stream=streamed)
        await opened.rest()
    error = caught.value
    shown = everything_of(error) + "".join(traceback.format_exception(error)) + caplog.text
    assert [secret for secret in SECRETS if secret in shown.replace(url, "")] == []
    assert isinstance(error, InferenceClientError)
    raw = pickle.dumps(error)
    assert [secret for secret in SECRETS if secret.encode() in raw] == []
    again = pickle.loads(raw)
    assert (type(again), str(again)) == (type(error), str(error))


@pytest.mark.parametrize("proxy", ["http://somebody:SECRETPASSWORD@{}", "somebody:SECRETPASSWORD@{}"])
@pytest.mark.parametrize("answered", [407, 502, CUT, None])
async def test_proxy_password_is_not_shown(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture, proxy: str, answered: Any
) -> None:
    server = serve([answered] if answered is CUT else answer(answered or 200, b"no"))
    place = f"127.0.0.1:{server.port if answered else closed_port()}"
    client = world.chat("https://model.invalid", proxies={"https": proxy.format(place)}, retry_total=0)
    with caplog.at_level(logging.DEBUG), pytest.raises(RequestError if answered != CUT else AzureError) as caught:
        await client.complete()
    shown = everything_of(caught.value) + "".join(traceback.format_exception(caught.value)) + caplog.text
    assert [secret for secret in SECRETS if secret in shown] == []
    if answered:
        assert server.requests[0].headers["proxy-authorization"] == "Basic c29tZWJvZHk6U0VDUkVUUEFTU1dPUkQ="


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


REFUSED: dict[str, tuple[str, str]] = {
    "typographic quote": ("\u2019", "KEY"),
    "accent": ("\u00e9", "KEY"),
    "line end": ("\n", "KEY"),
    "return": ("\r", "KEY"),
    "tab": ("\t", "KEY"),
    "zero": ("\0", "KEY"),
    "zero width": ("\u200b", "KEY"),
}
CREDENTIAL_NAMES = [
    "api-key",
    "x-api-key",
    "Ocp-Apim-Subscription-Key",
    "x-functions-key",
    "X-Auth-Token",
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "apikey",
    "X-Goog-Api-Key",
    "x-ms-authorization-auxiliary",
]


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("where", ["key", "token", "function", *CREDENTIAL_NAMES])
async def test_credential_with_invalid_header_characters(world: World, serve: Serve, case: str, where: str) -> None:
    server, transport = serve(GOOD), world.transport()
    secret = f"{KEY}{REFUSED[case][0]}"
    credential: Any = {"key": secret, "function": lambda: secret, "token": Giving(secret)}.get(where, KEY)
    headers = {where: secret} if where in CREDENTIAL_NAMES else {}
    client = world.chat(server.url, credential, transport=transport)
    with pytest.raises(ValueError, match="contains a line break, a control character or one") as caught:
        await client.complete(headers=headers)
    assert not isinstance(caught.value, UnicodeError)
    assert KEY not in everything_of(caught.value) + "".join(traceback.format_exception(caught.value))
    assert server.requests == []
    assert transport.waits == []


class Giving:
    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self.token, 2**33)


@pytest.mark.parametrize("name", CREDENTIAL_NAMES)
async def test_credential_headers_are_not_logged_kept_or_redirected(
    world: World, serve: Serve, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    other = serve(answer(200, {}))
    server = serve(answer(302, b"", location=f"{other.url}/info"), answer(400, {"error": {"message": "no"}}))
    client = world.chat(server.url, logging_enable=True, headers={name: SECRETS[2]})
    with caplog.at_level(logging.DEBUG):
        await client.get_model_info()
        with pytest.raises(HttpResponseError) as caught:
            await client.get_model_info(force_refresh=True)
    assert server.requests[0].headers[name.lower()].endswith(SECRETS[2] if name != "Authorization" else KEY)
    assert name.lower() not in other.requests[0].headers
    assert SECRETS[2] not in caplog.text
    assert SECRETS[2] not in everything_of(caught.value)
    assert SECRETS[2].encode() not in pickle.dumps(caught.value)


async def test_logs_have_no_key(world: World, serve: Serve) -> None:
    server = serve(GOOD, answer(429, {}, retry_after=0), answer(400, {"error": {"message": "no"}}), stream(STREAM))
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        client = world.chat(server.url, AzureKeyCredential(KEY), logging_enable=True, headers=CALLERS)
        await client.complete()
        with pytest.raises(HttpResponseError):
            await client.complete()
        await (await client.stream()).rest()
        await world.chat(serve(GOOD).url, Tokens(), http_logging_level=logging.DEBUG).complete(logging_enable=True)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    text = log.getvalue()
    assert "REDACTED" in text
    assert MESSAGES[0]["content"] in text
    for secret in (KEY, TOKEN, *CALLERS.values()):
        assert secret not in text
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}", "redacted in the log alone"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\nsecond line", "\0"])
@pytest.mark.parametrize("kind", ["key", "function", "header"])
async def test_credential_with_a_line_break_is_refused_without_showing_it(
    world: World, serve: Serve, kind: str, ending: str
) -> None:
    """Such keys mostly come from a file. Lower layers that would refuse it put it into their error."""
    server = serve(GOOD)
    secret = f"{KEY}{ending}"
    credential: Any = {"key": secret, "function": lambda: secret, "header": KEY}[kind]
    headers = {"api-key": secret} if kind == "header" else {}
    with pytest.raises(ValueError, match="contains a line break, a control character or one") as caught:
        await world.chat(server.url, credential).complete(headers=headers)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert server.requests == []


# ---------------------------------------------------------------- requests captured by hooks


@pytest.mark.parametrize("credential", [KEY, Tokens()], ids=["key", "token"])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("case", ["good", "refused", "redirected", "no connection", "cut", "not JSON"])
async def test_captured_request_keeps_its_headers(
    world: World, serve: Serve, case: str, streamed: bool, credential: Any
) -> None:
    """Tests inspect the captured request afterwards; errors still refer to no credential."""
    whole = stream(STREAM) if streamed else GOOD
    served = {
        "good": [whole],
        "refused": [answer(401, {})],
        "redirected": [answer(307, b"", location="/again"), whole],
        "no connection": [GOOD],
        "cut": [[CUT]],
        "not JSON": [answer(200, b"<html>", content_type="text/html")],
    }[case]
    server = serve(*served)
    url = "http://127.0.0.1:1" if case == "no connection" else server.url
    captured: list[Any] = []
    errors: list[Exception] = []
    client = world.chat(url, credential, retry_total=1 if case == "redirected" else 0)
    try:
        result = await client.complete(stream=streamed, raw_request_hook=captured.append)
        if streamed:
            await result.rest()
    except AzureError as error:
        errors.append(error)
    expected = f"Bearer {KEY if credential == KEY else TOKEN}"
    assert [one.http_request.headers["Authorization"] for one in captured] == [expected]
    assert ("api-key" in captured[0].http_request.headers) == (credential == KEY)
    assert bool(errors) == (case not in ("good", "redirected"))
    for error in errors:
        response = getattr(error, "response", None)
        shown = dict(response.request.headers) if response is not None else {}
        assert not {"authorization", "api-key"} & {name.lower() for name in shown}


async def test_captured_request_keeps_its_headers_after_a_redirect(world: World, serve: Serve) -> None:
    other = serve(answer(200, {"model_name": "m"}))
    server = serve(answer(302, b"", location=f"{other.url}/info"))
    captured: list[Any] = []
    await world.chat(server.url).get_model_info(raw_request_hook=lambda sent: captured.append(sent.http_request))
    assert captured[0].headers["api-key"] == KEY
    assert captured[0].url.startswith(server.url)
    assert secrets_in(other) == []


async def test_captured_raw_request_keeps_its_headers(world: World, serve: Serve) -> None:
    captured: list[Any] = []
    client = world.chat(serve(GOOD).url)
    response = await client.send_request(HttpRequest("GET", "models"), raw_request_hook=captured.append)
    assert captured[0].http_request.headers["api-key"] == KEY
    assert "api-key" not in response.request.headers


@pytest.mark.parametrize("status", [200, 400])
async def test_response_passed_to_the_caller_does_not_refer_to_the_key(world: World, serve: Serve, status: int) -> None:
    """Other responses may keep their request's headers, since nothing refers to them after the call."""
    given: list[Any] = []
    client = world.chat(serve(GOOD if status == 200 else answer(400, {})).url)
    try:
        await client.complete(cls=lambda response, value, _: given.append(response.http_response))
    except HttpResponseError as error:
        given.append(error.response)
    for request in (given[0].request, getattr(given[0].internal_response, "request", given[0].request)):
        assert {"api-key", "authorization"}.isdisjoint(name.lower() for name in request.headers)
    assert len(given) == 1
