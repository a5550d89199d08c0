"""Exchanges with a real endpoint, kept in a file and played again.

A cassette is JSON that people can read and review: requests and answers in order, bodies as JSON where they are,
streams event by event with their timing, and no secrets. Playing finds an exchange by method, path, query and body;
the same request asked again gets the next answer recorded for it, and the last one from then on.
"""

import base64
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ._cassette_file import CassetteWriter, Exchange, read_cassette
from ._differences import differences, explain
from ._recorder import NOT_PASSED_ON, Arrivals, content_type, forward, is_stream
from ._request import RecordedRequest
from ._response import Cut, Pause, Response, Step, event, json_response
from ._secrets import Scrubber
from ._split_secrets import hide_split_secrets
from ._values import as_list, as_object, escape_surrogates

RECORD_MODES: Final = ("all", "once", "new_episodes", "none")
"""VCR's modes; see :class:`Emulator`."""
_LOGGER: Final = logging.getLogger("azure.ai.inference.emulator")
_EVENT_END: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class Cassette:
    """A cassette that is being recorded or played.

    :param path: the file.
    :param upstream: the endpoint to record, or None to play.
    :keyword mode: one of :data:`RECORD_MODES`.
    :keyword speed: how fast to play: 1 as it was recorded, 2 twice as fast. None: without waiting.
    :raises ValueError: if the file is no cassette, or the endpoint no URL.
    :raises FileNotFoundError: if there is nothing to play.
    """

    def __init__(self, path: Path, upstream: str | None, *, mode: str = "all", speed: float | None = None) -> None:
        self._path = path
        self._speed = speed
        if upstream is not None and not _is_address(upstream):
            raise ValueError(f"record is {upstream!r}; give a URL such as 'https://example.services.ai.azure.com'")
        known = path.exists() and mode != "all"
        recording = upstream is not None and mode != "none" and not (mode == "once" and known)
        self._upstream = upstream if recording else None
        self._exchanges = read_cassette(path) if known or not recording else []
        self._new: list[Exchange] = []
        self._writer = CassetteWriter(path, self._exchanges)
        self._played: dict[str, int] = {}

    async def play(self, request: RecordedRequest) -> Response:
        """Answer from the cassette, or from the endpoint that is being recorded."""
        wanted = write_request(request)
        signature = _signature(wanted)
        numbered = enumerate(self._exchanges, 1)
        found = [(place, exchange) for place, exchange in numbered if _signature(exchange["request"]) == signature]
        outcome = request.outcome
        if found:
            number = self._played.get(signature, 0)
            self._played[signature] = number + 1
            place, exchange = found[min(number, len(found) - 1)]
            outcome.source, outcome.matched = "cassette", f"exchange {place} of {self._path.name}"
            return read_response(exchange["response"], self._speed)
        if self._upstream is not None:
            outcome.source = "recording"
            return await forward(request, self._upstream, self._keep)
        outcome.source, outcome.nearest_miss = "refusal", self._nearest(wanted)
        message = self._mismatch(wanted, outcome.nearest_miss)
        return json_response({"error": {"code": "NoRecording", "message": message}}, 404)

    def rewind(self) -> None:
        """Play from the beginning."""
        self._played.clear()

    def _keep(self, request: RecordedRequest, arrivals: Arrivals) -> None:
        try:
            self._writer.append(write_exchange(request, arrivals))
        except OSError as error:  # the caller gets its answer all the same: it may have been paid for
            _LOGGER.error("an exchange was not recorded: %s", error)

    def _nearest(self, wanted: Mapping[str, Any]) -> str | None:
        """Return where the recorded request that comes nearest differs."""
        asked = _compared(wanted)
        rows = [_compared(as_object(exchange["request"])) for exchange in self._exchanges]
        rows = [row for row in rows if row["path"] == asked["path"]] or rows
        nearest = min(rows, key=lambda row: len(differences(row, asked)), default=None)
        return None if nearest is None else explain(nearest, asked)

    def _mismatch(self, wanted: Mapping[str, Any], nearest: str | None) -> str:
        asked = f"{wanted['method']} {wanted['path']}"
        requests = [as_object(exchange["request"]) for exchange in self._exchanges]
        known = "; ".join(f"{request['method']} {request['path']}" for request in requests) or "none"
        differs = f" The nearest differs in {nearest}." if nearest else ""
        head = f"{self._path} holds no exchange for {asked} with this query and body."
        return f"{head} It holds: {known}.{differs} Record it again."


