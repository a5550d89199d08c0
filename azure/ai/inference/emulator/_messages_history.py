"""The turns of a request to the Messages API: what it refuses in them, and what the model reads from them.

Thinking blocks are checked as the API does: those of the newest answer must be complete, in order and unchanged.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ._claude_models import Claude
from ._service_error import ServiceError
from ._thinking_signatures import digest_prefix, read_signature
from ._values import as_list, as_object, as_text

_ID: Final = re.compile(r"[a-zA-Z0-9_-]+$")
_MAGIC: Final = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
_THOUGHTS: Final = ("thinking", "redacted_thinking")


def invalid(message: str) -> ServiceError:
    """Return the refusal of a request."""
    return ServiceError(400, "invalid_request_error", message)


def blocks_of(content: Any) -> list[dict[str, Any]]:
    """Return the blocks of a turn's content; a text becomes a single block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return as_list(content)


def check_history(body: Mapping[str, Any], claude: Claude) -> None:
    """Check the turns of a request.

    :raises ServiceError: If the API would refuse.
    """
    messages = as_list(body["messages"])
    for index, turn in enumerate(messages):
        blocks = blocks_of(turn["content"])
        if not blocks and index < len(messages) - 1:
            raise invalid(
                f"messages.{index}: all messages must have non-empty content except for the optional final assistant "
                "message"
            )
        for number, block in enumerate(blocks):
            _check_block(block, f"messages.{index}.content.{number}")
    _check_pairs(messages)
    _check_end(messages)
    _check_thoughts(body, claude)


def _check_block(block: Mapping[str, Any], place: str) -> None:
    if block["type"] == "text" and not block["text"].strip():
        words = "must contain non-whitespace text" if block["text"] else "must be non-empty"
        raise invalid(f"messages: text content blocks {words}")
    for name in ("id", "tool_use_id"):
        if block["type"] in ("tool_use", "tool_result") and name in block and not _ID.match(block[name]):
            raise invalid(f"{place}.{block['type']}.{name}: String should match pattern '^[a-zA-Z0-9_-]+$'")
    source = as_object(block.get("source"))
    if block["type"] == "image" and source["type"] == "base64":
        _check_image(source, place)
    for inner, part in enumerate(blocks_of(block.get("content")) if block["type"] == "tool_result" else ()):
        _check_block(part, f"{place}.content.{inner}")


def _check_image(source: Mapping[str, Any], place: str) -> None:
    try:
        data = base64.b64decode(source["data"][:16] + "=" * (-len(source["data"][:16]) % 4), validate=True)
    except ValueError:
        raise invalid(f"{place}.image.source.base64.data: Invalid base64 data") from None
    found = next((kind for start, kind in _MAGIC.items() if data.startswith(start)), source["media_type"])
    if found != source["media_type"]:
        raise invalid(
            f"{place}.image.source.base64.data: The image was specified using the {source['media_type']} media type, "
            f"but the image appears to be a {found} image"
        )


def _ids(turn: Mapping[str, Any], kind: str, name: str) -> list[str]:
    return [block[name] for block in blocks_of(turn["content"]) if block["type"] == kind]


def _check_pairs(messages: list[Any]) -> None:
    """Check that each call is answered first thing in the next turn, and that results answer nothing else."""
    for index, turn in enumerate(messages):
        answered = _ids(messages[index + 1], "tool_result", "tool_use_id") if index + 1 < len(messages) else []
        open_calls = [id_ for id_ in _ids(turn, "tool_use", "id") if id_ not in answered]
        if open_calls:
            raise invalid(
                f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(open_calls)}. Each `tool_use` block must have a corresponding `tool_result` block in the "
                "next message."
            )
        asked = _ids(messages[index - 1], "tool_use", "id") if index else []
        for number, block in enumerate(blocks_of(turn["content"])):
            if block["type"] == "tool_result" and block["tool_use_id"] not in asked:
                raise invalid(
                    f"messages.{index}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks: "
                    f"{block['tool_use_id']}. Each `tool_result` block must have a corresponding `tool_use` block in "
                    "the previous message."
                )


