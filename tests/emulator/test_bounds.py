"""No single request stops the server: what would take gigabytes or minutes is refused, or bounded."""

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator._default_answers import gist, read_talk
from azure.ai.inference.emulator._dialects import DIALECTS
from azure.ai.inference.emulator._patterns import is_found, matching_text
from azure.ai.inference.emulator._request import RecordedRequest
from azure.ai.inference.emulator._schema_examples import Hints, SchemaError, generate
from azure.ai.inference.emulator._service import Settings, respond

from .conftest import LOCAL, SERVERLESS, V1, Caller


def doubling(levels: int, kind: str) -> dict[str, Any]:
    """A schema of a few bytes and 2 ** levels values."""
    found: dict[str, Any] = {f"d{levels}": {"type": "string" if kind != "anyOf" else "nonsense"}}
    for level in range(levels):
        next_one = {"$ref": f"#/$defs/d{level + 1}"}
        if kind == "properties":
            found[f"d{level}"] = {
                "type": "object",
                "properties": {"a": next_one, "b": next_one},
                "required": ["a", "b"],
            }
        else:
            found[f"d{level}"] = {kind: [next_one, {"title": "x", **next_one}]}
    return {"$ref": "#/$defs/d0", "$defs": found}


def deep(levels: int, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        found = {
            "object": {"type": "object", "properties": {"a": found}, "required": ["a"]},
            "array": {"type": "array", "items": found, "minItems": 1},
            "allOf": {"allOf": [found]},
            "anyOf": {"anyOf": [found]},
        }[kind]
    return found


BOMBS: list[Any] = [
    ({"type": "array", "minItems": 10**8}, "needs 100000000 items; the emulator makes at most 20000 values"),
    ({"type": "array", "minItems": 10**4, "items": {"type": "array", "minItems": 10**4}}, "more than 20000 values"),
    ({"type": "string", "minLength": 10**9}, "needs 1000000000 characters; the emulator makes at most 1000000"),
    (
        {"type": "array", "minItems": 99, "items": {"type": "string", "minLength": 10**5}},
        "more than 1000000 characters",
    ),
    ({"anyOf": [{"type": "array", "minItems": 10**8}, {"type": "null"}]}, "needs 100000000 items"),
    ({"type": "object", "minProperties": 10**9}, "more than 20000 values"),
    pytest.param(doubling(26, "properties"), "more than 20000 values", marks=pytest.mark.slow),
    (doubling(26, "allOf"), "refers to itself without end"),
    (doubling(4, "allOf"), ""),
    pytest.param(doubling(20, "anyOf"), "more than 20000 values", marks=pytest.mark.slow),
    ({"allOf": [{"properties": {f"{i}.{j}": {} for j in range(20)}} for i in range(2000)]}, "too many parts to merge"),
    ({"anyOf": [{"type": "x"}] * 5000}, "the type of 'value' is 'x'"),
    ({"type": "string", "pattern": "((a{1000}){1000}){1000}"}, "longer than 100000 characters"),
    ({"type": "string", "pattern": "(a{99}){99}" * 12}, "longer than 100000 characters"),
    ({"type": "string", "pattern": "^(a+)+$ ", "minLength": 40}, "has no known match"),
    ({"type": "string", "pattern": "(" * 900 + ")" * 900}, "groups are nested too deeply"),
    ({"type": "string", "pattern": "a" * 6000}, "a pattern of 6000 characters is too long"),
    ({"type": "object", "required": ["a" * 40 + "!"], "patternProperties": {"(a+)+$": {}}}, ""),
    ({"type": "object", "required": ["a"], "patternProperties": {"(": {}}}, "a parenthesis is not closed"),
    *[(deep(levels, kind), "too deep") for levels in (60, 150) for kind in ("object", "array", "anyOf")],
    (deep(30, "array"), ""),
    (deep(150, "allOf"), ""),
    ({"type": "array", "minItems": "x"}, "minItems is 'x'; it must be a whole number of 0 or more"),
    ({"type": "string", "maxLength": 1.5}, "maxLength is 1.5"),
    ({"type": "string", "minLength": -1}, "minLength is -1"),
    ({"type": "number", "multipleOf": 0}, "multipleOf is 0; it must be a number above 0"),
    ({"type": "integer", "multipleOf": "1"}, "multipleOf is '1'"),
    ({"anyOf": [False]}, ""),
]


@pytest.mark.parametrize(("schema", "words"), BOMBS, ids=map(str, range(len(BOMBS))))
def test_schemas(endpoint: Emulator, schema: Any, words: str) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "bomb", "schema": schema}}
    tool = {"type": "function", "function": {"name": "bomb", "parameters": schema}}
    caller = Caller(endpoint)
    answer = caller.chat("Hello", response_format=wanted)
    assert answer.status == (400 if words else 200)
    assert words in answer.raw.decode()
    called = caller.chat("Hello", tools=[tool], tool_choice="required")
    assert called.status == 200 or (words or "must be an object") in called.body["error"]["message"]


