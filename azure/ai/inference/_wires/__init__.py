"""The APIs that a deployment may speak besides chat completions.

A wire is a pure module. It translates a request from the form of chat completions, and an answer or the events of a
stream back to it, so that clients, streams, errors, telemetry and tools know one form only. `WIRES` has a row for each;
another API is a file here and a row there. A wire is loaded when it is first used, for importing the package is on a
budget.

Whole and streamed answers agree by construction: a wire reads both with its `Events`. `answer` feeds them the whole
answer, and adds up the chunks with `completion_of`.
"""

import logging
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

Object = dict[str, Any]
"""A JSON object."""

_logger = logging.getLogger("azure.ai.inference")


class NoCounterpartError(ValueError):
    """A request has something that the API has no word for.

    :param what: The option, or what else the request has, such as "an audio item in messages[2]".
    :param api: The API's name in a sentence, such as "the Responses API".
    :param way_out: What to do instead, as the end of the sentence.
    """

    def __init__(self, what: str, api: str, way_out: str = "leave it out, or give api='chat'") -> None:
        super().__init__(f"{what} has no counterpart in {api}: {way_out}.")
        self.what = what


class EventReader(Protocol):
    """Reads one answer: native events in, chunks of a chat completion out. It raises nothing, whatever it is fed.

    It is made with the time as `created`, in seconds since 1970, for an API that does not say when it answered.
    """

    ended: bool
    """Whether the API's last event came. Without it a stream is incomplete."""

    def __init__(self, created: int) -> None: ...

    def feed(self, name: str, data: Object) -> list[Object]:
        """Read an event.

        :param name: The event's name, "message" if it has none. A `type` in the data is trusted more.
        :param data: The event's data.
        :return: Chunks for the accumulator. An error is the last chunk, `{"error": {"code": ..., "message": ...}}`:
            the form that every stream raises.
        """
        ...

    def end(self) -> list[Object]:
        """Read the end of a stream, which may make an error of a failure that no event explained."""
        ...


class Translator(Protocol):
    """What a wire's module offers."""

    Events: type[EventReader]

    def request(self, chat: Mapping[str, Any]) -> Object:
        """Translate a request. What is only a hint, and unknown to the API, is dropped with `log_dropped`.

        :param chat: The request in chat form, which is not changed. Its messages are dicts.
        :return: The native request. Equal requests give equal ones, member by member and in the same order.
        :raises NoCounterpartError: Something in it cannot be said in this API.
        """
        ...

    def is_native(self, body: Mapping[str, Any]) -> bool:
        """Return whether a request body is in the API's own form already, and is to be sent as it is."""
        ...

    def answer(self, native: Object, created: int) -> Object:
        """Translate a whole answer.

        :param native: The JSON object that came with a good status.
        :param created: The time in seconds since 1970, for an API that does not say when it answered.
        :return: A chat completion; `{"error": ...}` for an answer that failed. What is no answer of this API, such as
            an error or an answer in chat form, is returned as it is.
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
    """Headers that it needs, unless the caller gives them."""
    telemetry: str | None
    """What OpenTelemetry's conventions call it, as `openai.api.type`; `None` if they have no word for it."""

    @property
    def translator(self) -> Translator:
        """The module, loaded when it is first asked for."""
        return cast("Translator", import_module(f".{self.api}", __name__))


WIRES: Mapping[str, Wire] = {
    wire.api: wire
    for wire in (
        Wire("responses", "the Responses API", "responses", {}, "responses"),
        Wire("messages", "the Messages API", "messages", {"anthropic-version": "2023-06-01"}, None),
    )
}
"""The APIs by their value of the option `api`."""


def completion_of(chunks: Iterable[Object]) -> Object:
    """Add up the chunks of a whole answer.

    :param chunks: What an `EventReader` returned.
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
    """Log, at DEBUG, which hints of a request an API has no word for.

    :param names: The members that were left out; none logs nothing.
    :param api: The API's name in a sentence.
    """
    dropped = ", ".join(names)
    if dropped:
        _logger.debug("Left out of the request, because %s has no word for it: %s", api, dropped)
