"""``python -m azure.ai.inference.emulator``: the emulator for people, until Ctrl-C."""

import argparse
import errno
import logging
import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from ._cassette import RECORD_MODES
from ._dialects import DIALECTS
from ._emulator import DEFAULT_KEY, Emulator
from ._environment_variables import environment_variables
from ._weather import WAITS

_DEFAULT_PORT: Final = 8484
_REQUESTS_SHOWN: Final = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Return the exit status."""
    options = vars(_parser().parse_args(arguments))
    if options.pop("log"):
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # shells have what they start with "&" ignore it
    try:
        given = {name: value for name, value in options.items() if value is not None}
        # Without the page nobody could look at them.
        given.setdefault("requests_kept", _REQUESTS_SHOWN if options["ui"] else 0)
        with Emulator(**given) as endpoint:
            sys.stdout.write(_banner(endpoint, endpoint.ca_file if options["tls"] else None, bool(options["ui"])))
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    except (OSError, ValueError, ImportError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        sys.stderr.write(f"The emulator cannot start: {error.args[1] if taken else error}\n")
        return 2


def _banner(endpoint: Emulator, ca_file: str | None, page: bool) -> str:
    """Return where it listens, and the lines that point clients at it."""
    trust = f"; trust {ca_file}" if ca_file else ""
    variables = dict(environment_variables(endpoint.url, endpoint.key))
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


def _parser() -> argparse.ArgumentParser:
    description = "A local endpoint that answers as model inference services do. Ends with Ctrl-C."
    parser = argparse.ArgumentParser("python -m azure.ai.inference.emulator", description=description)
    add = parser.add_argument
    add("--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1)")
    add("--allow-host", action="append", dest="allow_hosts", metavar="NAME", help="host name that callers may use")
    add(
        "--allow-origin",
        action="append",
        dest="allow_origins",
        metavar="ORIGIN",
        help="web pages that may call, such as http://localhost:3000, or '*'; may be given more than once",
    )
    add("--port", type=int, default=_DEFAULT_PORT, help=f"port; 0 takes a free one (default: {_DEFAULT_PORT})")
    add("--key", help=f"key that callers need (default: {DEFAULT_KEY})")
    add("--tls", action="store_true", help="serve https with a generated certificate (needs trustme)")
    add("--dialect", choices=DIALECTS, help="provider to play (default: the one that belongs to the path)")
    add("--model", help="name of the model (default: emulator-1)")
    add("--script", metavar="FILE", help="JSON or YAML file with replies")
    add("--faults", metavar="SPEC", help="what goes wrong, such as '429:times=2,wait=1;cut:every=3,events=5'")
    add("--latency", type=float, metavar="SECONDS", help="wait before each answer")
    add("--token-rate", type=float, metavar="N", help="tokens a second in streams")
    add("--requests-per-minute", type=int, metavar="N", help="quota; more gets 429")
    add("--tokens-per-minute", type=int, metavar="N", help="quota; more gets 429")
    add("--quota-window", type=float, metavar="SECONDS", help="over which quotas are judged: 60, or as Azure 1 or 10")
    add("--quota-wait", choices=WAITS, help="how a 429 says when to come back (default: retry-after)")
    add("--quota-by-estimate", action="store_true", help="book the tokens that a request may take when it is let in")
    add("--refused-count", action="store_true", help="refused requests count too, in the next window")
    add("--max-request-size", type=int, metavar="BYTES", help="larger requests get 413 (default: 64 MiB)")
    add("--record", metavar="URL", help="pass requests on to a real endpoint and keep the exchanges in the cassette")
    add("--cassette", metavar="FILE", help="file of recorded exchanges; without --record, answers come from it")
    add("--record-mode", choices=RECORD_MODES, help="what to record, as VCR's modes (default: all)")
    add(
        "--replay-speed", type=float, metavar="N", help="play a cassette with its waits: 1 as recorded, 2 twice as fast"
    )
    add("--ui", action="store_true", help="serve a page that shows the requests, and the control API, at /_emulator/")
    add("--ui-token", metavar="TOKEN", help="token that the page and the control API need (default: a random one)")
    add(
        "--requests-kept",
        type=int,
        metavar="N",
        help=f"how many of the newest requests the page shows (default: {_REQUESTS_SHOWN})",
    )
    add("--log", action="store_true", help="log a line for each request to stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
