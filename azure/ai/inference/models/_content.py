"""Content items: the parts that a message's content may be made of."""

import base64
from os import PathLike
from typing import Optional, Union

from typing_extensions import Self

from .._model import Model, constant
from ._enums import AudioContentFormat, ImageDetailLevel

FilePath = Union[str, "PathLike[str]"]


def _base64_of(path: FilePath) -> str:
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode("ascii")


class ContentItem(Model, kinds_by="type"):
    """A part of a message's content; the base of all kinds, and what an unknown kind is read as."""

    type: str
    """The kind of item."""


class TextContentItem(ContentItem, discriminator="text"):
    """Text."""

    type: str = constant("text")
    text: str
    """The text."""


class ImageUrl(Model):
    """Where an image is."""

    url: str
    """An https URL, or a data URL that holds the image itself."""
    detail: Optional[Union[str, ImageDetailLevel]] = None
    """How closely to look: "auto" (the default), "low" or "high"."""

    @classmethod
    def load(
        cls, *, image_file: FilePath, image_format: str, detail: Optional[Union[str, ImageDetailLevel]] = None
    ) -> Self:
        """Read a local image into a data URL.

        :keyword image_file: Path of the image.
        :keyword image_format: The MIME subtype: "png", "jpeg", "gif", "webp".
        :keyword detail: How closely to look.
        :return: An `ImageUrl` that holds the image.
        :raises FileNotFoundError: There is no such file.
        """
        return cls(url=f"data:image/{image_format};base64,{_base64_of(image_file)}", detail=detail)


class ImageContentItem(ContentItem, discriminator="image_url"):
    """An image."""

    type: str = constant("image_url")
    image_url: ImageUrl
    """The image, by URL."""


class InputAudio(Model):
    """Audio, in base64."""

    data: str
    """The bytes of the audio file, in base64."""
    format: Union[str, AudioContentFormat]
    """"wav" or "mp3"."""

    @classmethod
    def load(cls, *, audio_file: FilePath, audio_format: Union[str, AudioContentFormat]) -> Self:
        """Read a local audio file.

        :keyword audio_file: Path of the file.
        :keyword audio_format: "wav" or "mp3".
        :return: An `InputAudio` that holds the file.
        :raises FileNotFoundError: There is no such file.
        """
        return cls(data=_base64_of(audio_file), format=audio_format)


class AudioContentItem(ContentItem, discriminator="input_audio"):
    """Audio input."""

    type: str = constant("input_audio")
    input_audio: InputAudio
    """The audio."""
