"""Explain why a run stops early, wherever its rows are sent. Pure."""

from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

from ._runner import QuotaWaitError
from ._summary import Summary

_FEW = 100
"""Rows that must be done before a share of failures means anything."""


def affects_every_row(error: Exception) -> bool:
    """Return whether every other row would fail too: no access, unknown deployment, unknown host."""
    unreachable = isinstance(error, (ClientAuthenticationError, ServiceRequestError))
    return unreachable or (isinstance(error, AzureError) and getattr(error, "status_code", None) in (401, 403, 404))


def stopped_text(why: str, *, in_output: bool) -> str:
    """Return the text for a run that stopped early.

    :param why: The reason.
    :keyword in_output: Whether there is an output.
    """
    where = " The results so far are in the output; the same call continues from there." if in_output else ""
    return f"The run stopped early. {why}{where}"


def first_failure_reason(error: AzureError) -> str:
    """Return the text for a first request that failed in a way that every other would."""
    return f"The first request failed, and every other would fail the same way:\n{error.message}\n"


def quota_reason(error: QuotaWaitError) -> str:
    """Return the text for an exhausted quota."""
    if error.seconds is None:
        return f"The account has no quota left, and waiting does not help:\n{error}\n"
    return (
        f"The service asks to wait for {error.seconds:,.0f} seconds, longer than max_wait: a quota is used up. Run it "
        f"again after that:\n{error}\n"
    )


def failures_reason(summary: Summary, most: float) -> str | None:
    """Return the text for too many failed rows; `None` if there are not too many.

    :param summary: The counts.
    :param most: `max_failures`: a number of rows (int), or a share (float) that applies after 100 rows.
    """
    done = summary.answered + summary.failed
    too_many = summary.failed > most if isinstance(most, int) else done >= _FEW and summary.failed > most * done
    if not too_many:
        return None
    errors = ", ".join(f"{code} ({count} times)" for code, count in summary.errors.most_common(3))
    return f"{summary.failed} of {done} rows failed, more than max_failures={most!r} allows: {errors}."
