"""Results: what became of each row, the output line of OpenAI's Batch API. Pure."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar, overload

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)

from .._errors.build import error_from_body, error_from_response
from .._json import is_object
from .._model import Model, wrap_as
from .._model_fields import computed
from ..exceptions import (
    IncompleteStreamError,
    InferenceError,
    InsecureRequestError,
    NoResponseError,
    ProxyError,
    RequestError,
    RequestTimeoutError,
    ResponseDecodeError,
    ResponseTimeoutError,
)
from ..models._chat import ChatCompletions, CompletionsUsage
from ..models._embeddings import EmbeddingsResult, EmbeddingsUsage

T = TypeVar("T")

_wrap_completions, _wrap_embeddings = wrap_as(ChatCompletions), wrap_as(EmbeddingsResult)

_CLASSES: Mapping[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(ClientAuthenticationError, ServiceRequestError, ServiceRequestTimeoutError, ServiceResponseError),
        *(ServiceResponseTimeoutError, IncompleteStreamError, InsecureRequestError, NoResponseError, ProxyError),
        *(RequestError, RequestTimeoutError, ResponseDecodeError, ResponseTimeoutError, TypeError, ValueError),
    )
}
"""What is raised for a row without an answer: its error's code is the name of the class."""

_PERMANENT = frozenset((400, 405, 409, 413, 415, 422))
_NEVER_SENT = frozenset(("TypeError", "ValueError"))


class BatchResponse(Model):
    """What the service answered to a row."""

    status_code: int
    """HTTP status."""
    request_id: str | None = None
    """The id that the service gave the request."""
    body: Any
    """The JSON that came: a chat completion, embeddings, or an error; text where it was no JSON."""


class BatchRowError(Model):
    """Why a row has no answer."""

    code: str
    """The service's code, the status, or the name of the exception where the service did not answer."""
    message: str
    """What to tell its reader."""


class BatchResult(Model):
    """What became of a row: the output line of OpenAI's Batch API, with what is ours. What a provider adds stays."""

    custom_id: str
    """The row's id."""
    request_sha256: str | None = None
    """SHA-256 of the request, in hex: of URL and body, with the client's default settings, keys sorted. Providers do
    not write it."""
    error: BatchRowError | None = None
    """Why there is no answer; `None` for a row that was answered."""
    response: BatchResponse | None = None
    """What the service answered, `None` if it did not."""
    attempts: int | None = None
    """How often the request was sent."""
    seconds: float | None = None
    """Seconds from its first attempt to its end."""

    @property
    def ok(self) -> bool:
        """Whether the row was answered."""
        response = self.response
        return self.error is None and response is not None and response.status_code == 200

    @computed
    def _reply(self) -> ChatCompletions | EmbeddingsResult:
        """Read what `complete` or `embed` returned, or raise what it raised."""
        self.raise_for_error()
        body: Any = self.response.body if self.response else None
        return _wrap_embeddings(body) if "choices" not in body and "data" in body else _wrap_completions(body)

    @property
    def answer(self) -> ChatCompletions:
        """The answer, as `complete` returns it.

        :raises ~azure.core.exceptions.AzureError: There is none; as `raise_for_error`.
        :raises TypeError: The row was answered with embeddings.
        """
        reply = self._reply
        if not isinstance(reply, ChatCompletions):
            raise TypeError(f"The row {self.custom_id!r} was answered with embeddings: read .embeddings.")
        return reply

    @property
    def embeddings(self) -> EmbeddingsResult:
        """The embeddings, as `embed` returns them.

        :raises ~azure.core.exceptions.AzureError: There are none; as `raise_for_error`.
        :raises TypeError: The row was answered with a chat completion.
        """
        reply = self._reply
        if not isinstance(reply, EmbeddingsResult):
            raise TypeError(f"The row {self.custom_id!r} was answered with a chat completion: read .answer.")
        return reply

    @property
    def usage(self) -> CompletionsUsage | EmbeddingsUsage | None:
        """Tokens spent, `None` for a row that failed."""
        return self._reply.usage if self.ok else None

    @overload
    def parse_as(self, kind: type[T], *, index: int = 0) -> T: ...
    @overload
    def parse_as(self, kind: Any, *, index: int = 0) -> Any: ...
    def parse_as(self, kind: Any, *, index: int = 0) -> Any:
        """Read the answer as a value of a type, as `ChatCompletions.parse_as` does.

        :param kind: A dataclass, TypedDict, pydantic model, or another type that pydantic's `TypeAdapter` takes.
        :keyword index: Which of the answers, counted from 0, where `n` asked for more than one.
        :return: The value.
        :raises ~azure.ai.inference.exceptions.AnswerError: The answer is not of that type.
        :raises ~azure.core.exceptions.AzureError: There is no answer; as `raise_for_error`.
        :raises TypeError: It is a result of embeddings, or the type has no JSON form.
        """
        return self.answer.parse_as(kind, index=index)

    @computed
    def _exception(self) -> Exception:
        """Make the exception that `complete` raises, from what was recorded."""
        response, error = self.response, self.error
        code, message = (error.code, error.message) if error else (None, None)
        if response is not None and response.status_code != 200:
            return error_from_response(_Recorded(response))  # type: ignore[arg-type]
        if response is not None:
            inside = error_from_body(response.body) if is_object(response.body) else None
            return inside or ResponseDecodeError(message or "The answer is not the JSON object that was due.")
        kind = _CLASSES.get(str(code), InferenceError)
        return kind(message or f"The row {self.custom_id!r} has no answer.")  # type: ignore[no-any-return]

    def raise_for_error(self) -> None:
        """Raise the error that `complete` or `embed` would have raised; nothing if the row was answered.

        :raises ~azure.core.exceptions.AzureError: The row failed.
        """
        if not self.ok:
            self._raise()

    def _raise(self) -> NoReturn:
        raise self._exception


