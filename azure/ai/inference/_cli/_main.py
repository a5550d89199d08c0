"""The program: chooses a command, and gives every way to end its exit status."""

import logging
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from azure.core.exceptions import AzureError

from ._arguments import PROGRAM, Arguments, UsageError, parse
from ._check import check
from ._console import Console, make_console, write_failure
from ._conversation import chat
from ._embedding import embed
from ._target import Target, find_target, secrets_of

_INTERRUPTED = 130
_NOBODY_READS = 141
"""As shells count a program that SIGINT, or SIGPIPE, has ended."""


def _batch(arguments: Arguments, target: Target, console: Console) -> int:
    from ._many_rows import batch  # only now: it loads asyncio

    return batch(arguments, target, console)


_COMMANDS: Mapping[str, Callable[[Arguments, Target, Console], int]] = {
    "check": check,
    "chat": chat,
    "embed": embed,
    "batch": _batch,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    :param arguments: Those behind the program's name; by default the process's own.
    :return: The exit status: 0 for an answer, 1 where the service or the network refused, 2 for arguments that cannot
        be, 130 after Ctrl-C, 141 where nobody reads what is written.
    :raises SystemExit: Help was asked for, or the arguments are wrong.
    """
    parsed = parse(arguments)
    # What fails is told here; without a handler, logging would write some of it to standard error once more.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    console = make_console(os.environ)
    try:
        return _run(parsed, console)
    except UsageError as error:
        console.note(f"{PROGRAM} {parsed.command}: {error}", "red")
        return 2
    except UnicodeDecodeError as error:
        console.note(f"{PROGRAM} {parsed.command}: the input is no {error.encoding} text", "red")
        return 2
    except KeyboardInterrupt:
        console.note("")
        return _INTERRUPTED
    except BrokenPipeError:
        # What is still in the buffer would fail again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS


def _run(arguments: Arguments, console: Console) -> int:
    with _environment(arguments) as environment:
        target = find_target(arguments, environment)
        try:
            return _COMMANDS[arguments.command](arguments, target, console)
        except AzureError as error:
            write_failure(console, error, secrets_of(target, arguments), as_json=arguments.json)
            return 1


@contextmanager
def _environment(arguments: Arguments) -> Generator[Mapping[str, str], None, None]:
    """Yield the environment variables: the process's own, or with --emulator those of a local endpoint."""
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
