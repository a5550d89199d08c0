"""Content items: the parts that a message's content may be made of."""

import base64
from collections.abc import Mapping
from os import PathLike
from os.path import basename
from typing import Any, Union, overload

from typing_extensions import Self

from .._model import Model
from .._model_fields import constant
from ._enums import AudioContentFormat, ImageDetailLevel

FilePath = Union[str, PathLike[str]]


def _base64_of(path: FilePath) -> str:
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode("ascii")


class ContentItem(Model, discriminator_field="type"):
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
    detail: str | ImageDetailLevel | None = None
    """How closely to look: "auto" (the default), "low" or "high"."""

    @classmethod
    def load(cls, *, image_file: FilePath, image_format: str, detail: str | ImageDetailLevel | None = None) -> Self:
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
    """The image, by URL. Where it was given as a str, for Mistral, a str."""

    @overload
    def __init__(self, *, image_url: ImageUrl | str) -> None: ...
    @overload
    def __init__(self, mapping: Mapping[str, Any], /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class InputAudio(Model):
    """Audio, in base64."""

    data: str
    """The bytes of the audio file, in base64."""
    format: str | AudioContentFormat
    """"wav" or "mp3"."""

    @classmethod
    def load(cls, *, audio_file: FilePath, audio_format: str | AudioContentFormat) -> Self:
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


class AudioUrl(Model):
    """Where audio is."""

    url: str
    """An https URL, or a data URL that holds the audio itself."""


class AudioUrlContentItem(ContentItem, discriminator="audio_url"):
    """Audio input, by URL: Phi-4-multimodal."""

    type: str = constant("audio_url")
    audio_url: AudioUrl
    """The audio."""


class ThinkingContentItem(ContentItem, discriminator="thinking"):
    """What a model thought, as Mistral's reasoning models tell it and want it back."""

    type: str = constant("thinking")
    thinking: list[ContentItem]
    """The thoughts: text items mostly, and references."""
    signature: str | None = None
    """Proof that the thoughts are the model's own, where the service gives one."""
    closed: bool | None = None
    """Whether the model ended the thought itself."""


class ReferenceContentItem(ContentItem, discriminator="reference"):
    """Points to the sources that the text before it rests on. Mistral's."""

    type: str = constant("reference")
    reference_ids: list[int | str]
    """The sources, by the ids that the request or a tool gave them."""


class DocumentUrlContentItem(ContentItem, discriminator="document_url"):
    """A document, by URL. Mistral's."""

    type: str = constant("document_url")
    document_url: str
    """An https URL, or a data URL that holds the document itself."""
    document_name: str | None = None
    """Its file name."""

    @classmethod
    def load(cls, *, document_file: FilePath, mime_type: str = "application/pdf") -> Self:
        """Read a local document into a data URL.

        :keyword document_file: Path of the document.
        :keyword mime_type: What it is; a PDF by default.
        :return: A `DocumentUrlContentItem` that holds the document, named as the file is.
        :raises FileNotFoundError: There is no such file.
        """
        url = f"data:{mime_type};base64,{_base64_of(document_file)}"
        return cls(document_url=url, document_name=basename(document_file))


class InputFile(Model):
    """A file, as OpenAI takes it: uploaded before, or with the request."""

    file_id: str | None = None
    """The id that the upload gave it."""
    file_data: str | None = None
    """Its bytes, as a data URL."""
    filename: str | None = None
    """Its name; with `file_data`."""


class FileContentItem(ContentItem, discriminator="file"):
    """A file: by `file_id` for Mistral, within `file` for OpenAI."""

    type: str = constant("file")
    file_id: str | None = None
    """The id that the upload gave it. Mistral's form."""
    file: InputFile | None = None
    """The file. OpenAI's form."""
