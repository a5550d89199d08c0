"""Transport faults: temporary refusals, time, connections, redirects."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from clients.faults import CALLS, STREAMS
from clients.raw_server import (
    CHUNKED_HEAD,
    CUT,
    HELLO,
    KEPT_ALIVE,
    LAST_CHUNK,
    RESET,
    STREAM,
    Answer,
    answer,
    chunk,
    event,
    stream,
)

from .case import GOOD, NO, OTHER_ORIGIN, SILENT, Case, Refusing, answered, raw, refused


def on_the_network() -> Iterator[Case]:
    """Return the cases in order."""
    yield from _passing()
    yield from _waits()
    yield from _final()
    yield from _time()
    yield from _connections()
    yield from _secrets()


RETRIES: Final = "Retries"


def _failing(status: int, **headers: Any) -> bytes:
    return answer(status, NO, **headers)


def _passing() -> Iterator[Case]:
    for status in (408, 429, 500, 502, 503, 504):
        for streamed in (False, True):
            name = f"{status} once, then {'a stream' if streamed else 'an answer'}"
            good: Answer = stream(STREAM) if streamed else GOOD
            yield Case(RETRIES, name, raw(_failing(status), good), stream=streamed, attempts=2)
    for name, end in (("end of connection", CUT), ("reset", RESET)):
        yield answered(RETRIES, f"{name} before the first byte, then an answer", raw([end], GOOD), attempts=2)
        yield refused(RETRIES, f"{name} before the first byte, always", raw([end]), "NoResponseError", attempts=4)
    yield refused(RETRIES, "connection refused", Refusing(), "RequestError", attempts=0)


WAITS: Final[Mapping[str, tuple[dict[str, str], float]]] = {
    "Retry-After: 1": ({"retry_after": "1"}, 1),
    "Retry-After: 0.3": ({"retry_after": "0.3"}, 0.3),
    "retry-after-ms: 1000": ({"retry_after_ms": "1000"}, 1),
    "x-ms-retry-after-ms: 2000": ({"x_ms_retry_after_ms": "2000"}, 2),
    "Retry-After: 0": ({"retry_after": "0"}, 0),
    "Retry-After: soon": ({"retry_after": "soon"}, 0),
    "Retry-After: -5": ({"retry_after": "-5"}, 0),
    "Retry-After: inf": ({"retry_after": "inf"}, 0),
    "Retry-After: nothing": ({"retry_after": ""}, 0),
    "retry-after-ms: nan, Retry-After: 1": ({"retry_after_ms": "nan", "retry_after": "1"}, 1),
    "Retry-After: a date that has passed": ({"retry_after": "Thu, 01 Jan 2026 00:00:00 GMT"}, 0),
}
"""What a 429 asks for, and the minimum wait."""


def _waits() -> Iterator[Case]:
    for name, (headers, least) in WAITS.items():
        yield answered(RETRIES, f"429, {name}", raw(_failing(429, **headers), GOOD), attempts=2, least=least)
    yield refused(
        RETRIES,
        "429, Retry-After: 99999, within a timeout",
        raw(_failing(429, retry_after="99999")),
        "RateLimitError",
        says="the words",
        kept={"status": 429, "code": "c0de", "seconds to wait": 99999.0},
        timeout=SILENT,
    )


def _final() -> Iterator[Case]:
    kinds = {401: "AuthenticationError", 404: "NotFoundError", 409: "ConflictError"}
    for status in (400, 401, 404, 409, 422):
        yield refused(
            RETRIES,
            f"{status} with Retry-After, which is final",
            raw(_failing(status, retry_after="0")),
            kinds.get(status, "InferenceError"),
            says="the words",
            kept={"status": status, "code": "c0de"},
        )
    error = "ResponseTimeoutError"
    yield refused(RETRIES, "no answer within the read timeout", raw([]), error, read_timeout=SILENT)
    no_http = raw([b"SSH-2.0\r\n", CUT])
    yield refused(RETRIES, "an answer that is not HTTP", no_http, "NoResponseError", attempts=4)


def _time() -> Iterator[Case]:
    error = "ResponseTimeoutError"
    for name, steps in CALLS.items():
        yield refused("Time", f"answer: {name}", raw(steps), error, timeout=SILENT)
    for name, steps in STREAMS.items():
        text = "hello" if "stop" in name else None
        yield Case("Time", f"stream: {name}", raw(steps), text=text, error=error, timeout=SILENT)
    silence = [CHUNKED_HEAD, chunk(HELLO)]
    yield Case("Time", "stream: silence longer than the read timeout", raw(silence), error=error, read_timeout=SILENT)
    comments: list[Any] = [part for _ in range(6) for part in (chunk(b": ping\n\n"), SILENT / 4)]
    slow = raw([CHUNKED_HEAD, *comments, chunk(STREAM), LAST_CHUNK])
    yield Case("Time", "stream: comments keep it alive", slow, read_timeout=SILENT)


def _connections() -> Iterator[Case]:
    group = "Connections"
    going_on = raw([CHUNKED_HEAD, chunk(HELLO)])
    for name in KEPT_ALIVE:
        yield Case(group, f"a stream is read to its end ({name})", raw(stream(STREAM, name)), connection="reused")
    yield answered(group, "a plain answer", raw(GOOD), connection="reused")
    yield refused(group, "an error", raw(_failing(400)), "InferenceError", says="the words", connection="reused")
    yield Case(
        group,
        "an error inside a stream that goes on",
        raw([CHUNKED_HEAD, chunk(HELLO + event(NO))]),
        error="InferenceError",
        says="the words",
        connection="closed",
    )
    yield Case(group, "the stream is closed", going_on, action="close", connection="closed")
    yield Case(group, "its with block is left", going_on, action="leave", connection="closed")
    yield Case(group, "it is dropped", going_on, action="forget", connection="closed")
    yield Case(group, "its task is cancelled", going_on, action="cancel", connection="closed")


def _secrets() -> Iterator[Case]:
    group = "Secrets"
    for status in (301, 302, 303, 307, 308):
        there = OTHER_ORIGIN.decode() + "/v1/chat/completions"
        yield refused(
            group,
            f"{status} to another origin",
            raw(answer(status, b"", location=there)),
            "InferenceError",
            kept={"status": status},
            secret=True,
        )
    yield refused(
        group,
        "303 to another origin, the key in api-key",
        raw(answer(303, b"", location=there)),
        "InferenceError",
        kept={"status": 303},
        key_header=True,
        secret=True,
    )
    within = raw(answer(307, b"", location="/elsewhere"), GOOD)
    yield answered(group, "307 within the origin", within, attempts=2)
    clear = raw(GOOD, host="192.0.2.1")
    yield refused(
        group,
        "plain http, not to this machine",
        clear,
        "InsecureRequestError",
        attempts=0,
        secret=True,
    )
