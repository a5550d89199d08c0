"""The requests received and their outcomes: numbered, bounded, and as a feed of changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from operator import attrgetter
from secrets import token_hex
from typing import Final

from ._attempts import Attempts
from ._exchange import Exchange
from ._leaks import find_leaks
from ._request import RecordedRequest, credentials

BYTES_KEPT: Final = 64 * 1024 * 1024
"""The total bytes stored for all responses. Beyond that, the oldest responses lose their bytes; outcomes stay."""


class Journal:
    """The requests received, oldest first. The server's thread writes, any thread may read.

    A change gives an exchange a new version, a number that only grows. A reader that knows everything up to one version
    asks for newer ones, so no change is lost however long it was away, and no list of changes is needed.

    :param kept: How many of the newest requests to keep. None: all.
    :keyword bytes_kept: How many bytes of their responses to keep. Default: 64 MiB.
    """

    def __init__(self, kept: int | None, *, bytes_kept: int = BYTES_KEPT) -> None:
        self.kept = kept
        self.epoch = _new_epoch()
        self._bytes_kept = bytes_kept
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._attempts = Attempts()
        self._number = 0
        self._version = 0
        self._bytes = 0
        self._dirty: dict[int, Exchange] = {}
        self._lock = threading.RLock()

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The stored exchanges, oldest first."""
        with self._lock:
            return tuple(self._exchanges.values())

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of a request, if it is stored."""
        with self._lock:
            return self._exchanges.get(number)

    def open(self, request: RecordedRequest, secrets: tuple[str, ...] = ()) -> Exchange:
        """Start an exchange for a request that arrived. It is stored without secrets.

        :param secrets: Other secrets to remove from the request.
        """
        carried = tuple(credentials(request))
        with self._lock:
            self._number += 1
            request.outcome.id = self._number
            self._attempts.arrive(request)
            request.outcome.leaks = find_leaks(request, (*carried, *secrets))
            exchange = Exchange(request.scrubbed(), carried, self._note)
            if self.kept != 0:
                self._exchanges[self._number] = exchange
            if self.kept is not None and len(self._exchanges) > self.kept:
                self._forget(self._exchanges.popitem(last=False)[1])
            self._note(exchange, 0)
        return exchange

    def clear(self) -> None:
        """Delete all requests. Those still being answered are no longer shown."""
        with self._lock:
            self._exchanges.clear()
            self._dirty.clear()
            self._attempts = Attempts()
            self._bytes = 0
            self.epoch = _new_epoch()

    def changes(self, after: int) -> tuple[int, list[Exchange]]:
        """Return the newest version, and the exchanges that changed after the version ``after``, in that order."""
        with self._lock:
            for exchange in self._dirty.values():
                self._version += 1
                exchange.version = self._version
            self._dirty.clear()
            if after >= self._version:
                return self._version, []
            changed = [found for found in self._exchanges.values() if found.version > after]
            return self._version, sorted(changed, key=attrgetter("version"))

    def _note(self, exchange: Exchange, grown: int) -> None:
        if exchange.outcome.ended:
            self._attempts.end(exchange.request)
        with self._lock:
            if exchange.outcome.id not in self._exchanges:
                exchange.drop()
                return
            self._dirty[exchange.outcome.id] = exchange
            self._bytes += grown
            if self._bytes > self._bytes_kept:
                self._drop_oldest()

    def _forget(self, exchange: Exchange) -> None:
        self._dirty.pop(exchange.outcome.id, None)
        self._bytes -= exchange.drop()

    def _drop_oldest(self) -> None:
        # Half at a time, so that the walk over exchanges dropped before is rare.
        oldest = iter(self._exchanges.values())
        while self._bytes > self._bytes_kept // 2:
            self._bytes -= next(oldest).drop()


def _new_epoch() -> str:
    """Return a name for a series of versions. It is unique, even across processes."""
    return token_hex(4)
