"""``chat`` at a terminal: messages of several lines, and commands that begin with a slash."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest

from azure.ai.inference._cli._dialogue import _more_waits
from azure.ai.inference.emulator import Emulator

from ..clients.raw_server import CHUNKED_HEAD, CUT, DONE, STOP, RawServer, answer, chunk, event, stream, update
from .conftest import KEY, Serve, Terminal

ENVIRONMENT = {"AZURE_AI_CHAT_KEY": KEY, "NO_COLOR": "1"}


@pytest.fixture
def terminal(emulator: Emulator) -> Iterator[Terminal]:
    emulator.reply("Yes.", times=None)
    with Terminal("chat", f"{emulator.url}/v1", "--model", "m1", environment=ENVIRONMENT) as terminal:
        terminal.expect("Ctrl-D exits.")
        yield terminal


def say(terminal: Terminal, typed: str, shown: str) -> str:
    """Type at the prompt, and return what is shown up to a text."""
    terminal.expect("> ")
    terminal.type(typed)
    return terminal.expect(shown)


def leave(terminal: Terminal) -> None:
    terminal.expect("> ")
    terminal.type("\x04")
    assert terminal.end() == 0


def last_heard(emulator: Emulator) -> Sequence[object]:
    return [message["content"] for message in emulator.requests[-1].body["messages"]]


def test_banner(emulator: Emulator) -> None:
    words = ("chat", f"{emulator.url}/v1")
    for more, banner in ((("-o", "model=m2"), f"m2 at {emulator.url}/v1\r\n"), ((), f"{emulator.url}/v1\r\n")):
        with Terminal(*words, *more, environment=ENVIRONMENT) as terminal:
            assert terminal.expect("Write a message") == banner
            leave(terminal)
    with Terminal(*words, "--quiet", environment=ENVIRONMENT) as terminal:
        assert terminal.expect("> ") == ""
        terminal.type("/exit\r")
        assert terminal.end() == 0


def test_multiline_messages(terminal: Terminal, emulator: Emulator) -> None:
    for typed, heard in (
        ("one \\\rtwo\\\rthree\r", "one \ntwo\nthree"),
        ('"""one\r\rtwo  """\r', "one\n\ntwo"),
        ('  """\r/exit is a word\r"""\r', "/exit is a word"),
        ('"""one line"""\r', "one line"),
        # Terminals with bracketed paste ...
        ("\x1b[200~def f():\r    return 1\x1b[201~\r", "def f():\n    return 1"),
    ):
        say(terminal, typed, "Yes.")
        assert last_heard(emulator)[-1] == heard
    leave(terminal)


def test_pasted_lines(emulator: Emulator) -> None:
    """... and without; a command that is typed ahead is not part of a message."""
    emulator.reply("Yes.", times=None)
    words = ("chat", f"{emulator.url}/v1")
    with Terminal(*words, environment={**ENVIRONMENT, "TERM": "dumb"}) as terminal:
        say(terminal, "one\rtwo\r/exit\r", "Yes.")
        assert terminal.end() == 0
    assert last_heard(emulator) == ["one\ntwo"]


def test_ctrl_c_and_ctrl_d_in_the_middle_of_a_message(terminal: Terminal, emulator: Emulator) -> None:
    terminal.expect("> ")
    terminal.type('"""one\r')
    terminal.expect("... ")
    terminal.interrupt_until("Ctrl-D exits.")
    say(terminal, "two\r", "Yes.")
    terminal.expect("> ")
    terminal.type("three\\\r")
    terminal.expect("... ")
    terminal.type("\x04")
    assert terminal.end() == 0
    assert last_heard(emulator) == ["two"]


def test_switch_model(terminal: Terminal, emulator: Emulator) -> None:
    say(terminal, "/model\r", "The model is m1.\r\nThere are: emulator-1")
    say(terminal, "/model m2\r", "Switched to m2.")
    say(terminal, "Hello\r", "Yes.")
    say(terminal, "/model\r", "The model is m2.")
    leave(terminal)
    [asked] = [request.body["model"] for request in emulator.requests if request.path.endswith("/completions")]
    assert asked == "m2"


