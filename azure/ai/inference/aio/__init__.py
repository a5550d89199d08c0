"""The asynchronous clients. They need aiohttp, which the extra `aio` installs."""

from ._client import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, load_client

__all__ = ["ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient", "load_client"]

for _name in __all__:
    globals()[_name].__module__ = __name__  # for pickles and `repr`, which must survive a move of the files
