"""From what came to what is raised: a response, an event or a broken body in, one readable exception out.

The text of each error has the same lines, those that do not apply left out: ``(code) message`` first, then the
labelled lines that azure-core writes, then what filters, headers and status say, then advice. Nothing else of the
headers is shown, and the request's own credential is blanked out wherever an answer repeats it.

These functions return exceptions; raising them, and saying ``from`` what, is the caller's.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Union, cast

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
from azure.core.rest import AsyncHttpResponse, HttpResponse
from azure.core.utils import case_insensitive_dict

from .._credential_headers import is_credential_header
from .._http.response_content import content_of, request_headers
from .._http.response_headers import request_id, retry_after
from ..exceptions import (
    AuthenticationError,
    ConflictError,
    ContentFilterError,
    ContentFilterResult,
    IncompleteResponseError,
    IncompleteStreamError,
    InferenceError,
    NotFoundError,
    NotModifiedError,
    RateLimitError,
    ResponseDecodeError,
)
from .bodies import (
    Fault,
    FilterVerdict,
    clean,
    filter_verdict,
    is_error,
    parse_json,
    read_fault,
    request_id_in,
    says_why,
    shorten,
)

__all__ = [
    "add_advice",
    "body_of",
    "decode_error",
    "error_from_body",
    "error_from_response",
    "error_in_place_of_answer",
    "incomplete_response_error",
    "incomplete_stream_error",
]

Response = Union[HttpResponse, AsyncHttpResponse]

ErrorMap = Mapping[int, Callable[..., Exception]]
"""What to raise by status: a class, or anything that makes an exception when called with ``response=``."""

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

_CLUE_HEADERS = {
    "x-ms-error-code": "Error code",
    "x-ms-error-reason": "Reason",
    "ms-azureml-model-error-reason": "Model error",
    "ms-azureml-model-error-statuscode": "Model status",
}
"""Headers in which Azure's front ends put what the body does not say (behind a 424, for one), and their labels."""

_SHORTEST_SECRET = 8
"""Blanking out what is shorter ("key", "EMPTY") would hide words, not keys."""

_MOST_TEXT = 8192
_MOST_WORDS = 4000
_MOST_DETAILS = 20
_MOST_DATA = 300
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class _Origin(NamedTuple):
    """What a response says outside its body."""

    response: Response | None
    headers: Mapping[str, str]
    status: int | None
    reason: str | None
    secrets: Sequence[str]
    request_id: str | None = None
    """The id that the service gave the request: in a header, or else in the body of the error."""

    def with_body(self, body: Any) -> "_Origin":
        """Return the same with the request's id out of a body, if no header has it."""
        return self if self.request_id else self._replace(request_id=request_id_in(body))


def error_from_response(
    response: Response, error_map: ErrorMap | None = None, *, advice: str | None = None
) -> Exception:
    """Make the exception for a response whose status is not the expected one.

    :param response: The response, read; one that could not be read still gives the class that its status asks for.
    :param error_map: What to raise by status, before our own choice; as in azure-core, what it names is called with
        ``response=`` (azure-core's classes become ours).
    :keyword advice: What the caller should try, to stand after the service's own words.
    :return: An :class:`InferenceError`, unless the error map made something else.
    :raises TypeError: if the error map's entry cannot be called, or makes something that is no exception.
    """
    origin = _origin(response)
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
    """Make the exception for an error that came with a good status: as the answer, or as an event of a stream.

    :param value: The JSON value that came. With ``event="error"`` it may be anything, also text that is no JSON.
    :param response: The response that it came with.
    :keyword event: The type of the event; one called ``error`` is an error whatever it carries.
    :keyword advice: What the caller should try, to stand after the service's own words.
    :return: None if the value is no error.
    """
    if event != "error" and not is_error(value):
        return None
    origin = _origin(response)
    body = _kept(value, origin)
    origin = origin.with_body(body)
    fault = read_fault(body)
    verdict = filter_verdict(body, fault)
    if verdict:
        return _filter_error(verdict, origin, body, fault, advice)
    return _inference_error(InferenceError, origin, body, fault, advice)


def error_in_place_of_answer(value: Any, response: Response | None = None) -> InferenceError | None:
    """Make the exception for an object that came with a good status and is not the answer that was due.

    :param value: The JSON value that came.
    :param response: The response that it came with.
    :return: None if it does not say why.
    """
    says = isinstance(value, dict) and says_why(cast("dict[str, Any]", value))
    return error_from_body(value, response, event="error") if says else None


