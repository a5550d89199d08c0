"""Build exceptions: a response, an event or a broken body in, one readable exception out.

The text of each error has the same lines, without those that do not apply: ``(code) message`` first, then the
labelled lines that azure-core writes, then filters, headers and status, then advice. Nothing else of the headers is
shown, and the request's own credential is masked wherever a response repeats it.

These functions return exceptions; the caller raises them, and chooses the cause.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ODataV4Format,
    ResourceExistsError,
    ResourceNotFoundError,
    ResourceNotModifiedError,
)

from .._error_state import set_text
from .._http.response_headers import retry_after
from ..exceptions import (
    AuthenticationError,
    ConflictError,
    ContentFilterError,
    IncompleteResponseError,
    IncompleteStreamError,
    InferenceError,
    NotFoundError,
    NotModifiedError,
    RateLimitError,
    ResponseDecodeError,
)
from .bodies import Fault, FilterVerdict, clean, explains_failure, filter_verdict, is_error, read_fault, shorten
from .error_origin import Origin, Response, body_of, origin_of
from .error_text import fault_lines, graded, text_of, what_is_wrong

__all__ = [
    "add_advice",
    "decode_error",
    "error_from_body",
    "error_from_response",
    "error_in_place_of_answer",
    "incomplete_response_error",
    "incomplete_stream_error",
]

ErrorMap = Mapping[int, Callable[..., Exception]]
"""What to raise by status: a class, or any callable that returns an exception when called with ``response=``."""

_BY_STATUS: Mapping[int, "type[InferenceError]"] = {
    304: NotModifiedError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}

_OURS: Mapping[Any, "type[InferenceError]"] = {
    ClientAuthenticationError: AuthenticationError,
    DecodeError: ResponseDecodeError,
    HttpResponseError: InferenceError,
    ResourceExistsError: ConflictError,
    ResourceNotFoundError: NotFoundError,
    ResourceNotModifiedError: NotModifiedError,
}
"""Our class for each of azure-core's that an error map may name."""

_MOST_TEXT = 8192
_MOST_DATA = 300


def error_from_response(
    response: Response, error_map: ErrorMap | None = None, *, advice: str | None = None
) -> Exception:
    """Build the exception for a response with an unexpected status.

    :param response: The response, read; if it could not be read, the class still depends on its status.
    :param error_map: What to raise by status, instead of our own choice; as in azure-core, each entry is called with
        ``response=`` (azure-core's classes become ours).
    :keyword advice: What the caller should try, to follow the service's own text.
    :return: An :class:`InferenceError`, unless the error map created something else.
    :raises TypeError: If the error map's entry cannot be called, or returns something other than an exception.
    """
    origin = origin_of(response)
    body = _kept(body_of(response), origin)
    origin = origin.with_body(body)
    fault = read_fault(body)
    verdict = filter_verdict(body, fault)
    choice = error_map.get(response.status_code) if error_map else None
    if choice and choice not in _OURS:
        return _from_error_map(choice, origin, body, fault, advice)
    if verdict and not choice:
        return _filter_error(verdict, origin, body, fault, advice)
    cls = _OURS[choice] if choice else _BY_STATUS.get(response.status_code, InferenceError)
    return _inference_error(cls, origin, body, fault, advice)


def error_from_body(
    value: Any, response: Response | None = None, *, event: str | None = None, advice: str | None = None
) -> InferenceError | None:
    """Build the exception for an error in a successful response: as its body, or as an event of a stream.

    :param value: The JSON value received. With ``event="error"`` it may be anything, even text that is not JSON.
    :param response: The response it arrived in.
    :keyword event: The type of the event; one called ``error`` is an error whatever it contains.
    :keyword advice: What the caller should try, to follow the service's own text.
    :return: None if the value is not an error.
    """
    if event != "error" and not is_error(value):
        return None
    origin = origin_of(response)
    body = _kept(value, origin)
    origin = origin.with_body(body)
    fault = read_fault(body)
    verdict = filter_verdict(body, fault)
    if verdict:
        return _filter_error(verdict, origin, body, fault, advice)
    return _inference_error(InferenceError, origin, body, fault, advice)


def error_in_place_of_answer(value: Any, response: Response | None = None) -> InferenceError | None:
    """Build the exception for an object in a successful response that is not the expected answer.

    :param value: The JSON value received.
    :param response: The response it arrived in.
    :return: None if it does not give a reason.
    """
    says = isinstance(value, dict) and explains_failure(cast("dict[str, Any]", value))
    return error_from_body(value, response, event="error") if says else None


