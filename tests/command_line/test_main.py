"""The program as a whole: sources of endpoint, model and credential, exit statuses, and imports."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

import pytest

from azure.ai.inference._cli._console import make_console
from azure.ai.inference._cli._overview import overview
from azure.ai.inference.emulator import Emulator

from ..clients.raw_server import CHUNKED_HEAD, HELLO, RawServer, answer, chunk, completion
from .conftest import KEY, PROGRAM, Run, Serve, Terminal

OTHER_KEY = "another-secret-key-987"
GREETING = "Hello! How can I help you today?\n"


def sent_key(server: RawServer) -> str:
    return server.requests[-1].headers["api-key"]


# ---------------------------------------------------------------- endpoint, model, key


@pytest.mark.parametrize(
    ("variables", "arguments", "key", "model"),
    [
        ({"AZURE_AI_CHAT_KEY": KEY, "AZURE_AI_CHAT_MODEL": "m1"}, ["URL", "hi"], KEY, "m1"),
        ({"AZURE_AI_CHAT_KEY": KEY, "AZURE_AI_CHAT_MODEL": "m1"}, ["URL", "hi", "--model", "m2"], KEY, "m2"),
        ({"AZURE_AI_CHAT_KEY": "", "AZURE_INFERENCE_CREDENTIAL": KEY}, ["URL", "hi"], KEY, None),
        ({"AZURE_AI_CHAT_ENDPOINT": "URL", "AZURE_AI_CHAT_KEY": KEY}, ["hi"], KEY, None),
        ({"AZURE_AI_CHAT_ENDPOINT": "URL", "AZURE_AI_CHAT_KEY": KEY}, ["URL", "hi"], KEY, None),
        # A key set beside another endpoint belongs to that one: this machine's server gets none.
        ({"AZURE_AI_CHAT_ENDPOINT": "https://a.example.com", "AZURE_AI_CHAT_KEY": KEY}, ["URL", "hi"], "unused", None),
        ({"AZURE_AI_CHAT_ENDPOINT": "no url", "AZURE_AI_CHAT_KEY": KEY}, ["URL", "hi"], "unused", None),
        (
            {"AZURE_INFERENCE_ENDPOINT": "URL", "AZURE_INFERENCE_CREDENTIAL": OTHER_KEY, "AZURE_AI_CHAT_KEY": KEY},
            ["hi"],
            OTHER_KEY,
            None,
        ),
        ({"AZURE_AI_CHAT_MODEL": "m1", "MINE": KEY}, ["URL", "hi", "--key-env", "MINE"], KEY, None),
        (
            {"AZURE_AI_CHAT_ENDPOINT": "URL", "AZURE_AI_CHAT_MODEL": "m1", "MINE": f" {KEY}\n"},
            ["hi", "--key-env", "MINE"],
            KEY,
            "m1",
        ),
    ],
)
def test_sources_of_endpoint_key_and_model(
    run: Run,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    variables: Mapping[str, str],
    arguments: Sequence[str],
    key: str,
    model: str | None,
) -> None:
    server = serve(answer(200, completion(), content_type="application/json"))
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("URL", f"{server.url}/v1"))
    ran = run("chat", *(word.replace("URL", f"{server.url}/v1") for word in arguments))
    assert ran.status in (0, 1)
    assert (sent_key(server), server.requests[-1].json.get("model")) == (key, model)
    assert server.requests[-1].json["messages"] == [{"role": "user", "content": "hi"}]


def test_key_file(run: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    (tmp_path / "key").write_text(f"{KEY}\n", "utf-8")
    assert run("chat", emulator.url, "Hello", "--key-file", str(tmp_path / "key")) == (0, GREETING, "")


def test_key_and_prompt_on_standard_input(run: Run, emulator: Emulator) -> None:
    assert run("chat", emulator.url, "--key-file", "-", stdin=f"{KEY}\nHello\n") == (0, GREETING, "")


def test_typed_key_is_not_shown(emulator: Emulator) -> None:
    with Terminal("chat", emulator.url, "Hello", "--key-file", "-") as terminal:
        terminal.expect("Key: ")
        terminal.type(f"{KEY}\r")
        assert terminal.end() == 0
        assert GREETING.strip() in terminal.screen
        assert KEY not in terminal.screen


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--key", KEY], "keys are not accepted as arguments"),
        ([f"--api-key={KEY}"], "keys are not accepted as arguments"),
        ([f"--secret={KEY}", "-k", KEY], "there is no option --secret"),
        (["-k", KEY], "no such option with a single dash"),
        (["--key-env", KEY], "--key-env names an environment variable that is not set"),
        (["--key-file", KEY], "the file of --key-file cannot be read: No such file"),
        (["--key-file", "-"], "the key from the file of --key-file is empty"),
        (["--key-file", "-", "--key-env", "X"], "--key-env and --key-file cannot be combined"),
        (["--header", "x"], "--header must be NAME=VALUE"),
        (["--header", "=x"], "--header must be NAME=VALUE"),
    ],
)
def test_misplaced_key_is_not_repeated(run: Run, arguments: Sequence[str], words: str) -> None:
    ran = run("chat", "http://localhost/v1", "hi", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err


@pytest.mark.parametrize("text", [f"\ufeff{KEY}\r\n", f"  {KEY}", f"{KEY}\nanother line"])
def test_key_file_as_editors_write_it(run: Run, emulator: Emulator, tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_bytes(text.encode())
    assert run("chat", emulator.url, "Hello", "--key-file", str(tmp_path / "key")) == (0, GREETING, "")


def test_binary_key_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    ran = run("chat", "http://localhost/v1", "hi", "--key-file", str(tmp_path / "key"))
    assert ran == (2, "", "python -m azure.ai.inference chat: the file of --key-file cannot be read: it is not text\n")


@pytest.mark.parametrize("key", ["with a blank", "w\u00f6rd-0123456789"])
def test_invalid_key(run: Run, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("AZURE_AI_CHAT_KEY", key)
    ran = run("chat", "http://localhost/v1", "hi")
    assert ran.status == 2
    assert "the key from AZURE_AI_CHAT_KEY is invalid" in ran.err
    assert key not in ran.err


def test_no_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    ran = run("chat", "https://gateway.example.com", "hi")
    assert (ran.status, ran.out) == (2, "")
    assert "no key was given: put it in AZURE_AI_CHAT_KEY" in ran.err


# ---------------------------------------------------------------- Entra ID


def sign_in_at(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make azure-identity get tokens as an application in Azure App Service does."""
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")


