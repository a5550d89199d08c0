"""The APIs besides chat completions that the emulator serves, each as functions on values.

The model only knows conversations in chat form. An API checks its own requests, converts them to chat form, and writes
the model's reply as an answer of its own; the events of a stream are made from that answer.
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
    """Checks and returns the body of a request; raises a `ServiceError`."""
    chat_body: Callable[[_Body], dict[str, Any]]
    """Returns the request in chat form."""
    refused: Callable[[_Body, _Body], Reply | None]
    """Returns the refusal of a request that asks for one, given the request and its chat form."""
    write: Callable[[_Body, Reply, Answer, Dialect], dict[str, Any]]
    """Writes the answer to a plain request."""
    events: Callable[[_Body, Reply, Dialect], Iterator[bytes]]
    """Writes the events of a stream, from the answer to a plain request."""


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

    :param speak: Returns the scripted reply for a request, or None.
    :param stored: The answers that a request may continue.
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
    """Return the number of tokens in a request to the Messages API."""
    chat = chat_body(check_count(request))
    return json_response({"input_tokens": prompt_tokens(chat["messages"], as_list(chat.get("tools")))})
