"""The wire: proxies, certificates, handshakes, redirects, headers, tokens and timeouts."""

import asyncio
import math
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import azure.core.pipeline.transport
import pytest
import trustme
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.policies import AsyncHTTPPolicy, HTTPPolicy
from azure.core.rest import HttpRequest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference._http.proxies import why_unusable
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
from azure.ai.inference.exceptions import InsecureRequestError, ProxyError

from .conftest import KEY, MESSAGES, Serve, World
from .raw_server import CUT, RESET, RawServer, answer, completion, head
from .test_secrets import TOKEN, AsyncTokens, Tokens

GOOD = answer(200, completion())
SLACK = 2.0


# ---------------------------------------------------------------- certificates and handshakes


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


@pytest.fixture
def secure(authority: trustme.CA) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ExitStack() as servers:
        yield lambda *answers: servers.enter_context(RawServer(*answers, tls=context))


def folder_of(authority: trustme.CA, path: Path) -> Path:
    """Create a folder of certificates like `openssl rehash`: file names are hashes of the subjects."""
    from cryptography import x509

    pem = authority.cert_pem.bytes()
    path.mkdir()
    (path / f"{subject_hash(x509.load_pem_x509_certificate(pem))}.0").write_bytes(pem)
    return path


def subject_hash(certificate: Any) -> str:
    """Compute OpenSSL's X509_NAME_hash: SHA-1 over the canonical subject."""
    import hashlib

    def der(tag: int, content: bytes) -> bytes:
        length = len(content)
        size = bytes([length]) if length < 128 else bytes([0x81, length])
        return bytes([tag]) + size + content

    canonical = b""
    for attribute in certificate.subject:
        oid = attribute.oid.dotted_string.split(".")
        encoded = bytes([int(oid[0]) * 40 + int(oid[1]), *map(int, oid[2:])])
        value = " ".join(attribute.value.lower().split()).encode()
        canonical += der(0x31, der(0x30, der(0x06, encoded) + der(0x0C, value)))
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "connection_verify"])
@pytest.mark.parametrize("form", ["file", "folder"])
async def test_certificates_in_a_file_or_a_folder(
    world: World,
    secure: Any,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    form: str,
) -> None:
    path = str(tmp_path / "ca.pem" if form == "file" else folder_of(authority, tmp_path / "certs"))
    server, options = secure(GOOD), {"retry_total": 0}
    if variable == "connection_verify":
        options["connection_verify"] = path  # type: ignore[assignment]
    else:
        monkeypatch.setenv(variable, path)
    client = world.chat(server.url, **options)
    assert (await client.complete()).choices
    assert (await client.complete(connection_verify=True)).choices, "as the client does"
    await client.close()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request:Warning")
async def test_connection_verify_per_call(world: World, secure: Any, tmp_path: Path) -> None:
    server = secure(GOOD)
    lax = world.chat(server.url, connection_verify=False, retry_total=0)
    strict = world.chat(server.url, retry_total=0)
    assert (await lax.complete()).choices
    with pytest.raises(ServiceRequestError, match=r"(?i)certificate"):
        await lax.complete(connection_verify=True)
    assert (await lax.complete()).choices
    assert (await lax.complete(connection_verify=str(tmp_path / "ca.pem"))).choices
    with pytest.raises(ServiceRequestError, match=r"(?i)certificate"):
        await strict.complete()
    assert (await strict.complete(connection_verify=False)).choices
    with pytest.raises(ServiceRequestError, match=r"(?i)certificate"):
        await strict.complete()
    for client in (lax, strict):
        await client.close()


