"""Run the program in this process, in its own process, or at a terminal, with real servers."""

import codecs
import gc
import io
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from azure.ai.inference.__main__ import main
from azure.ai.inference.emulator import Emulator

from ..clients.raw_server import Answer, RawServer

KEY = "very-secret-key-0123456789"
PATIENCE = 60.0
"""Seconds for a process to start, or to print an expected text, on a busy machine."""

PROGRAM = [sys.executable, "-m", "azure.ai.inference"]


class Ran(NamedTuple):
    """How the program ended, and what it wrote."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]
Serve = Callable[..., RawServer]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the developer's own settings for endpoints, colours and proxies from the environment."""
    for name in os.environ:
        if name.startswith(("AZURE_", "NO_COLOR")) or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture(autouse=True)
def _heed_ctrl_c() -> Iterator[None]:
    """Let child processes handle Ctrl-C even if the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(key=KEY) as running:
        yield running


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start raw servers that stop at the end of the test."""
    with ExitStack() as servers:

        def start(*answers: Answer) -> RawServer:
            return servers.enter_context(RawServer(*answers))

        yield start


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program in this process, with its key in the environment and an input that is not a terminal."""
    monkeypatch.setenv("AZURE_AI_CHAT_KEY", KEY)
    monkeypatch.setenv("AZURE_AI_EMBEDDINGS_KEY", KEY)

    def run_it(*arguments: str, stdin: str | bytes = "") -> Ran:
        raw = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))
        gc.disable()  # what it finds of earlier tests, such as an open socket, it reports on standard error
        try:
            capsys.readouterr()
            status = main(arguments)
        except SystemExit as exit:
            status = int(str(exit.code))
        finally:
            written = capsys.readouterr()
            gc.enable()
        ran = Ran(status, *written)
        assert KEY not in ran.out + ran.err
        return ran

    return run_it


class Terminal:
    """The program at a terminal, as a person sees and uses it.

    :param arguments: The program's arguments.
    :keyword environment: Additional environment variables.
    :keyword output: A file for standard output instead of the terminal.
    """

    def __init__(
        self, *arguments: str, environment: Mapping[str, str] | None = None, output: Path | None = None
    ) -> None:
        self._master, slave = os.openpty()
        with open(output or os.devnull, "wb") as file:
            self.process = subprocess.Popen(
                [*PROGRAM, *arguments],
                stdin=slave,
                stdout=file if output else slave,
                stderr=slave,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        os.close(slave)
        self.screen = ""
        self._decode = codecs.getincrementaldecoder("utf-8")().decode  # the last character may be incomplete

    def expect(self, text: str) -> str:
        """Wait until a text is shown, and return everything up to it, which later calls skip."""
        while text not in self.screen:
            assert select.select([self._master], [], [], PATIENCE)[0], f"{text!r} never came: {self.screen!r}"
            self.screen += self._read()
        before, _, self.screen = self.screen.partition(text)
        return before

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def interrupt_until(self, text: str) -> None:
        """Press Ctrl-C again each second until a text is shown.

        Python's readline misses a signal that arrives between its prompt and its wait for a key.
        """
        for _ in range(int(PATIENCE)):
            self.interrupt()
            if select.select([self._master], [], [], 1)[0]:
                break
        self.expect(text)

    def end(self) -> int:
        """Wait for the end, read the rest, and return the exit status."""
        while shown := self._read():
            self.screen += shown
        return self.process.wait(PATIENCE)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *exc_details: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        os.close(self._master)

    def _read(self) -> str:
        try:
            return self._decode(os.read(self._master, 65536))
        except OSError:  # Linux reports the closed end this way
            return ""
