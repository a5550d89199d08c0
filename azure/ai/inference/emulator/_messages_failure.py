"""The event that ends a stream of the Messages API when the service gives up."""

from ._response import named_event


def messages_failure(message: str | None, _: bytes) -> bytes:
    """Return the event, framed.

    :param message: Its text. Default: that of an overloaded service.
    """
    error = {"details": None, "type": "overloaded_error", "message": message or "Overloaded"}
    return named_event({"type": "error", "error": error})
