"""A request as it arrived, and as it is stored: without secrets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ._outcome import Outcome
from ._secrets import Scrubber, is_secret_name, is_secret_parameter


@dataclass(frozen=True)
class RecordedRequest:
    """A request that the emulator received.

    :ivar method: Such as ``POST``.
    :ivar path: Without the query.
    :ivar query: The query parameters in order, as pairs; :meth:`param` reads one.
    :ivar headers: Names in lower case. In ``Emulator.requests`` the values of credentials are ``***``.
    :ivar raw: The body's bytes.
    :ivar raw_path: The path and query as received, percent-encoded.
    :ivar outcome: Its outcome, which grows while the response is sent.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    raw: bytes = b""
    raw_path: str = ""
    outcome: Outcome = field(default_factory=Outcome, compare=False, repr=False)

    @cached_property
    def body(self) -> Any:
        """The JSON of the body, or None if there is none."""
        try:
            return json.loads(self.raw, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return None

    def param(self, name: str) -> str:
        """Return the first query parameter ``name``, or an empty string."""
        return next((value for key, value in self.query if key == name), "")

    def scrubbed(self) -> "RecordedRequest":
        """Return the same request with the credentials in its headers and query replaced by ``***``."""
        scrubber = Scrubber()
        headers = scrubber.headers(self.headers, of_request=False)
        query = scrubber.query(self.query)
        path, mark, raw_query = self.raw_path.partition("?")
        raw_path = scrubber.path(path) + mark + scrubber.raw_query(raw_query)
        return replace(self, headers=headers, query=query, raw_path=raw_path)


def credentials(request: RecordedRequest) -> list[str]:
    """Return the secrets in a request's headers and query, unmasked."""
    headers = [value.rpartition(" ")[2] for name, value in request.headers.items() if is_secret_name(name)]
    query = [value for name, value in request.query if is_secret_parameter(name)]
    return [secret for secret in (*headers, *query) if secret]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
