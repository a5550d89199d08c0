"""``embed``: texts from arguments, a file and a pipe."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from azure.ai.inference.emulator import Emulator, RecordedRequest, Reply

from ..clients.raw_server import answer
from .conftest import KEY, Run, Serve, Terminal

EMBEDDING = {"object": "embedding", "embedding": [1, 2.5, -0.123456], "index": 0}
RESULT = {"object": "list", "model": "m", "data": [EMBEDDING], "usage": {"prompt_tokens": 2, "total_tokens": 2}}


def test_texts_from_arguments(run: Run, serve: Serve) -> None:
    server = serve(answer(200, RESULT))
    ran = run("embed", f"{server.url}/v1", "hello", "-o", "dimensions=3", "--model", "m", "-v")
    assert ran == (0, "0: 3 dimensions [1, 2.5, -0.1235]\n", "2 tokens\n")
    assert server.requests[0].json == {"input": ["hello"], "dimensions": 3, "model": "m"}
    assert server.requests[0].headers["api-key"] == KEY


def test_long_vectors_are_cut(run: Run, emulator: Emulator) -> None:
    ran = run("embed", emulator.url, "hello", "world", "-o", "dimensions=5")
    lines = ran.out.splitlines()
    assert [line.partition("[")[0] for line in lines] == ["0: 5 dimensions ", "1: 5 dimensions "]
    assert all(line.endswith(", ...]") for line in lines)


@pytest.mark.parametrize("way", ["file", "dash", "pipe"])
def test_lines_from_standard_input(run: Run, emulator: Emulator, tmp_path: Path, way: str) -> None:
    text = "one\n\n  two  \nthree\n"
    (tmp_path / "texts.txt").write_text(text, "utf-8")
    arguments = {"file": ["--file", str(tmp_path / "texts.txt")], "dash": ["--file", "-"], "pipe": []}[way]
    ran = run("embed", emulator.url, *arguments, "--batch-size", "2", stdin="" if way == "file" else text)
    assert (ran.status, ran.err) == (0, "")
    assert [line.split(" dim")[0] for line in ran.out.splitlines()] == ["0: 1024", "1: blank", "2: 1024", "3: 1024"]
    assert sorted(request.body["input"] for request in emulator.requests) == [["one", "two"], ["three"]]


def test_json_output(run: Run, emulator: Emulator) -> None:
    ran = run("embed", emulator.url, "a", "b", "c", "--batch-size", "2", "--json", "-o", "encoding_format=base64")
    results = [json.loads(line) for line in ran.out.splitlines()]
    assert [result["index"] for result in results] == [0, 1, 2]
    assert isinstance(results[0]["embedding"], str)


def test_results_before_a_failure_are_written(run: Run, emulator: Emulator) -> None:
    def say(request: RecordedRequest) -> Reply:
        if request.body["input"] == ["text 40"]:
            return Reply(status=400, body={"error": {"code": "BadRequest", "message": "Too long."}})
        return Reply(body=RESULT)

    emulator.reply(say, path="embeddings", times=None)
    texts = "".join(f"text {number}\n" for number in range(50))
    ran = run("embed", emulator.url, "--batch-size", "1", "--quiet", stdin=texts)
    assert ran.status == 1
    assert ran.out.startswith("0: 3 dimensions [1, 2.5, -0.1235]\n1: 3 dimensions")
    assert re.fullmatch(r"\S.* embed: line 41: \(BadRequest\) Too long \(status 400 [^)]*\)\.\n", ran.err)


def test_failure_as_json_has_its_code(run: Run, serve: Serve) -> None:
    server = serve(answer(400, {"error": {"code": "BadRequest", "message": "Too long."}}, x_request_id="r-1"))
    ran = run("embed", f"{server.url}/v1", "hello", "--json")
    error = json.loads(ran.out)["error"]
    assert (ran.status, ran.err) == (1, "")
    said = [error[name] for name in ("type", "status", "code", "message", "request_id", "hint")]
    assert said == ["BatchError", 400, "BadRequest", "Too long.", "r-1", None]
    assert error["text"].startswith("text 1: (BadRequest) Too long.")


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["http://localhost/v1", "a", "--file", "b"], "", "pass texts or --file, not both"),
        (["http://localhost/v1", "--file", "/no/such/file"], "", "/no/such/file cannot be read: No such file"),
        (["http://localhost/v1", "a", "--batch-size", "0"], "", "--batch-size must be 1 or more"),
        (["http://localhost/v1"], b"caf\xe9\n", "line 1 of standard input is not UTF-8: byte 0xe9 at position 4"),
        (["http://localhost/v1", "a", "-o", "dimension=3"], "", "Did you mean -o dimensions?"),
    ],
)
def test_invalid_arguments(run: Run, arguments: Sequence[str], stdin: str | bytes, words: str) -> None:
    ran = run("embed", *arguments, stdin=stdin)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("python -m azure.ai.inference embed: ")
    assert words in ran.err


def test_terminal_input_is_not_awaited() -> None:
    with Terminal("embed", "http://localhost/v1") as terminal:
        assert terminal.end() == 2
        assert "no texts: pass some" in terminal.screen
