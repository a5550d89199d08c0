"""The program: choose a command, run it, and return the exit status."""

import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from ._console import Console, OutputError, discard, make_console
from ._overview import COMMANDS, overview, program_name
from ._words import HelpRequest, UsageError, suggest

if TYPE_CHECKING:
    from ._arguments import Arguments
    from ._target import Target

_FAILED = 1
_INVALID = 2
_INTERRUPTED = 130
_NOBODY_READS = 141
"""The last two are what shells report for a program ended by SIGINT or SIGPIPE."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    :param arguments: The arguments after the program's name; by default those of the process.
    :return: The exit status: 0 for success, 1 if the request failed or the answer could not be written, 2 for invalid
        arguments, 130 after Ctrl-C, 141 if the reader of the output has gone, 143 if `batch` got SIGTERM.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    program = program_name(sys.argv[0])
    console = make_console(os.environ)
    name = f"{program} {words[0]}" if words and words[0] in COMMANDS else program
    try:
        return _dispatch(program, words, console)
    except UsageError as error:
        console.note(f"{name}: {error}", "red")
        return _INVALID
    except OutputError as error:
        console.note(f"{name}: {error}", "red")
        discard(console.out)
        return _FAILED
    except KeyboardInterrupt:
        console.note("")
        return _INTERRUPTED
    except BrokenPipeError:
        discard(console.out)
        return _NOBODY_READS


def _dispatch(program: str, words: Sequence[str], console: Console) -> int:
    """Show the requested page, or run the command."""
    first, rest = (words[0], list(words[1:])) if words else ("", [])
    if first == "help" and rest:
        first, rest = rest[0], ["--help"]
    if first in ("-h", "--help", "help"):
        console.piece(overview(program))
        return 0
    if first == "--version":
        from .._version import VERSION

        console.line(f"azure-ai-inference {VERSION}")
        return 0
    if first not in COMMANDS:
        raise UsageError(_no_command(program, first))
    return _emulate(program, rest) if first == "emulator" else _run(program, first, rest, console)


def _no_command(program: str, word: str) -> str:
    if not word:
        return f"which command? {', '.join(COMMANDS)}. '{program} --help' describes them"
    if word.startswith("-"):
        near = suggest(word, ("--help", "--version"))
        return f"options go after a command: {', '.join(COMMANDS)}.{near} '{program} --help' describes them"
    hint = suggest(word, (*COMMANDS, "--version")) or f" There are: {', '.join(COMMANDS)}."
    return f"there is no such command.{hint} '{program} --help' describes them"


def _emulate(program: str, words: Sequence[str]) -> int:
    from ..emulator.__main__ import main as emulate

    return emulate(words, f"{program} emulator")


def _run(program: str, command: str, words: Sequence[str], console: Console) -> int:
    """Run a command that talks to an endpoint."""
    import logging

    from azure.core.exceptions import AzureError

    from ._arguments import parse
    from ._retry_notes import retry_notes
    from ._target import find_target

    try:
        arguments = parse(program, command, words)
    except HelpRequest as help:
        console.piece(str(help))
        return 0
    # Failures are reported here; without a handler, logging would repeat some of them on standard error.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    with _environment(arguments) as environment:
        target = find_target(arguments, environment)
        try:
            with retry_notes(console) if command in _RETRYING and not arguments.quiet else nullcontext():
                return _COMMANDS[command](arguments, target, console)
        except AzureError as error:
            from ._failures import describe_failure, write_failure

            write_failure(console, describe_failure(error, target, arguments), arguments)
            return _FAILED


def _check(arguments: "Arguments", target: "Target", console: Console) -> int:
    from ._check import check

    return check(arguments, target, console)


def _chat(arguments: "Arguments", target: "Target", console: Console) -> int:
    from ._chat import chat

    return chat(arguments, target, console)


def _embed(arguments: "Arguments", target: "Target", console: Console) -> int:
    from ._embedding import embed

    return embed(arguments, target, console)


def _batch(arguments: "Arguments", target: "Target", console: Console) -> int:
    from ._many_rows import batch

    return batch(arguments, target, console)


_COMMANDS: Mapping[str, "Callable[[Arguments, Target, Console], int]"] = {
    "check": _check,
    "chat": _chat,
    "embed": _embed,
    "batch": _batch,
}
"""The functions that run the commands; each imports only what it needs."""

_RETRYING = ("chat", "embed")
"""Commands that report each retry; `batch` counts them in its progress."""


@contextmanager
def _environment(arguments: "Arguments") -> Generator[Mapping[str, str], None, None]:
    """Yield the environment variables: those of the process or, with --emulator, those of a local endpoint."""
    if not arguments.emulator:
        yield os.environ
        return
    from ..emulator import Emulator

    try:
        emulator = Emulator().start()
    except ImportError as error:
        raise UsageError(f"--emulator is not available: {error}") from None
    with emulator:
        kind = "EMBEDDINGS" if arguments.for_embeddings else "CHAT"
        yield {f"AZURE_AI_{kind}_ENDPOINT": emulator.url, f"AZURE_AI_{kind}_KEY": emulator.key}
