"""The server: starting, stopping, TLS, limits, many callers at once."""

import asyncio
import errno
import gzip
import http.client
import json
import logging
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator._journal import Journal
from azure.ai.inference.emulator._request import RecordedRequest
from azure.ai.inference.emulator._response import Response
from azure.ai.inference.emulator._server import Server, _printable
from azure.ai.inference.emulator._server_options import ServerOptions, free_port
from azure.ai.inference.models import UserMessage

from .conftest import SERVERLESS, V1, Caller


def test_start_and_stop() -> None:
    before = set(threading.enumerate())
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="is not running"):
        _ = emulator.url
    with pytest.raises(RuntimeError, match="is not running"):
        _ = emulator.ca_file
    emulator.stop()
    with emulator as endpoint:
        assert endpoint is emulator
        assert endpoint.start() is endpoint
        assert Caller(endpoint).chat("Hello").status == 200
        with pytest.raises(RuntimeError, match="without TLS"):
            _ = endpoint.ca_file
    with emulator:
        assert Caller(emulator).chat("Hello").status == 200
    assert set(threading.enumerate()) <= before


def test_address_stays_over_an_outage() -> None:
    with Emulator() as endpoint:
        url = endpoint.url
        endpoint.stop()
        assert endpoint.start().url == url
        assert Caller(endpoint).chat("Hello").status == 200
        endpoint.stop()
        with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))):
            assert endpoint.start().url != url
        assert Caller(endpoint).chat("Hello").status == 200
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Emulator(port=taken.getsockname()[1]).start()


async def test_start_and_stop_in_an_event_loop() -> None:
    async with Emulator() as endpoint, aiohttp.ClientSession() as session:
        body = {"messages": [{"role": "user", "content": "Hello"}], "stream": True}
        async with session.post(endpoint.url + SERVERLESS, json=body, headers={"api-key": endpoint.key}) as response:
            lines = [line async for line in response.content]
    assert lines[-2] == b"data: [DONE]\n"


def test_port_in_use() -> None:
    with Emulator() as endpoint:
        port = int(endpoint.url.rpartition(":")[2])
        with pytest.raises(OSError, match=rf"port {port} of 127.0.0.1 is already in use; choose another") as caught:
            Emulator(port=port).start()
        assert caught.value.errno == errno.EADDRINUSE
        free = re.search(r"such as (\d+)", str(caught.value))
        assert free
        with Emulator(port=int(free[1])) as other:
            assert Caller(other).chat("Hello").status == 200


def test_port_suggestion_after_the_last_port() -> None:
    assert free_port("127.0.0.1", 65535) == free_port("::1", 65535) == 0


