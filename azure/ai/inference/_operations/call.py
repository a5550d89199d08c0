"""One call of an operation: its request, ready for the pipeline, and the reading of its answer.

What chat, embeddings and model information share. Pure: the shells only run the pipeline between `make_call` and
`read_object`. What is needed only when something fails is loaded then: importing the package is on a budget.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from .._http.credentials import forget_credentials, given_headers
from .._http.response_content import content_of
from .._json import is_list, is_object, json_or_none, read_json, to_json
from ..models._answer import Answer
from .options import RequestOptions, names, unknown_keyword
from .settings import NONE_IS_SAID, Settings, check_timeout, logger, names_model

if TYPE_CHECKING:
    from .._http.endpoint import Endpoint
    from .._wires import Translator
    from .api_choice import Sent
    from .chat import ChatRequest

_REQUEST_OPTIONS = frozenset(names(RequestOptions))
_NOT_FOR_THE_PIPELINE = frozenset(("headers", "params", "content_type", "api_version", "error_map", "cls"))
_OTHER_NAMES = {"client_request_id": "request_id"}


A = TypeVar("A", bound=Answer)


class Call(NamedTuple):
    """A request, and what is to be done with its answer."""

    request: HttpRequest
    options: Mapping[str, Any]
    """Keyword arguments of the pipeline."""
    stream: bool
    endpoint: "Endpoint"
    operation: str
    error_map: Mapping[int, Any] | None
    cls: Any | None
    encoding: str = "float"
    """How the numbers of embeddings are encoded, of a call that asks for some."""
    chat: "ChatRequest | None" = None
    """What was asked for, of a chat completion."""
    sent: "Sent | None" = None
    """How it is sent, if another API than chat completions is called, or was before."""

    @property
    def translator(self) -> "Translator | None":
        """What translates between chat completions and the API that is called, if that is another."""
        wire = None if self.sent is None else self.sent.wire
        return None if wire is None else wire.translator

    def result(self, response: Any, value: Any) -> Any:
        """Return what the caller gets: `value`, or what the caller's `cls` makes of it.

        :param response: The pipeline's response.
        :param value: The result.
        """
        return value if self.cls is None else self.cls(response, value, {})


def _make_request(
    url: str, content: str | bytes | None, headers: dict[str, str], given: Mapping[str, str], content_type: str | None
) -> HttpRequest:
    """Build the request: the caller's headers override ours, and a `content_type` of the call those."""
    if content is None:
        request = HttpRequest("GET", url, headers=headers)
    else:
        request = HttpRequest("POST", url, headers={**headers, "Content-Type": "application/json"}, content=content)
    request.headers.update(given)
    if content_type:
        request.headers["Content-Type"] = content_type
    return request


def make_call(
    settings: Settings,
    method: str,
    operation: str,
    options: Mapping[str, Any],
    *,
    content: str | bytes | None = None,
    pass_through: bool = False,
    stream: bool = False,
    endpoint: "Endpoint | None" = None,
    headers: Mapping[str, str] | None = None,
) -> Call:
    """Build a request.

    :param settings: The client's.
    :param method: Name of the client's method, for messages.
    :param operation: The route below the endpoint, such as "chat/completions"; also with a query.
    :param options: The call's keyword arguments that are no settings of the model.
    :keyword content: The body; none makes it a GET.
    :keyword pass_through: Whether the body has members that the service must pass on to the model.
    :keyword stream: Whether the answer is a stream.
    :keyword endpoint: The endpoint, if it is not the client's own.
    :keyword headers: Headers that the operation needs, unless the caller gives others.
    :raises TypeError: A keyword is unknown.
    :raises ValueError: No model is named, and the endpoint is sure to refuse that.
    """
    check_keywords(settings, method, options)
    check_timeout(options.get("timeout"))
    endpoint = endpoint or settings.endpoint
    given = given_headers(options.get("headers"))
    _check_model(settings, endpoint, options, content)
    params = dict(options.get("params") or {})
    if "api-version" in params or "api_version" in options:
        endpoint = endpoint.with_api_version(options.get("api_version", params.pop("api-version", None)))
        params.pop("api-version", None)
    url = endpoint.url(f"{operation}?{urlencode(params)}" if params else operation)
    sent = {"Accept": "application/json", **(headers or {})}
    if pass_through and endpoint.extra_parameters:
        sent["extra-parameters"] = "pass-through"
    request = _make_request(url, content, sent, given, options.get("content_type"))
    return Call(
        request, _for_pipeline(options), stream, endpoint, operation, options.get("error_map"), options.get("cls")
    )


