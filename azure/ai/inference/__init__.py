"""Client library for AI models on Azure: chat completions and embeddings."""

from typing import TYPE_CHECKING, Any

from . import models as models
from ._client import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient, load_client
from ._version import VERSION

if TYPE_CHECKING:
    from ._batch_client import BatchClient

__version__ = VERSION
__all__ = ["BatchClient", "ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient", "load_client"]

for _name in __all__[1:]:
    globals()[_name].__module__ = __name__  # for pickles and `repr`, which must not change when files move


if TYPE_CHECKING:
    pass  # With `__getattr__`, type checkers would accept any name.
else:

    def __getattr__(name: str) -> Any:
        if name == "BatchClient":
            from ._batch_client import BatchClient  # imported late: imports are on a budget

            return BatchClient
        from ._operations.other_libraries import missing_attribute

        raise missing_attribute(__name__, name)
