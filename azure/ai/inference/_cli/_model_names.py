"""List the available models, if the service does."""

from collections.abc import Sequence
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from .. import ChatCompletionsClient
from .._http.endpoint import Endpoint
from .._json import is_list, is_object
from ._arguments import Arguments
from ._target import Target, build_plain
from ._words import suggest

_PATIENCE = 10.0
"""Timeout in seconds for a list that the user did not ask for."""

_MOST_NAMES = 20


def model_names(target: Target, arguments: Arguments) -> Sequence[str]:
    """Request the names that `model` may have.

    An Azure resource lists the models that could be deployed, not its deployments, whose names requests need; only a
    Foundry project lists those.

    :param target: The endpoint.
    :param arguments: The command line.
    :return: The names, sorted; empty if the service does not list them.
    """
    url = _list_of(target.endpoint)
    if url is None:
        return []
    try:
        with build_plain(ChatCompletionsClient, target, arguments) as client:
            response = client.send_request(HttpRequest("GET", url), timeout=_PATIENCE, retry_total=0)
        return sorted(_names(response.json())) if response.status_code == 200 else []
    except (AzureError, ValueError):
        return []


def available_names(names: Sequence[str], meant: str | None = None) -> str:
    """Return a sentence that lists the names; empty if there are none.

    :param names: The names.
    :param meant: The name that the user gave, if it is not among them.
    """
    if not names:
        return ""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    guess = suggest(meant, names, "--model ").lstrip() if meant else ""
    return f"{guess} There are: {', '.join(names[:_MOST_NAMES])}{more}.".lstrip()


def _list_of(endpoint: Endpoint) -> str | None:
    if endpoint.service != "resource":
        return f"{endpoint.base_url}/models" if endpoint.dialect in ("v1", "messages") else None
    project, found, _ = endpoint.base_url.partition("/openai/v1")
    return f"{project}/deployments?api-version=v1" if found and "/api/projects/" in project else None


def _names(answer: Any) -> set[str]:
    listed = (answer.get("data") or answer.get("value") or answer.get("models")) if is_object(answer) else answer
    found = (entry.get("id") or entry.get("name") for entry in listed if is_object(entry)) if is_list(listed) else ()
    return {name for name in found if isinstance(name, str) and name}
