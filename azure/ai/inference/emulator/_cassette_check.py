"""Checks of a cassette that was read from a file: people edit them, and what is invalid is named at once."""

import base64
from typing import Any, Final

from ._argument_checks import check_headers, check_status, check_type
from ._values import as_list, as_object, is_list, is_object

_FORMS: Final = ("json", "text", "base64")


def check_exchange(exchange: Any, where: str) -> None:
    """Check one exchange.

    :param where: How to name it in an error.
    :raises ValueError: If it lacks a member, or has an invalid one.
    """
    request, response = as_object(as_object(exchange).get("request")), as_object(as_object(exchange).get("response"))
    missing = [name for name in ("method", "path", "query", "body") if name not in request]
    missing += [name for name in ("status", "headers") if name not in response]
    missing += [] if "body" in response or "stream" in response else ["body"]
    if missing:
        raise ValueError(f"{where} has no {', '.join(missing)}; record it again")
    try:
        _check_request(request)
        _check_response(response)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where} is invalid: {error}") from error


def _check_request(request: dict[str, Any]) -> None:
    check_type("method", request["method"], (str,))
    check_type("path", request["path"], (str,))
    query = request["query"]
    if not is_list(query) or not all(_is_pair(pair) for pair in query):
        raise ValueError(f"query is {query!r}; write a list of pairs, each a name and a value as text")
    _check_body("body", request["body"])


def _is_pair(value: Any) -> bool:
    return is_list(value) and len(value) == 2 and all(isinstance(text, str) for text in value)


def _check_response(response: dict[str, Any]) -> None:
    check_type("status", response["status"], (int,))
    check_status(response["status"])
    if not is_object(response["headers"]):
        raise ValueError(f"headers is {response['headers']!r}; write an object")
    check_headers(response["headers"])
    check_type("seconds", response.get("seconds", 0), (float,))
    if not isinstance(response.get("cut", False), bool):
        raise ValueError(f"cut is {response['cut']!r}; write true or false")
    if "stream" not in response:
        _check_body("body", response["body"])
        return
    if not is_list(response["stream"]):
        raise ValueError(f"stream is {response['stream']!r}; write a list")
    for number, piece in enumerate(as_list(response["stream"])):
        _check_body(f"stream[{number}]", piece, ("data", *_FORMS))
        check_type(f"stream[{number}].after", piece.get("after", 0), (float,))


def _check_body(name: str, body: Any, forms: tuple[str, ...] = _FORMS) -> None:
    """Check a body, or a piece of a stream: an object that has it in one of several forms."""
    found = [form for form in forms if form in as_object(body)]
    if len(found) != 1:
        raise ValueError(f"{name} is {body!r}; write an object with one of {', '.join(forms)}")
    if found[0] in ("text", "base64"):
        check_type(f"{name}.{found[0]}", body[found[0]], (str,))
    if found[0] == "base64":
        base64.b64decode(body["base64"], validate=True)
