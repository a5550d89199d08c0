"""``embed``: texts from the command line, from a file and from a pipe."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from azure.ai.inference.emulator import Emulator, RecordedRequest, Reply

from ..clients.raw_server import answer
from .conftest import KEY, Run, Serve, Terminal

EMBEDDING = {"object": "embedding", "embedding": [1, 2.5, -0.123456], "index": 0}
RESULT = {"object": "list", "model": "m", "data": [EMBEDDING], "usage": {"prompt_tokens": 2, "total_tokens": 2}}


def test_texts_as_arguments(run: Run, serve: Serve) -> None:
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
def test_lines(run: Run, emulator: Emulator, tmp_path: Path, way: str) -> None:
    text = "one\n\n  two  \nthree\n"
    (tmp_path / "texts.txt").write_text(text, "utf-8")
    arguments = {"file": ["--file", str(tmp_path / "texts.txt")], "dash": ["--file", "-"], "pipe": []}[way]
    ran = run("embed", emulator.url, *arguments, "--batch-size", "2", stdin="" if way == "file" else text)
    assert (ran.status, ran.err) == (0, "")
    assert [line.split(":")[0] for line in ran.out.splitlines()] == ["0", "1", "2"]
    assert sorted(request.body["input"] for request in emulator.requests) == [["one", "two"], ["three"]]


def test_json_is_a_line_for_each_request(run: Run, emulator: Emulator) -> None:
    ran = run("embed", emulator.url, "a", "b", "c", "--batch-size", "2", "--json", "-o", "encoding_format=base64")
    results = [json.loads(line) for line in ran.out.splitlines()]
    assert [[item["index"] for item in result["data"]] for result in results] == [[0, 1], [2]]
    assert isinstance(results[0]["data"][0]["embedding"], str)


def test_what_came_before_a_failure_is_written(run: Run, emulator: Emulator) -> None:
    def say(request: RecordedRequest) -> Reply:
        if request.body["input"] == ["text 40"]:
            return Reply(status=400, body={"error": {"code": "BadRequest", "message": "Too long."}})
        return Reply(body=RESULT)

    emulator.reply(say, path="embeddings", times=None)
    texts = "".join(f"text {number}\n" for number in range(50))
    ran = run("embed", emulator.url, "--batch-size", "1", stdin=texts)
    assert ran.status == 1
    assert ran.out.startswith("0: 3 dimensions [1, 2.5, -0.1235]\n1: 3 dimensions")
    assert ran.err.startswith("The request for input[40] to input[40] failed: (BadRequest) Too long.")


def test_a_failure_as_json_has_its_code(run: Run, serve: Serve) -> None:
    server = serve(answer(400, {"error": {"code": "BadRequest", "message": "Too long."}}, x_request_id="r-1"))
    ran = run("embed", f"{server.url}/v1", "hello", "--json")
    error = json.loads(ran.out)["error"]
    assert (ran.status, ran.err) == (1, "")
    said = [error[name] for name in ("type", "status", "code", "message", "request_id", "hint")]
    assert said == ["BatchError", 400, "BadRequest", "Too long.", "r-1", None]
    assert error["text"].startswith("The request for input[0] to input[0] failed: (BadRequest) Too long.")


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["http://localhost/v1", "a", "--file", "b"], "", "give texts or --file, not both"),
        (["http://localhost/v1", "--file", "/no/such/file"], "", "/no/such/file cannot be read: No such file"),
        (["http://localhost/v1", "a", "--batch-size", "0"], "", "batch_size must be 1 or more"),
        (["http://localhost/v1"], b"caf\xe9\n", "the input is no utf-8 text"),
        (["http://localhost/v1", "a", "-o", "dimension=3"], "", "Did you mean 'dimensions'?"),
    ],
)
def test_what_cannot_be(run: Run, arguments: Sequence[str], stdin: str | bytes, words: str) -> None:
    ran = run("embed", *arguments, stdin=stdin)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("python -m azure.ai.inference embed: ")
    assert words in ran.err


def test_a_terminal_is_not_waited_for() -> None:
    with Terminal("embed", "http://localhost/v1") as terminal:
        assert terminal.end() == 2
        assert "no texts: give some" in terminal.screen
