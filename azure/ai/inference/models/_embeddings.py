"""Embeddings: what image embeddings are made of, and what both kinds return."""

import json
from typing import Optional, Union

from typing_extensions import Self

from .._model import Model
from ._answer import Answer
from ._content import FilePath, ImageUrl


class ImageEmbeddingInput(Model):
    """An image to embed, with a text if the model takes pairs."""

    image: str
    """The image, as a data URL."""
    text: Optional[str] = None
    """A text to embed together with it."""

    @classmethod
    def load(cls, *, image_file: FilePath, image_format: str, text: Optional[str] = None) -> Self:
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

    embedding: Union[str, list[float]]
    """The embedding as it came: a list of numbers, or a base64 str where that encoding was asked for."""
    index: int
    """Which input it belongs to, counted from 0."""


class EmbeddingsUsage(Model):
    """Tokens spent."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResult(Answer):
    """What `embed` returns."""

    id: Optional[str] = None
    data: list[EmbeddingItem]
    """The embeddings, in the order of the inputs."""
    usage: EmbeddingsUsage
    """Tokens spent."""
    model: str
    """The model that embedded."""

    def __str__(self) -> str:
        return json.dumps(self.as_dict(), indent=2)