@pytest.mark.parametrize("levels", [400, 900, 5000])
@pytest.mark.parametrize("path", [SERVERLESS, V1, LOCAL, "/v1/embeddings", "/v1/messages"])
def test_deep_bodies(endpoint: Emulator, path: str, levels: int) -> None:
    schema = '{"type":"object","properties":{"a":' * levels + "{}" + "}}" * levels
    body = f'{{"model":"m","max_tokens":5,"messages":[{{"role":"user","content":"x"}}],"metadata":{{"a":{schema}}},'
    body += (
        f'"response_format":{{"type":"json_schema","json_schema":{{"name":"n","schema":{schema}}}}},"input":{schema}}}'
    )
    got = Caller(endpoint).post(path, body.encode(), {"extra-parameters": "pass-through"})
    assert 400 <= got.status < 500
    assert got.body


def test_many_log_probabilities(endpoint: Emulator) -> None:
    options: dict[str, Any] = {"path": LOCAL, "n": 16, "logprobs": True, "top_logprobs": 20}
    got = Caller(endpoint).chat("count to 10000", **options)
    assert (got.status, got.body["error"]["param"]) == (400, "top_logprobs")
    assert "at most 1000000" in got.body["error"]["message"]
    assert Caller(endpoint).chat("count to 20", **options).status == 200


