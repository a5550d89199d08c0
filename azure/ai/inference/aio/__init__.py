"""The asynchronous clients. They need aiohttp: `pip install azure-ai-inference[aio]`."""

from ._client import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, load_client

__all__ = ["ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient", "load_client"]
