"""Retries: what is retried, after how long, and how often, counted at the server."""

import asyncio
import pickle
import socket
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpRequest

from azure.ai.inference._http.paced_calls import PACED, PacedCall
from azure.ai.inference.exceptions import IncompleteResponseError, InferenceError

from .conftest import KEY, Serve, World
from .raw_server import CUT, RESET, answer, chunk, completion, head

GOOD = answer(200, completion())


def failing(status: int, **headers: Any) -> bytes:
    return answer(status, {"error": {"message": "no"}}, **headers)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("stream", [False, True])
async def test_transient_statuses_are_retried(world: World, serve: Serve, status: int, stream: bool) -> None:
    from .raw_server import STREAM
    from .raw_server import stream as streamed

    server = serve(failing(status), streamed(STREAM) if stream else GOOD)
    client = world.chat(server.url, retry_backoff_factor=0)
    await client.complete(stream=stream)
    assert len(server.requests) == 2
    assert server.requests[0].body == server.requests[1].body
    assert len(server.connections) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 425, 501])
@pytest.mark.parametrize("headers", [{}, {"retry_after": "0"}, {"retry_after_ms": "1"}])
async def test_other_statuses_are_not_retried(world: World, serve: Serve, status: int, headers: dict[str, str]) -> None:
    server = serve(failing(status, **headers))
    with pytest.raises(HttpResponseError):
        await world.chat(server.url).complete()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "asked", "attempts"),
    [(503, "false", 1), (429, "false", 1), (409, "true", 2), (409, "perhaps", 1), (429, "true", 2)],
)
async def test_x_should_retry_header(world: World, serve: Serve, status: int, asked: str, attempts: int) -> None:
    server = serve(failing(status, x_should_retry=asked), GOOD)
    try:
        await world.chat(server.url).complete()
    except HttpResponseError:
        assert attempts == 1
    assert len(server.requests) == attempts


def header(value: str | timedelta) -> str:
    """Format a time from now as a date when it is needed, since a table is built long before its last row runs."""
    return value if isinstance(value, str) else format_datetime(datetime.now(timezone.utc) + value, usegmt=True)


WAITS: dict[str, tuple[dict[str, str | timedelta], tuple[float, float]]] = {
    "seconds": ({"retry_after": "7"}, (7, 7.7)),
    "fraction": ({"retry_after": "0.5"}, (0.5, 0.55)),
    "none at all": ({"retry_after": "0"}, (0, 0.05)),
    "date": ({"retry_after": timedelta(seconds=600)}, (100, 120)),
    "near date": ({"retry_after": timedelta(seconds=60)}, (10, 66)),
    "past date": ({"retry_after": timedelta(seconds=-60)}, (0, 0.05)),
    "retry-after-ms": ({"retry_after_ms": "250"}, (0.25, 0.3)),
    "x-ms-retry-after-ms": ({"x_ms_retry_after_ms": "250"}, (0.25, 0.3)),
    "the finest counts": ({"retry_after": "1", "retry_after_ms": "250"}, (0.25, 0.3)),
    "capped": ({"retry_after": "99999"}, (108, 120)),
    "nonsense": ({"retry_after": "soon"}, (0, 0.8)),
    "negative": ({"retry_after": "-5"}, (0, 0.8)),
    "endless": ({"retry_after": "inf"}, (0, 0.8)),
    "nan": ({"retry_after_ms": "nan", "retry_after": "3"}, (3, 3.3)),
    "empty": ({"retry_after": ""}, (0, 0.8)),
}


@pytest.mark.parametrize("case", WAITS)
async def test_wait_by_retry_after_headers(world: World, serve: Serve, case: str) -> None:
    said, (least, most) = WAITS[case]
    headers = {name: header(value) for name, value in said.items()}
    transport = world.transport()
    await world.chat(serve(failing(429, **headers), GOOD).url, transport=transport).complete()
    (waited,) = transport.waits
    assert least <= waited <= most


async def test_retry_backoff_max_limits_the_wait(world: World, serve: Serve) -> None:
    transport = world.transport()
    server = serve(failing(429, retry_after=50), GOOD, failing(429, retry_after=50), GOOD)
    client = world.chat(server.url, transport=transport, retry_backoff_max=5)
    await client.complete()
    await client.complete(retry_backoff_max=2)
    first, second = transport.waits
    assert 4.5 <= first <= 5
    assert 1.8 <= second <= 2


@pytest.mark.parametrize("asked", ["10", "600"])
async def test_retry_after_has_jitter(world: World, serve: Serve, asked: str) -> None:
    transport = world.transport()
    client = world.chat(serve(*[failing(429, retry_after=asked), GOOD] * 5).url, transport=transport)
    for _ in range(5):
        await client.complete()
    assert len(set(transport.waits)) == 5
    assert all(10 <= wait <= 11 if asked == "10" else 108 <= wait <= 120 for wait in transport.waits)


