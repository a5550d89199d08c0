"""Content items: the parts of a message's content."""

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
    """A part of a message's content: the base class of all kinds. Unknown kinds are read as this class."""

    __module__ = "azure.ai.inference.models"

    type: str
    """The kind of the item."""


class TextContentItem(ContentItem, discriminator="text"):
    """Text."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("text")
    text: str
    """The text."""


class ImageUrl(Model):
    """The location of an image."""

    __module__ = "azure.ai.inference.models"

    url: str
    """An https URL, or a data URL that contains the image."""
    detail: str | ImageDetailLevel | None = None
    """The resolution to process the image at: "auto" (the default), "low" or "high"."""

    @classmethod
    def load(cls, *, image_file: FilePath, image_format: str, detail: str | ImageDetailLevel | None = None) -> Self:
        """Return a local image as a data URL.

        :keyword image_file: Path of the image.
        :keyword image_format: The MIME subtype: "png", "jpeg", "gif" or "webp".
        :keyword detail: The resolution to process it at: "auto", "low" or "high".
        :return: An `ImageUrl` that contains the image.
        :raises FileNotFoundError: The file does not exist.
        """
        return cls(url=f"data:image/{image_format};base64,{_base64_of(image_file)}", detail=detail)


class ImageContentItem(ContentItem, discriminator="image_url"):
    """An image."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("image_url")
    image_url: ImageUrl
    """The image's URL. If you pass a str, which Mistral's models accept, it stays a str."""

    @overload
    def __init__(self, *, image_url: ImageUrl | str) -> None: ...
    @overload
    def __init__(self, mapping: Mapping[str, Any], /) -> None: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class InputAudio(Model):
    """Audio, in base64."""

    __module__ = "azure.ai.inference.models"

    data: str
    """The audio file, in base64."""
    format: str | AudioContentFormat
    """"wav" or "mp3"."""

    @classmethod
    def load(cls, *, audio_file: FilePath, audio_format: str | AudioContentFormat) -> Self:
        """Return a local audio file in base64.

        :keyword audio_file: Path of the file.
        :keyword audio_format: "wav" or "mp3".
        :return: An `InputAudio` that contains the file.
        :raises FileNotFoundError: The file does not exist.
        """
        return cls(data=_base64_of(audio_file), format=audio_format)


class AudioContentItem(ContentItem, discriminator="input_audio"):
    """Audio input."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("input_audio")
    input_audio: InputAudio
    """The audio."""


class AudioUrl(Model):
    """The location of an audio file."""

    __module__ = "azure.ai.inference.models"

    url: str
    """An https URL, or a data URL that contains the audio."""


class AudioUrlContentItem(ContentItem, discriminator="audio_url"):
    """Audio input by URL, for Phi-4-multimodal."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("audio_url")
    audio_url: AudioUrl
    """The audio."""


class ThinkingContentItem(ContentItem, discriminator="thinking"):
    """A model's reasoning, in the form that Mistral's reasoning models send and expect back."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("thinking")
    thinking: list[ContentItem]
    """The reasoning: text items, and sometimes references."""
    signature: str | None = None
    """Proof that the reasoning is the model's own, if the service provides one."""
    closed: bool | None = None
    """Whether the model finished the reasoning itself."""


class ReferenceContentItem(ContentItem, discriminator="reference"):
    """References to the sources of the text before it. Mistral's models only."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("reference")
    reference_ids: list[int | str]
    """The ids that the request or a tool gave the sources."""


class DocumentUrlContentItem(ContentItem, discriminator="document_url"):
    """A document by URL, for Mistral's models and for Claude."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("document_url")
    document_url: str
    """An https URL, or a data URL that contains the document."""
    document_name: str | None = None
    """The document's file name."""

    @classmethod
    def load(cls, *, document_file: FilePath, mime_type: str = "application/pdf") -> Self:
        """Return a local document as a data URL.

        :keyword document_file: Path of the document.
        :keyword mime_type: The document's MIME type; a PDF by default.
        :return: A `DocumentUrlContentItem` that contains the document, under the file's name.
        :raises FileNotFoundError: The file does not exist.
        """
        url = f"data:{mime_type};base64,{_base64_of(document_file)}"
        return cls(document_url=url, document_name=basename(document_file))


class InputFile(Model):
    """A file in OpenAI's form: uploaded before, or sent with the request."""

    __module__ = "azure.ai.inference.models"

    file_id: str | None = None
    """The id that the upload returned."""
    file_data: str | None = None
    """The file, as a data URL."""
    filename: str | None = None
    """The file's name; used with `file_data`."""


class FileContentItem(ContentItem, discriminator="file"):
    """A file: `file_id` for Mistral's models, `file` for OpenAI's."""

    __module__ = "azure.ai.inference.models"

    type: str = constant("file")
    file_id: str | None = None
    """The id that the upload returned, in Mistral's form."""
    file: InputFile | None = None
    """The file, in OpenAI's form."""
