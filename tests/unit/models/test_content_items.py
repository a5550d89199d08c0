"""Content items by kind: built by hand, and read from service responses."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.models import (
    ChatCompletions,
    ChatResponseMessage,
    ContentItem,
    DocumentUrlContentItem,
    FileContentItem,
    ImageContentItem,
    ImageUrl,
    InputAudio,
    InputFile,
    ReferenceContentItem,
    StreamingChatCompletionsUpdate,
    StreamingChatResponseMessageUpdate,
    TextContentItem,
    ThinkingContentItem,
    UserMessage,
)

ITEMS: list[tuple[ContentItem, dict[str, Any]]] = [
    (TextContentItem(text="a"), {"type": "text", "text": "a"}),
    (ImageContentItem(image_url="https://x"), {"type": "image_url", "image_url": "https://x"}),
    (
        ImageContentItem(image_url=ImageUrl(url="https://x", detail="low")),
        {"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}},
    ),
    (ImageContentItem({"type": "image_url", "image_url": "x"}), {"type": "image_url", "image_url": "x"}),
    (
        ThinkingContentItem(thinking=[TextContentItem(text="a")], signature="s", closed=True),
        {"type": "thinking", "thinking": [{"type": "text", "text": "a"}], "signature": "s", "closed": True},
    ),
    (ReferenceContentItem(reference_ids=[1, "b"]), {"type": "reference", "reference_ids": [1, "b"]}),
    (DocumentUrlContentItem(document_url="https://x"), {"type": "document_url", "document_url": "https://x"}),
    (FileContentItem(file_id="f1"), {"type": "file", "file_id": "f1"}),
    (
        FileContentItem(file=InputFile(filename="a.pdf", file_data="data:application/pdf;base64,YQ==")),
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,YQ=="}},
    ),
]


@pytest.mark.parametrize(("item", "wire"), ITEMS, ids=lambda value: type(value).__name__)
def test_items_are_their_json(item: ContentItem, wire: dict[str, Any]) -> None:
    assert json.loads(json.dumps(item)) == wire == item.as_dict()
    content: Any = UserMessage({"role": "user", "content": [wire]}).content
    (read,) = content
    assert type(read) is type(item)
    assert read == item


@pytest.mark.parametrize("kind", [ChatResponseMessage, StreamingChatResponseMessageUpdate])
def test_content_list_has_typed_items(kind: Any) -> None:
    wire = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "tool_reference", "tool": "web"}]},
        {"type": "text", "text": "42"},
        {"type": "reference", "reference_ids": [0]},
        {"type": "image_url", "image_url": {"url": "https://x"}},
        {"type": "from tomorrow", "x": {"y": 1}},
        "odd",
    ]
    message = kind({"content": wire})
    thinking, text, reference, image, unknown, odd = message.content
    assert thinking.thinking[0].text == "Hm"
    assert (type(thinking.thinking[1]), thinking.thinking[1]["tool"]) == (ContentItem, "web")
    assert text.text == "42"
    assert reference.reference_ids == [0]
    assert image.image_url.url == "https://x"
    assert (type(unknown), unknown["x"], odd) == (ContentItem, {"y": 1}, "odd")
    assert message.content is message["content"] is message.get("content")
    assert message.as_dict() == {"content": wire}


@pytest.mark.parametrize("content", ["text", "", None])
def test_text_content_is_unchanged(content: Any) -> None:
    completions = ChatCompletions({"choices": [{"message": {"content": content}}]})
    update = StreamingChatCompletionsUpdate({"choices": [{"delta": {"content": content}}]})
    assert completions.choices[0].message.content == update.choices[0].delta.content == content


def test_images_and_audio_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    image = ImageUrl.load(image_file=str(path), image_format="png", detail="low")
    assert image.as_dict() == {"url": "data:image/png;base64,YWJj", "detail": "low"}
    audio = InputAudio.load(audio_file=path, audio_format="wav")
    assert audio.as_dict() == {"data": "YWJj", "format": "wav"}


def test_documents_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "contract.pdf"
    path.write_bytes(b"%PDF")
    encoded = base64.b64encode(b"%PDF").decode()
    assert DocumentUrlContentItem.load(document_file=path).as_dict() == {
        "type": "document_url",
        "document_url": f"data:application/pdf;base64,{encoded}",
        "document_name": "contract.pdf",
    }
    text = DocumentUrlContentItem.load(document_file=str(path), mime_type="text/plain")
    assert text.document_url.startswith("data:text/plain;base64,")
    with pytest.raises(FileNotFoundError):
        DocumentUrlContentItem.load(document_file=tmp_path / "none.pdf")
