"""The routes of the Responses API for a stored answer: read it again, page through its input, delete it.

The answers are those of `_stored_answers`; answers requested with ``store`` false are not among them.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from ._default_answers import prompt_tokens
from ._dialects import Dialect
from ._raw_replies import EVENT_STREAM
from ._replies import Reply
from ._request import RecordedRequest
from ._response import Response, json_response
from ._responses_answers import response_events
from ._responses_rules import chat_request, check_responses
from ._routes import Route
from ._service_error import ServiceError
from ._stored_answers import StoredAnswers
from ._values import as_list, as_text, compact

_MOST_ITEMS: Final = 100
_USUAL_ITEMS: Final = 20
_PREFIXES: Final[Mapping[str, str]] = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
}


def answer_about_stored(request: RecordedRequest, route: Route, stored: StoredAnswers, dialect: Dialect) -> Response:
    """Return the response to a request about a stored answer.

    :raises ServiceError: 404 for an answer that is not stored, 400 for an invalid parameter.
    """
    answer_id = route.answer or ""
    found = stored.get(answer_id)
    if route.operation.endswith("/cancel"):
        raise ServiceError(400, "", "Cannot cancel a synchronous response.")
    if route.operation.endswith("/input_items"):
        return json_response(_page(request, _listed(found.input)))
    if request.method == "DELETE":
        stored.delete(answer_id)
        return json_response({"id": answer_id, "object": "response", "deleted": True})
    if request.param("stream") != "true":
        return json_response(found.response)
    first = _whole_number(request, "starting_after", -1, low=0, high=2**31) + 1
    events = islice(response_events(found.response, Reply(), dialect), first, None)
    return Response(200, EVENT_STREAM, steps=events)


def count_input(request: RecordedRequest, stored: StoredAnswers) -> Response:
    """Return the number of tokens in a request to the Responses API, including the conversation that it continues."""
    chat = chat_request(check_responses(request, stored))
    tokens = prompt_tokens(chat["messages"], as_list(chat.get("tools")))
    return json_response({"object": "response.input_tokens", "input_tokens": tokens})


def _listed(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Return items as the service lists them: each with an id and a status, texts as parts."""
    return [_item(item, number) for number, item in enumerate(items)]


def _item(item: Mapping[str, Any], number: int) -> dict[str, Any]:
    found = dict(item)
    if found["type"] in _PREFIXES:
        digest = sha256(f"{number} {compact(item)}".encode()).hexdigest()[:32]
        found = {"id": f"{_PREFIXES[found['type']]}_{digest}", "status": "completed", **found}
    if isinstance(found.get("content"), str):
        is_answer = found["role"] == "assistant"
        extra: dict[str, Any] = {"annotations": [], "logprobs": []} if is_answer else {}
        kind = "output_text" if is_answer else "input_text"
        found["content"] = [{"type": kind, "text": found["content"], **extra}]
    return found


def _page(request: RecordedRequest, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    order = request.param("order") or "desc"
    if order not in ("asc", "desc"):
        message = f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'."
        raise ServiceError(400, "invalid_value", message, param="order")
    limit = _whole_number(request, "limit", _USUAL_ITEMS, low=1, high=_MOST_ITEMS)
    rest = list(_after(request.param("after"), items if order == "asc" else items[::-1]))
    page = rest[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0].get("id") if page else None,
        "last_id": page[-1].get("id") if page else None,
        "has_more": len(rest) > limit,
    }


def _after(after: str, items: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if after and all(item.get("id") != after for item in items):
        raise ServiceError(404, "", f"Item with id '{after}' not found.", param="after")
    begun = not after
    for item in items:
        if begun:
            yield item
        begun = begun or item.get("id") == after


def _whole_number(request: RecordedRequest, name: str, usual: int, *, low: int, high: int) -> int:
    """Return a number from the query.

    :raises ServiceError: 400 if it is not a number, or out of range.
    """
    text = as_text(request.param(name))
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high):
        message = f"Invalid '{name}': expected a whole number from {low} to {high}, but got '{text[:40]}' instead."
        raise ServiceError(400, "invalid_value", message, param=name)
    return int(text)