def check_keywords(settings: Settings, method: str, options: Iterable[str]) -> None:
    """Check the names of a call's keyword arguments.

    :param settings: The client's.
    :param method: Name of the client's method.
    :param options: The names.
    :raises TypeError: One is unknown, also to policies of the user's own, if there are any.
    """
    if settings.custom_pipeline or _REQUEST_OPTIONS.issuperset(options):
        return
    known = (*settings.known, *_REQUEST_OPTIONS)
    stray = next((name for name in options if name not in known), None)
    if stray is not None:
        raise unknown_keyword(f"{settings.client}.{method}()", stray, known)


def _check_model(
    settings: Settings, endpoint: "Endpoint", options: Mapping[str, Any], content: str | bytes | None
) -> None:
    if content is None or not endpoint.model_required or settings.custom_pipeline or settings.model_in_headers:
        return
    in_body = b'"model"' in content if isinstance(content, bytes) else '"model"' in content
    if not in_body and not names_model(options.get("headers")):
        from .._errors.advice import missing_model

        raise ValueError(missing_model(endpoint))


def given_body(body: Any, for_texts: str) -> tuple[str | bytes, bool | None]:
    """Take a body as the caller gave it, and find out whether it asks for a stream.

    :param body: A mapping, bytes, or a binary file.
    :param for_texts: Where a text goes, for the error if the body is one.
    :return: The content, and what its member `stream` says; `None` if it says nothing.
    :raises TypeError: It has an unsupported type.
    """
    if is_object(body):
        return to_json(body), _stream_of(body)
    content: Any = body.read() if hasattr(body, "read") else body
    if isinstance(content, str) and content is not body:
        content = content.encode()
    if isinstance(content, bytearray):
        content = bytes(content)
    if not isinstance(content, bytes):
        hint = f" {for_texts}" if isinstance(body, str) else " Messages go into messages=." if is_list(body) else ""
        raise TypeError(f"body must be a mapping, bytes or a binary file, not {type(body).__name__}.{hint}")
    return content, _stream_of(json_or_none(content)) if b'"stream"' in content else None


def _stream_of(body: Any) -> bool | None:
    said = body.get("stream") if is_object(body) else None
    return said if isinstance(said, bool) else None


def warn_of_ignored(settings: Settings, method: str, options: Mapping[str, Any], own: Iterable[str]) -> None:
    """Log which arguments a body makes ineffective.

    :param settings: The client's.
    :param method: Name of the client's method.
    :param options: The call's keyword arguments.
    :param own: Names of those that a body stands for.
    """
    ignored = [name for name in own if options.get(name) is not None]
    if ignored:
        logger.warning("%s.%s() was given a body, so it ignored: %s", settings.client, method, ", ".join(ignored))


def _for_pipeline(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _OTHER_NAMES.get(name, name): value
        for name, value in options.items()
        if name not in _NOT_FOR_THE_PIPELINE and (value is not None or name in NONE_IS_SAID)
    }


def check_status(call: Call, response: Any) -> None:
    """Raise what a failing answer asks for.

    :param call: The call.
    :param response: The transport's response, its body read unless it is a stream that succeeded.
    :raises ~azure.core.exceptions.HttpResponseError: The status is not 200; the class depends on it.
    """
    if response.status_code != 200:
        raise status_error(call, response)


