"""Read the response headers: the request's id, the region, and the remaining quota.

Names and forms were recorded from Azure OpenAI, Foundry, serverless endpoints, Mistral and OpenAI. A header that is
absent, unreadable or meaningless reads as `None`, never as an error.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple

from azure.core.utils import case_insensitive_dict

_REQUEST_ID = ("request-id", "x-request-id", "apim-request-id", "x-ms-request-id", "mistral-correlation-id")
_REGION = "x-ms-region"

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TERM = r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d)"


class RateLimit(NamedTuple):
    """A quota, and what remains of it."""

    limit: int | None
    """The quota of one period; `None` if the service does not report it."""
    remaining: int | None
    """What remains of it in the current period; `None` if the service does not report it."""
    reset: float | None
    """Seconds from the response until the quota is full again; `None` if the service does not report them."""


class RateLimits(NamedTuple):
    """The quotas of a deployment."""

    requests: RateLimit
    """The quota of requests."""
    tokens: RateLimit
    """The quota of tokens."""


RateLimit.__module__ = RateLimits.__module__ = "azure.ai.inference.models"


def request_id(headers: Mapping[str, str]) -> str | None:
    """Find the service's id of a request.

    :param headers: The response headers, in any case.
    :return: The id to quote in a support case; `None` if there is none.
    """
    found = case_insensitive_dict(headers)
    return next((str(found[name]) for name in _REQUEST_ID if found.get(name)), None)


def region(headers: Mapping[str, str]) -> str | None:
    """Find the region that answered.

    :param headers: The response headers, in any case.
    :return: The region as the service spells it ("East US"); `None` if the service does not report it.
    """
    return case_insensitive_dict(headers).get(_REGION) or None


def rate_limits(headers: Mapping[str, str]) -> RateLimits:
    """Read the quotas for requests and tokens: `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*`.

    Azure reports the reset in seconds ("7"), OpenAI as a duration ("6m0s", "12ms").

    :param headers: The response headers, in any case.
    :return: The quotas, with `None` for what the service does not report.
    """
    found = case_insensitive_dict(headers)

    def quota(of: str) -> RateLimit:
        limit, remaining, reset = (found.get(f"x-ratelimit-{what}-{of}") for what in ("limit", "remaining", "reset"))
        return RateLimit(_count(limit), _count(remaining), _seconds(reset))

    return RateLimits(quota("requests"), quota("tokens"))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Find how long the service asks to wait, from the most precise of its headers that makes sense.

    ``retry-after-ms`` and ``x-ms-retry-after-ms`` are milliseconds, ``Retry-After`` is seconds or an HTTP date
    (RFC 9110, section 10.2.3). A negative, infinite or unreadable value counts as not given; a date in the past means
    at once.

    :param headers: The response headers, in any case.
    :param now: The aware time to count a date from; the current time by default.
    :return: Seconds, zero or more; `None` if no header gives them.
    """
    found = case_insensitive_dict(headers)
    for name, unit in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        number = _number(found.get(name))
        if number is not None:
            return number * unit
    return _seconds_until(found.get("retry-after"), now or datetime.now(timezone.utc))


def _count(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _number(text: str | None) -> float | None:
    """Read a number; Azure sends -1 for an unknown value."""
    try:
        return _sensible(float(text or ""))
    except ValueError:
        return None


def _seconds(text: str | None) -> float | None:
    if text and re.fullmatch(rf"(?:{_TERM})+", text.strip()):
        return _sensible(sum(float(number) * _UNITS[unit] for number, unit in re.findall(_TERM, text)))
    return _number(text)


def _sensible(number: float) -> float | None:
    return number if number >= 0 and math.isfinite(number) else None


def _seconds_until(date: str | None, now: datetime) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date or "")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):  # the parser's exceptions differ between Python versions
        return None
