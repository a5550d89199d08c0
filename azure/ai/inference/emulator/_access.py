"""Access control: keys, and Entra ID tokens as far as an emulator can check them.

A token is a JWT of which audience and expiry are checked, but not the signature. Every credential in a request must be
valid, so a key that was rotated in only one of two headers is noticed.
"""

import base64
import json
import time
from collections.abc import Collection
from typing import Any, Final, Literal

from ._request import RecordedRequest
from ._service_error import ServiceError
from ._values import as_object

_KEY_HEADERS: Final = ("api-key", "x-api-key", "ocp-apim-subscription-key")
_SHOWN_FROM: Final = 16
_DEFAULT_SUFFIX: Final = "/.default"


def check_access(
    request: RecordedRequest,
    *,
    keys: Collection[str],
    audiences: tuple[str, ...],
    demand: Literal["required", "optional", "ignored"],
    serverless: bool,
) -> None:
    """Check the credentials of a request.

    :keyword keys: Texts accepted as a key or as a bearer token.
    :keyword audiences: The audiences of accepted tokens.
    :keyword demand: Whether a credential is required; see :class:`Dialect`.
    :keyword serverless: Whether the refusal has the wording of a serverless endpoint.
    :raises ServiceError: 401 if a credential is missing or invalid.
    """
    if demand == "ignored":
        return
    given = [request.headers[name] for name in _KEY_HEADERS if name in request.headers]
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        given.append(bearer.strip())
    elif scheme:
        raise _key_problem(serverless)
    if not given and demand == "required":
        raise _key_problem(serverless)
    for credential in given:
        claims = None if credential in keys else _claims(credential)
        if credential in keys:
            continue
        if claims is None:
            raise _key_problem(serverless, credential)
        _check_claims(claims, audiences)


def _key_problem(serverless: bool, given: str | None = None) -> ServiceError:
    masked = None if given is None else _masked(given)
    if serverless:
        message = "Auth token validation failed. Please provide a valid key or a valid AAD token"
        return ServiceError(
            401, "401", message, kind="key", value=masked, headers={"x-ms-error-reason": "Invalid JWT."}
        )
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource."
    )
    return ServiceError(401, "401", message, kind="key", value=masked)


def _masked(key: str) -> str:
    """Return a key as OpenAI masks it in its refusal; a short one is masked completely."""
    return "*" * len(key) if len(key) < _SHOWN_FROM else f"{key[:4]}{'*' * (len(key) - 8)}{key[-4:]}"


def _check_claims(claims: dict[str, Any], audiences: tuple[str, ...]) -> None:
    audience = str(claims.get("aud", "")).rstrip("/")
    expires = claims.get("exp", 0)
    if audience not in audiences or not isinstance(expires, (int, float)) or expires <= time.time():
        raise token_problem(audiences)


def token_problem(audiences: tuple[str, ...]) -> ServiceError:
    """Return the refusal of a token, in the gateway's words."""
    wanted = " or ".join(f"{audience}/" for audience in audiences)
    message = f"Unauthorized. Access token is missing, invalid, audience is incorrect ({wanted}), or have expired."
    return ServiceError(401, "401", message, kind="token")


def make_token(scope: str, expires_in: float) -> str:
    """Return an unsigned token for ``scope`` that expires in ``expires_in`` seconds."""
    audience = scope.removesuffix(_DEFAULT_SUFFIX)
    claims = {"aud": audience, "exp": int(time.time() + expires_in), "iss": "https://emulator.invalid/"}
    return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims)}.emulator"


def _encode(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _claims(token: str) -> dict[str, Any] | None:
    """Return the claims of a JWT, or None if it is not one."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return as_object(json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))) or None
    except ValueError:
        return None