wrap_result = wrap_as(BatchResult)
"""Make a result of the JSON object that it is."""


class _Recorded:
    """A recorded response, as far as an error is made of it."""

    def __init__(self, response: BatchResponse) -> None:
        body = response.body
        self.status_code = response.status_code
        self.headers = {"x-request-id": response.request_id} if response.request_id else {}
        self.reason = None
        self.encoding = None
        self.content = (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace")
        self.request = self
        """It has no headers that could be secret."""


def is_transient(result: BatchResult) -> bool:
    """Whether asking a row that failed again may help: not if its request was refused for what it says."""
    if result.ok:
        return False
    if result.response is not None and result.response.status_code != 200:
        return result.response.status_code not in _PERMANENT
    return result.error is None or result.error.code not in _NEVER_SENT


def answered(custom_id: str, sha256: str, answer: Any, attempts: int, seconds: float) -> BatchResult:
    """Make the result of a row that was answered.

    :param custom_id: The row's id.
    :param sha256: Its request's hash.
    :param answer: What `complete` or `embed` returned.
    :param attempts: How often it was sent.
    :param seconds: How long it took.
    """
    response = {"status_code": 200, "request_id": _request_id(answer), "body": dict(answer)}
    result = _make(custom_id, sha256, None, response, attempts, seconds)
    result._reply = answer  # noqa: SLF001 - it is ours
    return result


def _request_id(answer: Any) -> str | None:
    """Read the id that most services give; reading all the headers costs a tenth of what the request did."""
    said = answer._response_headers.get("x-request-id")  # noqa: SLF001 - an answer of this package
    return said or answer.request_id  # type: ignore[no-any-return]


def failed(custom_id: str, sha256: str, error: Exception, attempts: int, seconds: float) -> BatchResult:
    """Make the result of a row that failed.

    :param error: What `complete` or `embed` raised.
    """
    code, response = type(error).__name__, None
    message = error.message if isinstance(error, AzureError) else str(error)
    status = getattr(error, "status_code", None)
    if isinstance(error, InferenceError) and status is not None:
        response = {"status_code": status, "request_id": error.request_id, "body": error.body}
        code = (error.error.code if error.error else None) or (code if status == 200 else str(status))
    result = _make(custom_id, sha256, {"code": code, "message": str(message)}, response, attempts, seconds)
    result._exception = error  # noqa: SLF001 - it is ours
    return result


def _make(custom_id: str, sha256: str, error: Any, response: Any, attempts: int, seconds: float) -> BatchResult:
    # In the order of a journal's line, whose head and tail are read without the rest.
    members = {"custom_id": custom_id, "request_sha256": sha256 or None, "error": error, "response": response}
    return wrap_result({**members, "attempts": attempts, "seconds": round(seconds, 4)})
