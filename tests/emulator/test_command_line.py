"""``python -m azure.ai.inference.emulator``, started and stopped as a person does."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator.__main__ import _assignment, _parser, main

from .conftest import SERVERLESS


def start(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-m", "azure.ai.inference.emulator", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline()


def exports(process: "subprocess.Popen[str]") -> dict[str, str]:
    """Return the variables that the lines after the first one set."""
    assert process.stdout is not None
    assert process.stdout.readline() == "\n"
    lines = iter(process.stdout.readline, "\n")
    return dict(line.removeprefix("export ").rstrip().split("=", 1) for line in lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_conversation_over_curl(number: signal.Signals) -> None:
    process, line = start("--key", "mine", "--model", "gpt-4o", "--log", "--faults", "503", "--latency", "0.01")
    try:
        match = re.fullmatch(r"Inference emulator listening on (http://127\.0\.0\.1:\d+) with key mine\n", line)
        assert match
        found = exports(process)
        assert found["OPENAI_BASE_URL"] == f"{match[1]}/v1"
        assert found["AZURE_AI_CHAT_ENDPOINT"] == found["ANTHROPIC_BASE_URL"] == match[1]
        assert found["AZURE_AI_CHAT_KEY"] == found["MISTRAL_API_KEY"] == "mine"
        assert found["AZURE_AI_CHAT_MODEL"] == "gpt-4o"
        body = json.dumps({"messages": [{"role": "user", "content": "Hello"}]}).encode()
        headers = {"api-key": "mine", "content-type": "application/json"}
        request = urllib.request.Request(match[1] + SERVERLESS, body, headers)
        with pytest.raises(OSError, match="503"):
            urllib.request.urlopen(request, timeout=10)
        with urllib.request.urlopen(request, timeout=10) as response:
            assert b"Hello! How can I help you today?" in response.read()
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    lines = err.splitlines()
    assert [line.partition(" POST ")[2].partition(" in ")[0] for line in lines] == [
        "/chat/completions 503",
        "/chat/completions 200",
    ]


@pytest.mark.parametrize(("windows", "line"), [(False, "export A='it'\"'\"'s $x'"), (True, "$env:A = 'it''s $x'")])
def test_lines_to_export(windows: bool, line: str) -> None:
    assert _assignment("A", "it's $x", windows) == line


def test_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator() as endpoint:
        port = endpoint.url.rpartition(":")[2]
        assert main(["--port", port]) == 2
    err = capsys.readouterr().err
    assert err.startswith(
        f"The emulator cannot start: port {port} of 127.0.0.1 is already in use; choose another, such"
    )


def test_listening_on_all_addresses_warns() -> None:
    process, line = start("--host", "0.0.0.0")
    process.terminate()
    _, err = process.communicate(timeout=10)
    assert line.startswith("Inference emulator listening on http://127.0.0.1:")
    assert err == "The emulator listens on 0.0.0.0: other machines can call it, and its key does not protect it.\n"


def test_tls_prints_the_authority_file() -> None:
    process, line = start("--tls")
    found = exports(process)
    process.terminate()
    process.communicate(timeout=10)
    assert found["SSL_CERT_FILE"] == found["NODE_EXTRA_CA_CERTS"] == line.rpartition("trust ")[2].strip()
    assert re.fullmatch(
        r"Inference emulator listening on https://.* with key local-emulator-key; trust \S+\.pem\n", line
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "-5"], "--port is -5"),
        (["--ui", "--ui-token", "abc"], "--ui-token has 3 characters"),
        (["--ui-token", "abc"], "--ui-token is set, but --ui is not"),
        (["--quota-window", "0"], "--quota-window is 0.0; choose"),
        (["--allow-origin", "x"], "--allow-origin has 'x'; write scheme and host"),
        (["--allow-host", "http://x"], "--allow-host has 'http://x'; write a host name"),
        (["--record-mode", "once"], "--record-mode needs --cassette"),
        (["--replay-speed", "2"], "--replay-speed needs --cassette"),
        (["--key", "a\nb"], "--key is blank or has a line break"),
        (["--faults", "fog"], "kind is 'fog'"),
        (["--latency", "nan"], "--latency is nan; pass a number"),
        (["--script", "none.json"], "none.json"),
        (["--record", "https://example.com"], "--record needs --cassette, the file to write to"),
        (["--host", "192.0.2.1"], "192.0.2.1"),
    ],
)
def test_invalid_arguments(capsys: pytest.CaptureFixture[str], arguments: Sequence[str], words: str) -> None:
    assert main(["--port", "0", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("The emulator cannot start: ")) == ("", True)
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "x"], "--port must be a whole number, not 'x'"),
        (["--latency", "soon"], "--latency must be a number, not 'soon'"),
    ],
)
def test_numbers(capsys: pytest.CaptureFixture[str], arguments: Sequence[str], words: str) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert words in capsys.readouterr().err


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["--help"])
    shown, _, examples = capsys.readouterr().out.partition("examples:\n")
    assert examples
    assert max(map(len, shown.splitlines())) <= 80
    options = {words for action in _parser("x")._actions if action.help for words in action.option_strings}
    assert set(re.findall(r"--[a-z-]+(?= |$)", shown.partition("\noptions:\n")[2], re.M)) == options - {"-h"}


def test_record_and_replay(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"version": 1, "exchanges": []}', "utf-8")
    process, line = start("--cassette", str(path))
    process.terminate()
    _, err = process.communicate(timeout=10)
    assert "listening" in line
    assert (process.returncode, err) == (0, "")


def test_ui_option() -> None:
    process, _ = start("--ui", "--ui-token", "a-token-of-mine", "--requests-kept", "10")
    try:
        assert process.stdout is not None
        match = re.fullmatch(
            r"Open (http://127\.0\.0\.1:\d+/_emulator/)\?token=(\S+) to see the requests\n", process.stdout.readline()
        )
        assert match
        assert match[2] == "a-token-of-mine"
        request = urllib.request.Request(f"{match[1]}requests", headers={"authorization": f"Bearer {match[2]}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            assert json.load(response) == {"requests": [], "total": 0}
    finally:
        process.terminate()
        process.communicate(timeout=10)
