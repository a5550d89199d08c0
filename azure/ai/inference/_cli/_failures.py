"""Describe failures: one line in the terms of the command line for people, a JSON object for programs."""

import json
import re
from collections.abc import Sequence
from typing import Any

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError

from .._errors.bodies import clean
from ..exceptions import AuthenticationError, BatchError, BatchStoppedError, InferenceError
from ..models import ChatCompletions
from ._arguments import KEY_FORMS, Arguments
from ._console import Console
from ._model_names import available_names, model_names
from ._target import Target, secrets_of
from ._words import in_cli_words

_HINTS: Sequence[tuple[str, str]] = (
    (
        r"name or service not known|failed to resolve|getaddrinfo|nodename nor servname|name resolution",
        "No host has the name {host}: check the URL. The name of a private endpoint resolves only in its own network.",
    ),
    (
        r"proxyerror|to proxy|tunnel connection failed",
        "The proxy failed: check HTTPS_PROXY, and NO_PROXY for hosts that need no proxy.",
    ),
    (
        r"certificate.?verify.?failed",
        "The certificate of {host} is not trusted. Behind a corporate proxy, name its CA file in REQUESTS_CA_BUNDLE.",
    ),
    (
        r"wrong.?version.?number|record layer failure",
        "{host} does not use TLS on that port: did you mean http:// instead of https://?",
    ),
    (
        r"connection.?refused|connect call failed|actively refused",
        "Nothing is listening at {host}: check the port, and whether the server is running.",
    ),
    (
        r"timed? ?out",
        "No answer from {host} in time: a firewall, or a model that is still loading; --timeout allows more time.",
    ),
    (
        r"connection.?(reset|aborted)|remote end closed|eof occurred",
        "The connection to {host} was cut: a firewall, or https:// for a port that serves plain http.",
    ),
)
"""Hints for failures without a response, by patterns in the messages of the network libraries."""


def find_hint(error: Any, target: Target, arguments: Arguments) -> str | None:
    """Suggest what to check after a failure; for an unknown model, list the available ones if the error does not.

    :param error: The exception.
    :param target: The endpoint.
    :param arguments: The command line.
    :return: `None` if the service's own message is enough.
    """
    refused = isinstance(error, InferenceError) and error.status_code in (400, 404)
    if refused and target.model and "model" in error.message.lower():
        names: Sequence[str] = [] if error.served_models else model_names(target, arguments)
        return None if target.model.value in names else available_names(names, target.model.value) or None
    if isinstance(error, AuthenticationError) and target.key:
        return f"The key came from {target.key.source}." if target.has_key else f"No key was given: {KEY_FORMS}."
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return _hint_of_the_network(error.message, target.endpoint.root.rpartition("/")[2])
    return None


def _hint_of_the_network(message: str, host: str) -> str | None:
    found = (words for pattern, words in _HINTS if re.search(pattern, message, re.IGNORECASE))
    words = next(found, None)
    return words and words.format(host=host)


def describe_failure(error: AzureError, target: Target, arguments: Arguments, where: str = "") -> dict[str, Any]:
    """Describe a failure.

    :param error: The exception.
    :param target: The endpoint.
    :param arguments: The command line.
    :param where: The part of the input that failed; empty if all of it did.
    """
    cause: Any = error.inner_exception if isinstance(error, BatchError) else error
    details = getattr(cause, "error", None)
    partial = getattr(cause, "partial", None)
    text = in_cli_words(str(cause))
    hint = find_hint(cause, target, arguments)
    stopped: Any = error.inner_exception if isinstance(error, BatchStoppedError) else None
    if stopped is not None and not hasattr(stopped, "status_code"):
        # What stopped the run, in the terms of the command line, within what the run says about it.
        text = text.replace(in_cli_words(stopped.message), find_hint(stopped, target, arguments) or stopped.message)
    report = {
        "type": type(error).__name__,
        "status": getattr(cause, "status_code", None),
        "code": getattr(details, "code", None),
        "message": getattr(details, "message", None) or getattr(cause, "message", text),
        "target": getattr(details, "target", None),
        "request_id": getattr(cause, "request_id", None),
        "retry_after": getattr(cause, "retry_after", None),
        "text": f"{where}: {text}" if where else text,
        "hint": hint,
    }
    if isinstance(partial, ChatCompletions):
        report["partial"] = partial.as_dict()
    secrets = secrets_of(target, arguments)
    return {name: clean(value, secrets) for name, value in report.items()}


def failure_line(report: dict[str, Any]) -> str:
    """Return a failure as one line: the service's message, its status and request id, and the hint.

    :param report: The failure, from `describe_failure`.
    """
    if report["hint"] and report["status"] is None:
        return str(report["hint"])  # the HTTP library's own message is full of class names
    text = re.sub(r"\nInner error: \{\n.*?\n\}", "", report["text"], flags=re.DOTALL)
    said: list[str] = []
    facts: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        label, colon, fact = line.partition(": ")
        if colon and label in _FACTS:
            facts.append(f"{label[0].lower()}{label[1:]} {fact}")
        else:
            said.append(line)
    first = (
        said[0] if said[0].endswith(":") else said[0].removesuffix(".") + (f" ({', '.join(facts)})." if facts else ".")
    )
    return " ".join(filter(None, [first, *said[1:], report["hint"]]))


_FACTS = ("Type", "Target", "Filtered", "Error code", "Reason", "Model error", "Model status", "Status", "Request id")
"""The labels of lines in an error's text."""


def failure_rows(report: dict[str, Any]) -> Sequence[str]:
    """Return a failure as the lines of a report: the error's whole text, then the hint."""
    return [line for line in (report["text"], report["hint"]) if line]


def write_failure(console: Console, report: dict[str, Any], arguments: Arguments, *, name: bool = True) -> None:
    """Write a failure: a line on standard error, or with `--json` a line in place of the answer.

    :param console: Receives it.
    :param report: The failure, from `describe_failure`.
    :param arguments: The command line.
    :keyword name: Whether the line begins with the program's name.
    """
    if arguments.json:
        console.line(json.dumps({"error": report}))
    else:
        console.note(f"{arguments.prog}: {failure_line(report)}" if name else failure_line(report), "red")
