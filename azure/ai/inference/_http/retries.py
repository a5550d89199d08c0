"""When a request is sent again, and after how long. `_transport` and `aio._transport` add the classes that wait."""

import random
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from azure.core.exceptions import (
    AzureError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.policies import (
    RetryMode,
)
from azure.core.pipeline.policies._retry import RetryPolicyBase

from ..exceptions import InsecureRequestError, ProxyError

RETRIED_STATUSES = frozenset((408, 429, 500, 502, 503, 504, 520, 522, 524, 529))
"""Statuses that may pass: 520, 522 and 524 are Cloudflare's, for a server that is gone or slow; 529 is "overloaded"."""


class PacedCall:
    """A call whose caller retries 429 by itself, and what the pipeline's own retries came to.

    Who sends thousands of requests has to slow all of them down at a 429, not the one that met it.
    """

    def __init__(self) -> None:
        self.retries = 0
        """How often the pipeline sent the request again."""
        self.maybe_paid = 0
        """How often it did so although the model may have been at work: no answer came, or status 408 did."""

    def count(self, status: int | None) -> None:
        """Count a retry.

        :param status: What the answer before it was, `None` if there was none.
        """
        self.retries += 1
        self.maybe_paid += status in (None, 408)


PACED: ContextVar[PacedCall | None] = ContextVar("paced", default=None)
"""The call of a caller who paces, which no keyword argument could tell a pipeline that has policies of the user's."""


class RetryDecisions(RetryPolicyBase):
    """When a request to a model is sent again, and after how long.

    azure-core's settings, all of which stay, with other answers: a POST to a model may be repeated; a status is retried
    for what it says and not for the headers that it carries; waits have jitter, and none outlasts the deadline.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._methods = frozenset(kwargs.pop("retry_on_methods", None) or {*self._DEFAULT_METHODS, "POST"})
        self._statuses = RETRIED_STATUSES | frozenset(kwargs.get("retry_on_status_codes") or ())
        self._read_timeouts = "retry_read" in kwargs
        self._exponent = _checked_exponent(kwargs.pop("retry_backoff_exponent", None))
        super().__init__(**kwargs)
        self.retry_mode = _checked_mode(self.retry_mode)

    _DEFAULT_METHODS = ("HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE")

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read a call's own settings.

        :param options: The call's options; those of retries are taken out.
        """
        read_timeouts = self._read_timeouts or "retry_read" in options
        options["retry_on_methods"] = options.pop("retry_on_methods", None) or self._methods
        statuses = self._statuses | frozenset(options.pop("retry_on_status_codes", None) or ())
        exponent = _checked_exponent(options.pop("retry_backoff_exponent", self._exponent))
        mode = _checked_mode(options.pop("retry_mode", self.retry_mode))
        paced = PACED.get()
        if paced is not None:
            statuses -= {429}
        settings = super().configure_retries(options)
        own = {"read_timeouts": read_timeouts, "statuses": statuses, "exponent": exponent, "mode": mode}
        own["began"] = time.monotonic()
        return {**settings, **own}

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Decide how long to wait where the service does not say.

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
        """Whether an answer's status asks for another attempt.

        :param settings: The call's settings.
        :param response: The pipeline's response.
        """
        status: int = response.http_response.status_code
        method: str = response.http_request.method
        retried = status in settings["statuses"]
        asked = response.http_response.headers.get("x-should-retry")  # of OpenAI and Anthropic, who know best
        if asked == "false":
            retried = False
        elif asked == "true" and status >= 400 and status != 429:  # whether 429 is retried, a batch decides by itself
            retried = True
        return bool(settings["total"]) and retried and method.upper() in settings["methods"]

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        """Count an attempt, and decide how long to wait for the next.

        :param settings: The call's settings; `delay` is set.
        :param response: The pipeline's response; its request if there was none.
        :param error: What was raised instead.
        :return: Whether there is a next attempt. If there is none, an error says how many there were.
        """
        attempts = len(settings["history"]) + 1
        goes_on = self._goes_on(settings, response, error)
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
        return backoff * random.uniform(0.5, 1)  # noqa: S311 - jitter is no secret


def _spread(asked: float, *, longest: float) -> float:
    """Add jitter to a wait that the service asks for, so that callers it sent away together do not return together.

    Never less than was asked for, unless that is more than the longest wait.
    """
    if asked >= longest:
        return longest * random.uniform(0.9, 1)  # noqa: S311 - jitter is no secret
    return min(longest, asked + random.uniform(0, max(0.05, asked / 10)))  # noqa: S311 - jitter is no secret


_MOST_GROWTH = 64
"""Waits grow no more after as many retries; whatever they grew from, the longest wait is reached, and no float ends."""


def _checked_exponent(exponent: float | None) -> float | None:
    if exponent is None or 1 <= exponent <= 100:
        return exponent
    raise ValueError(f"retry_backoff_exponent is {exponent!r}; choose a number from 1 (waits stay) to 100")


def _checked_mode(mode: str) -> RetryMode:
    try:
        return RetryMode(mode)
    except ValueError:
        raise ValueError(f"retry_mode is {mode!r}; choose 'exponential' or 'fixed'") from None


def _tell_attempts(error: AzureError, attempts: int, seconds: float) -> None:
    """Add to an error's first line how often the request was sent."""
    line, newline, rest = error.message.partition("\n")
    error.message = f"{line.removesuffix('.')}, after {attempts} attempts in {seconds:.1f} s.{newline}{rest}"
    error.args = (error.message, *error.args[1:])


def is_transient(error: Exception, *, read_timeouts: bool) -> bool:
    """Whether a request that failed without an answer may do better at once.

    :param error: What azure-core raised.
    :keyword read_timeouts: Whether an answer that did not come in time counts: the model may still be at work.
    """
    if isinstance(error, ServiceResponseTimeoutError):
        return read_timeouts
    if isinstance(error, IncompleteReadError):
        return True  # a plain answer that was cut off is like one that never came
    if isinstance(error, InsecureRequestError) or not isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return False
    if isinstance(error, ProxyError):
        return error.status_code in RETRIED_STATUSES
    reasons = list(causes(error))
    if any(isinstance(reason, _CUT_SHORT) for reason in reasons):
        return True
    return not any(isinstance(reason, (socket.gaierror, ssl.SSLError)) for reason in reasons)


_CUT_SHORT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""A TLS handshake that broke off is like a connection that did; a certificate that nobody trusts will not improve."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Walk through what an error came from: causes, and what HTTP libraries keep in arguments and attributes.

    requests and urllib3 wrap errors without `from`: the reason stands in `args` or `reason`, azure-core's in
    `inner_exception`. `__context__` is not followed: it also leads to what the caller was handling when he called, such
    as another client's DNS failure, after which he tries this one.
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
