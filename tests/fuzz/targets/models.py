"""Models: wrapping any JSON preserves it, and reading it raises only what is documented."""

import copy
import json
import pickle
from typing import Any

from hypothesis import strategies as st

from azure.ai.inference._model import Model
from azure.ai.inference._model_fields import computed
from azure.ai.inference._nested_models import wrap_as
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletions,
    ChatCompletionsToolDefinition,
    ChatRequestMessage,
    ContentItem,
    EmbeddingsResult,
    ModelInfo,
    StreamingChatCompletionsUpdate,
)

from ._inputs import json_of, json_values

KINDS: list[type[Model]] = [
    ChatCompletions,
    StreamingChatCompletionsUpdate,
    EmbeddingsResult,
    ModelInfo,
    ChatRequestMessage,
    ContentItem,
    AssistantMessage,
    ChatCompletionsToolDefinition,
]
SEEDS = [
    b'0{"id": "c", "created": 1700000000, "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": '
    b'{"role": "assistant", "content": "<think>a</think>b", "tool_calls": [{"id": "t", "function": {"name": "f", '
    b'"arguments": "{}"}}]}}], "usage": {"total_tokens": 3}}',
    b'1{"created": -1e300, "choices": [{"delta": {"content": [{"type": "thinking", "thinking": [{"text": "x"}]}]}}]}',
    b'2{"data": [{"index": 0, "embedding": "AACAPw=="}, {"embedding": [1, "x"]}, 3], "usage": null}',
    b'3{"model_name": 7, "model_type": {"a": []}}',
    b'4{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": [], "image_url": {"url": 1}}]}',
    b'5{"type": "image_url", "image_url": []}',
]
_MEMBERS = (
    *("choices", "message", "delta", "content", "role", "type", "text", "thinking", "tool_calls", "function", "name"),
    *("arguments", "usage", "created", "finish_reason", "logprobs", "data", "embedding", "index", "audio", "refusal"),
    *("reasoning_content", "annotations", "url_citation", "content_filter_results", "hate", "image_url", "url"),
    *("expires_at", "prompt_filter_results", "model_type", "model_name", "id", "bytes", "top_logprobs"),
)
LIKELY = st.builds(
    lambda kind, members: str(kind).encode() + json.dumps(members).encode(),
    st.integers(0, len(KINDS) - 1),
    st.dictionaries(st.sampled_from(_MEMBERS), json_values(*_MEMBERS), max_size=8),
)
_REPR_LENGTH = 1024


def check(data: bytes) -> None:
    try:
        value = json_of(data[1:])
    except ValueError:
        return
    if not isinstance(value, dict):
        return
    text = json.dumps(value)
    model: Any = wrap_as(KINDS[data[0] % len(KINDS)])(value)
    assert json.dumps(model) == text
    _touch(model)
    assert len(repr(model)) <= _REPR_LENGTH
    assert json.dumps(model) == text
    assert model == json.loads(text)
    plain = model.as_dict()
    assert json.dumps(plain) == text
    assert _is_plain(plain)
    for twin in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(twin) is type(model)
        assert twin == model
        assert json.dumps(twin) == text
    assert json.dumps(type(model)(json.loads(text)) | {}).startswith(text[:-1]) or type(model)._defaults


def _touch(value: Any) -> None:
    """Read every attribute and every member, at any depth."""
    if isinstance(value, Model):
        for owner in type(value).__mro__:
            for name, attribute in vars(owner).items():
                if isinstance(attribute, (property, computed)):
                    _touch(_read(value, name))
        for member in value.values():
            _touch(member)
        str(value)
    elif isinstance(value, list):
        for item in value:
            _touch(item)


def _read(model: Model, name: str) -> Any:
    try:
        return getattr(model, name)
    except ValueError:
        assert name == "vector"  # the only one that is documented to raise
        return None


def _is_plain(value: Any) -> bool:
    if value.__class__ is dict:
        return all(map(_is_plain, value.values()))
    if value.__class__ is list:
        return all(map(_is_plain, value))
    return value.__class__ in (str, int, float, bool, type(None))
