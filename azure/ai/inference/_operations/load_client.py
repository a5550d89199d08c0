"""Which client fits a model: what `load_client` decides. Pure."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from .._http.endpoint import Kind
from .chat import CHAT_SETTINGS
from .options import EMBEDDING_SETTINGS

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

    :param model_type: As `/info` or a user spells it: in any case, with underscores, dashes or blanks, in the plural.
    :raises ValueError: There is no client for it.
    """
    name = getattr(model_type, "value", model_type) or ""
    singular = str(name).strip().lower().replace("-", "_").replace(" ", "_").removesuffix("s")
    if singular in _KINDS:
        return _KINDS[singular]
    raise ValueError(
        f"There is no client for a model of type {model_type!r}. Give model_type='chat_completion', 'embeddings' or "
        "'image_embeddings', or build the client that you want."
    )


def check_settings(kind: Kind, options: Mapping[str, Any]) -> None:
    """Refuse settings that the client which comes out does not have.

    :param kind: Which client it is.
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

    :param error: What `get_model_info` raised; its text is changed.
    """
    error.message = (
        "The `load_client` function does not work on this endpoint, which does not tell what model it serves: give it "
        f"model_type=, or build the client that you want.\n{error.message}"
    )
    error.args = (error.message, *error.args[1:])
