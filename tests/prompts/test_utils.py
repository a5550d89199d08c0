"""The layout of template strings."""

from __future__ import annotations

import pytest

from azure.ai.inference.prompts._utils import remove_leading_empty_space


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("", ""),
        ("\n", ""),
        ("\n\n  a\n   b\n  c\n", "a\n b\nc"),
        ("  a\nb\n   c", "  a\nb\n   c"),
        ("    a\n\n      b\n", "a\n\n  b"),
        ("\t a\n\t  b", "a\n b"),
        ("  a\n\n b", " a\n\nb"),
        ("\r\n  a\r\n  b", "a\nb"),
        ("  a  \n  b  \n  ", "a  \nb  \n"),
    ],
)
def test_remove_leading_empty_space(text: str, expected: str) -> None:
    assert remove_leading_empty_space(text) == expected
