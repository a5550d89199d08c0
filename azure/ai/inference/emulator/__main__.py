"""``python -m azure.ai.inference.emulator``: the emulator for people, until Ctrl-C."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, Optional

from ._dialects import DIALECTS
from ._emulator import DEFAULT_KEY, Emulator


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command line; gives the exit status."""
    options = vars(_parser().parse_args(arguments))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with Emulator(**options) as endpoint:
            sys.stdout.write(f"Inference emulator listening on {endpoint.url} with key {endpoint.key}\n")
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    except (OSError, ValueError, ImportError) as error:
        sys.stderr.write(f"The emulator cannot start: {error}\n")
        return 2


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m azure.ai.inference.emulator", description="A local model inference endpoint."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8484, help="port; 0 takes a free one (default: 8484)")
    parser.add_argument("--key", default=DEFAULT_KEY, help=f"key that callers need (default: {DEFAULT_KEY})")
    parser.add_argument("--model", default="emulator-1", help="name of the model (default: emulator-1)")
    parser.add_argument("--dialect", choices=DIALECTS, help="provider to play (default: by route)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