async def test_pacing_caller_retries_only_429_itself(world: World, serve: Serve) -> None:
    server = serve(failing(503), failing(408), [RESET], GOOD, failing(503), failing(429))
    client = world.chat(server.url, transport=world.transport())
    paced = PacedCall()
    token = PACED.set(paced)
    try:
        await client.complete()
        assert (paced.retries, paced.maybe_paid) == (3, 2)
        with pytest.raises(HttpResponseError) as caught:
            await client.complete(retry_on_status_codes=[429, 418])
    finally:
        PACED.reset(token)
    assert caught.value.status_code == 429
    assert paced.retries == 4
    assert len(server.requests) == 6


async def test_backoff_grows_with_jitter(world: World, serve: Serve) -> None:
    transport = world.transport()
    with pytest.raises(HttpResponseError):
        await world.chat(serve(failing(500)).url, transport=transport).complete()
    first, second, third = transport.waits
    assert 0 <= first <= 0.8
    assert 0.8 <= second <= 1.6
    assert 1.6 <= third <= 3.2


@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_fixed_retry_mode(world: World, serve: Serve, where: str) -> None:
    transport = world.transport()
    fixed = {"retry_mode": "fixed", "retry_backoff_factor": 8}
    client = world.chat(serve(failing(500)).url, transport=transport, **(fixed if where == "constructor" else {}))
    with pytest.raises(HttpResponseError):
        await client.complete(**(fixed if where == "call" else {}))
    first, *others = transport.waits
    assert first == 0
    assert [4 <= wait <= 8 for wait in others] == [True, True]


async def test_invalid_retry_mode(world: World, serve: Serve) -> None:
    server = serve(failing(500))
    with pytest.raises(ValueError, match="retry_mode is 'linear'; choose 'exponential' or 'fixed'"):
        world.chat(server.url, retry_mode="linear")
    with pytest.raises(ValueError, match="retry_mode is 'linear'; choose 'exponential' or 'fixed'"):
        await world.chat(server.url).complete(retry_mode="linear")
    assert not server.requests


COUNTS: list[tuple[dict[str, Any], dict[str, Any], int]] = [
    ({}, {}, 4),
    ({"retry_total": 0}, {}, 1),
    ({}, {"retry_total": 0}, 1),
    ({"retry_total": 1}, {}, 2),
    ({"retry_status": 1}, {}, 2),
    ({}, {"retry_status": 2}, 3),
    ({"retry_status": 1}, {"retry_status": 2}, 3),
    ({"retry_on_methods": ["GET"]}, {}, 1),
    ({}, {"retry_on_methods": ["GET"]}, 1),
]


@pytest.mark.parametrize(("constructor", "call", "attempts"), COUNTS)
async def test_number_of_attempts(
    world: World, serve: Serve, constructor: dict[str, Any], call: dict[str, Any], attempts: int
) -> None:
    server = serve(failing(503))
    with pytest.raises(HttpResponseError):
        await world.chat(server.url, transport=world.transport(), **constructor).complete(**call)
    assert len(server.requests) == attempts


@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_additional_retry_statuses(world: World, serve: Serve, where: str) -> None:
    server = serve(failing(418), GOOD)
    said: dict[str, Any] = {"retry_on_status_codes": [418], "retry_backoff_factor": 0}
    client = world.chat(server.url, **(said if where == "constructor" else {}))
    await client.complete(**(said if where == "call" else {}))
    assert len(server.requests) == 2


@pytest.mark.parametrize("end", [[CUT], [RESET]], ids=["EOF", "reset"])
async def test_response_that_ends_before_its_first_byte_is_retried(world: World, serve: Serve, end: Any) -> None:
    server = serve(end, GOOD)
    await world.chat(server.url, retry_backoff_factor=0).complete()
    assert len(server.requests) == 2


@pytest.mark.parametrize("end", [[CUT], [RESET]], ids=["EOF", "reset"])
async def test_exhausted_retries_raise_a_response_error(world: World, serve: Serve, end: Any) -> None:
    server = serve(end)
    with pytest.raises(ServiceResponseError) as caught:
        await world.chat(server.url, retry_backoff_factor=0).complete()
    assert not isinstance(caught.value, ServiceResponseTimeoutError)
    assert len(server.requests) == 4


async def test_stale_connection_is_replaced(world: World, serve: Serve) -> None:
    server = serve([GOOD, 0.02, CUT], GOOD)
    client = world.chat(server.url, retry_backoff_factor=0)
    await client.complete()
    await asyncio.to_thread(server.connections[0].closed.wait, 5)
    await client.complete()
    assert len(server.connections) == 2


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def test_refused_connection_is_retried(world: World) -> None:
    transport = world.transport()
    with pytest.raises(ServiceRequestError):
        await world.chat(f"http://127.0.0.1:{closed_port()}", transport=transport).complete()
    assert len(transport.waits) == 3


