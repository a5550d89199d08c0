"""Tool calls in pieces that services identify poorly: equal ids, equal indices, repeated arguments."""

from typing import Any

import pytest

from azure.ai.inference._streaming.accumulator import Accumulator


def calls_of(*deltas: list[dict[str, Any]]) -> list[tuple[str, str]]:
    accumulator = Accumulator()
    for calls in deltas:
        accumulator.add({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]})
    completion = accumulator.completion()
    assert completion == accumulator.completion(), "asked twice, it says the same"
    found = completion["choices"][0]["message"]["tool_calls"]
    return [(call["function"]["name"], call["function"]["arguments"]) for call in found]


def piece(arguments: Any = "", name: str | None = None, **members: Any) -> dict[str, Any]:
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    return {**members, "function": function}


OSLO, ROME = '{"city": "Oslo"}', '{"city": "Rome"}'


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        ([[piece(OSLO, "f", index=0, id="x")], [piece(ROME, "f", index=1, id="x")]], [("f", OSLO), ("f", ROME)]),
        ([[piece(OSLO, "f", index=0, id="x"), piece(ROME, "g", index=0, id="x")]], [("f", OSLO), ("g", ROME)]),
        ([[piece(OSLO, "f", id="x")], [piece(ROME, "g", id="x")]], [("f", OSLO), ("g", ROME)]),
        (
            [
                [piece("", "f", index=0, id="x")],
                [piece("", "f", index=1, id="x")],
                [piece('{"city": ', index=0)],
                [piece('{"city": "Rome"}', index=1)],
                [piece('"Oslo"}', index=0)],
            ],
            [("f", OSLO), ("f", ROME)],
        ),
        ([[piece(OSLO, "f", index=0)], [piece(ROME, "f", index=0)]], [("f", OSLO), ("f", ROME)]),
        ([[piece(OSLO, "f", index=0), piece(ROME, "f", index=0)]], [("f", OSLO), ("f", ROME)]),
        ([[piece({"a": 1}, "f", index=0)], [piece({"a": 2}, "f", index=0)]], [("f", '{"a": 1}'), ("f", '{"a": 2}')]),
        ([[piece(OSLO, "f", index=0, id="x")], [piece(OSLO, "f", index=0, id="x")]], [("f", OSLO)]),
        ([[piece(OSLO, "f", index=0)], [piece(OSLO, "f", index=0)]], [("f", OSLO)]),
        (
            [[piece('{"a"', "f", index=0, id="x")], [piece(": 1}", index=0)], [piece('{"a": 1}', index=0)]],
            [("f", '{"a": 1}')],
        ),
        (
            [[piece(text, "f", index=0, id="x")] for text in ('{"a"', '{"a": 1', '{"a": 1}', '{"a": 1}')],
            [("f", '{"a": 1}')],
        ),
        ([[piece('{"a"', "f", index=0)], [piece('{"a": 1', "f", index=0)]], [("f", '{"a"{"a": 1')]),
        ([[piece('{"a": ', "f", index=0)], [piece("", "f", index=0)], [piece("1}", index=0)]], [("f", '{"a": 1}')]),
        ([[piece("", "f", id="x")], [piece(OSLO, index=0, id="x")]], [("f", OSLO)]),
    ],
)
def test_ambiguous_tool_call_pieces(deltas: list[Any], calls: list[tuple[str, str]]) -> None:
    assert calls_of(*deltas) == calls
