"""The result of each row, as a line of the output format of OpenAI's Batch API. Pure."""

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
from .._model import Model
from .._model_fields import computed
from .._nested_models import wrap_as
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
"""The exceptions to raise for rows without a response: the error's code is the name of the class."""

_PERMANENT = frozenset((400, 405, 409, 413, 415, 422))
_NEVER_SENT = frozenset(("TypeError", "ValueError"))


class BatchResponse(Model):
    """The service's response to a row."""

    status_code: int
    """HTTP status."""
    request_id: str | None = None
    """The service's id of the request."""
    body: Any
    """The JSON of the response: a chat completion, embeddings, or an error; a text if it was not JSON."""


class BatchRowError(Model):
    """Why a row has no answer."""

    code: str
    """The service's code, the status, or the name of the exception if the service did not respond."""
    message: str
    """A description for the reader."""


class BatchResult(Model):
    """The result of a row: an output line of OpenAI's Batch API with our additions. A provider's own are kept."""

    custom_id: str
    """The row's id."""
    request_sha256: str | None = None
    """SHA-256 of the request, in hex: of URL and body, including the client's default settings, with sorted keys.
    Providers do not write it."""
    error: BatchRowError | None = None
    """Why there is no answer; `None` for an answered row."""
    response: BatchResponse | None = None
    """The service's response; `None` if there was none."""
    attempts: int | None = None
    """The number of times the request was sent."""
    seconds: float | None = None
    """Seconds from the first attempt to the end."""

    @property
    def ok(self) -> bool:
        """Whether the row was answered."""
        response = self.response
        return self.error is None and response is not None and response.status_code == 200 and is_object(response.body)

    @computed
    def _reply(self) -> ChatCompletions | EmbeddingsResult:
        """Return what `complete` or `embed` returned, or raise the error it raised."""
        self.raise_for_error()
        body: Any = self.response.body if self.response else None
        return _wrap_embeddings(body) if "choices" not in body and "data" in body else _wrap_completions(body)

    @property
    def answer(self) -> ChatCompletions:
        """The answer, as `complete` returns it.

        :raises ~azure.core.exceptions.AzureError: The row failed; see `raise_for_error`.
        :raises TypeError: The row was answered with embeddings.
        """
        reply = self._reply
        if not isinstance(reply, ChatCompletions):
            raise TypeError(f"The row {self.custom_id!r} was answered with embeddings: read .embeddings.")
        return reply

    @property
    def embeddings(self) -> EmbeddingsResult:
        """The embeddings, as `embed` returns them.

        :raises ~azure.core.exceptions.AzureError: The row failed; see `raise_for_error`.
        :raises TypeError: The row was answered with a chat completion.
        """
        reply = self._reply
        if not isinstance(reply, EmbeddingsResult):
            raise TypeError(f"The row {self.custom_id!r} was answered with a chat completion: read .answer.")
        return reply

    @property
    def usage(self) -> CompletionsUsage | EmbeddingsUsage | None:
        """Tokens used; `None` for a failed row."""
        return self._reply.usage if self.ok else None

    @overload
    def parse_as(self, kind: type[T], *, index: int = 0) -> T: ...
    @overload
    def parse_as(self, kind: Any, *, index: int = 0) -> Any: ...
    def parse_as(self, kind: Any, *, index: int = 0) -> Any:
        """Read the answer as a value of a type, as `ChatCompletions.parse_as` does.

        :param kind: A dataclass, TypedDict, pydantic model, or another type that pydantic's `TypeAdapter` accepts.
        :keyword index: Which of the answers to read, counted from 0, if `n` requested several.
        :return: The value.
        :raises ~azure.ai.inference.exceptions.AnswerError: The answer is not of that type.
        :raises ~azure.core.exceptions.AzureError: The row failed; see `raise_for_error`.
        :raises TypeError: The row was answered with embeddings, or the type has no JSON form.
        """
        return self.answer.parse_as(kind, index=index)

    @computed
    def _exception(self) -> Exception:
        """Build the exception that `complete` raised, from what was recorded."""
        response, error = self.response, self.error
        code, message = (error.code, error.message) if error else (None, None)
        if response is not None and response.status_code != 200:
            return error_from_response(_Recorded(response))  # type: ignore[arg-type]
        if response is not None:
            inside = error_from_body(response.body) if is_object(response.body) else None
            return inside or ResponseDecodeError(message or "The response is not the expected JSON object.")
        kind = _CLASSES.get(str(code), InferenceError)
        return kind(message or f"The row {self.custom_id!r} has no answer.")  # type: ignore[no-any-return]

    def raise_for_error(self) -> None:
        """Raise the error that `complete` or `embed` raised; do nothing if the row was answered.

        :raises ~azure.core.exceptions.AzureError: The row failed.
        """
        if not self.ok:
            self._raise()

    def _raise(self) -> NoReturn:
        raise self._exception


