"""A local endpoint that answers as the services do, for tests, samples and load tests. Needs the extra ``emulator``.

Inside, everything but sockets is functions on values: a request goes through `_routes`, `_access`, `_rules` and
`_chat` to an answer, `_completion` and `_errors` shape it as one of the `_dialects`, and `_server` sends it.
"""

from ._emulator import DEFAULT_KEY, Emulator
from ._replies import Reply, ToolCall
from ._request import RecordedRequest
from ._weather import Fault

__all__ = ["DEFAULT_KEY", "Emulator", "Fault", "RecordedRequest", "Reply", "ToolCall"]
