"""``chat`` at the terminal: messages of one line or several, and commands that begin with a slash."""

import json
import select
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from azure.core.exceptions import AzureError

from ._arguments import Arguments
from ._console import Console
from ._conversation import Conversation
from ._failures import describe_failure, write_failure
from ._model_names import available_names, model_names
from ._target import Target
from ._words import suggest

_QUOTES = '"""'
_PASTE_PAUSE = 0.02
"""Maximum seconds between two lines of a pasted text."""


class Dialogue:
    """Sends what the user types to the model, until they leave.

    :param talk: The conversation.
    :param target: The endpoint.
    :param arguments: The command line.
    :param console: Receives everything but the answers.
    """

    def __init__(self, talk: Conversation, target: Target, arguments: Arguments, console: Console) -> None:
        self._talk, self._target, self._arguments, self._console = talk, target, arguments, console
        model = arguments.settings.get("model") or (target.model and target.model.value)
        self._model: str | None = model
        self._left = False

    def run(self) -> None:
        """Hold the conversation."""
        with suppress(ImportError):  # Windows has none
            import readline as _readline  # noqa: F401 # pyright: ignore[reportUnusedImport] # `input` then edits its line
        if not self._arguments.quiet:
            model = f"{self._model} at " if self._model else ""
            self._console.note(f"{model}{self._target.endpoint.base_url}")
            self._console.note("Write a message and press Enter. /help lists the commands, Ctrl-D exits.")
        for message in _Keyboard(self._console).messages():
            if message.startswith("/") and "\n" not in message:
                self._obey(message)
            elif message.strip():
                self._ask(message.strip())
            if self._left:
                return

    def _ask(self, message: str) -> None:
        try:
            self._talk.ask(message)
        except KeyboardInterrupt:
            self._console.note("(interrupted)")
        except AzureError as error:
            report = describe_failure(error, self._target, self._arguments)
            write_failure(self._console, report, self._arguments, name=False)

    # ------------------------------------------------------------ commands

    def _obey(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word in _COMMANDS:
            _COMMANDS[word].run(self, rest.strip())
        else:
            self._console.note(
                f"There is no {word}.{suggest(word, _COMMANDS)} /help lists the commands. To send the line as a "
                "message, begin it with a space."
            )

    def leave(self, _: str) -> None:
        """End the conversation."""
        self._left = True

    def help(self, _: str) -> None:
        """List the commands."""
        for name, command in _COMMANDS.items():
            if command.summary:
                self._console.note(f"{f'{name} {command.argument}':15} {command.summary}")
        self._console.note(_KEYS)

    def model(self, name: str) -> None:
        """Show the model, or switch to another."""
        if name:
            self._talk.client, self._model = self._talk.client.with_defaults(model=name), name
            self._console.note(f"Switched to {name}.")
            return
        self._console.note(f"The model is {self._model}." if self._model else "No model is set.")
        names = model_names(self._target, self._arguments)
        if names:
            self._console.note(available_names(names))

    def reset(self, _: str) -> None:
        """Clear the conversation."""
        self._talk.reset()
        self._console.note("The conversation is cleared.")

    def save(self, name: str) -> None:
        """Write the conversation to a new file."""
        if not name:
            self._console.note("Where to? /save FILE")
            return
        path = Path(name).expanduser()
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(_as_json(self._talk) if path.suffix == ".json" else _as_text(self._talk))
        except FileExistsError:
            self._console.note(f"{path} already exists, and was not changed. Choose another name.")
        except OSError as error:
            self._console.note(f"{path} cannot be written: {error.strerror}")
        else:
            self._console.note(f"Saved {len(self._talk.messages)} messages to {path.absolute()}")

    def system(self, text: str) -> None:
        """Show the instructions, or replace them."""
        if text:
            self._talk.instructions = None if text == "-" else text
        said = self._talk.instructions
        self._console.note(f"The instructions are: {said}" if said else "There are no instructions.")


class _Command(NamedTuple):
    run: Callable[[Dialogue, str], None]
    argument: str
    summary: str
    """Empty if it is an alias of a listed command."""


_COMMANDS: Mapping[str, _Command] = {
    "/exit": _Command(Dialogue.leave, "", "exit, like Ctrl-D"),
    "/help": _Command(Dialogue.help, "", "show this list"),
    "/model": _Command(Dialogue.model, "[NAME]", "switch to another model; without a name, list the models"),
    "/quit": _Command(Dialogue.leave, "", ""),
    "/reset": _Command(Dialogue.reset, "", "clear the conversation, but keep the instructions"),
    "/save": _Command(Dialogue.save, "FILE", "write the conversation to a new file, as JSON if its name ends in .json"),
    "/system": _Command(Dialogue.system, "[TEXT]", "show the instructions, or replace them; - removes them"),
}
_KEYS = f"""For several lines, paste them, end a line with \\, or put {_QUOTES} before the first and after the last.
Ctrl-C interrupts an answer. A line with a space before its slash is sent as a message."""


def _as_json(talk: Conversation) -> str:
    return json.dumps(talk.messages, indent=2, ensure_ascii=False) + "\n"


def _as_text(talk: Conversation) -> str:
    return "\n".join(f"## {message['role']}\n\n{message['content']}\n" for message in talk.messages)


# ---------------------------------------------------------------- messages of one line or several


class _Keyboard:
    """Reads messages.

    :param console: Receives notes about keys.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._waiting: deque[str] = deque()
        """Lines that were already read and belong to the next message."""

    def messages(self) -> Iterator[str]:
        """Yield what is typed, message by message, until the user leaves."""
        while True:
            try:
                yield self._message()
            except KeyboardInterrupt:  # noqa: PERF203 - one of them ends a message, not the loop
                self._console.note("\nCtrl-D exits.")
            except EOFError:
                self._console.note("")
                return

    def _message(self) -> str:
        line = self._line("> ")
        if line.lstrip().startswith(_QUOTES):
            return self._quoted(line.lstrip().removeprefix(_QUOTES))
        lines = [line]
        while lines[-1].endswith("\\"):
            lines[-1] = lines[-1][:-1]
            lines.append(self._line("... "))
        while not line.startswith("/") and _more_waits():
            following = self._line("")
            if following.startswith("/"):
                self._waiting.append(following)
                break
            lines.append(following)
        return "\n".join(lines)

    def _quoted(self, line: str) -> str:
        """Read up to the closing quotes."""
        lines = [line]
        while not lines[-1].rstrip().endswith(_QUOTES):
            lines.append(self._line("... "))
        lines[-1] = lines[-1].rstrip().removesuffix(_QUOTES)
        return "\n".join(lines)

    def _line(self, prompt: str) -> str:
        if self._waiting:
            return self._waiting.popleft()
        return input(prompt if sys.stdout.isatty() else "")


def _more_waits() -> bool:
    """Return whether another line is already waiting, as when several lines were pasted."""
    try:
        return bool(select.select([sys.stdin], [], [], _PASTE_PAUSE)[0])
    except OSError:  # Windows can wait for sockets only
        return False
