"""Model information: its route and its response."""

from typing import Any
from urllib.parse import quote

from azure.core.exceptions import ResourceNotFoundError

from .._error_state import set_text
from .._nested_models import wrap_as
from ..models._info import ModelInfo
from .call import Call, Operation, read_object

_wrap = wrap_as(ModelInfo)


def info_operation(model: str | None) -> Operation:
    """Return what to call.

    :param model: The model to ask about, if the endpoint serves several.
    """
    return Operation("get_model_info", f"info?model={quote(model, safe='')}" if model else "info")


def model_info_of(call: Call, response: Any) -> ModelInfo:
    """Read the response.

    :param call: The call.
    :param response: The transport's response.
    :raises ~azure.core.exceptions.ResourceNotFoundError: The endpoint has no such route.
    """
    try:
        return _wrap(read_object(call, response))
    except ResourceNotFoundError as error:
        set_text(error, f"Model information is not available on this endpoint.\n{error.message}")
        raise


def recursive_info_error() -> RuntimeError:
    """Build the error for a hook that requests model information for every request, including that one."""
    return RuntimeError(
        "get_model_info() was called by a hook of its own request, which would never end. Call it once beforehand, or "
        "let the hook skip requests whose path ends in /info."
    )
