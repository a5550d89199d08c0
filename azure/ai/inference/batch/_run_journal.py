"""The journal: a run's output, from which the next run learns what is done.

A line for each result, appended with one write to an unbuffered descriptor, so that it survives the death of the
process; synced every second, so that all but the last second survives that of the machine. What is sent is written
down before, in a file beside it: ids there without a result are in doubt after a crash. A folder holds a part for each
process that wrote, and so nobody has to lock.
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from .._json import is_object
from ._results import BatchResult, is_transient, wrap_result
from ._row_index import RowIndex, RowState, request_bits

_fcntl: Any = import_module("fcntl") if os.name == "posix" else None
"""Locks; elsewhere nobody is kept from writing to the output of a run that is under way."""

SENT = ".sent"
"""What the name of the file ends with that tells what was sent."""

_HEAD = re.compile(rb'\{"custom_id": ("(?:[^"\\]|\\.)*"), "request_sha256": "([0-9a-f]{64})", "error": null, ')
_TAIL = re.compile(rb'"attempts": \d+, "seconds": [-+.e\d]+\}$')
_LINE_LENGTH = 400
"""Bytes that a line may have; a guess from which the index takes its first size."""


def parts_of(output: Path) -> list[Path]:
    """Return the files that hold results: the output itself, or the parts in it if it is a folder."""
    if output.is_dir():
        return sorted(path for path in output.glob("*.jsonl") if path.is_file())
    return [output] if output.is_file() else []


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Read a file's lines, with the place of each in bytes, without their ends."""
    place = 0
    with path.open("rb") as file:
        for line in file:
            yield place, line.rstrip(b"\r\n")
            place += len(line)


def result_of(line: bytes) -> BatchResult | None:
    """Read a line as a result; `None` for one that a crash cut off."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return wrap_result(value) if is_object(value) and isinstance(value.get("custom_id"), str) else None


class Journal:
    """The results of a run and of those before it.

    :param output: The file, or the folder of the parts.
    :param folder: Whether it is a folder; it is then made if need be.
    :param reads: Whether results of earlier runs are read.
    :param sync_every: Seconds after which what was written is synced to the disk; 0 for each line.
    :raises ValueError: The file is there and holds something else.
    :raises OSError: It cannot be read or written, or another run is writing to it.
    """

    def __init__(self, output: Path, *, folder: bool = False, sync_every: float = 1.0, reads: bool = True) -> None:
        self.index = RowIndex(sum(path.stat().st_size for path in parts_of(output)) // _LINE_LENGTH)
        self.torn_lines = 0
        """Lines that a crash cut off."""
        self._sync_every = sync_every
        self._synced_at = time.monotonic()
        path = output
        if folder:
            output.mkdir(parents=True, exist_ok=True)
            path = output / f"part-{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}.jsonl"
        else:
            output.parent.mkdir(parents=True, exist_ok=True)
        self._file = _Appended(path)
        try:
            for part in parts_of(output) if reads else ():
                self._read(part)
            self.in_doubt = self._read_sent(output) if reads else []
            """Ids of rows that were sent before a crash, and have no result."""
            self._sent_path = path.with_name(path.name + SENT)
            self._sent = _Appended(self._sent_path)
        except BaseException:
            self._file.close()
            raise

    def _read_answered(self, line: bytes) -> bool:
        """Note an answered row by the ends of its line, for the rest need not be read; return whether it is one."""
        head, done = _HEAD.match(line), _TAIL.search(line, max(0, len(line) - 100))
        if not head or not done:
            return False
        custom_id = json.loads(head[1]) if b"\\" in head[1] else head[1][1:-1].decode()
        self.index.add(custom_id, RowState.ANSWERED, request_bits(head[2].decode()))
        return True

    def _read(self, path: Path) -> None:
        for place, line in read_lines(path):
            if self._read_answered(line):
                continue
            result = result_of(line) if line else None
            if result is not None:
                request = request_bits(result.request_sha256) if result.request_sha256 else 0
                self.index.add(result.custom_id, _state_of(result), request)
            elif place == 0 and line and not line.startswith(b'{"custom_id"'):
                raise ValueError(f"{path} is there already, and its first line is no result of a batch: {line[:80]!r}")
            elif line:
                self.torn_lines += 1

    def _read_sent(self, output: Path) -> list[str]:
        folder, pattern = (output, f"*{SENT}") if output.is_dir() else (output.parent, output.name + SENT)
        doubtful: dict[str, None] = {}
        for path in [folder / pattern] if "*" not in pattern else sorted(folder.glob(pattern)):
            if path.is_file():
                for _, line in read_lines(path):
                    sent = result_of(line)
                    if sent is not None and self.index[sent.custom_id] is None:
                        doubtful[sent.custom_id] = None
        return list(doubtful)

    def sent(self, custom_id: str) -> None:
        """Write down that a row is about to be sent."""
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._sent.write(json.dumps({"custom_id": custom_id, "sent_at": moment}))

    def write(self, result: BatchResult) -> None:
        """Write a result."""
        self._file.write(line_of(result))
        now = time.monotonic()
        if now - self._synced_at >= self._sync_every:
            self._file.sync()
            self._synced_at = now

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        self._file.sync()

    def close(self, *, whole: bool) -> None:
        """Sync and close.

        :keyword whole: Whether each row that was sent has its result, so that none is in doubt.
        """
        self._file.close()
        self._sent.close()
        if whole:
            with suppress(OSError):
                self._sent_path.unlink()


def line_of(result: BatchResult) -> str:
    """Write a result as a line."""
    members = dict(result)
    response: Any = members.get("response")
    if response is not None:
        members["response"] = dict(response)  # plain, for `json` to read it in C
    return json.dumps(members)


class _Appended:
    """A file of lines that is only appended to. It may hold what people said: nobody else may read it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        try:
            self._lock(path)
            end = os.lseek(self._descriptor, 0, os.SEEK_END)
            os.lseek(self._descriptor, max(0, end - 1), os.SEEK_SET)
            if end and os.read(self._descriptor, 1) != b"\n":
                self.write("")  # the crash of a former run cut a line off
        except BaseException:
            os.close(self._descriptor)
            raise

    def _lock(self, path: Path) -> None:
        if _fcntl is None:
            return
        try:
            _fcntl.flock(self._descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(
                f"{path} is being written by another run. Wait for it, or give a folder as output: then each process "
                "writes a part of its own."
            ) from None
        except OSError:
            return  # a file system that knows no locks

    def write(self, line: str) -> None:
        """Write a line at once."""
        data = line.encode("utf-8", "surrogatepass") + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]

    def sync(self) -> None:
        """Wait until the disk has it."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        os.close(self._descriptor)


def _state_of(result: BatchResult) -> RowState:
    if result.ok:
        return RowState.ANSWERED
    return RowState.TRANSIENT if is_transient(result) else RowState.FAILED
