"""One call of an operation: its request, ready for the pipeline, and reading its response.

Shared by chat, embeddings and model information. Pure: the shells only run the pipeline between `make_call` and
`read_object`. Code that is only needed after a failure is loaded then: imports are on a budget.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from .._http.credentials import forget_credentials, given_headers
from .._http.paced_calls import PACED
from .._http.response_content import content_of
from .._json import is_list, is_object, json_or_none, read_json, to_json
from .options import RequestOptions, names, unknown_keyword
from .settings import NONE_IS_SAID, Settings, check_proxies, check_timeout, logger, names_model

if TYPE_CHECKING:
    from .._http.endpoint import Endpoint
    from .._wires import Translator
    from ..models._answer import Answer
    from .api_choice import Sent
    from .chat import ChatRequest

_REQUEST_OPTIONS = frozenset(names(RequestOptions))
_NOT_FOR_THE_PIPELINE = frozenset(("headers", "params", "content_type", "api_version", "error_map", "cls"))
_OTHER_NAMES = {"client_request_id": "request_id"}


A = TypeVar("A", bound="Answer")


class Operation(NamedTuple):
    """What to call."""

    method: str
    """Name of the client's method, for messages."""
    route: str
    """The route below the endpoint, such as "chat/completions"; may have a query."""
    endpoint: "Endpoint | None" = None
    """The endpoint, if it is not the client's own."""
    headers: Mapping[str, str] | None = None
    """Headers that the operation needs, unless the caller passes others."""


class Payload(NamedTuple):
    """What to send."""

    content: str | bytes | None
    """The body; without one, the request is a GET."""
    pass_through: bool = False
    """Whether the body has members that the service must pass on to the model."""
    stream: bool = False
    """Whether the response is a stream."""


_NOTHING = Payload(None)


class Call(NamedTuple):
    """A request, and what to do with its response."""

    request: HttpRequest
    options: Mapping[str, Any]
    """Keyword arguments of the pipeline."""
    stream: bool
    endpoint: "Endpoint"
    operation: str
    error_map: Mapping[int, Any] | None
    cls: Any | None
    encoding: str = "float"
    """The encoding of the embeddings that were requested."""
    chat: "ChatRequest | None" = None
    """The request of a chat completion."""
    sent: "Sent | None" = None
    """How it is sent, if another API than chat completions is called, or was before."""
    models: tuple[str, ...] = ()
    """Models that the endpoint lists, of a call that it refused for its model."""

    @property
    def translator(self) -> "Translator | None":
        """The translator between chat completions and the API that is called, if that is another."""
        wire = None if self.sent is None else self.sent.wire
        return None if wire is None else wire.translator

    def result(self, response: Any, value: Any) -> Any:
        """Return the result for the caller: `value`, or what the caller's `cls` returns.

        :param response: The pipeline's response.
        :param value: The result.
        """
        return value if self.cls is None else self.cls(response, value, {})


def _make_request(
    url: str, content: str | bytes | None, headers: dict[str, str], given: Mapping[str, str], content_type: str | None
) -> HttpRequest:
    """Build the request: the caller's headers override ours, and the call's `content_type` overrides those."""
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
    operation: Operation,
    options: Mapping[str, Any],
    payload: Payload = _NOTHING,
    *,
    chat: "ChatRequest | None" = None,
) -> Call:
    """Build a request.

    :param settings: The client's settings.
    :param operation: What to call.
    :param options: The call's keyword arguments that are not settings of the model.
    :param payload: What to send.
    :keyword chat: The request of a chat completion.
    :raises TypeError: A keyword is unknown.
    :raises ValueError: No model is named, and the endpoint is sure to refuse that.
    """
    check_keywords(settings, operation.method, options)
    check_timeout(options.get("timeout"))
    check_proxies(options.get("proxies"))
    endpoint = operation.endpoint or settings.endpoint
    given = given_headers(options.get("headers"))
    _check_model(settings, endpoint, options, payload.content)
    params = dict(options.get("params") or {})
    if "api-version" in params or "api_version" in options:
        endpoint = endpoint.with_api_version(options.get("api_version", params.pop("api-version", None)))
        params.pop("api-version", None)
    route = operation.route
    url = endpoint.url(f"{route}?{urlencode(params)}" if params else route)
    sent = {"Accept": "application/json", **(operation.headers or {})}
    if payload.pass_through and endpoint.extra_parameters:
        sent["extra-parameters"] = "pass-through"
    request = _make_request(url, payload.content, sent, given, options.get("content_type"))
    error_map, cls = options.get("error_map"), options.get("cls")
    return Call(request, _for_pipeline(options), payload.stream, endpoint, route, error_map, cls, chat=chat)


def check_keywords(settings: Settings, method: str, options: Iterable[str]) -> None:
    """Check the names of a call's keyword arguments.

    :param settings: The client's settings.
    :param method: Name of the client's method.
    :param options: The names.
    :raises TypeError: A name is unknown; custom policies, if any, may know it.
    """
    if settings.custom_pipeline or _REQUEST_OPTIONS.issuperset(options):
        return
    known = (*settings.known, *_REQUEST_OPTIONS)
    stray = next((name for name in options if name not in known), None)
    if stray is not None:
        own = [name for function, name in _OWN_ARGUMENTS if function == method]
        raise unknown_keyword(f"{settings.client}.{method}()", stray, (*own, *known))