def _is_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _compared(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a request by which it is found, so that their names read well in a message."""
    body = as_object(request["body"])
    content = next(iter(body.values()), None)
    query = {str(name): value for name, value in as_list(request["query"])}
    return {"method": request["method"], "path": request["path"], "query": query, "body": content}


def _signature(request: Mapping[str, Any]) -> str:
    return json.dumps([request["method"], request["path"], request["query"], request["body"]], sort_keys=True)


def write_exchange(request: RecordedRequest, arrivals: Arrivals, secrets: Iterable[str] = ()) -> Exchange:
    """Return an exchange as the cassette holds it, without secrets.

    :param secrets: secrets that the request carried, if it does not have them any more.
    """
    scrubber = Scrubber()
    for secret in secrets:
        scrubber.learn(secret)
    written = write_request(request, scrubber)
    _write_response(arrivals, scrubber)  # what the end of an answer gives away is blotted out at its beginning too
    return {"request": written, "response": _write_response(arrivals, scrubber)}


def write_request(request: RecordedRequest, scrubber: Scrubber | None = None) -> dict[str, Any]:
    """Return a request as the cassette holds it."""
    scrubber = scrubber or Scrubber()
    _write_body(request.raw, scrubber)  # to learn what is secret, before what stands above it is written
    query = scrubber.query(request.query)
    headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
    headers = scrubber.headers(headers, of_request=True)
    return {
        "method": request.method,
        "path": scrubber.text(request.raw_path.partition("?")[0] or request.path),
        "query": sorted(map(list, query)),
        "headers": headers,
        "body": _write_body(_without_boundary(request), scrubber),
    }


def _without_boundary(request: RecordedRequest) -> bytes:
    """Return the body with the random text that parts forms replaced, so that the same form is found again."""
    found = re.search(r'(?i)^multipart/.*boundary="?([^";]+)', request.headers.get("content-type", ""))
    return request.raw.replace(found[1].encode(), b"boundary") if found else request.raw


def _write_response(arrivals: Arrivals, scrubber: Scrubber) -> dict[str, Any]:
    head = {"status": arrivals.status, "headers": scrubber.headers(arrivals.headers, of_request=False)}
    if not arrivals.is_stream:
        seconds = round(arrivals.pieces[-1][0], 4) if arrivals.pieces else 0
        return {**head, "seconds": seconds, "body": _write_body(arrivals.body, scrubber)}
    stream = list(_write_stream(arrivals, scrubber))
    return {**head, "stream": stream} | ({} if arrivals.whole else {"cut": True})


def _write_stream(arrivals: Arrivals, scrubber: Scrubber) -> Iterator[dict[str, Any]]:
    """Yield the pieces of a stream, each with the seconds since the one before it."""
    before, pieces = 0.0, list(_pieces(arrivals))
    clean = hide_split_secrets([piece for _, piece in pieces], scrubber.known)
    for (when, _), piece in zip(pieces, clean, strict=True):
        yield {"after": round(when - before, 4), **_write_piece(piece, scrubber)}
        before = when


def _pieces(arrivals: Arrivals) -> Iterator[tuple[float, bytes]]:
    """Yield events when they were whole, or, where there are none, what came as it came."""
    if not content_type(arrivals.headers).startswith("text/event-stream"):
        yield from arrivals.pieces
        return
    rest, when = b"", 0.0
    for when, piece in arrivals.pieces:
        *events, rest = _split_events(rest + piece)
        for one in events:
            yield when, one
    if rest:
        yield when, rest


def _split_events(data: bytes) -> list[bytes]:
    """Return the events in ``data``, each with its end, and what follows the last of them."""
    ends = [0, *(match.end() for match in _EVENT_END.finditer(data)), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


def _write_piece(piece: bytes, scrubber: Scrubber) -> dict[str, Any]:
    body = piece.removeprefix(b"data: ").removesuffix(b"\n\n")
    try:
        data = json.loads(body)
        clean = {"data": scrubber.json(data)}
    except (ValueError, RecursionError):
        return _write_text(piece, scrubber)
    return clean if event(data) == piece else _write_text(piece, scrubber)


def _write_body(raw: bytes, scrubber: Scrubber) -> dict[str, Any]:
    try:
        return {"json": scrubber.json(json.loads(raw))}
    except (ValueError, RecursionError):
        return _write_text(raw, scrubber)


def _write_text(raw: bytes, scrubber: Scrubber) -> dict[str, Any]:
    try:
        return {"text": scrubber.events(raw.decode())}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(scrubber.bytes(raw)).decode()}


def read_response(answer: Mapping[str, Any], speed: float | None = None) -> Response:
    """Return an answer of the cassette.

    :param speed: how fast to play it: 1 as it was recorded. None: without waiting.
    """
    status, headers = answer["status"], answer["headers"]
    if "stream" in answer:
        return Response(status, headers, steps=_played_steps(answer, speed))
    body = _read_body(answer["body"])
    if is_stream(headers):  # version 1 had the events of a stream in one text
        return Response(status, headers, steps=[one for one in _split_events(body) if one])
    if speed and answer.get("seconds"):
        return Response(status, headers, steps=[Pause(answer["seconds"] / speed), body], length=len(body))
    return Response(status, headers, body)


def _played_steps(answer: Mapping[str, Any], speed: float | None) -> Iterator[Step]:
    for piece in map(as_object, as_list(answer["stream"])):
        if speed and piece.get("after"):
            yield Pause(piece["after"] / speed)
        yield event(piece["data"]) if "data" in piece else _read_body(piece)
    if answer.get("cut"):
        yield Cut()


def _read_body(body: Mapping[str, Any]) -> bytes:
    if "json" in body:
        return escape_surrogates(json.dumps(body["json"], ensure_ascii=False)).encode()
    return base64.b64decode(body["base64"]) if "base64" in body else str(body["text"]).encode()
