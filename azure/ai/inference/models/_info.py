"""What a deployment says of itself."""

from enum import Enum

from azure.core import CaseInsensitiveEnumMeta

from .._model import Model


class ModelType(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Kinds of model, as the `/info` route names them."""

    __module__ = "azure.ai.inference.models"

    EMBEDDINGS = "embeddings"
    IMAGE_GENERATION = "image_generation"
    TEXT_GENERATION = "text_generation"
    IMAGE_EMBEDDINGS = "image_embeddings"
    AUDIO_GENERATION = "audio_generation"
    CHAT_COMPLETION = "chat_completion"


class ModelInfo(Model):
    """The model behind an endpoint, as its `/info` route tells."""

    __module__ = "azure.ai.inference.models"

    model_name: str
    """Name of the model."""
    model_type: str | ModelType
    """Kind of the model, in the deployment's own spelling."""
    model_provider_name: str
    """Who made it."""
    served_model_name: str | None = None
    """Name of the deployed model, on serverless endpoints."""
    served_model_type: str | None = None
    """Kind of the deployed model, on serverless endpoints."""
