"""The control API under ``/_emulator/``: requests, findings and switches, for the page and for programs.

It is a separate service on the same port, with its own token, and is exempt from faults, quotas and recording. Programs
send the token as ``Authorization: Bearer``; the page has it in a cookie that scripts cannot read. Only callers that use
a name of this machine are served, so that no page of another site can reach it by DNS rebinding.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ._cassette_export import export
from ._control_operations import OPEN, OPERATIONS, PREFIX, Operation
from ._exchange_view import describe_events, describe_exchange, describe_fault, describe_rule, summarize
from ._fault import Fault, parse_faults, read_fault
from ._feed import follow
from ._journal import Journal
from ._page import PAGE_HEADERS, page_file
from ._request import RecordedRequest
from ._request_filters import select
from ._response import Response, Step, json_response
from ._script import read_rule
from ._values import as_object, compact
from ._verdict import judge
from ._web_access import host_name, is_loopback

if TYPE_CHECKING:
    from ._session import Session

_SHORTEST_TOKEN: Final = 8
_TOKEN: Final = re.compile(r"[\w.~-]+", re.ASCII)


class ControlError(Exception):
    """A refusal of the control API."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


class Control:
    """The control API of one emulator.

    :param token: The token that callers need.
    :param journal: The requests.
    :param session: Returns the current session.
    :param reset: Resets the emulator.
    """

    def __init__(self, token: str, journal: Journal, session: Callable[[], Session], reset: Callable[[], None]) -> None:
        self._token = token
        self._journal = journal
        self._session = session
        self._reset = reset

    def answer(self, request: RecordedRequest) -> Response:
        """Respond to a request whose path begins with the prefix."""
        try:
            response = self._answer(request)
        except ControlError as error:
            body = {"error": {"code": error.code, "message": error.message}}
            response = json_response(body, error.status, error.headers)
        except (TypeError, ValueError, ImportError) as error:  # an invalid argument
            body = {"error": {"code": "BadRequest", "message": str(error)}}
            response = json_response(body, 400)
        steps = None if request.method == "HEAD" else response.steps  # the server leaves out the body
        return Response(response.status, {**PAGE_HEADERS, **response.headers}, response.body, steps=steps)

    def _answer(self, request: RecordedRequest) -> Response:
        _check_caller(request)
        path = request.path.removeprefix(PREFIX)
        method = "GET" if request.method == "HEAD" else request.method
        if method == "GET" and (path in ("", "/") or path.startswith("/page/")):
            return self._page(request, path)
        operation, number = _find(method, path)
        if operation.name not in OPEN:
            self._check(request)
        handler = getattr(self, operation.name)
        found: Response = handler(request) if number is None else handler(request, number)
        return found

    def _check(self, request: RecordedRequest) -> None:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else _cookie(request)
        if not self._is_token(given):
            message = "The control API needs its token, which the emulator printed or `ui_token` set."
            raise ControlError(401, "TokenNeeded", message)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _page(self, request: RecordedRequest, path: str) -> Response:
        token = request.param("token")
        if token and self._is_token(token):
            return Response(303, {"Location": f"{PREFIX}/", "Set-Cookie": _set_cookie(request, token)})
        if path == "":
            return Response(307, {"Location": f"{PREFIX}/"})
        file = page_file(path.removeprefix("/page/") if path != "/" else "index.html")
        if file is None:
            raise ControlError(404, "NotFound", f"There is no {PREFIX}{path}.")
        return file

    def health(self, request: RecordedRequest) -> Response:
        """Return that the emulator is running."""
        return json_response({"status": "ok"})

    def sign_in(self, request: RecordedRequest) -> Response:
        """Set the page's cookie."""
        token = _body(request).get("token")
        if not isinstance(token, str) or not self._is_token(token):
            raise ControlError(401, "WrongToken", "This is not the token of this emulator.")
        return json_response({}, 200, {"Set-Cookie": _set_cookie(request, token)})

    def requests(self, request: RecordedRequest) -> Response:
        """Return summaries of requests."""
        found, total = select(self._journal.exchanges, request.query)
        return json_response({"requests": [summarize(exchange) for exchange in found], "total": total})

    def forget(self, request: RecordedRequest) -> Response:
        """Delete the stored requests."""
        self._journal.clear()
        return json_response({})

    def request(self, request: RecordedRequest, number: int) -> Response:
        """Return everything known about a request."""
        return json_response(describe_exchange(self._exchange(number)))

    def parts(self, request: RecordedRequest, number: int) -> Response:
        """Return the parts of a response, starting at the one named by ``from``."""
        first = request.param("from") or "0"
        if not (first.isascii() and first.isdigit()):
            raise ControlError(400, "BadRequest", f"from is {first!r}; pass the number of a part, such as 0")
        return json_response(describe_events(self._exchange(number), int(first)))

    def _exchange(self, number: int) -> Any:
        exchange = self._journal.find(number)
        if exchange is None:
            raise ControlError(404, "NotFound", f"Request {number} is not stored, or never arrived.")
        return exchange

    def events(self, request: RecordedRequest) -> Response:
        """Follow changes."""
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        last = request.headers.get("last-event-id", request.param("last_event_id"))
        return Response(200, headers, steps=follow(self._journal, self.state, last))

    def state(self) -> dict[str, Any]:
        """Return faults, replies and settings."""
        session = self._session()
        return {
            "kept": self._journal.kept,
            "settings": vars(session.live_settings),
            "faults": self._faults(),
            "replies": [describe_rule(rule) for rule in session.rules],
        }

    def _faults(self) -> list[dict[str, Any]]:
        return [
            {"id": scheduled.number, "struck": scheduled.struck, "over": scheduled.is_over, **_members(scheduled.fault)}
            for scheduled in self._session().faults
        ]

    def faults(self, request: RecordedRequest) -> Response:
        """Return the faults."""
        return json_response({"faults": self._faults()})

    def add_faults(self, request: RecordedRequest) -> Response:
        """Add faults: ``{"fault": "429:times=2"}``, or the members of one fault."""
        members = _body(request)
        text = members.get("fault")
        faults = parse_faults(text) if isinstance(text, str) else [read_fault(members)]
        for fault in faults:
            self._session().add_fault(fault)
        return json_response({"faults": self._faults()}, 201)

    def remove_faults(self, request: RecordedRequest) -> Response:
        """Remove all faults."""
        for scheduled in self._session().faults:
            self._session().remove_fault(scheduled.number)
        return json_response({})

    def remove_fault(self, request: RecordedRequest, number: int) -> Response:
        """Remove a fault."""
        return _removed(self._session().remove_fault(number), f"fault {number}")

    def replies(self, request: RecordedRequest) -> Response:
        """Return the replies."""
        return json_response({"replies": [describe_rule(rule) for rule in self._session().rules]})

    def add_reply(self, request: RecordedRequest) -> Response:
        """Add a reply, written as an item of a script."""
        self._session().add_rule(read_rule(request.body, "the body"))
        return json_response({"replies": [describe_rule(rule) for rule in self._session().rules]}, 201)

    def remove_replies(self, request: RecordedRequest) -> Response:
        """Remove all replies."""
        for rule in self._session().rules:
            self._session().remove_rule(rule.number)
        return json_response({})

    def remove_reply(self, request: RecordedRequest, number: int) -> Response:
        """Remove a reply."""
        return _removed(self._session().remove_rule(number), f"reply {number}")

    def settings(self, request: RecordedRequest) -> Response:
        """Return the settings that may be changed."""
        return json_response(vars(self._session().live_settings))

    def change_settings(self, request: RecordedRequest) -> Response:
        """Change some settings."""
        session = self._session()
        session.adjust(session.live_settings.changed(_body(request)))
        return self.settings(request)

    def reset_all(self, request: RecordedRequest) -> Response:
        """Delete everything and restore the initial settings."""
        self._reset()
        return json_response({})

    def verdict(self, request: RecordedRequest) -> Response:
        """Return the mistakes of the application."""
        return json_response({"findings": [vars(finding) for finding in judge(self._journal.exchanges)]})

    def cassette(self, request: RecordedRequest) -> Response:
        """Return the exchanges as a cassette, for saving to a file."""
        disposition = {"Content-Disposition": 'attachment; filename="cassette.json"'}
        return Response(200, {**disposition, "Content-Type": "application/json"}, steps=self._cassette_steps())

    def _cassette_steps(self) -> Iterator[Step]:
        # Up to 64 MiB are scrubbed: in a thread, so that others are answered meanwhile.
        yield asyncio.to_thread(lambda: compact(export(self._journal.exchanges)).encode())


