"""Which headers carry a secret: one answer for logs, errors, pickles, redirects and the check before sending."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_SECRET_WORD = re.compile(
    r"(?:authorization|auth|authentication|key|token|secret|password|passwd|cookie|credentials?|jwt|bearer"
    r"|signature)(?:[-_]|$)|authorization|assertion",
)
"""A word of a name, or the end of one (``apikey``). Not ``tokens``, which quotas count, nor ``authenticate``."""

_NO_SECRETS = frozenset(
    ("idempotency-key", "x-idempotency-key", "sec-websocket-key", "surrogate-key", "x-cache-key", "x-auth-type")
)


@lru_cache(256)
def is_credential_header(name: str) -> bool:
    """Whether a header carries a key, a token or the like.

    Decided by the words of the name, since gateways invent names: ``api-key``, ``Ocp-Apim-Subscription-Key``,
    ``x-functions-key``, ``X-Auth-Token``, ``Proxy-Authorization``, ``Set-Cookie``.

    :param name: The header's name, in any case.
    """
    lowered = name.lower()
    return lowered not in _NO_SECRETS and _SECRET_WORD.search(lowered) is not None


def without_credentials(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return headers without those that carry a secret.

    :param headers: Headers by name.
    """
    return {name: value for name, value in headers.items() if not is_credential_header(name)}
