"""Calls of a caller who paces thousands of requests, with counts of the pipeline's retries. Pure."""

from contextvars import ContextVar


class PacedCall:
    """A call whose caller retries 429 itself, with the counts of the pipeline's own retries.

    A caller who sends thousands of requests has to slow all of them down after a 429, not only the refused one.
    """

    def __init__(self) -> None:
        self.retries = 0
        """How often the pipeline sent the request again."""
        self.maybe_paid = 0
        """How often it did so although the model may have been working: after no response, or status 408."""
        self.body: bytes | None = None
        """The body of the answer as received, so that nobody has to encode it again; `None` if it was translated."""

    def count(self, status: int | None) -> None:
        """Count a retry.

        :param status: The status of the response before it; `None` if there was none.
        """
        self.retries += 1
        self.maybe_paid += status in (None, 408)


PACED: ContextVar[PacedCall | None] = ContextVar("paced", default=None)
"""The call of a caller who paces. A keyword argument would not get past custom policies."""
