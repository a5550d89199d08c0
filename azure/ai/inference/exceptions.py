"""The exceptions raised by the clients, by reading an answer as a value, and by running tools.

Each kind of :class:`InferenceError` is also the azure-core class that version 1.0.0b9 raised, so ``except
HttpResponseError`` and ``except ClientAuthenticationError`` keep working. The attributes they add (request id, headers,
time to wait, the error as received) are declared on :class:`InferenceError`: catch that class and a type checker knows
them too. When the service did its work and charged for it, an :class:`AnswerError` holds the whole answer::

        InferenceClientError                    base class of all; an AzureError
        |-- RequestError                        not sent: no connection; a ServiceRequestError
        |   |-- RequestTimeoutError             not sent in time; a ServiceRequestTimeoutError
        |   |-- ProxyError                      the proxy refused to connect
        |   `-- InsecureRequestError            refused: the key would have been sent unencrypted
        |-- NoResponseError                     the connection broke before the response; a ServiceResponseError
        |   `-- ResponseTimeoutError            no response in time; a ServiceResponseTimeoutError
        |-- InferenceError                      any error response; 400, 413, 422, 5xx; an HttpResponseError
        |   |-- ContentFilterError              the prompt or the answer was filtered
        |   |-- AuthenticationError             401, 403; a ClientAuthenticationError
        |   |-- NotFoundError                   404; a ResourceNotFoundError
        |   |-- ConflictError                   409; a ResourceExistsError
        |   |-- NotModifiedError                304; a ResourceNotModifiedError
        |   |-- RateLimitError                  429: a quota is used up, or the service is busy
        |   |-- RedirectError                   too many redirects; a TooManyRedirectsError
        |   |-- ResponseDecodeError             not the expected JSON; a DecodeError
        |   |-- IncompleteResponseError         a response broke off; an IncompleteReadError
        |   `-- IncompleteStreamError           a stream broke off; an IncompleteReadError
        |-- BatchError                          one request of several failed; its cause is any of these
        |-- BatchStoppedError                   a run of many rows stopped early
        |-- AnswerError                         an answer is not the requested value
        |   |-- RefusedAnswerError              the model refused to answer
        |   |-- FilteredAnswerError             the content filter withheld the answer
        |   |-- TruncatedAnswerError            the answer was cut off at the token limit
        |   `-- InvalidAnswerError              the answer has no text, or the text is not JSON
        |       `-- MismatchedAnswerError       it is JSON, but does not match the type
        |-- ToolCallError                       a tool call could not be carried out
        `-- ToolRoundsError                     the model still calls tools after the last allowed round

All of them can be pickled (for process pools, task queues, caches). The pickle keeps the text and the values but not
``response``, which refers to the request, which holds the key.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

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

from ._content_filter import ContentFilterResult, read_result
from ._credential_headers import without_credentials
from ._error_state import reduced, reduced_with_cause, revive, revive_with_cause

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

_revive, _revive_with_cause = revive, revive_with_cause
"""Pickles that release 1.0.0 wrote name these."""


if TYPE_CHECKING:
    pass  # With `__getattr__`, type checkers would accept any name.
else:

    def __getattr__(name: str) -> Any:
        from ._attribute_hints import missing_exception

        raise missing_exception(__name__, name)


class InferenceClientError(AzureError):
    """Base class of everything that a client's call raises when it fails.

    Wrong arguments are not included: they raise `TypeError` or `ValueError` before anything is sent. Errors of a token
    credential, such as azure-identity's, are passed on unchanged.
    """

    def __reduce__(self) -> "tuple[Any, ...]":
        return reduced(self)


class RequestError(InferenceClientError, ServiceRequestError):
    """The request was not sent: unknown host, no connection, a TLS failure, or a proxy in the way.

    ``inner_exception``, also the cause, is what the HTTP library raised.
    """


class RequestTimeoutError(RequestError, ServiceRequestTimeoutError):
    """Connecting, or sending the request, took longer than `connection_timeout`."""


class ProxyError(RequestError):
    """The proxy refused to connect to the endpoint, or the client cannot use a proxy of its kind.

    :param message: The error text.
    :param status_code: The proxy's status, such as 407 if it requires a password; None if it was not asked.
    """

    status_code: int | None
    """The proxy's status, such as 407 if it requires a password; None if it was not asked."""

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.message, self.status_code)