def test_listens_on_loopback_by_default() -> None:
    with Emulator() as endpoint:
        assert endpoint.url.startswith("http://127.0.0.1:")
    with Emulator(host="::1") as endpoint:
        assert endpoint.url.startswith("http://[::1]:")


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "http://127.0.0.1:"), ("::", "http://[::1]:")])
def test_listens_on_all_addresses_on_request(host: str, url: str, caplog: pytest.LogCaptureFixture) -> None:
    with Emulator(host=host) as endpoint:
        assert endpoint.url.startswith(url)
        client = ChatCompletionsClient(endpoint.url, AzureKeyCredential(endpoint.key))
        assert client.complete(messages=[UserMessage("Hello")]).choices[0].message.content
        client.close()
    assert f"The emulator listens on {host}: other machines can call it" in caplog.text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dialect": "latin"}, "dialect is 'latin'; choose one of serverless, "),
        ({"key": ""}, "key is blank or has a line break"),
        ({"port": -1}, "port is -1; choose 0 or more"),
        ({"port": 65536}, "port is 65536; choose one from 0"),
        ({"latency": -0.1}, "latency is -0.1"),
        ({"token_rate": 0}, "token_rate is 0; choose a number of tokens per second above 0"),
        ({"max_request_size": 0}, "max_request_size is 0; choose 1 or more"),
        ({"requests_per_minute": 0}, "requests_per_minute is 0"),
        ({"tokens_per_minute": 0}, "tokens_per_minute is 0"),
        ({"concurrency_limit": 0}, "concurrency_limit is 0; choose 1 or more"),
        ({"quota_window": 0}, "quota_window is 0; choose a number of seconds above 0"),
        ({"batch_faults": ["late"]}, "batch_faults is 'late'; choose one of expired, missing-rows"),
        ({"batch_seconds": -1}, "batch_seconds is -1; choose 0 or more"),
        ({"quota_wait": "loud"}, "quota_wait is 'loud'; choose one of retry-after, date"),
        ({"requests_kept": -1}, "requests_kept is -1; choose 0 or more"),
        ({"tokens": "abc"}, "tokens is a str, 'abc'; put it in a list"),
        ({"models": "abc"}, "models is a str"),
        ({"faults": "fog"}, "kind is 'fog'"),
    ],
)
def test_invalid_settings(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        Emulator(**settings)
    assert words in str(caught.value)


def test_key_cannot_be_empty() -> None:
    with pytest.raises(ValueError, match="key is blank or has a line break"):
        Emulator().key = ""


@pytest.mark.parametrize(("kept", "known"), [(None, ["1", "2", "3"]), (2, ["2", "3"]), (0, [])])
def test_newest_requests_are_kept(kept: int | None, known: list[str]) -> None:
    with Emulator(requests_kept=kept) as endpoint:
        for number in "123":
            assert Caller(endpoint).chat(number).status == 200
        assert [request.body["messages"][-1]["content"] for request in endpoint.requests] == known
        endpoint.reset()
        assert Caller(endpoint).chat("4").status == 200
        assert len(endpoint.requests) == min(1, len(known))


def test_large_requests() -> None:
    with Emulator(max_request_size=1000) as endpoint:
        caller = Caller(endpoint)
        got = caller.chat("x" * 1000)
        assert (got.status, got.body["error"]["code"]) == (413, "tokens_limit_reached")
        assert caller.chat("Hello").status == 200


def test_tls() -> None:
    with Emulator(tls=True) as endpoint:
        assert endpoint.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=endpoint.ca_file)
        request = urllib.request.Request(f"{endpoint.url}/v1/models", headers={"api-key": endpoint.key})
        with urllib.request.urlopen(request, context=context, timeout=10) as response:
            assert response.status == 200
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(request, timeout=10)
        ca_file = Path(endpoint.ca_file)
        endpoint.fault("reset")
        with pytest.raises(OSError):
            urllib.request.urlopen(request, context=context, timeout=10)
    assert not ca_file.exists()


def test_disconnected_caller_does_not_affect_others(endpoint: Emulator, caller: Caller) -> None:
    endpoint.reset()
    host, port = endpoint.url.removeprefix("http://").split(":")
    for sent in (b"", b"POST /x HTTP/1.1\r\nContent-Length: 50\r\n\r\nhalf", b"nonsense\r\n\r\n"):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(sent)
    assert caller.chat("Hello").status == 200


@pytest.mark.parametrize("fault", ["stall:events=1", "stall", "slow:seconds=5"])
def test_stop_closes_open_streams(fault: str) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "count to 900"}], "stream": True})
    with Emulator(faults=fault) as endpoint:
        connection = http.client.HTTPConnection(endpoint.url.removeprefix("http://"), timeout=10)
        connection.request("POST", SERVERLESS, body, {"api-key": endpoint.key, "content-type": "application/json"})
        while not endpoint.requests:
            time.sleep(0.001)
        began = time.perf_counter()
    assert time.perf_counter() - began < 2
    with pytest.raises((OSError, http.client.HTTPException)):
        connection.getresponse().read()
    connection.close()


def test_requests_are_logged(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "azure.ai.inference.emulator"):
        caller.chat("Hello")
        caller.chat("Hello", temperature=9)
    assert [record.getMessage().rpartition(" in ")[0] for record in caplog.records] == [
        "POST /chat/completions 200",
        "POST /chat/completions 400",
    ]