@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_retry_connect(world: World, where: str) -> None:
    transport = world.transport()
    said = {"retry_connect": 1}
    client = world.chat(
        f"http://127.0.0.1:{closed_port()}", transport=transport, **(said if where == "constructor" else {})
    )
    with pytest.raises(ServiceRequestError):
        await client.complete(**(said if where == "call" else {}))
    assert len(transport.waits) == 1


async def test_unknown_host_is_not_retried(world: World) -> None:
    transport = world.transport()
    with pytest.raises(ServiceRequestError):
        await world.chat("https://no-such-host.invalid", transport=transport).complete()
    assert transport.waits == []


@pytest.mark.parametrize(
    ("constructor", "call", "attempts"),
    [({}, {}, 1), ({"retry_read": 1}, {}, 2), ({}, {"retry_read": 1}, 2), ({"retry_read": 0}, {}, 1)],
)
async def test_read_timeout_is_retried_on_request(
    world: World, serve: Serve, constructor: dict[str, Any], call: dict[str, Any], attempts: int
) -> None:
    server = serve([])
    client = world.chat(server.url, read_timeout=0.3, retry_backoff_factor=0, **constructor)
    with pytest.raises(ServiceResponseTimeoutError):
        await client.complete(**call)
    assert len(server.requests) == attempts


async def test_other_operations_are_retried(world: World, serve: Serve) -> None:
    embedded = answer(200, {"data": [{"index": 0, "embedding": [1.0]}], "model": "m"})
    server = serve(failing(500), embedded)
    await world.embeddings(server.url, retry_backoff_factor=0).embed(input=["a"])
    assert len(server.requests) == 2
    server = serve(failing(429), answer(200, {"model_name": "m"}))
    client = world.chat(server.url, retry_backoff_factor=0)
    assert (await client.get_model_info()).model_name == "m"
    assert (await client.get_model_info()).model_name == "m"
    assert len(server.requests) == 2
    server = serve(failing(500), GOOD)
    sent = await world.chat(server.url, retry_backoff_factor=0).send_request(HttpRequest("POST", "x", json={}))
    assert sent.status_code == 200


async def test_non_http_response_raises_an_azure_error(world: World, serve: Serve) -> None:
    server = serve([b"SSH-2.0-OpenSSH_9.6\r\n", CUT])
    with pytest.raises(AzureError):
        await world.chat(server.url, KEY, retry_total=0).complete()


HALF = [head(content_type="application/json", content_length=999), b'{"choices": [', CUT]


@pytest.mark.parametrize(
    "half",
    [
        HALF,
        [HALF[0], HALF[1], RESET],
        [head(content_type="application/json", transfer_encoding="chunked"), chunk(b"{"), CUT],
    ],
    ids=["cut", "reset", "chunked"],
)
async def test_truncated_plain_response_is_retried(world: World, serve: Serve, half: Any) -> None:
    server = serve(half, half, GOOD)
    answer = await world.chat(server.url, retry_backoff_factor=0).complete()
    assert answer.choices[0].message.content == "hello"
    assert len(server.requests) == 3


async def test_error_counts_attempts_of_truncated_responses(world: World, serve: Serve) -> None:
    server = serve(HALF)
    with pytest.raises(IncompleteResponseError, match=r"the response, after 4 attempts in \d\.\d s\.\n") as caught:
        await world.chat(server.url, retry_backoff_factor=0).complete()
    assert len(server.requests) == 4
    assert isinstance(caught.value, (InferenceError, IncompleteReadError))
    assert caught.value.status_code == 200
    assert isinstance(caught.value.__cause__, IncompleteReadError)
    assert "api-key" not in caught.value.response.request.headers  # type: ignore[union-attr]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (IncompleteResponseError, str(caught.value))
    with pytest.raises(IncompleteResponseError, match=r"the end of the response\.\n"):
        await world.chat(server.url, retry_total=0).complete()


async def test_error_counts_connection_attempts(world: World) -> None:
    with pytest.raises(ServiceRequestError, match=r", after 4 attempts in \d\.\d s\.$"):
        await world.chat("http://127.0.0.1:1", retry_backoff_factor=0).complete()


@pytest.mark.parametrize("status", [520, 522, 524, 529])
async def test_gateway_statuses_are_retried(world: World, serve: Serve, status: int) -> None:
    server = serve(answer(status, b"<html>", content_type="text/html"), GOOD)
    await world.chat(server.url, retry_backoff_factor=0).complete()
    assert len(server.requests) == 2
