"""Read the body of an error, whoever wrote it.

Azure's front ends, API Management, FastAPI, Mistral, vLLM, llama.cpp, LM Studio and plain proxies each have their own
format for errors, some have two, and they nest: a message may be an object, or JSON in a string. Instead of a parser
for each format there is one rule, applied at every level: an object contributes the fields that it has, and whatever
is found where a message is expected is read in turn and contributes the missing ones.

The letters of shapes are those of the table in tests/unit/error_shapes.py. Nothing here knows of responses or
exceptions.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from .._content_filter import ContentFilterResult, read_result

__all__ = [
    "Fault",
    "FilterVerdict",
    "clean",
    "explains_failure",
    "filter_verdict",
    "is_error",
    "parse_json",
    "read_fault",
    "request_id_in",
    "shorten",
]

_WORDS = (
    *("message", "Message", "msg", "detail", "error_description", "error_msg", "error_message", "errorMessage"),
    *("err_msg", "status_msg", "title", "status"),
)
"""The members that hold an error's message, most likely first. ``status`` is one if it is text (shape G)."""

_CODES = ("code", "error_code", "errorCode", "err_code", "status_code")
"""The members that hold an error's code, most likely first."""

_ERRORS = ("error", "errors", "base_resp")
"""The members that hold one or several errors: ``base_resp`` is MiniMax's."""

_REQUEST_IDS = frozenset(("requestid", "xrequestid", "xmsrequestid", "apimrequestid"))
"""The members that hold a request id, without dashes, underscores and capitals."""

_FAILURES = frozenset(("error", "failed", "failure", "fail"))
"""The values of ``status`` when an answer failed."""

_ANSWER_MEMBERS = frozenset(["data", "usage", "model_name", "model_type"])
_FILTER_CODES = frozenset(
    ["contentfilter", "contentfiltered", "contentpolicyviolation", "responsibleaipolicyviolation"]
)

_PAGE = re.compile(r"\s*<(!doctype|\?xml|html|head|body)\b", re.IGNORECASE)

_NESTING = 8
"""How many levels of nested errors are read."""

_DEPTH = 32
"""How many levels of a body are kept: enough for any error, and too few to exhaust the stack of code that walks it."""


class Fault(NamedTuple):
    """The contents of an error."""

    code: str | None = None
    kind: str | None = None
    message: str | None = None
    target: str | None = None
    details: "tuple[Fault, ...]" = ()
    innererror: "Mapping[str, Any]" = MappingProxyType({})


class FilterVerdict(NamedTuple):
    """The findings of the content filters, by category, and where they were found: in ``prompt`` or ``completion``."""

    results: "dict[str, ContentFilterResult]"
    source: str | None


