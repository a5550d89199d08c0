"""What an answer of the service raises, and what reading it as a value or carrying out its tool calls does.

Each kind of :class:`InferenceError` is also the azure-core class that version 1.0.0b9 raised, so ``except
HttpResponseError`` and ``except ClientAuthenticationError`` go on working. What they add (request id, headers, time to
wait, the error as it came) is declared on :class:`InferenceError`: catch that one and a type checker knows the
attributes too. Where the service did its work, and was paid for, an :class:`AnswerError` holds the whole answer::

    InferenceClientError                    any of these; an AzureError
    |-- RequestError                        not sent: no connection; a ServiceRequestError
    |   |-- RequestTimeoutError             not in time; a ServiceRequestTimeoutError
    |   |-- ProxyError                      the proxy refused to connect
    |   `-- InsecureRequestError            refused: the key would have gone over the network in clear
    |-- NoResponseError                     the connection broke before the answer; a ServiceResponseError
    |   `-- ResponseTimeoutError            the answer was not there in time; a ServiceResponseTimeoutError
    |-- InferenceError                      any answer that is an error; 400, 413, 422, 5xx; an HttpResponseError
    |   |-- ContentFilterError              the prompt, or the answer, was filtered
    |   |-- AuthenticationError             401, 403; a ClientAuthenticationError
    |   |-- NotFoundError                   404; a ResourceNotFoundError
    |   |-- ConflictError                   409; a ResourceExistsError
    |   |-- NotModifiedError                304; a ResourceNotModifiedError
    |   |-- RateLimitError                  429: a quota is used up, or the service is busy
    |   |-- RedirectError                   redirects without end; a TooManyRedirectsError
    |   |-- ResponseDecodeError             not the JSON that was due; a DecodeError
    |   |-- IncompleteResponseError         an answer broke off; an IncompleteReadError
    |   `-- IncompleteStreamError           a stream broke off; an IncompleteReadError
    |-- BatchError                          one request of several failed; its cause is any of these
    |-- BatchStoppedError                   a run of many rows stopped early
    |-- AnswerError                         an answer is not the value that was asked for
    |   |-- RefusedAnswerError              the model would not answer
    |   |-- FilteredAnswerError             the content filter withheld the answer
    |   |-- TruncatedAnswerError            the answer broke off at the token limit
    |   `-- InvalidAnswerError              the answer has no text, or the text is not JSON
    |       `-- MismatchedAnswerError       it is JSON, but not of the type
    |-- ToolCallError                       a tool call could not be carried out
    `-- ToolRoundsError                     the model still calls tools after the rounds that it was allowed

All of them pickle (for process pools, task queues, caches). The pickle has the text and the values, but not
``response``: that one refers to the request, and the request holds the key.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ODataV4Format,
    ResourceExistsError,
    ResourceNotFoundError,
    ResourceNotModifiedError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
    TooManyRedirectsError,
)
from azure.core.rest import AsyncHttpResponse, HttpResponse
from azure.core.utils import case_insensitive_dict
from typing_extensions import TypedDict

from ._credential_headers import without_credentials

if TYPE_CHECKING:
    from .batch._summary import Summary
    from .models._chat import ChatCompletions
    from .models._embeddings import EmbeddingsResult
    from .models._tools import ChatCompletionsToolCall

__all__ = [
    "AnswerError",
    "AuthenticationError",
    "BatchError",
    "BatchStoppedError",
    "ConflictError",
    "ContentFilterError",
    "ContentFilterResult",
    "FilteredAnswerError",
    "IncompleteResponseError",
    "IncompleteStreamError",
    "InferenceClientError",
    "InferenceError",
    "InsecureRequestError",
    "InvalidAnswerError",
    "MismatchedAnswerError",
    "NoResponseError",
    "NotFoundError",
    "NotModifiedError",
    "ProxyError",
    "RateLimitError",
    "RedirectError",
    "RefusedAnswerError",
    "RequestError",
    "RequestTimeoutError",
    "ResponseDecodeError",
    "ResponseTimeoutError",
    "ToolCallError",
    "ToolRoundsError",
    "TruncatedAnswerError",
]

_LIVE_ATTRIBUTES = ("response", "inner_exception", "exc_type", "exc_value", "exc_traceback")

_ErrorT = TypeVar("_ErrorT", bound=AzureError)


class InferenceClientError(AzureError):
    """The base of what calls of the clients raise: catch it to catch every failure of a call, and of nothing else.

    Wrong arguments are none: they raise `TypeError` and `ValueError`, before anything is sent. Errors of a token
    credential, such as azure-identity's, stay what they are.
    """

    def __reduce__(self) -> "tuple[Any, ...]":
        state = {**vars(self), **dict.fromkeys(_LIVE_ATTRIBUTES)}
        state["exc_msg"] = self.message  # azure-core's has the text of whatever was being handled
        return _revive, (type(self), self.args, state)


class RequestError(InferenceClientError, ServiceRequestError):
    """The request was not sent: no such host, no connection, no TLS, or a proxy in the way.

    ``inner_exception``, also its cause, is what the HTTP library raised.
    """


class RequestTimeoutError(RequestError, ServiceRequestTimeoutError):
    """The connection was not there in time, or took too long to take the request (`connection_timeout`)."""


class ProxyError(RequestError):
    """The proxy refused to connect to the endpoint.

    :param message: What to say.
    :param status_code: The proxy's status, such as 407 if it wants a password.
    """

    status_code: int
    """The proxy's status, such as 407 if it wants a password."""

    def __init__(self, message: str, status_code: int) -> None:
        super().__init__(message)
        self.status_code = status_code

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.message, self.status_code)


