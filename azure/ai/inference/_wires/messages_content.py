"""Translate the items of a message's content from chat form to blocks of the Messages API.

An item of a type that chat completions do not have is passed on unchanged: a native `document` or `search_result` may
be among the items of a user message.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from .._json import is_object
from . import NoCounterpartError, Object

API = "the Messages API"

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def content_blocks(content: Any, place: str, *, answer: bool = False) -> list[Object]:
    """Translate a message's content.

    :param content: A text, a list of items, or `None`.
    :param place: Where the message is, for errors, such as "messages[0]".
    :keyword answer: Whether the message is the assistant's.
    :return: The blocks; none for empty texts.
    :raises NoCounterpartError: An item has a form that the API does not support.
    :raises ValueError: The content is invalid.
    """
    if content is None or isinstance(content, str):
        return text_block(content)
    if not isinstance(content, (list, tuple)):
        raise ValueError(
            f"{place}.content must be a text or a list of items, not {type(content).__name__}: {content!r:.80}."
        )
    items = cast("list[Any]", content)
    return [block for i, item in enumerate(items) for block in _item(item, f"{place}.content[{i}]", answer)]


def text_block(text: Any) -> list[Object]:
    """Return the block of a text; none if the text is only white space, which the API refuses."""
    return [{"type": "text", "text": text}] if isinstance(text, str) and text.strip() else []


def text_of(content: Any) -> str:
    """Return the text of a message's content: itself, or its text items joined."""
    if isinstance(content, str):
        return content
    items = cast("list[Any]", content) if isinstance(content, (list, tuple)) else []
    texts = (item.get("text") if is_object(item) and item.get("type") == "text" else item for item in items)
    return "".join(text for text in texts if isinstance(text, str))


def _item(item: Any, place: str, answer: bool) -> list[Object]:
    if isinstance(item, str):
        return text_block(item)
    if not is_object(item):
        raise ValueError(f"{place} must be a content item, a mapping, not {type(item).__name__}: {item!r:.80}.")
    kind = str(item.get("type"))
    translate = (_ANSWER_ITEMS.get(kind) if answer else None) or _ITEMS.get(kind)
    if translate is None:
        return [dict(item)]
    mark = item.get("cache_control")
    return [{**block, "cache_control": mark} if mark else block for block in translate(item, place)]


def _text(item: Mapping[str, Any], _: str) -> list[Object]:
    return text_block(item.get("text"))


def _image(item: Mapping[str, Any], place: str) -> list[Object]:
    image = item.get("image_url")
    url = image.get("url") if is_object(image) else image
    if not isinstance(url, str):
        raise ValueError(f"{place} has no image: image_url must be a URL or an object with a url, not {image!r:.80}.")
    scheme = _scheme(url)
    if scheme == "data":
        return [_image_block(*_parse_data_url(url, place), place)]
    if scheme == "https":
        return [{"type": "image", "source": {"type": "url", "url": url}}]
    raise NoCounterpartError(f"The image URL {url!r:.80} of {place}", API, "pass an https URL or a data URL")


def _image_block(media_type: str, data: str, place: str) -> Object:
    media_type = "image/jpeg" if media_type == "image/jpg" else media_type
    if media_type not in _IMAGES:
        what = f"The image of type {media_type!r:.40} in {place}"
        raise NoCounterpartError(what, API, "send it as JPEG, PNG, GIF or WebP")
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _file(item: Mapping[str, Any], place: str) -> list[Object]:
    inner = item.get("file")
    file = inner if is_object(inner) else item
    if isinstance(file.get("file_data"), str):
        return [_document(file["file_data"], file.get("filename"), place)]
    if isinstance(file.get("file_id"), str):
        return [_titled({"type": "file", "file_id": file["file_id"]}, file.get("filename"))]
    raise ValueError(f"{place} has no file: pass file_data, a data URL, or the file_id of an uploaded file.")


def _document_url(item: Mapping[str, Any], place: str) -> list[Object]:
    url = item.get("document_url")
    if not isinstance(url, str):
        raise ValueError(f"{place} has no document: document_url must be a URL, not {url!r:.80}.")
    return [_document(url, item.get("document_name"), place)]


def _document(url: str, title: Any, place: str) -> Object:
    scheme = _scheme(url)
    if scheme in ("https", "http"):
        return _titled({"type": "url", "url": url}, title)
    if scheme != "data":
        raise NoCounterpartError(f"The document {url!r:.80} of {place}", API, "pass a data URL or an https URL")
    media_type, data = _parse_data_url(url, place)
    if media_type == "application/pdf":
        return _titled({"type": "base64", "media_type": media_type, "data": data}, title)
    if media_type == "text/plain":
        try:
            text = base64.b64decode(data).decode()
        except ValueError:
            raise ValueError(f"The document in {place} is not the base64 of a UTF-8 text.") from None
        return _titled({"type": "text", "media_type": media_type, "data": text}, title)
    if media_type.startswith("image/"):
        return _image_block(media_type, data, place)
    what = f"The document of type {media_type!r:.40} in {place}"
    raise NoCounterpartError(what, API, "send it as PDF, as text/plain or as an image")


def _titled(source: Object, title: Any) -> Object:
    document: Object = {"type": "document", "source": source}
    return {**document, "title": title} if title else document


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower() if ":" in url else ""


def _parse_data_url(url: str, place: str) -> tuple[str, str]:
    """Split a data URL (RFC 2397) into its media type and its data in base64."""
    head, comma, data = url.partition(",")
    if not comma:
        raise ValueError(f"{place} has a data URL without data: {url!r:.80}.")
    media_type, *parameters = head[len("data:") :].split(";")
    if not parameters or parameters[-1].strip().lower() != "base64":
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return media_type.strip().lower() or "text/plain", data


def _audio(item: Mapping[str, Any], place: str) -> list[Object]:
    raise NoCounterpartError(f"The audio in {place}", API, "send a transcript as text")


def _refusal(item: Mapping[str, Any], _: str) -> list[Object]:
    return text_block(item.get("refusal"))


def _thinking(item: Mapping[str, Any], _: str) -> list[Object]:
    """Translate thinking that carries a signature. Without one it cannot be sent back, least of all as plain text."""
    if not item.get("signature"):
        return []
    return [{"type": "thinking", "thinking": text_of(item.get("thinking")), "signature": item["signature"]}]


def _nothing(item: Mapping[str, Any], place: str) -> list[Object]:
    return []


_Translate = Callable[[Mapping[str, Any], str], list[Object]]

_ITEMS: Mapping[str, _Translate] = {
    "text": _text,
    "image_url": _image,
    "file": _file,
    "document_url": _document_url,
    "input_audio": _audio,
    "audio_url": _audio,
}
_ANSWER_ITEMS: Mapping[str, _Translate] = {"refusal": _refusal, "thinking": _thinking, "reference": _nothing}
"""Items that only occur in answers, of this API or of another."""