def parse_json(text: str) -> Any:
    """Parse a text as JSON.

    :param text: Any text.
    :raises ValueError: If it is not JSON, or is JSON nested so deeply that it must be malicious.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def shorten(text: str, limit: int) -> str:
    """Return a text on one line, cut to ``limit`` characters with an ellipsis at the end.

    :param text: Any text.
    :param limit: Maximum number of characters to keep.
    """
    line = " ".join(text[: 4 * limit].split())
    if len(line) <= limit and len(text) <= 4 * limit:
        return line
    return line[: limit - 1].rstrip() + "\u2026"


def clean(value: Any, secrets: Iterable[str] = (), depth: int = _DEPTH) -> Any:
    """Copy a JSON value so that it is safe to show, keep and pickle: without secrets, and not too deep to walk.

    :param value: A JSON value.
    :param secrets: Texts to mask wherever they occur; some gateways repeat the key that they refuse.
    :param depth: How many levels to keep.
    """
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "***")
        return value
    if not isinstance(value, (dict, list)):
        return value
    if not depth:
        return "\u2026"
    if isinstance(value, list):
        return [clean(item, secrets, depth - 1) for item in _items(value)]
    return {clean(str(name), secrets): clean(item, secrets, depth - 1) for name, item in _members(value).items()}


def is_error(value: Any) -> bool:
    """Return whether an object in a successful response, or in a stream, is an error rather than an answer.

    :param value: A JSON value. An object with choices, data or usage is only an error if it has a non-empty ``error``.
    """
    members = _members(value)
    error = members.get("error")
    if error and (not isinstance(error, dict) or any(_members(error).values())):
        return True
    if members.get("object") == "error":
        return True
    # Each event of a stream passes through here. A member that is null counts as missing.
    if members.get("choices") is not None or any(members.get(name) is not None for name in _ANSWER_MEMBERS):
        return False
    return _is_failure(members)


def _is_failing_status(status: Any) -> bool:
    return status >= 400 if isinstance(status, int) else isinstance(status, str) and status.lower() in _FAILURES


def _is_failure(members: "Mapping[str, Any]") -> bool:
    """Return whether an object without an answer says that something failed."""
    if members.get("success") is False or _is_failing_status(members.get("statusCode", members.get("status"))):
        return True
    if members.get("errors") or _members(members.get("base_resp")).get("status_code"):
        return True
    says = any(members.get(name) for name in _WORDS if name not in ("title", "status"))
    return bool(members.get("detail")) or (says and any(members.get(name) for name in _CODES))


def explains_failure(value: Any) -> bool:
    """Return whether an object that is not the expected answer says why.

    :param value: A JSON value.
    """
    fault = _read(value, _NESTING)
    return bool(fault.message or fault.code)


def request_id_in(body: Any) -> str | None:
    """Find the request id in the body of an error: next to the error, in it, or in its inner error.

    :param body: A JSON value.
    """
    members = _members(body)
    error = _members(members.get("error"))
    places = (members, error, *(_members(place.get("innererror")) for place in (members, error)))
    for place in places:
        for name, value in place.items():
            if name.lower().replace("-", "").replace("_", "") in _REQUEST_IDS and isinstance(value, str) and value:
                return value
    return None


def read_fault(body: Any) -> Fault:
    """Read the body of an error; fields that it does not have are None.

    :param body: A JSON value, or the text of a body that is not JSON.
    """
    fault = _read(body, _NESTING)
    fault = fault._replace(
        code=fault.code or fault.kind,
        details=tuple(detail for detail in fault.details if detail != Fault(message=fault.message)),
    )
    if body and not (fault.code or fault.message or isinstance(body, str)):
        fault = fault._replace(message=shorten(json.dumps(body, ensure_ascii=False, default=str), 500))
    return fault


def _read(value: Any, nesting: int) -> Fault:
    if not nesting:
        return Fault()
    if isinstance(value, str):
        return _read_text(value, nesting)
    if isinstance(value, list):
        return _read_list(_items(value), nesting)
    return _read_object(_members(value), nesting)


def _read_text(text: str, nesting: int) -> Fault:
    """Read a message, or JSON in a string (shape I), or a page inserted by a proxy."""
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        try:
            nested = _read(clean(parse_json(stripped)), nesting - 1)
        except ValueError:
            nested = Fault()
        if nested.message:
            return nested
    if _PAGE.match(stripped):
        return Fault(message=shorten(_words_of_page(stripped), 500) or None)
    return Fault(message=stripped or None)


def _words_of_page(page: str) -> str:
    """Return the visible text at the beginning of an HTML page."""
    visible = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>?", " ", page[:8192])
    import html

    return html.unescape(visible)


def _read_list(items: "Sequence[Any]", nesting: int) -> Fault:
    """Read several errors at once, as FastAPI reports them (shape J)."""
    faults = [fault for fault in (_read(item, nesting - 1) for item in items) if fault.message]
    if len(faults) < 2:
        return faults[0] if faults else Fault()
    lines = (f"{fault.target}: {fault.message}" if fault.target else str(fault.message) for fault in faults)
    return Fault(message="; ".join(lines), target=faults[0].target, details=tuple(faults))


def _read_object(members: "Mapping[str, Any]", nesting: int) -> Fault:
    fault = Fault(
        code=next(filter(None, (_label(members.get(name)) for name in _CODES)), None),
        kind=_kind(members.get("type")),
        target=_label(members.get("target")) or _label(members.get("param")) or _path(members.get("loc")),
        details=_read_details(members.get("details"), nesting),
        innererror=_members(members.get("innererror") or members.get("inner_error")),
    )
    for inner in filter(lambda inner: isinstance(inner, (dict, list)), map(members.get, _ERRORS)):
        fault = _fill(_read(inner, nesting - 1), fault)
    error = members.get("error")
    for words in filter(None, map(members.get, _WORDS)):
        fault = _fill(fault, _read(words, nesting - 1))
    if isinstance(error, str) and error:
        # Next to a message this is the code (shape B), alone it is the message (shape R).
        fault = _fill(fault, Fault(code=error) if fault.message else _read_text(error, nesting))
    return fault


def _fill(fault: Fault, other: Fault) -> Fault:
    """Add the fields that are missing in a fault from another."""
    return Fault._make(mine or theirs for mine, theirs in zip(fault, other, strict=True))


def _read_details(details: Any, nesting: int) -> "tuple[Fault, ...]":
    faults = (_read(item, nesting - 1) for item in _items(details) or [details])
    return tuple(fault for fault in faults if fault.message or fault.code or fault.kind)


def _members(value: Any) -> "Mapping[str, Any]":
    """Return the members of an object, or none if it is not an object."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _items(value: Any) -> "Sequence[Any]":
    """Return the items of an array, or none if it is not an array."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def _label(value: Any) -> str | None:
    """Return a code, a type or a name: text, or a number (vLLM and llama.cpp use numbers as codes)."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _kind(value: Any) -> str | None:
    """Return the type of an error; that of problem details (RFC 9457) is a URI, which only points to documentation."""
    kind = _label(value)
    return kind if kind and ":" not in kind else None


