"""Choose the client that fits a model: the decisions of `load_client`. Pure."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from .._error_state import set_text
from .._http.endpoint import Kind
from .options import CHAT_SETTINGS, EMBEDDING_SETTINGS

_KINDS: Mapping[str, Kind] = {
    "chat": "chat",
    "completion": "chat",
    "chat_completion": "chat",
    "embedding": "embeddings",
    "text_embedding": "embeddings",
    "image_embedding": "image_embeddings",
}
_SETTINGS: Mapping[Kind, tuple[str, ...]] = {
    "chat": CHAT_SETTINGS,
    "embeddings": EMBEDDING_SETTINGS,
    "image_embeddings": EMBEDDING_SETTINGS,
}


def kind_of(model_type: Any) -> Kind:
    """Return which client a model needs.

    :param model_type: As `/info` or a user spells it: in any case, with underscores, dashes or blanks, also in the
        plural.
    :raises ValueError: No client supports it.
    """
    name = getattr(model_type, "value", model_type) or ""
    singular = str(name).strip().lower().replace("-", "_").replace(" ", "_").removesuffix("s")
    if singular in _KINDS:
        return _KINDS[singular]
    raise ValueError(
        f"There is no client for a model of type {model_type!r}. Pass model_type='chat_completion', 'embeddings' or "
        "'image_embeddings', or build the client you want."
    )


def check_settings(kind: Kind, options: Mapping[str, Any]) -> None:
    """Refuse settings that the chosen client does not have.

    :param kind: The kind of the client.
    :param options: The keyword arguments of `load_client`.
    :raises TypeError: A setting belongs to another client.
    """
    others = {name for names in _SETTINGS.values() for name in names} - set(_SETTINGS[kind])
    foreign = [name for name in options if name in others and options[name] is not None]
    if foreign:
        what = {"chat": "chat completions", "embeddings": "embeddings", "image_embeddings": "image embeddings"}[kind]
        raise TypeError(f"load_client() found a model for {what}, whose client has no setting {', '.join(foreign)}.")


def explain_missing_info(error: ResourceNotFoundError) -> None:
    """Add to an error what missing model information means for `load_client`.

    :param error: The exception of `get_model_info`; its text is changed.
    """
    set_text(
        error,
        "The `load_client` function does not work on this endpoint, which does not report the model it serves: pass "
        f"model_type=, or build the client you want.\n{error.message}",
    )