def test_entra_id(run: Run, emulator: Emulator, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    token = emulator.token("https://ml.azure.com/.default")
    expires = int(time.time()) + 3600
    authority = serve(
        answer(200, {"access_token": token, "expires_on": expires, "resource": "r", "token_type": "Bearer"})
    )
    sign_in_at(authority, monkeypatch)
    ran = run("check", emulator.url, "--entra-id")
    assert ran.status == 0, ran
    assert "Credential   Entra ID, DefaultAzureCredential of azure-identity\n" in ran.out
    assert token not in ran.out
    assert authority.requests[0].target.endswith("&resource=https://ml.azure.com")


def test_entra_id_without_a_token(run: Run, emulator: Emulator, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = serve(answer(400, {"error": "invalid_scope", "error_description": "no such identity"}))
    sign_in_at(authority, monkeypatch)
    ran = run("check", emulator.url, "--entra-id")
    assert (ran.status, ran.err) == (1, "")
    assert "Failed       info after" in ran.out
    assert "DefaultAzureCredential failed to retrieve a token" in ran.out
    assert not emulator.requests


def test_entra_id_without_azure_identity(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    ran = run("chat", "http://localhost/v1", "hi", "--entra-id")
    assert ran == (
        2,
        "",
        "python -m azure.ai.inference chat: --entra-id needs azure-identity: pip install azure-identity\n",
    )


# ---------------------------------------------------------------- the emulator


def test_emulator(run: Run) -> None:
    assert run("chat", "--emulator", "Hello") == (0, GREETING, "")
    assert run("embed", "--emulator", "Hello", "-o", "dimensions=3").out.startswith("0: 3 dimensions [")


def test_emulator_and_url_cannot_be_combined(run: Run) -> None:
    ran = run("chat", "--emulator", "https://a.example.com", "hi")
    assert (ran.status, "leave the URL out" in ran.err) == (2, True)


def test_emulator_without_aiohttp(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("azure.ai.inference.emulator._server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    ran = run("chat", "--emulator", "hi")
    assert ran.status == 2
    assert "--emulator is not available: the emulator needs aiohttp: pip install aiohttp" in ran.err


# ---------------------------------------------------------------- the program


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], "\n  embed     Embed texts"),
        (["help"], "\nexamples:\n"),
        (["help", "chat"], "reasoning_effort"),
        (["emulator", "--help"], "usage: python -m azure.ai.inference emulator"),
        (["--version"], "azure-ai-inference 1.0.0"),
        (["check", "--help"], "--offline"),
        (["chat", "--help"], "reasoning_effort"),
        (["embed", "--help"], "--batch-size"),
    ],
)
def test_help(run: Run, arguments: Sequence[str], words: str) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.err) == (0, "")
    assert words in ran.out


def test_overview_fits_a_terminal() -> None:
    text, _, examples = overview("ai-inference").partition("examples:\n")
    below = examples.partition("\n\n")[2]  # each example is a complete line to copy
    assert max(map(len, f"{text}{below}".splitlines())) <= 80


@pytest.mark.parametrize("arguments", [[], ["talk"], ["--nothing"]])
def test_no_command(run: Run, arguments: Sequence[str]) -> None:
    assert run(*arguments).status == 2


def test_separate_process(emulator: Emulator) -> None:
    for arguments, status in [(["check", emulator.url], 0), (["check", f"{emulator.url}/v2/v1"], 1), (["check"], 2)]:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "AZURE_AI_CHAT_KEY": KEY},
        )
        assert done.returncode == status, done
        assert KEY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_ctrl_c(serve: Serve) -> None:
    silence = Event()
    server = serve([CHUNKED_HEAD, chunk(HELLO), silence])
    with subprocess.Popen(
        [*PROGRAM, "chat", server.url, "hi"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(5) == b"hello"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b"\n"
        assert process.stderr.read() == b"\n"
        assert process.wait(30) == 130
    silence.set()


def test_text_that_the_output_cannot_encode(emulator: Emulator) -> None:
    emulator.reply("caf\u00e9 \u2603")
    environment = {**os.environ, "AZURE_AI_CHAT_KEY": KEY, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([*PROGRAM, "chat", emulator.url, "hi"], capture_output=True, check=True, env=environment)
    assert done.stdout == "caf\u00e9 ?\n".encode("latin-1")


def test_output_without_a_file_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.StringIO())
    assert make_console({}).out is sys.stdout