def check_token(token: str, is_served: bool) -> str:
    """Check and return a token chosen by the user.

    :raises ValueError: If it is too short, is not allowed in a cookie, or there is no page.
    """
    if not is_served:
        raise ValueError("ui_token is set, but ui is not; set ui=True")
    if len(token) < _SHORTEST_TOKEN:
        raise ValueError(f"ui_token has {len(token)} characters; choose {_SHORTEST_TOKEN} or more")
    if not _TOKEN.fullmatch(token):
        raise ValueError("ui_token has characters that are not allowed in a cookie; choose letters, digits and -._~")
    return token


def _find(method: str, path: str) -> tuple[Operation, int | None]:
    """Return the operation of a path, and the number in the path.

    :raises ControlError: 404 or 405.
    """
    steps = path.split("/")
    number = int(steps[2]) if len(steps) > 2 and steps[2].isascii() and steps[2].isdigit() else None
    if number is not None:
        steps[2] = "{id}"
    found = [operation for operation in OPERATIONS if operation.path == "/".join(steps)]
    if not found:
        known = ", ".join(dict.fromkeys(PREFIX + operation.path for operation in OPERATIONS))
        raise ControlError(404, "NotFound", f"There is no {PREFIX}{path}; there are {known}.")
    for operation in found:
        if operation.method == method:
            return operation, number
    allowed = ", ".join(operation.method for operation in found)
    message = f"{method} is not allowed on {PREFIX}{path}; use {allowed}."
    raise ControlError(405, "MethodNotAllowed", message, {"Allow": allowed.replace("GET", "GET, HEAD")})


