"""The APIs that a deployment may speak besides chat completions.

A wire is a pure module. It translates a request from the form of chat completions, and an answer or the events of a
stream back to it, so that clients, streams, errors, telemetry and tools know a single form. `WIRES` has a row for each;
another API is a file here and a row there. A wire is loaded when it is first used, because imports are on a budget.

Whole and streamed answers agree by construction: a wire reads both with its `Events`. `answer` feeds them the whole
answer, and adds up the chunks with `completion_of`.
"""

import logging
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from .._json import is_list

Object = dict[str, Any]
"""A JSON object."""

_logger = logging.getLogger("azure.ai.inference")


class NoCounterpartError(ValueError):
    """A request has something that the API has no counterpart for.

    :param what: The option, or another part of the request, such as "an audio item in messages[2]".
    :param api: The API's name in a sentence, such as "the Responses API".
    :param way_out: What to do instead, as the end of the sentence.
    """

    def __init__(self, what: str, api: str, way_out: str = "leave it out, or pass api='chat'") -> None:
        super().__init__(f"{what} has no counterpart in {api}: {way_out}.")
        self.what = what


class EventReader(Protocol):
    """Reads one answer: native events in, chunks of a chat completion out. It never raises, whatever it is fed.

    It is created with the time as `created`, in seconds since 1970, for APIs that do not send the time of their answer.
    """

    ended: bool
    """Whether the API's last event has arrived. Without it a stream is incomplete."""

    def __init__(self, created: int) -> None: ...

    def feed(self, name: str, data: Object) -> list[Object]:
        """Read an event.

        :param name: The event's name, "message" if it has none. A `type` in the data takes precedence.
        :param data: The event's data.
        :return: Chunks for the accumulator. An error is the last chunk, `{"error": {"code": ..., "message": ...}}`, the
            form that every stream raises.
        """
        ...

    def end(self) -> list[Object]:
        """Read the end of a stream, and report a failure that no event explained as an error."""
        ...


class Translator(Protocol):
    """The functions of a wire's module."""

    Events: type[EventReader]

    def request(self, chat: Mapping[str, Any]) -> Object:
        """Translate a request. Hints that the API does not support are dropped with `log_dropped`.

        :param chat: The request in chat form, which is not modified. Its messages are dicts.
        :return: The native request. Equal requests give equal results, member by member and in the same order.
        :raises NoCounterpartError: It has something that this API cannot express.
        """
        ...

    def is_native(self, body: Mapping[str, Any]) -> bool:
        """Return whether a request body is already in the API's own form, and is sent unchanged."""
        ...

    def answer(self, native: Object, created: int) -> Object:
        """Translate a whole answer.

        :param native: The JSON object of a successful response.
        :param created: The time in seconds since 1970, for APIs that do not send the time of their answer.
        :return: A chat completion, or `{"error": ...}` for an answer that failed. Anything that is not an answer of
            this API, such as an error or an answer in chat form, is returned unchanged.
        """
        ...


class Wire(NamedTuple):
    """An API that a deployment may speak."""

    api: str
    """Its name as the value of the option `api`, and its module here."""
    name: str
    """Its name in a sentence."""
    operation: str
    """Its route below the endpoint's base URL."""
    headers: Mapping[str, str]
    """Headers that it needs, unless the caller passes them."""
    telemetry: str | None
    """Its `openai.api.type` in OpenTelemetry's conventions; `None` if they do not define one."""

    @property
    def translator(self) -> Translator:
        """The module, loaded when it is first used."""
        return cast("Translator", import_module(f".{self.api}", __name__))


WIRES: Mapping[str, Wire] = {
    wire.api: wire
    for wire in (
        Wire("responses", "the Responses API", "responses", {}, "responses"),
        Wire("messages", "the Messages API", "messages", {"anthropic-version": "2023-06-01"}, None),
    )
}
"""The APIs, by their value of the option `api`."""


def as_object(value: Any) -> Object:
    """Return a value from an answer if it is a JSON object; otherwise an empty one."""
    return cast("Object", value) if isinstance(value, dict) else {}


def as_objects(value: Any) -> list[Object]:
    """Return the JSON objects in a value from an answer; none if it is not a list."""
    return [item for item in value if isinstance(item, dict)] if is_list(value) else []


def completion_of(chunks: Iterable[Object]) -> Object:
    """Combine the chunks of a whole answer.

    :param chunks: The chunks returned by an `EventReader`.
    :return: The chat completion, or the error among the chunks.
    """
    from .._streaming.accumulator import Accumulator

    accumulator = Accumulator()
    for chunk in chunks:
        if "error" in chunk:
            return chunk
        accumulator.add(chunk)
    return accumulator.completion()


def log_dropped(names: Iterable[str], api: str) -> None:
    """Log at DEBUG which hints of a request an API does not support.

    :param names: The members that were left out; without any, nothing is logged.
    :param api: The API's name in a sentence.
    """
    dropped = ", ".join(names)
    if dropped:
        _logger.debug("Left out of the request, because %s does not support it: %s", api, dropped)