def _path(steps: Any) -> str | None:
    """Format FastAPI's location of a field, ``["body", "messages", 0, "role"]``, as ``body.messages[0].role``."""
    joined = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in _items(steps))
    return joined.removeprefix(".") or None


def filter_verdict(body: Any, fault: Fault) -> FilterVerdict | None:
    """Find the results of the content filters; None if they were not the reason.

    The results are in the error or in its inner error, as ``content_filter_result``, ``content_filter_results``, or
    one set each for prompt and completion in the list ``content_filters``.

    :param body: The body of the error, a JSON value.
    :param fault: The contents of the error.
    """
    codes = (str(code).replace("_", "").lower() for code in (fault.code, fault.innererror.get("code")))
    if _FILTER_CODES.isdisjoint(codes):
        return None
    members = _members(body)
    places = (fault.innererror, members, _members(members.get("error")))
    entries = [entry for place in places for entry in (place, *_blocked(place))]
    results: dict[str, ContentFilterResult] = {}
    for entry in entries:
        _add_results(results, entry.get("content_filter_result"))
        _add_results(results, entry.get("content_filter_results"))
    sources = (entry.get("source_type") for entry in entries)
    return FilterVerdict(results, next((source for source in sources if isinstance(source, str)), None))


def _blocked(place: "Mapping[str, Any]") -> "list[Mapping[str, Any]]":
    entries = map(_members, _items(place.get("content_filters")))
    return [entry for entry in entries if entry.get("blocked", True)]


def _add_results(results: "dict[str, ContentFilterResult]", found: Any) -> None:
    """Add the verdicts by category; one that stopped the content is not replaced by one that passed it."""
    for category, verdict in _members(found).items():
        name = category.replace("-", "_")
        if isinstance(verdict, dict) and not (name in results and results[name].filtered):
            results[name] = read_result(verdict)