@pytest.mark.parametrize("option", ["connection_verify", "connection_cert"])
@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_missing_certificate_files(world: World, secure: Any, option: str, where: str) -> None:
    server = secure(GOOD)
    said = {option: "/no/such/place.pem"}
    with pytest.raises(ValueError, match=f"{option}='/no/such/place.pem'"):
        await world.chat(server.url, **(said if where == "constructor" else {})).complete(
            **(said if where == "call" else {})
        )
    assert server.requests == []


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request:Warning")
async def test_client_certificate(world: World, tmp_path: Path, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    mine = authority.issue_cert("me@example.com")
    mine.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    mine.private_key_pem.write_to_path(tmp_path / "key.pem")
    mine.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    trusted = {"connection_verify": str(tmp_path / "ca.pem"), "retry_total": 0}
    both, pair = str(tmp_path / "both.pem"), (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    with RawServer(GOOD, tls=context) as server:
        for cert in (both, pair):
            for options, call in (({"connection_cert": cert}, {}), ({}, {"connection_cert": cert, **trusted})):
                client = world.chat(server.url, **trusted, **options)
                call.pop("retry_total", None)
                assert (await client.complete(**call)).choices
                await client.close()
        lax = world.chat(server.url, connection_verify=False, connection_cert=both)
        assert (await lax.complete()).choices
        await lax.close()
        client = world.chat(server.url, **trusted)
        with pytest.raises(AzureError):
            await client.complete()
        await client.close()


@pytest.mark.parametrize("end", ["closed", "reset", "closed after the greeting"])
async def test_interrupted_handshake_is_retried(world: World, authority: trustme.CA, tmp_path: Path, end: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    transport = world.transport(connection_verify=str(tmp_path / "ca.pem"))
    tried = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def play() -> None:
            nonlocal tried
            for _ in range(2):
                connection, _ = listener.accept()
                tried += 1
                if end == "closed after the greeting":
                    connection.recv(5)
                if end == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                else:
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(4096):
                        pass
                connection.close()
            connection, _ = listener.accept()
            tried += 1
            with context.wrap_socket(connection, server_side=True) as encrypted:
                encrypted.recv(65536)
                encrypted.sendall(GOOD)
                encrypted.recv(65536)

        thread = threading.Thread(target=play)
        thread.start()
        client = world.chat(f"https://127.0.0.1:{listener.getsockname()[1]}", transport=transport)
        assert (await client.complete()).choices
        await client.close()
        await asyncio.to_thread(thread.join, 5)
    assert tried == 3
    assert len(transport.waits) == 2


async def test_untrusted_certificate_is_not_retried(world: World, secure: Any) -> None:
    transport = world.transport()
    with pytest.raises(ServiceRequestError, match=r"(?i)certificate"):
        await world.chat(secure(GOOD).url, transport=transport).complete()
    assert transport.waits == []


async def test_server_without_tls_is_not_retried(world: World) -> None:
    transport = world.transport()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def play() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                connection.recv(65536)

        thread = threading.Thread(target=play)
        thread.start()
        with pytest.raises(ServiceRequestError):
            await world.chat(f"https://127.0.0.1:{listener.getsockname()[1]}", transport=transport).complete()
        await asyncio.to_thread(thread.join, 5)
    assert transport.waits == []


# ---------------------------------------------------------------- proxies


@pytest.mark.parametrize("form", ["127.0.0.1:{port}", "http://127.0.0.1:{port}", "http://127.0.0.1:{port}/"])
@pytest.mark.parametrize("where", ["HTTP_PROXY", "ALL_PROXY", "constructor", "call", "all", "scheme and host"])
async def test_proxy_url_formats(
    world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch, form: str, where: str
) -> None:
    proxy = serve(GOOD)
    url = form.format(port=proxy.port)
    options: dict[str, Any] = {}
    if where.endswith("_PROXY"):
        monkeypatch.setenv(where.lower(), url)
    else:
        key = {"all": "all", "scheme and host": "http://model.invalid"}.get(where, "http")
        options = {"proxies": {key: url}}
    constructor, call = ({}, options) if where == "call" else (options, {})
    client = world.chat("http://model.invalid", enforce_https=False, retry_total=0, **constructor)
    assert (await client.complete(**call)).choices
    assert proxy.requests[0].target.startswith("http://model.invalid/")


async def test_proxy_for_another_scheme_or_host_is_not_used(world: World, serve: Serve) -> None:
    server, proxy = serve(GOOD), serve(GOOD)
    proxies = {"https": proxy.url, "http://model.invalid": proxy.url}
    await world.chat(server.url, proxies=proxies).complete()
    assert (len(server.requests), proxy.requests) == (1, [])


@pytest.mark.parametrize(("status", "attempts"), [(407, 1), (403, 1), (400, 1), (502, 4), (503, 4), (504, 4)])
async def test_proxy_refuses_a_tunnel(world: World, serve: Serve, status: int, attempts: int) -> None:
    proxy = serve(answer(status, b"no", proxy_authenticate="Basic"))
    transport = world.transport()
    client = world.chat("https://model.invalid", transport=transport, proxies={"https": proxy.url})
    with pytest.raises(ProxyError, match=f"status {status}") as caught:
        await client.complete()
    assert isinstance(caught.value, ServiceRequestError)
    assert caught.value.status_code == status
    assert [request.method for request in proxy.requests] == ["CONNECT"] * attempts


async def test_proxy_refuses_plain_http(world: World, serve: Serve) -> None:
    proxy = serve(answer(407, b"no", proxy_authenticate="Basic"))
    client = world.chat("http://model.invalid", enforce_https=False, proxies={"http": proxy.url})
    with pytest.raises(HttpResponseError, match="Status: 407"):
        await client.complete()
    assert len(proxy.requests) == 1


UNUSABLE = {
    "socks5://127.0.0.1:{port}": "SOCKS proxy socks5://127.0.0.1:{port}",
    "socks5h://me:very-secret@127.0.0.1:{port}/": "SOCKS proxy socks5h://127.0.0.1:{port}",
    "SOCKS4://127.0.0.1:{port}": "SOCKS proxy SOCKS4://127.0.0.1:{port}",
    "socks4a://127.0.0.1:{port}": "SOCKS proxy socks4a://127.0.0.1:{port}",
    "ftp://127.0.0.1:{port}": "The proxy ftp://127.0.0.1:{port} has an unsupported scheme",
    "socks://127.0.0.1:{port}": "The proxy socks://127.0.0.1:{port} has an unsupported scheme",
}
WITHOUT_PYSOCKS = """
import asyncio, sys
sys.modules["socks"] = None  # as if it were not installed
from azure.ai.inference import ChatCompletionsClient, aio
from azure.ai.inference.exceptions import ProxyError
world, url = sys.argv[1:]
try:
    kind = ChatCompletionsClient if world == "sync" else aio.ChatCompletionsClient
    client = kind("http://model.invalid", "key", enforce_https=False, proxies={"http": url}, retry_backoff_factor=30)
    answer = client.complete(messages=[{"role": "user", "content": "hi"}])
    asyncio.run(answer)
except ProxyError as error:
    print(error, error.status_code)
"""


@pytest.mark.parametrize("form", UNUSABLE)
async def test_proxy_of_an_unusable_kind(world: World, serve: Serve, form: str) -> None:
    proxy = serve(GOOD)
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", WITHOUT_PYSOCKS, world.name, form.format(port=proxy.port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert UNUSABLE[form].format(port=proxy.port) in ran.stdout, ran.stderr
    assert ran.stdout.endswith(" None\n"), "it was not retried, and has no status"
    assert "very-secret" not in ran.stdout + ran.stderr
    if "SOCKS" in ran.stdout:
        assert ("PySocks" if world.name == "sync" else "aiohttp-socks") in ran.stdout
    assert not proxy.connections


@pytest.mark.parametrize("where", ["ALL_PROXY", "constructor", "call", "transport of azure-core"])
async def test_unusable_proxy_is_tried_once(world: World, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    options: dict[str, Any] = {"proxies": {"all": "ftp://127.0.0.1:9"}}
    if where == "ALL_PROXY":
        monkeypatch.setenv("all_proxy", "ftp://127.0.0.1:9")
        options = {}
    elif where == "transport of azure-core":
        name = "RequestsTransport" if world.name == "sync" else "AioHttpTransport"
        options["transport"] = getattr(azure.core.pipeline.transport, name)()
    constructor, call = ({}, options) if where == "call" else (options, {})
    client = world.chat("http://model.invalid", enforce_https=False, retry_backoff_factor=30, **constructor)
    with pytest.raises(ProxyError, match="has an unsupported scheme") as caught:
        await client.complete(**call)
    assert caught.value.status_code is None


def test_socks_proxy_with_its_package() -> None:
    pytest.importorskip("socks")
    assert why_unusable("http://model.invalid", {"all": "socks5://127.0.0.1:9"}, asynchronous=False) is None


@pytest.mark.parametrize("proxy", ["http://proxy.invalid:3128", "proxy.invalid:3128", "http://10.1.2.3:3128"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
@pytest.mark.parametrize("where", ["environment", "constructor", "call"])
async def test_loopback_endpoint_through_a_proxy_elsewhere(
    world: World, monkeypatch: pytest.MonkeyPatch, proxy: str, host: str, where: str
) -> None:
    said = {"proxies": {"http": proxy}}
    if where == "environment":
        monkeypatch.setenv("http_proxy", proxy)
    client = world.chat(f"http://{host}:9", retry_total=0, **(said if where == "constructor" else {}))
    with pytest.raises(InsecureRequestError, match=r"NO_PROXY=.*enforce_https=False"):
        await client.complete(**(said if where == "call" else {}))


async def test_workarounds_for_a_loopback_endpoint_behind_a_proxy(
    world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, near = serve(GOOD), serve(GOOD)
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    await world.chat(server.url, proxies={}).complete()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    await world.chat(server.url).complete()
    assert len(server.requests) == 2
    await world.chat("http://localhost:9", proxies={"http": near.url}).complete()
    assert len(near.requests) == 1
    with pytest.raises(ServiceRequestError) as caught:
        await world.chat("http://localhost:9", retry_total=0, enforce_https=False).complete()
    assert not isinstance(caught.value, InsecureRequestError)


# ---------------------------------------------------------------- hosts, redirects, headers, numbers


@pytest.mark.parametrize("host", ["0.0.0.0", "LOCALHOST", "localhost.", "127.0.0.1"])
async def test_loopback_names(world: World, serve: Serve, host: str) -> None:
    server = serve(GOOD)
    await world.chat(f"http://{host}:{server.port}", retry_total=0).complete()
    await world.chat(f"{host}:{server.port}", retry_total=0).complete()
    assert len(server.requests) == 2


async def test_303_turns_a_post_into_a_get_without_a_body(world: World, serve: Serve) -> None:
    server = serve(answer(303, b"", location="/result"), GOOD)
    await world.chat(server.url).complete(model_extras={"a": 1})
    first, second = server.requests
    assert (first.method, second.method, second.target) == ("POST", "GET", "/result")
    assert second.body == b""
    assert not {"content-type", "content-length", "extra-parameters"} & second.headers.keys()
    assert second.headers["authorization"] == f"Bearer {KEY}"


LOCATIONS = [
    "http://user:pass@127.0.0.1:{port}/x",
    "http://user@127.0.0.1:{port}/x",
    "//user:pass@127.0.0.1:{port}/x",
    "ftp://127.0.0.1/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://127.0.0.1:{port}0000000/x",
    "http://" + "a" * 70 + ".example/x",
    "http://a..example/x",
    "http://%00/x",
    "http://[::1/x",
    "http://127.0.0.1:" + "9" * 5000,
]


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_invalid_redirect_locations(world: World, serve: Serve, location: str, method: str) -> None:
    server = serve(b"")
    server._answers = (answer(307, b"", location=location.format(port=server.port)), GOOD)
    client = world.chat(server.url, retry_total=0)
    with pytest.raises(AzureError):
        await (client.complete() if method == "POST" else client.get_model_info())
    assert len(server.requests) == 1


WRONG_HEADERS: list[tuple[Any, type[Exception], str]] = [
    ({"x": 5}, TypeError, r"headers\['x'\] must be a str, not int"),
    ({"x": b"y"}, TypeError, r"headers\['x'\] must be a str, not bytes"),
    ({"x": ["y"]}, TypeError, r"headers\['x'\] must be a str, not list"),
    ({"api-key": 12345678}, TypeError, r"headers\['api-key'\] must be a str, not int\.$"),
    ({"x": "a\r\nb: c"}, ValueError, r"headers\['x'\] contains a character"),
    ({"x": "\u2019"}, ValueError, r"headers\['x'\] contains a character"),
    ({"x y": "z"}, ValueError, "the name 'x y'"),
    ({"": "z"}, ValueError, "the name ''"),
    ({"x\n": "z"}, ValueError, "the name"),
]


@pytest.mark.parametrize(("headers", "kind", "said"), WRONG_HEADERS, ids=str)
@pytest.mark.parametrize("where", ["constructor", "call", "hook", "request"])
async def test_invalid_headers(
    world: World, serve: Serve, headers: Any, kind: type[Exception], said: str, where: str
) -> None:
    server, transport = serve(GOOD), world.transport()

    def hook(request: Any) -> None:
        for name, value in headers.items():
            request.http_request.headers[name] = value

    with pytest.raises(kind, match=said):
        await _send_with(world, server, transport, where, headers, hook)
    assert server.requests == []
    assert transport.waits == []


async def _send_with(world: World, server: Any, transport: Any, where: str, headers: Any, hook: Any) -> None:
    client = world.chat(server.url, transport=transport, **({"headers": headers} if where == "constructor" else {}))
    assert where != "constructor", "refused at once"
    if where == "request":
        await client.send_request(HttpRequest("GET", "x", headers=headers))
    await client.complete(**({"headers": headers} if where == "call" else {"raw_request_hook": hook}))


async def test_header_names_must_be_text(world: World, serve: Serve) -> None:
    server, headers = serve(GOOD), {5: "x"}
    with pytest.raises(TypeError, match="names of type str, not int"):
        world.chat(server.url, headers=headers)
    with pytest.raises(TypeError, match="names of type str, not int"):
        await world.chat(server.url).complete(headers=headers)


async def test_headers_with_value_none_are_not_sent(world: World, serve: Serve) -> None:
    server = serve(GOOD)
    await world.chat(server.url, headers={"x-a": None, "x-b": "1"}).complete(headers={"x-c": None, "x-d": "\u00e9"})
    sent = server.requests[0].headers
    assert "x-a" not in sent
    assert "x-c" not in sent
    assert (sent["x-b"], bool(sent["x-d"])) == ("1", True)


@pytest.mark.parametrize("digits", [19, 5000])
async def test_content_length_with_many_digits(world: World, serve: Serve, digits: int) -> None:
    raw = head(content_type="application/json", content_length="9" * digits)
    with pytest.raises(AzureError):
        await world.chat(serve([raw, b"{", CUT]).url, retry_total=0).complete()
    zeros = head(content_type="application/json", content_length="0" * digits)
    with pytest.raises(AzureError):
        await world.chat(serve([zeros, CUT]).url, retry_total=0).complete()


@pytest.mark.parametrize("header", ["retry-after", "retry-after-ms", "x-ratelimit-remaining-requests"])
async def test_headers_with_many_digits(world: World, serve: Serve, header: str) -> None:
    server = serve(answer(429, {}, **{header: "9" * 5000}), answer(200, completion(), **{header: "9" * 5000}))
    transport = world.transport()
    got = await world.chat(server.url, transport=transport).complete()
    assert got.rate_limits.requests.remaining is None
    assert max(transport.waits) <= 120


NOT_JSON = [
    ({"temperature": math.nan}, "temperature"),
    ({"top_p": math.inf}, "top_p"),
    ({"model_extras": {"a": [1.0, {"b": -math.inf}]}}, r"a\[1\]\.b"),
    ({"seed": 10**5000}, "seed"),
]


@pytest.mark.parametrize(("options", "place"), NOT_JSON, ids=["nan", "inf", "nested", "long"])
async def test_nan_and_infinity_are_refused(world: World, serve: Serve, options: Any, place: str) -> None:
    server = serve(GOOD)
    with pytest.raises(ValueError, match=f"(?s)^{place} is .*JSON"):
        await world.chat(server.url).complete(**options)
    assert server.requests == []


# ---------------------------------------------------------------- retries


async def test_exception_context_of_the_caller_does_not_affect_retries(world: World, serve: Serve) -> None:
    """A fallback to another region runs within the `except` block of the first failure."""
    server, transport = serve([RESET], GOOD), world.transport()
    client = world.chat(server.url, transport=transport)
    try:
        raise ServiceRequestError("no such host", error=socket.gaierror(-2, "Name or service not known"))
    except ServiceRequestError:
        try:
            raise ssl.SSLCertVerificationError("not trusted")
        except ssl.SSLError:
            assert (await client.complete()).choices
    assert len(server.requests) == 2


# ---------------------------------------------------------------- tokens


class SlowTokens:
    """A slow token credential that counts its calls."""

    def __init__(self, seconds: float = 0.05) -> None:
        self.asked = 0
        self.seconds = seconds

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked += 1
        time.sleep(self.seconds)
        return AccessToken(TOKEN, int(time.time()) + 3600)


class SlowAsyncTokens(SlowTokens):
    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # type: ignore[override]
        self.asked += 1
        await asyncio.sleep(self.seconds)
        return AccessToken(TOKEN, int(time.time()) + 3600)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "SlowAsyncTokens":
        return self

    async def __aexit__(self, *exc_details: object) -> None: ...


def test_concurrent_threads_request_one_token(serve: Serve) -> None:
    credential, at_once = SlowTokens(), Barrier(50)
    with ChatCompletionsClient(serve(GOOD).url, credential) as client, ThreadPoolExecutor(50) as threads:  # type: ignore[arg-type]

        def ask(_: int) -> Any:
            at_once.wait(10)
            return client.complete(messages=MESSAGES)

        assert len(list(threads.map(ask, range(50)))) == 50
    assert credential.asked == 1


async def test_concurrent_tasks_request_one_token(serve: Serve) -> None:
    credential = SlowAsyncTokens()
    async with AsyncChatCompletionsClient(serve(GOOD).url, credential) as client:
        await asyncio.gather(*(client.complete(messages=MESSAGES) for _ in range(50)))
    assert credential.asked == 1


@pytest.mark.parametrize("credential", [SlowTokens(0), SlowAsyncTokens(0)], ids=["sync", "async"])
def test_tokens_in_several_loops(serve: Serve, credential: Any) -> None:
    client = AsyncChatCompletionsClient(serve(GOOD).url, credential)

    async def ask() -> None:
        await asyncio.gather(*(client.complete(messages=MESSAGES) for _ in range(3)))

    for _ in range(3):
        asyncio.run(ask())
        forget_token(client)
    assert credential.asked == 3
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: asyncio.run(ask()), range(3))) == [None] * 3
    asyncio.run(client.close())


def forget_token(client: Any) -> None:
    for policy in client._client._pipeline._impl_policies:
        if hasattr(policy, "_token"):
            policy._token = None


def test_function_tokens_are_per_request(serve: Serve) -> None:
    """A service that acts for its user: each request has the token that was created for it."""
    server, both = serve(GOOD), Barrier(2)

    def provide() -> str:
        both.wait(10)
        return f"token-of-{threading.current_thread().name}"

    with ChatCompletionsClient(server.url, provide) as client:

        def ask() -> None:
            for _ in range(20):
                client.complete(messages=MESSAGES, headers={"x-user": threading.current_thread().name})

        users = [threading.Thread(target=ask, name=name) for name in ("ann", "bob")]
        for user in users:
            user.start()
        for user in users:
            user.join()
    sent = {(request.headers["x-user"], request.headers["authorization"]) for request in server.requests}
    assert sent == {("ann", "Bearer token-of-ann"), ("bob", "Bearer token-of-bob")}


class Unusable:
    """A credential that returns something other than a token."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def get_token(self, *scopes: str, **options: Any) -> Any:
        return self.given


async def later() -> AccessToken:
    return AccessToken(TOKEN, 2**33)


NO_TOKENS: dict[str, Any] = {
    "None": Unusable(None),
    "a text": Unusable("token"),
    "no token in it": Unusable(AccessToken(None, 2**33)),  # type: ignore[arg-type]
    "an empty one": Unusable(AccessToken("", 2**33)),
    "a function's None": lambda: None,
    "a function's number": lambda: 5,
    "a function's empty text": lambda: " ",
}


@pytest.mark.parametrize("case", NO_TOKENS)
async def test_invalid_tokens(world: World, serve: Serve, case: str) -> None:
    server, transport = serve(GOOD), world.transport()
    client = world.chat(server.url, NO_TOKENS[case], transport=transport)
    for _ in range(2):
        with pytest.raises(TypeError, match="The credential returned no access token, but "):
            await client.complete()
    assert server.requests == []
    assert transport.waits == []


ASYNCHRONOUS: dict[str, Any] = {"credential": AsyncTokens(), "function": later}


@pytest.mark.parametrize("kind", ASYNCHRONOUS)
def test_asynchronous_credential_in_a_synchronous_client(serve: Serve, kind: str) -> None:
    with pytest.raises(TypeError, match=r"is asynchronous.*azure\.ai\.inference\.aio"):
        ChatCompletionsClient(serve(GOOD).url, ASYNCHRONOUS[kind])


@pytest.mark.parametrize("given", ["coroutine", "future"])
def test_asynchronous_credential_in_disguise(serve: Serve, given: str) -> None:
    server = serve(GOOD)
    for credential in (lambda: later() if given == "coroutine" else Future(), Disguised(given)):
        with ChatCompletionsClient(server.url, credential) as client:  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="is asynchronous"):
                client.complete(messages=MESSAGES)
            with pytest.raises(TypeError, match="is asynchronous"):
                client.complete(messages=MESSAGES)
    assert server.requests == []


class Future:
    def __await__(self) -> Any:
        yield


class Disguised:
    def __init__(self, given: str) -> None:
        self.given = given

    def get_token(self, *scopes: str, **options: Any) -> Any:
        return later() if self.given == "coroutine" else Future()


CHALLENGES = {
    "none": "Bearer",
    "claims that are not base64": 'Bearer error="insufficient_claims", claims="x"',
    "claims that are no text": 'Bearer error="insufficient_claims", claims="/////w=="',
    "no claims": 'Bearer error="insufficient_claims"',
    "cut off": 'Bearer error="insufficient_claims", claims="',
}


@pytest.mark.parametrize("case", CHALLENGES)
async def test_unanswerable_challenges(world: World, serve: Serve, case: str) -> None:
    server = serve(answer(401, {"error": {"message": "no"}}, www_authenticate=CHALLENGES[case]))
    with pytest.raises(ClientAuthenticationError, match="Status: 401"):
        await world.chat(server.url, Tokens()).complete()


async def test_answered_challenge(world: World, serve: Serve) -> None:
    challenge = 'Bearer error="insufficient_claims", claims="eyJhIjogMX0="'
    server = serve(answer(401, {}, www_authenticate=challenge), GOOD)
    credential = Tokens()
    assert (await world.chat(server.url, credential).complete()).choices
    assert len(credential.scopes) == 2


# ---------------------------------------------------------------- time


async def test_slow_token(serve: Serve) -> None:
    server = serve(GOOD)
    async with AsyncChatCompletionsClient(server.url, SlowAsyncTokens(5)) as client:
        began = time.monotonic()
        with pytest.raises(ServiceResponseTimeoutError, match=r"timeout of 0\.2 s"):
            await client.complete(messages=MESSAGES, timeout=0.2)
        first = asyncio.create_task(client.complete(messages=MESSAGES, timeout=3))
        await asyncio.sleep(0.02)
        with pytest.raises(ServiceResponseTimeoutError):
            await client.complete(messages=MESSAGES, timeout=0.2)
        assert time.monotonic() - began < SLACK
        first.cancel()

    async def provide() -> str:
        await asyncio.sleep(5)
        return TOKEN

    async with AsyncChatCompletionsClient(server.url, provide) as client:
        with pytest.raises(ServiceResponseTimeoutError, match=r"timeout of 0\.2 s"):
            await client.complete(messages=MESSAGES, timeout=0.2)
    assert server.requests == []


async def test_host_with_several_dead_addresses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listeners with full queues do not answer."""
    with ExitStack() as sockets:
        listeners = [sockets.enter_context(socket.create_server((f"127.0.0.{n}", 0), backlog=0)) for n in range(2, 6)]
        found = []
        for listener in listeners:
            address = listener.getsockname()
            for _ in range(4):
                filler = sockets.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(address)
            found.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", address))
        real = socket.getaddrinfo

        def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            by_address = {row[4][0]: row for row in found}
            if host == "several.localhost":
                return found
            return [by_address[host]] if host in by_address else real(host, port, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        client = world.chat("http://several.localhost:80")
        began = time.monotonic()
        with pytest.raises((ServiceResponseTimeoutError, ServiceRequestTimeoutError)):
            await client.complete(timeout=0.5)
        assert time.monotonic() - began < 1.4


@pytest.mark.parametrize("dead", [0, 1, 2])
async def test_refusing_address_is_skipped(
    world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    server, real = serve(GOOD), socket.getaddrinfo
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n + 2}", server.port)) for n in range(dead)]
    rows.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)))

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        return rows if host == "several.localhost" else real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    client = world.chat(f"http://several.localhost:{server.port}", retry_total=0)
    assert (await client.complete(timeout=10)).choices
    assert server.requests[0].headers["host"] == f"several.localhost:{server.port}"


async def test_timeout_while_sending(world: World) -> None:
    """The server accepts the connection, but reads nothing of a large request."""
    large = "x" * 30_000_000
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
        client = world.chat(
            f"http://127.0.0.1:{listener.getsockname()[1]}", connection_timeout=0.3, read_timeout=0.3, retry_total=0
        )
        began = time.monotonic()
        with pytest.raises(ServiceRequestTimeoutError):
            await client.complete(messages=[{"role": "user", "content": large}])
        with pytest.raises(ServiceResponseTimeoutError, match=r"timeout of 0\.2 s"):
            await client.complete(messages=[{"role": "user", "content": large}], timeout=0.2)
        assert time.monotonic() - began < 60  # without timeouts, it would last
        await client.close()


async def test_timeout_raised_by_the_credential(serve: Serve) -> None:
    async def provide() -> str:
        raise asyncio.TimeoutError("the credential's own")

    async with AsyncChatCompletionsClient(serve(GOOD).url, provide) as client:
        with pytest.raises(asyncio.TimeoutError, match="the credential's own"):
            await client.complete(messages=MESSAGES, timeout=30)


async def test_sending_without_a_timeout(world: World, serve: Serve) -> None:
    client = world.chat(serve(GOOD).url, read_timeout=None, connection_timeout=None)
    assert (await client.complete(messages=[{"role": "user", "content": "x" * 20_000_000}])).choices


async def test_slow_upload_does_not_time_out(world: World) -> None:
    large, took = "x" * 30_000_000, Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def play() -> None:
            connection, _ = listener.accept()
            with connection:
                total, began = 0, time.monotonic()
                while total < len(large):
                    total += len(connection.recv(1_000_000))
                    time.sleep(0.01 if time.monotonic() - began < 1 else 0)
                connection.sendall(GOOD)
                took.wait(5)

        thread = threading.Thread(target=play)
        thread.start()
        client = world.chat(f"http://127.0.0.1:{listener.getsockname()[1]}", connection_timeout=5, read_timeout=0.5)
        assert (await client.complete(messages=[{"role": "user", "content": large}])).choices
        await client.close()
        took.set()
        await asyncio.to_thread(thread.join, 5)


INFO = answer(200, {"model_name": "m"})


async def test_model_info_waits_for_a_concurrent_request(serve: Serve) -> None:
    over = Event()
    server = serve([over, INFO])
    async with AsyncChatCompletionsClient(server.url, KEY) as client:
        first = asyncio.create_task(client.get_model_info())
        await asyncio.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(ServiceResponseTimeoutError, match=r"timeout of 0\.2 s"):
            await client.get_model_info(timeout=0.2)
        assert time.monotonic() - began < SLACK
        over.set()
        assert (await first).model_name == "m"
    over = Event()
    server = serve([over, INFO])
    with ChatCompletionsClient(server.url, KEY, timeout=0.2) as again, ThreadPoolExecutor(1) as threads:
        future = threads.submit(again.get_model_info, timeout=30)
        await asyncio.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(ServiceResponseTimeoutError, match=r"timeout of 0\.2 s"):
            again.get_model_info()
        assert time.monotonic() - began < SLACK
        over.set()
        assert future.result(5).model_name == "m"


class Asking:
    """Requests model information before each other request, as a policy in either world."""

    client: Any = None

    def __init__(self, *, once: bool) -> None:
        self.once = once
        self.next: Any = None
        self.seen: list[Any] = []

    def due(self) -> bool:
        due = not self.once or not self.seen
        self.seen.append(None)
        return due


class SyncAsking(Asking, HTTPPolicy[Any, Any]):
    def send(self, request: Any) -> Any:
        if self.due():
            self.seen[0] = self.client.get_model_info(timeout=5)
        return self.next.send(request)


class AsyncAsking(Asking, AsyncHTTPPolicy[Any, Any]):
    async def send(self, request: Any) -> Any:
        if self.due():
            self.seen[0] = await self.client.get_model_info(timeout=5)
        return await self.next.send(request)


def asking(world: World, url: str, *, once: bool) -> Any:
    policy = (SyncAsking if world.name == "sync" else AsyncAsking)(once=once)
    client = world.chat(url, per_call_policies=[policy])
    policy.client = client.real
    return client, policy


async def test_hook_that_requests_model_info(world: World, serve: Serve) -> None:
    client, policy = asking(world, serve(INFO).url, once=True)
    assert (await client.get_model_info(timeout=5)).model_name == "m"
    assert policy.seen[0].model_name == "m"


def test_request_hook_that_requests_model_info(serve: Serve) -> None:
    with ChatCompletionsClient(serve(INFO).url, KEY) as client:
        names: list[str] = []
        client.get_model_info(raw_request_hook=lambda _: names.append(client.get_model_info(timeout=5).model_name))
        assert names == ["m"]


async def test_recursive_model_info_hook_raises(world: World, serve: Serve) -> None:
    """A hook of the client itself also sees the client's own requests for model information."""
    client, _ = asking(world, serve(INFO).url, once=False)
    for call in (client.get_model_info, client.complete):
        with pytest.raises(RuntimeError, match=r"get_model_info\(\) was called by a hook of its own request"):
            await call(timeout=5)