class InsecureRequestError(RequestError):
    """A credential would have gone over the network in clear; nothing was sent."""


class NoResponseError(InferenceClientError, ServiceResponseError):
    """The connection broke before the answer was there. The service may have done its work."""


class ResponseTimeoutError(NoResponseError, ServiceResponseTimeoutError):
    """The answer was not there in time: within `timeout`, or no bytes came within `read_timeout`."""


class InferenceError(InferenceClientError, HttpResponseError):
    """The service answered, and the answer is an error.

    An error that came inside a good answer or a stream has the status of that answer, 200; its ``error.code`` tells
    what went wrong.

    :param message: What to say; ``str(error)`` and ``error.message`` are this text.
    :param response: The answer. Its status, reason and headers are kept on the error.
    :keyword details: What the service said, as code, message, target, details and inner error.
    :keyword request_id: The id that the service gave the request.
    :keyword retry_after: Seconds that the service asks to wait.
    :keyword headers: The headers to keep, where not the response's own.
    :keyword reason: The reason phrase to keep, where not the response's own.
    :keyword body: The error as it came.
    """

    request_id: str | None
    """The id that the service gave the request; quote it in a support case. None if it gave none."""

    retry_after: float | None
    """Seconds to wait before a new attempt, zero or more, as the answer's headers ask; None if they do not."""

    headers: Mapping[str, str]
    """The answer's headers, looked up in any case; empty if there was no answer."""

    body: Any
    """The error as it came: parsed JSON, or the beginning of a text; None if there was nothing to read."""

    partial: Any = None
    """The answer as far as it had been received, for an error in the middle of a stream; else None."""

    def __init__(
        self,
        message: object | None = None,
        response: HttpResponse | AsyncHttpResponse | None = None,
        *,
        details: ODataV4Format | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
        body: Any = None,
        **kwargs: Any,
    ) -> None:
        if response is not None:
            reason = getattr(response, "reason", None) if reason is None else reason
            message = message or f"Operation returned an invalid status '{reason}'"
        # Without the response: azure-core would read its body again, and put what it finds in place of the message.
        super().__init__(message, None, **kwargs)
        self.error = details
        self.request_id = request_id
        self.retry_after = retry_after
        self.body = body
        if response is not None:
            # Assigned so, the types stay those that azure-core declares; it does not export that of a response.
            vars(self).update(response=response, status_code=response.status_code, reason=reason)
            headers = response.headers if headers is None else headers
        self.headers = case_insensitive_dict(headers)

    def __str__(self) -> str:
        # azure-core appends the body where it found no error in it; the message already has the service's words.
        return str(self.args[0])

    def __reduce__(self) -> "tuple[Any, ...]":
        revive, (cls, args, state) = super().__reduce__()
        return revive, (cls, args, {**state, "headers": case_insensitive_dict(without_credentials(self.headers))})


