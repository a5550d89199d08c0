"""Common to all wires: the table, combining chunks, dropped hints, and refusals."""

import logging
import subprocess
import sys

import pytest

from azure.ai.inference._wires import WIRES, NoCounterpartError, completion_of, log_dropped, responses


def test_each_row_is_found_by_its_api() -> None:
    assert {api: wire.api for api, wire in WIRES.items()} == {"responses": "responses", "messages": "messages"}
    assert {wire.operation for wire in WIRES.values()} == {"responses", "messages"}


def test_translators_are_loaded_on_first_use() -> None:
    code = f"import sys; from {WIRES['responses'].__module__} import WIRES; "
    code += "before = {*sys.modules}; WIRES['responses'].translator; print(*({*sys.modules} - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert responses.__name__ in loaded
    assert WIRES["responses"].translator is responses


def test_no_counterpart_error() -> None:
    refusal = NoCounterpartError("stop", "the Responses API")
    assert isinstance(refusal, ValueError)
    assert refusal.what == "stop"
    assert str(refusal) == "stop has no counterpart in the Responses API: leave it out, or pass api='chat'."


def test_chunks_add_up_to_a_completion() -> None:
    head = {"id": "a", "created": 1, "model": "m", "object": "chat.completion.chunk"}
    chunks = [
        {**head, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "He"}}]},
        {**head, "choices": [{"index": 0, "delta": {"content": "llo"}, "finish_reason": "stop"}]},
    ]
    message = {"role": "assistant", "content": "Hello"}
    assert completion_of(chunks) == {
        **head,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }


def test_error_among_the_chunks_is_the_answer() -> None:
    error = {"error": {"code": "server_error", "message": "Sorry."}}
    assert completion_of([{"choices": []}, error]) is error


@pytest.mark.parametrize(
    ("names", "lines"),
    [(["seed", "prediction"], ["Left out of the request, because X does not support it: seed, prediction"]), ([], [])],
)
def test_dropped_hints_are_logged_at_debug(
    names: list[str], lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "azure.ai.inference"):
        log_dropped(names, "X")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("DEBUG", line) for line in lines]