class InsecureRequestError(RequestError):
    """A credential would have been sent unencrypted; nothing was sent."""


class NoResponseError(InferenceClientError, ServiceResponseError):
    """The connection broke before the response arrived. The service may have done its work."""


class ResponseTimeoutError(NoResponseError, ServiceResponseTimeoutError):
    """The response took longer than `timeout`, or no bytes arrived within `read_timeout`."""


class InferenceError(InferenceClientError, HttpResponseError):
    """The service responded with an error.

    An error inside a successful response or a stream has the status of that response, 200; its ``error.code`` says what
    went wrong.

    :param message: The error text; ``str(error)`` and ``error.message`` return it.
    :param response: The response. The error keeps its status, reason and headers.
    :keyword details: What the service reported, as code, message, target, details and inner error.
    :keyword request_id: The service's id of the request.
    :keyword retry_after: Seconds that the service asks to wait.
    :keyword headers: The headers to keep, if not those of the response.
    :keyword reason: The reason phrase to keep, if not that of the response.
    :keyword body: The error as received.
    """

    request_id: str | None
    """The service's id of the request, to quote in a support case; None if the service sent none."""

    retry_after: float | None
    """Seconds to wait before another attempt, zero or more, from the response headers; None if they have none."""

    headers: Mapping[str, str]
    """The response headers, case-insensitive; empty if there was no response."""

    body: Any
    """The error as received: parsed JSON, or the beginning of a text; None if the body was empty."""

    partial: Any = None
    """For an error in the middle of a stream, the answer received so far; else None."""

    served_models: Sequence[str] = ()
    """For an unknown model, the models that the endpoint lists, the most similar names first; else empty."""

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
        # Without the response: azure-core would read its body again, and replace the message with what it finds.
        super().__init__(message, None, **kwargs)
        self.error = details
        self.request_id = request_id
        self.retry_after = retry_after
        self.body = body
        if response is not None:
            # Through `vars`, the attributes keep azure-core's types; it does not export the type of a response.
            vars(self).update(response=response, status_code=response.status_code, reason=reason)
            headers = response.headers if headers is None else headers
        self.headers = case_insensitive_dict(headers)

    def __str__(self) -> str:
        # azure-core appends the body if it found no error in it; the message already contains the service's text.
        return str(self.args[0])

    def __reduce__(self) -> "tuple[Any, ...]":
        revive, (cls, args, state) = super().__reduce__()
        return revive, (cls, args, {**state, "headers": case_insensitive_dict(without_credentials(self.headers))})


class ContentFilterError(InferenceError):
    """A content filter refused the prompt, or stopped the answer.

    Sending the same again gives the same error: change the prompt, or the content filter of the deployment.

    :param message: See :class:`InferenceError`.
    :param response: See :class:`InferenceError`.
    :keyword filter_results: The verdicts, by category; mappings in wire form are read as such.
    :keyword source: What was filtered.
    """

    filter_results: Mapping[str, ContentFilterResult]
    """The verdict of each filter, by category (``hate``, ``self_harm``, ``jailbreak``, ...), including filters that
    passed the content; empty if the service did not report them. A dash in a category's name is an underscore here."""

    source: str | None
    """What was filtered, ``prompt`` or ``completion``; None if the service did not report it."""

    def __init__(
        self,
        message: object | None = None,
        response: HttpResponse | AsyncHttpResponse | None = None,
        *,
        filter_results: Mapping[str, Mapping[str, Any]] | None = None,
        source: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, response, **kwargs)
        self.filter_results = {category: read_result(found) for category, found in (filter_results or {}).items()}
        self.source = source

    @property
    def filtered_categories(self) -> "list[str]":
        """The categories whose filter stopped the content, in the service's order."""
        return [category for category, result in self.filter_results.items() if result.filtered]


class AuthenticationError(InferenceError, ClientAuthenticationError):
    """The credential is missing, wrong, expired or for another audience (401), or lacks permission (403)."""


class NotFoundError(InferenceError, ResourceNotFoundError):
    """The route, the model or the deployment does not exist (404)."""


class ConflictError(InferenceError, ResourceExistsError):
    """The request conflicts with the state of the service (409)."""


class NotModifiedError(InferenceError, ResourceNotModifiedError):
    """The resource has not changed since the caller read it (304)."""


class RateLimitError(InferenceError):
    """A quota of requests or tokens is used up, or the service is busy (429).

    The client has already retried, unless retries are off. `retry_after` is how long the service asks to wait.
    """


