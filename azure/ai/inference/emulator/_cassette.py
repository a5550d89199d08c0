"""Exchanges with a real endpoint, kept in a file and played again.

A cassette is JSON that people can read and review: requests and answers in order, bodies as JSON where they are, and
no secrets. Playing finds an exchange by method, path, query and body; the same request asked again gets the next
answer recorded for it, and the last one from then on.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from ._problems import ServiceError
from ._request import SCRUBBED, RecordedRequest, credentials, scrub_headers
from ._response import Response, Step, json_response
from ._values import as_list, as_object

_FRAMING: Final = frozenset(
    {"connection", "content-encoding", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
)
_HOP: Final = _FRAMING | {"host", "accept-encoding"}


class Tape:
    """A cassette that is being recorded or played.

    :param path: the file.
    :param upstream: the endpoint to record, or None to play.
    :raises ValueError: if the file is no cassette, or the endpoint no URL.
    :raises FileNotFoundError: if there is nothing to play.
    """

    def __init__(self, path: Path, upstream: str | None) -> None:
        self._path = path
        self._upstream = upstream
        self._exchanges: list[dict[str, Any]] = []
        self._played: dict[str, int] = {}
        if upstream is None:
            self._exchanges = _read(path)
        elif urlsplit(upstream).scheme not in ("http", "https"):
            raise ValueError(f"record is {upstream!r}; give a URL such as 'https://example.services.ai.azure.com'")

    async def play(self, request: RecordedRequest) -> Response:
        """Answer from the cassette, or from the endpoint that is being recorded."""
        if self._upstream is None:
            return self._recall(request)
        from aiohttp import ClientError

        try:
            response = await self._forward(request, self._upstream)
        except ClientError as error:
            message = f"{self._upstream} did not answer: {error!r}"
            return json_response({"error": {"code": "BadGateway", "message": message}}, 502)
        self._exchanges.append(write_exchange(request, response))
        text = json.dumps({"version": 1, "exchanges": self._exchanges}, indent=1, ensure_ascii=False)
        self._path.write_text(text + "\n", "utf-8")
        return response

    def rewind(self) -> None:
        """Play from the beginning."""
        self._played.clear()

    def _recall(self, request: RecordedRequest) -> Response:
        wanted = _signature(write_request(request))
        found = [exchange for exchange in self._exchanges if _signature(exchange["request"]) == wanted]
        if not found:
            known = "; ".join(f"{e['request']['method']} {e['request']['path']}" for e in self._exchanges)
            message = (
                f"{self._path} holds no exchange for {request.method} {request.path} with this query and body. "
                f"It holds: {known or 'none'}. Record it again."
            )
            problem = ServiceError(404, "NoRecording", message)
            return json_response({"error": {"code": problem.code, "message": problem.message}}, problem.status)
        number = self._played.get(wanted, 0)
        self._played[wanted] = number + 1
        return read_response(found[min(number, len(found) - 1)]["response"])

    @staticmethod
    async def _forward(request: RecordedRequest, upstream: str) -> Response:
        from aiohttp import ClientSession

        query = urlencode(request.query)
        url = upstream.rstrip("/") + request.path + (f"?{query}" if query else "")
        headers = {name: value for name, value in request.headers.items() if name not in _HOP}
        options: dict[str, Any] = {"headers": headers, "data": request.raw or None, "allow_redirects": False}
        async with ClientSession() as session, session.request(request.method, url, **options) as answer:
            body = await answer.read()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _FRAMING}
        return _playable(answer.status, kept, body)


def write_exchange(request: RecordedRequest, response: Response) -> dict[str, Any]:
    """Return an exchange as the cassette holds it. What the request was let in by is blotted out wherever it occurs."""
    raw = (
        response.body
        if response.steps is None
        else b"".join(step for step in response.steps if isinstance(step, bytes))
    )
    answer = {"status": response.status, "headers": scrub_headers(response.headers), "body": _write_body(raw)}
    text = json.dumps({"request": write_request(request), "response": answer})
    for secret in credentials(request):
        text = text.replace(json.dumps(secret)[1:-1], SCRUBBED)
    return as_object(json.loads(text))


def write_request(request: RecordedRequest) -> dict[str, Any]:
    """Return a request as the cassette holds it."""
    clean = request.scrubbed()
    headers = {name: value for name, value in clean.headers.items() if name not in _HOP}
    return {
        "method": clean.method,
        "path": clean.path,
        "query": sorted(map(list, clean.query)),
        "headers": headers,
        "body": _write_body(clean.raw),
    }


def read_response(answer: Mapping[str, Any]) -> Response:
    """Return an answer of the cassette."""
    return _playable(answer["status"], answer["headers"], _read_body(answer["body"]))


def _playable(status: int, headers: Mapping[str, str], body: bytes) -> Response:
    """Return an answer to send; a stream event by event, as it came."""
    response = Response(status, headers, body)
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return replace(response, steps=list(_events(body))) if kind.startswith("text/event-stream") else response


def _events(body: bytes) -> Iterator[Step]:
    *events, rest = body.split(b"\n\n")
    for one in events:
        yield one + b"\n\n"
    if rest:
        yield rest


def _write_body(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}
    try:
        return {"json": json.loads(text)}
    except ValueError:
        return {"text": text}


def _read_body(body: Mapping[str, Any]) -> bytes:
    if "json" in body:
        return json.dumps(body["json"], ensure_ascii=False).encode()
    return base64.b64decode(body["base64"]) if "base64" in body else str(body["text"]).encode()


def _signature(request: Mapping[str, Any]) -> str:
    return json.dumps([request["method"], request["path"], request["query"], request["body"]], sort_keys=True)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        found = as_object(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise ValueError(f"{path} is no cassette: {error}") from error
    if found.get("version") != 1:
        raise ValueError(f"{path} is no cassette of version 1; record it again")
    return [as_object(exchange) for exchange in as_list(found.get("exchanges"))]