wrap_result = wrap_as(BatchResult)
"""Builds a result from its JSON object."""


class _Recorded:
    """The parts of a recorded response that an error is built from."""

    def __init__(self, response: BatchResponse) -> None:
        body = response.body
        self.status_code = response.status_code
        self.headers = {"x-request-id": response.request_id} if response.request_id else {}
        self.reason = None
        self.encoding = None
        self.content = (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace")
        self.request = self
        """A recorded response has no headers that could be secret."""


def is_transient(result: BatchResult) -> bool:
    """Return whether sending a failed row again may help: not if its request was refused for its content."""
    if result.ok:
        return False
    if result.response is not None and result.response.status_code != 200:
        return result.response.status_code not in _PERMANENT
    return result.error is None or result.error.code not in _NEVER_SENT


def answered(custom_id: str, sha256: str, answer: Any, attempts: int, seconds: float) -> BatchResult:
    """Build the result of a row that was answered.

    :param custom_id: The row's id.
    :param sha256: The hash of its request.
    :param answer: What `complete` or `embed` returned.
    :param attempts: The number of times it was sent.
    :param seconds: How long it took.
    """
    response = {"status_code": 200, "request_id": request_id_of(answer), "body": dict(answer)}
    result = _make(custom_id, sha256, None, response, attempts, seconds)
    result._reply = answer  # noqa: SLF001 - it is ours
    return result


def request_id_of(answer: Any) -> str | None:
    """Read the id that most services send; reading all headers takes a tenth of the time of the whole request."""
    said = answer._response_headers.get("x-request-id")  # noqa: SLF001 - an answer of this package
    return said or answer.request_id  # type: ignore[no-any-return]


def error_of(error: Exception) -> dict[str, str]:
    """Return the member `error` of a row for which this exception was raised."""
    code = type(error).__name__
    message = error.message if isinstance(error, AzureError) else str(error)
    status = getattr(error, "status_code", None)
    if isinstance(error, InferenceError) and status is not None:
        code = (error.error.code if error.error else None) or (code if status == 200 else str(status))
    return {"code": code, "message": str(message)}


def failed(custom_id: str, sha256: str, error: Exception, attempts: int, seconds: float) -> BatchResult:
    """Build the result of a row that failed.

    :param error: What `complete` or `embed` raised.
    """
    response = None
    if isinstance(error, InferenceError) and error.status_code is not None:
        response = {"status_code": error.status_code, "request_id": error.request_id, "body": error.body}
    result = _make(custom_id, sha256, error_of(error), response, attempts, seconds)
    result._exception = error  # noqa: SLF001 - it is ours
    return result


def outcome_result(outcome: Any) -> BatchResult:
    """Build the result of a row from the `Outcome` of its call."""
    call = outcome.item
    if outcome.error is None:
        return answered(call.custom_id, call.sha256, outcome.answer, outcome.attempts, outcome.seconds)
    return failed(call.custom_id, call.sha256, outcome.error, outcome.attempts, outcome.seconds)


def _make(custom_id: str, sha256: str, error: Any, response: Any, attempts: int, seconds: float) -> BatchResult:
    # In the order of a line of the journal, whose head and tail are read without the rest.
    members = {"custom_id": custom_id, "request_sha256": sha256 or None, "error": error, "response": response}
    return wrap_result({**members, "attempts": attempts, "seconds": round(seconds, 4)})
