"""Where an error came from: what its response, status line and headers say, without secrets, and its body."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Union

from azure.core.exceptions import AzureError
from azure.core.rest import AsyncHttpResponse, HttpResponse
from azure.core.utils import case_insensitive_dict

from .._credential_headers import SHORTEST_SECRET, is_credential_header
from .._http.response_content import content_of, request_headers
from .._http.response_headers import request_id
from .bodies import clean, parse_json, request_id_in

Response = Union[HttpResponse, AsyncHttpResponse]


class Origin(NamedTuple):
    """The parts of a response outside its body."""

    response: Response | None
    headers: Mapping[str, str]
    status: int | None
    reason: str | None
    secrets: Sequence[str]
    request_id: str | None = None
    """The service's id of the request: from a header, or else from the body of the error."""

    def with_body(self, body: Any) -> "Origin":
        """Return a copy with the request id of a body, if no header has one."""
        return self if self.request_id else self._replace(request_id=request_id_in(body))


def origin_of(response: Response | None) -> Origin:
    """Return the parts of a response outside its body, with the request's credentials masked.

    :param response: The response, if there was one.
    """
    if response is None:
        return Origin(None, {}, None, None, ())
    secrets = secrets_of(response)
    headers = {clean(name, secrets): clean(str(value), secrets) for name, value in response.headers.items()}
    reason = clean(getattr(response, "reason", None), secrets)
    found = case_insensitive_dict(headers)
    return Origin(response, found, response.status_code, reason, secrets, request_id(found))


def secrets_of(response: Response) -> Sequence[str]:
    """Find the credentials of the request, without their schemes.

    :param response: The response to the request.
    """
    headers = case_insensitive_dict(request_headers(response))
    values = (str(value or "").rpartition(" ")[2] for name, value in headers.items() if is_credential_header(name))
    return sorted({value for value in values if len(value) >= SHORTEST_SECRET}, key=len, reverse=True)


def body_of(response: Response) -> Any:
    """Return the body as JSON, or else as text; None if it is missing."""
    try:
        content = content_of(response)
    except (AzureError, zlib.error):  # not read, cut off, or wrongly compressed
        return None
    try:
        text = content.decode(getattr(response, "encoding", None) or "utf-8-sig", "replace")
    except (LookupError, TypeError, ValueError):  # the content type names a charset that does not decode text
        text = content.decode("utf-8-sig", "replace")
    try:
        return parse_json(text)
    except ValueError:
        return text
