"""The operations of the control API: the table that the API uses and from which the OpenAPI document is built."""

import re
from typing import Any, Final, NamedTuple

PREFIX: Final = "/_emulator"


class Operation(NamedTuple):
    """One operation of the API.

    :ivar method: Such as ``GET``.
    :ivar path: Below the prefix; ``{id}`` is a number.
    :ivar summary: Its description in the OpenAPI document.
    :ivar name: The method of :class:`Control` that runs it.
    """

    method: str
    path: str
    summary: str
    name: str


OPERATIONS: Final = (
    Operation("GET", "/health", "Return that the emulator is running. Needs no token.", "health"),
    Operation("POST", "/session", "Exchange the token for the page's cookie.", "sign_in"),
    Operation("GET", "/requests", "Return the requests that match the filters, newest first.", "requests"),
    Operation("DELETE", "/requests", "Delete the stored requests.", "forget"),
    Operation("GET", "/requests/{id}", "Return a request, its response, and its outcome.", "request"),
    Operation("GET", "/requests/{id}/events", "Return the parts of a response as they were sent.", "parts"),
    Operation("GET", "/events", "Follow changes, as server-sent events.", "events"),
    Operation("GET", "/faults", "Return the faults.", "faults"),
    Operation("POST", "/faults", "Add faults.", "add_faults"),
    Operation("DELETE", "/faults", "Remove all faults.", "remove_faults"),
    Operation("DELETE", "/faults/{id}", "Remove a fault.", "remove_fault"),
    Operation("GET", "/replies", "Return the replies.", "replies"),
    Operation("POST", "/replies", "Add a reply.", "add_reply"),
    Operation("DELETE", "/replies", "Remove all replies.", "remove_replies"),
    Operation("DELETE", "/replies/{id}", "Remove a reply.", "remove_reply"),
    Operation("GET", "/settings", "Return latency, token rate, pause and quotas.", "settings"),
    Operation("PATCH", "/settings", "Change some of them.", "change_settings"),
    Operation("POST", "/reset", "Delete everything and restore the initial settings.", "reset_all"),
    Operation("GET", "/verdict", "Return the mistakes of the application.", "verdict"),
    Operation("GET", "/cassette", "Return the exchanges as a cassette.", "cassette"),
)


def describe_control() -> dict[str, Any]:
    """Return the paths of the control API for the OpenAPI document."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        item = paths.setdefault(PREFIX + operation.path, {})
        item[operation.method.lower()] = _describe(operation)
        if "{id}" in operation.path:
            schema = {"type": "integer", "minimum": 1}
            item["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": schema}]
    return paths


def _describe(operation: Operation) -> dict[str, Any]:
    is_open = operation.name in OPEN
    kind = "text/event-stream" if operation.name == "events" else "application/json"
    refusals = {status: {"description": text} for status, text in _REFUSALS.items()}
    found: dict[str, Any] = {
        "operationId": "control-" + re.sub(r"_", "-", operation.name),
        "summary": operation.summary,
        "tags": ["control"],
        "security": [] if is_open else [{"control": []}],
        "responses": {"default": {"description": "The answer.", "content": {kind: {}}}, **refusals},
    }
    if operation.method in ("POST", "PATCH") and operation.name != "reset_all":
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    return found


OPEN: Final = frozenset({"health", "sign_in"})
"""The operations that need no token."""
CONTROL_SECURITY: Final = {"type": "http", "scheme": "bearer", "description": "The token of the control API."}
_REFUSALS: Final = {
    "400": "The body or a filter is invalid; the message says why.",
    "401": "The token is missing or wrong.",
    "403": "The host or the origin is not this machine.",
    "404": "The request, fault or reply does not exist.",
}
