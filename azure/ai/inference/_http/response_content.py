"""Reading responses of any transport: azure-core's own, those of users, and the doubles of tests.

azure-core's transports return responses of `azure.core.rest`. A transport that somebody wrote may return the older ones
of `azure.core.pipeline.transport`, and a double has no more than its test needs: often `status_code` and `json()`. Code
that ran on azure-ai-inference 1.0.0b9 is tested with all of them.
"""

import json
from collections.abc import MutableMapping
from typing import Any, cast


def content_of(response: Any) -> bytes:
    """Return the body of a response that was read.

    :param response: The response: `content` has the body, or else `body()`, or else it is what `json()` returns.
    :raises ~azure.core.exceptions.AzureError: It could not be read.
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
    except (AttributeError, TypeError, ValueError):  # it has no `json`, or what that returns is no JSON either
        return b""


def request_headers(response: Any) -> MutableMapping[str, Any]:
    """Return the headers of the request that a response belongs to; empty if it does not know its request.

    :param response: The response.
    """
    headers: Any = getattr(getattr(response, "request", None), "headers", None)
    return cast("MutableMapping[str, Any]", headers) if isinstance(headers, MutableMapping) else {}
