"""Build the requests of the services' Batch APIs, and read their responses. Pure."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .._errors.build import decode_error
from .._http.credentials import forget_credentials
from .._json import is_object, json_or_none
from .._operations.call import Call, Operation, Payload, make_call, status_error
from .._operations.settings import Settings
from ._batch_states import Dialect

_GOOD = (200, 201, 202)


def job_call(
    settings: Settings,
    function: str,
    path: str,
    options: Mapping[str, Any],
    *,
    method: str = "GET",
    content: Any = None,
    headers: Mapping[str, str] | None = None,
    stream: bool = False,
) -> Call:
    """Build a request.

    :param settings: The client's settings.
    :param function: Name of the client's method, for messages.
    :param path: The route below the endpoint.
    :param options: The call's keyword arguments.
    :raises TypeError: A keyword is unknown.
    """
    own: Any = options.get("headers") or {}
    arguments: dict[str, Any] = {**options, "headers": {**(headers or {}), **own}}
    modelless = settings._replace(model_in_headers=True)  # the rows of a job name the model
    call = make_call(modelless, Operation(function, path), arguments, Payload(content, stream=stream))
    call.request.method = method
    return call


def in_path(name: str, value: Any) -> str:
    """Return an id as a step of a path.

    :param name: The argument, for errors.
    :param value: The id, or the job or file that has it.
    :raises TypeError: It is neither.
    :raises ValueError: It is empty, or a step to another folder.
    """
    found: Any = value.get("id") if is_object(value) else value
    if not isinstance(found, str):
        raise TypeError(f"{name} must be an id, or what has it, not {type(value).__name__}: {value!r:.200}")
    if not found.strip(" ."):
        raise ValueError(f"{name} must be an id, not {found!r}.")
    return quote(found, safe="")


def read_json(call: Call, response: Any) -> dict[str, Any]:
    """Read the JSON object of a response.

    :raises ~azure.core.exceptions.HttpResponseError: The service refused, or the body is not a JSON object.
    """
    if response.status_code not in _GOOD:
        raise status_error(call, response)
    value: Any = json_or_none(response.content)
    forget_credentials(response)
    if not is_object(value):
        raise decode_error(response.content, response)
    return dict(value)


def page_after(dialect: Dialect, page: Mapping[str, Any] | None, number: int) -> dict[str, str] | None:
    """Return the query for the next page of jobs; `None` if there is none.

    :param page: The previous page; `None` for the first.
    :param number: How many pages there were.
    """
    if dialect.name == "mistral":
        more = page is None or number * 100 < int(page.get("total") or 0)
        return {"page": str(number), "page_size": "100"} if more else None
    if page is None:
        return {"limit": "100"}
    jobs: Any = page.get("data") or []
    return {"limit": "100", "after": str(jobs[-1].get("id"))} if page.get("has_more") and jobs else None


def has_metadata(job: Mapping[str, Any], wanted: Mapping[str, str] | None) -> bool:
    """Return whether a job has the given metadata."""
    noted: Any = job.get("metadata") or {}
    return all(str(noted.get(name)) == value for name, value in (wanted or {}).items())


def to_body(value: Mapping[str, Any]) -> str:
    """Write the body of a request."""
    return json.dumps(value)
