"""Choose the rows to send, given the results of earlier runs. Pure but for the journal's index."""

from typing import Any

from ._row_calls import RowCall
from ._row_index import IndexedRow, RowIndex, RowState, request_bits
from ._run_options import OnChanged, Redo
from ._summary import Summary

SKIPPED_AT_ONCE = 1000
"""The number of rows to skip before others get a turn."""


def is_redone(state: RowState, redo: Redo) -> bool:
    """Decide whether to send a row again that failed and has not changed."""
    return redo == "failed" or (redo == "transient" and state is RowState.TRANSIENT)


def changed_words(custom_id: str, before: str, now: str) -> str:
    """Return the error text for an answered row whose request is different now.

    :param custom_id: The row's id.
    :param before: The hash of the answered request, in hex.
    :param now: The hash of the current request, in hex.
    """
    return (
        f"The row {custom_id!r:.100} was answered or submitted, but its request, or a default setting of the client, "
        f"has changed (its SHA-256 was {before[:16]}..., now {now[:16]}...). Pass on_changed='redo' to send it again "
        "and pay for it, on_changed='keep' to keep the old answer, or write to another output."
    )


class RowSelection:
    """Chooses the rows to send, and checks that ids are unique.

    :param index: The results of earlier runs.
    :param redo: Which failed rows to send again.
    :param on_changed: What happens to an answered row whose request has changed.
    :param summary: Counts the rows that are skipped.
    """

    def __init__(self, index: RowIndex, redo: Redo, on_changed: OnChanged, summary: Summary) -> None:
        self._index, self._summary = index, summary
        self._redo: Redo = redo
        self._on_changed: OnChanged = on_changed

    def wants(self, call: RowCall, number: int) -> bool:
        """Decide whether to send a row.

        :param call: The row's call.
        :param number: The number of the row, counted from 1.
        :raises ValueError: The id occurred before, or the row's request has changed.
        """
        place, request = self._index.find(call.custom_id), request_bits(call.sha256)
        if self._index.see_answered(place, request):  # nearly all rows of a run that is resumed
            self._summary.skipped += 1
            return False
        known = self._index.known_at(place)
        if known is not None and known.state in (RowState.ASKED, RowState.SEEN):
            raise ValueError(
                f"Row {number} has the same custom_id as an earlier row: {call.custom_id!r:.100}. Ids must be unique "
                "in a run."
            )
        wanted = known is None or self._asks_again(call, known, request)
        self._index.note(place, RowState.ASKED if wanted else RowState.SEEN, request)
        self._summary.skipped += not wanted
        if known is not None and not wanted:
            self._summary.skipped_failed += known.state is not RowState.ANSWERED
        return wanted

    def _asks_again(self, call: RowCall, known: IndexedRow, request: int) -> bool:
        changed = known.request not in (0, request)
        if known.state is not RowState.ANSWERED:
            return changed or is_redone(known.state, self._redo)
        if changed and self._on_changed == "raise":
            raise ValueError(changed_words(call.custom_id, f"{known.request << 3:016x}", call.sha256))
        self._summary.kept += changed and self._on_changed == "keep"
        return changed and self._on_changed == "redo"


def has_changed(known: Any, sha256: str) -> bool:
    """Return whether a result belongs to another request; providers do not write which one."""
    return known.request_sha256 not in (None, sha256)