def decode_error(
    data: bytes | str,
    response: Response | None = None,
    *,
    what: str = "response",
    advice: str | None = None,
) -> ResponseDecodeError:
    """Make the exception for something that is not the JSON object that was due.

    :param data: What came instead; the text says what is wrong with it, and shows its beginning.
    :param response: The response that it came with.
    :keyword what: What to call it: ``response``, ``event``.
    :keyword advice: What the caller should try.
    """
    origin = _origin(response)
    body = _kept(data if isinstance(data, str) else data.decode("utf-8", "backslashreplace"), origin)
    lines = [f"The {what} is {_what_is_wrong(data)}."]
    if response is not None:
        lines.append(f"Content type: {origin.headers.get('content-type') or 'not given'}")
    if body.strip():
        lines.append(f"Data: {shorten(body, _MOST_DATA)}")
    return ResponseDecodeError(_text(lines, origin, advice), response, body=body, **_outside(origin))


def incomplete_response_error(response: Response) -> IncompleteResponseError:
    """Make the exception for an answer that is not a stream, and broke off before its end.

    :param response: The response, which could not be read.
    """
    origin = _origin(response)
    text = _text(["The connection broke before the end of the answer."], origin, None)
    return IncompleteResponseError(text, response, **_outside(origin))


def incomplete_stream_error(
    why: str,
    response: Response | None = None,
    *,
    updates: Sequence[Any] = (),
    partial: Any = None,
    advice: str | None = None,
) -> IncompleteStreamError:
    """Make the exception for a stream that ended before its answer was complete.

    :param why: How that shows, as the end of a sentence: ``the connection was closed``.
    :param response: The response whose stream it was.
    :keyword updates: The updates that had been received.
    :keyword partial: What they add up to.
    :keyword advice: What the caller should try.
    """
    origin = _origin(response)
    text = _text([f"The stream ended before its answer was complete: {why}."], origin, advice)
    return IncompleteStreamError(text, response, updates=updates, partial=partial, **_outside(origin))


def add_advice(error: AzureError, advice: str | None) -> None:
    """Append advice to what an error says, in ``message`` as in ``str(error)``.

    For advice that depends on what the error says, and so cannot be given when it is made.

    :param error: The error to change.
    :param advice: The advice; None changes nothing.
    """
    if advice:
        error.message = f"{error.message}\n{advice}"
        error.args = (error.message, *error.args[1:])


def _origin(response: Response | None) -> _Origin:
    if response is None:
        return _Origin(None, {}, None, None, ())
    secrets = _secrets_of(response)
    headers = {clean(name, secrets): clean(str(value), secrets) for name, value in response.headers.items()}
    reason = clean(getattr(response, "reason", None), secrets)
    found = case_insensitive_dict(headers)
    return _Origin(response, found, response.status_code, reason, secrets, request_id(found))


def _secrets_of(response: Response) -> Sequence[str]:
    """Find the credentials that the request carried, without their schemes."""
    headers = case_insensitive_dict(request_headers(response))
    values = (str(value or "").rpartition(" ")[2] for name, value in headers.items() if is_credential_header(name))
    return sorted({value for value in values if len(value) >= _SHORTEST_SECRET}, key=len, reverse=True)


def body_of(response: Response) -> Any:
    """Read the body as JSON, or else as text; None if it is not there."""
    try:
        content = content_of(response)
    except (AzureError, zlib.error):  # not read, cut off, or compressed in a way that is none
        return None
    try:
        text = content.decode(getattr(response, "encoding", None) or "utf-8-sig", "replace")
    except (LookupError, TypeError, ValueError):  # the content type names a charset that does not decode text
        text = content.decode("utf-8-sig", "replace")
    try:
        return parse_json(text)
    except ValueError:
        return text


def _kept(body: Any, origin: _Origin) -> Any:
    """Keep of a body all of its JSON, or the beginning of its text, and no credential."""
    kept = clean(body, origin.secrets)
    return kept[:_MOST_TEXT] if isinstance(kept, str) else kept


def _inference_error(
    cls: "type[InferenceError]", origin: _Origin, body: Any, fault: Fault, advice: str | None
) -> InferenceError:
    text = _text(_fault_lines(fault, origin), origin, advice)
    return cls(text, origin.response, details=_odata(fault), body=body, **_outside(origin))


def _filter_error(
    verdict: FilterVerdict, origin: _Origin, body: Any, fault: Fault, advice: str | None
) -> ContentFilterError:
    told = ("content_filter_result", "content_filter_results")  # by the line below
    inner = {name: value for name, value in fault.innererror.items() if name not in told or not verdict.results}
    lines = _fault_lines(fault._replace(innererror=inner), origin)
    filtered = [_graded(category, result) for category, result in verdict.results.items() if result.get("filtered")]
    if filtered:
        lines.append(f"Filtered: {', '.join(filtered)}")
    return ContentFilterError(
        _text(lines, origin, advice),
        origin.response,
        filter_results=verdict.results,
        source=verdict.source,
        details=_odata(fault),
        body=body,
        **_outside(origin),
    )


