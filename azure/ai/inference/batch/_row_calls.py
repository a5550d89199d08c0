"""A row as a call of a client: its arguments, its hash, and what it may cost. Pure.

A client's default settings fill in what a row lacks, and are part of the hash: with another model or another
temperature it is another request.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from azure.core.serialization import NULL

from .._http.endpoint import Kind
from .._json import is_object, to_json
from .._operations.chat import CHAT_SETTINGS
from .._operations.options import EMBEDDING_SETTINGS
from .._operations.response_format import response_format_of
from ._rows import BatchRow, check_row, kind_of

_CHARACTERS_PER_TOKEN = 4
_ANSWER_LIMITS = ("max_completion_tokens", "max_tokens")
_STREAMING = frozenset(("stream", "stream_options"))
"""Left out: a result has the whole answer."""

_CLIENTS: Mapping[str, Kind] = {
    "ChatCompletionsClient": "chat",
    "EmbeddingsClient": "embeddings",
    "ImageEmbeddingsClient": "image_embeddings",
}


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


class RowCall(NamedTuple):
    """A row, ready to be asked."""

    row: BatchRow
    make_arguments: Callable[[], Mapping[str, Any]]
    """Makes the keyword arguments of `complete` or `embed`, which rows that are passed over need not have."""
    sha256: str
    """The request's hash, in hex."""
    tokens: float
    """An estimate of the tokens that it takes, as Azure makes it to admit a request: text and limit of the answer."""
    answer_tokens: float
    """Of those, the limit of the answer."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Keyword arguments of `complete` or `embed`."""
        return self.make_arguments()


class RowCalls:
    """Makes calls of a client from rows.

    :param client: The client.
    :raises TypeError: It is none of this package's.
    """

    def __init__(self, client: Any) -> None:
        names = [kind.__name__ for kind in type(client).__mro__]
        kind: Kind | None = next((_CLIENTS[name] for name in names if name in _CLIENTS), None)
        if kind is None:
            raise TypeError(
                "make_client must return an asynchronous client, such as azure.ai.inference.aio.ChatCompletionsClient; "
                f"it returned {type(client).__name__}."
            )
        self.kind: Kind = kind
        """What the client is for."""
        self._client = type(client).__name__
        self._known = frozenset(CHAT_SETTINGS if self.kind == "chat" else EMBEDDING_SETTINGS)
        self._own = "messages" if self.kind == "chat" else "input"
        self.defaults = default_body(client)
        """The client's default settings, as members of a request."""

    def __call__(self, given: Any, number: int) -> RowCall:
        """Make the call of a row.

        :param given: The row.
        :param number: Which of all rows it is, counted from 1.
        :raises TypeError: It is no row.
        :raises ValueError: It is none that can be asked, or is for another kind of client.
        """
        row = check_row(given, f"row {number}")
        if kind_of(row) != self.kind:
            raise ValueError(
                f"The row {row.custom_id!r:.100} is for {row.url}, which a {self._client} does not ask. "
                "Run rows of each kind by themselves, each with its own client."
            )
        body = self.body(row)
        text = _canonical(row.url, body)
        limit: Any = next((body[name] for name in _ANSWER_LIMITS if isinstance(body.get(name), int)), 0)
        answers = body.get("n")
        limit *= answers if isinstance(answers, int) else 1
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        tokens = len(text) / _CHARACTERS_PER_TOKEN + limit
        return RowCall(row, partial(self._arguments, row.body), digest, tokens, limit)

    def body(self, row: BatchRow) -> dict[str, Any]:
        """Return the whole body that is sent for a row."""
        body = {**self.defaults, **row.body}
        return {name: value for name, value in body.items() if name not in _STREAMING}

    def _arguments(self, body: Mapping[str, Any]) -> dict[str, Any]:
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
    return _encode({"body": body, "url": url})


def request_hash(url: str, body: Mapping[str, Any]) -> str:
    """Return the hash of a request, in hex.

    :param url: The row's URL.
    :param body: The whole body.
    """
    return sha256(_canonical(url, body).encode("utf-8", "surrogatepass")).hexdigest()


class ConversationCalls:
    """Makes calls of conversations: those of `complete_many`.

    :param options: Keyword arguments of each call.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._limit: Any = next((options[name] for name in _ANSWER_LIMITS if isinstance(options.get(name), int)), 0)

    def __call__(self, given: Any, number: int) -> RowCall:
        """Make the call of a conversation.

        :param given: Messages, or a text, which stands for a user's message.
        :param number: Which of all it is, counted from 1.
        :raises TypeError: It is a single message.
        """
        if is_object(given):
            raise TypeError(
                f"conversations[{number - 1}] is one message: give a list of conversations, each a list of messages or "
                f"a text for a user's message. It is {given!r:.200}"
            )
        messages: Any = [{"role": "user", "content": given}] if isinstance(given, str) else given
        if hasattr(messages, "__iter__") and not isinstance(messages, (list, tuple)):
            messages = list(messages)  # it may be asked more than once
        row = BatchRow(custom_id=str(number - 1), body={})
        text = str(messages)  # pyright: ignore[reportUnknownArgumentType]
        tokens = len(text) / _CHARACTERS_PER_TOKEN + self._limit
        arguments: dict[str, Any] = {**self._options, "messages": messages}
        return RowCall(row, lambda: arguments, "", tokens, self._limit)


def default_body(client: Any) -> dict[str, Any]:
    """Return a client's default settings as members of a request."""
    settings = dict(client._settings.defaults)  # noqa: SLF001 - a client of this package
    settings.pop("api", None)  # no member of a request: the client that asks knows it
    extras: Any = settings.pop("model_extras", None) or {}
    if "response_format" in settings:
        settings["response_format"] = response_format_of(settings["response_format"])
    body: dict[str, Any] = json.loads(to_json({**settings, **extras}))
    return body
