"""Counts of requests, for load tests in another process, which need no stored requests."""

from collections import Counter
from typing import Any, Final

from ._request import RecordedRequest

_MOST_IDS: Final = 1_000_000


class Stats:
    """Counts of requests. Used only from the server's thread.

    :keyword most_ids: How many of the newest ids to keep. Default: a million.
    """

    def __init__(self, *, most_ids: int = _MOST_IDS) -> None:
        self._most_ids = most_ids
        self._paths: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._ids: dict[str, int] = {}

    def count(self, request: RecordedRequest, status: int) -> None:
        """Count a request by its path, the status of its response, and the id set by its caller.

        :param request: The request.
        :param status: The status of its response.
        """
        self._paths[request.path] += 1
        self._statuses[str(status)] += 1
        named = request.headers.get("x-ms-client-request-id")
        if named is not None:
            self._ids[named] = self._ids.get(named, 0) + 1
            if len(self._ids) > self._most_ids:
                del self._ids[next(iter(self._ids))]

    def report(self) -> dict[str, Any]:
        """Return the counts: ``requests``, ``paths``, ``statuses``, and the ids that occurred more than once."""
        repeated = {named: times for named, times in self._ids.items() if times > 1}
        return {
            "requests": sum(self._paths.values()),
            "paths": dict(self._paths),
            "statuses": dict(self._statuses),
            "ids": len(self._ids),
            "repeated_ids": repeated,
        }
