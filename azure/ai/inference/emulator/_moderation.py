"""Moderation results along with an answer, as OpenAI returns them for a request with ``moderation``.

The emulator has no classifier. A text that says "trigger the moderation" is flagged as violence, and a filtered answer
by its category; everything else is harmless. A policy of "block" scores like "score": how the service answers when it
blocks is not documented.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ._completion import Choice
from ._values import as_list, as_object, compact, part_types

_PHRASE: Final = "trigger the moderation"
_SEEN: Final = ("self-harm", "self-harm/instructions", "self-harm/intent", "sexual", "violence", "violence/graphic")
"""The categories that apply to images too."""
_READ: Final = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    "sexual/minors",
)
_HARMLESS: Final = 0.0001
_HARMFUL: Final = 0.97


def moderate_chat(body: Mapping[str, Any], choices: Sequence[Choice]) -> dict[str, Any] | None:
    """Return the results for a chat completion, one for each choice; None if the request does not ask for them.

    :param body: The checked request.
    """
    model = as_object(body.get("moderation")).get("model")
    if model is None:
        return None
    return {
        "input": _results(model, [_judge_input(body["messages"], model)]),
        "output": _results(model, [_judge_choice(choice, model) for choice in choices]),
    }


def moderate_response(body: Mapping[str, Any], choice: Choice) -> dict[str, Any] | None:
    """Return the results for an answer of the Responses API; None if the request does not ask for them.

    :param body: The checked request.
    """
    model = as_object(body.get("moderation")).get("model")
    if model is None:
        return None
    asked = [*as_list(body["input"]), body.get("instructions")]
    return {"input": _judge_input(asked, model), "output": _judge_choice(choice, model)}


def _results(model: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "moderation_results", "model": model, "results": results}


def _judge_input(turns: Sequence[Any], model: str) -> dict[str, Any]:
    kinds = {kind for turn in turns for kind in part_types(as_object(turn).get("content"))}
    has_image = bool(kinds & {"image_url", "input_image"})
    return _judge(compact(list(turns)), model, has_image=has_image)


def _judge_choice(choice: Choice, model: str) -> dict[str, Any]:
    calls = [call.text for call in choice.tool_calls]
    text = "\n".join([choice.content or "", choice.refusal or "", *calls])
    return _judge(text, model, category=(choice.filtered or "").replace("_", "-"))


def _judge(text: str, model: str, *, category: str = "", has_image: bool = False) -> dict[str, Any]:
    if _PHRASE in text.lower():
        category = "violence"
    names = sorted((*_SEEN, *_READ))
    seen = ["text", "image"] if has_image else ["text"]
    return {
        "type": "moderation_result",
        "model": model,
        "flagged": category in names,
        "categories": {name: name == category for name in names},
        "category_scores": {name: _HARMFUL if name == category else _HARMLESS for name in names},
        "category_applied_input_types": {name: seen if name in _SEEN else ["text"] for name in names},
    }
