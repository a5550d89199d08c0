"""Turn a row into a call of a client: its arguments, its hash, and what it may cost. Pure.

A client's default settings are added to a row and are part of the hash: with another model or another temperature it
is a different request.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from azure.core.serialization import NULL

from .._http.endpoint import Kind
from .._json import is_object, sorted_json, to_json
from .._operations.options import CHAT_SETTINGS, EMBEDDING_SETTINGS
from .._operations.response_format import response_format_of
from ._rows import BatchRow, read_row

_CHARACTERS_PER_TOKEN = 4
_ANSWER_LIMITS = ("max_completion_tokens", "max_tokens")
_STREAMING = frozenset(("stream", "stream_options"))
"""Left out: a result contains the whole answer."""

_CLIENTS: Mapping[str, Kind] = {
    "ChatCompletionsClient": "chat",
    "EmbeddingsClient": "embeddings",
    "ImageEmbeddingsClient": "image_embeddings",
}


class RowCall(NamedTuple):
    """A row that is ready to be sent."""

    custom_id: str
    make_arguments: Callable[[], Mapping[str, Any]]
    """Builds the keyword arguments of `complete` or `embed`; skipped rows never need them."""
    sha256: str
    """The hash of the request, in hex."""
    tokens: float
    """An estimate of its tokens, computed as Azure does to admit a request: the text, and the limit of the answer."""
    answer_tokens: float
    """The limit of the answer, which is part of the estimate."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Keyword arguments of `complete` or `embed`."""
        return self.make_arguments()


class RowCalls:
    """Builds calls of a client from rows.

    :param client: The client.
    :raises TypeError: It is not a client of this package.
    """

    def __init__(self, client: Any) -> None:
        names = [kind.__name__ for kind in type(client).__mro__]
        kind: Kind | None = next((_CLIENTS[name] for name in names if name in _CLIENTS), None)
        if kind is None or not hasattr(client, "__aenter__"):
            raise TypeError(
                "make_client must return an asynchronous client, such as azure.ai.inference.aio.ChatCompletionsClient; "
                f"it returned {type(client).__module__}.{type(client).__name__}."
            )
        self.kind: Kind = kind
        """What the client does: chat or embeddings."""
        self._client = type(client).__name__
        self._known = frozenset(CHAT_SETTINGS if self.kind == "chat" else EMBEDDING_SETTINGS)
        self._own = "messages" if self.kind == "chat" else "input"
        self.defaults = default_body(client)
        """The client's default settings, as members of a request."""

    def __call__(self, given: Any, number: int) -> RowCall:
        """Build the call of a row.

        :param given: The row.
        :param number: The number of the row, counted from 1.
        :raises TypeError: It is not a row, or its body is not JSON.
        :raises ValueError: The row is invalid, or is for another kind of client.
        """
        custom_id, kind, url, own = read_row(given, f"row {number}")
        if kind != self.kind:
            raise ValueError(
                f"The row {custom_id!r:.100} is for {url}, which {self._client} does not support. "
                "Run rows of each kind separately, each with its own client."
            )
        body = self._whole(own)
        try:
            text = _canonical(url, body)
        except (TypeError, RecursionError) as error:
            raise TypeError(f"The body of the row {custom_id!r:.100} cannot be written as JSON: {error}") from None
        limit = _answer_limit(body)
        tokens = len(text) / _CHARACTERS_PER_TOKEN + limit
        return RowCall(custom_id, partial(self._arguments, custom_id, own), _hash(text), tokens, limit)

    def body(self, row: BatchRow) -> dict[str, Any]:
        """Return the whole request body of a row."""
        return self._whole(row.body)

    def _whole(self, own: Mapping[str, Any]) -> dict[str, Any]:
        body = {**self.defaults, **own}
        for name in _STREAMING:
            body.pop(name, None)
        return body

    def _arguments(self, custom_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.kind == "chat" and "input" in body and "messages" not in body:
            raise ValueError(
                f"The row {custom_id!r:.100} has the form of the Responses API (input instead of messages), in which "
                "rows are not sent live. Give it messages, as chat_row() does, and pass api='responses' to the client "
                "or the call; or submit it to the service's own batches: BatchRun.submit()."
            )
        arguments: dict[str, Any] = {}
        extras: dict[str, Any] = {}
        for name, value in dict(body).items():
            if name in _STREAMING:
                continue
            if name == self._own or name in self._known:
                arguments[name] = NULL if value is None else value
            else:
                extras[name] = value
        if extras:
            arguments["model_extras"] = {**self._extras, **extras}
        return arguments

    @property
    def _extras(self) -> dict[str, Any]:
        return {name: value for name, value in self.defaults.items() if name not in self._known}


def _canonical(url: str, body: Mapping[str, Any]) -> str:
    return sorted_json({"body": body, "url": url})


def request_hash(url: str, body: Mapping[str, Any]) -> str:
    """Return the hash of a request, in hex.

    :param url: The row's URL.
    :param body: The whole body.
    """
    return _hash(_canonical(url, body))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _answer_limit(body: Mapping[str, Any]) -> float:
    """Return how many tokens the answers may have, 0 if the request does not say."""
    answers = body.get("n")
    for name in _ANSWER_LIMITS:
        limit = body.get(name)
        if isinstance(limit, int):
            return limit * answers if isinstance(answers, int) else limit
    return 0


class ConversationCalls:
    """Builds calls from conversations, for `complete_many`.

    :param options: Keyword arguments of each call.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._limit = _answer_limit(options)

    def __call__(self, given: Any, number: int) -> RowCall:
        """Build the call of a conversation.

        :param given: Messages, or the text of a user message.
        :param number: The number of the conversation, counted from 1.
        :raises TypeError: It is a single message.
        """
        if is_object(given):
            raise TypeError(
                f"conversations[{number - 1}] is one message: pass a list of conversations, each a list of messages or "
                f"the text of a user message. It is {given!r:.200}"
            )
        messages: Any = [{"role": "user", "content": given}] if isinstance(given, str) else given
        if hasattr(messages, "__iter__") and not isinstance(messages, (list, tuple)):
            messages = list(messages)  # it may be sent more than once
        text = str(messages)  # pyright: ignore[reportUnknownArgumentType]
        tokens = len(text) / _CHARACTERS_PER_TOKEN + self._limit
        arguments: dict[str, Any] = {**self._options, "messages": messages}
        return RowCall(str(number - 1), lambda: arguments, "", tokens, self._limit)


def default_body(client: Any) -> dict[str, Any]:
    """Return a client's default settings as members of a request."""
    settings = dict(client._settings.defaults)  # noqa: SLF001 - a client of this package
    settings.pop("api", None)  # not part of a request: the client that sends it has it
    extras: Any = settings.pop("model_extras", None) or {}
    if "response_format" in settings:
        settings["response_format"] = response_format_of(settings["response_format"])
    body: dict[str, Any] = json.loads(to_json({**settings, **extras}))
    return body
