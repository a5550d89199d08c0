"""Client library for AI models on Azure: chat completions and embeddings."""

from . import models as models
from ._client import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, load_client
from ._version import VERSION

__version__ = VERSION
__all__ = ["ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient", "load_client"]
