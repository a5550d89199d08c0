"""A local endpoint that behaves like the services, for tests, samples and load tests. Needs the extra ``emulator``.

A request is a value, and so is its response; only `_server` touches sockets. A request goes through `_routes`,
`_access`, `_rules` and `_chat_choices` to an answer, which `_completion` and `_dialect_errors` format as one of the
`_dialects`.
"""

from ._emulator import DEFAULT_KEY, Emulator
from ._fault import Fault
from ._outcome import Outcome
from ._replies import Reply, ToolCall
from ._request import RecordedRequest
from ._verdict import Finding

__all__ = ["DEFAULT_KEY", "Emulator", "Fault", "Finding", "Outcome", "RecordedRequest", "Reply", "ToolCall"]

for _shown in (Emulator, Fault, Finding, Outcome, RecordedRequest, Reply, ToolCall):
    _shown.__module__ = __name__  # for pickles and `repr`, which must not change when files move
