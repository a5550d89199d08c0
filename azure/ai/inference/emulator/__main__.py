"""``python -m azure.ai.inference.emulator``: run the emulator until Ctrl-C."""

import argparse
import logging
import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from ._cassette import RECORD_MODES
from ._dialects import DIALECTS
from ._emulator import DEFAULT_KEY, Emulator
from ._environment_variables import environment_variables
from ._fault import WAITS
from ._service import DEFAULT_MODEL

_DEFAULT_PORT: Final = 8484
_REQUESTS_SHOWN: Final = 1000


def main(arguments: Sequence[str] | None = None, program: str = "python -m azure.ai.inference.emulator") -> int:
    """Run the command line. Return the exit status.

    :param arguments: The arguments after the program's name; by default those of the process.
    :param program: The program's name for help.
    """
    options = vars(_parser(program).parse_args(arguments))
    if options.pop("log"):
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # shells make programs started with "&" ignore it
    try:
        given = {name: value for name, value in options.items() if value is not None}
        # Without the page, nobody could see them.
        given.setdefault("requests_kept", _REQUESTS_SHOWN if options["ui"] else 0)
        with Emulator(**given) as endpoint:
            model = given.get("model", DEFAULT_MODEL)
            sys.stdout.write(_banner(endpoint, model, endpoint.ca_file if options["tls"] else None, options["ui"]))
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    except (OSError, TypeError, ValueError, ImportError) as error:
        sys.stderr.write(f"The emulator cannot start: {_reason(error)}\n")
        return 2


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError):
        return _with_options(str(error))
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def _with_options(text: str) -> str:
    """Return an error's text with options in place of arguments: errors begin with the name of one."""
    options = {action.dest: action.option_strings[0] for action in _parser("")._actions if action.option_strings}  # noqa: SLF001
    first, space, rest = text.partition(" ")
    rest = rest.replace("but ui is not; set ui=True", "but --ui is not").replace("needs a cassette", "needs --cassette")
    return options.get(first, first) + space + rest


def _banner(endpoint: Emulator, model: str, ca_file: str | None, page: bool) -> str:
    """Return the address, and the lines that point clients at it.

    They name the model too: the shell that they are pasted into may have that of a real deployment, or none.
    """
    trust = f"; trust {ca_file}" if ca_file else ""
    variables = {**environment_variables(endpoint.url, endpoint.key), "AZURE_AI_CHAT_MODEL": model}
    if ca_file:
        variables |= {"SSL_CERT_FILE": ca_file, "NODE_EXTRA_CA_CERTS": ca_file}
    lines = [_assignment(name, value) for name, value in variables.items()]
    head = f"Inference emulator listening on {endpoint.url} with key {endpoint.key}{trust}"
    look = [f"Open {endpoint.ui_url} to see the requests"] if page else []
    return "\n".join([head, *look, "", *lines, "", ""])


def _assignment(name: str, value: str, windows: bool = os.name == "nt") -> str:
    """Return a line that sets a variable in the system's shell."""
    if windows:
        return f"$env:{name} = '" + value.replace("'", "''") + "'"
    return f"export {name}={shlex.quote(value)}"


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        message = message.removeprefix("argument ")
        message = message.replace(": invalid int value:", " must be a whole number, not")
        message = message.replace(": invalid float value:", " must be a number, not")
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def _parser(program: str) -> argparse.ArgumentParser:
    parser = _Parser(
        program,
        description="A local endpoint that answers as model inference services do. Ends with Ctrl-C.",
        epilog=f"examples:\n  {program}\n  {program} --ui\n  {program} --faults '429:times=2,wait=1'\n"
        f"  {program} --record https://RES.services.ai.azure.com --cassette tape.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the lines of examples
    )
    add = parser.add_argument
    add("--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1)")
    add(
        "--allow-host",
        action="append",
        dest="allow_hosts",
        metavar="NAME",
        help="another host name to accept; may be repeated",
    )
    add(
        "--allow-origin",
        action="append",
        dest="allow_origins",
        metavar="ORIGIN",
        help="origin of web pages that may call, such as http://localhost:3000, or '*'; may be repeated",
    )
    add("--port", type=int, default=_DEFAULT_PORT, help=f"port; 0 chooses a free one (default: {_DEFAULT_PORT})")
    add("--key", help=f"key that callers need (default: {DEFAULT_KEY})")
    add("--tls", action="store_true", help="serve https with a generated certificate (needs trustme)")
    dialect = "provider to emulate (default: the one that belongs to the path): %(choices)s"
    add("--dialect", choices=DIALECTS, metavar="NAME", help=dialect)
    add("--model", metavar="NAME", help=f"name of the model (default: {DEFAULT_MODEL})")
    add("--script", metavar="FILE", help="JSON or YAML file with replies")
    add("--faults", metavar="SPEC", help="faults to inject, such as '429:times=2,wait=1;cut:every=3,events=5'")
    add("--latency", type=float, metavar="SECONDS", help="wait before each answer")
    add("--token-rate", type=float, metavar="N", help="tokens per second in streams")
    add("--requests-per-minute", type=int, metavar="N", help="quota; more gets 429")
    add("--tokens-per-minute", type=int, metavar="N", help="quota; more gets 429")
    add("--quota-window", type=float, metavar="SECONDS", help="period of the quotas: 60, or as on Azure 1 or 10")
    wait = "how a 429 says when to retry (default: retry-after): %(choices)s"
    add("--quota-wait", choices=WAITS, metavar="HOW", help=wait)
    add("--quota-by-estimate", action="store_true", help="charge the tokens that a request may use when it arrives")
    add("--refused-count", action="store_true", help="count refused requests too, in the next window")
    add("--concurrency-limit", type=int, metavar="N", help="requests answered at the same time; more get 429")
    add("--max-request-size", type=int, metavar="BYTES", help="larger requests get 413 (default: 64 MiB)")
    add("--record", metavar="URL", help="forward requests to a real endpoint and record the exchanges in the cassette")
    add("--cassette", metavar="FILE", help="file of recorded exchanges; without --record, answers come from it")
    add(
        "--record-mode",
        choices=RECORD_MODES,
        metavar="MODE",
        help="what to record, as in VCR (default: all): %(choices)s",
    )
    add(
        "--replay-speed",
        type=float,
        metavar="N",
        help="speed of replay: 1 as recorded, 2 twice as fast",
    )
    add("--ui", action="store_true", help="serve a page that shows the requests, and the control API, at /_emulator/")
    add("--ui-token", metavar="TOKEN", help="token that the page and the control API need (default: a random one)")
    add(
        "--requests-kept",
        type=int,
        metavar="N",
        help=f"how many of the newest requests to show on the page (default: {_REQUESTS_SHOWN})",
    )
    add("--log", action="store_true", help="log a line for each request to stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