def test_no_model_and_no_list(serve: Serve) -> None:
    with Terminal("chat", f"{serve(answer(404, {})).url}/v1", environment=ENVIRONMENT) as terminal:
        say(terminal, "/model\r", "No model is set.\r\n> ")
        terminal.type("\x04")
        assert terminal.end() == 0


def test_instructions(terminal: Terminal, emulator: Emulator) -> None:
    say(terminal, "/system\r", "There are no instructions.")
    say(terminal, "/system Be brief.\r", "The instructions are: Be brief.")
    say(terminal, "Hello\r", "Yes.")
    say(terminal, "/reset\r", "is cleared")
    say(terminal, "Again\r", "Yes.")
    assert last_heard(emulator) == ["Be brief.", "Again"]
    say(terminal, "/system -\r", "There are no instructions.")
    say(terminal, "Last\r", "Yes.")
    leave(terminal)
    assert last_heard(emulator) == ["Again", "Yes.", "Last"]


def test_conversation_is_saved(terminal: Terminal, tmp_path: Path) -> None:
    say(terminal, "/system Be brief.\r", "Be brief.")
    say(terminal, "H\u00e9llo\r", "Yes.")
    say(terminal, f"/save {tmp_path}/talk.json\r", f"Saved 3 messages to {tmp_path}/talk.json")
    say(terminal, f"/save {tmp_path}/talk.md\r", f"Saved 3 messages to {tmp_path}/talk.md")
    say(terminal, f"/save {tmp_path}/talk.md\r", "talk.md already exists, and was not changed.")
    say(terminal, f"/save {tmp_path}/no/talk.md\r", "talk.md cannot be written: No such file or directory")
    say(terminal, "/save\r", "Where to? /save FILE")
    leave(terminal)
    assert json.loads((tmp_path / "talk.json").read_text("utf-8")) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "H\u00e9llo"},
        {"role": "assistant", "content": "Yes."},
    ]
    assert (tmp_path / "talk.md").read_text("utf-8") == (
        "## system\n\nBe brief.\n\n## user\n\nH\u00e9llo\n\n## assistant\n\nYes.\n"
    )


def test_unknown_commands(terminal: Terminal, emulator: Emulator) -> None:
    for typed, told in (
        ("/rest", "There is no /rest. Did you mean /reset? /help lists the commands."),
        ("/etc/hosts is what?", "There is no /etc/hosts. /help lists the commands."),
        ("/", "There is no /."),
    ):
        say(terminal, f"{typed}\r", told)
        terminal.expect("To send the line as a message, begin it with a space.")
    shown = say(terminal, "/help\r", "is sent as a message.")
    assert re.findall(r"^(/\w+) .*[a-z]", shown, re.M) == ["/exit", "/help", "/model", "/reset", "/save", "/system"]
    leave(terminal)
    assert not emulator.requests


def test_partial_answers_stay_in_the_conversation(serve: Serve) -> None:
    """This applies when the user interrupts an answer, and when the network does."""
    silence = Event()
    once = event(update("Once upon"))
    server: RawServer = serve(
        [CHUNKED_HEAD, chunk(once), CUT],
        [CHUNKED_HEAD, chunk(once), silence],
        stream(event(update("The end.")) + STOP + DONE),
    )
    with Terminal("chat", server.url, environment=ENVIRONMENT) as terminal:
        say(terminal, "Tell.\r", "The stream ended before its answer was complete")
        say(terminal, "On.\r", "Once upon")
        terminal.interrupt()
        terminal.expect("(interrupted)")
        say(terminal, "And?\r", "The end.")
        leave(terminal)
        silence.set()
    history = [message["content"] for message in server.requests[2].json["messages"]]
    assert history == ["Tell.", "Once upon", "On.", "Once upon", "And?"]


def test_standard_input_without_select(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert _more_waits() is False
