"""Rows: the requests of a run, each a line of the input format of OpenAI's Batch API. Pure.

The same line can be sent live, on a cluster, or in a provider's own batches; vLLM and Mistral read almost the same
format.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from typing_extensions import Unpack

from .._http.endpoint import Kind
from .._json import is_object
from .._model import Model
from .._model_fields import field
from .._nested_models import raw_member, wrap_as
from .._operations.chat import chat_call
from .._operations.embeddings import embed_call
from .._operations.options import (
    CHAT_SETTINGS,
    EMBEDDING_SETTINGS,
    ChatOptions,
    EmbeddingOptions,
    Messages,
    unknown_keyword,
)
from .._operations.settings import Settings, make_settings

CHAT_URL, EMBEDDINGS_URL = "/v1/chat/completions", "/v1/embeddings"

_KINDS: Mapping[str, Kind] = {
    "chat/completions": "chat",
    "responses": "chat",
    "images/embeddings": "image_embeddings",
    "embeddings": "embeddings",
}
"""The kind of a row, by the end of its URL."""


class BatchRow(Model):
    """One request of a run: the input line of OpenAI's Batch API."""

    custom_id: str
    """Your name for the row, unique within a run. Its result has the same."""
    method: str = field(default="POST")
    """HTTP method, "POST"."""
    url: str = field(default=CHAT_URL)
    """"/v1/chat/completions" (the default) or "/v1/embeddings"."""
    body: dict[str, Any]
    """The request body: messages or input, and settings of the model. A client's default settings are added."""


_wrap = wrap_as(BatchRow)


def chat_row(custom_id: str, *, messages: Messages, **options: Unpack[ChatOptions]) -> BatchRow:
    """Build a row for a chat completion.

    :param custom_id: Your name for the row, unique within a run.
    :keyword messages: The conversation, as `ChatCompletionsClient.complete` takes it.
    :keyword options: Settings of the model, as `complete` takes them.
    :return: The row. Its body is what `complete` would send.
    :raises TypeError: A keyword is unknown, or the messages are not a list of messages.
    :raises ValueError: The messages are empty, one has no role, the response format is unknown, or the id is empty.
    """
    _check_options("chat_row", options, CHAT_SETTINGS)
    if options.get("api") is not None:
        raise ValueError("Rows have the form of chat completions. Pass api= to the client that runs them.")
    call = chat_call(_settings("chat"), None, {"messages": messages, **options})
    return make_row(custom_id, CHAT_URL, json.loads(_content(call)))


def embedding_row(custom_id: str, *, input: str | Sequence[str], **options: Unpack[EmbeddingOptions]) -> BatchRow:
    """Build a row for embeddings.

    :param custom_id: Your name for the row, unique within a run.
    :keyword input: A text, or a list of texts to embed in one request.
    :keyword options: Settings of the model, as `EmbeddingsClient.embed` takes them.
    :return: The row. Its body is what `embed` would send.
    :raises TypeError: A keyword is unknown, or the input is not text.
    :raises ValueError: The input or the id is empty.
    """
    _check_options("embedding_row", options, EMBEDDING_SETTINGS)
    call = embed_call(_settings("embeddings"), "embeddings", None, {"input": input, **options})
    return make_row(custom_id, EMBEDDINGS_URL, json.loads(_content(call)))


def make_row(custom_id: Any, url: str, body: Any) -> BatchRow:
    """Build and check a row."""
    return check_row({"custom_id": custom_id, "method": "POST", "url": url, "body": body}, "the row")


def check_rows(rows: Any) -> None:
    """Check that a value may contain rows.

    :raises TypeError: It does not: for a path, the error names the function that reads files.
    """
    if isinstance(rows, (str, bytes, os.PathLike)):
        raise TypeError(f"rows must be an iterable of rows, not {rows!r:.200}. Read a file with read_rows(path).")
    if is_object(rows) or not (hasattr(rows, "__iter__") or hasattr(rows, "__aiter__")):
        raise TypeError(f"rows must be an iterable of rows, not {type(rows).__name__}: {rows!r:.200}")


class RowParts(NamedTuple):
    """The members of a row that has been checked."""

    custom_id: str
    kind: Kind
    url: str
    body: Mapping[str, Any]


def check_row(row: Any, where: str) -> BatchRow:
    """Check that a value is a valid row.

    :param row: A `BatchRow`, or a mapping with its members. Mistral's rows have no URL and mean chat.
    :param where: The name for it in an error, such as "line 7 of in.jsonl".
    :raises TypeError: It is not a mapping, or a member has the wrong type.
    :raises ValueError: It has no id, or its request is neither chat nor embeddings.
    """
    read_row(row, where)
    checked: BatchRow = row if isinstance(row, BatchRow) else _wrap({"method": "POST", "url": CHAT_URL, **row})
    return checked


def read_row(row: Any, where: str) -> RowParts:
    """Check that a value is a valid row, and return its members. Parameters and errors are those of `check_row`."""
    if not is_object(row):
        raise TypeError(
            f"{where} must be a BatchRow, made by chat_row(), embedding_row() or read_rows(), or a mapping with "
            f"custom_id and body; it is {type(row).__name__}: {row!r:.200}"
        )
    members = row if isinstance(row, dict) else dict(row)
    identifier, body = raw_member(members, "custom_id"), raw_member(members, "body")
    if not isinstance(identifier, str) or not identifier:
        raise ValueError(f"{where} needs a custom_id, a str that is unique in the run; it has {identifier!r:.200}.")
    if not is_object(body):
        raise TypeError(f"{where} ({identifier!r:.100}) needs a body, a JSON object; it has {body!r:.200}.")
    method, url = raw_member(members, "method", "POST"), raw_member(members, "url", CHAT_URL)
    kind = _kind_at(str(url), str(method))
    if kind is None:
        raise ValueError(
            f"The row {identifier!r:.100} asks for {method} {url!r:.100}; rows are POST requests to "
            f"{CHAT_URL} or {EMBEDDINGS_URL}."
        )
    return RowParts(identifier, kind, url, body)


@lru_cache(64)
def _kind_at(url: str, method: str) -> Kind | None:
    return next((_KINDS[end] for end in _KINDS if url.endswith(end)), None) if method == "POST" else None


def _content(call: Any) -> Any:
    return call.request.content


def _check_options(function: str, options: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in options:
        if name not in known:
            raise unknown_keyword(f"{function}()", name, known)


@cache
def _settings(kind: Kind) -> Settings:
    """Return the settings of a client without an endpoint: it writes requests as all others do."""
    known = CHAT_SETTINGS if kind == "chat" else EMBEDDING_SETTINGS
    return make_settings("batch", "http://localhost/v1", kind, known, {})