def _revive(cls: "type[_ErrorT]", args: "tuple[Any, ...]", state: "dict[str, Any]") -> _ErrorT:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class ContentFilterResult(TypedDict, total=False):
    """The verdict of one content filter, with its names on the wire; a service may send further members.

    From the Azure OpenAI reference, "content filtering".
    """

    filtered: bool
    """Whether this filter stopped the content."""

    detected: bool
    """Whether a filter that only detects (jailbreak, protected material, profanity) has found something."""

    severity: str
    """``safe``, ``low``, ``medium`` or ``high``, of filters that grade (hate, self_harm, sexual, violence)."""


class ContentFilterError(InferenceError):
    """A content filter refused the prompt, or stopped the answer.

    Sending the same again gives the same error: change the prompt, or the filter that is set for the deployment.

    :param message: See :class:`InferenceError`.
    :param response: See :class:`InferenceError`.
    :keyword filter_results: The verdicts by category.
    :keyword source: What was filtered.
    """

    filter_results: Mapping[str, ContentFilterResult]
    """The verdict of each filter by category (``hate``, ``self_harm``, ``jailbreak``, ...), also of those that let it
    pass; empty if the service did not say. A dash in a category's name is an underscore here."""

    source: str | None
    """What was filtered, ``prompt`` or ``completion``; None if the service did not say."""

    def __init__(
        self,
        message: object | None = None,
        response: HttpResponse | AsyncHttpResponse | None = None,
        *,
        filter_results: Mapping[str, ContentFilterResult] | None = None,
        source: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, response, **kwargs)
        self.filter_results = {} if filter_results is None else filter_results
        self.source = source

    @property
    def filtered_categories(self) -> "list[str]":
        """The categories whose filter stopped the content, in the order in which the service named them."""
        return [category for category, result in self.filter_results.items() if result.get("filtered")]


class AuthenticationError(InferenceError, ClientAuthenticationError):
    """The credential is missing, wrong, expired, for another audience (401), or may not do this (403)."""


class NotFoundError(InferenceError, ResourceNotFoundError):
    """There is no such route, model or deployment (404)."""


class ConflictError(InferenceError, ResourceExistsError):
    """The request is in conflict with the state of the service (409)."""


class NotModifiedError(InferenceError, ResourceNotModifiedError):
    """The answer has not changed since the caller read it (304)."""


class RateLimitError(InferenceError):
    """A quota of requests or tokens is used up, or the service is busy (429).

    The client has retried already, unless retries are off. `retry_after` says how long the service asks to wait.
    """


class ResponseDecodeError(InferenceError, DecodeError):
    """A good status, but the body or the event is not the JSON object that was due."""


class RedirectError(InferenceError, TooManyRedirectsError[Any, Any]):
    """The endpoint redirects without end.

    :param history: The requests and their answers, as azure-core keeps them; a pickle does not.
    """

    history: "list[Any]"
    """The requests and their answers; empty in a pickle."""

    def __init__(self, history: "Sequence[Any]") -> None:
        super().__init__("Reached maximum redirect attempts.")
        self.history = [*history]

    def __reduce__(self) -> "tuple[Any, ...]":
        revive, (cls, args, state) = super().__reduce__()
        return revive, (cls, args, {**state, "history": []})


class IncompleteResponseError(InferenceError, IncompleteReadError):
    """The connection broke before the end of an answer that is not a stream. Its cause says how."""


class IncompleteStreamError(InferenceError, IncompleteReadError):
    """A stream ended before its answer was complete.

    :param message: See :class:`InferenceError`.
    :param response: See :class:`InferenceError`.
    :keyword updates: The updates that had been received.
    :keyword partial: What they add up to.
    """

    updates: Sequence[Any]
    """The updates that had been received, in their order; empty if the stream does not keep them."""

    def __init__(
        self,
        message: object | None = None,
        response: HttpResponse | AsyncHttpResponse | None = None,
        *,
        updates: Sequence[Any] = (),
        partial: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, response, **kwargs)
        self.updates = updates
        self.partial = partial


