"""The lines of a batch: checked, with the services' error codes, and answered. Functions on values."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from ._batch_files import Provider
from ._response import Response
from ._values import as_object, as_text, compact

Ask = Callable[[str, bytes], Response]
"""Answers one request, given the path below the version, such as ``/chat/completions``, and the body."""

_MOST_LINES: Final = {"azure": 100_000, "openai": 50_000, "mistral": 1_000_000}
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Line:
    """A request of a batch."""

    custom_id: str
    url: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Outputs:
    """The result files of a batch, and the number of lines of each kind."""

    output: bytes
    errors: bytes
    completed: int
    failed: int


def read_lines(data: bytes, provider: Provider, url: str, model: str | None) -> tuple[list[Line], list[dict[str, Any]]]:
    """Read the lines of an input file, and check them.

    :param data: The file.
    :param url: The job's endpoint.
    :param model: The job's model, for Mistral.
    :return: The lines, and the errors, each with code, message, param and line.
    """
    if provider == "azure" and data.startswith(_BOM):
        return [], [
            _error("invalid_request", "The model deployment name couldn't be extracted from the input file.", 1)
        ]
    errors: list[dict[str, Any]] = []
    lines: list[Line] = []
    seen: set[str] = set()
    for number, text in enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1):
        if text.strip():
            line = _read_line(text, url)
            errors += _problems(line, number, url, seen)
            seen.add(line.custom_id)
            lines.append(Line(line.custom_id, line.url, {"model": model, **line.body} if model else line.body))
    return lines, [*errors, *_problems_of_all(lines, provider)]


def _read_line(text: str, url: str) -> Line:
    try:
        value = as_object(json.loads(text))
    except ValueError:
        value = {}
    return Line(as_text(value.get("custom_id")), as_text(value.get("url")) or url, as_object(value.get("body")))


def _error(code: str, message: str, number: int | None, param: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": param, "line": number}


def _problems(line: Line, number: int, url: str, seen: set[str]) -> Iterator[dict[str, Any]]:
    if not line.body:
        yield _error("invalid_json_line", "A line of the input file isn't valid JSON, or has no body.", number)
    elif line.custom_id in seen:
        yield _error("duplicate_custom_id", f"The custom_id {line.custom_id!r} occurs twice.", number, "custom_id")
    elif _operation(line.url) != _operation(url):
        yield _error("url_mismatch", f"The URL {line.url} isn't the batch's endpoint {url}.", number, "url")


def _problems_of_all(lines: list[Line], provider: Provider) -> Iterator[dict[str, Any]]:
    if not lines:
        yield _error("empty_file", "The input file has no requests.", None)
    if len(lines) > _MOST_LINES[provider]:
        message = f"The file has {len(lines)} requests; {_MOST_LINES[provider]} are allowed."
        yield _error("too_many_tasks", message, None)
    if provider == "azure" and len({as_text(line.body.get("model")) for line in lines}) > 1:
        yield _error("model_mismatch", "All requests of a batch must name the same deployment.", None, "model")


def _operation(url: str) -> str:
    return url.removeprefix("/v1").rstrip("/")


def answer_lines(
    lines: Iterable[Line], provider: Provider, ask: Ask, *, faults: Iterable[str], ended: str | None
) -> Outputs:
    """Answer lines, in any order.

    :param ask: Answers one line.
    :keyword faults: ``missing-rows`` (every fifth has no line), ``status-0`` (every fifth has status 0).
    :keyword ended: The error code for the second half of the lines, if the batch expired or was cancelled.
    """
    output: list[str] = []
    errors: list[str] = []
    completed = failed = 0
    all_lines = list(lines)
    for index, line in enumerate(all_lines):
        if ended is not None and index >= len(all_lines) // 2:
            errors.append(
                _line(line, provider, None, {"code": ended, "message": f"This request was not executed: {ended}."})
            )
            continue
        response = ask(_operation(line.url), compact(line.body).encode())
        good = response.status == 200
        completed, failed = completed + good, failed + (not good)
        if index % 5 == 4 and "missing-rows" in faults:
            continue
        if index % 5 == 4 and "status-0" in faults:
            output.append(_line(line, provider, {"status_code": 0, "request_id": "", "body": None}, None))
            continue
        body = json.loads(response.body)
        answered = {"status_code": response.status, "request_id": str(uuid4()), "body": body}
        error = "the request failed" if provider == "mistral" and not good else None
        (output if good else errors).append(_line(line, provider, answered, error))
    shuffled = random.Random(len(output))  # noqa: S311 - the order is any, but the same each time
    shuffled.shuffle(output)
    return Outputs(_file(output), _file(errors), completed, failed)


def _line(line: Line, provider: Provider, response: Any, error: Any) -> str:
    identifier = f"batch_req_{uuid4().hex}"
    if response is not None and provider == "mistral":
        response = {name: value for name, value in response.items() if name != "request_id"}
    return compact({"id": identifier, "custom_id": line.custom_id, "response": response, "error": error})


def _file(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
