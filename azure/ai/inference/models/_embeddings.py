"""Embeddings: what image embeddings are made of, and what both kinds return."""

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
    """An image to embed, with a text if the model takes pairs."""

    __module__ = "azure.ai.inference.models"

    image: str
    """The image, as a data URL."""
    text: str | None = None
    """A text to embed together with it."""

    @classmethod
    def load(cls, *, image_file: FilePath, image_format: str, text: str | None = None) -> Self:
        """Read a local image.

        :keyword image_file: Path of the image.
        :keyword image_format: The MIME subtype: "png", "jpeg".
        :keyword text: A text to embed together with it.
        :return: An `ImageEmbeddingInput` that holds the image.
        :raises FileNotFoundError: There is no such file.
        """
        return cls(image=ImageUrl.load(image_file=image_file, image_format=image_format).url, text=text)


class EmbeddingItem(Model):
    """One embedding."""

    __module__ = "azure.ai.inference.models"

    embedding: str | list[float]
    """The embedding as it came: a list of numbers, or a base64 str where that encoding was asked for."""
    index: int
    """Which input it belongs to, counted from 0."""

    @computed
    def encoding(self) -> str:
        """Tell how its numbers are encoded: "float", "int8", "uint8", "binary" or "ubinary".

        What the request asked for. An item that did not come from a client is taken for one of floats: assign
        `encoding` where it is another.
        """
        return "float"

    @computed
    def vector(self) -> "array[Any]":
        """Read the embedding as an array of numbers, whether it came as a list or in base64; made once, then kept.

        Its type code is "f" (floats of 32 bits), "b" for "int8" and "binary", "B" for "uint8" and "ubinary". "binary"
        and "ubinary" have eight dimensions packed into each number.

        :raises ValueError: The embedding is neither a list of numbers nor base64.
        """
        embedding = self.embedding
        known: Any = vars(self).get("_decoded")
        if known is None or known[0] is not embedding:
            from ._vectors import decode

            known = vars(self)["_decoded"] = (embedding, decode(embedding, self.encoding))
        return known[1]  # type: ignore[no-any-return]


class EmbeddingsUsage(Model):
    """Tokens spent."""

    __module__ = "azure.ai.inference.models"

    prompt_tokens: int
    """On the input."""
    total_tokens: int
    """In all; mostly the same."""


class EmbeddingsResult(Answer):
    """What `embed` returns."""

    __module__ = "azure.ai.inference.models"

    id: str | None = None
    """The service's name for this result, where it gives one."""
    data: list[EmbeddingItem]
    """The embeddings, in the order of the inputs."""
    usage: EmbeddingsUsage
    """Tokens spent."""
    model: str
    """The model that embedded."""

    def to_numpy(self) -> "numpy.ndarray[Any, Any]":
        """Put the embeddings into a matrix: row i belongs to input i.

        :return: An array of shape (n, d), of float32, int8 or uint8 as the request's `encoding_format` asks. "binary"
            and "ubinary" stay packed, d being an eighth of the dimensions, high bit first: `numpy.unpackbits` unpacks
            "ubinary".
        :raises ImportError: numpy is not installed.
        :raises ValueError: The embeddings differ in length, or one is neither a list of numbers nor base64.
        """
        from ._vectors import matrix

        return matrix([item.vector for item in sorted(self.data, key=lambda item: item.index or 0)])

    def __str__(self) -> str:
        return json.dumps(self.as_dict(), indent=2)
