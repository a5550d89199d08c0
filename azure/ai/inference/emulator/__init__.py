"""A local endpoint that answers as the services do, for tests, samples and load tests. Needs the extra ``emulator``.

A request is a value, and so is its answer; only `_server` touches sockets. A request goes through `_routes`, `_access`,
`_rules` and `_chat_choices` to an answer, which `_completion` and `_dialect_errors` shape as one of the `_dialects`.
"""

from ._emulator import DEFAULT_KEY, Emulator
from ._outcome import Outcome
from ._replies import Reply, ToolCall
from ._request import RecordedRequest
from ._verdict import Finding
from ._weather import Fault

__all__ = ["DEFAULT_KEY", "Emulator", "Fault", "Finding", "Outcome", "RecordedRequest", "Reply", "ToolCall"]

for _shown in (Emulator, Fault, Finding, Outcome, RecordedRequest, Reply, ToolCall):
    _shown.__module__ = __name__  # for pickles and `repr`, which must survive a move of the files
