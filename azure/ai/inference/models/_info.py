"""What a deployment reports about its model."""

from enum import Enum

from azure.core import CaseInsensitiveEnumMeta

from .._model import Model


class ModelType(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Kinds of models, as the `/info` route names them."""

    __module__ = "azure.ai.inference.models"

    EMBEDDINGS = "embeddings"
    IMAGE_GENERATION = "image_generation"
    TEXT_GENERATION = "text_generation"
    IMAGE_EMBEDDINGS = "image_embeddings"
    AUDIO_GENERATION = "audio_generation"
    CHAT_COMPLETION = "chat_completion"


class ModelInfo(Model):
    """The model behind an endpoint, as its `/info` route describes it."""

    __module__ = "azure.ai.inference.models"

    model_name: str
    """The model's name."""
    model_type: str | ModelType
    """The model's kind, in the deployment's own spelling."""
    model_provider_name: str
    """The model's provider."""
    served_model_name: str | None = None
    """The deployed model's name, on serverless endpoints."""
    served_model_type: str | None = None
    """The deployed model's kind, on serverless endpoints."""
