"""What an error says, line by line; `build` describes the order."""

import json
import re
from collections.abc import Iterator, Sequence

from .._content_filter import ContentFilterResult
from .bodies import Fault, parse_json
from .error_origin import Origin

_CLUE_HEADERS = {
    "x-ms-error-code": "Error code",
    "x-ms-error-reason": "Reason",
    "ms-azureml-model-error-reason": "Model error",
    "ms-azureml-model-error-statuscode": "Model status",
}
"""Headers in which Azure's front ends put what the body lacks (such as the cause of a 424), and their labels."""

_MOST_WORDS = 4000
_MOST_DETAILS = 20
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def fault_lines(fault: Fault, origin: Origin) -> "list[str]":
    """Format the service's text, each part once: azure-core's format repeats code and message on two more lines."""
    code = fault.code or (str(origin.status) if (origin.status or 0) >= 400 else None)
    lines = [_first_line(fault, code, origin)]
    said = {"Type": None if fault.kind == code else fault.kind, "Target": fault.target}
    lines += [f"{label}: {text}" for label, text in said.items() if text]
    if fault.details:
        lines.append("Exception Details:")
        lines.extend(_detail_lines(fault.details))
    if fault.innererror:
        lines.append(f"Inner error: {json.dumps(fault.innererror, indent=4, ensure_ascii=False, default=str)}")
    return lines


def _first_line(fault: Fault, code: str | None, origin: Origin) -> str:
    if fault.code or fault.message:
        return _headline(code, fault.message or _default_words(origin))
    return _default_headline(origin)


def _default_words(origin: Origin) -> str:
    if origin.status is None or origin.status == 200:
        return "The service reported an error without details"
    return f"Operation returned an invalid status '{origin.reason or origin.status}'"


def _default_headline(origin: Origin) -> str:
    """Return the headline of an error whose body says nothing. It has the whole status, unless that is 200."""
    says_number = origin.reason and origin.status not in (None, 200)
    return _headline(str(origin.status) if says_number else None, _default_words(origin))


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


def _clues(lines: "Sequence[str]", origin: Origin) -> "Iterator[str]":
    """Yield what the headers add to an error, unless its text already contains it."""
    for name, label in _CLUE_HEADERS.items():
        clue = origin.headers.get(name)
        if clue and clue != str(origin.status) and not any(clue in line for line in lines):
            yield f"{label}: {clue}"


def text_of(lines: "Sequence[str]", origin: Origin, advice: str | None) -> str:
    """Format the whole text: the subject, then headers and status, then advice."""
    lines = [*lines]
    lines += _clues(lines, origin)
    if origin.status is not None and (origin.status == 200 or lines[0] != _default_headline(origin)):
        lines.append(f"Status: {origin.status} {origin.reason or ''}".rstrip())
    sent_as = origin.request_id
    if sent_as:
        lines.append(f"Request id: {sent_as}")
    if advice:
        lines.append(advice)
    text = "\n".join(_cut(line) for line in lines).replace("\r\n", "\n")
    # A lone surrogate cannot be printed, and a control character could overwrite what a terminal shows.
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def what_is_wrong(data: bytes | str) -> str:
    """Return why data is not the expected JSON object, as the end of a sentence."""
    if not data.strip():
        return "empty instead of JSON"
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return f"not UTF-8 ({error.reason} at byte {error.start})"
    try:
        value = parse_json(text)
    except ValueError as error:
        return "a page of markup, not JSON" if text.lstrip().startswith("<") else f"not JSON ({error})"
    if isinstance(value, dict):
        return "a JSON object, but not of the expected kind"
    kinds = {"list": "array", "str": "string", "bool": "boolean", "NoneType": "null"}
    return f"a JSON {kinds.get(value.__class__.__name__, 'number')} instead of an object"


def graded(category: str, result: ContentFilterResult) -> str:
    """Name a category of the content filter, with its severity if the service grades it.

    :param category: The category.
    :param result: The finding.
    """
    return f"{category} ({result.severity})" if result.severity else category
