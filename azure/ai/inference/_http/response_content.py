"""Read responses of any transport: azure-core's own, custom ones, and test doubles.

azure-core's transports return responses of `azure.core.rest`. A custom transport may return the older ones of
`azure.core.pipeline.transport`, and a double only has what its test needs: often `status_code` and `json()`. Code that
ran on azure-ai-inference 1.0.0b9 is tested with all of them.
"""

import json
from collections.abc import MutableMapping
from typing import Any, cast

_MOST_DIGITS = 18
"""For a length in bytes: an exabyte has 18 digits. Python refuses to parse numbers of more than 4,300."""


def content_of(response: Any) -> bytes:
    """Return the body of a response that has been read.

    :param response: The response. The body is its `content`, else the result of `body()`, else that of `json()`.
    :raises ~azure.core.exceptions.AzureError: The body could not be read.
    """
    content: Any = getattr(response, "content", None)
    if not isinstance(content, (bytes, bytearray)) and hasattr(response, "body"):
        content = response.body()
    if not isinstance(content, (bytes, bytearray)):
        content = _from_json(response)
    return bytes(content)


def _from_json(response: Any) -> bytes:
    try:
        return json.dumps(response.json()).encode()
    except (AttributeError, TypeError, ValueError):  # no `json`, or it does not return JSON either
        return b""


def request_headers(response: Any) -> MutableMapping[str, Any]:
    """Return the headers of a response's request; empty if the response does not know its request.

    :param response: The response.
    """
    headers: Any = getattr(getattr(response, "request", None), "headers", None)
    return cast("MutableMapping[str, Any]", headers) if isinstance(headers, MutableMapping) else {}


def remove_invalid_length(headers: MutableMapping[str, str]) -> None:
    """Remove a ``Content-Length`` that is not one number: azure-core would fail over it, urllib3 does not.

    :param headers: The response headers; modified in place.
    """
    length = headers.get("Content-Length", "0").strip()
    if not length.isdecimal() or len(length) > _MOST_DIGITS:
        del headers["Content-Length"]
