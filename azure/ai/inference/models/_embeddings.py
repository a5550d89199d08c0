"""Embeddings: the input of image embeddings, and the result of both kinds."""

import json
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from .._model import Model
from .._model_fields import computed
from ._answer import Answer
from ._content import FilePath, ImageUrl

if TYPE_CHECKING:
    from array import array

    import numpy


class ImageEmbeddingInput(Model):
    """An image to embed, with a text if the model embeds pairs."""

    __module__ = "azure.ai.inference.models"

    image: str
    """The image, as a data URL."""
    text: str | None = None
    """A text to embed together with the image."""

    @classmethod
    def load(cls, *, image_file: FilePath, image_format: str, text: str | None = None) -> Self:
        """Return a local image to embed.

        :keyword image_file: Path of the image.
        :keyword image_format: The MIME subtype: "png" or "jpeg".
        :keyword text: A text to embed together with the image.
        :return: An `ImageEmbeddingInput` that contains the image.
        :raises FileNotFoundError: The file does not exist.
        """
        return cls(image=ImageUrl.load(image_file=image_file, image_format=image_format).url, text=text)


class EmbeddingItem(Model):
    """One embedding."""

    __module__ = "azure.ai.inference.models"

    embedding: str | list[float]
    """The embedding as the service sent it: a list of numbers, or a base64 str if that encoding was requested."""
    index: int
    """Index of its input, from 0."""

    @computed
    def encoding(self) -> str:
        """Return how its numbers are encoded: "float", "int8", "uint8", "binary" or "ubinary".

        This is the encoding that the request asked for. An item that did not come from a client is read as floats;
        assign `encoding` if it has another.
        """
        return "float"

    @computed
    def vector(self) -> "array[Any]":
        """Return the embedding as an array of numbers, whether it came as a list or in base64. The array is kept.

        The array's type code is "f" for 32-bit floats, "b" for "int8" and "binary", and "B" for "uint8" and "ubinary".
        In "binary" and "ubinary", each number packs eight dimensions.

        :raises ValueError: The embedding is neither a list of numbers nor base64.
        """
        embedding = self.embedding
        known: Any = vars(self).get("_decoded")
        if known is None or known[0] is not embedding:
            from ._vectors import decode

            known = vars(self)["_decoded"] = (embedding, decode(embedding, self.encoding))
        return known[1]  # type: ignore[no-any-return]


class EmbeddingsUsage(Model):
    """Tokens used."""

    __module__ = "azure.ai.inference.models"

    prompt_tokens: int
    """Tokens in the input."""
    total_tokens: int
    """All tokens; usually the same number."""


class EmbeddingsResult(Answer):
    """The result of `embed`."""

    __module__ = "azure.ai.inference.models"

    id: str | None = None
    """The service's id for this result, if it sends one."""
    data: list[EmbeddingItem]
    """The embeddings, in the order of the inputs."""
    usage: EmbeddingsUsage
    """Tokens used."""
    model: str
    """The model that made the embeddings."""

    def to_numpy(self) -> "numpy.ndarray[Any, Any]":
        """Return the embeddings as a matrix, in which row i belongs to input i.

        :return: An array of shape (n, d), of float32, int8 or uint8, depending on the request's `encoding_format`.
            "binary" and "ubinary" stay packed: d is an eighth of the dimensions, the high bit comes first, and
            `numpy.unpackbits` unpacks "ubinary".
        :raises ImportError: numpy is not installed.
        :raises ValueError: The embeddings differ in length, or one is neither a list of numbers nor base64.
        """
        from ._vectors import matrix

        return matrix([item.vector for item in sorted(self.data, key=lambda item: item.index or 0)])

    def __str__(self) -> str:
        return json.dumps(self.as_dict(), indent=2)
