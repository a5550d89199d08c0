"""Decide when a request is sent again, and after how long. `_transport` and `aio._transport` add classes that wait."""

import logging
import random
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.exceptions import (
    AzureError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.policies import RetryMode
from azure.core.pipeline.policies._retry import RetryPolicyBase

from .paced_calls import PACED

logger = logging.getLogger("azure.ai.inference.retries")

RETRIED_STATUSES = frozenset((408, 429, 500, 502, 503, 504, 520, 522, 524, 529))
"""Transient statuses: 520, 522 and 524 are Cloudflare's, for a server that is gone or slow; 529 is "overloaded"."""


class RetryDecisions(RetryPolicyBase):
    """Decides when a request to a model is sent again, and after how long.

    All of azure-core's settings remain, with different decisions: a POST to a model may be repeated; a status is
    retried for its meaning, not for its headers; waits have jitter, and none extends beyond the deadline.
    """

    _DEFAULT_METHODS = ("HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE")

    def __init__(self, **kwargs: Any) -> None:
        self._methods = frozenset(kwargs.pop("retry_on_methods", None) or {*self._DEFAULT_METHODS, "POST"})
        self._statuses = RETRIED_STATUSES | frozenset(kwargs.get("retry_on_status_codes") or ())
        self._read_timeouts = "retry_read" in kwargs
        self._exponent = _checked_exponent(kwargs.pop("retry_backoff_exponent", None))
        super().__init__(**kwargs)
        self.retry_mode = _checked_mode(self.retry_mode)

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read the settings of a call.

        :param options: The options of the call; those for retries are removed.
        """
        read_timeouts = self._read_timeouts or "retry_read" in options
        options["retry_on_methods"] = options.pop("retry_on_methods", None) or self._methods
        statuses = self._statuses | frozenset(options.pop("retry_on_status_codes", None) or ())
        exponent = _checked_exponent(options.pop("retry_backoff_exponent", self._exponent))
        mode = _checked_mode(options.pop("retry_mode", self.retry_mode))
        paced = PACED.get()
        if paced is not None:
            statuses -= {429}  # the caller slows down all of its calls, not only this one
        settings = super().configure_retries(options)
        own = {"read_timeouts": read_timeouts, "statuses": statuses, "exponent": exponent, "mode": mode}
        own["began"] = time.monotonic()
        return {**settings, **own}

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Decide how long to wait if the service does not say.

        :param settings: The call's settings.
        :return: Seconds, before jitter.
        """
        exponent: float | None = settings["exponent"]
        retries = len(settings["history"]) - 1
        if exponent is None:
            if retries < 1:
                return 0.0
            exponent = 1 if settings["mode"] == RetryMode.Fixed else 2
        growth = exponent ** min(retries, _MOST_GROWTH)
        return min(float(settings["max_backoff"]), float(settings["backoff"]) * growth)

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Return whether the status of a response calls for another attempt.

        :param settings: The call's settings.
        :param response: The pipeline's response.
        """
        status: int = response.http_response.status_code
        method: str = response.http_request.method
        retried = status in settings["statuses"]
        asked = response.http_response.headers.get("x-should-retry")  # sent by OpenAI and Anthropic
        if asked == "false":
            retried = False
        elif asked == "true" and status >= 400 and status != 429:  # a batch decides itself whether to retry 429
            retried = True
        return bool(settings["total"]) and retried and method.upper() in settings["methods"]

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        """Count an attempt, and decide how long to wait for the next.

        :param settings: The call's settings; `delay` is set.
        :param response: The pipeline's response, or its request if there was no response.
        :param error: The exception, if there was no response.
        :return: Whether there is another attempt. If not, the error says how many there were.
        """
        attempts = len(settings["history"]) + 1
        goes_on = self._goes_on(settings, response, error)
        if goes_on:
            reason = response.http_response.status_code if error is None else _reason(error)
            logger.info("retrying in %g s (%s)", round(settings["delay"], 1), reason)
        if attempts > 1 and not goes_on and isinstance(error, AzureError):
            _tell_attempts(error, attempts, time.monotonic() - settings["began"])
        return goes_on

    def _is_read_error(self, err: Exception) -> bool:
        return isinstance(err, (ServiceResponseError, IncompleteReadError))

    def _goes_on(self, settings: dict[str, Any], response: Any, error: Exception | None) -> bool:
        if error is not None and not is_transient(error, read_timeouts=settings["read_timeouts"]):
            return False
        if not super().increment(settings, response=response, error=error):
            return False
        settings["delay"] = self._delay(settings, None if error else response.http_response.headers)
        deadline = response.context.get("deadline")
        if deadline is not None and settings["delay"] >= deadline.remaining:
            return False
        paced = PACED.get()
        if paced is not None:
            paced.count(None if error else response.http_response.status_code)
        return True

    def _delay(self, settings: dict[str, Any], headers: Mapping[str, str] | None) -> float:
        from .response_headers import retry_after

        asked = retry_after(headers) if headers is not None else None
        if asked is not None:
            return _spread(asked, longest=float(settings["max_backoff"]))
        backoff: float = self.get_backoff_time(settings)
        return backoff * random.uniform(0.5, 1)  # noqa: S311 - jitter is not a secret


def _spread(asked: float, *, longest: float) -> float:
    """Add jitter to a wait requested by the service, so that callers sent away together do not return together.

    The wait is never shorter than requested, unless that is longer than the longest wait.
    """
    if asked >= longest:
        return longest * random.uniform(0.9, 1)  # noqa: S311 - jitter is not a secret
    return min(longest, asked + random.uniform(0, max(0.05, asked / 10)))  # noqa: S311 - jitter is not a secret


_MOST_GROWTH = 64
"""Waits stop growing after this many retries: any base has reached the longest wait by then, and floats are finite."""


def _checked_exponent(exponent: float | None) -> float | None:
    if exponent is None or 1 <= exponent <= 100:
        return exponent
    raise ValueError(f"retry_backoff_exponent is {exponent!r}; choose a number from 1 (constant waits) to 100")


def _checked_mode(mode: str) -> RetryMode:
    try:
        return RetryMode(mode)
    except ValueError:
        raise ValueError(f"retry_mode is {mode!r}; choose 'exponential' or 'fixed'") from None


def _tell_attempts(error: AzureError, attempts: int, seconds: float) -> None:
    """Add to the first line of an error how often the request was sent."""
    from .._error_state import set_text

    line, newline, rest = error.message.partition("\n")
    set_text(error, f"{line.removesuffix('.')}, after {attempts} attempts in {seconds:.1f} s.{newline}{rest}")


def _reason(error: Exception) -> str:
    """Describe a failure in our own words: the HTTP library's may have a URL with a key in it."""
    if isinstance(error, ServiceResponseTimeoutError):
        return "no answer in time"
    return "no connection" if isinstance(error, ServiceRequestError) else "connection broken"


def is_transient(error: Exception, *, read_timeouts: bool) -> bool:
    """Return whether a request that failed without a response may succeed if it is sent again.

    :param error: azure-core's exception.
    :keyword read_timeouts: Whether to include responses that did not arrive in time: the model may still be working.
    """
    from ..exceptions import InsecureRequestError, ProxyError

    if isinstance(error, ServiceResponseTimeoutError):
        return read_timeouts
    if isinstance(error, IncompleteReadError):
        return True  # a response that was cut off is like one that never arrived
    if isinstance(error, InsecureRequestError) or not isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return False
    if isinstance(error, ProxyError):
        return error.status_code in RETRIED_STATUSES
    reasons = list(causes(error))
    if any(isinstance(reason, _CUT_SHORT) for reason in reasons):
        return True
    return not any(isinstance(reason, (socket.gaierror, ssl.SSLError)) for reason in reasons)


_CUT_SHORT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""A failed TLS handshake is like a failed connection; a certificate that is not trusted will not improve."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Iterate over what led to an error: causes, and exceptions in arguments and attributes.

    requests and urllib3 wrap errors without `from`: the reason is in `args` or `reason`, azure-core's in
    `inner_exception`. `__context__` is not followed, because it also leads to what the caller was handling at the time,
    such as the DNS failure of another client, after which it tries this one.
    """
    seen: set[int] = set()
    pending: list[Any] = [error]
    while pending:
        cause = pending.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            pending += [cause.__cause__, getattr(cause, "reason", None), getattr(cause, "inner_exception", None)]
            pending += cause.args