def exchange_bytes(endpoint: Emulator, head: str, body: bytes = b"", version: str = "1.1") -> bytes:
    """Send a request unchanged, and read until the connection ends."""
    host, port = endpoint.url.removeprefix("http://").split(":")
    method, _, rest = head.partition("\r\n")
    lines = [f"{method} HTTP/{version}", "Host: localhost", f"api-key: {endpoint.key}", "Connection: close"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", *([rest] if rest else []), "", ""]
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1") + body)
        found = b""
        while data := connection.recv(65536):
            found += data
    return found


HELLO = json.dumps({"messages": [{"role": "user", "content": "Hello"}]}).encode()
STREAM = json.dumps({"messages": [{"role": "user", "content": "count to 3"}], "stream": True}).encode()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_streams_of_both_versions_of_http(endpoint: Emulator, version: str) -> None:
    head, _, body = exchange_bytes(endpoint, f"POST {SERVERLESS}", STREAM, version).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/{version} 200".encode())
    assert (b"chunked" in head) is (version == "1.1")
    assert body.removesuffix(b"\r\n0\r\n\r\n").endswith(b"data: [DONE]\n\n")


RAW_DEFLATE = zlib.compress(HELLO)[2:-4]
ENCODED: list[tuple[str, bytes, int, str]] = [
    ("gzip", gzip.compress(HELLO), 200, "Hello!"),
    ("GZIP", gzip.compress(HELLO[:9]) + gzip.compress(HELLO[9:]), 200, "Hello!"),
    ("x-gzip, identity", gzip.compress(HELLO), 200, "Hello!"),
    ("deflate", zlib.compress(HELLO), 200, "Hello!"),
    ("deflate", RAW_DEFLATE, 200, "Hello!"),
    ("deflate, gzip", gzip.compress(zlib.compress(HELLO)), 200, "Hello!"),
    ("gzip", b"nonsense", 400, "is not gzip data"),
    ("gzip", gzip.compress(HELLO)[:-9], 400, "ends within its gzip data"),
    ("gzip", b"", 400, "could not parse the JSON body"),
    ("deflate", b"\xff\xff", 400, "is not deflate data"),
    ("deflate", b"x", 400, "ends within its deflate data"),
    ("br", b"x", 415, "'br' is not supported; send gzip, deflate, or none"),
    ("zstd", b"x", 415, "'zstd' is not supported"),
    ("gzip", gzip.compress(bytes(2_000_000)), 413, "Max size: 1000000 bytes"),
    ("gzip", gzip.compress(gzip.compress(bytes(2_000_000))) * 2, 400, "could not parse the JSON body"),
]


@pytest.mark.parametrize(("encoding", "body", "status", "words"), ENCODED, ids=map(str, range(len(ENCODED))))
def test_compressed_requests(
    encoding: str, body: bytes, status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Emulator(max_request_size=1_000_000) as endpoint:
        got = exchange_bytes(endpoint, f"POST {SERVERLESS}\r\nContent-Encoding: {encoding}", body)
    assert got.startswith(f"HTTP/1.1 {status} ".encode())
    assert words in got.decode()
    assert b'"error"' in got or status == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("target", "path", "status"),
    [("*", None, 404), ("elsewhere:80", None, 400), ("http://x/info", "/info", 405)],
)
def test_request_target_forms(endpoint: Emulator, target: str, path: str | None, status: int) -> None:
    endpoint.reset()
    assert int(exchange_bytes(endpoint, f"OPTIONS {target}").split(b" ")[1]) == status
    assert [request.raw_path for request in endpoint.requests] == ([path] if path else [])


def test_log_has_no_control_characters(endpoint: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "azure.ai.inference.emulator"):
        exchange_bytes(endpoint, "GET /%1b%5b31mred%0d%0aPOST%20/forged?code=secret")
        exchange_bytes(endpoint, "GET /\x9b31m")
    [first, *_] = [record.getMessage() for record in caplog.records if record.name.startswith("azure")]
    assert first.startswith("GET /%1b%5b31mred%0d%0aPOST%20/forged 404 in ")
    assert _printable("a\x1b[31m\u202e\n\x9b") == r"a\x1b[31m\u202e\n\x9b"


MALFORMED = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\napi-key: \x1b[31msecret\x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\x1b[31msecret\r\n\r\n",
    b"GET / HTTP/9.\x1b[31m\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: secret\r\n\r\n",
]


@pytest.mark.parametrize("raw", MALFORMED, ids=map(str, range(len(MALFORMED))))
def test_malformed_http_is_reported_in_one_line(
    raw: bytes, endpoint: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(raw)
        found = b""
        while data := connection.recv(65536):
            found += data
    assert b"HTTP/1.0 400" in found or b"HTTP/1.1 400" in found
    [line] = caplog.text.splitlines()
    assert "refused a request that is not valid HTTP: " in line
    assert line.isprintable()
    assert "secret" not in line


def test_bug_of_the_emulator_is_reported_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: RecordedRequest) -> Response:
        raise ZeroDivisionError

    server = Server(fail, Journal(None).open, ServerOptions("127.0.0.1", 0, tls=False, max_request_size=1000))
    server.start()
    try:
        with pytest.raises(urllib.error.HTTPError, match="500"):
            urllib.request.urlopen(server.url, timeout=10)
    finally:
        server.stop()
    assert "Traceback" in caplog.text
    assert "raise ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    "raw",
    [
        b'{"messages": [{"role": "user", "content": "x"}], "seed": 1' + b"0" * 400 + b"}",
        b'{"messages": [{"role": "user", "content": "x"}], "seed": 1e400}',
        b'{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}',
        b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": -Infinity}',
        b'{"messages": ' + b"[" * 90_000 + b"]" * 90_000 + b"}",
        b'{"messages": ' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}",
        b"\xff\xfe",
        b'"\\ud800"',
    ],
    ids=lambda raw: raw[:70].decode("latin-1"),
)
@pytest.mark.parametrize("path", [SERVERLESS, V1])
def test_invalid_bodies(caller: Caller, path: str, raw: bytes) -> None:
    got = caller.post(path, raw, {"extra-parameters": "pass-through"})
    assert got.status == 400
    assert got.body


