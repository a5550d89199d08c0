"""Tool calls: whatever a model requests, each call gets one message, and only a declared function runs."""

import json
from typing import Any

from hypothesis import strategies as st

from azure.ai.inference.tools import Toolset

from ._inputs import json_of, json_texts, json_values

CALLED: list[Any] = []


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    CALLED.append((a, b))
    return a + b


def tell(names: list[str], urgent: bool | None = None) -> str:
    """Send something to people."""
    CALLED.append((names, urgent))
    return ", ".join(names)


TOOLS = Toolset([add, tell])
SEEDS = [
    b'[{"id": "1", "type": "function", "function": {"name": "add", "arguments": "{\\"a\\": 1}"}}]',
    b'[{"id": 1, "function": {"name": "tell", "arguments": {"names": ["x"], "urgent": null}}}, {"function": null}]',
    b'[{"function": {"name": "add", "arguments": "{\\"a\\": 1e999, \\"b\\": true}"}}]',
    b'[{"function": {"name": "add", "arguments": "[[[[[[[["}}, {"function": {"name": "__class__"}}]',
    b'[{"function": "add"}, {"function": ["add"]}, {"function": 5}]',
]
_MEMBERS = ("id", "type", "function", "name", "arguments", "a", "b", "names", "urgent")
_ARGUMENTS = json_values(*_MEMBERS) | json_values(*_MEMBERS).map(json.dumps)
_CALLS = st.fixed_dictionaries(
    {
        "id": st.text(max_size=3) | json_values(),
        "function": st.fixed_dictionaries(
            {"name": st.sampled_from(["add", "tell", "", "run"]) | json_values(), "arguments": _ARGUMENTS}
        ),
    }
)
LIKELY = st.lists(_CALLS, max_size=3).map(lambda calls: json.dumps(calls).encode()) | json_texts(*_MEMBERS)


def check(data: bytes) -> None:
    try:
        calls = json_of(data)
    except ValueError:
        return
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        return
    CALLED.clear()
    messages = TOOLS.run({"tool_calls": calls})
    assert len(messages) == len(calls)
    assert len(CALLED) <= len(calls)
    for message in messages:
        assert message["role"] == "tool"
        assert isinstance(message["content"], str)
        assert isinstance(message["tool_call_id"], str)
    for first, second in CALLED:
        assert type(first) in (int, list)
        assert type(second) in (int, bool, type(None))
