"""Access to files: text and images of limited size, inside a folder that no path can leave."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from ._prompt_error import PromptError

MAX_TEXT_BYTES = 1024 * 1024
MAX_IMAGE_BYTES = 20 * 1024 * 1024

_IMAGE_TYPES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}


def resolve(reference: str, folder: Path, root: Path | None) -> Path:
    """Return the file that a reference names.

    :param reference: A path, relative to `folder` unless it is absolute.
    :param folder: The folder of the file that contains the reference.
    :param root: The folder that must contain the file after symbolic links are resolved. None: any folder.
    :return: The file, with symbolic links resolved.
    :raises PromptError: The file is outside of `root`.
    :raises FileNotFoundError: The file does not exist.
    """
    try:
        path = Path(os.path.realpath(folder / reference))
    except ValueError as error:  # It contains a null character.
        raise PromptError(f"{reference!r} is not a file name: {error}") from error
    if root is not None and not path.is_relative_to(root):
        raise PromptError(
            f"{reference!r} leads outside of {str(root)!r}; move the file into that folder, "
            f"or pass a folder that contains both, as in from_prompty(..., root=...)"
        )
    if not _is_file(path):
        raise FileNotFoundError(f"No file {str(path)!r}, which {reference!r} names")
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # Before Python 3.14: the name is too long for the file system.
        return False


def read_text(path: Path) -> str:
    """Read a UTF-8 file of at most 1 MiB.

    :param path: The file.
    :return: Its text, with line feeds as line ends.
    :raises PromptError: The file is larger, or not UTF-8.
    """
    try:
        text = _read(path, MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PromptError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def image_url(path: Path) -> str:
    """Read an image of at most 20 MiB.

    :param path: A .png, .jpg, .jpeg, .gif or .webp file.
    :return: A data URL.
    :raises PromptError: The file is larger, or has another type.
    """
    kind = _IMAGE_TYPES.get(path.suffix.lower())
    if kind is None:
        raise PromptError(f"{path}: not an image that can be sent inline; use one of {', '.join(_IMAGE_TYPES)}")
    return f"data:image/{kind};base64,{base64.b64encode(_read(path, MAX_IMAGE_BYTES)).decode('ascii')}"


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise PromptError(f"{path}: the file is larger than the limit of {limit:,} bytes")
    return content
