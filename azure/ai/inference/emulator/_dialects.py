"""The dialects: how providers differ, as one row of options each.

The rows are facts from recorded exchanges and the servers' sources. `_completion` uses those about answers, `_rules`
those about requests; `_dialect_errors` renders refusals.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from . import _contract as contract
from . import _dialect_errors as errors
from ._fragments import Fragment
from ._messages_failure import messages_failure
from ._service_error import ServiceError

_ANY: Final = {**contract.MISTRAL, **contract.MODEL_INFERENCE, **contract.OPENAI}
_AZURE: Final = {**contract.MODEL_INFERENCE, **contract.OPENAI, "tool_choice": contract.OPENAI_TOOL_CHOICE}
_STRICT_MISTRAL: Final = {
    name: inner for name, inner in {**contract.MODEL_INFERENCE, **contract.MISTRAL}.items() if name != "seed"
}
_FINGERPRINT: Final = {"system_fingerprint": "fp_emulator"}


@dataclass(frozen=True)
class Dialect:
    """The behaviour of one provider.

    :param name: The value for ``Emulator(dialect=...)``.
    :param render: Returns the body of a refusal, an object for JSON.
    :keyword members: The members of a chat request it knows.
    :keyword unknown: Other members: ``ask`` (refused unless the header ``extra-parameters`` says otherwise),
        ``refuse``, or ``ignore``.
    :keyword key: Whether a key is ``required``, ``optional`` (a wrong one is refused) or ``ignored``.
    :keyword versions: Whether the rules on ``api-version`` apply.
    :keyword strict: Whether a body is refused as FastAPI does, with 422.
    :keyword ordered: Whether tool messages must answer calls of the message before them.
    :keyword filters: Azure's content filter results; in streams, the prompt's come first, on a chunk of their own.
    :keyword late_filters: The answer's filter results follow the text, on choices without a delta.
    :keyword padded: Whether chunks carry ``obfuscation``.
    :keyword first_content: The content of a stream's first delta.
    :keyword tool_calls: In streams: ``pieces`` with an index; ``whole`` with an index; ``bare`` (whole, on the last
        chunk, without index and type); ``named`` (two deltas, the second without id and with an empty name).
    :keyword reasoning: ``tags`` in the text; a member ``reasoning_content`` or ``reasoning``; ``thinking`` chunks;
        ``hidden`` (only its tokens are counted).
    :keyword usage: In streams: ``last`` (on the chunk that finishes); ``asked`` (by ``stream_options``); ``always``.
    :keyword usage_details: ``nested`` by kind of token; ``flat`` (only the tokens of reasoning, beside the sums);
        ``none``.
    :keyword extras: Members of every answer and chunk.
    :keyword choice_extras: Members of every choice.
    :keyword done: The bytes that end a stream.
    :keyword named_finish: The finish reason if a named tool was forced.
    :keyword stream_failure: Returns the events that end a stream when the service gives up, from its message and the
        stream's first event; None if they are those of chat completions.
    """

    name: str
    render: Callable[[ServiceError], Any]
    members: Mapping[str, Fragment] = field(default_factory=lambda: _ANY)
    unknown: Literal["ask", "refuse", "ignore"] = "ignore"
    key: Literal["required", "optional", "ignored"] = "required"
    versions: bool = True
    strict: bool = False
    ordered: bool = False
    filters: bool = False
    late_filters: bool = False
    padded: bool = False
    first_content: Literal["", None] = ""
    tool_calls: Literal["pieces", "whole", "bare", "named"] = "pieces"
    reasoning: Literal["tags", "reasoning_content", "reasoning", "thinking", "hidden"] = "reasoning_content"
    usage: Literal["last", "asked", "always"] = "asked"
    usage_details: Literal["nested", "flat", "none"] = "nested"
    extras: Mapping[str, Any] = field(default_factory=dict[str, Any])
    choice_extras: Mapping[str, Any] = field(default_factory=dict[str, Any])
    done: bytes = b"data: [DONE]\n\n"
    named_finish: str = "stop"
    stream_failure: Callable[[str | None, bytes], bytes] | None = None


DIALECTS: Final[Mapping[str, Dialect]] = {
    row.name: row
    for row in (
        Dialect(
            "serverless", errors.serverless, unknown="ask", tool_calls="bare", usage="last", named_finish="tool_calls"
        ),
        Dialect("model-inference", errors.foundry, unknown="ask", filters=True),
        Dialect(
            "azure-openai",
            errors.azure_openai,
            _AZURE,
            "refuse",
            ordered=True,
            filters=True,
            padded=True,
            extras=_FINGERPRINT,
        ),
        Dialect(
            "azure-openai-async-filter",
            errors.azure_openai,
            _AZURE,
            "refuse",
            ordered=True,
            filters=True,
            late_filters=True,
            extras=_FINGERPRINT,
        ),
        Dialect("openai", errors.openai, _AZURE, "refuse", versions=False, ordered=True, extras=_FINGERPRINT),
        Dialect(
            "deepseek",
            errors.foundry,
            usage="always",
            usage_details="flat",
            choice_extras={"matched_stop": None},
        ),
        Dialect(
            "mistral",
            errors.mistral,
            _STRICT_MISTRAL,
            "refuse",
            strict=True,
            usage_details="none",
            tool_calls="bare",
            reasoning="thinking",
            usage="last",
            named_finish="tool_calls",
        ),
        Dialect(
            "mistral-azure",
            errors.mistral_azure,
            _STRICT_MISTRAL,
            "refuse",
            strict=True,
            usage_details="none",
            tool_calls="bare",
            reasoning="thinking",
            usage="last",
            named_finish="tool_calls",
        ),
        Dialect("glm", errors.mistral, tool_calls="named", usage="last", named_finish="tool_calls"),
        Dialect(
            "llama.cpp",
            errors.llama_cpp,
            key="optional",
            versions=False,
            first_content=None,
            done=b"data: [DONE]",
        ),
        Dialect("vllm", errors.vllm, key="optional", versions=False),
        Dialect(
            "ollama",
            errors.ollama,
            key="ignored",
            versions=False,
            tool_calls="whole",
            reasoning="reasoning",
            extras={"system_fingerprint": "fp_ollama"},
            named_finish="tool_calls",
        ),
        Dialect("lm-studio", errors.lm_studio, key="ignored", versions=False, named_finish="tool_calls"),
    )
}
"""Every dialect by name."""

MESSAGES_DIALECTS: Final[Mapping[str, Dialect]] = {
    "foundry": Dialect("foundry", errors.foundry_messages, named_finish="tool_calls", stream_failure=messages_failure),
    "anthropic": Dialect(
        "anthropic", errors.anthropic, versions=False, named_finish="tool_calls", stream_failure=messages_failure
    ),
}
"""The providers of the Messages API: a Foundry resource, and Anthropic itself."""

_MISTRAL_CLIENTS: Final = re.compile(r"mistral-client|mistralai", re.IGNORECASE)
"""The user agents of Mistral's clients for Python and npm, for its platform and for Azure."""
_MISTRAL_ROUTES: Final = {"local": "mistral", "v1-models": "mistral", "models": "mistral-azure"}


def client_dialect(user_agent: str, family: str) -> str | None:
    """Return the dialect that the calling client requires, if any: Mistral's clients only read Mistral's."""
    return _MISTRAL_ROUTES.get(family) if _MISTRAL_CLIENTS.search(user_agent) else None
