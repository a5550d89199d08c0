"""The Responses API of OpenAI, the only API of its newest models, and a superset of chat completions.

`responses_request` and `responses_input` translate requests, `responses_events` and `responses_fields` answers.
"""

from .._json import is_list
from . import Object, completion_of
from .responses_events import Events
from .responses_fields import unfinished
from .responses_request import is_native, request

__all__ = ["Events", "answer", "is_native", "request"]

_UNFINISHED = ("cancelled", "queued", "in_progress")


def answer(native: Object, created: int) -> Object:
    """Translate a whole answer; see `Translator.answer`."""
    if native.get("error") or not is_list(native.get("output")):
        return native
    if native.get("status") in _UNFINISHED:
        return unfinished(native)
    events = Events(created)
    return completion_of([*events.feed("response.completed", {"response": native}), *events.end()])