def _check_caller(request: RecordedRequest) -> None:
    """Refuse pages of other origins, and callers that use a foreign name for this machine.

    :raises ControlError: 403.
    """
    host = request.headers.get("host", "")
    if not is_loopback(host_name(host)):
        message = f"The control API only responds to this machine's own names, such as localhost, not to {host!r}."
        raise ControlError(403, "HostNotAllowed", message)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        raise ControlError(403, "OriginNotAllowed", f"Pages of {origin!r} may not use the control API.")


def _body(request: RecordedRequest) -> Mapping[str, Any]:
    try:
        value = json.loads(request.raw)
    except (ValueError, RecursionError) as error:
        raise ControlError(400, "BadRequest", f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ControlError(400, "BadRequest", f"The body is a {type(value).__name__}; send a JSON object.")
    return as_object(value)


def _removed(was_there: bool, what: str) -> Response:
    if not was_there:
        raise ControlError(404, "NotFound", f"There is no {what}.")
    return json_response({})


def _members(fault: Fault) -> dict[str, Any]:
    return describe_fault(fault) or {}


def _cookie_name(request: RecordedRequest) -> str:
    """Return the name of the page's cookie. Browsers keep one set of cookies for all ports of a host."""
    return f"inference_emulator_{urlsplit('//' + request.headers.get('host', '')).port or 80}"


def _cookie(request: RecordedRequest) -> str:
    """Return the token in the page's cookie, or an empty string."""
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == _cookie_name(request)), "")


def _set_cookie(request: RecordedRequest, token: str) -> str:
    return f"{_cookie_name(request)}={token}; Path={PREFIX}/; HttpOnly; SameSite=Strict"
