"""Find credentials outside the headers that are meant for them: in the URL, in another header, in the body."""

import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, urlsplit

from ._request import RecordedRequest, credentials
from ._response import Response
from ._secrets import is_secret_name

_SHORTEST: Final = 8
"""A shorter key may occur in a text by chance."""


def find_leaks(request: RecordedRequest, secrets: Iterable[str]) -> tuple[str, ...]:
    """Return the places of a request that contain one of ``secrets`` and should not."""
    found = dict.fromkeys(place for secret in secrets if len(secret) >= _SHORTEST for place in _places(request, secret))
    return tuple(found)


def _places(request: RecordedRequest, secret: str) -> Iterator[str]:
    if secret in request.path:
        yield "the path"
    yield from (f"the query's {name!r}" for name, value in request.query if secret in value)
    others = ((name, value) for name, value in request.headers.items() if not is_secret_name(name))
    yield from (f"the header {name!r}" for name, value in others if secret in value)
    if any(form.encode("utf-8", "surrogateescape") in request.raw for form in _forms(secret)):
        yield "the body"


def _forms(secret: str) -> set[str]:
    """Return a secret as it may be written in a body: plain, in JSON by one encoder or another, or in a form."""
    escaped = json.dumps(secret)[1:-1]
    plain = json.dumps(secret, ensure_ascii=False)[1:-1]
    return {secret, escaped, plain, escaped.replace("/", "\\/"), quote(secret, safe="")}


class Redirects:
    """The targets of redirects, to see whether callers sent their credentials to another origin."""

    def __init__(self) -> None:
        self._targets: set[tuple[str, str]] = set()

    def note(self, response: Response) -> None:
        """Remember where a response redirects to, if it does."""
        location = urlsplit(response.headers.get("Location", ""))
        if location.netloc:
            self._targets.add((location.netloc, location.path))

    def followed(self, request: RecordedRequest) -> tuple[str, ...]:
        """Return what a request leaks by following a redirect: nothing, if it has no credentials."""
        is_target = (request.headers.get("host", ""), request.path) in self._targets
        return ("a request to another origin, after a redirect",) if is_target and credentials(request) else ()