WORDS = ["what ", "feet ", "who is ", "A", "Aa ", '"', "my name is ", "1 ", " ", "\n", "say", "count to", "-", "word"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("place", ["content", "input"])
def test_long_texts_without_spaces(endpoint: Emulator, word: str, place: str) -> None:
    text = word * (250_000 // len(word))
    tool = {"type": "function", "function": {"name": "find_word", "parameters": {"enum": [text[:9]] * 50}}}
    caller = Caller(endpoint)
    if place == "content":
        assert caller.chat(text, tools=[tool]).status == 200
    else:
        assert caller.post("/v1/embeddings", {"model": "m", "input": [text]}).status == 200


def test_skills_search_both_ends_of_a_message() -> None:
    filler = "lorem " * 1000
    assert len(gist(filler)) == 2001
    assert gist("short") == "short"
    talk = read_talk([{"role": "user", "content": f"My name is Ada. {filler} What is 2 + 3?"}])
    assert talk.gist.startswith("My name is Ada.")
    assert talk.gist.endswith("What is 2 + 3?")


def test_many_calls_are_bounded(endpoint: Emulator) -> None:
    cities = " and ".join(f"City{chr(97 + number % 26) * 3}{chr(65 + number // 26)}" for number in range(100))
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": schema}}
    got = Caller(endpoint).chat(f"weather in {cities}", tools=[tool])
    assert len(got.body["choices"][0]["message"]["tool_calls"]) == 32


@pytest.mark.parametrize("dialect", DIALECTS)
def test_open_stream_takes_little_memory(dialect: str) -> None:
    members = {"model": "m", "messages": [{"role": "user", "content": "count to 10000"}], "stream": True}
    request = RecordedRequest("POST", "/v1/chat/completions", (), {"api-key": "k"}, json.dumps(members).encode())
    settings = Settings("k", dialect=dialect)
    tracemalloc.start()
    try:
        response = respond(request, settings, DIALECTS[dialect], lambda _: None)
        steps = iter(response.steps or ())
        first = [next(steps) for _ in range(50)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(first) == 50
    assert taken < 400_000
    assert sum(1 for _ in steps) > 9_900


NAMES = ["type", "properties", "items", "minItems", "maxItems", "minLength", "maxLength", "pattern", "enum", "const"]
NAMES += ["anyOf", "oneOf", "allOf", "$ref", "$defs", "required", "additionalProperties", "patternProperties", "a", "b"]
NAMES += ["multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "prefixItems"]
NAMES += ["format", "minProperties", "default", "examples", "contains"]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**30),
    st.floats(),
    st.sampled_from(
        ["object", "array", "string", "integer", "number", "boolean", "null", "#", "#/$defs/a", "^x$", "("]
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(schema=st.dictionaries(st.sampled_from(NAMES), TREES, max_size=6))
def test_any_schema_has_a_value_or_an_error_that_says_why(schema: dict[str, Any]) -> None:
    with suppress(SchemaError):
        generate(schema, Hints(("Paris",), (3.0, 1e15), "in Paris"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 40 + "!"),
        ("(a|a)*b", "a" * 5000),
        ("^(.*)*x$", "a" * 3000),
        ("(a?){1000000000}b", "a" * 1000),
        (".*.*.*.*.*.*x", "a" * 20000),
        ("^(?:a{0,1000}){0,1000}b", "a" * 60),
    ],
)
def test_catastrophic_patterns_are_fast(pattern: str, text: str) -> None:
    assert is_found(pattern, text) is False


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("^a.c$", ["abc", "a\u2028c"], ["a\nc", "abcd", "ac"]),
        ("b|^c", ["abc", "cd"], ["dc"]),
        (r"\bcat\b", ["a cat", "cat"], ["cats", "concat"]),
        (r"a\Bb", ["ab"], ["a b"]),
        (r"^[^\d\s-]+$", ["ab"], ["a1", "a b", "a-"]),
        (r"^[\]\\b-]$", ["]", "\\", "b", "-"], ["a"]),
        (r"^\x41\u0042[\b]$", ["AB\b"], ["AB"]),
        ("^(?=.*[A-Z])(?!.*x).{2,}?$", ["aB", "Ba"], ["ab", "Bx", "B"]),
        ("^(?:a{2}){2,3}$", ["aaaa", "a" * 6], ["aa", "a" * 5, "a" * 8]),
        ("^(?<n>a)(?P<m>b)$", ["ab"], ["a"]),
        (r"\Aa\Z|\D{3}", ["a", "xyz"], ["1", "ab1"]),
        ("a{,2}|x{1,y", ["a{,2}", "x{1,y"], ["aa"]),
        (r"^\W\S$", ["-a", " b"], ["aa", "- "]),
        (r"\.\/\-", ["./-"], ["a/-"]),
        ("a+?b*", ["a"], ["b"]),
        ("[^\\s\\S]", [], ["a", ""]),
        ("", ["", "a"], []),
    ],
)
def test_pattern_semantics(pattern: str, matching: list[str], others: list[str]) -> None:
    assert [is_found(pattern, text) for text in matching] == [True] * len(matching)
    assert [is_found(pattern, text) for text in others] == [False] * len(others)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "a parenthesis is not closed"),
        ("a)", "a closing parenthesis has no opening one"),
        ("[a", "it ends too early"),
        ("\\", "it ends too early"),
        ("*a", "there is nothing for '*' to repeat"),
        ("a{3,2}", "{3,2} has its bounds the wrong way round"),
        ("[b-a]", "a range of characters has its bounds the wrong way round"),
        ("(?<=a)b", "it has a group of an unsupported kind"),
        ("(?i)a", "it has a group of an unsupported kind"),
        ("(a)\\1", "\\1 is not supported"),
        ("\\p{L}", "\\p is not supported"),
        ("\\x4", "\\x needs 2 hexadecimal digits"),
        ("\\u00g0", "\\u needs 4 hexadecimal digits"),
        ("(a{1000}){1000}b", "longer than 100000 characters"),
    ],
)
def test_unsupported_patterns(pattern: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        matching_text(pattern)
    assert why in str(caught.value)


def test_matching_effort_is_limited() -> None:
    with pytest.raises(ValueError, match="matching takes too many steps"):
        is_found("(a{1000}){1000}b", "a" * 2000)


@pytest.mark.parametrize(
    ("pattern", "text"), [("[^a-z]", " "), ("[\x01-\x1f]", "\x01"), ("[\x01-0]", " "), ("\\S", "a")]
)
def test_generated_texts_are_printable_if_possible(pattern: str, text: str) -> None:
    assert matching_text(pattern) == text