class BatchError(InferenceClientError):
    """`embed_batches` could not finish.

    ``inner_exception``, also its cause, is what a request, a hook, `on_progress` or the iterable of inputs raised; None
    after `close()`. Requests that were under way have been waited for; no other was begun. To go on, embed the inputs
    that neither `results` nor the results handed over before have.

    :param message: What to say.
    :keyword indices: The inputs that the error is about.
    :keyword results: The results that had come and were not handed over.
    :keyword error: What was raised.
    """

    indices: range
    """Indices of the inputs that the error is about, counted from 0: those of the request that failed, or of the input
    that could not be read."""

    results: "Sequence[EmbeddingsResult]"
    """The results that had come and were not handed over: after `collect()`, all of them. The ``index`` of an item is
    that of its input."""

    def __init__(
        self,
        message: str,
        *,
        indices: range,
        results: "Sequence[EmbeddingsResult]",
        error: BaseException | None = None,
    ) -> None:
        super().__init__(message, error=error)
        self.indices = indices
        self.results = results

    def __reduce__(self) -> "tuple[Any, ...]":
        state = {**vars(self), **dict.fromkeys(_LIVE_ATTRIBUTES), "exc_msg": self.message}
        return _revive_with_cause, (type(self), self.args, state, _portable(self.inner_exception))


class BatchStoppedError(InferenceClientError):
    """A run of many rows stopped early. ``inner_exception``, also its cause, is the error that stopped it, if one did.

    What had been answered is in the run's output; the same call goes on from there.

    :param message: Why it stopped, and what to do.
    :keyword summary: What the run came to.
    :keyword error: What stopped it.
    """

    summary: "Summary"
    """What the run came to."""

    def __init__(self, message: str, *, summary: "Summary", error: BaseException | None = None) -> None:
        super().__init__(message, error=error)
        self.summary = summary

    def __reduce__(self) -> "tuple[Any, ...]":
        state = {**vars(self), **dict.fromkeys(_LIVE_ATTRIBUTES), "exc_msg": self.message}
        return _revive_with_cause, (type(self), self.args, state, _portable(self.inner_exception))


def _portable(error: BaseException | None) -> BaseException | None:
    """Return what a pickle may keep of an error: the error itself if it pickles without what it refers to.

    azure-core's errors refer to what the HTTP library raised, and that to the request, which holds the key.
    """
    import pickle

    if isinstance(error, AzureError) and type(error).__reduce__ is BaseException.__reduce__:
        return _revive(type(error), error.args, {**vars(error), **dict.fromkeys(_LIVE_ATTRIBUTES), "response": None})
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own pickle of this moment
    except Exception:  # noqa: BLE001 - an error of the caller's own, which need not pickle: its words are kept
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _revive_with_cause(
    cls: "type[_ErrorT]", args: "tuple[Any, ...]", state: "dict[str, Any]", cause: BaseException | None
) -> _ErrorT:
    error = _revive(cls, args, {**state, "inner_exception": cause})
    error.__cause__ = cause
    return error


class AnswerError(InferenceClientError):
    """An answer is not the value that was asked for; the base of all reasons.

    :param message: What is wrong with it.
    :param completion: The whole answer.
    """

    completion: "ChatCompletions"
    """The whole answer, with its usage and its filter results."""

    def __init__(self, message: str, completion: "ChatCompletions") -> None:
        super().__init__(message)
        self.completion = completion

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.message, self.completion)


class RefusedAnswerError(AnswerError):
    """The model would not answer: the message's `refusal` says why."""


class FilteredAnswerError(AnswerError):
    """The content filter withheld the answer, or the rest of it."""


class TruncatedAnswerError(AnswerError):
    """The answer broke off at the token limit. Raise `max_tokens` or `max_completion_tokens`."""


class InvalidAnswerError(AnswerError):
    """The answer has no text, or the text is not JSON; `__cause__` is then what the JSON parser said."""


class MismatchedAnswerError(InvalidAnswerError):
    """The answer is JSON, but not of the type; its `__cause__` knows each place that does not fit."""


class ToolCallError(InferenceClientError):
    """A tool call could not be carried out: no such tool, arguments that do not fit, or a failure of the tool itself.

    :param message: What went wrong.
    :param tool_call: The call.
    """

    tool_call: "ChatCompletionsToolCall"
    """The call, as the model made it."""

    def __init__(self, message: str, tool_call: "ChatCompletionsToolCall") -> None:
        super().__init__(message)
        self.tool_call = tool_call

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.message, self.tool_call)


class ToolRoundsError(InferenceClientError):
    """The model still calls tools after all rounds that `Toolset.converse` was allowed.

    The calls have been answered, and the conversation has everything: converse again to go on.

    :param message: What went wrong.
    :param completion: The last answer.
    """

    completion: "ChatCompletions"
    """The last answer, whose tool calls have been answered in the conversation."""

    def __init__(self, message: str, completion: "ChatCompletions") -> None:
        super().__init__(message)
        self.completion = completion

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.message, self.completion)