async def test_many_streams_at_once() -> None:
    count = 200
    body = {"messages": [{"role": "user", "content": "count to 20"}], "stream": True}

    async def read(session: aiohttp.ClientSession, url: str) -> int:
        async with session.post(url, json=body, headers={"api-key": "k"}) as response:
            return (await response.read()).count(b"data: ")

    async with Emulator(key="k") as endpoint, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        counts = await asyncio.gather(*(read(session, endpoint.url + SERVERLESS) for _ in range(count)))
    assert counts == [23] * count


@pytest.mark.parametrize("missing", ["aiohttp", "trustme"])
def test_missing_dependency_is_named(missing: str) -> None:
    script = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"
        "from azure.ai.inference.emulator import Emulator\n"
        "try:\n"
        "    Emulator(tls=True).start()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"needs {missing}: pip install" in said


def test_disconnects_in_a_stream_are_not_logged_as_errors(caplog: pytest.LogCaptureFixture) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "count to 2000"}], "stream": True}).encode()
    with Emulator() as endpoint:
        head = f"POST {SERVERLESS} HTTP/1.1\r\nHost: localhost\r\napi-key: {endpoint.key}\r\n"
        request = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        host, port = endpoint.url.removeprefix("http://").split(":")
        for _ in range(20):
            callers = [socket.create_connection((host, int(port))) for _ in range(4)]
            for caller in callers:
                caller.sendall(request)
            for caller in callers:
                assert caller.recv(200_000).startswith(b"HTTP/1.1 200")
                caller.shutdown(socket.SHUT_RDWR)
                caller.close()
        assert Caller(endpoint).chat("Hello").status == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