def _graded(category: str, result: ContentFilterResult) -> str:
    severity = result.get("severity")
    return f"{category} ({severity})" if severity else category


def _from_error_map(
    make: Callable[..., Exception], origin: _Origin, body: Any, fault: Fault, advice: str | None
) -> Exception:
    """Make the exception by the caller's own error map, with our attributes, and our text if it has none."""
    entry = f"error_map[{origin.status}]"
    if not callable(make):
        raise TypeError(f"{entry} is {make!r}; it must be an exception class, or a callable that makes an exception")
    error = make(response=origin.response)
    if not isinstance(error, Exception):
        raise TypeError(f"{entry} made {error!r}, which is no exception")
    if isinstance(error, HttpResponseError):
        azure_core_text = str(error.error or f"Operation returned an invalid status '{error.reason}'")
        if error.message == azure_core_text:
            error.message = _text(_fault_lines(fault, origin), origin, None)
            error.args = (error.message, *error.args[1:])
            error.error = _odata(fault)
        vars(error).update(body=body, **_outside(origin))
        add_advice(error, advice)
    return error


def _outside(origin: _Origin) -> "dict[str, Any]":
    """Read what every error has from the status line and the headers."""
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


def _fault_lines(fault: Fault, origin: _Origin) -> "list[str]":
    """Write what the service said, each thing once: azure-core's text has code and message in two lines more."""
    failed = origin.status is not None and origin.status >= 400
    code = fault.code or (str(origin.status) if failed else None)
    lines = [_headline(code, fault.message or _default_words(origin))]
    said = {"Type": None if fault.kind == code else fault.kind, "Target": fault.target}
    lines += [f"{label}: {text}" for label, text in said.items() if text]
    if fault.details:
        lines.append("Exception Details:")
        lines.extend(_detail_lines(fault.details))
    if fault.innererror:
        lines.append(f"Inner error: {json.dumps(fault.innererror, indent=4, ensure_ascii=False, default=str)}")
    return lines


def _default_words(origin: _Origin) -> str:
    if origin.status is None or origin.status == 200:
        return "The service reported an error, and did not say which"
    return f"Operation returned an invalid status '{origin.reason}'"


def _headline(code: str | None, words: str) -> str:
    return f"({code}) {words}" if code else words


def _detail_lines(details: "Sequence[Fault]") -> "list[str]":
    lines: list[str] = []
    for detail in details[:_MOST_DETAILS]:
        lines.append("\t" + _headline(detail.code or detail.kind, detail.message or ""))
        if detail.target:
            lines.append(f"\tTarget: {detail.target}")
    if len(details) > _MOST_DETAILS:
        lines.append(f"\tand {len(details) - _MOST_DETAILS} more")
    return lines


def _cut(text: str) -> str:
    """Cut a text, which may have several lines, to a readable length."""
    return text if len(text) <= _MOST_WORDS else text[: _MOST_WORDS - 1] + "\u2026"


def _clues(lines: "Sequence[str]", origin: _Origin) -> "Iterator[str]":
    """Yield what headers tell of an error, if the text does not say it yet."""
    for name, label in _CLUE_HEADERS.items():
        clue = origin.headers.get(name)
        if clue and clue != str(origin.status) and not any(clue in line for line in lines):
            yield f"{label}: {clue}"


def _text(lines: "Sequence[str]", origin: _Origin, advice: str | None) -> str:
    """Write the whole text: what it is about, then what headers and status tell, then advice."""
    lines = [*lines]
    lines += _clues(lines, origin)
    if origin.status is not None:
        lines.append(f"Status: {origin.status} {origin.reason or ''}".rstrip())
    sent_as = origin.request_id
    if sent_as:
        lines.append(f"Request id: {sent_as}")
    if advice:
        lines.append(advice)
    text = "\n".join(_cut(line) for line in lines).replace("\r\n", "\n")
    # A lone surrogate cannot be printed, and a control character could write over what a terminal shows.
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def _what_is_wrong(data: bytes | str) -> str:
    """Return why something is not the JSON object that was due, as the end of a sentence."""
    if not data.strip():
        return "empty, where JSON was due"
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return f"not UTF-8 ({error.reason} at byte {error.start})"
    try:
        value = parse_json(text)
    except ValueError as error:
        return "a page of markup, not JSON" if text.lstrip().startswith("<") else f"not JSON ({error})"
    if isinstance(value, dict):
        return "a JSON object, but not one of the kind that was due"
    kinds = {"list": "array", "str": "string", "bool": "boolean", "NoneType": "null"}
    return f"a JSON {kinds.get(value.__class__.__name__, 'number')}, where an object was due"
