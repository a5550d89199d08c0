"""The renderer: the official specification's tests, and the results that beta templates rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.prompts import _mustache
from azure.ai.inference.prompts._prompt_error import PromptError

SPEC = Path(__file__).parent / "spec"
# Partials are empty by contract.
EXCEPTIONS = {("delimiters", "Partial Inheritence"), ("delimiters", "Post-Partial Behavior")}


def fill_in(template: str, variables: dict[str, Any], *, strict: bool = False) -> str:
    return _mustache.render(_mustache.parse(template), variables, strict=strict)


def cases() -> list[Any]:
    return [
        pytest.param(test, id=f"{file.stem}: {test['name']}")
        for file in sorted(SPEC.glob("*.json"))
        for test in json.loads(file.read_text("utf-8"))["tests"]
        if (file.stem, test["name"]) not in EXCEPTIONS
    ]


def test_specification_is_complete() -> None:
    assert len(cases()) == 119


@pytest.mark.parametrize("test", cases())
def test_specification(test: dict[str, Any]) -> None:
    assert fill_in(test["template"], test["data"]) == test["expected"]


class Thing:
    name = "thing"
    _private = "hidden"


@pytest.mark.parametrize(
    ("template", "variables", "expected"),
    [
        ("{{x}}", {"x": "<&>\"'"}, "&lt;&amp;&gt;&quot;'"),
        ("{{{x}}}{{&x}}", {"x": "<&>"}, "<&><&>"),
        ("[{{x}}{{y}}]", {"x": None}, "[]"),
        ("{{x}} {{y}}", {"x": 0, "y": False}, "0 False"),
        ("{{x}}", {"x": [1, "a"]}, "[1, 'a']"),
        ("{{a.0.b}} {{a.1}}[{{a.2}}]", {"a": [{"b": 3}, 4]}, "3 4[]"),
        ("{{x.name}}{{x._private}}{{x.__class__}}{{x.nothing}}", {"x": Thing()}, "thing"),
        ("{{#x}}{{name}}{{/x}}", {"x": Thing()}, "thing"),
        ("{{#x}}{{.}},{{/x}}", {"x": (1, 0, "")}, "1,0,,"),
        ("{{#x}}{{title}} {{x}}{{/x}}", {"x": "Lovelace", "title": "Lady"}, "Lady Lovelace"),
        ("[{{x.upper}}{{y.append}}{{#x}}{{#upper}}a{{/upper}}{{/x}}]", {"x": "text", "y": []}, "[]"),
        ("{{#x}}{{.}}{{/x}}", {"x": "text"}, "text"),
        ("{{#x}}no{{/x}}{{^x}}yes{{/x}}", {"x": 0}, "yes"),
        ("{{^x}}no{{/x}}", {"x": 1}, ""),
        ("{{>partial}}x", {"partial": "p"}, "x"),
        ("{{=<% %>=}}<%x%>{{x}}", {"x": 1}, "1{{x}}"),
        ("{{ }}x", {}, "x"),
    ],
)
def test_results_of_the_beta(template: str, variables: dict[str, Any], expected: str) -> None:
    assert fill_in(template, variables) == expected


def test_function_gets_the_text_and_renders_it() -> None:
    seen: list[str] = []

    def bold(text: str, render: Any) -> str:
        seen.append(text)
        return f"<b>{render(text)}</b>"

    assert fill_in("{{=| |=}}|#bold|hi |x||/bold|", {"bold": bold, "x": 1}) == "<b>hi 1</b>"
    assert seen == ["hi |x|"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a\n{{#s}}x", "line 2: section 's' is not closed; add {{/s}} after it"),
        ("{{#s}}\n{{#t}}\n{{/s}}", "line 3: found {{/s}}, but {{/t}} must close the section opened at line 2"),
        ("\n\n{{/s}}", "line 3: {{/s}} closes a section that was not opened"),
        ("{{x", "line 1: the tag '{{x' is not closed; '}}' is missing"),
        ("{{{x}}", "line 1: the tag '{{{x}}' is not closed; '}}}' is missing"),
        ("{{=| |}}", "'=}}' is missing"),
        ("{{=|=}}", "line 1: cannot set the delimiters '|'"),
        ("{{#a}}" * 101 + "{{/a}}" * 101, "more than 100 nested sections"),
    ],
)
def test_broken_templates(template: str, message: str) -> None:
    with pytest.raises(PromptError) as raised:
        _mustache.parse(template)
    assert message in str(raised.value)


def test_strict_suggests_the_nearest_variable() -> None:
    with pytest.raises(PromptError, match=r"line 2: variable 'questoin' is missing; did you mean 'question'\?"):
        fill_in("{{question}}\n{{questoin}}", {"question": "why?"}, strict=True)
    assert fill_in("{{x}}{{^y}}z{{/y}}", {"x": None}, strict=True) == "z"


def test_output_is_bounded() -> None:
    with pytest.raises(PromptError, match="more than 16,777,216 characters"):
        fill_in("{{#n}}{{text}}{{/n}}", {"n": [1] * 20, "text": "x" * 1_000_000})
