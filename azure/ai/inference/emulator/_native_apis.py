"""The APIs besides chat completions that the emulator plays, each as functions on values.

The model knows conversations in chat form only. An API checks a request of its own, says it in chat form, and writes
what the model says as an answer of its own; a stream's events are made from that answer.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from ._chat_choices import default_reply, finish
from ._completion import Answer
from ._default_answers import prompt_tokens
from ._dialects import Dialect
from ._messages_answers import chat_body, message_events, message_of, refused
from ._messages_rules import check_count, check_messages
from ._raw_replies import EVENT_STREAM, raw_response
from ._replies import Reply
from ._request import RecordedRequest
from ._response import Response, json_response
from ._responses_answers import refuse_harm, response_events, response_of
from ._responses_rules import chat_request, check_responses
from ._stored_answers import StoredAnswers
from ._values import as_list

_Body = Mapping[str, Any]


class NativeApi(NamedTuple):
    """An API, as the steps from a request to an answer."""

    check: Callable[[RecordedRequest, StoredAnswers], dict[str, Any]]
    """Check a request's body and return it; raises a `ServiceError`."""
    chat_body: Callable[[_Body], dict[str, Any]]
    """Return the request in chat form."""
    refused: Callable[[_Body, _Body], Reply | None]
    """Return the refusal of a request that asks for one; given the request, and the same in chat form."""
    write: Callable[[_Body, Reply, Answer, Dialect], dict[str, Any]]
    """Write the answer to a plain request."""
    events: Callable[[_Body, Reply, Dialect], Iterator[bytes]]
    """Write the events of a stream, from the answer to a plain request."""


NATIVE_APIS: Final[Mapping[str, NativeApi]] = {
    "messages": NativeApi(check_messages, chat_body, refused, message_of, message_events),
    "responses": NativeApi(check_responses, chat_request, refuse_harm, response_of, response_events),
}
"""The APIs by their operation."""


def answer_natively(
    request: RecordedRequest,
    api: NativeApi,
    dialect: Dialect,
    model: str,
    speak: Callable[[RecordedRequest], Reply | None],
    stored: StoredAnswers,
) -> Response:
    """Return an API's answer to a request.

    :param speak: gives the reply that was scripted for a request, or None.
    :param stored: the answers that a request may go on from.
    """
    body = api.check(request, stored)
    chat = api.chat_body(body)
    reply = speak(request) or api.refused(body, chat) or default_reply(chat, model=model)
    if reply.is_raw:
        return raw_response(reply)
    answer = finish(chat, reply, dialect, model)
    native = api.write(body, reply, answer, dialect)
    stored.keep(body, native)
    if body.get("stream") is not True:
        return replace(json_response(native, 200, reply.headers), usage=answer.usage)
    return Response(
        200, {**reply.headers, **EVENT_STREAM}, steps=api.events(native, reply, dialect), usage=answer.usage
    )


def count_tokens(request: RecordedRequest) -> Response:
    """Return how many tokens a request to the Messages API has."""
    chat = chat_body(check_count(request))
    return json_response({"input_tokens": prompt_tokens(chat["messages"], as_list(chat.get("tools")))})
