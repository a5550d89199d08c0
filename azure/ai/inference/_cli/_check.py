"""``check``: show how an endpoint is called, and how it responds.

A Model Inference endpoint is first asked for its model's name, which costs nothing. If that fails, and for every other
endpoint, one token or one embedding is requested. Nothing is retried: a failure is what the user wants to see.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from .. import ChatCompletionsClient, EmbeddingsClient
from .._http.proxies import proxies_for
from .._operations.call import make_call
from .._operations.chat import chat_call
from .._operations.embeddings import embed_call
from .._operations.model_info import info_operation
from .._wires import WIRES
from ..exceptions import InferenceError
from ..models import ModelInfo
from ._arguments import Arguments
from ._console import Colour, Console
from ._failures import describe_failure, failure_rows
from ._model_client import build_client
from ._model_names import model_names
from ._report import Answered, answered, answered_rows, describe_endpoint, endpoint_rows, table
from ._target import Target
from ._words import UsageError

_MESSAGES = [{"role": "user", "content": "Hello"}]
_INPUT = ["Hello"]
_ONE_TOKEN = {"max_tokens": 1}
_FEW_TOKENS = {"max_completion_tokens": 16}
"""For reasoning models, which refuse `max_tokens`, and limits too low to start an answer."""


class Attempt(NamedTuple):
    """A request that shows whether an endpoint works."""

    operation: str
    ask: Callable[..., Any]
    """Sends the request."""
    leads_on: Callable[[Any], bool]
    """Returns whether its result, an answer or an error, calls for another attempt."""


def check(arguments: Arguments, target: Target, console: Console) -> int:
    """Run the command.

    :param arguments: The command line.
    :param target: The endpoint.
    :param console: Receives the report.
    :return: The exit status: 0 if the endpoint responded, or with `--offline`; 1 if it did not.
    :raises UsageError: The arguments are invalid.
    """
    if target.words:
        raise UsageError("check takes one endpoint; keys are not accepted as arguments")
    report = describe_endpoint(target, _requests(arguments, target), _headers(arguments, target), _proxy(target))
    if not arguments.json:
        _write(console, table(endpoint_rows(report)))
    if arguments.offline:
        outcome: dict[str, Any] = {}
    else:
        kind: Any = EmbeddingsClient if arguments.embeddings else ChatCompletionsClient
        with build_client(kind, target, arguments) as client:
            outcome = _ask(_attempts(client, arguments, target), target, arguments)
        if outcome["ok"]:
            outcome["answer"]["models"] = model_names(target, arguments)
    if arguments.json:
        console.line(json.dumps({**report, **outcome}))
    elif outcome:
        _write_outcome(console, outcome)
    return 0 if outcome.get("ok", True) else 1


# ---------------------------------------------------------------- requests


def _requests(arguments: Arguments, target: Target) -> Sequence[HttpRequest]:
    """Build the requests of `_attempts`, except for the last resort, to show them."""
    settings, model = target.settings, target.model.value if target.model else None
    body = {"model": model or ("MODEL" if target.endpoint.model_required else None)}
    info = make_call(settings, info_operation(None), {})
    if arguments.embeddings:
        last = embed_call(settings, "embeddings", None, {"input": _INPUT, **body})
    else:
        last = chat_call(settings, None, {"messages": _MESSAGES, **_ONE_TOKEN, **body})
    return [info.request, last.request] if _tells_its_model(target) else [last.request]


def _attempts(client: Any, arguments: Arguments, target: Target) -> Iterator[Attempt]:
    if _tells_its_model(target):
        yield Attempt("info", client.get_model_info, _names_no_model)
    if arguments.embeddings:
        yield Attempt("embeddings", partial(client.embed, input=_INPUT), _never)
    else:
        ask = partial(client.complete, messages=_MESSAGES)
        yield Attempt("chat/completions", partial(ask, **_ONE_TOKEN), _other_limit_wanted)
        yield Attempt("chat/completions", partial(ask, **_FEW_TOKENS), _never)


def _tells_its_model(target: Target) -> bool:
    return target.endpoint.dialect == "inference"


def _names_no_model(came: Any) -> bool:
    """Return whether the service refused, or returned something other than model information."""
    return isinstance(came, InferenceError) or (isinstance(came, ModelInfo) and not came.model_name)


def _other_limit_wanted(came: Any) -> bool:
    return isinstance(came, AzureError) and "max_completion_tokens" in came.message


def _never(_: Any) -> bool:
    return False


def _headers(arguments: Arguments, target: Target) -> Sequence[str]:
    """Return the names of the headers that the pipeline adds depending on the endpoint."""
    credential = ("Authorization",) if target.entra_id else target.endpoint.key_headers
    return [*credential, *(name for name, _ in arguments.header)]


def _proxy(target: Target) -> str | None:
    """Return the proxy in use, without the password that its URL may contain."""
    url = target.endpoint.base_url
    proxy = (proxies_for(url) or {}).get(url.partition(":")[0])
    return proxy and proxy.rpartition("@")[2].rpartition("://")[2]


# ---------------------------------------------------------------- attempts


def _ask(attempts: Iterator[Attempt], target: Target, arguments: Arguments) -> dict[str, Any]:
    """Make attempts until one succeeds, or fails with a conclusive error."""
    while True:
        attempt, start = next(attempts), time.perf_counter()
        headers, url, came = _outcome(attempt)
        operation = _operation(url) or attempt.operation
        seconds = time.perf_counter() - start
        if attempt.leads_on(came):
            continue
        if isinstance(came, AzureError):
            failure = describe_failure(came, target, arguments)
            return {"ok": False, "error": {"operation": operation, "seconds": round(seconds, 3), **failure}}
        return {"ok": True, "answer": answered(Answered(operation, seconds, headers, came))}


def _outcome(attempt: Attempt) -> tuple[Mapping[str, str], str, Any]:
    """Return headers, URL and value of the response; for an error, no headers and its URL, if any."""
    try:
        return attempt.ask(cls=_with_headers, retry_total=0)  # type: ignore[no-any-return]
    except AzureError as error:
        request = getattr(getattr(error, "response", None), "request", None)
        return {}, getattr(request, "url", ""), error


def _with_headers(response: Any, value: Any, _: Any) -> tuple[Mapping[str, str], str, Any]:
    return response.http_response.headers, response.http_request.url, value


def _operation(url: str) -> str | None:
    """Return the operation of an API other than chat completions, which may have answered instead."""
    last = url.partition("?")[0].rpartition("/")[2]
    return last if last in WIRES else None


def _write(console: Console, lines: Sequence[str], colour: Colour | None = None) -> None:
    for line in lines:
        console.line(line, colour)


def _write_outcome(console: Console, outcome: Mapping[str, Any]) -> None:
    console.line()
    if outcome["ok"]:
        first, *rest = table(answered_rows(outcome["answer"]))
        console.line(first, "green")
    else:
        error = outcome["error"]
        console.line(f"Failed       {error['operation']} after {error['seconds']:.3f} s", "red")
        rest = list(failure_rows(error))
    _write(console, rest)
