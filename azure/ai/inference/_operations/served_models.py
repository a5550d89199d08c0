"""The models that an endpoint lists, for the error about an unknown model.

Pure except for the clock. A client sends `GET models` at most once a minute, and only when it is about to raise that
error. It does not ask Azure resources, which list models that can be deployed rather than deployments; and it does not
ask through the caller's own transport or policy, which may simulate a service that expects no such request. This module
is loaded only after a refusal.
"""

import json
import time
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from azure.core.rest import HttpRequest

from .._errors.advice import Failure, is_unknown_model
from .._errors.bodies import clean, read_fault
from .._errors.error_origin import body_of, secrets_of
from .._http.endpoint import Endpoint
from .._http.response_content import content_of
from .._json import is_list, is_object
from .call import Call

if TYPE_CHECKING:
    from .settings import ServedModels, Settings

_PATIENCE = 2.0
"""Maximum seconds to delay an error for the names."""
_AGAIN = 60.0
"""Seconds after which the names are requested again."""
_OPTIONS = (
    "connection_cert",
    "connection_verify",
    "enforce_https",
    "logger",
    "logging_enable",
    "proxies",
    "user_agent",
)
"""Options of a call that also apply to this request."""
_OF_THE_CALL = ("content-type", "content-length", "extra-parameters", "x-ms-client-request-id")


def question(call: Call, response: Any, settings: "Settings") -> tuple[HttpRequest, dict[str, Any]] | None:
    """Return the request for the names, with its options, if this refusal is a reason to send it.

    :param call: The call that was refused.
    :param response: The pipeline's response, whose body has been read.
    :param settings: The client's settings.
    """
    deadline = response.context.get("deadline")
    left = _PATIENCE if deadline is None else min(_PATIENCE, deadline.remaining)
    if left <= 0 or not _may_ask(call.endpoint, settings) or not _is_of_a_model(call, response.http_response):
        return None
    # Set before the answer arrives, so that calls refused meanwhile do not ask too.
    settings.served.asked_at = time.monotonic()
    kept = {name: value for name, value in call.request.headers.items() if name.lower() not in _OF_THE_CALL}
    options = {name: value for name, value in call.options.items() if name in _OPTIONS}
    once = {"timeout": left, "retry_total": 0, "permit_redirects": False}
    return HttpRequest("GET", call.endpoint.url("models"), headers=kept), {**options, **once}


def _may_ask(endpoint: Endpoint, settings: "Settings") -> bool:
    """Return whether the endpoint lists what it serves, and was not asked a moment ago."""
    if settings.custom_pipeline or endpoint.dialect != "v1" or endpoint.service == "resource":
        return False
    asked_at = settings.served.asked_at
    return asked_at is None or time.monotonic() >= asked_at + _AGAIN


def keep(served: "ServedModels", response: Any) -> None:
    """Store the names in an answer, if it is a list of models.

    :param served: What the client knows.
    :param response: The transport's response.
    """
    if response.status_code == 200:
        secrets = secrets_of(response)
        served.names = tuple(clean(name, secrets) for name in _names_in(json.loads(content_of(response))))


def with_model_names(call: Call, names: tuple[str, ...]) -> Call:
    """Return a call that knows the names, with those that resemble the requested one first.

    :param call: The call.
    :param names: The names, in the endpoint's order.
    """
    if not names:
        return call
    near = get_close_matches(_asked_for(call), names, n=len(names), cutoff=0.5)
    return call._replace(models=tuple(dict.fromkeys([*near, *names])))


def _is_of_a_model(call: Call, response: Any) -> bool:
    fault = read_fault(body_of(response))
    return is_unknown_model(
        Failure(call.endpoint, call.operation, response.status_code, str(fault.code or ""), fault.message or "")
    )


def _names_in(body: Any) -> tuple[str, ...]:
    models = body.get("data") if is_object(body) else None
    names = [model.get("id") for model in models if is_object(model)] if is_list(models) else []
    return tuple(name for name in names if isinstance(name, str))


def _asked_for(call: Call) -> str:
    try:
        body: Any = json.loads(call.request.content or "")
    except (ValueError, RecursionError):
        return ""
    model = body.get("model") if is_object(body) else None
    return model if isinstance(model, str) else ""
