"""Which headers carry a secret: one answer for logs, errors, pickles, redirects and the check before sending."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_SECRET_WORDS = (
    *("authorization", "auth", "authentication", "key", "token", "secret", "password", "passwd", "cookie"),
    *("credential", "credentials", "jwt", "bearer", "signature"),
)
"""Words of a name, or their ends (``apikey``). Not ``tokens``, which quotas count, nor ``authenticate``."""

_SECRET_PARTS = ("authorization", "assertion")
"""Texts that mark a secret anywhere in a name."""

_NO_SECRETS = frozenset(
    ("idempotency-key", "x-idempotency-key", "sec-websocket-key", "surrogate-key", "x-cache-key", "x-auth-type")
)


SHORTEST_SECRET = 8
"""Masking shorter texts ("key", "EMPTY") would hide words rather than keys."""


@lru_cache(256)
def is_credential_header(name: str) -> bool:
    """Whether a header carries a key, a token or the like.

    Decided by the words of the name, since gateways invent names: ``api-key``, ``Ocp-Apim-Subscription-Key``,
    ``x-functions-key``, ``X-Auth-Token``, ``Proxy-Authorization``, ``Set-Cookie``.

    :param name: The header's name, in any case.
    """
    lowered = name.strip().lower()
    if lowered in _NO_SECRETS:
        return False
    words = lowered.replace("_", "-").split("-")
    return any(word.endswith(_SECRET_WORDS) for word in words) or any(part in lowered for part in _SECRET_PARTS)


def without_credentials(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return headers without those that carry a secret.

    :param headers: Headers by name.
    """
    return {name: value for name, value in headers.items() if not is_credential_header(name)}
