"""Record exchanges with a real endpoint in a file, and replay them.

A cassette is JSON that people can read and review: requests and responses in order, bodies as JSON if possible, streams
event by event with their timing, and no secrets. Replay finds an exchange by method, path, query and body; repeating a
request returns the next response recorded for it, and finally the last one.
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
from ._split_secrets import hide_cut_secrets, hide_spelled_secrets, hide_split_secrets
from ._values import as_list, as_object, escape_surrogates

RECORD_MODES: Final = ("all", "once", "new_episodes", "none")
"""VCR's modes; see :class:`Emulator`."""
_LOGGER: Final = logging.getLogger("azure.ai.inference.emulator")
_EVENT_END: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class Cassette:
    """A cassette that is being recorded or replayed.

    :param path: The file.
    :param upstream: The endpoint to record, or None to replay.
    :keyword mode: One of :data:`RECORD_MODES`.
    :keyword speed: The speed of replay: 1 as recorded, 2 twice as fast. None: without waiting.
    :raises ValueError: If the file is not a cassette, or a folder or a device, or the endpoint not a URL.
    :raises FileNotFoundError: If there is nothing to replay.
    """

    def __init__(self, path: Path, upstream: str | None, *, mode: str = "all", speed: float | None = None) -> None:
        if path.is_dir():
            raise ValueError(f"cassette is {str(path)!r}, a folder; pass the name of a file")
        self._path = path
        self._speed = speed
        if upstream is not None and not _is_address(upstream):
            raise ValueError(f"record is {upstream!r}; pass a URL such as 'https://example.services.ai.azure.com'")
        if upstream is not None and path.exists() and not path.is_file():
            raise ValueError(f"cassette is {str(path)!r}, which is not a file, and would be replaced by one")
        known = path.exists() and mode != "all" and (upstream is None or path.stat().st_size > 0)
        recording = upstream is not None and mode != "none" and not (mode == "once" and known)
        self._upstream = upstream if recording else None
        self._exchanges = read_cassette(path) if known or not recording else []
        self._new: list[Exchange] = []
        self._writer = CassetteWriter(path, self._exchanges)
        self._played: dict[str, int] = {}

    async def play(self, request: RecordedRequest) -> Response:
        """Respond from the cassette, or from the endpoint that is being recorded."""
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
        """Replay from the beginning."""
        self._played.clear()

    def _keep(self, request: RecordedRequest, arrivals: Arrivals) -> None:
        try:
            self._writer.append(write_exchange(request, arrivals))
        except OSError as error:  # the caller gets the response anyway: it may have been paid for
            _LOGGER.error("an exchange was not recorded: %s", error)

    def _nearest(self, wanted: Mapping[str, Any]) -> str | None:
        """Return where the most similar recorded request differs."""
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
    """Return the members of a request that identify it, under names that read well in a message."""
    body = as_object(request["body"])
    content = next(iter(body.values()), None)
    query = {str(name): value for name, value in as_list(request["query"])}
    return {"method": request["method"], "path": request["path"], "query": query, "body": content}


def _signature(request: Mapping[str, Any]) -> str:
    return json.dumps([request["method"], request["path"], request["query"], request["body"]], sort_keys=True)


def write_exchange(request: RecordedRequest, arrivals: Arrivals, secrets: Iterable[str] = ()) -> Exchange:
    """Return an exchange as stored in the cassette, without secrets.

    :param secrets: Secrets of the request, if they have been removed from it.
    """
    scrubber = Scrubber()
    for secret in secrets:
        scrubber.learn(secret)
    written = write_request(request, scrubber)
    _write_response(arrivals, scrubber)  # a secret revealed at the end of a response is masked at its beginning too
    return {"request": written, "response": _write_response(arrivals, scrubber)}


def write_request(request: RecordedRequest, scrubber: Scrubber | None = None) -> dict[str, Any]:
    """Return a request as stored in the cassette."""
    scrubber = scrubber or Scrubber()
    _write_body(request.raw, scrubber)  # learns the secrets, before the parts above are written
    query = scrubber.query(request.query)
    headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
    headers = scrubber.headers(headers, of_request=True)
    return {
        "method": request.method,
        "path": scrubber.path(request.raw_path.partition("?")[0] or request.path),
        "query": sorted(map(list, query)),
        "headers": headers,
        "body": _write_body(_without_boundary(request), scrubber),
    }


def _without_boundary(request: RecordedRequest) -> bytes:
    """Return the body with the random boundary of forms replaced, so that the same form matches again."""
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
    hide = hide_split_secrets if _has_events(arrivals) else hide_cut_secrets
    clean = hide([piece for _, piece in pieces], scrubber)
    for (when, _), piece in zip(pieces, clean, strict=True):
        yield {"after": round(when - before, 4), **_write_piece(piece, scrubber)}
        before = when


def _pieces(arrivals: Arrivals) -> Iterator[tuple[float, bytes]]:
    """Yield events once they were complete, or, if there are none, the pieces as received."""
    if not _has_events(arrivals):
        yield from arrivals.pieces
        return
    rest, when = b"", 0.0
    for when, piece in arrivals.pieces:
        *events, rest = _split_events(rest + piece)
        for one in events:
            yield when, one
    if rest:
        yield when, rest


def _has_events(arrivals: Arrivals) -> bool:
    return content_type(arrivals.headers).startswith("text/event-stream")


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
        return {"json": scrubber.json(hide_spelled_secrets(json.loads(raw), scrubber))}
    except (ValueError, RecursionError):
        return _write_text(raw, scrubber)


def _write_text(raw: bytes, scrubber: Scrubber) -> dict[str, Any]:
    try:
        return {"text": scrubber.events(raw.decode())}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(scrubber.bytes(raw)).decode()}


def read_response(answer: Mapping[str, Any], speed: float | None = None) -> Response:
    """Return a response from the cassette.

    :param speed: The speed of replay: 1 as recorded. None: without waiting.
    """
    status, headers = answer["status"], answer["headers"]
    if "stream" in answer:
        return Response(status, headers, steps=_played_steps(answer, speed))
    body = _read_body(answer["body"])
    if is_stream(headers):  # version 1 stored the events of a stream as one text
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
    return base64.b64decode(body["base64"]) if "base64" in body else str(body["text"]).encode("utf-8", "surrogatepass")