def status_error(call: Call, response: Any, *, advice: str | None = None) -> Exception:
    """Make the exception for a status that is not 200.

    :param call: The call.
    :param response: The transport's response, its body read.
    :keyword advice: What the caller should try, if that is known better than from the answer alone.
    """
    from .._errors.advice import give_advice
    from .._errors.build import error_from_response

    error = error_from_response(response, call.error_map, advice=advice or _redirect_advice(response))
    forget_credentials(response)
    if advice is None:
        give_advice(error, call.endpoint, call.operation, response.status_code)
    return error


def _redirect_advice(response: Any) -> str | None:
    location = response.headers.get("location") if 300 <= response.status_code < 400 else None
    if not location:
        return None
    from .._http.origins import origin
    from .._http.redirects import redirect_target

    url = getattr(getattr(response, "request", None), "url", "")
    target = redirect_target(url, location)
    if target is None:
        return None
    scheme, host, _ = origin(target)
    return (
        f"The endpoint redirects to {scheme}://{host}. Nothing was sent there: neither the key nor "
        "the request goes to another origin by itself. If you trust it, use it as the endpoint."
    )


def cut_off(response: Any) -> AzureError:
    """Make the error for a plain answer that broke off before its end.

    :param response: The transport's response, which could not be read.
    """
    from .._errors.build import incomplete_response_error

    error = incomplete_response_error(response)
    forget_credentials(response)
    return error


def read_object(call: Call, response: Any) -> dict[str, Any]:
    """Read the JSON object that an answer is.

    :param call: The call.
    :param response: The transport's response, its body read.
    :raises ~azure.core.exceptions.HttpResponseError: The status is not 200, or the object is an error.
    :raises ~azure.core.exceptions.DecodeError: The body is no JSON object.
    """
    check_status(call, response)
    try:
        value: Any = read_json(content_of(response))
    except (ValueError, RecursionError):
        value = None
    translator = call.translator
    if translator is not None and isinstance(value, dict):
        value = translator.answer(cast("dict[str, Any]", value), int(time.time()))
    error = _error_inside(call, value, response)
    forget_credentials(response)
    if error is not None:
        raise error
    return cast("dict[str, Any]", value)


def read_answer(call: Call, response: Any, wrap: Callable[[Any], A]) -> A:
    """Read an answer as a model, which keeps the response's headers.

    :param call: The call.
    :param response: The transport's response, its body read.
    :param wrap: Makes the model.
    :raises ~azure.core.exceptions.HttpResponseError: As `read_object`.
    """
    answer = wrap(read_object(call, response))
    answer._response_headers = response.headers  # noqa: SLF001
    return answer


def _fits(value: Any, member: str | None) -> bool:
    """Return whether an answer is an object with the list that is due."""
    return value.__class__ is dict and (member is None or _are_objects(value.get(member)))


def _error_inside(call: Call, value: Any, response: Any) -> AzureError | None:
    """Find what is wrong with an answer whose status is good."""
    member = "choices" if call.translator is not None else _ITEMS.get(call.operation)
    fits = _fits(value, member)
    if fits and "error" not in value and member is not None:
        return None
    from .._errors.advice import advise_not_json, give_advice
    from .._errors.build import decode_error, error_from_body, error_in_place_of_answer

    error = error_from_body(value, response) if fits else error_in_place_of_answer(value, response)
    if error is not None:
        give_advice(error, call.endpoint, call.operation, 200)
    if error is not None or fits:
        return error
    return decode_error(content_of(response), response, advice=advise_not_json(call.endpoint, call.operation))


_ITEMS = {"chat/completions": "choices", "embeddings": "data", "images/embeddings": "data"}
"""The member of an operation's answer that is a list of objects; an answer without it is none."""


def _are_objects(items: Any) -> bool:
    return items.__class__ is list and all(item.__class__ is dict for item in items)
