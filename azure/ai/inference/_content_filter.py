"""The finding of a content filter, in answers and in errors.

A file of its own, because both `models` and `exceptions` show it, and neither may import the other.
"""

from ._model import Model
from ._nested_models import wrap_as


class ContentFilterResult(Model):
    """What the content filter found in one category.

    From the Azure OpenAI reference, "content filtering". Read members that a service adds by item.
    """

    __module__ = "azure.ai.inference.models"

    filtered: bool
    """Whether the content was withheld because of it."""
    severity: str | None = None
    """"safe", "low", "medium" or "high"; only in categories of harm (hate, self_harm, sexual, violence)."""
    detected: bool | None = None
    """Whether it was found; only in categories such as jailbreak, protected material or profanity."""


read_result = wrap_as(ContentFilterResult)
"""Build a finding from its wire form; return one that is already built unchanged."""
