"""Find requests that are retries: those that repeat the body of one that failed and was not repeated yet."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from ._outcome import Outcome
from ._request import RecordedRequest

_Key = tuple[str, str, int, int]
_BODIES_KEPT: Final = 1000
_FAILED_KEPT: Final = 1000


@dataclass
class _Asked:
    """What is known of one body: its newest request, and failed ones that have not been retried yet."""

    newest: Outcome
    failed: deque[Outcome] = field(default_factory=lambda: deque[Outcome](maxlen=_FAILED_KEPT))


class Attempts:
    """The requests that may be retried, by their content. Only the newest bodies are remembered."""

    def __init__(self) -> None:
        self._asked: OrderedDict[_Key, _Asked] = OrderedDict()

    def arrive(self, request: RecordedRequest) -> None:
        """Find the failed request that this one repeats, if any."""
        key = _key(request)
        asked = self._asked.get(key)
        if asked is None:
            self._asked[key] = _Asked(request.outcome)
            if len(self._asked) > _BODIES_KEPT:
                self._asked.popitem(last=False)
            return
        self._asked.move_to_end(key)
        asked.newest = request.outcome
        if asked.failed and not asked.failed[0].is_beside(request.outcome):
            request.outcome.follow(asked.failed.popleft())

    def end(self, request: RecordedRequest) -> None:
        """Remember a request that failed, or that its caller abandoned."""
        outcome = request.outcome
        asked = self._asked.get(_key(request))
        if asked is None or not outcome.failed:
            return
        again = asked.newest
        if again is not outcome and again.attempt == 1 and outcome.left_before_retry(again):
            again.follow(outcome)
        else:
            asked.failed.append(outcome)


def _key(request: RecordedRequest) -> _Key:
    return request.method, request.path, len(request.raw), hash(request.raw)