def decode_error(
    data: bytes | str,
    response: Response | None = None,
    *,
    what: str = "response",
    advice: str | None = None,
) -> ResponseDecodeError:
    """Build the exception for something other than the expected JSON object.

    :param data: What was received; the error says what is wrong with it, and shows its beginning.
    :param response: The response it arrived in.
    :keyword what: The name for it: ``response``, ``event``.
    :keyword advice: What the caller should try.
    """
    origin = origin_of(response)
    body = _kept(data if isinstance(data, str) else data.decode("utf-8", "backslashreplace"), origin)
    lines = [f"The {what} is {what_is_wrong(data)}."]
    if response is not None:
        lines.append(f"Content type: {origin.headers.get('content-type') or 'not given'}")
    if body.strip():
        lines.append(f"Data: {shorten(body, _MOST_DATA)}")
    return ResponseDecodeError(text_of(lines, origin, advice), response, body=body, **_outside(origin))


def incomplete_response_error(response: Response) -> IncompleteResponseError:
    """Build the exception for a response that is not a stream and broke off before its end.

    :param response: The response, which could not be read.
    """
    origin = origin_of(response)
    text = text_of(["The connection broke before the end of the response."], origin, None)
    return IncompleteResponseError(text, response, **_outside(origin))


def incomplete_stream_error(
    why: str,
    response: Response | None = None,
    *,
    updates: Sequence[Any] = (),
    partial: Any = None,
    advice: str | None = None,
) -> IncompleteStreamError:
    """Build the exception for a stream that ended before its answer was complete.

    :param why: The reason, as the end of a sentence: ``the connection was closed``.
    :param response: The response of the stream.
    :keyword updates: The updates that had arrived.
    :keyword partial: The answer they add up to.
    :keyword advice: What the caller should try.
    """
    origin = origin_of(response)
    text = text_of([f"The stream ended before its answer was complete: {why}."], origin, advice)
    return IncompleteStreamError(text, response, updates=updates, partial=partial, **_outside(origin))


def add_advice(error: AzureError, advice: str | None) -> None:
    """Append advice to an error, in ``message`` and in ``str(error)``.

    For advice that depends on the text of the error, and so is only known once the error has been built.

    :param error: The error; modified in place.
    :param advice: The advice; None changes nothing.
    """
    if advice:
        set_text(error, f"{error.message}\n{advice}")


def _kept(body: Any, origin: Origin) -> Any:
    """Return the part of a body to keep: all of its JSON, or the beginning of its text, without credentials."""
    kept = clean(body, origin.secrets)
    return kept[:_MOST_TEXT] if isinstance(kept, str) else kept


def _inference_error(
    cls: "type[InferenceError]", origin: Origin, body: Any, fault: Fault, advice: str | None
) -> InferenceError:
    text = text_of(fault_lines(fault, origin), origin, advice)
    return cls(text, origin.response, details=_odata(fault), body=body, **_outside(origin))


def _filter_error(
    verdict: FilterVerdict, origin: Origin, body: Any, fault: Fault, advice: str | None
) -> ContentFilterError:
    shown = ("content_filter_result", "content_filter_results")  # covered by the line below
    inner = {name: value for name, value in fault.innererror.items() if name not in shown or not verdict.results}
    lines = fault_lines(fault._replace(innererror=inner), origin)
    filtered = [graded(category, result) for category, result in verdict.results.items() if result.filtered]
    if filtered:
        lines.append(f"Filtered: {', '.join(filtered)}")
    return ContentFilterError(
        text_of(lines, origin, advice),
        origin.response,
        filter_results=verdict.results,
        source=verdict.source,
        details=_odata(fault),
        body=body,
        **_outside(origin),
    )


def _from_error_map(
    make: Callable[..., Exception], origin: Origin, body: Any, fault: Fault, advice: str | None
) -> Exception:
    """Build the exception by the caller's error map, with our attributes, and with our text if it has none."""
    entry = f"error_map[{origin.status}]"
    if not callable(make):
        raise TypeError(f"{entry} is {make!r}; it must be an exception class, or a callable that returns an exception")
    error = make(response=origin.response)
    if not isinstance(error, Exception):
        raise TypeError(f"{entry} returned {error!r}, which is not an exception")
    if isinstance(error, HttpResponseError):
        azure_core_text = str(error.error or f"Operation returned an invalid status '{error.reason}'")
        if error.message == azure_core_text:
            set_text(error, text_of(fault_lines(fault, origin), origin, None))
            error.error = _odata(fault)
        vars(error).update(body=body, **_outside(origin))
        add_advice(error, advice)
    return error


def _outside(origin: Origin) -> "dict[str, Any]":
    """Return what every error takes from the status line and the headers."""
    return {
        "headers": origin.headers,
        "reason": origin.reason,
        "request_id": origin.request_id,
        "retry_after": retry_after(origin.headers),
    }


def _odata(fault: Fault) -> ODataV4Format | None:
    """Return the same as azure-core's class; None if there is neither code nor message."""
    return ODataV4Format(_odata_members(fault)) if fault.code or fault.message else None


def _odata_members(fault: Fault) -> "dict[str, Any]":
    return {
        "code": fault.code or fault.kind,
        "message": fault.message,
        "target": fault.target,
        "details": [_odata_members(detail) for detail in fault.details],
        "innererror": dict(fault.innererror),
    }