def _check_end(messages: list[Any]) -> None:
    last = (blocks_of(messages[-1]["content"]) or [{"type": ""}])[-1]
    if messages[-1]["role"] == "assistant" and last["type"] == "text" and last["text"] != last["text"].rstrip():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")


def _check_thoughts(body: Mapping[str, Any], claude: Claude) -> None:
    messages = as_list(body["messages"])
    answers = [index for index, turn in enumerate(messages) if turn["role"] == "assistant"]
    for index in answers:
        newest = index == answers[-1]
        _check_answer(body, index, claude, newest=newest)
    manual = as_object(body.get("thinking")).get("type") == "enabled"
    if manual and answers and answers[-1] == len(messages) - 2:
        first = (blocks_of(messages[answers[-1]]["content"]) or [{"type": "text"}])[0]["type"]
        if _ids(messages[answers[-1]], "tool_use", "id") and first not in _THOUGHTS:
            raise invalid(
                f"messages.{answers[-1]}.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
                f"`{first}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block "
                "(preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include "
                "thinking blocks from previous turns."
            )


def _check_answer(body: Mapping[str, Any], index: int, claude: Claude, *, newest: bool) -> None:
    messages = as_list(body["messages"])
    blocks = enumerate(blocks_of(messages[index]["content"]))
    thoughts = [(number, block) for number, block in blocks if block["type"] in _THOUGHTS]
    signatures = [
        read_signature(as_text(block.get("signature", block.get("data"))), as_text(block.get("thinking")))
        for _, block in thoughts
    ]
    whole = [(signature.number, signature.total) for signature in signatures if signature is not None]
    if newest and whole != [(number, len(thoughts)) for number in range(len(thoughts))]:
        raise invalid(
            f"messages.{index}.content.{thoughts[0][0]}: `thinking` or `redacted_thinking` blocks in the latest "
            "assistant message cannot be modified. These blocks must remain as they were in the original response."
        )
    prefix = digest_prefix(body.get("system"), messages[:index])
    for (number, _), signature in zip(thoughts, signatures, strict=True):
        if signature is None:
            raise invalid(f"messages.{index}.content.{number}: Invalid `signature` in `thinking` block")
        if claude.bound and signature.prefix != prefix and not _drops_unbound(body):
            raise invalid(
                f"messages.{index}.content.{number}: Invalid `signature` in `thinking` block. The block is bound to a "
                "different conversation."
            )


def _drops_unbound(body: Mapping[str, Any]) -> bool:
    binding = as_object(as_object(body.get("thinking")).get("block_binding"))
    return binding.get("prefix_mismatch_behavior") == "drop_block"


def as_chat(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the conversation as messages of a chat completion, as the model understands it."""
    system = " ".join(block["text"] for block in blocks_of(body.get("system")))
    messages = [message for turn in as_list(body["messages"]) for message in _chat_messages(turn)]
    return ([{"role": "system", "content": system}] if system else []) + messages


def _chat_messages(turn: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    blocks = blocks_of(turn["content"])
    if turn["role"] == "assistant":
        calls = [
            {"id": block["id"], "type": "function", "function": {"name": block["name"], "arguments": block["input"]}}
            for block in blocks
            if block["type"] == "tool_use"
        ]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        yield {"role": "assistant", "content": text, "tool_calls": calls}
        return
    for block in blocks:
        if block["type"] == "tool_result":
            yield {"role": "tool", "tool_call_id": block["tool_use_id"], "content": block.get("content", "")}
    parts = [_part(block) for block in blocks if block["type"] != "tool_result"]
    if parts:
        yield {"role": "user", "content": parts}


def _part(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": block["text"]} if block["type"] == "text" else {"type": f"{block['type']}_url"}
