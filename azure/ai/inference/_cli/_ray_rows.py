"""``batch --via ray``: the rows of a file, answered by the workers of a cluster."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from .._credential_headers import is_credential_header
from .._operations.settings import check_count
from ..batch._run_options import output_of
from ._arguments import Arguments
from ._model_client import build_row_client
from ._target import find_target
from ._words import UsageError

_WORKERS = 4


class RemoteClient:
    """Builds the client in a worker, from the command line and the worker's own environment.

    The command line is sent to the workers, but not the key: each worker reads it where it builds the client.

    :param arguments: The command line.
    :raises UsageError: It contains something that cannot, or must not, be sent to workers.
    """

    def __init__(self, arguments: Arguments) -> None:
        _check_travels(arguments)
        self._arguments: Mapping[str, Any] = dict(vars(arguments))

    def __call__(self) -> Any:
        """Build the client.

        :raises UsageError: There is no key or no endpoint, or a setting is invalid.
        """
        arguments = Arguments(**self._arguments)
        return build_row_client(find_target(arguments, os.environ), arguments)


def make_ray_run(arguments: Arguments, settings: Mapping[str, Any]) -> Any:
    """Create the run, on the cluster of RAY_ADDRESS or, without it, on a new one on this machine.

    :param arguments: The command line.
    :param settings: Settings of the run.
    :raises UsageError: The arguments are invalid.
    :raises ImportError: Ray is not installed.
    """
    make_client = RemoteClient(arguments)
    found = output_of(arguments.output)
    if not found["folder"]:
        raise UsageError(
            "--via ray needs a folder as output, shared by all machines, where each worker writes a file: "
            f"end OUT with a slash, such as {arguments.output}/"
        )
    workers = _WORKERS if arguments.workers is None else arguments.workers
    check_count("--workers", workers)
    return import_module("...batch.ray", __name__).RayRun(make_client, workers=workers, **settings)


def _check_travels(arguments: Arguments) -> None:
    if arguments.emulator:
        raise UsageError(
            "--emulator runs in this process, where workers cannot reach it: start "
            "`python -m azure.ai.inference.emulator`, and pass its URL"
        )
    if arguments.key_file == "-":
        raise UsageError("workers have no standard input: give --key-file a file on each machine, or use --key-env")
    secret = [name for name, _ in arguments.header if is_credential_header(name)]
    if secret:
        raise UsageError(f"--header {secret[0]} would be sent to the workers as it is: use --key-env")
