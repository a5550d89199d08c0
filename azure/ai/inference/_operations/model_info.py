"""Model information: its route and its answer."""

from typing import Any
from urllib.parse import quote

from azure.core.exceptions import ResourceNotFoundError

from .._model import wrap_as
from ..models._info import ModelInfo
from .call import Call, read_object

_wrap = wrap_as(ModelInfo)


def info_operation(model: str | None) -> str:
    """Name the route.

    :param model: Which model to ask about, if the endpoint serves several.
    """
    return f"info?model={quote(model, safe='')}" if model else "info"


def model_info_of(call: Call, response: Any) -> ModelInfo:
    """Read the answer.

    :param call: The call.
    :param response: The transport's response.
    :raises ~azure.core.exceptions.ResourceNotFoundError: The endpoint has no such route.
    """
    try:
        return _wrap(read_object(call, response))
    except ResourceNotFoundError as error:
        error.message = f"Model information is not available on this endpoint.\n{error.message}"
        error.args = (error.message, *error.args[1:])
        raise


def asks_itself() -> RuntimeError:
    """Return the error for a hook that asks for model information whenever model information is asked for."""
    return RuntimeError(
        "get_model_info() was called by a hook of its own request, which would go on without end. Call it once before, "
        "or let the hook pass over requests whose path ends in /info."
    )
