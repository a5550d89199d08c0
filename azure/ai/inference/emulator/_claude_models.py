"""The capabilities of each family of Claude models, by the default names of their deployments.

The rows follow Anthropic's and Microsoft's pages of September 2026. A deployment may have any name; if it does not
identify a family, everything is accepted.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True)
class Claude:
    """The capabilities of a family of models.

    :keyword max_tokens: The highest accepted ``max_tokens``.
    :keyword sampling: Whether ``temperature`` and ``top_p`` are accepted: both, only ``one`` of them, or ``none``.
    :keyword prefill: Whether the last message may be the assistant's.
    :keyword thinking: The accepted types of ``thinking``.
    :keyword thinks: Whether it thinks when ``asked``, ``usually`` or ``always``.
    :keyword display: Whether thinking is ``summarized`` or ``omitted`` by default.
    :keyword efforts: The accepted values of ``output_config.effort``.
    :keyword forced_tools: Whether ``tool_choice`` may force a call.
    :keyword bound: Whether the signature of a thinking block is only valid in its own conversation.
    """

    max_tokens: int = 128_000
    sampling: Literal["both", "one", "none"] = "none"
    prefill: bool = False
    thinking: tuple[str, ...] = ("adaptive",)
    thinks: Literal["asked", "usually", "always"] = "always"
    display: Literal["summarized", "omitted"] = "omitted"
    efforts: tuple[str, ...] = _EFFORTS
    forced_tools: bool = True
    bound: bool = False


_MANUAL: Final = Claude(64_000, "one", True, ("enabled", "disabled"), "asked", "summarized", ())
_ANY: Final = Claude(128_000, "both", True, ("adaptive", "enabled", "disabled", "between_tools"), "asked", "summarized")
_FAMILIES: Final = (
    ("opus-4-5", Claude(64_000, "one", True, ("enabled", "disabled"), "asked", "summarized", _EFFORTS[:3])),
    ("(sonnet|haiku)-4-5", _MANUAL),
    (
        "(opus|sonnet)-4-6",
        Claude(
            sampling="one",
            thinking=("adaptive", "disabled", "enabled"),
            thinks="asked",
            display="summarized",
            efforts=("low", "medium", "high", "max"),
        ),
    ),
    ("opus-4-[78]", Claude(thinking=("adaptive", "disabled"), thinks="asked")),
    ("haiku-5-5", Claude(thinking=("adaptive", "disabled"), thinks="usually")),
    ("sonnet-5-5", Claude(thinking=("adaptive", "between_tools"), thinks="usually", forced_tools=False)),
    ("opus-5-5", Claude(forced_tools=False)),
    ("(fable|mythos)-5-[12]", Claude(forced_tools=False, bound=True)),
    ("(fable|mythos)-5", Claude()),
    ("(opus|sonnet)-5", Claude(thinking=("adaptive", "disabled"), thinks="usually")),
)
_PATTERNS: Final = tuple((re.compile(rf"claude-{name}(?!\d)", re.IGNORECASE), row) for name, row in _FAMILIES)


def find_claude(model: str) -> Claude:
    """Return the capabilities of a model.

    :param model: The name of its deployment.
    """
    return next((row for pattern, row in _PATTERNS if pattern.search(model)), _ANY)


def is_claude(model: str) -> bool:
    """Return whether a deployment's name begins like those of Claude models."""
    return model.lower().startswith("claude")
