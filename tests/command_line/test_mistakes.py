"""User mistakes and environment failures: each gives one line in terms of the command line.

No traceback, no Python argument, no class of an HTTP library. The status is 2 for invalid command lines, and 1 if the
service, the network or a file failed.
"""

import gc
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference._cli._input import open_lines
from azure.ai.inference._cli._words import UsageError, in_cli_words
from azure.ai.inference._errors import advice
from azure.ai.inference.emulator import Emulator, RecordedRequest, Reply

from ..clients.raw_server import answer, completion
from .conftest import KEY, PROGRAM, Run, Serve

URL = "http://127.0.0.1:9/v1"
NAME = "python -m azure.ai.inference"
REFUSED = {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}
UNKNOWN = {"error": {"code": "model_not_found", "message": "The model `gpt-4p` does not exist."}}
NO_ACCESS = {"error": {"message": "No access to this model."}}
RETIRED = {"error": {"message": "This model is retired; it has a successor."}}

INVALID: Sequence[tuple[Sequence[str], str]] = [
    ([], "which command? check, chat, embed, batch, emulator."),
    (["chta"], "there is no such command. Did you mean chat?"),
    (["xyzzy"], "there is no such command. There are: check, chat, embed, batch, emulator."),
    (["--model", "m", "chat"], "options go after a command"),
    (["chat"], "no endpoint: pass its URL, or set AZURE_AI_CHAT_ENDPOINT"),
    (["embed"], "no endpoint: pass its URL, or set AZURE_AI_EMBEDDINGS_ENDPOINT"),
    (["batch", "in.jsonl"], "OUT missing"),
    (["chat", "contoso", "hi"], "'contoso' is a name, not a URL."),
    (["chat", "htp://contoso.openai.azure.com", "hi"], "begins with htp://"),
    (["chat", "https://", "hi"], "has no host"),
    (["chat", "http://gateway.example.com/v1", "hi"], "http://gateway.example.com is plain http"),
    (
        ["chat", "https://gateway.example.com/v1", "hi", "--key-env", "NOT_SET"],
        "--key-env names an environment variable",
    ),
    (["chat", URL, "hi", "--sytem", "x"], "there is no option --sytem. Did you mean --system?"),
    (["chat", URL, "hi", "-z"], "there is no such option with a single dash"),
    (["chat", URL, "hi", "--key", KEY], "keys are not accepted as arguments"),
    (["chat", URL, "hi", "--model"], "--model needs a value"),
    (["chat", URL, "hi", "--json=5"], "--json takes no value"),
    (["chat", URL, "hi", "--timeout", "soon"], "--timeout must be a number, not 'soon'"),
    (["chat", URL, "hi", "--timeout", "0"], "--timeout must be above 0 seconds"),
    (["chat", URL, "hi", "--route", "x"], "--route is 'x'; choose from"),
    (["chat", URL, "hi", "--header", "x-team"], "--header must be NAME=VALUE"),
    (["chat", URL, "hi", "-o", "temperature"], "-o must be NAME=VALUE"),
    (["chat", URL, "hi", "-o", "temprature=0"], "there is no option -o temprature. Did you mean -o temperature?"),
    (["chat", URL, "hi", "-o", "top_q=5"], "goes into -o 'model_extras={\"top_q\": ...}'"),
    (["chat", URL, "hi", "-o", "temperature=hot"], "-o temperature must be a number, not 'hot'"),
    (["chat", URL, "hi", "-o", "temperature=true"], "-o temperature must be a number, not 'true'"),
    (["chat", URL, "hi", "-o", "max_tokens=1.5"], "-o max_tokens must be a whole number, not '1.5'"),
    (["chat", URL, "hi", "-o", "logprobs=1"], "-o logprobs must be true or false, not '1'"),
    (["chat", URL, "hi", "-o", "tools={}"], "-o tools must be a JSON array, not '{}'"),
    (["chat", URL, "hi", "-o", "api=rest"], "-o api=rest is unknown."),
    (["chat", URL, "hi", "--key-env", "A", "--entra-id"], "--entra-id and --key-env cannot be combined"),
    (["chat", URL], "no prompt: pass one, or pipe one in"),
    (["chat", URL, "  "], "no prompt: pass one, or pipe one in"),
    (["embed", URL, "a", "--file", "b"], "pass texts or --file, not both"),
    (["embed", URL, "--file", "/no/such/file"], "/no/such/file cannot be read: No such file or directory"),
    (["embed", URL, "--file", "/"], "/ cannot be read: Is a directory"),
    (["embed", URL, "a", "--batch-size", "0"], "--batch-size must be 1 or more, not 0."),
    (["embed", URL, "a", "--batch-size", "many"], "--batch-size must be a whole number, not 'many'"),
    (["check", URL, "extra"], "check takes one endpoint"),
    (["--verson"], "Did you mean --version?"),
    (["version"], "there is no such command. Did you mean --version?"),
    (["chat", URL, "hi", "--quite"], "there is no option --quite. Did you mean --quiet?"),
    (["chat", URL, "hi", "--header", "a b=c"], "--header has the name 'a b'"),
    (
        ["chat", URL, "hi", "-o", "response_format=json"],
        """Unsupported -o response_format 'json': use "text", "json_object", or a JSON object in the service's own""",
    ),
    (
        ["chat", URL, "hi", "-o", "tools=[1]"],
        "tools[0] must be a ChatCompletionsToolDefinition or a mapping, not int: 1.",
    ),
    (["embed", URL, "--file", ""], "'' cannot be read: "),
    (["batch", "/no/such.jsonl", "out", URL], "There is no file"),
    (["batch", "/no/such.jsonl", "out", URL, "--max-concurrency", "0"], "--max-concurrency must be 1 or more"),
]


