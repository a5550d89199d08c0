"""The responses of ``GET models``, for all models or for one."""

from collections.abc import Collection
from typing import Any, Final

from ._dialects import Dialect
from ._service_error import ServiceError

_OWNER: Final = "azure-ai-inference"
_CAPABILITIES: Final = {
    "completion_chat": True,
    "completion_fim": False,
    "function_calling": True,
    "fine_tuning": False,
    "vision": True,
}
"""Members without which Mistral's clients refuse a model."""


def list_models(names: Collection[str], dialect: Dialect, asked: str | None) -> dict[str, Any]:
    """Return the list of models, or the requested one.

    :raises ServiceError: 404 if it does not exist.
    """
    models = {name: _describe(name, dialect) for name in names}
    if asked is None and dialect.name == "anthropic":
        ids = list(models)
        return {"data": list(models.values()), "has_more": False, "first_id": ids[0], "last_id": ids[-1]}
    if asked is None:
        return {"object": "list", "data": list(models.values())}
    if asked not in models:
        raise model_not_found(asked)
    return models[asked]


def _describe(name: str, dialect: Dialect) -> dict[str, Any]:
    if dialect.name == "anthropic":
        return {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"}
    model: dict[str, Any] = {"id": name, "object": "model", "created": 0, "owned_by": _OWNER}
    if dialect.name.startswith("mistral"):
        model |= {
            "name": name,
            "type": "base",
            "max_context_length": 32768,
            "aliases": [],
            "capabilities": _CAPABILITIES,
        }
    return model


def model_not_found(name: str) -> ServiceError:
    """Return OpenAI's refusal of an unknown model."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return ServiceError(404, "model_not_found", message)
