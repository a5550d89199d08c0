"""All that the package reads: text files and images of bounded size, under a folder that nothing leads out of."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from ._prompt_error import PromptError

MAX_TEXT_BYTES = 1024 * 1024
MAX_IMAGE_BYTES = 20 * 1024 * 1024

_IMAGE_TYPES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}


def resolve(reference: str, folder: Path, root: Path | None) -> Path:
    """Find the file that a reference names.

    :param reference: A path, relative to `folder` unless it is absolute.
    :param folder: The folder of the file that holds the reference.
    :param root: The folder that the file has to be in, symbolic links resolved. None: anywhere.
    :return: The file, symbolic links resolved.
    :raises PromptError: The file is outside of `root`.
    :raises FileNotFoundError: There is no such file.
    """
    try:
        path = Path(os.path.realpath(folder / reference))
    except ValueError as error:  # a null character
        raise PromptError(f"{reference!r} is no file name: {error}") from error
    if root is not None and not path.is_relative_to(root):
        raise PromptError(
            f"{reference!r} leads outside of {str(root)!r}; move the file into that folder, "
            f"or name a folder that holds both with from_prompty(..., root=...)"
        )
    if not _is_file(path):
        raise FileNotFoundError(f"No file {str(path)!r}, which {reference!r} names")
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # before Python 3.14: the name is longer than any file's
        return False


def read_text(path: Path) -> str:
    """Read a UTF-8 file of at most 1 MiB.

    :param path: The file.
    :return: Its text, line ends as line feeds.
    :raises PromptError: It is larger, or no UTF-8.
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
    :raises PromptError: The file is larger or of another kind.
    """
    kind = _IMAGE_TYPES.get(path.suffix.lower())
    if kind is None:
        raise PromptError(f"{path}: not an image that can be sent inline; use one of {', '.join(_IMAGE_TYPES)}")
    return f"data:image/{kind};base64,{base64.b64encode(_read(path, MAX_IMAGE_BYTES)).decode('ascii')}"


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise PromptError(f"{path}: larger than the {limit:,} bytes that are read of such a file")
    return content