class ResponseDecodeError(InferenceError, DecodeError):
    """The status is a success, but the body or the event is not the expected JSON object."""


class RedirectError(InferenceError, TooManyRedirectsError[Any, Any]):
    """The endpoint redirected too many times.

    :param history: The requests and their responses, as azure-core keeps them; a pickle drops them.
    """

    history: "list[Any]"
    """The requests and their responses; empty after unpickling."""

    def __init__(self, history: "Sequence[Any]") -> None:
        super().__init__("Reached maximum redirect attempts.")
        self.history = [*history]

    def __reduce__(self) -> "tuple[Any, ...]":
        revive, (cls, args, state) = super().__reduce__()
        return revive, (cls, args, {**state, "history": []})


class IncompleteResponseError(InferenceError, IncompleteReadError):
    """The connection broke before the end of a response that is not a stream. The cause says how."""


class IncompleteStreamError(InferenceError, IncompleteReadError):
    """A stream ended before its answer was complete.

    :param message: See :class:`InferenceError`.
    :param response: See :class:`InferenceError`.
    :keyword updates: The updates that had arrived.
    :keyword partial: The answer they add up to.
    """

    updates: Sequence[Any]
    """The updates that had arrived, in order; empty if the stream does not keep them."""

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

    ``inner_exception``, also the cause, is what a request, a hook, `on_progress` or the iterable of inputs raised; None
    after `close()`. Requests in flight were completed, and no others started. To continue, embed the inputs that are
    neither in `results` nor in the results delivered before.

    :param message: The error text.
    :keyword indices: The inputs that the error is about.
    :keyword results: The results that had arrived but had not been delivered.
    :keyword error: The exception that stopped it.
    """

    indices: range
    """Indices of the inputs that the error is about, counted from 0: those of the failed request, or that of the input
    that could not be read."""

    results: "Sequence[EmbeddingsResult]"
    """The results that had arrived but had not been delivered: after `collect()`, all of them. The ``index`` of an item
    is that of its input."""

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
        return reduced_with_cause(self)


class BatchStoppedError(InferenceClientError):
    """A run of many rows stopped early. ``inner_exception``, also the cause, is the error that stopped it, if any.

    The results so far are in the run's output; make the same call again to continue.

    :param message: Why it stopped, and what to do.
    :keyword summary: The counts of the run.
    :keyword error: The error that stopped it.
    """

    summary: "Summary"
    """The counts of the run."""

    def __init__(self, message: str, *, summary: "Summary", error: BaseException | None = None) -> None:
        super().__init__(message, error=error)
        self.summary = summary

    def __reduce__(self) -> "tuple[Any, ...]":
        return reduced_with_cause(self)


class AnswerError(InferenceClientError):
    """An answer is not the requested value; base class of all such errors.

    :param message: What is wrong with it.
    :param completion: The whole answer.
    """

    completion: "ChatCompletions"
    """The whole answer, with its usage and filter results."""

    def __init__(self, message: str, completion: "ChatCompletions") -> None:
        super().__init__(message)
        self.completion = completion

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.message, self.completion)


class RefusedAnswerError(AnswerError):
    """The model refused to answer; the message's `refusal` says why."""


class FilteredAnswerError(AnswerError):
    """The content filter withheld the answer, or the rest of it."""


class TruncatedAnswerError(AnswerError):
    """The answer was cut off at the token limit. Raise `max_tokens` or `max_completion_tokens`."""


class InvalidAnswerError(AnswerError):
    """The answer has no text, or the text is not JSON; then `__cause__` is the JSON parser's error."""


class MismatchedAnswerError(InvalidAnswerError):
    """The answer is JSON but does not match the type; `__cause__` lists each mismatch."""


class ToolCallError(InferenceClientError):
    """A tool call could not be carried out: unknown tool, arguments that do not match, or a failure of the tool itself.

    :param message: What went wrong.
    :param tool_call: The call.
    """

    tool_call: "ChatCompletionsToolCall"
    """The call as the model made it."""

    def __init__(self, message: str, tool_call: "ChatCompletionsToolCall") -> None:
        super().__init__(message)
        self.tool_call = tool_call

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.message, self.tool_call)


class ToolRoundsError(InferenceClientError):
    """The model still calls tools after the last round that `Toolset.converse` allows.

    The calls have been answered and the conversation is complete up to here: call `converse` again to continue.

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