def told(err: str, name: str = NAME) -> str:
    """Check that standard error has one line of the program, and return it."""
    assert err.count("\n") == 1, err
    assert err.startswith(f"{name}")
    assert not re.search(r"Traceback|\w+Error\b|\(host=|keyword|client\b|\b(?!NAME|o )[a-z_]+= ", err), err
    return err


@pytest.mark.parametrize(("arguments", "words"), INVALID, ids=[" ".join(row[0])[:40] for row in INVALID])
def test_invalid_command_lines(run: Run, arguments: Sequence[str], words: str) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert words in told(ran.err)


def test_no_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    ran = run("chat", "https://gateway.example.com", "hi")
    assert (ran.status, ran.out) == (2, "")
    line = told(ran.err)
    for way in ("AZURE_AI_CHAT_KEY", "--key-env NAME", "--key-file PATH", "--entra-id", "--no-key"):
        assert way in line


@pytest.mark.slow
def test_remote_server_without_a_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    ran = run("check", "http://gateway.example.com/v1", "--no-key", "--offline")
    assert "key from nowhere" in ran.out
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    ran = run("chat", "http://gateway.example.com/v1", "hi", "--no-key", "--quiet")
    assert (ran.status, "plain http" in ran.err) == (1, False)


def test_key_over_plain_http(run: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(answer(200, completion(), content_type="application/json"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    words = ("check", "http://gateway.example.com/v1")
    assert run(*words).status == 2
    assert not proxy.requests
    assert run(*words, "--allow-http").status == 0
    assert proxy.requests[0].headers["api-key"] == KEY


THERE_ARE = answer(200, {"data": [{"id": "gpt-4o"}, {"id": "o3"}]})
SEVERAL_LINES = {"error": {"code": "c", "message": "No.\nNever.", "innererror": {"a": {"b": 1}}}}
SLOW = {"error": {"code": "429", "message": "Slow down."}}
OOPS = {"error": {"message": "Oops"}}

REFUSALS: Sequence[tuple[Sequence[bytes], str]] = [
    ([answer(401, REFUSED)], r"\(401\) Access .* \(status 401 \w+\)\. The key came from AZURE_AI_CHAT_KEY\."),
    ([answer(400, NO_ACCESS), THERE_ARE], r".*No access .*\. Did you mean --model gpt-4o\? There are: gpt-4o, o3\."),
    ([answer(400, RETIRED), THERE_ARE], r".*successor .*\. Did you mean --model gpt-4o\? There are: gpt-4o, o3\."),
    ([answer(404, UNKNOWN), answer(404, {})], r"\(model_not_found\) The model `gpt-4p` does not exist .*"),
    ([answer(404, {"detail": "Not Found"})], r".*The URL called was http://127.0.0.1:\d+/v1/chat/completions\..*"),
    ([answer(400, SEVERAL_LINES)], r"\(c\) No \(status 400 Bad Request\)\. Never\."),
    ([answer(429, SLOW, retry_after=0)], r"\(429\) Slow down \(status 429 .*"),
    ([answer(500, OOPS, retry_after=0, x_request_id="r")], r"\(500\) Oops \(status 500 [\w ]+, request id r\)\."),
    ([answer(200, b"<html>", content_type="text/html")], r"The response is a page of markup.*"),
]


@pytest.mark.parametrize(("answers", "words"), REFUSALS, ids=range(len(REFUSALS)))
def test_service_refusals(run: Run, serve: Serve, answers: Sequence[bytes], words: str) -> None:
    server = serve(*answers)
    ran = run("chat", f"{server.url}/v1", "hi", "--model", "gpt-4p", "--quiet")
    assert (ran.status, ran.out) == (1, "")
    assert re.fullmatch(f"{NAME} chat: {words}\n", told(ran.err)), ran.err


class Garbage:
    """What another test left behind: found by the garbage collector, and reported on standard error."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        raise ResourceWarning("unclosed socket")


def test_garbage_of_other_tests_is_not_in_the_output(run: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave_garbage(low: float, high: float) -> float:
        Garbage()
        return float(len([[] for _ in range(10_000)]) * 0)  # so many objects that the garbage collector starts

    monkeypatch.setattr("random.uniform", leave_garbage)  # called before each retry
    server = serve(answer(429, SLOW, retry_after=0))
    ran = run("chat", f"{server.url}/v1", "hi", "--model", "gpt-4p", "--quiet")
    gc.collect()
    assert "Slow down" in told(ran.err)


def test_listed_models_are_not_requested_again(run: Run, serve: Serve) -> None:
    server = serve(answer(404, UNKNOWN), THERE_ARE)
    ran = run("chat", f"{server.url}/v1", "hi", "--model", "gpt-4p")
    assert told(ran.err).endswith(" has no model of that name; it has 'gpt-4o', 'o3'.\n")
    assert [request.target for request in server.requests] == ["/v1/chat/completions", "/v1/models"]


def test_existing_model_is_not_blamed(run: Run, serve: Serve) -> None:
    refused = answer(400, {"error": {"message": "The model is busy."}})
    server = serve(refused, answer(200, {"data": [{"id": "gpt-4o"}]}))
    ran = run("chat", f"{server.url}/v1", "hi", "--model", "gpt-4o")
    assert "There are" not in told(ran.err)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://no-such-host.invalid/v1", "No host has the name no-such-host.invalid: check the URL."),
        (URL, "Nothing is listening at 127.0.0.1:9: check the port"),
        ("PLAIN", "does not use TLS on that port: did you mean http:// instead of https://?"),
        ("UNTRUSTED", "is not trusted. Behind a corporate proxy, name its CA file in REQUESTS_CA_BUNDLE."),
    ],
)
def test_network_failures(run: Run, url: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)  # no waits
    with Emulator() as emulator, Emulator(tls=True) as secure:
        places = {"PLAIN": emulator.url.replace("http:", "https:"), "UNTRUSTED": secure.url}
        ran = run("chat", places.get(url, url), "hi", "--quiet")
    assert (ran.status, ran.out) == (1, "")
    assert words in told(ran.err)


def test_certificates_of_the_environment_that_do_not_exist(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such.pem")
    ran = run("chat", URL, "hi")
    assert (ran.status, ran.out) == (2, "")
    assert "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE is '/no/such.pem', which is not the path of a file" in told(ran.err)


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    path.write_text("text\nhi\n")
    return str(path)


def test_a_batch_that_reaches_nobody(run: Run, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)  # no waits
    ran = run("batch", table, str(tmp_path / "out"), URL, "--template", "{text}", "--quiet")
    line = ran.err.splitlines()[-1]
    assert ran.status == 1
    assert line == (
        f"{NAME} batch: The run stopped early. The first request failed, and every other would fail the same way: "
        "Nothing is listening at 127.0.0.1:9: check the port, and whether the server is running. The results so far "
        "are in the output; the same call continues from there."
    )


def test_a_batch_that_the_service_refuses(run: Run, serve: Serve, table: str, tmp_path: Path) -> None:
    server = serve(answer(401, REFUSED))
    ran = run("batch", table, str(tmp_path / "out"), f"{server.url}/v1", "--template", "{text}", "--quiet")
    assert ran.status == 1
    assert "would fail the same way: " in ran.err.splitlines()[-1]


def test_an_output_that_cannot_be_written(run: Run, table: str) -> None:
    ran = run("batch", table, f"{table}/out", URL, "--template", "{text}", "--quiet")
    assert ran.status == 2
    assert re.fullmatch(f"{NAME} batch: {table}\\S*: [A-Z][a-z ]+\n", told(ran.err)), ran.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device")
def test_a_device_is_not_replaced_by_sorted_results(run: Run, table: str, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/dev/full")  # what lies beside it stays out of /dev
    ran = run("batch", table, str(tmp_path / "out"), URL, "--template", "{text}", "--quiet", "--sort")
    assert ran.status == 2
    assert "--sort needs a file as output, not a folder or a device" in told(ran.err)
    assert not Path("/dev/full").is_file()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_a_disk_that_is_full_after_answers(run: Run, table: str, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/dev/full")
    ran = run("batch", table, str(tmp_path / "out"), emulator.url, "--template", "{text}", "--quiet")
    assert (ran.status, len(emulator.requests)) == (1, 1)  # not 2: something was sent
    summary, words = ran.err.splitlines()
    assert summary.startswith("1 rows, ")
    assert re.search(f"{NAME} batch: {tmp_path}/out.*: No space .*; the same command continues from there", words)


def test_a_table_in_utf_16(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("text\nhi\n".encode("utf-16"))
    ran = run("batch", str(path), str(tmp_path / "out"), URL, "--template", "{text}")
    assert (ran.status, told(ran.err)) == (2, f"{NAME} batch: {path} cannot be read: it is UTF-16. Save it as UTF-8.\n")


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"one\ncaf\xe9\n", "line 2 of {} is not UTF-8: byte 0xe9 at position 4"),
        ("one\n".encode("utf-16"), "{} is UTF-16: save it as UTF-8"),
    ],
)
def test_non_utf_8_texts_are_refused_before_sending(
    run: Run, emulator: Emulator, tmp_path: Path, data: bytes, words: str
) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    ran = run("embed", emulator.url, "--batch-size", "1", "--file", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert words.format(path) in told(ran.err)
    for command in ("embed", "chat"):
        ran = run(command, emulator.url, stdin=data)
        assert (ran.status, ran.out) == (2, "")
        assert words.format("standard input") in told(ran.err)
    assert not emulator.requests


def test_unreadable_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the user who runs the tests may be able to read any file
    ran = run("embed", URL, "--file", "texts.txt")
    assert (ran.status, told(ran.err)) == (2, f"{NAME} embed: texts.txt cannot be read: Permission denied\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.seek(900_000) and file.write(b"\xff"), r"line 1797 of .* is not UTF-8: byte 0xff .*"),
        (lambda file: file.truncate(600_000), "1198 lines, not 2000"),
    ],
    ids=["spoilt", "cut"],
)
def test_file_that_changes_while_it_is_read(
    run: Run, tmp_path: Path, emulator: Emulator, spoil: Callable[[Any], object], words: str
) -> None:
    path = tmp_path / "texts.txt"
    path.write_text(f"{'text ' * 100}\n" * 2_000)

    def answer_and_spoil(request: RecordedRequest) -> Reply:
        with path.open("r+b") as file:
            spoil(file)
        data = [{"index": index, "embedding": [1]} for index in range(len(request.body["input"]))]
        return Reply(body={"data": data})

    emulator.reply(answer_and_spoil, path="embeddings", times=None)
    ran = run("embed", f"{emulator.url}/v1", "--file", str(path), "--quiet")
    assert ran.status == 2
    assert re.fullmatch(f"{NAME} embed: the texts changed while they were read: {words}\n", told(ran.err))


def test_unreadable_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Broken())))
    with pytest.raises(UsageError, match="standard input cannot be read: Input/output error"), open_lines(None):
        pass


def test_emulator_is_a_command(run: Run) -> None:
    assert run("emulator", "--port", "-5").err.startswith("The emulator cannot start: --port is -5")
    assert (
        run("emulator", "--script", "/no/such").err
        == "The emulator cannot start: /no/such: No such file or directory\n"
    )
    ran = run("emulator", "--prot", "5")
    assert (ran.status, told(ran.err)) == (
        2,
        f"{NAME} emulator: unrecognized arguments: --prot 5; --help lists the options\n",
    )


# ---------------------------------------------------------------- pipes


def shell(command: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a bash command line in which `ai` is the program."""
    ai = " ".join(PROGRAM)
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; ai() {{ {ai} "$@"; }}; {command}'],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "AZURE_AI_CHAT_KEY": KEY, "AZURE_AI_EMBEDDINGS_KEY": KEY, **environment},
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
@pytest.mark.parametrize("command", ["--help", "--version", "chat --help", "chat URL hi", "check URL", "embed URL a"])
def test_full_disk(emulator: Emulator, command: str) -> None:
    done = shell(f"ai {command.replace('URL', emulator.url)} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.decode().endswith("standard output cannot be written: No space left on device\n")
    told(done.stderr.decode())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_unwritable_standard_error_is_ignored(emulator: Emulator) -> None:
    emulator.fault("429:times=1,wait=0")
    assert shell(f"ai chat {emulator.url} Hello 2> /dev/full").stdout == b"Hello! How can I help you today?\n"
    assert shell(f"ai chat {emulator.url} Hello 2>&-").stdout == b"Hello! How can I help you today?\n"
    assert shell(f"ai chat {emulator.url} Hello >&-").returncode == 0


def test_closed_output_pipe(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("text\n" * 3000)
    done = shell(f"ai embed {emulator.url} --file {tmp_path}/texts --quiet | head -1")
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (141, 1, b"")


def test_non_utf_8_locale(emulator: Emulator) -> None:
    emulator.reply("caf\u00e9 \u2603", times=None)
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = shell(f"printf 'gr\u00fc\u00df\\r\\ndich\\r\\n' | ai chat {emulator.url}", **ascii_only)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"caf? ?\n", b"")
    assert emulator.requests[0].body["messages"][0]["content"] == "gr\u00fc\u00df\r\ndich"
    assert b"caf\\u00e9 \\u2603" in shell(f"ai chat {emulator.url} hi --json", **ascii_only).stdout


def test_pipe_and_file_give_the_same_output(emulator: Emulator) -> None:
    done = shell(
        f"printf '\\xef\\xbb\\xbfone\\r\\n\\r\\ntwo' | ai embed {emulator.url} -o dimensions=1 --key-env K", K=KEY
    )
    assert [line.partition(" dim")[0] for line in done.stdout.decode().splitlines()] == ["0: 1", "1: blank", "2: 1"]
    assert emulator.requests[0].body["input"] == ["one", "two"]
    assert shell(f"ai embed {emulator.url} <&-").stdout == b""


@pytest.mark.parametrize("columns", ["5", "20", "400"])
def test_help_fits_any_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for command in ("check", "chat", "embed", "batch"):
        ran = run(command, "--help")
        assert (ran.status, ran.err) == (0, "")
        assert f"examples:\n  {NAME} {command}" in ran.out


# ---------------------------------------------------------------- messages


def test_messages_do_not_mention_keyword_arguments() -> None:
    """Return all advice that the package may give, read from its source."""
    source = Path(advice.__file__).read_text("utf-8")
    texts = [text for text in re.findall(r'f?"([^"\n]*\w=[^"\n]*)"', source) if " " in text]
    assert len(texts) > 10
    for text in texts:
        said = re.sub(r"--header \S+|-o '?\w+=", "", in_cli_words(text))
        assert not re.search(r"\b[a-z_]+=", said), said
