"""The path from which code written for azure-ai-inference 1.0.0b9 imports `PromptTemplate`, as editors suggested."""

from ._template import PromptTemplate

__all__ = ["PromptTemplate"]
