"""``python -m azure.ai.inference.emulator``, as a person starts and ends it."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from azure.ai.inference.emulator.__main__ import main

from .conftest import SERVERLESS


def start(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-m", "azure.ai.inference.emulator", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_conversation_from_a_shell(number: signal.Signals) -> None:
    process, line = start("--key", "mine", "--log", "--faults", "503", "--latency", "0.01")
    try:
        match = re.fullmatch(r"Inference emulator listening on (http://127\.0\.0\.1:\d+) with key mine\n", line)
        assert match
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


def test_tls_names_its_authority() -> None:
    process, line = start("--tls")
    process.terminate()
    process.communicate(timeout=10)
    assert re.fullmatch(
        r"Inference emulator listening on https://.* with key local-emulator-key; trust \S+\.pem\n", line
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "-5"], "port is -5"),
        (["--faults", "fog"], "kind is 'fog'"),
        (["--script", "none.json"], "none.json"),
        (["--record", "https://example.com"], "record needs a cassette"),
        (["--host", "192.0.2.1"], "192.0.2.1"),
    ],
)
def test_what_cannot_start(capsys: pytest.CaptureFixture[str], arguments: Sequence[str], words: str) -> None:
    assert main(["--port", "0", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("The emulator cannot start: ")) == ("", True)
    assert words in err


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--requests-per-minute" in capsys.readouterr().out


def test_a_cassette_from_a_shell(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"version": 1, "exchanges": []}', "utf-8")
    process, line = start("--cassette", str(path))
    process.terminate()
    _, err = process.communicate(timeout=10)
    assert "listening" in line
    assert (process.returncode, err) == (0, "")


def test_the_page_from_a_shell() -> None:
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
