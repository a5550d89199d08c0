"""What the headers of an answer tell: the request's id, the region, and what is left of the quota.

Names and forms are those recorded from Azure OpenAI, Foundry, serverless endpoints, Mistral and OpenAI. A header that
is absent, unreadable or senseless is one that does not tell: `None`, never an error.
"""

import math
import re
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timezone
from typing import NamedTuple

from azure.core.utils import case_insensitive_dict

_REQUEST_ID = ("request-id", "x-request-id", "apim-request-id", "x-ms-request-id", "mistral-correlation-id")
_REGION = "x-ms-region"

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TERM = r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d)"


_MOST_DIGITS = 18
"""Of a length in bytes: an exabyte has 18. Python refuses to read numbers of more than 4,300."""


class RateLimit(NamedTuple):
    """A quota, and what is left of it."""

    limit: int | None
    """How many there are in a period, `None` if the service does not tell."""
    remaining: int | None
    """How many are left of this one, `None` if the service does not tell."""
    reset: float | None
    """In how many seconds, from the answer on, the quota is whole again; `None` if the service does not tell."""


class RateLimits(NamedTuple):
    """The quotas that a deployment has."""

    requests: RateLimit
    """How many requests may be made."""
    tokens: RateLimit
    """How many tokens may be spent."""


RateLimit.__module__ = RateLimits.__module__ = "azure.ai.inference.models"


def request_id(headers: Mapping[str, str]) -> str | None:
    """Find the id that the service gave a request.

    :param headers: The headers of the answer, in any case.
    :return: The id to quote in a support case; `None` if there is none.
    """
    found = case_insensitive_dict(headers)
    return next((str(found[name]) for name in _REQUEST_ID if found.get(name)), None)


def region(headers: Mapping[str, str]) -> str | None:
    """Find the region that answered.

    :param headers: The headers of the answer, in any case.
    :return: The region as the service spells it ("East US"); `None` if it does not tell.
    """
    return case_insensitive_dict(headers).get(_REGION) or None


def rate_limits(headers: Mapping[str, str]) -> RateLimits:
    """Read the quotas for requests and tokens: `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*`.

    Azure tells the reset in seconds ("7"), OpenAI as a duration ("6m0s", "12ms").

    :param headers: The headers of the answer, in any case.
    :return: The quotas; what a service does not tell is `None` in them.
    """
    found = case_insensitive_dict(headers)

    def quota(of: str) -> RateLimit:
        limit, remaining, reset = (found.get(f"x-ratelimit-{what}-{of}") for what in ("limit", "remaining", "reset"))
        return RateLimit(_count(limit), _count(remaining), _seconds(reset))

    return RateLimits(quota("requests"), quota("tokens"))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Find how long the service asks to wait, in the finest of its headers that makes sense.

    ``retry-after-ms`` and ``x-ms-retry-after-ms`` have milliseconds, ``Retry-After`` has seconds or an HTTP date
    (RFC 9110, section 10.2.3). A negative, endless or unreadable value counts as not given; a date that has passed
    means at once.

    :param headers: The headers of the answer, in any case.
    :param now: The time from which a date is counted, aware; the clock's if not given.
    :return: Seconds, zero or more; None if no header tells.
    """
    found = case_insensitive_dict(headers)
    for name, unit in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        number = _number(found.get(name))
        if number is not None:
            return number * unit
    return _seconds_until(found.get("retry-after"), now or datetime.now(timezone.utc))


def forget_wrong_length(headers: MutableMapping[str, str]) -> None:
    """Take out a ``Content-Length`` that is not one number: azure-core would fail over it, urllib3 does not.

    :param headers: The headers of the answer; they are changed.
    """
    length = headers.get("Content-Length", "0").strip()
    if not length.isdecimal() or len(length) > _MOST_DIGITS:
        del headers["Content-Length"]


def _count(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _number(text: str | None) -> float | None:
    """Read a number; Azure says -1 for what it does not know."""
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
    except (ValueError, TypeError, IndexError, OverflowError):  # what the parser raises has changed over the versions
        return None