_OWN_ARGUMENTS = (("complete", "messages"), ("complete", "stream"), ("embed", "input"))
"""Arguments of methods that are no options: what a misspelled one may have been."""


def _check_model(
    settings: Settings, endpoint: "Endpoint", options: Mapping[str, Any], content: str | bytes | None
) -> None:
    if content is None or not endpoint.model_required or settings.custom_pipeline or settings.model_in_headers:
        return
    in_body = b'"model"' in content if isinstance(content, bytes) else '"model"' in content
    if not in_body and not names_model(options.get("headers")):
        from .._errors.advice import missing_model

        raise ValueError(missing_model(endpoint))


def given_body(body: Any, for_texts: str, for_lists: str) -> tuple[str | bytes, bool | None]:
    """Read a body passed by the caller, and find out whether it asks for a stream.

    :param body: A mapping, bytes, or a binary file.
    :param for_texts: Where a text belongs, for the error if the body is one.
    :param for_lists: The same for a list.
    :return: The content, and the value of its member `stream`; `None` if it has none.
    :raises TypeError: It has an unsupported type.
    """
    if is_object(body):
        if "role" in body and "content" in body and not {"messages", "input"} & body.keys():
            raise TypeError(f"body must be a whole request, not a message. {for_lists}")
        return to_json(body), _stream_of(body)
    content = _bytes_of(body)
    if content is None:
        hint = f" {for_texts}" if isinstance(body, str) else f" {for_lists}" if is_list(body) else ""
        raise TypeError(f"body must be a mapping, bytes or a binary file, not {type(body).__name__}.{hint}")
    return content, _stream_of(json_or_none(content)) if b'"stream"' in content else None


def _bytes_of(body: Any) -> bytes | None:
    """Return the content of bytes or of a file, which may also be a text file; `None` for anything else."""
    content: Any = body.read() if hasattr(body, "read") else body
    if isinstance(content, str) and content is not body:
        return content.encode()
    return bytes(content) if isinstance(content, (bytes, bytearray)) else None


def _stream_of(body: Any) -> bool | None:
    stream = body.get("stream") if is_object(body) else None
    return stream if isinstance(stream, bool) else None


def warn_of_ignored(settings: Settings, method: str, options: Mapping[str, Any], own: Iterable[str]) -> None:
    """Log which arguments a body makes ineffective.

    :param settings: The client's settings.
    :param method: Name of the client's method.
    :param options: The call's keyword arguments.
    :param own: Names of the arguments that a body replaces.
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
    """Raise the exception for a failed response.

    :param call: The call.
    :param response: The transport's response, with its body read unless it is a stream that succeeded.
    :raises ~azure.core.exceptions.HttpResponseError: The status is not 200; the class depends on it.
    """
    if response.status_code != 200:
        raise status_error(call, response)


def status_error(call: Call, response: Any, *, advice: str | None = None) -> Exception:
    """Build the exception for a status that is not 200.

    :param call: The call.
    :param response: The transport's response, with its body read.
    :keyword advice: What the caller should try, if more is known than the response says.
    """
    from .._errors.advice import give_advice
    from .._errors.build import error_from_response

    error = error_from_response(response, call.error_map, advice=advice or _redirect_advice(response))
    forget_credentials(response)
    if advice is None:
        give_advice(error, call.endpoint, call.operation, response.status_code, call.models)
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
        "the request is sent to another origin automatically. If you trust it, use it as the endpoint."
    )


def cut_off(response: Any) -> AzureError:
    """Build the error for a response that is not a stream and broke off before its end.

    :param response: The transport's response, which could not be read.
    """
    from .._errors.build import incomplete_response_error

    error = incomplete_response_error(response)
    forget_credentials(response)
    return error


def read_object(call: Call, response: Any) -> dict[str, Any]:
    """Read the JSON object of a response.

    :param call: The call.
    :param response: The transport's response, with its body read.
    :raises ~azure.core.exceptions.HttpResponseError: The status is not 200, or the object is an error.
    :raises ~azure.core.exceptions.DecodeError: The body is not a JSON object.
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
    if error is not None or call.cls is not None:  # otherwise nothing keeps it
        forget_credentials(response)
    if error is not None:
        raise error
    return cast("dict[str, Any]", value)


def read_answer(call: Call, response: Any, wrap: Callable[[Any], A]) -> A:
    """Read a response as a model, which keeps the response's headers.

    :param call: The call.
    :param response: The transport's response, with its body read.
    :param wrap: Builds the model.
    :raises ~azure.core.exceptions.HttpResponseError: As `read_object`.
    """
    answer = wrap(read_object(call, response))
    answer._response_headers = response.headers  # noqa: SLF001
    paced = PACED.get()
    if paced is not None and call.translator is None:
        paced.body = content_of(response)
    return answer


def _fits(value: Any, member: str | None) -> bool:
    """Return whether an answer is an object with the expected list."""
    return value.__class__ is dict and (member is None or _are_objects(value.get(member)))


def _error_inside(call: Call, value: Any, response: Any) -> AzureError | None:
    """Find what is wrong with an answer whose status is a success."""
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
"""The member of an operation's answer that must be a list of objects."""


def _are_objects(items: Any) -> bool:
    return items.__class__ is list and all(item.__class__ is dict for item in items)
