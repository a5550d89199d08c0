"""Progress of long work, and retries: shown on standard error, and hidden by ``--quiet``."""

import io
import os
import re
import time
from pathlib import Path

import pytest

from azure.ai.inference._cli._console import Console
from azure.ai.inference._cli._embedding import progress_line
from azure.ai.inference._cli._many_rows import _count
from azure.ai.inference._cli._progress import Meter, bar
from azure.ai.inference.emulator import Emulator

from ..clients.raw_server import CUT, answer, completion
from .conftest import KEY, Run, Serve, Terminal


class Screen(io.StringIO):
    """A terminal in memory."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("done", "drawn"),
    [
        (0, "[--------------------]   0%"),
        (50, "[##########----------]  50%"),
        (100, "[####################] 100%"),
        (120, "[####################] 100%"),
    ],
)
def test_bar(done: int, drawn: str) -> None:
    assert bar(done, 100) == drawn


def test_terminal_bar_is_redrawn_and_erased() -> None:
    screen = Screen()
    console = Console(io.StringIO(), screen, colourful=False)
    meter = Meter(console, 4, pause=60)
    meter.show(1, "early")
    meter._pause = 0
    meter.show(1, "1 of 4")
    console.note("retrying in 2 s (429)")
    meter.show(2, "2 of 4")
    meter.end()
    meter.end()
    assert screen.getvalue() == (
        "\r[#####---------------]  25% 1 of 4\x1b[K\r\x1b[Kretrying in 2 s (429)\n"
        "\r[##########----------]  50% 2 of 4\x1b[K\r\x1b[K"
    )


def test_progress_lines_without_a_terminal(tmp_path: Path) -> None:
    log = io.StringIO()
    total = _count(str(tmp_path / "in.parquet"))
    meter = Meter(Console(io.StringIO(), log), total, pause=0)
    meter.show(1, "1 done")
    meter.show(2, "2 done")
    meter.end()
    quiet = Meter(Console(io.StringIO(), log), total, pause=0, quiet=True)
    quiet.show(1, "nothing")
    assert (total, log.getvalue()) == (None, "1 done\n2 done\n")


def test_one_progress_line_per_second_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    log, now = io.StringIO(), [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    meter = Meter(Console(io.StringIO(), log), 10, pause=1)
    for now[0] in (0.0, 0.5, 1.0, 1.5, 2.0, 2.75, 3.0, 3.5):
        meter.show(1, f"{now[0]}")
    assert log.getvalue() == "1.0\n2.0\n3.0\n"


def test_narrow_terminal_is_not_filled() -> None:
    master, slave = os.openpty()
    try:
        with open(slave, "w", closefd=False) as screen:
            os.set_blocking(master, False)
            import fcntl
            import struct
            import termios

            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 12, 0, 0))
            Console(io.StringIO(), screen).status("a line that is longer than that")
            assert os.read(master, 100) == b"\ra line that\x1b[K"
    finally:
        os.close(master)
        os.close(slave)


def test_progress_line_of_embed() -> None:
    assert progress_line(250, 1000, 5.0) == "250 of 1,000 texts | 50.0 texts/s, 0:00:15 left"
    assert progress_line(1, 4000, 0.0) == "1 of 4,000 texts | 0.0 texts/s, 0:00:00 left"


@pytest.mark.slow
def test_bar_while_texts_are_embedded(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("text\n" * 60)
    with Emulator(key=KEY, latency=0.05) as emulator:
        words = ["embed", emulator.url, "--file", str(texts), "--batch-size", "1"]
        out = tmp_path / "out"
        environment = {"AZURE_AI_EMBEDDINGS_KEY": KEY}
        with Terminal(*words, environment=environment, output=out) as terminal:
            assert terminal.end() == 0
            assert re.search(r"\r\[#+-+\] +\d+% \d+ of 60 texts \| \S+ texts/s, 0:00:\d\d left\x1b\[K", terminal.screen)
            assert terminal.screen.endswith("\r\x1b[K")
        with Terminal(*words, "--quiet", environment=environment, output=out) as terminal:
            assert (terminal.end(), terminal.screen) == (0, "")
        assert out.read_text().count("\n") == 60


def test_no_bar_if_answers_go_to_the_terminal(emulator: Emulator) -> None:
    words = ("embed", emulator.url, "a", "b", "-o", "dimensions=1")
    with Terminal(*words, environment={"AZURE_AI_EMBEDDINGS_KEY": KEY}) as terminal:
        assert terminal.end() == 0
        assert terminal.screen.count("\r\n") == 2
        assert "%" not in terminal.screen


# ---------------------------------------------------------------- retries


@pytest.mark.parametrize("command", ["chat", "embed"])
def test_retries_are_reported(run: Run, emulator: Emulator, command: str) -> None:
    emulator.fault("429:times=1,wait=0.1;503:times=1,wait=0.1")
    ran = run(command, emulator.url, "Hello")
    assert ran.status == 0
    assert re.fullmatch(r"retrying in 0.\d s \(429\)\nretrying in 0.\d s \(503\)\n", ran.err)
    emulator.fault("429:times=1,wait=0.1")
    assert run(command, emulator.url, "Hello", "--quiet").err == ""


@pytest.mark.parametrize(("reply", "reason"), [([CUT], "connection broken"), (answer(503, {}), "503")])
def test_reason_of_a_retry(run: Run, serve: Serve, reply: list[object], reason: str) -> None:
    server = serve(reply, answer(200, completion("Hi")))
    ran = run("chat", server.url, "hi")
    assert (ran.status, ran.out) == (0, "Hi\n")
    assert ran.err == f"retrying in 0 s ({reason})\n"
