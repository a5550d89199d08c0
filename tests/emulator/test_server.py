"""The server itself: starting, stopping, TLS, bounds, many callers at once."""

import asyncio
import http.client
import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from azure.ai.inference.emulator import Emulator

from .conftest import SERVERLESS, Caller


def test_start_and_stop() -> None:
    before = set(threading.enumerate())
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="does not run"):
        _ = emulator.url
    with pytest.raises(RuntimeError, match="does not run"):
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


async def test_in_an_event_loop() -> None:
    async with Emulator() as endpoint, aiohttp.ClientSession() as session:
        body = {"messages": [{"role": "user", "content": "Hello"}], "stream": True}
        async with session.post(endpoint.url + SERVERLESS, json=body, headers={"api-key": endpoint.key}) as response:
            lines = [line async for line in response.content]
    assert lines[-2] == b"data: [DONE]\n"


def test_a_port_that_is_taken() -> None:
    with Emulator() as endpoint, pytest.raises(OSError, match=r"in use|10048"):
        Emulator(port=int(endpoint.url.rpartition(":")[2])).start()


def test_only_this_machine_is_served() -> None:
    with Emulator() as endpoint:
        assert endpoint.url.startswith("http://127.0.0.1:")
    with Emulator(host="::1") as endpoint:
        assert endpoint.url.startswith("http://[::1]:")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dialect": "latin"}, "dialect is 'latin'; choose one of serverless, "),
        ({"key": ""}, "key is empty"),
        ({"port": -1}, "port is -1; choose 0 or more"),
        ({"port": 65536}, "port is 65536; choose one from 0"),
        ({"latency": -0.1}, "latency is -0.1"),
        ({"token_rate": 0}, "token_rate is 0; choose a number of tokens a second above 0"),
        ({"max_request_size": 0}, "max_request_size is 0; choose 1 or more"),
        ({"requests_per_minute": 0}, "requests_per_minute is 0"),
        ({"tokens_per_minute": 0}, "tokens_per_minute is 0"),
        ({"quota_window": 0}, "quota_window is 0; choose a number of seconds above 0"),
        ({"quota_wait": "loud"}, "quota_wait is 'loud'; choose one of retry-after, date"),
        ({"requests_kept": -1}, "requests_kept is -1; choose 0 or more"),
        ({"tokens": "abc"}, "tokens is a str, 'abc'; put it in a list"),
        ({"models": "abc"}, "models is a str"),
        ({"faults": "fog"}, "kind is 'fog'"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        Emulator(**settings)
    assert words in str(caught.value)


def test_a_key_is_not_rotated_to_nothing() -> None:
    with pytest.raises(ValueError, match="key is empty"):
        Emulator().key = ""


@pytest.mark.parametrize(("kept", "known"), [(None, ["1", "2", "3"]), (2, ["2", "3"]), (0, [])])
def test_the_newest_requests_are_kept(kept: int | None, known: list[str]) -> None:
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


def test_a_caller_that_leaves_harms_nobody(endpoint: Emulator, caller: Caller) -> None:
    endpoint.reset()
    host, port = endpoint.url.removeprefix("http://").split(":")
    for sent in (b"", b"POST /x HTTP/1.1\r\nContent-Length: 50\r\n\r\nhalf", b"nonsense\r\n\r\n"):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(sent)
    assert caller.chat("Hello").status == 200


@pytest.mark.parametrize("fault", ["stall:events=1", "stall", "slow:seconds=5"])
def test_stopping_cuts_what_is_open(fault: str) -> None:
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


def test_requests_are_logged(endpoint: Emulator, caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "azure.ai.inference.emulator"):
        caller.chat("Hello")
        caller.chat("Hello", temperature=9)
    assert [record.getMessage().rpartition(" in ")[0] for record in caplog.records] == [
        "POST /chat/completions 200",
        "POST /chat/completions 400",
    ]


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
def test_what_is_missing_is_named(missing: str) -> None:
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


def test_callers_that_leave_in_the_middle_are_no_error(caplog: pytest.LogCaptureFixture) -> None:
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
