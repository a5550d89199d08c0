"""What ``GET models`` says, of all models or of one."""

from collections.abc import Collection
from typing import Any, Final

from ._dialects import Dialect
from ._problems import ServiceError

_OWNER: Final = "azure-ai-inference"
_CAPABILITIES: Final = {
    "completion_chat": True,
    "completion_fim": False,
    "function_calling": True,
    "fine_tuning": False,
    "vision": True,
}
"""Mistral's clients refuse a model without these."""


def list_models(names: Collection[str], dialect: Dialect, asked: str | None) -> dict[str, Any]:
    """Return the list of models, or the one that was asked for.

    :raises ServiceError: 404 for one that is not there.
    """
    models = {name: _describe(name, dialect) for name in names}
    if asked is None:
        return {"object": "list", "data": list(models.values())}
    if asked not in models:
        raise model_not_found(asked)
    return models[asked]


def _describe(name: str, dialect: Dialect) -> dict[str, Any]:
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
    """Return OpenAI's refusal of a model that it does not have."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return ServiceError(404, "model_not_found", message)
