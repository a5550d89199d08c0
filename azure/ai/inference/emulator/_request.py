"""A request as it arrived, and as it is kept: without secrets."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from ._outcome import Outcome

SCRUBBED: Final = "***"
_SECRET_HEADERS: Final = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "api-key",
        "x-api-key",
        "ocp-apim-subscription-key",
        "cookie",
        "set-cookie",
    }
)
_SECRET_QUERY: Final = re.compile(r"(?i)^(.*key|code|sig|token|access_token|password|secret)$")


@dataclass(frozen=True)
class RecordedRequest:
    """One request that the emulator got.

    :ivar method: such as ``POST``.
    :ivar path: without the query.
    :ivar query: the query's members in order, each a pair; :meth:`param` reads one.
    :ivar headers: names in lower case. In ``Emulator.requests`` the values of credentials are ``***``.
    :ivar raw: the body's bytes.
    :ivar outcome: what became of it; it grows while the answer is sent.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    raw: bytes = b""
    outcome: Outcome = field(default_factory=Outcome, compare=False, repr=False)

    @cached_property
    def body(self) -> Any:
        """The body's JSON, or None where there is none."""
        try:
            return json.loads(self.raw)
        except (ValueError, RecursionError):
            return None

    def param(self, name: str) -> str:
        """Return the first member ``name`` of the query, or an empty string."""
        return next((value for key, value in self.query if key == name), "")

    def scrubbed(self) -> "RecordedRequest":
        """Return the same request with every credential replaced by ``***``."""
        return replace(self, headers=scrub_headers(self.headers), query=scrub_query(self.query))


def scrub_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without secrets; the scheme before a credential stays."""
    return {name: _scrub_value(value) if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}


def _scrub_value(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {SCRUBBED}" if space and scheme.isalpha() else SCRUBBED


def scrub_query(query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return a query without secrets."""
    return [(name, SCRUBBED if _SECRET_QUERY.match(name) else value) for name, value in query]


def credentials(request: RecordedRequest) -> list[str]:
    """List the secrets that a request carries, as they are."""
    headers = [value.rpartition(" ")[2] for name, value in request.headers.items() if name.lower() in _SECRET_HEADERS]
    return [secret for secret in (*headers, *(v for n, v in request.query if _SECRET_QUERY.match(n))) if secret]
