"""The state of azure-core's errors: their text, which is stored twice, and the part that can be pickled.

A pickle contains the text and the values, but nothing that leads to the request, which holds the key.
"""

from typing import Any, TypeVar

from azure.core.exceptions import AzureError

_ErrorT = TypeVar("_ErrorT", bound=AzureError)

_LIVE_ATTRIBUTES = ("response", "inner_exception", "exc_type", "exc_value", "exc_traceback")
"""Attributes that refer to the request, or to a traceback, which cannot be pickled."""


def set_text(error: AzureError, text: str) -> None:
    """Change the text of an error.

    azure-core keeps the text in `message`, but `str(error)`, tracebacks and pickles show the first of `args`.

    :param error: The error to change.
    :param text: The new text.
    """
    error.message = text
    error.args = (text, *error.args[1:])


def reduced(error: AzureError) -> "tuple[Any, ...]":
    """Return the result of `__reduce__` for an error, without references to the request.

    :param error: The error.
    """
    return revive, (type(error), error.args, _state_of(error))


def reduced_with_cause(error: AzureError) -> "tuple[Any, ...]":
    """Return the result of `__reduce__` for an error with its cause, as far as the cause can be pickled.

    :param error: The error.
    """
    return revive_with_cause, (type(error), error.args, _state_of(error), _portable(error.inner_exception))


def _state_of(error: AzureError) -> "dict[str, Any]":
    # `exc_msg` is azure-core's, and has the text of any exception that was being handled.
    return {**vars(error), **dict.fromkeys(_LIVE_ATTRIBUTES), "exc_msg": error.message}


def revive(cls: "type[_ErrorT]", args: "tuple[Any, ...]", state: "dict[str, Any]") -> _ErrorT:
    """Restore an error from its pickle, without its constructor, which would read the response again.

    :param cls: Its class.
    :param args: Its arguments.
    :param state: Its attributes.
    """
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


def revive_with_cause(
    cls: "type[_ErrorT]", args: "tuple[Any, ...]", state: "dict[str, Any]", cause: BaseException | None
) -> _ErrorT:
    """Restore an error from its pickle, with its cause.

    :param cls: Its class.
    :param args: Its arguments.
    :param state: Its attributes.
    :param cause: Its cause, as far as it could be pickled.
    """
    error = revive(cls, args, {**state, "inner_exception": cause})
    error.__cause__ = cause
    return error


def _portable(error: BaseException | None) -> BaseException | None:
    """Return the part of an error that can be pickled: the error itself if it pickles without the objects it refers to.

    azure-core's errors refer to the HTTP library's exception, and through it to the request, which holds the key.
    """
    import pickle

    if isinstance(error, AzureError) and type(error).__reduce__ is BaseException.__reduce__:
        return revive(type(error), error.args, {**vars(error), **dict.fromkeys(_LIVE_ATTRIBUTES)})
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own pickle of this moment
    except Exception:  # noqa: BLE001 - the caller's own error, which may not pickle: its text is kept
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
