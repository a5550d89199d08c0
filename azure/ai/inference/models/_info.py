"""What a deployment says of itself."""

from .._model import Model
from ._enums import ModelType


class ModelInfo(Model):
    """The model behind an endpoint, as its `/info` route tells."""

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
